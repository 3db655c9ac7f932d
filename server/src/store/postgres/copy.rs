//! A copy of the shared store in files, as it stood at one commit, and the way back into an empty one. The
//! sealed keys are no part of it: they are copied apart ([`KeyCopy`]). Called by `backup`.
//!
//! One file a table: a line with the names of the columns, then the database's own text form; so a later
//! version with more columns still reads it.

use std::io::BufRead;
use std::path::Path;
use std::time::Duration;

use futures::TryStreamExt;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::PostgresStore;
use crate::store::StoreError;
use crate::store::key_copy::KeyCopy;

/// A copy that takes longer has failed.
const LONGEST: Duration = Duration::from_secs(3600);

/// Keys that are written in one statement.
const KEYS_AT_ONCE: usize = 5_000;

/// Every table with something to keep, parents first. Not `conv_duties`, which is about running processes, nor
/// `conv_restored`, which is about this database.
pub(in crate::store) const TABLES: [&str; 22] = [
    "conv_agents",
    "conv_agent_sessions",
    "conv_api_keys",
    "conv_conversations",
    "conv_messages",
    "conv_feedback",
    "conv_escalations",
    "conv_outbox_sinks",
    "conv_outbox_events",
    "conv_outbox_deliveries",
    "conv_question_verdicts",
    "conv_disclosures",
    "conv_choices",
    "conv_objections",
    "conv_known_customers",
    "privacy_vault_entries",
    "privacy_vault_numbers",
    "privacy_vault_floors",
    "privacy_audit",
    "privacy_audit_ends",
    "privacy_legal_holds",
    "privacy_receipts",
];

/// Copied apart.
const KEY_TABLES: [&str; 5] =
    ["keys_master", "keys_data", "keys_erased", "keys_audit_mark", "keys_secrets"];

/// Not brought back: who was shut out since must not come in by an old session.
const SESSIONS: &str = "conv_agent_sessions";

/// How many rows of each table a copy brought.
pub type Filled = Vec<(&'static str, u64)>;

/// What a database is filled from.
#[derive(Debug, Clone, Copy)]
pub struct StoreCopy<'a> {
    /// The folder of the tables' files.
    pub tables: &'a Path,
    /// The key file, where there is one.
    pub keys: Option<&'a Path>,
    /// What tells its archive from every other.
    pub archive: &'a str,
}

/// Names of the files that a copy consists of.
pub fn copied_tables() -> impl Iterator<Item = String> {
    TABLES.iter().map(|table| file_of(table))
}

pub(in crate::store) fn file_of(table: &str) -> String {
    format!("{table}.copy")
}

impl PostgresStore {
    /// Writes every table into a file of the folder `into`, all as they stood at one commit.
    ///
    /// # Errors
    /// When the database or a file fails.
    pub async fn copy_to(&self, into: &Path) -> Result<(), StoreError> {
        self.within_for(LONGEST, async {
            let mut tx = self.pool.begin().await?;
            sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                .execute(&mut *tx)
                .await?;
            take_time(&mut tx).await?;
            for table in TABLES {
                let columns = columns(&mut tx, table).await?.join(", ");
                let file = fs_err::File::create(into.join(file_of(table))).map_err(broken)?;
                let mut file = tokio::fs::File::from_std(file.into_parts().0);
                file.write_all(format!("{columns}\n").as_bytes()).await.map_err(broken)?;
                let statement = format!("COPY {table} ({columns}) TO STDOUT");
                let mut rows = tx.copy_out_raw(&statement).await?;
                while let Some(bytes) = rows.try_next().await? {
                    file.write_all(&bytes).await.map_err(broken)?;
                }
                drop(rows);
                file.sync_all().await.map_err(broken)?;
            }
            Ok(tx.rollback().await?)
        })
        .await
    }

    /// Passes when the tables hold nothing, or this very copy: a restore that was broken off behind it. Gives
    /// the number of its rows in the second case.
    ///
    /// # Errors
    /// Saying what they hold instead.
    pub async fn check_free(&self, copy: &StoreCopy<'_>) -> Result<Option<Filled>, StoreError> {
        let Err(full) = self.check_empty().await else { return Ok(None) };
        let this = key_copy_of(copy.keys).await?.fingerprint(copy.archive);
        let (restored, held) = self
            .within_for(LONGEST, async {
                let mut tx = self.pool.begin().await?;
                take_time(&mut tx).await?;
                let restored: Option<String> =
                    sqlx::query_scalar("SELECT sha256 FROM conv_restored")
                        .fetch_optional(&mut *tx)
                        .await?;
                let held = held(&mut tx).await?;
                tx.rollback().await?;
                Ok((restored, held))
            })
            .await?;
        let Some(restored) = restored else { return Err(full) };
        if restored != this {
            return Err(self.taken("it holds what another back-up brought"));
        }
        // Whoever has worked there since has more or less than was brought.
        let as_brought = differing(&told(copy.tables).await?, &held).is_none();
        if as_brought { Ok(Some(held)) } else { Err(full) }
    }

