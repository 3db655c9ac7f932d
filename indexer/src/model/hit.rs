//! What a search gives back.

use std::sync::Arc;

use serde::Serialize;

use super::{DocPath, DocumentMeta, PassageId, Unit};

/// Number of a committed state of the knowledge base. Grows by one with every commit; 0 is the
/// empty base.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Generation(pub u64);

/// One passage that answers the query, with the evidence of both retrievers.
#[derive(Debug, Clone)]
pub struct Hit {
    pub id: PassageId,
    pub path: DocPath,
    pub meta: Arc<DocumentMeta>,
    /// Generation in which this version of the document became live.
    pub document_version: Generation,
    pub ordinal: u32,
    pub anchor: String,
    pub heading_path: Vec<String>,
    pub text: String,
    pub units: Vec<Unit>,
    /// Fused score, [0, 1].
    pub score: f32,
    /// Place in the keyword list from 1, and its BM25 score; `None` when that list lacks it.
    pub keyword_rank: Option<u32>,
    pub keyword_score: Option<f32>,
    /// Place in the dense list from 1, and its cosine; `None` when that list lacks it.
    pub dense_rank: Option<u32>,
    pub dense_score: Option<f32>,
}

impl Hit {
    /// Title and headings from the top down.
    pub fn place(&self) -> String {
        let mut place = self.meta.title.clone();
        for heading in self.heading_path.iter().filter(|h| **h != self.meta.title) {
            place.push_str(" > ");
            place.push_str(heading);
        }
        place
    }

    /// Place and words, for a reader who sees nothing else of the document.
    pub fn in_full(&self) -> String {
        format!("{}. {}", self.place(), self.text)
    }
}

/// Milliseconds spent in the parts of one search.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct SearchTimings {
    pub embed_ms: f64,
    pub keyword_ms: f64,
    pub dense_ms: f64,
    pub fetch_ms: f64,
    /// 0 without a reranker.
    pub rerank_ms: f64,
    pub total_ms: f64,
}

/// Hits of one search, best first, all of one generation.
#[derive(Debug, Clone)]
pub struct Retrieved {
    pub generation: Generation,
    pub hits: Vec<Hit>,
    pub timings: SearchTimings,
}
