//! A catalog that stops working at the worst moment: before the commit, or between two steps of tidying.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use indexer::catalog::{
    Catalog, CatalogDocument, CatalogError, Change, GenerationRecord, SkippedFile, SnapshotRows,
    StoredDocument, StoredPassage,
};
use indexer::model::{DocPath, EmbedHash, Generation, PassageId};

/// What is wrong with it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trouble {
    /// It can be read alone, as where the writer's place was lost.
    NoWrites,
    /// Its list of what is retired comes this late.
    LateList(Duration),
}

/// A catalog with one trouble.
pub(crate) struct Troubled(pub(crate) Arc<dyn Catalog>, pub(crate) Trouble);

impl Troubled {
    fn written(&self) -> Result<()> {
        match self.1 {
            Trouble::NoWrites => Err(CatalogError::Database("the power went off".to_owned())),
            Trouble::LateList(_) => Ok(()),
        }
    }
}

type Result<T> = std::result::Result<T, CatalogError>;

#[async_trait]
impl Catalog for Troubled {
    async fn commit(&self, change: &Change<'_>) -> Result<()> {
        self.written()?;
        self.0.commit(change).await
    }

    async fn latest(&self) -> Result<Option<GenerationRecord>> {
        self.0.latest().await
    }
    async fn snapshot(&self) -> Result<SnapshotRows> {
        self.0.snapshot().await
    }
    async fn counts(&self) -> Result<(u64, u64)> {
        self.0.counts().await
    }
    async fn documents(&self) -> Result<Vec<CatalogDocument>> {
        self.0.documents().await
    }
    async fn document(&self, path: &DocPath) -> Result<Option<StoredDocument>> {
        self.0.document(path).await
    }
    async fn passage_ids(&self, paths: &[DocPath]) -> Result<Vec<PassageId>> {
        self.0.passage_ids(paths).await
    }
    async fn passages(&self, ids: &[PassageId]) -> Result<Vec<StoredPassage>> {
        self.0.passages(ids).await
    }
    async fn known_vectors(&self, space: &str, hashes: &[EmbedHash]) -> Result<HashSet<EmbedHash>> {
        self.0.known_vectors(space, hashes).await
    }
    async fn vectors(
        &self,
        space: &str,
        hashes: &[EmbedHash],
    ) -> Result<Vec<(EmbedHash, Vec<f32>)>> {
        self.0.vectors(space, hashes).await
    }
    async fn store_vectors(&self, space: &str, vectors: &[(EmbedHash, Vec<f32>)]) -> Result<()> {
        self.0.store_vectors(space, vectors).await
    }
    async fn record_skipped(&self, skipped: &[SkippedFile]) -> Result<()> {
        self.0.record_skipped(skipped).await
    }
    async fn skipped(&self) -> Result<Vec<SkippedFile>> {
        self.0.skipped().await
    }
    async fn retired_until(&self, generation: Generation) -> Result<Vec<PassageId>> {
        let list = self.0.retired_until(generation).await;
        if let Trouble::LateList(pause) = self.1 {
            tokio::time::sleep(pause).await;
        }
        list
    }
    async fn purge(&self, ids: &[PassageId]) -> Result<()> {
        self.written()?;
        self.0.purge(ids).await
    }
}
