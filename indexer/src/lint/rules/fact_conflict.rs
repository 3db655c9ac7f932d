//! `fact-conflict`: two articles state the same fact with different numbers.
//!
//! Two frames speak of the same when one says all that the other says (or nearly), and neither
//! article is about something that the other does not know. Frames that agree are joined into groups;
//! a group with two or three values is a conflict, one with more is a property of many things. Sale
//! pages and other articles that hold for a time are compared with their like only, and so are
//! articles for different readers. Candidates come from an index over the rarest stems (prefix
//! filtering, Chaudhuri, Ganti, Kaushik 2006), so the work grows about linearly. What is worded in
//! another way is left to `claim_conflict`, which this rule runs last.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;

use super::super::article::Article;
use super::super::corpus::Corpus;
use super::super::facts::{Frame, Shape};
use super::super::finding::Finding;
use super::super::rule::Rule;
use super::super::shingles::common;
use super::super::text::short;
use super::claim_conflict;

/// Stems of a subject, at least.
const MIN_SUBJECT: usize = 4;
/// Share of common stems of two subjects.
const MIN_SHARE: f64 = 0.42;
/// The same where each has words that the other lacks.
const MIN_SHARE_REWORDED: f64 = 0.6;
/// Share of articles, and number of them, that use an everyday word.
const EVERYDAY: f64 = 0.12;
const MIN_EVERYDAY: f64 = 8.0;
/// Statements kept for one key.
const MAX_POSTINGS: usize = 64;
/// More values than this are no conflict.
const MAX_VALUES: usize = 3;

pub(super) fn check(corpus: &Corpus<'_>, out: &mut Vec<Finding>) {
    let frames: Vec<Stated<'_>> = corpus
        .articles
        .iter()
        .flat_map(|article| article.frames.iter().map(move |frame| Stated { article, frame }))
        .filter(|s| s.frame.subject.len() >= MIN_SUBJECT)
        .collect();
    let everyday = everyday_words(corpus);
    let mut groups = Groups::new(frames.len());
    for (a, b) in candidates(&frames) {
        if let (Some(x), Some(y)) = (frames.get(a), frames.get(b))
            && same_fact(x, y, &everyday)
        {
            groups.join(a, b);
        }
    }
    for members in groups.all() {
        let members: Vec<&Stated<'_>> = members.iter().filter_map(|i| frames.get(*i)).collect();
        out.extend(conflicts(&members));
    }
    claim_conflict::check(corpus, out);
}

/// Words that a good part of the articles use: they change the wording of a fact, not the fact.
fn everyday_words(corpus: &Corpus<'_>) -> HashSet<u64> {
    let mut counts: HashMap<u64, usize> = HashMap::new();
    for article in &corpus.articles {
        for stem in &article.vocabulary {
            *counts.entry(*stem).or_default() += 1;
        }
    }
    let least = (corpus.articles.len() as f64 * EVERYDAY).max(MIN_EVERYDAY) as usize;
    counts.into_iter().filter(|(_, n)| *n >= least).map(|(stem, _)| stem).collect()
}

/// A frame and who states it.
pub(super) struct Stated<'a> {
    pub(super) article: &'a Article,
    pub(super) frame: &'a Frame,
}

