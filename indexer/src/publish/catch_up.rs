//! Makes the caches of a process that only reads follow a catalog that another one writes.
//!
//! Called by [`KnowledgeBase::follow`](crate::search::KnowledgeBase::follow), and by the server for a
//! space that another process is about to take into use. The order is the writer's:
//! new entries first, then the snapshot, then the old entries go, so that no search sees half of a
//! change. An index that all processes share is the writer's business and is left alone.

use std::collections::HashSet;
use std::sync::Arc;

use super::apply::blocking;
use super::reconcile::{Difference, Parts, difference, places};
use super::{Indexes, PublishError, Silent};
use crate::catalog::{Catalog, SnapshotRows};
use crate::model::{Generation, PassageId};

/// Caches that hold everything of one generation, and perhaps more.
pub(crate) struct CaughtUp {
    /// The generation, for the snapshot.
    pub(crate) rows: SnapshotRows,
    pub(crate) surplus: Surplus,
}

/// Entries that the generation no longer has.
pub(crate) struct Surplus {
    generation: Generation,
    keyword: Vec<PassageId>,
    vectors: Vec<PassageId>,
}

/// Adds what the newest generation has and the local indexes lack.
///
/// # Errors
/// When the catalog or an index fails, or the generation is of another vector space.
pub(crate) async fn catch_up(
    catalog: &dyn Catalog,
    indexes: &Indexes,
) -> Result<CaughtUp, PublishError> {
    let rows = catalog.snapshot().await?;
    if !rows.fingerprint.is_empty() && rows.fingerprint != indexes.fingerprint {
        let own = indexes.fingerprint.clone();
        return Err(PublishError::OtherSpace { live: rows.fingerprint, own });
    }
    let surplus = fill(catalog, indexes, &rows).await?;
    Ok(CaughtUp { rows, surplus })
}

/// Fills the local indexes of a space that is not live yet with what is known of it, so that little is
/// left to do when it takes over. The indexes must not be searched by anybody.
///
/// # Errors
/// When the catalog or an index fails.
pub async fn prepare(catalog: &dyn Catalog, indexes: &Indexes) -> Result<(), PublishError> {
    let rows = catalog.snapshot().await?;
    fill(catalog, indexes, &rows).await?.remove(indexes).await
}

async fn fill(
    catalog: &dyn Catalog,
    indexes: &Indexes,
    rows: &SnapshotRows,
) -> Result<Surplus, PublishError> {
    let live: HashSet<PassageId> = rows.passages.iter().map(|p| p.id).collect();
    let place = places(rows);
    let parts = Parts { catalog, indexes, progress: &Silent };

    let vectors = if indexes.vectors.is_shared() {
        Difference { missing: Vec::new(), surplus: Vec::new() }
    } else {
        difference(&live, &indexes.vectors.ids().await?)
    };
    if !vectors.missing.is_empty() {
        parts.fill_vectors((rows, &place), &vectors.missing).await?;
        indexes.vectors.flush().await?;
    }

    let index = Arc::clone(&indexes.keyword);
    let keyword = difference(&live, &blocking(move || index.ids()).await??);
    if !keyword.missing.is_empty() {
        parts.fill_keyword((rows, &place), &keyword.missing).await?;
        let (index, generation) = (Arc::clone(&indexes.keyword), rows.generation);
        blocking(move || index.commit(generation)).await??;
    }
    Ok(Surplus { generation: rows.generation, keyword: keyword.surplus, vectors: vectors.surplus })
}

impl Surplus {
    /// Removes them, once the snapshot is in use.
    ///
    /// # Errors
    /// When an index fails; the next generation tries again.
    pub(crate) async fn remove(self, indexes: &Indexes) -> Result<(), PublishError> {
        let Self { generation, keyword, vectors } = self;
        if !vectors.is_empty() {
            indexes.vectors.delete(&vectors).await?;
            indexes.vectors.flush().await?;
        }
        if !keyword.is_empty() {
            let index = Arc::clone(&indexes.keyword);
            blocking(move || {
                index.delete(&keyword)?;
                index.commit(generation)
            })
            .await??;
        }
        Ok(())
    }
}
