//! Everything of one conversation in `conversations.sqlite`.

use std::collections::HashSet;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value};
use sqlx::AssertSqlSafe;
use sqlx::Sqlite;
use sqlx::query::QueryAs;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use uuid::Uuid;

use super::SqliteStore;
use crate::store::StoreError;
use crate::store::file::{self, Scrub};
use crate::store::personal::{PersonalData, TableRows, besides, readable};

#[async_trait]
impl PersonalData for SqliteStore {
    async fn knows(&self, conversation: Uuid) -> Result<bool, StoreError> {
        for (table, column) in self.tables().await? {
            let besides = besides(&table);
            let sql = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE {column} = ?1{besides})");
            let (any,): (bool,) = sqlx::query_as(AssertSqlSafe(sql))
                .bind(conversation.simple().to_string())
                .fetch_one(&self.readers)
                .await?;
            if any {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn all(&self) -> Result<HashSet<Uuid>, StoreError> {
        let mut all = HashSet::new();
        for (table, column) in self.tables().await? {
            let besides = besides(&table);
            let sql = format!("SELECT DISTINCT {column} FROM {table} WHERE true{besides}");
            let rows: Vec<(String,)> =
                sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&self.readers).await?;
            all.extend(rows.iter().filter_map(|(id,)| Uuid::try_parse(id).ok()));
        }
        Ok(all)
    }

    async fn of_ticket(&self, ticket: &str) -> Result<Option<Uuid>, StoreError> {
        let row: Option<(String,)> =
            sqlx::query_as("SELECT conversation FROM escalations WHERE ticket = ?1")
                .bind(ticket)
                .fetch_optional(&self.readers)
                .await?;
        Ok(row.and_then(|(id,)| Uuid::try_parse(&id).ok()))
    }

    async fn erase(
        &self,
        conversation: Uuid,
        tell: Option<Timestamp>,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        let id = conversation.simple().to_string();
        let tables = self.tables().await?;
        let mut work = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let counts = remove_rows(&mut work, tables, &id).await?;
        if let Some(at) = tell {
            sqlx::query(
                "INSERT INTO outbox_events (id, kind, conversation, at)
                 SELECT 'msg_' || lower(hex(randomblob(16))), 'erased', ?1, ?2
                 WHERE EXISTS (SELECT 1 FROM outbox_sinks WHERE instr(events, ' erased ') > 0)
                 AND NOT EXISTS
                     (SELECT 1 FROM outbox_events WHERE conversation = ?1 AND kind = 'erased')",
            )
            .bind(&id)
            .bind(at.as_millisecond())
            .execute(&mut *work)
            .await?;
        }
        work.commit().await?;
        Ok(counts)
    }

    async fn erase_silent(
        &self,
        conversation: Uuid,
        before: Timestamp,
    ) -> Result<bool, StoreError> {
        let id = conversation.simple().to_string();
        let tables = self.tables().await?;
        let mut work = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let (alive,): (bool,) = sqlx::query_as(
            "SELECT EXISTS (SELECT 1 FROM conversations WHERE id = ?1 AND active_at >= ?2)",
        )
        .bind(&id)
        .bind(before.as_millisecond())
        .fetch_one(&mut *work)
        .await?;
        if !alive {
            remove_rows(&mut work, tables, &id).await?;
            work.commit().await?;
        }
        Ok(!alive)
    }

    async fn export(&self, conversation: Uuid) -> Result<Vec<TableRows>, StoreError> {
        let mut all = Vec::new();
        let mut tables = self.tables().await?;
        // The conversation itself first: that is what a reader looks for.
        tables.rotate_right(1);
        for (table, column) in tables {
            let columns: Vec<(String,)> = sqlx::query_as("SELECT name FROM pragma_table_info(?1)")
                .bind(&table)
                .fetch_all(&self.readers)
                .await?;
            let fields: Vec<String> =
                columns.iter().map(|(name,)| format!("'{name}', {name}")).collect();
            let fields = fields.join(", ");
            let sql = format!("SELECT json_object({fields}) FROM {table} WHERE {column} = ?1");
            let rows: Vec<(String,)> = sqlx::query_as(AssertSqlSafe(sql))
                .bind(conversation.simple().to_string())
                .fetch_all(&self.readers)
                .await?;
            let rows = rows.iter().filter_map(|(json,)| serde_json::from_str(json).ok());
            let rows: Vec<Map<String, Value>> = rows.map(readable).collect();
            if !rows.is_empty() {
                all.push(TableRows { table, rows });
            }
        }
        Ok(all)
    }

    async fn silent_since(&self, before: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        const SQL: &str = "SELECT id FROM conversations WHERE active_at < ?1";
        self.ids(sqlx::query_as(SQL).bind(before.as_millisecond())).await
    }

    async fn feedback_before(&self, before: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        const SQL: &str = "SELECT DISTINCT conversation FROM feedback WHERE at < ?1";
        self.ids(sqlx::query_as(SQL).bind(before.as_millisecond())).await
    }

    async fn tickets_before(&self, before: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        const SQL: &str = "SELECT DISTINCT conversation FROM escalations
             WHERE status IN ('returned', 'resolved') AND at < ?1";
        self.ids(sqlx::query_as(SQL).bind(before.to_string())).await
    }

    async fn remove_feedback(
        &self,
        conversations: &[Uuid],
        before: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut work = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let mut gone = 0;
        for id in conversations {
            gone += sqlx::query("DELETE FROM feedback WHERE conversation = ?1 AND at < ?2")
                .bind(id.simple().to_string())
                .bind(before.as_millisecond())
                .execute(&mut *work)
                .await?
                .rows_affected();
        }
        work.commit().await?;
        Ok(gone)
    }

    async fn remove_tickets(
        &self,
        conversations: &[Uuid],
        before: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut work = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let mut gone = 0;
        for id in conversations {
            gone += sqlx::query(
                "DELETE FROM escalations WHERE conversation = ?1 AND at < ?2
                 AND status IN ('returned', 'resolved')",
            )
            .bind(id.simple().to_string())
            .bind(before.to_string())
            .execute(&mut *work)
            .await?
            .rows_affected();
        }
        work.commit().await?;
        Ok(gone)
    }

    async fn wants_scrub(&self) -> Result<bool, StoreError> {
        file::wants_scrub(&self.readers).await
    }

    async fn scrub(&self, how: Scrub) -> Result<bool, StoreError> {
        file::scrub(&self.writer, how).await
    }

    async fn writable(&self) -> bool {
        self.writes().await
    }
}

impl SqliteStore {
    /// Tables with what belongs to a conversation, `conversations` last.
    pub(super) async fn tables(&self) -> Result<Vec<(String, &'static str)>, StoreError> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "SELECT t.name FROM sqlite_schema t
             WHERE t.type = 'table' AND EXISTS
                 (SELECT 1 FROM pragma_table_info(t.name) c WHERE c.name = 'conversation')
             ORDER BY t.name",
        )
        .fetch_all(&self.readers)
        .await?;
        let of = rows.into_iter().map(|(name,)| (name, "conversation"));
        Ok(of.chain([("conversations".to_owned(), "id")]).collect())
    }

    async fn ids(
        &self,
        query: QueryAs<'_, Sqlite, (String,), SqliteArguments>,
    ) -> Result<Vec<Uuid>, StoreError> {
        let rows = query.fetch_all(&self.readers).await?;
        Ok(rows.iter().filter_map(|(id,)| Uuid::try_parse(id).ok()).collect())
    }
}

/// Removes every row of a conversation; gives how many of each table.
async fn remove_rows(
    work: &mut SqliteConnection,
    tables: Vec<(String, &'static str)>,
    conversation: &str,
) -> Result<Vec<(String, u64)>, StoreError> {
    let mut counts = Vec::with_capacity(tables.len());
    for (table, column) in tables {
        let besides = besides(&table);
        let sql = format!("DELETE FROM {table} WHERE {column} = ?1{besides}");
        let gone = sqlx::query(AssertSqlSafe(sql)).bind(conversation).execute(&mut *work).await?;
        counts.push((table, gone.rows_affected()));
    }
    Ok(counts)
}
