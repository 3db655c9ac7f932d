//! The catalog in a Postgres database that several processes share.
//!
//! Every process reads; the one that holds the [`WriterLock`] writes. A commit announces its
//! generation (`NOTIFY`), and is refused when the writer's place has gone to another process
//! meanwhile. Every call has a time-out. Chosen by `catalog.url`; made by `publish`.

mod address;
mod announce;
mod copy;
mod lock;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

pub use address::PostgresAddress;
pub use announce::Announcements;
pub use copy::{CatalogCopy, copied_tables};
pub(super) use copy::{TABLES, file_of};
pub use lock::WriterLock;

use super::{
    Catalog, CatalogDocument, CatalogError, CatalogSettings, Change, GenerationRecord, SkippedFile,
    SnapshotRows, SpaceRow, StoredDocument, StoredPassage, Unneeded,
};
use crate::model::{DocPath, EmbedHash, Generation, PassageId};
use crate::secret::Secret;

/// Notifications of new generations.
const CHANNEL: &str = "atbilde_generation";
/// Beside the tables of others in the same database.
const MIGRATIONS: &str = "kb_migrations";
/// Where a statement that outlives its caller ends by itself: this much after the caller's time-out.
const STATEMENT_GRACE: Duration = Duration::from_secs(5);

/// A shared catalog. Cheap to clone is not needed: share it in an `Arc`.
pub struct PostgresCatalog {
    pool: PgPool,
    options: PgConnectOptions,
    settings: CatalogSettings,
    /// Host and database, for messages; never the password.
    location: String,
    /// The writer's place that this process holds; 0 for none.
    epoch: Arc<AtomicI64>,
}

impl PostgresCatalog {
    /// Connects and brings the tables up to date; several processes may do so at the same time.
    ///
    /// # Errors
    /// [`CatalogError::Open`] when the database cannot be reached, refuses, or is of a newer version.
    pub async fn open(url: &Secret, settings: &CatalogSettings) -> Result<Self, CatalogError> {
        let address = PostgresAddress::parse(url).map_err(|reason| CatalogError::Open {
            location: "database.url (or catalog.url)".to_owned(),
            reason,
        })?;
        let location = address.location().to_owned();
        let limit = (settings.write_timeout() + STATEMENT_GRACE).as_millis().to_string();
        let options = address.options().application_name("atbilde").options([
            ("statement_timeout", limit.as_str()),
            ("extra_float_digits", "2"),
            // A commit whose machine is gone gives the writer's row back within seconds.
            ("idle_in_transaction_session_timeout", "30s"),
            ("tcp_keepalives_idle", "5"),
            ("tcp_keepalives_interval", "3"),
            ("tcp_keepalives_count", "3"),
        ]);
        let open_error = |reason: String| CatalogError::Open { location: location.clone(), reason };
        let pool = PgPoolOptions::new()
            .max_connections(settings.connections)
            .acquire_timeout(settings.connect_timeout())
            .connect_with(options.clone())
            .await
            .map_err(|e| open_error(address.reason(&e)))?;
        let mut migrations = sqlx::migrate!("./migrations/postgres");
        migrations.dangerous_set_table_name(MIGRATIONS);
        migrations.run(&pool).await.map_err(|e| {
            open_error(format!("{e}; was it written by a newer atbilde? Use that version"))
        })?;
        Ok(Self {
            pool,
            options,
            settings: settings.clone(),
            location,
            epoch: Arc::new(AtomicI64::new(0)),
        })
    }

    /// Closes all connections; pending writes are done.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    async fn reading<T>(
        &self,
        work: impl Future<Output = Result<T, CatalogError>> + Send,
    ) -> Result<T, CatalogError> {
        self.within(self.settings.timeout(), work).await
    }

    async fn writing<T>(
        &self,
        work: impl Future<Output = Result<T, CatalogError>> + Send,
    ) -> Result<T, CatalogError> {
        self.within(self.settings.write_timeout(), work).await
    }

    async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, CatalogError>> + Send,
    ) -> Result<T, CatalogError> {
        tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
            Err(CatalogError::Database(format!(
                "{} did not answer within {} ms",
                self.location,
                limit.as_millis()
            )))
        })
    }
}

#[async_trait]
impl Catalog for PostgresCatalog {
    async fn latest(&self) -> Result<Option<GenerationRecord>, CatalogError> {
        self.reading(read::latest(&self.pool)).await
    }

    async fn snapshot(&self) -> Result<SnapshotRows, CatalogError> {
        self.reading(read::snapshot(&self.pool)).await
    }

    async fn counts(&self) -> Result<(u64, u64), CatalogError> {
        self.reading(read::counts(&self.pool)).await
    }

    async fn documents(&self) -> Result<Vec<CatalogDocument>, CatalogError> {
        self.reading(read::documents(&self.pool)).await
    }

    async fn document(&self, path: &DocPath) -> Result<Option<StoredDocument>, CatalogError> {
        self.reading(read::document(&self.pool, path)).await
    }

    async fn passage_ids(&self, paths: &[DocPath]) -> Result<Vec<PassageId>, CatalogError> {
        self.reading(read::passage_ids(&self.pool, paths)).await
    }

    async fn passages(&self, ids: &[PassageId]) -> Result<Vec<StoredPassage>, CatalogError> {
        self.reading(read::passages(&self.pool, ids)).await
    }

    async fn known_vectors(
        &self,
        fingerprint: &str,
        hashes: &[EmbedHash],
    ) -> Result<HashSet<EmbedHash>, CatalogError> {
        self.reading(read::known_vectors(&self.pool, fingerprint, hashes)).await
    }

    async fn vectors(
        &self,
        fingerprint: &str,
        hashes: &[EmbedHash],
    ) -> Result<Vec<(EmbedHash, Vec<f32>)>, CatalogError> {
        self.reading(read::vectors(&self.pool, fingerprint, hashes)).await
    }

    async fn store_vectors(
        &self,
        fingerprint: &str,
        vectors: &[(EmbedHash, Vec<f32>)],
    ) -> Result<(), CatalogError> {
        self.writing(write::store_vectors(&self.pool, fingerprint, vectors)).await
    }

    async fn commit(&self, change: &Change<'_>) -> Result<(), CatalogError> {
        self.writing(write::commit(self, change)).await
    }

    async fn record_skipped(&self, skipped: &[SkippedFile]) -> Result<(), CatalogError> {
        self.writing(write::record_skipped(self, skipped)).await
    }

    async fn skipped(&self) -> Result<Vec<SkippedFile>, CatalogError> {
        self.reading(read::skipped(&self.pool)).await
    }

    async fn retired_until(&self, generation: Generation) -> Result<Vec<PassageId>, CatalogError> {
        self.reading(read::retired_until(&self.pool, generation)).await
    }

    async fn purge(&self, ids: &[PassageId]) -> Result<(), CatalogError> {
        self.writing(write::purge(self, ids)).await
    }

    async fn spaces(&self) -> Result<Vec<SpaceRow>, CatalogError> {
        self.reading(read::spaces(&self.pool)).await
    }

    async fn forget_vectors(&self, which: Unneeded<'_>, limit: u32) -> Result<u64, CatalogError> {
        self.writing(write::forget_vectors(self, which, limit)).await
    }
}
