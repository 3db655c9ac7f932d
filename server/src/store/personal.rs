//! Everything of one conversation in `conversations.sqlite`, whatever table it is in: for export, erasure
//! and retention.
//!
//! A table belongs to a conversation when it has a column `conversation`; they are found in the schema, not
//! listed, so a table that is added later cannot be forgotten. Used by `rights`.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::{Map, Value};
use sqlx::query::QueryAs;
use sqlx::sqlite::SqliteArguments;
use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, Sqlite};
use uuid::Uuid;

use super::file::{self, Scrub};
use super::{SqliteStore, StoreError};

/// Columns that hold JSON.
const JSON_COLUMNS: [&str; 2] = ["proof", "passages"];

/// The conversations file, seen by person instead of by purpose.
#[derive(Clone)]
pub struct PersonalData {
    writer: SqlitePool,
    readers: SqlitePool,
}

/// The rows of one table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRows {
    pub table: String,
    pub rows: Vec<Map<String, Value>>,
}

impl PersonalData {
    pub fn new(store: &SqliteStore) -> Self {
        let (writer, readers) = store.pools();
        Self { writer: writer.clone(), readers: readers.clone() }
    }

    /// Tables with what belongs to a conversation, `conversations` last.
    async fn tables(&self) -> Result<Vec<(String, &'static str)>, StoreError> {
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

    /// Whether anything is stored of the conversation.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn knows(&self, conversation: Uuid) -> Result<bool, StoreError> {
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

    /// Every conversation of which anything is stored.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all(&self) -> Result<HashSet<Uuid>, StoreError> {
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

    /// The conversation of a ticket.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of_ticket(&self, ticket: &str) -> Result<Option<Uuid>, StoreError> {
        let row: Option<(String,)> =
            sqlx::query_as("SELECT conversation FROM escalations WHERE ticket = ?1")
                .bind(ticket)
                .fetch_optional(&self.readers)
                .await?;
        Ok(row.and_then(|(id,)| Uuid::try_parse(&id).ok()))
    }

    /// Removes every row of the conversation in one transaction; gives how many of each table.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was removed.
    pub async fn erase(&self, conversation: Uuid) -> Result<Vec<(String, u64)>, StoreError> {
        let id = conversation.simple().to_string();
        let tables = self.tables().await?;
        let mut work = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let mut counts = Vec::with_capacity(tables.len());
        for (table, column) in tables {
            let besides = besides(&table);
            let sql = format!("DELETE FROM {table} WHERE {column} = ?1{besides}");
            let gone = sqlx::query(AssertSqlSafe(sql)).bind(&id).execute(&mut *work).await?;
            counts.push((table, gone.rows_affected()));
        }
        work.commit().await?;
        Ok(counts)
    }

    /// Every row of the conversation, as JSON by column. Times are RFC 3339.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn export(&self, conversation: Uuid) -> Result<Vec<TableRows>, StoreError> {
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

    /// Conversations without a word since `before`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn quiet_since(&self, before: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        const SQL: &str = "SELECT id FROM conversations WHERE active_at < ?1";
        self.ids(sqlx::query_as(SQL).bind(before.as_millisecond())).await
    }

    /// Conversations with feedback from before `before`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn feedback_before(&self, before: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        const SQL: &str = "SELECT DISTINCT conversation FROM feedback WHERE at < ?1";
        self.ids(sqlx::query_as(SQL).bind(before.as_millisecond())).await
    }

    /// Conversations with tickets from before `before` that are closed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tickets_before(&self, before: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        const SQL: &str = "SELECT DISTINCT conversation FROM escalations
             WHERE status IN ('returned', 'resolved') AND at < ?1";
        self.ids(sqlx::query_as(SQL).bind(before.to_string())).await
    }

    async fn ids(
        &self,
        query: QueryAs<'_, Sqlite, (String,), SqliteArguments>,
    ) -> Result<Vec<Uuid>, StoreError> {
        let rows = query.fetch_all(&self.readers).await?;
        Ok(rows.iter().filter_map(|(id,)| Uuid::try_parse(id).ok()).collect())
    }

    /// Removes the feedback of conversations from before `before`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_feedback(
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

    /// Removes the closed tickets of conversations from before `before`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_tickets(
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

    /// Whether a scrub was left for the daily task.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn wants_scrub(&self) -> Result<bool, StoreError> {
        file::wants_scrub(&self.readers).await
    }

    /// Leaves nothing of what was deleted in the file. Gives whether the whole file was written anew.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn scrub(&self, how: Scrub) -> Result<bool, StoreError> {
        file::scrub(&self.writer, how).await
    }
}

