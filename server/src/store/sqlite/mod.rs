//! The conversation store in one SQLite file (WAL mode): the default on a single machine.
//!
//! One connection writes, so that no two writers wait for each other by polling; some others read.
//! What must outlive a power cut (tickets, accounts) is synced to the disk before a call returns; an
//! ordinary message outlives the process at once and a power cut with the next sync. The rooms of the privacy
//! side have files of their own.

mod accounts;
mod audit;
mod choices;
mod conversations;
mod customers;
mod figures;
mod hand_overs;
mod keys;
mod outbox;
mod personal;
mod privacy;
mod questions;
mod sealed;
mod selects;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use indexer::private;
use sqlx::Connection;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    Sqlite, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool,
    SqlitePoolOptions, SqliteSynchronous,
};

pub(super) use audit::SqliteAudit;
pub(crate) use keys::KeyFile;
pub(super) use privacy::{PRIVACY_FILE, PrivacyFile};

use super::StoreError;
use super::duties::{Duties, Duty};
use super::file::healing;

/// The file in the data folder.
pub const STORE_FILE: &str = "conversations.sqlite";
/// The file of keys in the folder of keys.
pub(super) const KEYS_FILE: &str = "keys.sqlite";
/// Connections that read.
const READERS: u32 = 4;
/// A call waits this long for a connection.
const ACQUIRE: Duration = Duration::from_secs(10);

/// `conversations.sqlite` in the data folder. Several processes may have it open.
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    /// Since a write failed, until one succeeds.
    failing: Arc<AtomicBool>,
}

/// When a write is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Durable {
    /// Before the call returns.
    Now,
    /// With the next write that is durable now, or the next checkpoint.
    Soon,
}

impl SqliteStore {
    /// Opens or creates the store and brings its tables up to date.
    ///
    /// # Errors
    /// [`StoreError::Open`] when the file is no store, is of a newer version, or cannot be written.
    pub async fn open(file: &Path) -> Result<Self, StoreError> {
        let location = file.display().to_string();
        let failed = |e: std::io::Error| StoreError::Open {
            location: location.clone(),
            reason: e.to_string(),
        };
        if let Some(folder) = file.parent() {
            private::new_folder(folder).map_err(failed)?;
        }
        private::file(file).map_err(failed)?;
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // What is deleted is overwritten, in the file and in temporary copies of it.
            .pragma("secure_delete", "ON")
            .pragma("temp_store", "MEMORY")
            .busy_timeout(Duration::from_secs(10));
        let failing = Arc::<AtomicBool>::default();
        let one = healing(Self::one(), Arc::clone(&failing));
        let writer = Self::writer((one, options.clone()), &location).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(ACQUIRE)
            .connect_with(options)
            .await
            .map_err(|e| StoreError::Open { location, reason: e.to_string() })?;
        Ok(Self { writer, readers, failing })
    }

    /// A store that is gone when it is dropped: for evaluations and tests.
    ///
    /// # Errors
    /// [`StoreError::Open`], which would be a fault of the program.
    pub async fn in_memory() -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new().in_memory(true);
        let writer = Self::writer((Self::one(), options), "in memory").await?;
        Ok(Self { readers: writer.clone(), writer, failing: Arc::default() })
    }

    /// One connection for good.
    fn one() -> SqlitePoolOptions {
        SqlitePoolOptions::new()
            .min_connections(1)
            .max_connections(1)
            .acquire_timeout(ACQUIRE)
            .idle_timeout(None)
            .max_lifetime(None)
    }

    async fn writer(
        (pool, options): (SqlitePoolOptions, SqliteConnectOptions),
        location: &str,
    ) -> Result<SqlitePool, StoreError> {
        let failed = |reason: String| StoreError::Open { location: location.to_owned(), reason };
        let pool = pool.connect_with(options).await.map_err(|e| failed(e.to_string()))?;
        sqlx::migrate!("./migrations/sqlite").run(&pool).await.map_err(|e| {
            failed(format!("{e}; was it written by a newer atbilde? Use that version"))
        })?;
        Ok(pool)
    }

    /// Closes the connections; pending writes are done.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// The connection that writes. A caller holds no other connection meanwhile.
    async fn write(&self, durable: Durable) -> Result<Write, StoreError> {
        let mut connection = self.writer.acquire().await?;
        let level = match durable {
            Durable::Now => "PRAGMA synchronous = FULL",
            Durable::Soon => "PRAGMA synchronous = NORMAL",
        };
        sqlx::query(level).execute(&mut *connection).await?;
        Ok(Write(connection))
    }

    /// A write that changes nothing: the first page with what is on it.
    async fn write_nothing(&self) -> Result<(), StoreError> {
        let mut write = self.write(Durable::Now).await?;
        sqlx::query("PRAGMA application_id = 0").execute(write.statement()).await?;
        Ok(())
    }

    /// Whether writes succeed, as far as is known; after one that failed it is tried.
    async fn writes(&self) -> bool {
        if !self.failing.load(Ordering::Relaxed) {
            return true;
        }
        let tried = self.write_nothing().await;
        match &tried {
            Ok(()) => self.failing.store(false, Ordering::Relaxed),
            Err(error) => tracing::error!(%error, "store.write_failed"),
        }
        tried.is_ok()
    }
}

/// The right to write.
struct Write(PoolConnection<Sqlite>);

impl Write {
    /// A transaction that may write from its start, so that it never finds its reads outdated.
    async fn begin(&mut self) -> Result<sqlx::Transaction<'_, Sqlite>, StoreError> {
        Ok(self.0.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// For a single statement.
    fn statement(&mut self) -> &mut SqliteConnection {
        &mut self.0
    }
}

/// Nobody else serves this data folder.
#[async_trait]
impl Duties for SqliteStore {
    async fn take(&self, _: Duty, _: Duration) -> Result<bool, StoreError> {
        Ok(true)
    }
}

#[cfg(test)]
mod disk_tests;
#[cfg(test)]
mod tests;
