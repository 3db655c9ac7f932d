//! `near-duplicate`: articles of one language that share most of their text.
//!
//! Exact copies are found by their fingerprint, the others through an index over a quarter of the
//! word sequences; the share is then computed exactly. Every article is compared with a bounded
//! number of others and reported once, with the one it is most like.

use std::collections::HashMap;

use super::super::article::Article;
use super::super::corpus::Corpus;
use super::super::finding::{Finding, Position};
use super::super::rule::Rule;
use super::super::shingles::jaccard;

/// Shorter texts say too little. Word sequences.
const MIN_SHINGLES: usize = 20;
/// One in so many word sequences is indexed.
const SAMPLE: u64 = 4;
/// Articles kept for one word sequence; a phrase that stands in more is a set phrase.
const MAX_POSTINGS: usize = 48;
/// Candidates whose share is computed.
const MAX_CANDIDATES: usize = 16;

pub(super) fn check(corpus: &Corpus<'_>, out: &mut Vec<Finding>) {
    let mut exact: HashMap<(&str, &[u64]), usize> = HashMap::new();
    let mut postings: HashMap<(&str, u64), Vec<u32>> = HashMap::new();
    for (i, article) in corpus.articles.iter().enumerate() {
        let (language, shingles) = (article.language(), article.shingles.as_slice());
        if shingles.len() < MIN_SHINGLES {
            continue;
        }
        if let Some(first) = exact.get(&(language, shingles)) {
            if let Some(other) = corpus.articles.get(*first) {
                out.push(report(article, other, 1.0));
            }
            continue;
        }
        exact.insert((language, shingles), i);
        let sample = || shingles.iter().filter(|h| **h % SAMPLE == 0);
        let mut shared: HashMap<u32, usize> = HashMap::new();
        for hash in sample() {
            for other in postings.get(&(language, *hash)).into_iter().flatten() {
                *shared.entry(*other).or_default() += 1;
            }
        }
        if let Some((other, share)) = best(corpus, article, shared) {
            out.push(report(article, other, share));
        }
        for hash in sample() {
            let list = postings.entry((language, *hash)).or_default();
            if list.len() < MAX_POSTINGS {
                list.push(u32::try_from(i).unwrap_or(u32::MAX));
            }
        }
    }
}

/// The article that shares most, if it is enough.
fn best<'a>(
    corpus: &'a Corpus<'_>,
    article: &Article,
    shared: HashMap<u32, usize>,
) -> Option<(&'a Article, f64)> {
    let mut candidates: Vec<(u32, usize)> = shared.into_iter().collect();
    candidates.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    candidates
        .iter()
        .take(MAX_CANDIDATES)
        .filter_map(|(i, _)| corpus.articles.get(*i as usize))
        .map(|other| (other, jaccard(&article.shingles, &other.shingles)))
        .filter(|(_, share)| *share >= corpus.settings.near_duplicate)
        .max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| b.0.path().cmp(a.0.path())))
}

fn report(article: &Article, other: &Article, share: f64) -> Finding {
    let message = if share >= 1.0 {
        format!("the text is that of {} (\"{}\")", other.path(), other.title())
    } else {
        // Rounded down: 99.6 % is not the same text.
        let percent = (share * 100.0).floor();
        format!("{percent} % of the text is also in {} (\"{}\")", other.path(), other.title())
    };
    Finding::new(Rule::NearDuplicate, article.path(), Position::START, message)
        .hint("keep one article and delete the other, or say in each what only it is about")
        .related(other.path(), Position::START, "the same text")
        .whole()
}