    /// Fills the empty tables from a copy, keys included, in one transaction, and counts what came. Nobody is
    /// told of what comes back: no webhook, no stream.
    ///
    /// # Errors
    /// When a table holds anything or the files are not of a copy; then nothing has changed.
    pub async fn fill_from(&self, copy: &StoreCopy<'_>) -> Result<Filled, StoreError> {
        let keys = key_copy_of(copy.keys).await?;
        // Before the transaction, which the database ends when it waits long.
        let told = told(copy.tables).await?;
        self.check_empty().await?;
        self.within_for(LONGEST, async {
            let mut tx = self.pool.begin().await?;
            take_time(&mut tx).await?;
            let (all, quiet) = (TABLES.join(", "), "TRIGGER USER");
            sqlx::query(AssertSqlSafe(format!("LOCK TABLE {all} IN ACCESS EXCLUSIVE MODE")))
                .execute(&mut *tx)
                .await?;
            self.refuse_full(&mut tx).await?;
            for table in TABLES.into_iter().filter(|table| *table != SESSIONS) {
                alter(&mut tx, (table, "DISABLE", quiet)).await?;
                let file = fs_err::File::open(copy.tables.join(file_of(table))).map_err(broken)?;
                let mut file = BufReader::new(tokio::fs::File::from_std(file.into_parts().0));
                let mut columns = String::new();
                file.read_line(&mut columns).await.map_err(broken)?;
                let columns = columns.trim_end();
                let known = self::columns(&mut tx, table).await?;
                if let Some(name) =
                    columns.split(", ").find(|name| !known.iter().any(|k| k == name))
                {
                    return Err(StoreError::Database(format!(
                        "the copy of {table} has a column {name:?}, which is not known here"
                    )));
                }
                let statement = format!("COPY {table} ({columns}) FROM STDIN");
                let mut rows = tx.copy_in_raw(&statement).await?;
                rows.read_from(file).await?;
                rows.finish().await?;
                alter(&mut tx, (table, "ENABLE", quiet)).await?;
            }
            fill_keys(&mut tx, &keys).await?;
            // The next number comes after those that were brought.
            sqlx::query(
                "SELECT setval(pg_get_serial_sequence('conv_outbox_events', 'number'), max(number))
                 FROM conv_outbox_events",
            )
            .execute(&mut *tx)
            .await?;
            sqlx::query(
                "INSERT INTO conv_restored (sha256) VALUES ($1) \
                 ON CONFLICT (only_one) DO UPDATE SET sha256 = excluded.sha256",
            )
            .bind(keys.fingerprint(copy.archive))
            .execute(&mut *tx)
            .await?;
            let held = held(&mut tx).await?;
            if let Some((table, told, rows)) = differing(&told, &held) {
                return Err(StoreError::Database(format!(
                    "of {told} rows of {table} {rows} arrived; nothing was changed"
                )));
            }
            tx.commit().await?;
            Ok(held)
        })
        .await
    }

    /// Passes when no table holds anything, keys included.
    ///
    /// # Errors
    /// Naming a table that does.
    pub async fn check_empty(&self) -> Result<(), StoreError> {
        self.within(async { self.refuse_full(&mut *self.pool.acquire().await?).await }).await
    }

    async fn refuse_full(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        for table in TABLES.into_iter().chain(KEY_TABLES) {
            let question = format!("SELECT EXISTS (SELECT 1 FROM {table})");
            if sqlx::query_scalar(AssertSqlSafe(question)).fetch_one(&mut *connection).await? {
                return Err(self.taken(&format!("it is not empty (the table {table} holds rows)")));
            }
        }
        Ok(())
    }

    fn taken(&self, how: &str) -> StoreError {
        StoreError::Open {
            location: self.location.clone(),
            reason: format!(
                "{how}; restore into a new database or schema, or empty this one (DROP SCHEMA ... \
                 CASCADE) first"
            ),
        }
    }

    pub(in crate::store) async fn key_copy(&self) -> Result<KeyCopy, StoreError> {
        self.within_for(LONGEST, async {
            let mut tx = self.pool.begin().await?;
            sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                .execute(&mut *tx)
                .await?;
            take_time(&mut tx).await?;
            let copy = KeyCopy {
                master: sqlx::query_as("SELECT id, at FROM keys_master")
                    .fetch_optional(&mut *tx)
                    .await?,
                data: sqlx::query_as(
                    "SELECT conversation, master, sealed, at FROM keys_data ORDER BY 1",
                )
                .fetch_all(&mut *tx)
                .await?,
                erased: sqlx::query_as("SELECT conversation, at FROM keys_erased ORDER BY 1")
                    .fetch_all(&mut *tx)
                    .await?,
                audit_mark: sqlx::query_as("SELECT seq, hash FROM keys_audit_mark")
                    .fetch_optional(&mut *tx)
                    .await?,
                secrets: sqlx::query_as("SELECT name, sealed FROM keys_secrets ORDER BY 1")
                    .fetch_all(&mut *tx)
                    .await?,
            };
            tx.rollback().await?;
            Ok(copy)
        })
        .await
    }
}

