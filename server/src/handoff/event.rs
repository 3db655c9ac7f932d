//! What other systems are told about, and how telling them can end. Shared by all sinks.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::store::StoreError;

/// What happened. The names are part of the API: `conversation.handed_off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A person is wanted; with ticket, reason, summary and transcript.
    HandedOff,
    /// Somebody said something.
    Message,
    /// The conversation is over.
    Resolved,
    /// The customer gave stars.
    Rated,
    /// Everything of the conversation is gone; forget it too.
    Erased,
}

impl EventKind {
    pub const ALL: [Self; 5] =
        [Self::HandedOff, Self::Message, Self::Resolved, Self::Rated, Self::Erased];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::HandedOff => "handed_off",
            Self::Message => "message",
            Self::Resolved => "resolved",
            Self::Rated => "rated",
            Self::Erased => "erased",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// How one try to deliver ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    Done,
    /// The receiver wants nothing more, ever.
    Gone,
    /// Try again, not before `retry_after`. `why` holds no address and no words of a conversation.
    Failed {
        why: String,
        retry_after: Option<Duration>,
    },
}

/// Why sinks cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HandoffError {
    #[error("{0}")]
    Misconfigured(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}
