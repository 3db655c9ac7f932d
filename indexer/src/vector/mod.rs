//! Dense vectors of passages: stored, filtered, searched. Qdrant lives only here.
//!
//! An index holds points of one vector space (one embedder fingerprint). Points may be there that
//! are not live yet or no longer: the caller drops what its snapshot does not know. Nothing of an
//! entry is ever updated in place, because a passage id covers all that is stored of it.

#[cfg(test)]
pub(crate) mod contract;
mod edge;
mod payload;
mod server;
mod settings;
mod ties;

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;

pub use self::server::ServerIndex;
#[cfg(test)]
pub(crate) use self::server::test_server::TestServer;
pub use edge::EdgeIndex;
pub use settings::{Scan, VectorSettings};

use crate::model::{DocumentMeta, Filter, PassageId};

/// One passage as the vector index stores it.
#[derive(Debug, Clone)]
pub struct VectorPoint<'a> {
    pub id: PassageId,
    /// `[dimensions]`, unit length.
    pub vector: Vec<f32>,
    pub meta: &'a DocumentMeta,
}

/// A point as an index holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredPoint {
    /// `[dimensions]`, unit length; empty where the point has none.
    pub vector: Vec<f32>,
    /// What filters go by, as the engine gives it back.
    fields: payload::Fields,
}

impl StoredPoint {
    /// Whether filters see in it a passage of a document with `meta`.
    pub fn is_filed_as(&self, meta: &DocumentMeta) -> bool {
        payload::is_filed_as(&self.fields, meta)
    }
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

    /// Those of `ids` that are there, whole, for comparing them with the catalog. A cluster answers
    /// from one copy of each shard.
    async fn stored(
        &self,
        ids: &[PassageId],
    ) -> Result<HashMap<PassageId, StoredPoint>, VectorError>;

    /// Told when a generation of this index's vector space is the one that answers.
    async fn went_live(&self) -> Result<(), VectorError> {
        Ok(())
    }

    /// Gives up what a server holds of another vector space. `false` when there is nothing, or others
    /// may still be led to it. What lies in folders is their owner's business.
    async fn drop_space(&self, _fingerprint: &str) -> Result<bool, VectorError> {
        Ok(false)
    }

    /// Whether all processes over one catalog search the same entries: then the writer alone
    /// changes them.
    fn is_shared(&self) -> bool {
        false
    }
}

/// What went wrong in a vector index.
#[derive(Debug, thiserror::Error)]
pub enum VectorError {
    /// The folder is damaged, locked or of another shape. Never repaired by deleting.
    #[error("vector index {folder}: {reason}")]
    Open { folder: String, reason: String },
    /// The server is not there, refuses, or holds something else under our name.
    #[error("vector server {url}: {reason}")]
    Server { url: String, reason: String },
    /// An operation failed; the index is as it was at the last flush.
    #[error("vector index: {0}")]
    Operation(String),
}
