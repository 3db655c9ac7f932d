//! The room of hand-overs: steps of the state machine, tickets, the agents' words, the inbox.

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::StoreError;
use crate::domain::{
    AgentId, Conversation, ConversationId, ConversationState, Epoch, Escalation, Message, Step,
    Ticket,
};
use crate::privacy::RedactedText;

/// Steps, tickets, inbox.
#[async_trait]
pub trait HandOvers: Send + Sync {
    /// Makes a step if it starts from the present epoch and state: state, ticket and the system's
    /// message are one transaction, durable when it returns. So a ticket exists before anybody is
    /// told of it, and there is one ticket for one hand-over. A message that has its reply is not
    /// handed over.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without such a conversation.
    async fn step(&self, id: ConversationId, step: &Transition) -> Result<Changed, StoreError>;

    /// Keeps an agent's words. A reply needs state `with_agent` and its agent; a note needs neither.
    /// `None` when a reply came too late.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without such a conversation.
    async fn agent_message(
        &self,
        id: ConversationId,
        new: &AgentMessage,
    ) -> Result<Option<Message>, StoreError>;

    /// Whom a waiting conversation is meant for. `false` when it does not wait any more.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn reserve(&self, id: ConversationId, agent: Option<AgentId>)
    -> Result<bool, StoreError>;

    /// Adds to an open ticket how the customer can be reached.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn set_contact(&self, ticket: &Ticket, contact: &RedactedText) -> Result<(), StoreError>;

    /// Puts another summary in the place of an open ticket's. `false` when it is not open any more.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn set_summary(
        &self,
        ticket: &Ticket,
        summary: &RedactedText,
    ) -> Result<bool, StoreError>;

    /// The newest tickets first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn escalations(&self, limit: u32) -> Result<Vec<Escalation>, StoreError>;

    /// # Errors
    /// [`StoreError::Database`].
    async fn escalation(&self, ticket: &Ticket) -> Result<Option<Escalation>, StoreError>;

    /// The tickets of a conversation, newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn tickets_of(&self, id: ConversationId) -> Result<Vec<Escalation>, StoreError>;

    /// Conversations for the agents: those that wait first, the longest waiting at the top, the others behind
    /// them, the liveliest first; of equal times the smaller id first. Those with a ticket of a number are
    /// found in every state. [`InboxRow::place`] of the last one leads to those behind it: what moves
    /// meanwhile takes none of the others along.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn inbox(&self, filter: &InboxFilter) -> Result<Vec<InboxRow>, StoreError>;

    /// How long who joins the queue `now` will probably wait, seconds; `None` while nobody can say.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn newcomers_wait_s(&self, now: Timestamp) -> Result<Option<u64>, StoreError>;

    /// Where a waiting conversation stands in the queue `now`; `None` when it does not wait.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn queue_place(
        &self,
        id: ConversationId,
        now: Timestamp,
    ) -> Result<Option<QueuePlace>, StoreError>;
}

/// A step to be made.
#[derive(Debug, Clone)]
pub struct Transition {
    /// The epoch that it starts from.
    pub epoch: Epoch,
    pub step: Step,
    pub at: Timestamp,
    /// What the system says of it in the conversation.
    pub words: RedactedText,
    /// The customer's message that is handed over.
    pub reply_to: Option<u64>,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "made once a step and taken apart at once")]
pub enum Changed {
    /// It was made; the message is the system's.
    Done { conversation: Conversation, message: Message },
    /// It did not start from where the conversation is now. Nothing was changed.
    Not(Conversation),
}

/// An agent's words.
#[derive(Debug, Clone)]
pub struct AgentMessage {
    pub agent: AgentId,
    pub to: MessageFor,
    pub text: RedactedText,
    pub message_id: Option<Uuid>,
    pub at: Timestamp,
}

/// Who is meant to read an agent's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageFor {
    Customer,
    /// Other agents: an internal note.
    Colleagues,
}

/// Which conversations an agent looks at.
#[derive(Debug, Clone, Default)]
pub struct InboxFilter {
    /// All open hand-overs when `None`, and conversations of every state where a ticket is looked for.
    pub state: Option<ConversationState>,
    /// Only what this agent has.
    pub agent: Option<AgentId>,
    /// Only what had a ticket whose number begins so, as [`Ticket`] writes it: `T-4F`.
    pub ticket: Option<String>,
    /// Only what stands behind this place.
    pub after: Option<InboxPlace>,
    pub limit: u32,
}

/// A place in the agents' list. It stays one when the conversation that stood there has moved on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboxPlace {
    /// Whether it is among those who wait.
    pub waits: bool,
    /// Since when it waits; of the others, when something happened last. Whole milliseconds count.
    pub at: Timestamp,
    pub id: ConversationId,
}

/// A conversation in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct InboxRow {
    pub conversation: Conversation,
    /// The last words of the customer.
    pub preview: Option<RedactedText>,
    /// The ticket that was looked for, else the newest one, open or not.
    pub last: Option<LastTicket>,
}

impl InboxRow {
    /// Where it stands.
    pub fn place(&self) -> InboxPlace {
        let conversation = &self.conversation;
        let waits = conversation.state == ConversationState::Waiting;
        let since = conversation.hand_over.as_ref().filter(|_| waits).map(|open| open.at);
        InboxPlace { waits, at: since.unwrap_or(conversation.active_at), id: conversation.id }
    }
}

/// The ticket of a conversation in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct LastTicket {
    pub ticket: Ticket,
    pub summary: RedactedText,
}

/// The first number that no ticket beginning with `ticket` reaches: numbers are of digits and letters.
pub(super) fn past(ticket: &str) -> String {
    format!("{ticket}~")
}

/// A place among those who wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueuePlace {
    /// From 1.
    pub position: u32,
    /// How long it will probably take from now on, seconds; `None` while nobody can say.
    pub eta_s: Option<u64>,
}
