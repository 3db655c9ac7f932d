//! Opening one SQLite file with its tables, as every store of the privacy side does it: durable when a
//! call returns, and with deleted content overwritten. How thoroughly is said for both databases.

use std::path::Path;
use std::time::Duration;

use indexer::private;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use super::StoreError;

/// Opens or creates `file` and brings its tables up to date.
///
/// # Errors
/// [`StoreError::Open`] when it is no database, is of a newer version, or cannot be written.
pub(super) async fn open(
    file: &Path,
    journal: SqliteJournalMode,
    tables: &Migrator,
) -> Result<SqlitePool, StoreError> {
    let failed = |reason: String| StoreError::Open { location: file.display().to_string(), reason };
    if let Some(folder) = file.parent() {
        private::new_folder(folder).map_err(|e| failed(e.to_string()))?;
    }
    private::file(file).map_err(|e| failed(e.to_string()))?;
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(journal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "ON")
        .pragma("temp_store", "MEMORY")
        .busy_timeout(Duration::from_secs(10));
    let pool = SqlitePoolOptions::new()
        .max_connections(2)
        .connect_with(options)
        .await
        .map_err(|e| failed(e.to_string()))?;
    tables
        .run(&pool)
        .await
        .map_err(|e| failed(format!("{e}; was it written by a newer atbilde? Use that version")))?;
    Ok(pool)
}

/// Larger files are written anew by the daily task alone, not within a request.
const AT_ONCE_BYTES: i64 = 64 << 20;

/// How thoroughly a file is cleaned after something was deleted from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scrub {
    /// As far as a request can wait: deleted content is overwritten, a small file is written anew.
    Now,
    /// The whole file is written anew.
    Whole,
}

/// Leaves nothing of what was deleted: deleted cells are overwritten already (`secure_delete`); here the
/// file is written anew, which drops copies that moved within pages, and the log is written back and cut.
/// Waits a second for readers; what a busy reader keeps is cut by the next call. Gives whether all is done.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(super) async fn scrub(pool: &SqlitePool, how: Scrub) -> Result<bool, StoreError> {
    let (bytes,): (i64,) = sqlx::query_as(
        "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    )
    .fetch_one(pool)
    .await?;
    let whole = how == Scrub::Whole || bytes <= AT_ONCE_BYTES;
    // The mark says that the daily task has something left to do; nothing else uses this number.
    if whole {
        sqlx::query("VACUUM").execute(pool).await?;
        sqlx::query("PRAGMA user_version = 0").execute(pool).await?;
    } else {
        owe_scrub(pool).await?;
    }
    for _ in 0..50 {
        let (busy, _, _): (i64, i64, i64) =
            sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(pool).await?;
        if busy == 0 {
            return Ok(whole);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(false)
}

/// Leaves a scrub for the daily task.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(super) async fn owe_scrub(pool: &SqlitePool) -> Result<(), StoreError> {
    sqlx::query("PRAGMA user_version = 1").execute(pool).await?;
    Ok(())
}

/// Whether a scrub was left for the daily task.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(super) async fn wants_scrub(pool: &SqlitePool) -> Result<bool, StoreError> {
    let (mark,): (i64,) = sqlx::query_as("PRAGMA user_version").fetch_one(pool).await?;
    Ok(mark != 0)
}
