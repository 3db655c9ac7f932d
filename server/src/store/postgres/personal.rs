//! Everything of one conversation in Postgres: tables of our prefix with a column `conversation`, found in
//! the schema. Outside, they are called as in SQLite, without the prefix.

use std::collections::HashSet;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value};
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use super::PostgresStore;
use crate::store::personal::{PersonalData, TableRows, besides, readable};
use crate::store::{Scrub, StoreError};

/// Of the tables of conversations.
pub(super) const PREFIX: &str = "conv_";

/// A table and its column of the conversation.
pub(super) struct Table {
    /// Without the prefix.
    pub(super) name: String,
    column: &'static str,
}

impl Table {
    /// Rows of one conversation, `$1`; names come from the schema, and are quoted there.
    fn rows(&self, verb: &str) -> String {
        let Self { name, column } = self;
        format!("{verb} FROM {PREFIX}{name} t WHERE {column} = $1{}", besides(name))
    }
}

#[async_trait]
impl PersonalData for PostgresStore {
    async fn knows(&self, conversation: Uuid) -> Result<bool, StoreError> {
        self.within(async {
            for table in self.tables().await? {
                let sql = format!("SELECT EXISTS ({})", table.rows("SELECT 1"));
                let any: bool = sqlx::query_scalar(AssertSqlSafe(sql))
                    .bind(conversation.simple().to_string())
                    .fetch_one(&self.pool)
                    .await?;
                if any {
                    return Ok(true);
                }
            }
            Ok(false)
        })
        .await
    }

    async fn all(&self) -> Result<HashSet<Uuid>, StoreError> {
        self.within(async {
            let mut all = HashSet::new();
            for Table { name, column } in self.tables().await? {
                let besides = besides(&name);
                let sql =
                    format!("SELECT DISTINCT {column} FROM {PREFIX}{name} WHERE true{besides}");
                let rows: Vec<String> =
                    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
                all.extend(rows.iter().filter_map(|id| Uuid::try_parse(id).ok()));
            }
            Ok(all)
        })
        .await
    }

    async fn of_ticket(&self, ticket: &str) -> Result<Option<Uuid>, StoreError> {
        self.within(async {
            let id: Option<String> =
                sqlx::query_scalar("SELECT conversation FROM conv_escalations WHERE ticket = $1")
                    .bind(ticket)
                    .fetch_optional(&self.pool)
                    .await?;
            Ok(id.and_then(|id| Uuid::try_parse(&id).ok()))
        })
        .await
    }

    async fn erase(
        &self,
        conversation: Uuid,
        tell: Option<Timestamp>,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        self.within(async {
            let id = conversation.simple().to_string();
            let tables = self.tables().await?;
            let mut tx = self.pool.begin().await?;
            // What another process writes at this moment is waited for, and goes too.
            sqlx::query("SELECT 1 FROM conv_conversations WHERE id = $1 FOR UPDATE")
                .bind(&id)
                .fetch_optional(&mut *tx)
                .await?;
            let counts = remove_rows(&mut tx, tables, &id).await?;
            if let Some(at) = tell {
                sqlx::query(
                    "SELECT conv_outbox_tell('erased', $1, NULL, NULL, $2) WHERE NOT EXISTS \
                     (SELECT 1 FROM conv_outbox_events WHERE conversation = $1 AND kind = 'erased')",
                )
                .bind(&id)
                .bind(at.as_millisecond())
                .execute(&mut *tx)
                .await?;
            }
            tx.commit().await?;
            Ok(counts)
        })
        .await
    }

