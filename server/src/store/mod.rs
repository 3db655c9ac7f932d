//! What the server keeps of conversations, hand-overs and accounts. SQL of them lives only here. Every
//! word of a customer comes redacted, which the types see to.
//!
//! Rooms with one trait each, and [`ConversationStore`] over them: [`Conversations`] (what is said
//! and rated), [`HandOvers`] (steps of the state machine and their tickets), [`Accounts`] (people,
//! sessions, keys), [`Questions`] (what was not answered well, for the content team), [`Choices`] (what customers were told
//! and decided), [`Customers`] (who proved who they are). Each method that writes is one transaction. `contract.rs` says what every
//! implementation must do.

mod accounts;
pub mod audit;
pub mod choices;
#[cfg(test)]
pub(crate) mod contract;
#[cfg(test)]
mod contract_people;
mod conversations;
mod customers;
pub mod figures;
mod file;
mod hand_overs;
#[cfg(test)]
mod interleavings;
pub mod outbox;
pub mod personal;
mod privacy_file;
pub mod questions;
mod sqlite;
pub mod vault;

pub use accounts::{Accounts, ApiKey, KeyScope, NewSession};
pub use audit::AuditLog;
pub use choices::{Choice, Choices, NewChoice};
pub use conversations::{
    Committed, Conversations, NewAnswer, NewConversation, NewMessage, NewRating, Posted,
};
pub use customers::{Customers, Introduced};
pub(crate) use file::Scrub;
pub use hand_overs::{
    AgentMessage, Changed, HandOvers, InboxFilter, InboxRow, MessageFor, QueuePlace, Transition,
};
pub use privacy_file::{LegalHold, PRIVACY_FILE, PrivacyFile};
pub use questions::Questions;
pub use sqlite::SqliteStore;
pub use vault::{KEYS_FOLDER, KeyFile, Vault, VaultStoreError};

/// Everything that is stored of customers and the people who answer them.
pub trait ConversationStore:
    Conversations + HandOvers + Accounts + Questions + Choices + Customers
{
}

impl<T> ConversationStore for T where
    T: Conversations + HandOvers + Accounts + Questions + Choices + Customers
{
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
    /// There is no such conversation, message or account.
    #[error("there is no such {0}")]
    Missing(&'static str),
    /// Another one has that name.
    #[error("there is a {0} of that name already")]
    Taken(&'static str),
}

impl From<VaultStoreError> for StoreError {
    fn from(error: VaultStoreError) -> Self {
        match error {
            VaultStoreError::Store(error) => error,
            VaultStoreError::Erased => Self::Missing("conversation"),
            other => Self::Database(other.to_string()),
        }
    }
}
