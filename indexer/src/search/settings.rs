//! `[search]` of the configuration.

use serde::{Deserialize, Serialize};

use crate::keyword::QueryTerm;
use crate::language::TermKind;

/// How candidates are found and joined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SearchSettings {
    /// Candidates taken from each index.
    pub candidates: usize,
    /// Share of the dense score in the fusion, [0, 1], for languages the embedder knows.
    pub dense_weight: f32,
    /// The same for all other languages.
    pub dense_weight_other: f32,
    /// The same for a question with a code that the base knows (an error code, a SKU): its exact
    /// match tells more than any likeness.
    pub dense_weight_codes: f32,
    /// Scores of passages in another language than the question's are multiplied by this, [0, 1].
    pub other_language_factor: f32,
    /// What the best other passage of its document counts of a passage's score, [0, 1], for questions of up to three
    /// terms; from six on nothing.
    pub sibling_share: f32,
    /// What the customer's previous message counts of the question itself, [0, 1]; each message before
    /// that counts less.
    pub earlier_share: f32,
    /// What a model's stand-alone wording of the question counts of the question itself, [0, 1].
    pub rewrite_share: f32,
    /// Question vectors kept in memory.
    pub query_cache: u64,
}

impl Default for SearchSettings {
    fn default() -> Self {
        Self {
            candidates: 100,
            dense_weight: 0.72,
            dense_weight_other: 0.6,
            dense_weight_codes: 0.3,
            other_language_factor: 0.7,
            sibling_share: 0.3,
            earlier_share: 0.4,
            rewrite_share: 0.6,
            query_cache: 4096,
        }
    }
}

impl SearchSettings {
    pub(super) fn dense_weight(&self, spoken: bool, terms: &[QueryTerm]) -> f32 {
        if terms.iter().any(|t| t.kind == TermKind::Code && t.passages > 0) {
            return self.dense_weight_codes;
        }
        if spoken { self.dense_weight } else { self.dense_weight_other }
    }
}
