//! The room of who may come in: people, their sessions, keys of programs. Passwords, session tokens
//! and keys are here as hashes alone.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::domain::{Agent, AgentId, AgentRole, SignOn};

/// People, sessions, keys.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// # Errors
    /// [`StoreError::Taken`] when the login is in use.
    async fn add_agent(&self, agent: &Agent, password_hash: &str) -> Result<(), StoreError>;

    /// By login.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn agents(&self) -> Result<Vec<Agent>, StoreError>;

    /// # Errors
    /// [`StoreError::Database`].
    async fn agent(&self, id: AgentId) -> Result<Option<Agent>, StoreError>;

    /// The account of a login with the hash of its password.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn agent_by_login(&self, login: &str) -> Result<Option<(Agent, String)>, StoreError>;

    /// An account that logs in with the company's own and has no password.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the login is in use, or the person has an account.
    async fn add_agent_of(&self, agent: &Agent, sign_on: &SignOn) -> Result<(), StoreError>;

    /// The person's account.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn agent_of(&self, sign_on: &SignOn) -> Result<Option<Agent>, StoreError>;

    /// Connects an account with the company's own one, or with none.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without such an account, [`StoreError::Taken`] when the person has another.
    async fn connect(&self, id: AgentId, sign_on: Option<&SignOn>) -> Result<(), StoreError>;

    /// Accounts that are connected.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn connected(&self) -> Result<Vec<AgentId>, StoreError>;

    /// # Errors
    /// [`StoreError::Missing`] without such an account.
    async fn set_role(&self, id: AgentId, role: AgentRole) -> Result<(), StoreError>;

    /// Ends all sessions of the account.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn end_sessions(&self, id: AgentId) -> Result<(), StoreError>;

    /// Sets a password and ends all sessions of the account.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without such an account.
    async fn set_password(&self, id: AgentId, password_hash: &str) -> Result<(), StoreError>;

    /// Closes or opens an account; closing ends its sessions.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without such an account.
    async fn set_disabled(&self, id: AgentId, disabled: bool) -> Result<(), StoreError>;

    /// # Errors
    /// [`StoreError::Database`].
    async fn open_session(&self, session: &NewSession) -> Result<(), StoreError>;

    /// Whose session it is, when it has not expired at `now` and the account is open.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn session(&self, token_hash: &str, now: Timestamp) -> Result<Option<Agent>, StoreError>;

    /// Ends a session, and forgets all that have expired.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn close_session(&self, token_hash: &str, now: Timestamp) -> Result<(), StoreError>;

    /// # Errors
    /// [`StoreError::Taken`] when the name is in use.
    async fn add_key(&self, key: &ApiKey, key_hash: &str) -> Result<(), StoreError>;

    /// By name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn keys(&self) -> Result<Vec<ApiKey>, StoreError>;

    /// The key of a hash, when it is not disabled.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    async fn key(&self, key_hash: &str) -> Result<Option<ApiKey>, StoreError>;

    /// # Errors
    /// [`StoreError::Missing`] without such a key.
    async fn disable_key(&self, name: &str) -> Result<(), StoreError>;
}

/// Instead of a password's hash where there is no password: matches none.
pub(super) const NO_PASSWORD: &str = "none";

/// A session that begins.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// SHA-256 of the token, hex.
    pub token_hash: String,
    pub agent: AgentId,
    pub at: Timestamp,
    pub expires_at: Timestamp,
}

/// A program's key, without the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    pub name: String,
    pub scopes: Vec<KeyScope>,
    pub disabled: bool,
    pub created_at: Timestamp,
}

/// What a program may do with its key. The names are part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyScope {
    /// Ask questions and lead conversations.
    Ask,
    /// Search the articles.
    Search,
    /// Read the state of the index and figures.
    Operate,
    /// Export and erase, retention, the audit log.
    Privacy,
}

impl KeyScope {
    pub const ALL: [Self; 4] = [Self::Ask, Self::Search, Self::Operate, Self::Privacy];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Search => "search",
            Self::Operate => "operate",
            Self::Privacy => "privacy",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}
