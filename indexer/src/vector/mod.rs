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

    /// The vectors of those of `ids` that are there, for comparing them with the catalog; unit length.
    /// `None` where the index is kept by a server, which looks after its own disk.
    async fn stored(
        &self,
        _ids: &[PassageId],
    ) -> Result<Option<HashMap<PassageId, Vec<f32>>>, VectorError> {
        Ok(None)
    }

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
