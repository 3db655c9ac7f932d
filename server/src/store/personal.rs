//! The room of erasure, export and retention: everything of one conversation, whatever table it is in.
//!
//! A table belongs to a conversation when it has a column `conversation`; they are found in the schema, not
//! listed, so a table that is added later cannot be forgotten. Used by `rights`.

use std::collections::HashSet;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::StoreError;
use super::file::Scrub;

/// Columns that hold JSON.
const JSON_COLUMNS: [&str; 2] = ["proof", "passages"];

/// Everything stored of conversations, seen by person instead of by purpose.
#[async_trait]
pub trait PersonalData: Send + Sync {
    /// Whether anything is stored of the conversation.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn knows(&self, conversation: Uuid) -> Result<bool, StoreError>;

    /// Every conversation of which anything is stored.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn all(&self) -> Result<HashSet<Uuid>, StoreError>;

    /// The conversation of a ticket.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn of_ticket(&self, ticket: &str) -> Result<Option<Uuid>, StoreError>;

    /// Removes every row of the conversation in one transaction; gives how many of each table. With `tell`,
    /// the same transaction tells the receivers that it was erased then, by its id and nothing else; they
    /// are told once, however often its erasure is asked for.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was removed, and nothing told.
    async fn erase(
        &self,
        conversation: Uuid,
        tell: Option<Timestamp>,
    ) -> Result<Vec<(String, u64)>, StoreError>;

    /// Removes every row of a conversation without a word since `before`, in one transaction; `false` when there
    /// was one, and nothing is removed.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was removed.
    async fn erase_silent(&self, conversation: Uuid, before: Timestamp)
    -> Result<bool, StoreError>;

    /// Every row of the conversation, as JSON by column. Times are RFC 3339.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn export(&self, conversation: Uuid) -> Result<Vec<TableRows>, StoreError>;

    /// Conversations without a word since `before`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn silent_since(&self, before: Timestamp) -> Result<Vec<Uuid>, StoreError>;

    /// Conversations with feedback from before `before`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn feedback_before(&self, before: Timestamp) -> Result<Vec<Uuid>, StoreError>;

    /// Conversations with tickets from before `before` that are closed.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn tickets_before(&self, before: Timestamp) -> Result<Vec<Uuid>, StoreError>;

    /// Removes the feedback of conversations from before `before`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn remove_feedback(
        &self,
        conversations: &[Uuid],
        before: Timestamp,
    ) -> Result<u64, StoreError>;

    /// Removes the closed tickets of conversations from before `before`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn remove_tickets(
        &self,
        conversations: &[Uuid],
        before: Timestamp,
    ) -> Result<u64, StoreError>;

    /// Whether a scrub was left for the daily task.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn wants_scrub(&self) -> Result<bool, StoreError>;

    /// Leaves nothing of what was deleted in the file. Gives whether the whole file was written anew.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn scrub(&self, how: Scrub) -> Result<bool, StoreError>;

    /// Whether what is said can be stored, as far as is known. Where the disk failed a write, it is tried
    /// again here, so that nobody has to write to find out.
    async fn writable(&self) -> bool {
        true
    }
}

/// The rows of one table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRows {
    pub table: String,
    pub rows: Vec<Map<String, Value>>,
}

/// That a conversation was erased is told by id alone, and outlives it: the event is none of its rows.
pub(super) fn besides(table: &str) -> &'static str {
    if table == "outbox_events" { " AND kind <> 'erased'" } else { "" }
}

/// Times as people read them, and JSON as JSON.
pub(super) fn readable(mut row: Map<String, Value>) -> Map<String, Value> {
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
