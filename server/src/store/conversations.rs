//! The room of what is said: conversations, messages, answers, ratings.

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::StoreError;
use crate::domain::{
    Conversation, ConversationId, ConversationState, Disclosure, Epoch, Message, Proof,
};
use crate::privacy::RedactedText;

/// Conversations and their messages.
#[async_trait]
pub trait Conversations: Send + Sync {
    /// Begins a conversation in state `assistant`; one that is there already stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn create(&self, new: &NewConversation) -> Result<Conversation, StoreError>;

    /// # Errors
    /// [`StoreError::Database`].
    async fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>, StoreError>;

    /// Keeps a message of the customer. One with a `message_id` that is there already is not kept
    /// again. A resolved conversation is reopened first.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without such a conversation.
    async fn post(&self, id: ConversationId, new: &NewMessage) -> Result<Posted, StoreError>;

    /// Keeps an answer if the assistant still speaks and the epoch holds. A message is answered once.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without such a conversation.
    async fn commit_answer(
        &self,
        id: ConversationId,
        answer: &NewAnswer,
    ) -> Result<Committed, StoreError>;

    /// Messages after `after`, oldest first, at most `limit`; notes among them.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn messages(
        &self,
        id: ConversationId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError>;

    /// The last `limit` messages, oldest first; notes among them.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn last_messages(
        &self,
        id: ConversationId,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError>;

    /// What answered the customer's message `seq`, or handed it over.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn reply_to(&self, id: ConversationId, seq: u64) -> Result<Option<Message>, StoreError>;

    /// Whether the answer `seq` helped. The last word counts.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when `seq` is no answer.
    async fn set_helpful(
        &self,
        id: ConversationId,
        seq: u64,
        helpful: bool,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// What the customer thought of the conversation. The last word counts.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without such a conversation.
    async fn rate(&self, id: ConversationId, rating: &NewRating) -> Result<(), StoreError>;

    /// Conversations in `state` that were quiet since `before`, the quietest first. In `with_agent` one whose
    /// customer spoke last, or was handed over since, waits for an answer: that is not quiet.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn quiet_since(
        &self,
        state: ConversationState,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<Conversation>, StoreError>;

    /// Conversations in state `assistant` whose last message is the customer's and came from
    /// `between.0` on and before `between.1`: their answer broke off.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn unanswered(
        &self,
        between: (Timestamp, Timestamp),
        limit: u32,
    ) -> Result<Vec<ConversationId>, StoreError>;
}

/// A conversation that begins.
#[derive(Debug, Clone)]
pub struct NewConversation {
    pub id: ConversationId,
    pub locale: String,
    pub site: Option<String>,
    pub page: Option<RedactedText>,
    /// What the customer is told of the machine that answers; recorded with the beginning.
    pub told: Option<Disclosure>,
    pub at: Timestamp,
}

/// A message of the customer.
#[derive(Debug, Clone)]
pub struct NewMessage {
    pub text: RedactedText,
    pub message_id: Option<Uuid>,
    /// Language of the message, and from then on of the conversation; as before when `None`.
    pub locale: Option<String>,
    pub at: Timestamp,
    /// What the system says where the message reopens the conversation; `None`: a closed one stays closed.
    pub reopened: Option<RedactedText>,
}

/// What became of a posted message.
#[derive(Debug, Clone, PartialEq)]
pub struct Posted {
    /// As it is with the message in it.
    pub conversation: Conversation,
    pub message: Message,
    /// Whether it was there already.
    pub repeated: bool,
    /// What answered it, where it was there already.
    pub reply: Option<Message>,
}

/// An answer of the assistant.
#[derive(Debug, Clone)]
pub struct NewAnswer {
    /// The epoch in which the question was posted.
    pub epoch: Epoch,
    /// The customer's message.
    pub reply_to: u64,
    pub text: RedactedText,
    pub proof: Proof,
    pub at: Timestamp,
}

impl NewAnswer {
    /// Whether the assistant may still say it: nobody took the conversation over or closed it meanwhile. A reply to
    /// small talk may be said in one that is closed.
    pub(super) fn fits(&self, now: &Conversation) -> bool {
        let speaks = match now.state {
            ConversationState::Assistant => true,
            ConversationState::Resolved => self.proof.small_talk,
            ConversationState::Waiting | ConversationState::WithAgent => false,
        };
        speaks && now.epoch == self.epoch
    }
}

/// What became of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Committed {
    Stored(Message),
    /// The message had its reply already: this one.
    Already(Message),
    /// The conversation went on without the assistant; the answer is void.
    Superseded(Conversation),
}

/// A customer's word on a conversation.
#[derive(Debug, Clone)]
pub struct NewRating {
    /// 1 to 5.
    pub stars: u8,
    pub comment: Option<RedactedText>,
    pub at: Timestamp,
}
