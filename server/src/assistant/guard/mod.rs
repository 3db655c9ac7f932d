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
//! sentence and in the passages; the verdict depends on sentence, passages and settings alone, but for sentences whose words do not settle
//! it: there the caller may measure their likeness to the source ([`Guard::judge`], [`Guard::check_alike`]).

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
mod restate;
mod support;
mod text;
mod thesaurus;

use indexer::model::Locale;
use serde::{Deserialize, Serialize};

pub(super) use assemble::is_rule_mark;
pub use assemble::{Assembler, Draft, DraftKind};
pub use evidence::{Given, gives_orders_by_unit};
pub use hygiene::Protected;
pub use injection::gives_orders;
pub use reason::Reason;
pub use restate::Restating;
pub(super) use text::visible;

use check::Likeness;
use evidence::Evidence;

/// Measured with the bundled embedder (docs/retrieval.md).
pub const BUNDLED_LIKENESS: f32 = 0.8;

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
    /// With a likeness of sentence and source of at least this (cosine), the first two shares may be
    /// lower by [`GuardSettings::likeness_credit`]. What a cosine means depends on the model: `None` is
    /// [`BUNDLED_LIKENESS`] for the bundled embedder, and with any other one likeness counts nothing.
    pub min_likeness: Option<f32>,
    pub likeness_credit: f32,
    /// Longer sentences are withheld. Bytes.
    pub max_bytes: usize,
}

impl Default for GuardSettings {
    fn default() -> Self {
        Self {
            min_support: 0.45,
            min_unit: 0.35,
            min_clear: 0.66,
            min_likeness: None,
            likeness_credit: 0.6,
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

/// A sentence whose words do not settle whether its source says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    pub claim: String,
    /// The sentence, item or row of a cited passage that has most of its words.
    pub source: String,
    /// Language of the source.
    pub language: String,
}

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
        self.judge(raw).0
    }

    /// Like [`Guard::check`], with what a likeness would have to be measured of, where one could change
    /// the verdict.
    pub fn judge(&self, raw: &str) -> (Verdict, Option<Doubt>) {
        let mut likeness = Likeness::Unknown;
        let verdict = self.with(raw, &mut likeness);
        match likeness {
            Likeness::Wanted(doubt) => (verdict, Some(doubt)),
            Likeness::Unknown | Likeness::Enough => (verdict, None),
        }
    }

    /// Like [`Guard::check`], for a sentence of which it was found that it says what its source says.
    pub fn check_alike(&self, raw: &str) -> Verdict {
        self.with(raw, &mut Likeness::Enough)
    }

    fn with(&self, raw: &str, likeness: &mut Likeness) -> Verdict {
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
