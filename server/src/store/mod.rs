//! What the server keeps of conversations, hand-overs and accounts. SQL of them lives only here. Every
//! word of a customer comes redacted, which the types see to.
//!
//! Rooms, one trait each: [`Conversations`] (what is said and rated), [`HandOvers`] (steps of the state
//! machine and their tickets), [`Accounts`] (people, sessions, keys), [`Questions`] (what was not answered
//! well, for the content team), [`Choices`] (what customers were told and decided) and [`Customers`] (who
//! proved who they are) make the [`ConversationStore`]; beside it the outbox, figures, personal data, privacy
//! records, the vault and the audit log. Each has two implementations, [`sqlite`] in files of the data folder
//! and [`postgres`] for several processes; [`Stores`] opens one of them. Each method that writes is one
//! transaction. The files `contract*.rs` say what every implementation must do.

mod accounts;
pub mod audit;
pub mod choices;
#[cfg(test)]
pub(crate) mod contract;
#[cfg(test)]
mod contract_people;
#[cfg(test)]
mod contract_privacy;
#[cfg(test)]
mod contract_queue;
#[cfg(test)]
mod contract_rooms;
mod conversations;
mod customers;
mod duties;
mod entry;
pub mod figures;
mod file;
mod hand_overs;
#[cfg(test)]
mod interleavings;
mod key_copy;
mod moving;
pub mod outbox;
pub mod personal;
mod postgres;
mod privacy;
pub mod questions;
mod queue;
mod rows;
mod settings;
mod sqlite;
mod stores;
#[cfg(test)]
#[path = "../../../indexer/src/catalog/test_postgres.rs"]
pub(crate) mod test_postgres;
pub mod vault;

pub use accounts::{Accounts, ApiKey, KeyScope, NewSession};
pub use audit::AuditLog;
pub use choices::{Choice, Choices, NewChoice};
pub use conversations::{
    Committed, Conversations, NewAnswer, NewConversation, NewMessage, NewRating, Posted,
};
pub use customers::{Customers, Introduced};
pub use duties::{Duties, Duty};
pub use file::Scrub;
pub use hand_overs::{
    AgentMessage, Changed, HandOvers, InboxFilter, InboxPlace, InboxRow, LastTicket, MessageFor,
    QueuePlace, Transition,
};
pub use moving::{Moving, seal_secrets, store_tables};
pub use personal::PersonalData;
pub use postgres::{
    Changes, Filled, News, PostgresStore, StoreCopy, copied_tables, database_version,
};
pub use privacy::{Claim, LegalHold, PrivacyRecords};
pub use questions::Questions;
pub use settings::ConversationSettings;
pub(crate) use sqlite::KeyFile;
pub use sqlite::{STORE_FILE, SqliteStore};
pub use stores::{PrivacySide, StoreNames, Stores};
pub use vault::{KEYS_FOLDER, Vault, VaultStoreError};

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

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.to_string())
    }
}

/// A name that is in use is the caller's matter, everything else the database's.
fn unique(error: sqlx::Error, what: &'static str) -> StoreError {
    match error.as_database_error() {
        Some(e) if e.is_unique_violation() => StoreError::Taken(what),
        _ => error.into(),
    }
}
