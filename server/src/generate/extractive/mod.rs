//! Answers without a model: the sentences, steps, bullets and table rows that answer the question,
//! verbatim and whole, each with its citation, in the order of their source.
//!
//! Three steps, each in its room: `candidates` cuts the hits into units and scores them, `select`
//! chooses what fits together within the word budget, `render` words rows and numbers the citations.
//! Also the floor under every other generator: when a model is down or its words fail the guard, this
//! is what the customer gets.

mod candidates;
mod render;
mod select;

pub(crate) use render::citation;

use indexer::search::SearchOutcome;
use serde::{Deserialize, Serialize};

use crate::domain::{Citation, Sentence};
use crate::evidence::QuestionTerms;

/// `[assistant.answer]` of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExtractiveSettings {
    /// Words of an answer, about; a single unit may be longer.
    pub max_words: usize,
    /// Passages that sentences are taken from.
    pub passages: usize,
    /// Units scoring below this share of the best one are left out, [0, 1].
    pub min_share: f32,
    /// A further unit must add at least this weighted share of the question's terms, [0, 1].
    pub min_gain: f32,
}

impl Default for ExtractiveSettings {
    fn default() -> Self {
        Self { max_words: 80, passages: 6, min_share: 0.6, min_gain: 0.15 }
    }
}

/// Words with their proof, before they are sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Drafted {
    /// The sentences as one text: list items and rows on lines of their own.
    pub text: String,
    pub sentences: Vec<Sentence>,
    pub citations: Vec<Citation>,
}

/// The units of `found` that answer its query; empty when none does.
pub fn answer(found: &SearchOutcome, settings: &ExtractiveSettings) -> Drafted {
    let hits = &found.retrieved.hits;
    let hits = &hits[..hits.len().min(settings.passages)];
    let terms = QuestionTerms::new(&found.terms);
    let candidates = candidates::score(&found.query, &terms, hits);
    let chosen = select::select(&candidates, &terms, hits, settings);
    render::render(&found.query, &chosen, hits)
}
