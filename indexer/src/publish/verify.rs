//! Checks that everything agrees, and mends what the catalog can mend.
//!
//! Called by `atbilde-indexer verify`. Folder, catalog and both indexes are compared without
//! changing anything; [`Publisher::repair`] then embeds what has no vector and makes the indexes
//! follow the catalog. What only the folder can say is left to the next sync.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::apply::blocking;
use super::plan::plan;
use super::reconcile::{inspect, reconcile};
use super::{
    Drift, DriftKind, Drifts, PendingChanges, Place, Progress, PublishError, Publisher, Silent,
};
use crate::catalog::{Catalog, LivePassage, SnapshotRows};
use crate::model::{DocPath, EmbedHash};
use crate::source::SourceRules;

/// Passages looked at together, to bound memory.
const WINDOW: usize = 1024;

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
        let rows = self.catalog.snapshot().await?;
        let mut drifts = inspect(&*self.catalog, &self.indexes).await?.0;
        drifts.extend(self.altered_texts(&rows).await?);
        if rows.fingerprint == self.indexes.fingerprint || rows.passages.is_empty() {
            drifts.extend(self.unusable_vectors(&rows).await?.into_iter().map(|(drift, _)| drift));
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
        Ok(())
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
    Ok(PendingChanges { added, changed, retired: plan.removed, skipped: plan.skipped })
}

fn in_catalog(rows: &SnapshotRows, passage: &LivePassage, kind: DriftKind) -> Drift {
    let path = rows.documents[passage.document as usize].0.as_str().to_owned();
    Drift { place: Place::Catalog, kind, passage: Some(passage.id), path: Some(path) }
}