    async fn erase_silent(
        &self,
        conversation: Uuid,
        before: Timestamp,
    ) -> Result<bool, StoreError> {
        self.within(async {
            let id = conversation.simple().to_string();
            let tables = self.tables().await?;
            let mut tx = self.pool.begin().await?;
            // What another process writes at this moment is waited for, and counts.
            let active_at: Option<i64> = sqlx::query_scalar(
                "SELECT active_at FROM conv_conversations WHERE id = $1 FOR UPDATE",
            )
            .bind(&id)
            .fetch_optional(&mut *tx)
            .await?;
            if active_at.is_some_and(|at| at >= before.as_millisecond()) {
                return Ok(false);
            }
            remove_rows(&mut tx, tables, &id).await?;
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    async fn export(&self, conversation: Uuid) -> Result<Vec<TableRows>, StoreError> {
        self.within(async {
            let mut all = Vec::new();
            let mut tables = self.tables().await?;
            // The conversation itself first: that is what a reader looks for.
            tables.rotate_right(1);
            for table in tables {
                let sql = table.rows("SELECT to_json(t)::text");
                let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql))
                    .bind(conversation.simple().to_string())
                    .fetch_all(&self.pool)
                    .await?;
                let rows = rows.iter().filter_map(|json| serde_json::from_str(json).ok());
                let rows: Vec<Map<String, Value>> = rows.map(readable).collect();
                if !rows.is_empty() {
                    all.push(TableRows { table: table.name, rows });
                }
            }
            Ok(all)
        })
        .await
    }

    async fn silent_since(&self, before: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        self.within(async {
            const SQL: &str = "SELECT id FROM conv_conversations WHERE active_at < $1";
            self.ids(SQL, before).await
        })
        .await
    }

    async fn feedback_before(&self, before: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        self.within(async {
            const SQL: &str = "SELECT DISTINCT conversation FROM conv_feedback WHERE at < $1";
            self.ids(SQL, before).await
        })
        .await
    }

    async fn tickets_before(&self, before: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        self.within(async {
            const SQL: &str = "SELECT DISTINCT conversation FROM conv_escalations
             WHERE status IN ('returned', 'resolved') AND at < $1";
            self.ids(SQL, before).await
        })
        .await
    }

    async fn remove_feedback(
        &self,
        conversations: &[Uuid],
        before: Timestamp,
    ) -> Result<u64, StoreError> {
        self.within(async {
            const SQL: &str = "DELETE FROM conv_feedback WHERE conversation = ANY($1) AND at < $2";
            self.remove(SQL, conversations, before).await
        })
        .await
    }

    async fn remove_tickets(
        &self,
        conversations: &[Uuid],
        before: Timestamp,
    ) -> Result<u64, StoreError> {
        self.within(async {
            const SQL: &str =
                "DELETE FROM conv_escalations WHERE conversation = ANY($1) AND at < $2
             AND status IN ('returned', 'resolved')";
            self.remove(SQL, conversations, before).await
        })
        .await
    }

    async fn wants_scrub(&self) -> Result<bool, StoreError> {
        // Autovacuum sees to what is left.
        Ok(false)
    }

    async fn scrub(&self, how: Scrub) -> Result<bool, StoreError> {
        self.vacuum(PREFIX, how).await
    }
}

impl PostgresStore {
    /// Tables with what belongs to a conversation, the conversation's own last.
    pub(super) async fn tables(&self) -> Result<Vec<Table>, StoreError> {
        let names: Vec<String> = sqlx::query_scalar(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             JOIN pg_attribute a ON a.attrelid = c.oid \
             WHERE n.nspname = current_schema() AND c.relkind = 'r' AND starts_with(c.relname, $1) \
               AND a.attname = 'conversation' AND NOT a.attisdropped ORDER BY c.relname",
        )
        .bind(PREFIX)
        .fetch_all(&self.pool)
        .await?;
        let of = names.iter().filter_map(|name| name.strip_prefix(PREFIX));
        let of = of.map(|name| Table { name: name.to_owned(), column: "conversation" });
        let own = Table { name: "conversations".to_owned(), column: "id" };
        Ok(of.chain([own]).collect())
    }

    async fn ids(&self, sql: &'static str, before: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        let ids: Vec<String> =
            sqlx::query_scalar(sql).bind(before.as_millisecond()).fetch_all(&self.pool).await?;
        Ok(ids.iter().filter_map(|id| Uuid::try_parse(id).ok()).collect())
    }

    async fn remove(
        &self,
        sql: &'static str,
        conversations: &[Uuid],
        before: Timestamp,
    ) -> Result<u64, StoreError> {
        let ids: Vec<String> = conversations.iter().map(|id| id.simple().to_string()).collect();
        let gone =
            sqlx::query(sql).bind(ids).bind(before.as_millisecond()).execute(&self.pool).await?;
        Ok(gone.rows_affected())
    }
}

/// Removes every row of a conversation; gives how many of each table.
async fn remove_rows(
    tx: &mut PgConnection,
    tables: Vec<Table>,
    conversation: &str,
) -> Result<Vec<(String, u64)>, StoreError> {
    let mut counts = Vec::with_capacity(tables.len());
    for table in tables {
        let gone = sqlx::query(AssertSqlSafe(table.rows("DELETE")))
            .bind(conversation)
            .execute(&mut *tx)
            .await?;
        counts.push((table.name, gone.rows_affected()));
    }
    Ok(counts)
}
