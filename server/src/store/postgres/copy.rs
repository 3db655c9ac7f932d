//! A copy of the shared store in files, as it stood at one commit, and the way back into an empty one. The
//! sealed keys are no part of it: they are copied apart ([`KeyCopy`]). Called by `backup`.
//!
//! One file a table: a line with the names of the columns, then the database's own text form; so a later
//! version with more columns still reads it.

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

/// Every table with something to keep, parents first. Not `conv_duties`, which is about running processes.
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

/// Names of the files that a copy consists of.
pub fn copied_tables() -> impl Iterator<Item = String> {
    TABLES.iter().map(|table| file_of(table))
}

fn file_of(table: &str) -> String {
    format!("{table}.copy")
}

impl PostgresStore {
    /// Writes every table into a file of the folder `into`, all as they stood at one commit.
    ///
    /// # Errors
    /// When the database or a file fails.
    pub async fn copy_to(&self, into: &Path) -> Result<(), StoreError> {
        self.within_long(async {
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

    /// Fills the empty tables from the files in `from`, and those of keys from the key file `keys`, in one
    /// transaction. Nobody is told of what comes back: no webhook, no stream.
    ///
    /// # Errors
    /// When a table holds anything or the files are not of a copy; then nothing has changed.
    pub async fn fill_from(&self, from: &Path, keys: Option<&Path>) -> Result<(), StoreError> {
        let keys = match keys {
            Some(file) => KeyCopy::of(file).await?,
            None => KeyCopy::default(),
        };
        self.check_empty().await?;
        self.within_long(async {
            let mut tx = self.pool.begin().await?;
            take_time(&mut tx).await?;
            let (all, quiet) = (TABLES.join(", "), "TRIGGER USER");
            sqlx::query(AssertSqlSafe(format!("LOCK TABLE {all} IN ACCESS EXCLUSIVE MODE")))
                .execute(&mut *tx)
                .await?;
            self.refuse_full(&mut tx).await?;
            for table in TABLES {
                alter(&mut tx, (table, "DISABLE", quiet)).await?;
                let file = fs_err::File::open(from.join(file_of(table))).map_err(broken)?;
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
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Passes when no table holds anything, keys included.
    ///
    /// # Errors
    /// Naming a table that does.
    pub async fn check_empty(&self) -> Result<(), StoreError> {
        self.within(async {
            self.refuse_full(&mut *self.pool.acquire().await?).await?;
            if self.key_copy().await?.is_empty() { Ok(()) } else { Err(self.full("keys_*")) }
        })
        .await
    }

    async fn refuse_full(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        for table in TABLES {
            let question = format!("SELECT EXISTS (SELECT 1 FROM {table})");
            if sqlx::query_scalar(AssertSqlSafe(question)).fetch_one(&mut *connection).await? {
                return Err(self.full(table));
            }
        }
        Ok(())
    }

    fn full(&self, table: &str) -> StoreError {
        StoreError::Open {
            location: self.location.clone(),
            reason: format!(
                "it is not empty (the table {table} holds rows); restore into a new database or schema, \
                 or empty this one (DROP SCHEMA ... CASCADE) first"
            ),
        }
    }

    pub(in crate::store) async fn key_copy(&self) -> Result<KeyCopy, StoreError> {
        self.within_long(async {
            let mut tx = self.pool.begin().await?;
            sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                .execute(&mut *tx)
                .await?;
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

    /// [`PostgresStore::within`] for what copies whole tables.
    async fn within_long<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        tokio::time::timeout(LONGEST, work).await.unwrap_or_else(|_| {
            Err(StoreError::Database(format!("{}: the copy took over an hour", self.location)))
        })
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
    for (conversation, master, sealed, at) in &copy.data {
        sqlx::query(
            "INSERT INTO keys_data (conversation, master, sealed, at) VALUES ($1, $2, $3, $4)",
        )
        .bind(conversation)
        .bind(master)
        .bind(sealed)
        .bind(at)
        .execute(&mut *connection)
        .await?;
    }
    for (conversation, at) in &copy.erased {
        sqlx::query("INSERT INTO keys_erased (conversation, at) VALUES ($1, $2)")
            .bind(conversation)
            .bind(at)
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
