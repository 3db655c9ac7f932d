//! Checks that everything agrees, and mends what the catalog can mend.
//!
//! Called by `atbilde-indexer verify`. Folder, catalog and both indexes are compared without
//! changing anything, down to the checksums of the keyword index, the numbers of the vectors and what
//! filters go by; of a server, too, every point is asked for. [`Publisher::repair`] then embeds what
//! has no vector and makes the indexes follow the catalog. A keyword index with damaged files does not
//! open, so it is set aside before there is a publisher; what only the folder can say is left to the
//! next sync.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::apply::blocking;
use super::plan::plan;
use super::reconcile::{Parts, inspect, places, reconcile};
use super::{
    Drift, DriftKind, Drifts, PendingChanges, Place, Progress, PublishError, Publisher, Silent,
    Stage,
};
use crate::catalog::{Catalog, LivePassage, SnapshotRows};
use crate::keyword::KeywordError;
use crate::model::{DocPath, EmbedHash};
use crate::source::SourceRules;

/// Passages looked at together, to bound memory.
const WINDOW: usize = 1024;
/// Cosine from which a vector of the index is taken for the catalog's; storing rounds in the last bits.
const SAME: f32 = 0.999;

impl Publisher {
    /// What [`Publisher::sync`] would do now; nothing is written.
    ///
    /// # Errors
    /// When the folder cannot be used or the catalog fails.
    pub async fn pending_changes(&self) -> Result<PendingChanges, PublishError> {
        pending_changes(&self.root, &self.rules, &*self.catalog).await
    }

