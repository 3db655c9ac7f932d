//! The room of customers who proved who they are: which conversations are theirs.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::domain::{Conversation, ConversationId, CustomerKey, KnownCustomer};

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
