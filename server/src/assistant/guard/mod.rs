//! May this sentence leave? The last word on everything that a model writes.
//!
//! [`Guard::new`] prepares the passages of one answer; [`Guard::check`] decides on one sentence at a
//! time, before a customer sees it. [`Assembler`] makes sentences of a stream of text pieces. Called by
//! the assistant between generator and events; knows no model and no network.
//!
//! A sentence is released when it is clean (`hygiene`), names only passages that were given
//! (`markers`), promises nothing (`promise`), has only literals of its passages (`literals`), is made
//! of their words (`support`) and says neither "not" nor "must" where they do not (`polarity`). What is
//! withheld leaves no text behind: a [`Verdict`] carries a reason alone. Every rule is linear in the
//! text; the verdict depends on sentence, passages and settings alone.

mod assemble;
mod check;
mod evidence;
mod hygiene;
mod injection;
mod literal;
mod literals;
mod markers;
mod pairing;
mod phrase;
mod polarity;
mod polarity_words;
mod promise;
mod promise_words;
mod reason;
mod support;
mod text;
mod thesaurus;

use indexer::model::Locale;
use serde::{Deserialize, Serialize};

pub use assemble::{Assembler, Draft, DraftKind};
pub use evidence::{Given, gives_orders_by_unit};
pub use hygiene::Protected;
pub use injection::gives_orders;
pub use reason::Reason;

use evidence::Evidence;

/// `[assistant.guard]` of the configuration. Shares are of idf-weighted content words, [0, 1].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GuardSettings {
    /// Share of a sentence's words that its cited passages must have.
    pub min_support: f32,
    /// Share that one sentence, row or item of them must have.
    pub min_unit: f32,
    /// A sentence without a marker needs this share in the passage that is then cited.
    pub min_clear: f32,
    /// With a likeness of sentence and source of at least this (cosine), the two shares above may
    /// be lower by [`GuardSettings::likeness_credit`].
    pub min_likeness: f32,
    pub likeness_credit: f32,
    /// Longer sentences are withheld. Bytes.
    pub max_bytes: usize,
}

impl Default for GuardSettings {
    fn default() -> Self {
        Self {
            min_support: 0.6,
            min_unit: 0.45,
            min_clear: 0.66,
            min_likeness: 0.7,
            likeness_credit: 0.12,
            max_bytes: 1200,
        }
    }
}

/// What becomes of a sentence.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// May be shown: its text without markers, and the numbers of the passages that prove it.
    Release { text: String, citations: Vec<u32> },
    /// Must not be shown. The words are gone.
    Withhold(Reason),
}

/// Likeness of a sentence and a source text in meaning, a cosine in [-1, 1]; `None` when it is not
/// known. Asked for at most once a sentence, and only where words alone do not settle it.
pub type Likeness<'a> = &'a dyn Fn(&str, &str) -> Option<f32>;

/// Checks the sentences of one answer.
pub struct Guard<'a> {
    settings: &'a GuardSettings,
    protected: &'a Protected,
    evidence: Evidence,
    locale: Locale,
}

impl<'a> Guard<'a> {
    /// Prepares the check of one answer in `locale` from the passages that were given to the model,
    /// and no others. `protected` is what must not be repeated of the prompt.
    pub fn new(
        settings: &'a GuardSettings,
        protected: &'a Protected,
        passages: &[Given<'_>],
        locale: &Locale,
    ) -> Self {
        Self { settings, protected, evidence: Evidence::new(passages), locale: locale.clone() }
    }

    /// Decides on one sentence, list item, row or block of code, as the model wrote it.
    pub fn check(&self, raw: &str) -> Verdict {
        self.check_with(raw, &|_, _| None)
    }

    /// Like [`Guard::check`], with a measure of likeness for sentences whose words do not settle it.
    pub fn check_with(&self, raw: &str, likeness: Likeness<'_>) -> Verdict {
        match check::sentence(self, raw, likeness) {
            Ok(released) => Verdict::Release { text: released.text, citations: released.citations },
            Err(reason) => Verdict::Withhold(reason),
        }
    }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "table_tests.rs"]
mod table_tests;
