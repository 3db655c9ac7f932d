//! Dense vectors of passages: stored, filtered, searched. Qdrant lives only here.
//!
//! An index holds points of one vector space (one embedder fingerprint). Points may be there that
//! are not live yet or no longer: the caller drops what its snapshot does not know. Nothing of an
//! entry is ever updated in place, because a passage id covers all that is stored of it.

#[cfg(test)]
mod contract;
mod edge;

use std::collections::HashSet;

use async_trait::async_trait;

pub use edge::EdgeIndex;

use crate::model::{DocumentMeta, Filter, PassageId};

/// One passage as the vector index stores it.
#[derive(Debug, Clone)]
pub struct VectorPoint<'a> {
    pub id: PassageId,
    /// `[dimensions]`, unit length.
    pub vector: Vec<f32>,
    pub meta: &'a DocumentMeta,
}

/// A candidate: cosine in [-1, 1].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VectorHit {
    pub id: PassageId,
    pub cosine: f32,
}

/// Exact or approximate nearest neighbours under a filter.
#[async_trait]
pub trait VectorIndex: Send + Sync {
    /// Adds points; a known id is overwritten. Durable only after [`VectorIndex::flush`].
    async fn upsert(&self, points: &[VectorPoint<'_>]) -> Result<(), VectorError>;

    /// Removes points; unknown ids are no error.
    async fn delete(&self, ids: &[PassageId]) -> Result<(), VectorError>;

    /// Makes everything before this call survive a crash.
    async fn flush(&self) -> Result<(), VectorError>;

    /// The `limit` points nearest to `query` among those that `filter` admits, best first, equal
    /// cosines by id.
    async fn search(
        &self,
        query: &[f32],
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<VectorHit>, VectorError>;

    /// Every id in the index, for reconciling with the catalog.
    async fn ids(&self) -> Result<HashSet<PassageId>, VectorError>;
}

/// What went wrong in a vector index.
#[derive(Debug, thiserror::Error)]
pub enum VectorError {
    /// The folder is damaged, locked or of another shape. Never repaired by deleting.
    #[error("vector index {folder}: {reason}")]
    Open { folder: String, reason: String },
    /// An operation failed; the index is as it was at the last flush.
    #[error("vector index: {0}")]
    Operation(String),
}
