//! What happens while a question is answered, in order: `Queued`*, `Sources`, `Sentence`*, then
//! exactly one of `Done` and `Failed`.

use super::{Answer, Citation, Sentence};

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
    /// Neither was possible. The customer is told so.
    Failed(Failure),
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
    /// The server is at fault; it is logged there.
    Internal,
}