/// That a conversation was erased is told after its erasure, by id alone: the event is none of its rows.
fn besides(table: &str) -> &'static str {
    if table == "outbox_events" { " AND kind <> 'erased'" } else { "" }
}

/// Times as people read them, and JSON as JSON.
fn readable(mut row: Map<String, Value>) -> Map<String, Value> {
    row.retain(|_, value| !value.is_null());
    for (name, value) in &mut row {
        if name == "at" || name.ends_with("_at") || name == "claimed_until" {
            let time = value.as_i64().and_then(|ms| Timestamp::from_millisecond(ms).ok());
            if let Some(time) = time {
                *value = Value::String(time.to_string());
            }
        } else if JSON_COLUMNS.contains(&name.as_str())
            && let Some(Ok(parsed)) = value.as_str().map(serde_json::from_str)
        {
            *value = parsed;
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Step;
    use crate::store::{Conversations, NewRating, contract};

    #[tokio::test]
    async fn all_of_a_conversation_is_exported_and_erased_and_nothing_of_another() {
        let store = SqliteStore::in_memory().await.unwrap();
        let personal = PersonalData::new(&store);
        let mut ids = Vec::new();
        for _ in 0..2 {
            let begun = contract::begin(&store).await;
            let posted =
                store.post(begun.id, &contract::message("Where is [ORDER_1]?", 1)).await.unwrap();
            let step = Step::HandOver(contract::ticket(begun.id, 2));
            contract::done(&store, &posted.conversation, step, 2).await;
            let comment = Some(contract::words("slow, says [PERSON_1]"));
            let rating = NewRating { stars: 2, comment, at: contract::at(3) };
            store.rate(begun.id, &rating).await.unwrap();
            ids.push(begun.id.0);
        }
        let export = personal.export(ids[0]).await.unwrap();
        let json =
            serde_json::to_string(&export.iter().map(|t| (&t.table, &t.rows)).collect::<Vec<_>>())
                .unwrap();
        for part in ["[ORDER_1]", "slow, says [PERSON_1]", "low_confidence", "\"T-"] {
            assert!(json.contains(part), "{part} is not in {json}");
        }
        assert_eq!(export[0].table, "conversations");
        assert!(!json.contains(&ids[1].simple().to_string()));

        let counts = personal.erase(ids[0]).await.unwrap();
        let count = |table: &str| counts.iter().find(|(t, _)| t == table).unwrap().1;
        assert_eq!((count("conversations"), count("escalations"), count("feedback")), (1, 1, 1));
        assert!(count("messages") >= 2);
        assert!(!personal.knows(ids[0]).await.unwrap());
        assert!(personal.export(ids[0]).await.unwrap().is_empty());
        assert!(personal.knows(ids[1]).await.unwrap());
    }

    /// The rule that makes erasure complete.
    #[tokio::test]
    async fn every_table_belongs_to_a_conversation_or_holds_nothing_of_one() {
        const OTHERS: [&str; 7] = [
            "_sqlx_migrations",
            "agents",
            "agent_sessions",
            "api_keys",
            "conversations",
            "disclosures",
            "outbox_sinks",
        ];
        // Go with the event that they belong to.
        const DEPENDENT: [&str; 1] = ["outbox_deliveries"];
        let store = SqliteStore::in_memory().await.unwrap();
        let personal = PersonalData::new(&store);
        let known: Vec<String> =
            personal.tables().await.unwrap().into_iter().map(|(table, _)| table).collect();
        let all: Vec<(String,)> = sqlx::query_as(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        )
        .fetch_all(store.pools().1)
        .await
        .unwrap();
        for (table,) in all {
            assert!(
                known.contains(&table)
                    || OTHERS.contains(&table.as_str())
                    || DEPENDENT.contains(&table.as_str()),
                "{table}: give it a column `conversation`, or name it here if it holds no personal data"
            );
        }
    }
}
