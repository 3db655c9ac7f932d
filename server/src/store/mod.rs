//! What the server keeps of conversations: today the escalations. SQL of conversations lives only
//! here. No word of a customer is stored before the redactor exists.

mod sqlite;

use async_trait::async_trait;

pub use sqlite::SqliteStore;

use crate::domain::Escalation;

/// Storage of conversations and escalations.
#[async_trait]
pub trait ConversationStore: Send + Sync {
    /// Keeps an escalation. Durable when it returns: the ticket exists before the customer sees it.
    ///
    /// # Errors
    /// [`StoreError`]; then no ticket may be shown.
    async fn add_escalation(&self, escalation: &Escalation) -> Result<(), StoreError>;

    /// The newest escalations first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn escalations(&self, limit: u32) -> Result<Vec<Escalation>, StoreError>;
}

/// What went wrong in the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file or database does not open, or is of a newer version.
    #[error("conversation store {location}: {reason}")]
    Open { location: String, reason: String },
    /// The database failed.
    #[error("conversation store: {0}")]
    Database(String),
}
