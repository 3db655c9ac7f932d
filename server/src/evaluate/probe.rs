//! One question put to the knowledge base without answering it: which documents, how sure.
//!
//! Called by `set_run` and `golden_run`. Uses [`Assistant::assess`], the code that answers use, so
//! that what is measured is what customers get; nothing is searched deeper or otherwise.

use std::collections::HashSet;

use indexer::model::{DocPath, Hit};
use indexer::search::{KnowledgeBase, SearchError};

use super::output::Passage;
use super::text;
use crate::assistant::Assistant;
use crate::domain::{Question, Turn};

/// Documents of a ranking.
const DOCUMENTS: usize = 100;

/// Passages of [`Probe::found`].
const SHOWN: usize = 3;
/// Characters of a passage in [`Found`].
const WORDS: usize = 240;

/// A passage as a report shows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Found {
    pub(super) path: String,
    /// Title and headings.
    pub(super) place: String,
    /// Its beginning.
    pub(super) words: String,
}

/// What was found for a question.
#[derive(Debug, Clone, Default)]
pub(super) struct Probe {
    /// Documents, best first, each once: a document stands where its best passage stands.
    pub(super) ranking: Vec<DocPath>,
    /// Probability that the passages answer the question; 0 when nothing was found.
    pub(super) confidence: f64,
    /// What the probability is made of, by name.
    pub(super) features: Vec<(&'static str, f64)>,
    /// The best passages with their texts, best first.
    hits: Vec<Hit>,
}

impl Probe {
    /// Asks `question` after `turns`.
    ///
    /// # Errors
    /// When the search fails.
    pub(super) async fn of(
        (assistant, knowledge): (&Assistant, &KnowledgeBase),
        question: &Question,
        turns: &[Turn],
    ) -> Result<Self, SearchError> {
        let assessed = assistant.assess(question, turns).await?;
        let snapshot = knowledge.snapshot();
        let mut seen = HashSet::new();
        let ranking = assessed
            .found
            .candidates
            .iter()
            .filter_map(|c| snapshot.document_of(c.id))
            .filter(|d| seen.insert(&d.path))
            .take(DOCUMENTS)
            .map(|d| d.path.clone())
            .collect();
        let confidence = assessed.confidence.as_ref();
        Ok(Self {
            ranking,
            confidence: confidence.map_or(0.0, |c| c.probability),
            features: confidence.map_or_else(Vec::new, |c| c.features.named().to_vec()),
            hits: assessed.found.retrieved.hits,
        })
    }

    /// The best passages for people to look at.
    pub(super) fn found(&self) -> Vec<Found> {
        let found = |hit: &Hit| {
            let mut words: String = hit.text.chars().take(WORDS).collect();
            if words.len() < hit.text.len() {
                words.push_str(" ...");
            }
            Found { path: hit.path.as_str().to_owned(), place: hit.place(), words }
        };
        self.hits.iter().take(SHOWN).map(found).collect()
    }

    /// All passages with all their words, best first.
    pub(super) fn passages(&self) -> Vec<Passage> {
        let passage = |hit: &Hit| Passage {
            document: hit.path.as_str().to_owned(),
            place: hit.place(),
            text: hit.text.clone(),
            score: hit.score,
            cosine: hit.dense_score,
        };
        self.hits.iter().map(passage).collect()
    }

    /// Share of `wanted` words that the first `k` passages hold, [0, 1]; `None` when nothing is
    /// wanted. Markup, case and white space do not count, and words may run from one passage into
    /// the next one of the same document when both were found.
    pub(super) fn evidence(&self, wanted: &[String], k: usize) -> Option<f64> {
        if wanted.is_empty() {
            return None;
        }
        let mut hits: Vec<&Hit> = self.hits.iter().take(k).collect();
        hits.sort_by(|a, b| a.path.cmp(&b.path).then(a.ordinal.cmp(&b.ordinal)));
        let mut found = String::new();
        let mut before: Option<&Hit> = None;
        for hit in hits {
            let same = before.filter(|b| b.path == hit.path);
            if same.is_none_or(|b| b.ordinal + 1 != hit.ordinal) {
                found.push('\n');
            }
            if same.is_none_or(|b| b.heading_path != hit.heading_path) {
                found.push_str(&text::bare(hit.heading_path.last().map_or("", String::as_str)));
            }
            found.push_str(&text::bare(&hit.text));
            before = Some(hit);
        }
        let held = wanted.iter().filter(|w| found.contains(&text::bare(w))).count();
        Some(held as f64 / wanted.len() as f64)
    }
}
