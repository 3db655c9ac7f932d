//! A copy of the shared catalog in files, as it stood at one commit, and the way back into an empty one.
//! Called by `backup` and `restore`.
//!
//! One file a table in the database's own text form, columns named, so that a later version with more
//! columns still reads it. Reading holds nobody up; writing needs the writer's place.

use std::path::Path;
use std::time::Duration;

use futures::TryStreamExt;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Row};
use tokio::io::AsyncWriteExt;

use super::super::CatalogError;
use super::{CHANNEL, PostgresCatalog, read, write};

/// A copy that takes longer has failed.
const LONGEST: Duration = Duration::from_secs(3600);

/// Tables with their columns, parents first.
pub(in crate::catalog) const TABLES: [(&str, &str); 5] = [
    ("kb_generations", "generation, committed_at, fingerprint, added, changed, retired, embedded"),
    ("kb_documents", "path, input_hash, slug, locale, meta, body, warnings, generation"),
    (
        "kb_passages",
        "id, path, ordinal, anchor, heading_path, text, units, embed_hash, added, retired",
    ),
    ("kb_vectors", "embed_hash, fingerprint, vector"),
    ("kb_skipped", "path, reason"),
];

/// What a copy holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatalogCopy {
    /// The live generation; 0 for none.
    pub generation: u64,
    pub documents: u64,
    pub passages: u64,
}

/// Names of the files that a copy consists of.
pub fn copied_tables() -> impl Iterator<Item = String> {
    TABLES.iter().map(|(table, _)| file_of(table))
}

pub(in crate::catalog) fn file_of(table: &str) -> String {
    format!("{table}.copy")
}

async fn held(connection: &mut PgConnection) -> Result<CatalogCopy, CatalogError> {
    let generation = read::latest(&mut *connection).await?.map_or(0, |g| g.generation.0);
    let (documents, passages) = read::counts(&mut *connection).await?;
    Ok(CatalogCopy { generation, documents, passages })
}

fn broken(error: std::io::Error) -> CatalogError {
    CatalogError::Database(format!("a file of the copy: {error}"))
}

impl PostgresCatalog {
    /// Writes every table into a file of the folder `into`, all as they stood at one commit.
    ///
    /// # Errors
    /// When the database or a file fails.
    pub async fn copy_to(&self, into: &Path) -> Result<CatalogCopy, CatalogError> {
        self.within(LONGEST, async {
            let mut tx = self.pool.begin().await?;
            for statement in [
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY".to_owned(),
                format!("SET LOCAL statement_timeout = '{}s'", LONGEST.as_secs()),
            ] {
                sqlx::query(AssertSqlSafe(statement)).execute(&mut *tx).await?;
            }
            let held = held(&mut tx).await?;
            for (table, columns) in TABLES {
                let statement = format!("COPY {table} ({columns}) TO STDOUT");
                let file = fs_err::File::create(into.join(file_of(table))).map_err(broken)?;
                let mut file = tokio::fs::File::from_std(file.into_parts().0);
                let mut rows = tx.copy_out_raw(&statement).await?;
                while let Some(bytes) = rows.try_next().await? {
                    file.write_all(&bytes).await.map_err(broken)?;
                }
                drop(rows);
                file.sync_all().await.map_err(broken)?;
            }
            tx.rollback().await?;
            Ok(held)
        })
        .await
    }

    /// Whether this very copy is in the catalog already: a restore that was broken off behind it.
    ///
    /// # Errors
    /// When the database or a file fails.
    pub async fn holds(&self, from: &Path, expected: CatalogCopy) -> Result<bool, CatalogError> {
        let (table, _) = TABLES[0];
        let lines = fs_err::read_to_string(from.join(file_of(table))).map_err(broken)?;
        let begin = format!("{}\t", expected.generation);
        let told = lines.lines().find_map(|line| line.strip_prefix(&begin)?.split('\t').next());
        let committed = self.reading(read::latest(&self.pool)).await?.map(|g| g.committed_at);
        let mut connection = self.pool.acquire().await?;
        Ok(told.is_some()
            && told == committed.as_deref()
            && held(&mut connection).await? == expected)
    }

    /// Fills the empty catalog from the files in `from`, which must hold `expected`, in one transaction.
    ///
    /// # Errors
    /// When the catalog holds anything, another process has the writer's place, or the files are not of
    /// a copy; then nothing has changed.
    pub async fn fill_from(&self, from: &Path, expected: CatalogCopy) -> Result<(), CatalogError> {
        let Some(lock) = self.try_lead().await? else { return Err(self.not_writer().await?) };
        let done = self.within(LONGEST, self.fill(from, expected)).await;
        lock.release().await;
        done
    }

    async fn fill(&self, from: &Path, expected: CatalogCopy) -> Result<(), CatalogError> {
        let mut tx = write::fenced(self).await?;
        let limit = format!("SET LOCAL statement_timeout = '{}s'", LONGEST.as_secs());
        sqlx::query(AssertSqlSafe(limit)).execute(&mut *tx).await?;
        self.refuse_full(&mut tx).await?;
        for (table, columns) in TABLES {
            let statement = format!("COPY {table} ({columns}) FROM STDIN");
            let file = fs_err::File::open(from.join(file_of(table))).map_err(broken)?;
            let file = tokio::fs::File::from_std(file.into_parts().0);
            let mut rows = tx.copy_in_raw(&statement).await?;
            rows.read_from(file).await?;
            rows.finish().await?;
        }
        let held = held(&mut tx).await?;
        if held != expected {
            return Err(CatalogError::Damaged(format!(
                "the copy gives {held:?}, not {expected:?}"
            )));
        }
        sqlx::query("SELECT pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(held.generation.to_string())
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Passes when no table holds anything.
    ///
    /// # Errors
    /// Naming a table that does.
    pub async fn check_empty(&self) -> Result<(), CatalogError> {
        self.reading(async { self.refuse_full(&mut *self.pool.acquire().await?).await }).await
    }

    async fn refuse_full(&self, connection: &mut PgConnection) -> Result<(), CatalogError> {
        for (table, _) in TABLES {
            let question = format!("SELECT EXISTS (SELECT 1 FROM {table}) AS held");
            let row = sqlx::query(AssertSqlSafe(question)).fetch_one(&mut *connection).await?;
            if row.try_get::<bool, _>("held")? {
                return Err(CatalogError::Open {
                    location: self.location.clone(),
                    reason: format!(
                        "it is not empty (the table {table} holds rows); restore into a new \
                         database or schema, or empty this one (DROP SCHEMA ... CASCADE) first"
                    ),
                });
            }
        }
        Ok(())
    }
}