/// Pairs that share a rare stem, language and unit.
fn candidates(frames: &[Stated<'_>]) -> Vec<(usize, usize)> {
    let mut counts: HashMap<u64, u32> = HashMap::new();
    for stated in frames {
        for stem in &stated.frame.subject {
            *counts.entry(*stem).or_default() += 1;
        }
    }
    sharing(frames.iter().enumerate().flat_map(|(i, stated)| {
        let mut rare = stated.frame.subject.clone();
        rare.sort_by_key(|stem| (counts.get(stem).copied().unwrap_or(0), *stem));
        // Two sets with this share have one of their rarest in common.
        let prefix = rare.len() - (MIN_SHARE * rare.len() as f64).ceil() as usize + 1;
        rare.truncate(prefix);
        let place = (stated.article.language(), stated.frame.unit.as_str());
        rare.into_iter().map(move |stem| (i, (place, stem)))
    }))
}

/// Pairs of indices that share a key, each once, the smaller index first. `keys` come by index.
pub(super) fn sharing<K: Eq + Hash>(
    keys: impl IntoIterator<Item = (usize, K)>,
) -> Vec<(usize, usize)> {
    let mut postings: HashMap<K, Vec<usize>> = HashMap::new();
    let mut pairs = Vec::new();
    for (i, key) in keys {
        let list = postings.entry(key).or_default();
        pairs.extend(list.iter().map(|other| (*other, i)));
        if list.len() < MAX_POSTINGS {
            list.push(i);
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

fn same_fact(a: &Stated<'_>, b: &Stated<'_>, everyday: &HashSet<u64>) -> bool {
    let (x, y) = (a.frame, b.frame);
    x.shape == y.shape
        && x.values.len() == y.values.len()
        && a.article.path() != b.article.path()
        && comparable(a.article, b.article)
        && alike(x, y, everyday)
        && one_subject(a, b)
}

/// Articles for the same readers, of the same time, about the same product.
pub(super) fn comparable(a: &Article, b: &Article) -> bool {
    let (x, y) = (&a.document.meta, &b.document.meta);
    let temporary = |m: &crate::model::DocumentMeta| m.valid_until.is_some();
    let overlap = x.valid_until.is_none_or(|until| y.valid_from.is_none_or(|from| from <= until))
        && y.valid_until.is_none_or(|until| x.valid_from.is_none_or(|from| from <= until));
    x.audience == y.audience
        && x.draft == y.draft
        && temporary(x) == temporary(y)
        && overlap
        && (x.product.is_none() || y.product.is_none() || x.product == y.product)
}

/// Whether the words are nearly the same: most are shared, and what differs is on one side only.
/// Two words that stand for each other ("locker", "courier") are two facts.
fn alike(a: &Frame, b: &Frame, everyday: &HashSet<u64>) -> bool {
    let shared = common(&a.subject, &b.subject);
    let share = shared as f64 / (a.subject.len() + b.subject.len() - shared) as f64;
    // Words that one has, and neither the other nor the headings above it.
    let only = |x: &Frame, y: &Frame| -> Vec<u64> {
        let elsewhere = |stem: &u64| {
            y.subject.binary_search(stem).is_err() && y.heading.binary_search(stem).is_err()
        };
        x.subject.iter().copied().filter(elsewhere).collect()
    };
    let (left, right) = (only(a, b), only(b, a));
    match a.shape {
        Shape::Cell => {
            left.len().min(right.len()) == 0 && left.len().max(right.len()) <= 1 + shared / 3
        }
        Shape::Sentence if left.is_empty() || right.is_empty() => share >= MIN_SHARE,
        Shape::Sentence => {
            let plain = |words: &[u64]| words.iter().all(|stem| everyday.contains(stem));
            share >= MIN_SHARE_REWORDED && (plain(&left) || plain(&right))
        }
    }
}

/// Whether each article knows what the other is about, and the headings do not part the two.
fn one_subject(a: &Stated<'_>, b: &Stated<'_>) -> bool {
    let knows = |a: &Article, b: &Article| b.title_stems.iter().all(|s| a.vocabulary.contains(s));
    let foreign = |x: &Stated<'_>, y: &Stated<'_>| {
        let told = |stem: &u64| {
            y.frame.heading.binary_search(stem).is_ok()
                || y.frame.subject.binary_search(stem).is_ok()
                || y.article.title_stems.contains(stem)
        };
        x.frame.heading.iter().filter(|stem| !told(stem)).count()
    };
    // Both sentences name what one of the articles is about.
    let named = |article: &Article| {
        let said = |stem: &u64| {
            a.frame.subject.binary_search(stem).is_ok()
                && b.frame.subject.binary_search(stem).is_ok()
        };
        !article.title_stems.is_empty() && article.title_stems.iter().all(said)
    };
    if siblings(a.article, b.article) {
        return false;
    }
    named(a.article)
        || named(b.article)
        || ((knows(a.article, b.article) || knows(b.article, a.article))
            && (foreign(a, b) == 0 || foreign(b, a) == 0))
}

/// Whether the titles are made after one pattern: "Gold account: limits" and "Silver account:
/// limits" are two things with numbers of their own.
fn siblings(a: &Article, b: &Article) -> bool {
    let (x, y) = (&a.title_stems, &b.title_stems);
    let shared = x.iter().filter(|s| y.contains(s)).count();
    let longest = x.len().max(y.len());
    shared >= 2 && shared * 2 >= longest && (shared < x.len() || shared < y.len())
}

/// The findings of one group of frames that speak of the same.
pub(super) fn conflicts(members: &[&Stated<'_>]) -> Vec<Finding> {
    let mut by_value: BTreeMap<&[String], Vec<&Stated<'_>>> = BTreeMap::new();
    for stated in members {
        by_value.entry(&stated.frame.values).or_default().push(stated);
    }
    if by_value.len() < 2 || by_value.len() > MAX_VALUES {
        return Vec::new();
    }
    // The value of most articles is right, else that of the newest.
    let newest = |list: &[&Stated<'_>]| {
        list.iter().filter_map(|s| s.article.document.meta.last_updated).max()
    };
    let trusted = by_value
        .iter()
        .max_by(|a, b| {
            let key = |list: &[&Stated<'_>]| (list.len(), newest(list));
            let path = |list: &[&Stated<'_>]| list.first().map(|s| s.article.path().to_owned());
            key(a.1).cmp(&key(b.1)).then_with(|| path(b.1).cmp(&path(a.1)))
        })
        .and_then(|(values, list)| Some((*values, *list.first()?)));
    let Some((values, reference)) = trusted else {
        return Vec::new();
    };
    let knows_it = |s: &Stated<'_>| {
        members.iter().any(|m| m.article.path() == s.article.path() && m.frame.values == values)
    };
    members
        .iter()
        .filter(|s| s.frame.values != values && !knows_it(s))
        .filter_map(|s| report(s, reference))
        .collect()
}

fn report(stated: &Stated<'_>, reference: &Stated<'_>) -> Option<Finding> {
    let (own, other) = (stated.frame, reference.frame);
    let differs = own.values.iter().zip(&other.values).position(|(a, b)| a != b)?;
    let (here, there) = (own.written.get(differs)?, other.written.get(differs)?);
    let at = stated.article.position(*own.at.get(differs)?);
    let place = reference.article.position(*other.at.get(differs)?);
    let message = format!(
        "\"{here}\" here, \"{there}\" in {} line {}: {}",
        reference.article.path(),
        place.line,
        own.quote
    );
    Some(
        Finding::new(Rule::FactConflict, stated.article.path(), at, message)
            .hint("find out which number is right and correct the other article; if both are, say what differs")
            .related(
                reference.article.path(),
                place,
                format!("\"{there}\": {}", short(&other.quote, 140)),
            ),
    )
}

/// Disjoint sets of frames.
pub(super) struct Groups {
    parent: Vec<usize>,
}

impl Groups {
    pub(super) fn new(size: usize) -> Self {
        Self { parent: (0..size).collect() }
    }

    fn root(&mut self, mut i: usize) -> usize {
        while let Some(&parent) = self.parent.get(i).filter(|p| **p != i) {
            let above = self.parent.get(parent).copied().unwrap_or(parent);
            if let Some(slot) = self.parent.get_mut(i) {
                *slot = above;
            }
            i = above;
        }
        i
    }

    pub(super) fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if let Some(slot) = self.parent.get_mut(a.max(b)) {
            *slot = a.min(b);
        }
    }

    /// Groups of two and more, by their first member.
    pub(super) fn all(&mut self) -> Vec<Vec<usize>> {
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for i in 0..self.parent.len() {
            groups.entry(self.root(i)).or_default().push(i);
        }
        groups.into_values().filter(|g| g.len() > 1).collect()
    }
}
