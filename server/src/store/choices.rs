//! The room of what customers were told and what they decided. That a machine answers is recorded by
//! `Conversations::create`, in the transaction that begins the conversation.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;

use super::StoreError;
use super::rows::{self, Cells};
use crate::domain::{ConversationId, Objections, RecordKind, RecordedBy};

/// Records and objections.
#[async_trait]
pub trait Choices: Send + Sync {
    /// Keeps what a customer decided; what they object to follows from it.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without such a conversation.
    async fn choose(&self, id: ConversationId, choice: &NewChoice) -> Result<(), StoreError>;

    /// What was recorded of a conversation, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn choices(&self, id: ConversationId) -> Result<Vec<Choice>, StoreError>;

    /// What the customer objects to now.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn objections(&self, id: ConversationId) -> Result<Objections, StoreError>;
}

/// A decision of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChoice {
    pub kind: RecordKind,
    /// Name or hash of the text that was shown; empty where there was none.
    pub version: String,
    pub by: RecordedBy,
    pub at: Timestamp,
}

/// One record of a conversation, as it is exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// RFC 3339, UTC.
    pub at: String,
    pub kind: String,
    /// Of the text that was shown; empty where there was none.
    pub version: String,
    /// Language of that text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub locale: String,
    /// `system`, `customer` or `operator`.
    pub by: String,
    /// The text itself, where it is one of this server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A record of either database.
pub(super) fn choice(row: &impl Cells) -> Result<Choice, StoreError> {
    Ok(Choice {
        at: rows::time(row.number("at")?)?.to_string(),
        kind: row.text("kind")?,
        version: row.text("version")?,
        locale: row.text("locale")?,
        by: row.text("by")?,
        text: row.maybe_text("text")?,
    })
}

pub(super) fn objections(row: &impl Cells) -> Result<Objections, StoreError> {
    Ok(Objections { analysis: row.flag("analysis")?, automation: row.flag("automation")? })
}
