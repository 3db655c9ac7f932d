//! The review queue of a content team: what customers ask and the articles do not answer.
//!
//! Pure and deterministic: unanswered questions in, in any order; clusters out, the most asked first.
//! Called by whoever has the questions (the store's rows become [`Unanswered`]) and whoever shows them
//! ([`Gaps`] serialises; `show` makes the table and the CSV). Two promises of privacy: it takes redacted
//! words alone, and a cluster shows only from `k` askers on, its words only as far as `k` askers used
//! them. So no row tells of one customer.

mod cluster;
mod show;
mod terms;

use std::collections::{BTreeMap, BTreeSet};

use indexer::model::Locale;
use jiff::Timestamp;
use serde::Serialize;

use crate::privacy::RedactedText;
use terms::Terms;

/// Questions that are clustered at most, the newest; older ones are left out.
pub const MOST: usize = 2_000;
/// Words that describe a cluster at most.
const WORDS: usize = 8;

/// A question that was not answered.
#[derive(Debug, Clone)]
pub struct Unanswered {
    /// Who asked, as far as the house can tell them apart: a conversation or a customer. Never shown.
    pub asker: String,
    pub at: Timestamp,
    pub question: RedactedText,
    pub locale: Locale,
    /// Why a person took over, the code of the API.
    pub reason: String,
    /// Probability that the articles answer it, [0, 1].
    pub confidence: f64,
    /// Path of the article that came nearest.
    pub nearest: Option<String>,
    /// Unit vector of the question, where there is one; all of one space.
    pub vector: Option<Vec<f32>>,
}

/// What to write next.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gaps {
    /// The most asked first, among equals the least certain.
    pub gaps: Vec<Gap>,
    /// Askers from which on a cluster shows.
    pub k: usize,
    /// Questions in all, and those of clusters with fewer askers.
    pub questions: usize,
    pub hidden: usize,
}

/// Questions of one subject.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gap {
    /// Names the cluster by its words: the same words, the same name.
    pub id: String,
    pub questions: usize,
    pub askers: usize,
    /// Words that at least `k` askers used, the most used first.
    pub words: Vec<String>,
    /// A question all of whose words at least `k` askers used; absent when there is none.
    pub example: Option<String>,
    /// Mean confidence, [0, 1].
    pub confidence: f64,
    /// The article that came nearest most often.
    pub nearest: Option<String>,
    /// How often a person took over for which reason.
    pub reasons: BTreeMap<String, usize>,
    /// How many questions in which language.
    pub languages: BTreeMap<String, usize>,
    pub first: Timestamp,
    pub last: Timestamp,
}

/// Clusters `questions`; those of at least `k` askers are shown, `k` at least 1.
pub fn gaps(mut questions: Vec<Unanswered>, k: usize) -> Gaps {
    let k = k.max(1);
    // The newest first; what the order is made of is nothing that the caller's order decides.
    questions.sort_by(|a, b| {
        b.at.cmp(&a.at)
            .then_with(|| a.question.as_str().cmp(b.question.as_str()))
            .then_with(|| a.asker.cmp(&b.asker))
    });
    questions.truncate(MOST);
    let terms: Vec<Terms> = questions.iter().map(|q| Terms::of(&q.question, &q.locale)).collect();
    let mut gaps: Vec<Gap> = Vec::new();
    let mut hidden = 0;
    for members in cluster::clusters(&questions, &terms) {
        match gap(&questions, (&terms, &members), k) {
            Some(gap) => gaps.push(gap),
            None => hidden += members.len(),
        }
    }
    gaps.sort_by(|a, b| {
        b.askers
            .cmp(&a.askers)
            .then(a.confidence.total_cmp(&b.confidence))
            .then_with(|| a.id.cmp(&b.id))
    });
    Gaps { gaps, k, questions: questions.len(), hidden }
}

/// `None` for a cluster of fewer than `k` askers.
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
    let words: Vec<String> = words.into_iter().take(WORDS).map(|(w, _)| w.to_owned()).collect();
    let times = || of().map(|q| q.at);
    Some(Gap {
        id: terms::name(&words),
        questions: members.len(),
        askers: askers.len(),
        words,
        example,
        confidence,
        nearest: most(of().filter_map(|q| q.nearest.as_deref())),
        reasons: counted(of().map(|q| q.reason.as_str())),
        languages: counted(of().map(|q| q.locale.language())),
        first: times().min()?,
        last: times().max()?,
    })
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
mod tests {
    use super::*;
    use crate::privacy::{Numbering, RedactionSettings, Redactor};

    pub(super) fn asked(asker: &str, question: &str, second: i64) -> Unanswered {
        let redactor = Redactor::new(&RedactionSettings::default()).unwrap();
        Unanswered {
            asker: asker.to_owned(),
            at: Timestamp::from_second(1_700_000_000 + second).unwrap(),
            question: redactor.redact(question, Some("en"), &mut Numbering::default()),
            locale: Locale::parse("en").unwrap(),
            reason: "no_evidence".to_owned(),
            confidence: 0.2,
            nearest: Some("help/boots.md".to_owned()),
            vector: None,
        }
    }

    fn sample() -> Vec<Unanswered> {
        vec![
            asked("a", "do you sell kayaks for children", 1),
            asked("b", "do you sell kayaks", 2),
            asked("c", "can I buy kayaks for children from you", 3),
            asked("d", "do you sell kayaks", 4),
            asked("e", "opening hours on christmas eve in Tartu", 5),
            asked("e", "what are the opening hours on christmas eve in Tartu", 6),
            asked("f", "my uncle Bertold lost a green umbrella in the sauna", 7),
        ]
    }

    #[test]
    fn a_subject_shows_only_from_k_askers_on() {
        let three = gaps(sample(), 3);
        assert_eq!(three.gaps.len(), 1, "{three:?}");
        let kayaks = &three.gaps[0];
        assert_eq!((kayaks.questions, kayaks.askers), (4, 4));
        assert_eq!(kayaks.words.len(), 2, "boat and sell: {kayaks:?}");
        assert_eq!(kayaks.example.as_deref(), Some("do you sell kayaks"));
        assert_eq!(kayaks.nearest.as_deref(), Some("help/boots.md"));
        assert_eq!((three.questions, three.hidden), (7, 3));
        let shown = serde_json::to_string(&three).unwrap();
        assert!(!shown.contains("umbrella") && !shown.contains("christmas"), "{shown}");
        // One asker twice is still one asker.
        assert_eq!(gaps(sample(), 2).gaps.len(), 1);
        assert_eq!(gaps(sample(), 1).hidden, 0);
    }

    #[test]
    fn words_of_one_asker_never_show_in_a_cluster_of_many() {
        let mut all: Vec<Unanswered> =
            (0..5).map(|i| asked(&i.to_string(), "do you sell kayaks", i)).collect();
        all.push(asked("9", "do you sell kayaks to Zebulon Quackenbush", 9));
        let shown = serde_json::to_string(&gaps(all, 3)).unwrap().to_lowercase();
        assert!(shown.contains("kayak") && !shown.contains("zebulon"), "{shown}");
        assert!(shown.contains("\"questions\":6"), "{shown}");
    }

    #[test]
    fn the_order_of_the_questions_does_not_matter() {
        let forward = gaps(sample(), 1);
        let mut turned = sample();
        turned.reverse();
        assert_eq!(gaps(turned, 1), forward);
        assert_eq!(gaps(Vec::new(), 3).gaps, []);
    }
}
