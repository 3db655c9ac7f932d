//! SQLite files beside their owner: reading without its lock, consistent copies while it writes, and a
//! check of a copy. Called by `inspect`, `backup` and `restore`.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePoolOptions};
use sqlx::{Connection, Row};

use super::{CatalogError, SqliteCatalog};

/// Longest that a copy waits for a lock of the owner.
const BUSY: Duration = Duration::from_secs(30);

impl SqliteCatalog {
    /// Opens the catalog in `file` for reading alone, beside its owner and without its lock.
    ///
    /// # Errors
    /// [`CatalogError::Open`] when the file is no catalog or cannot be read.
    pub async fn open_read_only(file: &Path) -> Result<Self, CatalogError> {
        let readers = SqlitePoolOptions::new()
            .max_connections(2)
            .connect_with(read_only(file))
            .await
            .map_err(|e| unopened(file, &e))?;
        Ok(Self { writer: readers.clone(), readers })
    }
}

/// Writes a consistent copy of the SQLite file `from` to `to`, which must not exist: everything that
/// was committed before the call, nothing of a transaction in work. The owner goes on writing.
///
/// # Errors
/// [`CatalogError::Open`] when `from` is no database, [`CatalogError::Database`] when the copy fails.
pub async fn copy_database(from: &Path, to: &Path) -> Result<(), CatalogError> {
    let mut connection = open(from).await?;
    let target = to.to_str().ok_or_else(|| CatalogError::Open {
        location: to.display().to_string(),
        reason: "the path is not UTF-8".to_owned(),
    })?;
    sqlx::query("VACUUM INTO ?1").bind(target).execute(&mut connection).await?;
    connection.close().await?;
    fs_err::File::open(to)
        .and_then(|file| file.sync_all())
        .map_err(|e| CatalogError::Database(e.to_string()))
}

/// Passes when the SQLite file is whole.
///
/// # Errors
/// [`CatalogError::Open`] with what the database engine found.
pub async fn check_database(file: &Path) -> Result<(), CatalogError> {
    let mut connection = open(file).await?;
    let found: String =
        sqlx::query("PRAGMA quick_check(1)").fetch_one(&mut connection).await?.try_get(0)?;
    connection.close().await?;
    if found == "ok" {
        Ok(())
    } else {
        Err(CatalogError::Open { location: file.display().to_string(), reason: found })
    }
}

pub(super) async fn open(file: &Path) -> Result<SqliteConnection, CatalogError> {
    SqliteConnection::connect_with(&read_only(file)).await.map_err(|e| unopened(file, &e))
}

fn read_only(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(file).read_only(true).busy_timeout(BUSY)
}

fn unopened(file: &Path, error: &sqlx::Error) -> CatalogError {
    CatalogError::Open { location: file.display().to_string(), reason: error.to_string() }
}