async fn key_copy_of(file: Option<&Path>) -> Result<KeyCopy, StoreError> {
    match file {
        Some(file) => KeyCopy::of(file).await,
        None => Ok(KeyCopy::default()),
    }
}

/// How many rows each table has.
async fn held(connection: &mut PgConnection) -> Result<Filled, StoreError> {
    let mut held = Vec::with_capacity(TABLES.len());
    for table in TABLES {
        let question = format!("SELECT count(*) FROM {table}");
        let rows: i64 =
            sqlx::query_scalar(AssertSqlSafe(question)).fetch_one(&mut *connection).await?;
        held.push((table, rows.unsigned_abs()));
    }
    Ok(held)
}

/// How many rows of each table the files of a copy hold.
async fn told(folder: &Path) -> Result<Filled, StoreError> {
    let folder = folder.to_owned();
    let count = move || -> Result<Filled, StoreError> {
        TABLES.into_iter().map(|table| Ok((table, rows_in(&folder, table)?))).collect()
    };
    tokio::task::spawn_blocking(count).await.map_err(|e| StoreError::Database(e.to_string()))?
}

/// The first table that does not hold as many rows as were told: its name, told, held.
fn differing(
    told: &[(&'static str, u64)],
    held: &[(&'static str, u64)],
) -> Option<(&'static str, u64, u64)> {
    let both = told.iter().zip(held).map(|((table, told), (_, held))| (*table, *told, *held));
    both.filter(|(table, ..)| *table != SESSIONS).find(|(_, told, held)| told != held)
}

/// Rows in a table's file of a copy: a line each, behind the one with the names.
fn rows_in(folder: &Path, table: &str) -> Result<u64, StoreError> {
    let file = fs_err::File::open(folder.join(file_of(table))).map_err(broken)?;
    let mut file = std::io::BufReader::new(file);
    let mut lines = 0_u64;
    loop {
        let part = file.fill_buf().map_err(broken)?;
        if part.is_empty() {
            return Ok(lines.saturating_sub(1));
        }
        lines += part.iter().filter(|byte| **byte == b'\n').count() as u64;
        let read = part.len();
        file.consume(read);
    }
}

/// Fills the empty tables of keys.
async fn fill_keys(connection: &mut PgConnection, copy: &KeyCopy) -> Result<(), StoreError> {
    if let Some((id, at)) = &copy.master {
        sqlx::query("INSERT INTO keys_master (id, at) VALUES ($1, $2)")
            .bind(id)
            .bind(at)
            .execute(&mut *connection)
            .await?;
    }
    for part in copy.data.chunks(KEYS_AT_ONCE) {
        sqlx::query(
            "INSERT INTO keys_data (conversation, master, sealed, at) \
             SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bigint[])",
        )
        .bind(part.iter().map(|key| key.0.as_str()).collect::<Vec<_>>())
        .bind(part.iter().map(|key| key.1.as_str()).collect::<Vec<_>>())
        .bind(part.iter().map(|key| key.2.as_slice()).collect::<Vec<_>>())
        .bind(part.iter().map(|key| key.3).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await?;
    }
    for part in copy.erased.chunks(KEYS_AT_ONCE) {
        sqlx::query(
            "INSERT INTO keys_erased (conversation, at) \
             SELECT * FROM unnest($1::text[], $2::bigint[])",
        )
        .bind(part.iter().map(|erased| erased.0.as_str()).collect::<Vec<_>>())
        .bind(part.iter().map(|erased| erased.1).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await?;
    }
    if let Some((seq, hash)) = &copy.audit_mark {
        sqlx::query("INSERT INTO keys_audit_mark (seq, hash) VALUES ($1, $2)")
            .bind(seq)
            .bind(hash)
            .execute(&mut *connection)
            .await?;
    }
    for (name, sealed) in &copy.secrets {
        sqlx::query("INSERT INTO keys_secrets (name, sealed) VALUES ($1, $2)")
            .bind(name)
            .bind(sealed)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn take_time(connection: &mut PgConnection) -> Result<(), StoreError> {
    let limit = format!("SET LOCAL statement_timeout = '{}s'", LONGEST.as_secs());
    sqlx::query(AssertSqlSafe(limit)).execute(connection).await?;
    Ok(())
}

async fn alter(
    connection: &mut PgConnection,
    (table, how, what): (&str, &str, &str),
) -> Result<(), StoreError> {
    let statement = format!("ALTER TABLE {table} {how} {what}");
    sqlx::query(AssertSqlSafe(statement)).execute(connection).await?;
    Ok(())
}

/// Names as the schema has them.
async fn columns(connection: &mut PgConnection, table: &str) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar(
        "SELECT column_name::text FROM information_schema.columns
         WHERE table_schema = current_schema() AND table_name = $1 AND is_generated = 'NEVER'
         ORDER BY ordinal_position",
    )
    .bind(table)
    .fetch_all(connection)
    .await?)
}

fn broken(error: std::io::Error) -> StoreError {
    StoreError::Database(format!("a file of the copy: {error}"))
}
