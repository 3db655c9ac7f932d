//! What the server keeps of conversations, hand-overs and accounts. SQL of them lives only here. Every
//! word of a customer comes redacted, which the types see to.
//!
//! Three rooms, one trait each, and [`ConversationStore`] over them: [`Conversations`] (what is said
//! and rated), [`HandOvers`] (steps of the state machine and their tickets), [`Accounts`] (people,
//! sessions, keys). Each method that writes is one transaction. `contract.rs` says what every
//! implementation must do.

mod accounts;
#[cfg(test)]
pub(crate) mod contract;
mod conversations;
mod hand_overs;
#[cfg(test)]
mod interleavings;
mod sqlite;

pub use accounts::{Accounts, ApiKey, KeyScope, NewSession};
pub use conversations::{
    Committed, Conversations, NewAnswer, NewConversation, NewMessage, NewRating, Posted,
};
pub use hand_overs::{
    AgentMessage, Changed, HandOvers, InboxFilter, InboxRow, MessageFor, QueuePlace, Transition,
};
pub use sqlite::SqliteStore;

/// Everything that is stored of customers and the people who answer them.
pub trait ConversationStore: Conversations + HandOvers + Accounts {}

impl<T: Conversations + HandOvers + Accounts> ConversationStore for T {}

/// What went wrong in the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file or database does not open, or is of a newer version.
    #[error("conversation store {location}: {reason}")]
    Open { location: String, reason: String },
    /// The database failed.
    #[error("conversation store: {0}")]
    Database(String),
    /// There is no such conversation, message or account.
    #[error("there is no such {0}")]
    Missing(&'static str),
    /// Another one has that name.
    #[error("there is a {0} of that name already")]
    Taken(&'static str),
}
