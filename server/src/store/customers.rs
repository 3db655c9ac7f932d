//! The room of customers who proved who they are: which conversations are theirs.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use super::rows::Cells;
use crate::domain::{Conversation, ConversationId, CustomerKey, KnownCustomer};
use crate::privacy::RedactedText;

/// Customers and their conversations.
#[async_trait]
pub trait Customers: Send + Sync {
    /// Makes a conversation a customer's own, unless it is somebody's already. What the customer objected
    /// to in their last conversation holds in this one.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without such a conversation.
    async fn introduce(
        &self,
        id: ConversationId,
        customer: &KnownCustomer,
        at: Timestamp,
    ) -> Result<Introduced, StoreError>;

    /// Whose conversation it is; `None` where nobody proved who they are.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn customer_of(&self, id: ConversationId) -> Result<Option<KnownCustomer>, StoreError>;

    /// Conversations of a customer, the last active first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn conversations_of(
        &self,
        key: &CustomerKey,
        limit: u32,
    ) -> Result<Vec<Conversation>, StoreError>;
}

/// What became of an introduction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Introduced {
    /// It is theirs, now or since before.
    Own,
    /// It is another customer's.
    Foreign,
}

/// A customer of either database.
pub(super) fn customer(row: &impl Cells) -> Result<KnownCustomer, StoreError> {
    let words = |column: &str| -> Result<Option<RedactedText>, StoreError> {
        Ok(row.maybe_text(column)?.map(RedactedText::from_store))
    };
    Ok(KnownCustomer {
        key: CustomerKey(row.text("customer")?),
        id: RedactedText::from_store(row.text("customer_id")?),
        name: words("name")?,
        email: words("email")?,
    })
}
