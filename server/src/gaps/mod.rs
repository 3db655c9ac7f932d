//! The review queue of a content team: what customers ask and the articles do not answer well.
//!
//! [`read`] takes the questions from the stored conversations, [`gaps`] groups them: pure and
//! deterministic, questions in any order in, subjects out, the most wanted first. Two promises of privacy:
//! it takes redacted words alone, and a subject shows only from `k` customers on, its words only as far
//! as `k` customers used them. So no row tells of one customer. Called by `http` and by `atbilde gaps`.

mod cluster;
mod reading;
mod settings;
mod show;
mod terms;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexer::model::Locale;
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::domain::ConversationId;
use crate::privacy::RedactedText;
use crate::store::questions::Verdict;
use terms::Terms;

pub use reading::{GapsError, Look, read};
pub use settings::{GapSettings, MOST_DAYS};

/// Words that describe a subject at most.
const WORDS: usize = 8;

/// A question that was not answered well.
#[derive(Debug, Clone)]
pub struct Unanswered {
    /// Conversation and number of the customer's message. Never shown.
    pub id: (ConversationId, u64),
    /// Who asked, as far as the house can tell customers apart. Never shown.
    pub asker: String,
    pub at: Timestamp,
    pub question: RedactedText,
    pub locale: Locale,
    /// What went wrong, the name of the API.
    pub reason: &'static str,
    /// Probability that the articles answer it, [0, 1].
    pub confidence: f64,
    /// Path of the article that came nearest.
    pub nearest: Option<String>,
    /// What an editor decided, and when.
    pub verdict: Option<(Verdict, Timestamp)>,
    /// Unit vector of the question, where there is one; all of one space.
    pub vector: Option<Arc<[f32]>>,
}

/// What to write next.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Gaps {
    /// The most wanted first.
    pub gaps: Vec<Gap>,
    /// Subjects of which an editor said that no article is wanted.
    pub dismissed: Vec<Gap>,
    /// Customers from which on a subject shows.
    pub k: usize,
    /// Questions in all, those of subjects with fewer customers, and those that an editor called resolved.
    pub questions: usize,
    pub hidden: usize,
    pub resolved: usize,
}

/// Questions of one subject.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gap {
    /// Names the subject as long as its oldest question is looked at.
    pub id: String,
    pub questions: usize,
    pub askers: usize,
    /// Customers who go without an answer, as far as the confidence tells: askers x (1 - confidence).
    pub weight: f64,
    /// Words that at least `k` customers used, the most used first.
    pub words: Vec<String>,
    /// A question all of whose words at least `k` customers used; absent when there is none.
    pub example: Option<String>,
    /// Mean confidence, [0, 1].
    pub confidence: f64,
    /// Path of the article that came nearest most often.
    pub nearest: Option<String>,
    /// What went wrong how often.
    pub reasons: BTreeMap<String, usize>,
    /// How many questions in which language.
    pub languages: BTreeMap<String, usize>,
    pub first: Timestamp,
    pub last: Timestamp,
    /// Its questions, for the verdict on it.
    #[serde(skip)]
    pub members: Vec<(ConversationId, u64)>,
}

/// Groups `questions`; subjects of at least `k` customers are shown, `k` at least 1.
pub fn gaps(mut questions: Vec<Unanswered>, k: usize) -> Gaps {
    let k = k.max(1);
    // The newest first; what the order is made of is nothing that the caller's order decides.
    questions
        .sort_by(|a, b| b.at.cmp(&a.at).then(a.id.0.0.cmp(&b.id.0.0)).then(a.id.1.cmp(&b.id.1)));
    // What has no word of its own has no subject.
    let (questions, terms): (Vec<Unanswered>, Vec<Terms>) = questions
        .into_iter()
        .map(|q| {
            let terms = Terms::of(&q.question, &q.locale);
            (q, terms)
        })
        .filter(|(_, terms)| !terms.is_empty())
        .unzip();

    let mut out = Gaps { k, questions: questions.len(), ..Gaps::default() };
    for mut members in cluster::clusters(&questions, &terms) {
        let dismissed = is_dismissed(&questions, &members);
        let all = members.len();
        let resolved = |i: &usize| matches!(questions[*i].verdict, Some((Verdict::Resolved, _)));
        members.retain(|i| !resolved(i));
        out.resolved += all - members.len();
        match gap(&questions, (&terms, &members), k) {
            Some(gap) if dismissed => out.dismissed.push(gap),
            Some(gap) => out.gaps.push(gap),
            None => out.hidden += members.len(),
        }
    }
    for list in [&mut out.gaps, &mut out.dismissed] {
        list.sort_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| a.id.cmp(&b.id)));
    }
    out
}

