//! The conversation store in one SQLite file (WAL mode): the default on a single machine.
//!
//! One connection writes, so that no two writers wait for each other by polling; some others read.
//! What must outlive a power cut (tickets, accounts) is synced to the disk before a call returns; an
//! ordinary message outlives the process at once and a power cut with the next sync.

mod accounts;
mod choices;
mod conversations;
mod customers;
mod hand_overs;
mod questions;
mod rows;

use std::path::Path;
use std::time::Duration;

use sqlx::Connection;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    Sqlite, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool,
    SqlitePoolOptions, SqliteSynchronous,
};

use super::StoreError;

/// Connections that read.
const READERS: u32 = 4;
/// A call waits this long for a connection.
const ACQUIRE: Duration = Duration::from_secs(10);

/// `conversations.sqlite` in the data folder. Several processes may have it open.
#[derive(Clone)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
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
        if let Some(folder) = file.parent() {
            fs_err::create_dir_all(folder).map_err(|e| StoreError::Open {
                location: location.clone(),
                reason: e.to_string(),
            })?;
        }
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // What is deleted is overwritten, in the file and in temporary copies of it.
            .pragma("secure_delete", "ON")
            .pragma("temp_store", "MEMORY")
            .busy_timeout(Duration::from_secs(10));
        let writer = Self::writer(options.clone(), &location).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(ACQUIRE)
            .connect_with(options)
            .await
            .map_err(|e| StoreError::Open { location, reason: e.to_string() })?;
        Ok(Self { writer, readers })
    }

    /// A store that is gone when it is dropped: for evaluations and tests.
    ///
    /// # Errors
    /// [`StoreError::Open`], which would be a fault of the program.
    pub async fn in_memory() -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new().in_memory(true);
        let writer = Self::writer(options, "in memory").await?;
        Ok(Self { readers: writer.clone(), writer })
    }

    async fn writer(
        options: SqliteConnectOptions,
        location: &str,
    ) -> Result<SqlitePool, StoreError> {
        let failed = |reason: String| StoreError::Open { location: location.to_owned(), reason };
        let pool = SqlitePoolOptions::new()
            .min_connections(1)
            .max_connections(1)
            .acquire_timeout(ACQUIRE)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options)
            .await
            .map_err(|e| failed(e.to_string()))?;
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

    /// For the rooms of the privacy side and the outbox: the connection that writes, and those that read.
    pub(super) fn pools(&self) -> (&SqlitePool, &SqlitePool) {
        (&self.writer, &self.readers)
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

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Conversations, contract};

    #[tokio::test]
    async fn the_contract_holds_on_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("a.sqlite")).await.unwrap();
        contract::keep(&store).await;
        store.close().await;
    }

    #[tokio::test]
    async fn the_contract_holds_in_memory() {
        contract::keep(&SqliteStore::in_memory().await.unwrap()).await;
    }

    #[tokio::test]
    async fn what_was_stored_is_there_after_a_restart_and_in_another_process() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.sqlite");
        let store = SqliteStore::open(&file).await.unwrap();
        let begun = contract::begin(&store).await;
        let beside = SqliteStore::open(&file).await.unwrap();
        assert_eq!(beside.conversation(begun.id).await.unwrap(), Some(begun.clone()));
        beside.close().await;
        store.close().await;
        let again = SqliteStore::open(&file).await.unwrap();
        assert_eq!(again.conversation(begun.id).await.unwrap(), Some(begun));
        again.close().await;
    }

    #[tokio::test]
    async fn a_dropped_write_leaves_nothing_behind() {
        let store = SqliteStore::in_memory().await.unwrap();
        let begun = contract::begin(&store).await;
        for _ in 0..50 {
            let new = contract::message("hello", 1);
            let post = store.post(begun.id, &new);
            // Polled once and dropped in its middle.
            let mut post = Box::pin(post);
            let _ = futures::poll!(&mut post);
        }
        let posted = store.post(begun.id, &contract::message("at last", 2)).await.unwrap();
        let all = store.messages(begun.id, 0, 1000).await.unwrap();
        assert_eq!(all.len() as u64, posted.message.seq, "numbers and messages agree");
    }
}
