//! The part of `fact-conflict` that looks through wording: "within 30 days of delivery" in one
//! article, "the return period is 60 days" in another.
//!
//! Called by `fact_conflict`; has no findings of its own kind. Two claims are about the same when each
//! word that names subject or circumstances has its match in the other, so "club members", "sale" or
//! "Finland" in one alone part them. What they share must be what one of the articles is about by its
//! title, and titles and headings must name nothing that the other does not know. Synonyms come from
//! the lexicon. What is unsure is no finding: a missed contradiction costs less than a false one.

use std::collections::HashSet;

use super::super::article::Article;
use super::super::claims::{Claim, Word, received};
use super::super::corpus::Corpus;
use super::super::finding::{Finding, Position};
use super::super::rule::Rule;
use super::fact_conflict::{Groups, Stated, comparable, conflicts, sharing};

/// A claim and who makes it.
struct Said<'a> {
    article: &'a Article,
    claim: &'a Claim,
}

/// Adds the conflicts that `out` does not have yet.
pub(super) fn check(corpus: &Corpus<'_>, out: &mut Vec<Finding>) {
    let said: Vec<Said<'_>> = corpus
        .articles
        .iter()
        .flat_map(|article| article.claims.iter().map(move |claim| Said { article, claim }))
        .collect();
    let mut groups = Groups::new(said.len());
    for (a, b) in candidates(&said) {
        if let (Some(x), Some(y)) = (said.get(a), said.get(b))
            && same_fact(x, y)
        {
            groups.join(a, b);
        }
    }
    let known = places(out);
    for members in groups.all() {
        let stated: Vec<Stated<'_>> = members
            .iter()
            .filter_map(|i| said.get(*i))
            .map(|s| Stated { article: s.article, frame: &s.claim.frame })
            .collect();
        let found = conflicts(&stated.iter().collect::<Vec<_>>());
        out.extend(found.into_iter().filter(|f| !known.contains(&(f.path.clone(), f.at))));
    }
}

/// Both ends of the conflicts so far.
fn places(findings: &[Finding]) -> HashSet<(String, Position)> {
    let of_rule = findings.iter().filter(|f| f.rule == Rule::FactConflict);
    of_rule
        .flat_map(|f| {
            let other = f.related.as_ref().map(|r| (r.path.clone(), r.at));
            std::iter::once((f.path.clone(), f.at)).chain(other)
        })
        .collect()
}

/// Pairs of one language and unit that share a word.
fn candidates(said: &[Said<'_>]) -> Vec<(usize, usize)> {
    sharing(said.iter().enumerate().flat_map(|(i, one)| {
        let place = (one.article.language(), one.claim.frame.unit.as_str());
        keys(&one.claim.named).into_iter().map(move |key| (i, (place, key)))
    }))
}

fn same_fact(a: &Said<'_>, b: &Said<'_>) -> bool {
    a.article.path() != b.article.path()
        && comparable(a.article, b.article)
        && a.claim.bound == b.claim.bound
        && same_moment(a.claim, b.claim)
        && same_subject(a.claim, b.claim)
        && nothing_more(a.claim, b.claim)
        && nothing_more(b.claim, a.claim)
}

/// Whether time is counted from the same moment. Where none is told, it is that of delivery; a duty
/// and a right are the same only when both tell it.
fn same_moment(a: &Claim, b: &Claim) -> bool {
    let told = match (a.since, b.since) {
        (Some(x), Some(y)) => x == y,
        (Some(x), None) | (None, Some(x)) => x == received(),
        (None, None) => true,
    };
    told && (a.mood == b.mood || (a.since.is_some() && a.since == b.since))
}

/// Whether both name the same, and one of the titles does.
fn same_subject(a: &Claim, b: &Claim) -> bool {
    let (x, y) = (keys(&a.named), keys(&b.named));
    let titled =
        |word: &u64| y.contains(word) && (is_in(*word, &a.title) || is_in(*word, &b.title));
    all_in(&a.named, &y) && all_in(&b.named, &x) && x.iter().any(titled)
}

/// Whether what stands above `a` names nothing that `b` and what stands above it do not.
fn nothing_more(a: &Claim, b: &Claim) -> bool {
    let mut told = keys(&a.named);
    told.extend(b.named.iter().chain(b.scope.iter().flatten().flatten()).flatten());
    a.scope.iter().all(|parts| parts.is_empty() || parts.iter().any(|part| all_in(part, &told)))
}

fn keys(words: &[Word]) -> HashSet<u64> {
    words.iter().flatten().copied().collect()
}

fn is_in(key: u64, words: &[Word]) -> bool {
    words.iter().any(|word| word.contains(&key))
}

fn all_in(words: &[Word], told: &HashSet<u64>) -> bool {
    words.iter().all(|word| word.iter().any(|key| told.contains(key)))
}
