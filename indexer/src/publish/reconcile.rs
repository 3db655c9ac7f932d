//! Makes the indexes follow the catalog: crash recovery, and the core of `verify`.
//!
//! An id covers everything an index stores of a passage, so equal id sets mean equal content.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::apply::{add, blocking};
use super::{Drift, DriftKind, Drifts, Indexes, Place, Progress, PublishError, Stage};
use crate::catalog::{Catalog, SnapshotRows};
use crate::keyword::KeywordPassage;
use crate::model::{EmbedHash, PassageId};
use crate::vector::VectorPoint;

const WINDOW: usize = 1024;

/// Finds differences without changing anything.
///
/// # Errors
/// When an index or the catalog cannot be read.
pub async fn inspect(catalog: &dyn Catalog, indexes: &Indexes) -> Result<Drifts, PublishError> {
    Ok(differences(catalog, &catalog.snapshot().await?, indexes).await?.0)
}

/// Finds differences and mends them from the catalog; nothing is embedded. Repeating is safe.
pub(super) async fn reconcile(
    catalog: &dyn Catalog,
    indexes: &Indexes,
    progress: &dyn Progress,
) -> Result<Drifts, PublishError> {
    let rows = catalog.snapshot().await?;
    let (drifts, keyword, vectors) = differences(catalog, &rows, indexes).await?;
    if drifts.is_empty() {
        return Ok(drifts);
    }
    let live = places(&rows);
    let parts = Parts { catalog, indexes, progress };
    progress.begin(Stage::Indexing, (vectors.missing.len() + keyword.missing.len()) as u64);

    indexes.vectors.delete(&vectors.surplus).await?;
    parts.fill_vectors((&rows, &live), &vectors.missing).await?;
    indexes.vectors.flush().await?;

    let index = Arc::clone(&indexes.keyword);
    blocking(move || index.delete(&keyword.surplus)).await??;
    parts.fill_keyword((&rows, &live), &keyword.missing).await?;
    let (index, generation) = (Arc::clone(&indexes.keyword), rows.generation);
    blocking(move || index.commit(generation)).await??;
    Ok(drifts)
}

/// Where each live passage stands in `rows`.
pub(super) fn places(rows: &SnapshotRows) -> HashMap<PassageId, usize> {
    rows.passages.iter().enumerate().map(|(i, p)| (p.id, i)).collect()
}

/// What is filled, from what.
#[derive(Clone, Copy)]
pub(super) struct Parts<'a> {
    pub(super) catalog: &'a dyn Catalog,
    pub(super) indexes: &'a Indexes,
    pub(super) progress: &'a dyn Progress,
}

impl Parts<'_> {
    /// Puts `missing` into the vector index; a passage without a vector is left out.
    pub(super) async fn fill_vectors(
        self,
        (rows, live): (&SnapshotRows, &HashMap<PassageId, usize>),
        missing: &[PassageId],
    ) -> Result<(), PublishError> {
        let Self { catalog, indexes, progress } = self;
        for ids in missing.chunks(WINDOW) {
            if progress.cancelled() {
                return Err(PublishError::Cancelled);
            }
            let hashes: Vec<EmbedHash> = ids
                .iter()
                .filter_map(|id| Some(rows.passages[*live.get(id)?].embed_hash))
                .collect();
            let known: HashMap<EmbedHash, Vec<f32>> =
                catalog.vectors(&indexes.fingerprint, &hashes).await?.into_iter().collect();
            let points: Vec<VectorPoint<'_>> = ids
                .iter()
                .filter_map(|id| {
                    let passage = rows.passages[*live.get(id)?];
                    Some(VectorPoint {
                        id: *id,
                        vector: known.get(&passage.embed_hash)?.clone(),
                        meta: &rows.documents[passage.document as usize].1,
                    })
                })
                .collect();
            indexes.vectors.upsert(&points).await?;
            progress.advance(ids.len() as u64);
        }
        Ok(())
    }

    /// Puts `missing` into the keyword index; visible after its commit.
    pub(super) async fn fill_keyword(
        self,
        (rows, live): (&SnapshotRows, &HashMap<PassageId, usize>),
        missing: &[PassageId],
    ) -> Result<(), PublishError> {
        let Self { catalog, indexes, progress } = self;
        for ids in missing.chunks(WINDOW) {
            if progress.cancelled() {
                return Err(PublishError::Cancelled);
            }
            let stored = catalog.passages(ids).await?;
            let passages: Vec<KeywordPassage<'_>> = stored
                .iter()
                .filter_map(|s| {
                    let document = rows.passages[*live.get(&s.id)?].document as usize;
                    Some(KeywordPassage {
                        id: s.id,
                        meta: &rows.documents[document].1,
                        passage: &s.passage,
                    })
                })
                .collect();
            add(indexes, &passages)?;
            progress.advance(ids.len() as u64);
        }
        Ok(())
    }
}

pub(super) struct Difference {
    pub(super) missing: Vec<PassageId>,
    pub(super) surplus: Vec<PassageId>,
}

async fn differences(
    catalog: &dyn Catalog,
    rows: &SnapshotRows,
    indexes: &Indexes,
) -> Result<(Drifts, Difference, Difference), PublishError> {
    let keyword_index = Arc::clone(&indexes.keyword);
    let keyword_ids = blocking(move || keyword_index.ids()).await??;
    let vector_ids = indexes.vectors.ids().await?;
    let live: HashSet<PassageId> = rows.passages.iter().map(|p| p.id).collect();
    let keyword = difference(&live, &keyword_ids);
    let mut vectors = difference(&live, &vector_ids);
    if indexes.vectors.is_shared() && !vectors.surplus.is_empty() {
        // Others may still read what was retired a moment ago; tidying removes it in its time.
        let retired: HashSet<PassageId> =
            catalog.retired_until(rows.generation).await?.into_iter().collect();
        vectors.surplus.retain(|id| !retired.contains(id));
    }

    let path_of: HashMap<PassageId, &str> = rows
        .passages
        .iter()
        .map(|p| (p.id, rows.documents[p.document as usize].0.as_str()))
        .collect();
    let mut drifts = Vec::new();
    for (place, found) in [(Place::Keyword, &keyword), (Place::Vectors, &vectors)] {
        for (kind, ids) in
            [(DriftKind::Missing, &found.missing), (DriftKind::Surplus, &found.surplus)]
        {
            drifts.extend(ids.iter().map(|id| Drift {
                place,
                kind,
                passage: Some(*id),
                path: path_of.get(id).map(|p| (*p).to_owned()),
            }));
        }
    }
    Ok((Drifts(drifts), keyword, vectors))
}

pub(super) fn difference(live: &HashSet<PassageId>, indexed: &HashSet<PassageId>) -> Difference {
    let mut missing: Vec<_> = live.difference(indexed).copied().collect();
    let mut surplus: Vec<_> = indexed.difference(live).copied().collect();
    missing.sort();
    surplus.sort();
    Difference { missing, surplus }
}
