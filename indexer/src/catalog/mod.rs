//! The catalog: the one truth about documents, passages, vectors and generations.
//!
//! `publish` writes it, `search` reads it, nobody else sees its tables. One transaction commits a
//! generation; that instant makes a change visible in both indexes at once, because a search drops
//! every candidate that the current snapshot does not hold live. Vectors are kept by the hash of the
//! embedded text, so that an unchanged text is never embedded again, whatever file it is in.

#[cfg(test)]
mod contract;
mod convert;
mod copy;
mod decode;
mod postgres;
mod rows;
mod settings;
mod spaces;
mod sqlite;
mod tables;
#[cfg(test)]
pub(crate) mod test_postgres;
mod units;

use std::collections::HashSet;

use async_trait::async_trait;

pub use copy::{check_database, copy_database};
pub use postgres::{
    Announcements, CatalogCopy, PostgresAddress, PostgresCatalog, WriterLock, copied_tables,
};
pub use rows::{
    CatalogDocument, Change, GenerationRecord, LivePassage, NewPassage, SkippedFile, SnapshotRows,
    SpaceRow, StoredDocument, StoredPassage, Unneeded,
};
pub use settings::{CatalogSettings, DatabaseSettings, check_url, unprotected};
pub use sqlite::SqliteCatalog;
pub use tables::{TableReader, TableRows, catalog_tables};

use crate::model::{DocPath, EmbedHash, Generation, PassageId};

/// Storage of the knowledge base. One writer at a time (the owner of the data folder).
#[async_trait]
pub trait Catalog: Send + Sync {
    /// The newest committed generation; `None` for an empty catalog.
    async fn latest(&self) -> Result<Option<GenerationRecord>, CatalogError>;

    /// Everything that a search must hold in memory of the newest generation, read in one
    /// consistent view.
    async fn snapshot(&self) -> Result<SnapshotRows, CatalogError>;

    /// Numbers of live documents and live passages.
    async fn counts(&self) -> Result<(u64, u64), CatalogError>;

    /// Path and input hash of every live document.
    async fn documents(&self) -> Result<Vec<CatalogDocument>, CatalogError>;

    /// One document with its Markdown body.
    async fn document(&self, path: &DocPath) -> Result<Option<StoredDocument>, CatalogError>;

    /// Live passages of `paths`, ids only.
    async fn passage_ids(&self, paths: &[DocPath]) -> Result<Vec<PassageId>, CatalogError>;

    /// Passages by id, in any order, retired ones included until they are purged.
    async fn passages(&self, ids: &[PassageId]) -> Result<Vec<StoredPassage>, CatalogError>;

    /// Which of `hashes` have a vector in the space `fingerprint`.
    async fn known_vectors(
        &self,
        fingerprint: &str,
        hashes: &[EmbedHash],
    ) -> Result<HashSet<EmbedHash>, CatalogError>;

    /// Vectors of `hashes`; those that have none are left out.
    async fn vectors(
        &self,
        fingerprint: &str,
        hashes: &[EmbedHash],
    ) -> Result<Vec<(EmbedHash, Vec<f32>)>, CatalogError>;

    /// Keeps vectors at once, before any generation uses them: work that is done survives a crash.
    async fn store_vectors(
        &self,
        fingerprint: &str,
        vectors: &[(EmbedHash, Vec<f32>)],
    ) -> Result<(), CatalogError>;

    /// Commits `change` as generation `change.generation` in one transaction.
    ///
    /// # Errors
    /// [`CatalogError::Superseded`] when that generation exists already (another writer).
    async fn commit(&self, change: &Change<'_>) -> Result<(), CatalogError>;

    /// Replaces the list of skipped files.
    async fn record_skipped(&self, skipped: &[SkippedFile]) -> Result<(), CatalogError>;

    /// The list that the last look at the folder left.
    async fn skipped(&self) -> Result<Vec<SkippedFile>, CatalogError>;

    /// Passages that are retired in `generation` or earlier and still in the catalog.
    async fn retired_until(&self, generation: Generation) -> Result<Vec<PassageId>, CatalogError>;

    /// Forgets retired passages, after the indexes have dropped them.
    async fn purge(&self, ids: &[PassageId]) -> Result<(), CatalogError>;

    /// What is held of each vector space, live or not. A catalog that never prunes knows none.
    async fn spaces(&self) -> Result<Vec<SpaceRow>, CatalogError> {
        Ok(Vec::new())
    }

    /// Forgets at most `limit` vectors that are not needed; the number that went.
    async fn forget_vectors(&self, _: Unneeded<'_>, _limit: u32) -> Result<u64, CatalogError> {
        Ok(0)
    }
}

/// What went wrong in the catalog.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The file or database does not open, or is of a newer version.
    #[error("catalog {location}: {reason}")]
    Open { location: String, reason: String },
    /// Another writer has committed this generation.
    #[error(
        "generation {0:?} was committed by another writer; two indexers share this catalog, stop one"
    )]
    Superseded(Generation),
    /// Another process has the writer's place, or this one has lost it.
    #[error(
        "this process may not write the shared catalog{0}; only one does at a time, and another \
         takes over when it ends"
    )]
    NotWriter(String),
    /// A row does not decode: the file was changed by something else.
    #[error("catalog: damaged row: {0}")]
    Damaged(String),
    /// The database failed.
    #[error("catalog: {0}")]
    Database(String),
}
