//! Leaves as little as may be of what was deleted. Postgres overwrites nothing: a deleted row stays in its
//! page until it is vacuumed, and its bytes until the space is used again. Small tables are written anew.

use sqlx::AssertSqlSafe;

use super::PostgresStore;
use crate::store::{Scrub, StoreError};

/// Tables up to this size are written anew, which keeps everybody else out of them meanwhile.
const WRITTEN_ANEW_BYTES: i64 = 64 << 20;
/// Nobody waits behind a vacuum that itself waits longer than this.
const LOCK: &str = "SET lock_timeout = '2s'";
/// For the daily task; in a request the caller's patience is the limit.
const STATEMENT: [(Scrub, &str); 2] = [
    (Scrub::Now, "SET statement_timeout = '20s'"),
    (Scrub::Whole, "SET statement_timeout = '30min'"),
];

impl PostgresStore {
    /// Cleans the tables whose names begin with `prefix`. Gives whether all were written anew.
    pub(super) async fn vacuum(&self, prefix: &str, how: Scrub) -> Result<bool, StoreError> {
        let tables: Vec<(String, i64)> = sqlx::query_as(
            "SELECT quote_ident(c.relname), pg_total_relation_size(c.oid) FROM pg_class c \
             JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = current_schema() AND c.relkind = 'r' AND starts_with(c.relname, $1) \
             ORDER BY c.relname",
        )
        .bind(prefix)
        .fetch_all(&self.pool)
        .await?;
        // A connection of its own: its settings do not go back into the pool.
        let mut connection = self.pool.acquire().await?.detach();
        let limit = STATEMENT.iter().find(|(of, _)| *of == how).map_or(LOCK, |(_, limit)| limit);
        for setting in [LOCK, limit] {
            sqlx::query(setting).execute(&mut connection).await?;
        }
        let mut whole = true;
        for (table, bytes) in tables {
            let anew = bytes <= WRITTEN_ANEW_BYTES
                && sqlx::raw_sql(AssertSqlSafe(format!("VACUUM FULL {table}")))
                    .execute(&mut connection)
                    .await
                    .inspect_err(|error| tracing::debug!(%error, table, "store.not_written_anew"))
                    .is_ok();
            if !anew {
                whole = false;
                // The server's own task comes by again where this one may not wait.
                let done = sqlx::raw_sql(AssertSqlSafe(format!("VACUUM {table}")))
                    .execute(&mut connection)
                    .await;
                if let Err(error) = done {
                    tracing::warn!(%error, table, "store.not_vacuumed: left to autovacuum");
                }
            }
        }
        let _ = sqlx::Connection::close(connection).await;
        Ok(whole)
    }
}