/// Whether an editor wants no article for it: of the questions that were there when they decided, most
/// are dismissed. So a subject stays dismissed however many ask later, and no other one is drawn along.
fn is_dismissed(questions: &[Unanswered], members: &[usize]) -> bool {
    let verdict = |i: &usize| questions[*i].verdict;
    let dismissed = |i: &usize| match verdict(i) {
        Some((Verdict::Dismissed, at)) => Some(at),
        _ => None,
    };
    let Some(decided) = members.iter().filter_map(dismissed).max() else { return false };
    let there = members.iter().filter(|i| questions[**i].at <= decided);
    2 * members.iter().filter_map(dismissed).count() > there.count()
}

/// `None` for a subject of fewer than `k` customers.
fn gap(questions: &[Unanswered], (terms, members): (&[Terms], &[usize]), k: usize) -> Option<Gap> {
    let of = || members.iter().map(|i| &questions[*i]);
    let askers: BTreeSet<&str> = of().map(|q| q.asker.as_str()).collect();
    if askers.len() < k {
        return None;
    }
    let mut used: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for i in members {
        for word in terms[*i].words() {
            used.entry(word).or_default().insert(&questions[*i].asker);
        }
    }
    let common = |word: &str| used.get(word).is_some_and(|by| by.len() >= k);
    let mut words: Vec<(&str, usize)> =
        used.iter().filter(|(w, _)| common(w)).map(|(w, by)| (*w, by.len())).collect();
    words.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    // The longest that gives nobody away says most.
    let example = members
        .iter()
        .filter(|i| terms[**i].words().all(common))
        .map(|i| questions[*i].question.as_str())
        .max_by_key(|text| (text.chars().count(), std::cmp::Reverse(*text)))
        .map(str::to_owned);
    let confidence = of().map(|q| q.confidence).sum::<f64>() / members.len() as f64;
    let oldest = of().min_by_key(|q| (q.at, q.id.0.0, q.id.1))?;
    let mut members: Vec<(ConversationId, u64)> = of().map(|q| q.id).collect();
    members.sort_by_key(|(conversation, seq)| (conversation.0, *seq));
    Some(Gap {
        id: name(oldest),
        questions: members.len(),
        askers: askers.len(),
        weight: askers.len() as f64 * (1.0 - confidence),
        words: words.into_iter().take(WORDS).map(|(w, _)| w.to_owned()).collect(),
        example,
        confidence,
        nearest: most(of().filter_map(|q| q.nearest.as_deref())),
        reasons: counted(of().map(|q| q.reason)),
        languages: counted(of().map(|q| q.locale.language())),
        first: oldest.at,
        last: of().map(|q| q.at).max()?,
        members,
    })
}

/// A short name that tells nothing of whom it is made.
fn name(oldest: &Unanswered) -> String {
    let hash = Sha256::digest(format!("{} {}", oldest.id.0, oldest.id.1).as_bytes());
    hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

fn counted<'a>(values: impl Iterator<Item = &'a str>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for value in values {
        *counts.entry(value.to_owned()).or_default() += 1;
    }
    counts
}

/// The value that comes most often, the first by name among equals.
fn most<'a>(values: impl Iterator<Item = &'a str>) -> Option<String> {
    let counts = counted(values);
    counts.into_iter().min_by_key(|(_, n)| std::cmp::Reverse(*n)).map(|(value, _)| value)
}

#[cfg(test)]
mod tests;