    /// Every difference between folder, catalog and indexes.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub async fn verify(&self) -> Result<Drifts, PublishError> {
        if let Some(damaged) = self.damaged_files().await? {
            // Whatever else would be read from it means nothing, and the engine may panic over it.
            return Ok(Drifts(vec![damaged]));
        }
        let rows = self.catalog.snapshot().await?;
        let mut drifts = inspect(&*self.catalog, &self.indexes).await?.0;
        drifts.extend(self.altered_texts(&rows).await?);
        if rows.fingerprint == self.indexes.fingerprint || rows.passages.is_empty() {
            drifts.extend(self.unusable_vectors(&rows).await?.into_iter().map(|(drift, _)| drift));
            drifts.extend(self.damaged_points(&rows).await?.into_iter().map(|(passage, kind)| {
                Drift { place: Place::Vectors, ..in_catalog(&rows, passage, kind) }
            }));
        } else {
            // That the new space is not filled is one fact, not one a passage.
            drifts.retain(|d| !matches!(d.place, Place::Keyword | Place::Vectors));
            drifts.push(Drift {
                place: Place::Catalog,
                kind: DriftKind::OtherModel,
                passage: None,
                path: None,
            });
        }
        let pending = self.pending_changes().await?;
        for (kind, paths) in [
            (DriftKind::Added, pending.added),
            (DriftKind::Changed, pending.changed),
            (DriftKind::Retired, pending.retired),
        ] {
            drifts.extend(paths.into_iter().map(|path| Drift {
                place: Place::Folder,
                kind,
                passage: None,
                path: Some(path.as_str().to_owned()),
            }));
        }
        Ok(Drifts(drifts))
    }

    /// Gives every live text a vector and makes both indexes hold exactly the live passages.
    ///
    /// # Errors
    /// When the embedder, an index or the catalog fails, or `progress` says so. Repeating is safe.
    pub async fn repair(&self, progress: Arc<dyn Progress>) -> Result<(), PublishError> {
        let _turn = self.turn().await;
        let rows = self.catalog.snapshot().await?;
        if rows.fingerprint != self.indexes.fingerprint {
            // Another model: filling its vector space is a sync of its own.
            return Ok(());
        }
        let wanting: HashSet<EmbedHash> =
            self.unusable_vectors(&rows).await?.into_iter().map(|(_, hash)| hash).collect();
        if !wanting.is_empty() {
            let good: HashSet<EmbedHash> = rows
                .passages
                .iter()
                .map(|p| p.embed_hash)
                .filter(|hash| !wanting.contains(hash))
                .collect();
            self.embed_live(&rows, &good, &progress).await?;
        }
        reconcile(&*self.catalog, &self.indexes, &*progress).await?;
        let damaged: Vec<_> = self.damaged_points(&rows).await?.iter().map(|(p, _)| p.id).collect();
        if !damaged.is_empty() {
            progress.begin(Stage::Indexing, damaged.len() as u64);
            let (catalog, live) = (&*self.catalog, places(&rows));
            let parts = Parts { catalog, indexes: &self.indexes, progress: &*progress };
            parts.fill_vectors((&rows, &live), &damaged).await?;
            self.indexes.vectors.flush().await?;
        }
        Ok(())
    }

    /// The keyword index, when files of it were damaged after it was opened.
    async fn damaged_files(&self) -> Result<Option<Drift>, PublishError> {
        let keyword = Arc::clone(&self.indexes.keyword);
        match blocking(move || keyword.check()).await? {
            Ok(()) => Ok(None),
            Err(KeywordError::Unusable { folder, reason }) => {
                let path = folder.display().to_string();
                tracing::warn!(folder = %path, %reason, "verify.damaged: the keyword index");
                let (place, kind) = (Place::Keyword, DriftKind::Unusable);
                Ok(Some(Drift { place, kind, passage: None, path: Some(path) }))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Live passages whose point in the vector index is not what the catalog says: another vector, or one
    /// for other readers. Those that the index lacks are not looked at, and no vectors where the
    /// catalog has none of the right length.
    async fn damaged_points<'a>(
        &self,
        rows: &'a SnapshotRows,
    ) -> Result<Vec<(&'a LivePassage, DriftKind)>, PublishError> {
        let dimensions = self.embedder.identity().dimensions;
        let mut out = Vec::new();
        for window in rows.passages.chunks(WINDOW) {
            let ids: Vec<_> = window.iter().map(|p| p.id).collect();
            let stored = self.indexes.vectors.stored(&ids).await?;
            let hashes: Vec<EmbedHash> = window.iter().map(|p| p.embed_hash).collect();
            let known: HashMap<EmbedHash, Vec<f32>> = self
                .catalog
                .vectors(&self.indexes.fingerprint, &hashes)
                .await?
                .into_iter()
                .filter(|(_, vector)| vector.len() == dimensions)
                .collect();
            out.extend(window.iter().filter_map(|passage| {
                let found = stored.get(&passage.id)?;
                let right = known.get(&passage.embed_hash);
                if right.is_some_and(|right| !is_same(right, &found.vector)) {
                    return Some((passage, DriftKind::NoVector));
                }
                let meta = &rows.documents[passage.document as usize].1;
                (!found.is_filed_as(meta)).then_some((passage, DriftKind::Misfiled))
            }));
        }
        Ok(out)
    }

    /// Live passages without a vector of the right length, with the hash that lacks it.
    async fn unusable_vectors(
        &self,
        rows: &SnapshotRows,
    ) -> Result<Vec<(Drift, EmbedHash)>, PublishError> {
        let dimensions = self.embedder.identity().dimensions;
        let mut out = Vec::new();
        for window in rows.passages.chunks(WINDOW) {
            let hashes: Vec<EmbedHash> = window.iter().map(|p| p.embed_hash).collect();
            let lengths: HashMap<EmbedHash, usize> = self
                .catalog
                .vectors(&self.indexes.fingerprint, &hashes)
                .await?
                .into_iter()
                .map(|(hash, vector)| (hash, vector.len()))
                .collect();
            out.extend(window.iter().filter_map(|passage| {
                let kind = match lengths.get(&passage.embed_hash) {
                    None => DriftKind::NoVector,
                    Some(length) if *length != dimensions => DriftKind::WrongLength,
                    Some(_) => return None,
                };
                Some((in_catalog(rows, passage, kind), passage.embed_hash))
            }));
        }
        Ok(out)
    }

    /// Live passages whose stored text, headings or document fields give another id.
    async fn altered_texts(&self, rows: &SnapshotRows) -> Result<Vec<Drift>, PublishError> {
        let mut out = Vec::new();
        for window in rows.passages.chunks(WINDOW) {
            let ids: Vec<_> = window.iter().map(|p| p.id).collect();
            let stored: HashMap<_, _> =
                self.catalog.passages(&ids).await?.into_iter().map(|s| (s.id, s)).collect();
            out.extend(
                window
                    .iter()
                    .filter(|live| {
                        let (path, meta, _) = &rows.documents[live.document as usize];
                        stored.get(&live.id).is_none_or(|s| s.passage.id(path, meta) != live.id)
                    })
                    .map(|live| in_catalog(rows, live, DriftKind::Altered)),
            );
        }
        Ok(out)
    }
}

/// What a sync of the folder `root` would do now; nothing is written, no index is opened.
///
/// # Errors
/// When the folder cannot be used or the catalog fails.
pub async fn pending_changes(
    root: &Path,
    rules: &SourceRules,
    catalog: &dyn Catalog,
) -> Result<PendingChanges, PublishError> {
    let known = catalog.documents().await?;
    let live: HashSet<DocPath> = known.iter().map(|d| d.path.clone()).collect();
    let (folder, rules) = (root.to_owned(), rules.clone());
    let plan = blocking(move || plan(&folder, &rules, &known, &Silent)).await??;
    let (changed, added) = plan
        .upsert
        .into_iter()
        .map(|(document, _)| document.path)
        .partition(|path| live.contains(path));
    let (skipped, unmatched_rules) = (plan.skipped, plan.unmatched);
    Ok(PendingChanges { added, changed, retired: plan.removed, skipped, unmatched_rules })
}

/// Whether two vectors point the same way; a vector of nothing but zeros points nowhere.
fn is_same(right: &[f32], found: &[f32]) -> bool {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
    let lengths = dot(right, right).sqrt() * dot(found, found).sqrt();
    // Not a number where one has no length: then it is not the same.
    right == found || (right.len() == found.len() && dot(right, found) / lengths >= SAME)
}

fn in_catalog(rows: &SnapshotRows, passage: &LivePassage, kind: DriftKind) -> Drift {
    let path = rows.documents[passage.document as usize].0.as_str().to_owned();
    Drift { place: Place::Catalog, kind, passage: Some(passage.id), path: Some(path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_the_same_by_their_direction() {
        assert!(is_same(&[0.6, 0.8], &[0.600_001, 0.799_999]));
        assert!(is_same(&[3.0, 4.0], &[0.6, 0.8]), "the index keeps them at unit length");
        assert!(is_same(&[0.0, 0.0], &[0.0, 0.0]));
        for other in [&[0.8, 0.6][..], &[-0.6, -0.8], &[0.0, 0.0], &[0.6], &[f32::NAN, 0.8]] {
            assert!(!is_same(&[0.6, 0.8], other), "{other:?}");
        }
        assert!(!is_same(&[0.6, 0.8], &[f32::INFINITY, 0.8]));
    }
}
