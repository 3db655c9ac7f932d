//! Opening one SQLite file with its tables, as every store of the privacy side does it: durable when a
//! call returns, and with deleted content overwritten. How thoroughly is said for both databases. And what
//! the connections to any file need: [`healing`].

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indexer::private;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Connection as _};

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
    let pool = healing(SqlitePoolOptions::new().max_connections(2), Arc::default())
        .connect_with(options)
        .await
        .map_err(|e| failed(e.to_string()))?;
    tables
        .run(&pool)
        .await
        .map_err(|e| failed(format!("{e}; was it written by a newer atbilde? Use that version")))?;
    Ok(pool)
}

/// Replaces a connection that comes back with a transaction that SQLite has ended by itself, as it does when the
/// disk is full or fails: sqlx still counts the transaction, its rollback finds none, and the connection would
/// refuse every later `BEGIN` until the process ends. Then `failing` is set. Not for what lives in memory: it
/// goes with its connection.
pub(super) fn healing(options: SqlitePoolOptions, failing: Arc<AtomicBool>) -> SqlitePoolOptions {
    options.after_release(move |connection, _| {
        let failing = Arc::clone(&failing);
        Box::pin(async move {
            // The rollback of a transaction that was dropped stands in a queue; behind it is its outcome known.
            connection.ping().await?;
            let sound = !connection.is_in_transaction();
            if !sound {
                failing.store(true, Ordering::Relaxed);
                tracing::error!(
                    "store.write_failed: the database ended a transaction by itself; is the disk full?"
                );
            }
            Ok(sound)
        })
    })
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
/// Whoever writes waits meanwhile: about a second for every 100 MB.
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
    // The user version says that the daily task has something left to do; nothing else uses this number.
    let done = if whole { write_anew(pool).await } else { owe_scrub(pool).await };
    // Also when it failed: then the log is as large as the disk allowed.
    let cut = cut_log(pool).await;
    done?;
    Ok(cut? && whole)
}

/// SQLite copies what is live to a second place and then back, through the log. That place is not the memory, as
/// for all other temporary content: a large database would fill it. It is a file in the database's own folder, so
/// on the same disk under the same protection, which has no name from the moment it is opened, so that nothing is
/// left of it when the process dies. Nothing that was deleted gets into it.
async fn write_anew(pool: &SqlitePool) -> Result<(), StoreError> {
    let mut connection = pool.acquire().await?;
    let (file,): (String,) =
        sqlx::query_as("SELECT file FROM pragma_database_list WHERE name = 'main'")
            .fetch_one(&mut *connection)
            .await?;
    // A store in memory has no file, and goes with its connection.
    if let Some(folder) = Path::new(&file).parent() {
        // Not used again, whatever becomes of this call: the others keep temporary content in memory.
        connection.close_on_drop();
        let folder = folder.display().to_string().replace('\'', "''");
        // Of the whole process, and under SQLite's own lock; a folder that is gone is passed over.
        let place = format!("PRAGMA temp_store_directory = '{folder}'");
        sqlx::query(AssertSqlSafe(place)).execute(&mut *connection).await?;
        sqlx::query("PRAGMA temp_store = FILE").execute(&mut *connection).await?;
    }
    sqlx::query("VACUUM").execute(&mut *connection).await?;
    sqlx::query("PRAGMA user_version = 0").execute(&mut *connection).await?;
    Ok(())
}

/// Writes the log back and cuts it; gives whether no reader kept it from that.
async fn cut_log(pool: &SqlitePool) -> Result<bool, StoreError> {
    for _ in 0..50 {
        let (busy, _, _): (i64, i64, i64) =
            sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(pool).await?;
        if busy == 0 {
            return Ok(true);
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
