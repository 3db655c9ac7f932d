//! What happens while a question is answered, in order: `Queued`*, `Sources`, `Sentence`*, then
//! exactly one of `Done` and `Failed`. Where a person answers instead, `Accepted` is all.

use super::{Answer, Citation, Conversation, Message, Sentence};

/// One step of an answer on its way to the customer.
#[derive(Debug, Clone, PartialEq)]
pub enum AssistantEvent {
    /// Waiting for a place; sent again when the position changes.
    Queued { position: u32, eta_ms: u64 },
    /// The passages that the coming sentences cite. Empty when a person takes over.
    Sources(Vec<Citation>),
    /// A sentence that was proven and may be shown.
    Sentence(Sentence),
    /// Answered or handed off.
    Done(Box<Answer>),
    /// The message is kept for the person who answers.
    Accepted(Box<Accepted>),
    /// Neither was possible. The customer is told so.
    Failed(Failure),
}

impl AssistantEvent {
    /// Whether nothing comes after it.
    pub fn is_last(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Accepted(_) | Self::Failed(_))
    }
}

/// A message that a person will answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    pub conversation: Conversation,
    pub message: Message,
    /// What a client is told that knows no conversations: the hand-over that is open.
    pub answer: Answer,
}

/// Why a question ended without an answer and without a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub kind: FailureKind,
    /// For the caller; no internals.
    pub message: String,
}

/// What a caller can do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// Try again after this many seconds.
    Overloaded { retry_after_s: u32 },
    /// The conversation went on otherwise meanwhile; the same may be sent again.
    Conflict,
    /// There is no such conversation.
    Missing,
    /// The server is at fault; it is logged there.
    Internal,
}
