//! One question of a run, complete enough to compute every figure again: what `--json` writes for
//! `--compare` to read, and what the HTML report lists.
//!
//! Called by `golden_run` and `set_run` (make rows), `figures` (through [`Row::judged`]), `compare` and
//! `html`. Names in the JSON are part of the interface.

use serde::{Deserialize, Serialize};

use super::figures::Judged;
use super::golden::Expect;
use super::metrics::Places;
use super::probe::Found;

/// One question or golden case with what happened and the truth.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) language: String,
    pub(super) kind: String,
    /// Questions of a group (a dialogue, translations of each other) are resampled together.
    pub(super) group: String,
    pub(super) answerable: bool,
    /// Number of gold documents; `None` for questions without any.
    pub(super) gold: Option<usize>,
    /// Places from 1 that gold documents take among the first ten.
    pub(super) places: Vec<usize>,
    pub(super) confidence: f64,
    /// Share of the evidence in the first 5 and 10 passages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) evidence: Option<[f64; 2]>,
    /// What a golden case expects: `answer`, `refuse`, `hand_over`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expect: Option<String>,
    /// Whether the golden case passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) passed: Option<bool>,
    /// For people alone.
    #[serde(skip)]
    pub(super) shown: Shown,
}

/// What a page shows of a question; never written to a file of numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Shown {
    pub(super) question: String,
    /// Pages that hold the answer.
    pub(super) wanted: Vec<String>,
    /// The best passages, best first.
    pub(super) found: Vec<Found>,
    /// What the assistant did: `answered`, `clarify`, `handed_off`, `failed`; empty where it was not asked to.
    pub(super) outcome: &'static str,
    pub(super) answer: String,
    pub(super) problem: Option<String>,
}

impl Row {
    /// The part that figures are made of; `None` for a case that asks for a person, which says nothing
    /// of the knowledge base.
    pub(super) fn judged(&self) -> Option<Judged> {
        (self.expect.as_deref() != Some(Expect::HandOver.as_str())).then(|| Judged {
            language: self.language.clone(),
            kind: self.kind.clone(),
            group: self.group.clone(),
            answerable: self.answerable,
            places: self.gold.map(|gold| Places::at(&self.places, gold)),
            confidence: self.confidence,
            evidence: self.evidence,
        })
    }

    /// Place of the first gold document among the first ten.
    pub(super) fn rank(&self) -> Option<usize> {
        self.places.first().copied()
    }

    /// A gold document is among the first five.
    pub(super) fn right(&self) -> bool {
        self.answerable && self.rank().is_some_and(|rank| rank <= 5)
    }

    /// Whether answering above `threshold` and handing over below it does the right thing; `None` where
    /// the truth is not known.
    pub(super) fn decided_right(&self, threshold: f64) -> Option<bool> {
        let known = !self.answerable || self.gold.is_some();
        let asks = self.expect.as_deref() == Some(Expect::HandOver.as_str());
        (known && !asks).then(|| (self.confidence >= threshold) == self.right())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_reads_back_and_gives_the_same_figures() {
        let ranking = ["a", "g", "b", "h"];
        let places = Places::of(&ranking, &["g", "h"]);
        let row = Row {
            id: "q".into(),
            answerable: true,
            gold: Some(2),
            places: places.taken(),
            confidence: 0.1 + 0.2,
            ..Row::default()
        };
        assert_eq!(row.places, [2, 4]);
        let text = serde_json::to_string(&row).unwrap();
        let back: Row = serde_json::from_str(&text).unwrap();
        assert_eq!(back, row);
        let judged = back.judged().unwrap();
        assert!((judged.places.unwrap().ndcg() - places.ndcg()).abs() < 1e-12);
        assert!(!text.contains("shown"), "{text}");
    }

    #[test]
    fn the_right_decision_is_to_answer_what_was_found_and_to_hand_over_the_rest() {
        let row = |answerable, rank: Option<usize>, confidence| Row {
            answerable,
            gold: answerable.then_some(1),
            places: rank.into_iter().collect(),
            confidence,
            ..Row::default()
        };
        for (row, right) in [
            (row(true, Some(1), 0.9), true),
            (row(true, Some(1), 0.1), false),
            (row(true, Some(7), 0.9), false),
            (row(false, None, 0.9), false),
            (row(false, None, 0.1), true),
        ] {
            assert_eq!(row.decided_right(0.5), Some(right), "{row:?}");
        }
        let person = Row { expect: Some("hand_over".into()), ..Row::default() };
        assert_eq!(person.decided_right(0.5), None);
        assert!(person.judged().is_none());
    }
}
