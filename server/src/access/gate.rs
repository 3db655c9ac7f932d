//! Logging in and out: from login and password to a session, and from a session's token to an account.
//!
//! The token goes to the browser and nowhere else; the store has its hash. The CSRF token is made of
//! the session's token, so that it needs no storage and dies with it.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;
use tokio::sync::Semaphore;

use super::address::ClientAddress;
use super::limits::{Limited, Limits};
use super::password::Passwords;
use crate::domain::Agent;
use crate::privacy::Secret;
use crate::store::{ConversationStore, NewSession, StoreError};

/// Tries to log in that are looked at or wait for it; a password takes some time on purpose, so more
/// than these would wait for longer than anybody does.
const MOST_AT_ONCE: usize = 32;
/// When to try again then, seconds.
const BUSY_S: u32 = 5;
/// Longer logins and tokens are not looked at.
const MAX_LEN: usize = 200;

/// The door of the agents' side.
pub struct Gate {
    store: Arc<dyn ConversationStore>,
    limits: Arc<Limits>,
    passwords: Passwords,
    places: Semaphore,
    lives: SignedDuration,
}

/// A session that has just begun.
pub struct LoggedIn {
    pub agent: Agent,
    /// For the cookie.
    pub token: Secret,
    pub expires_at: Timestamp,
}

/// Why nobody came in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Login or password; which one is not said.
    #[error("login or password is wrong")]
    Wrong,
    #[error("too many tries; wait {} s", .0.retry_after_s)]
    Limited(Limited),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Gate {
    pub fn new(store: Arc<dyn ConversationStore>, limits: Arc<Limits>, session_hours: u32) -> Self {
        let lives = SignedDuration::from_hours(i64::from(session_hours));
        let (passwords, places) = (Passwords::default(), Semaphore::new(MOST_AT_ONCE));
        Self { store, limits, passwords, places, lives }
    }

    /// # Errors
    /// [`LoginError`]; a login that nobody has, a wrong password and a closed account look alike and
    /// take as long.
    pub async fn log_in(
        &self,
        (login, password): (&str, Secret),
        address: ClientAddress,
    ) -> Result<LoggedIn, LoginError> {
        let login: String = login.trim().to_lowercase().chars().take(MAX_LEN).collect();
        self.limits.login(address, &login).map_err(LoginError::Limited)?;
        let busy = || LoginError::Limited(Limited { retry_after_s: BUSY_S });
        let _place = self.places.try_acquire().map_err(|_| busy())?;
        let found = self.store.agent_by_login(&login).await?;
        let (agent, hash) = found.unzip();
        let matches = self.passwords.matches(password, hash.clone()).await;
        let agent = agent.filter(|a| matches && !a.disabled).ok_or(LoginError::Wrong)?;
        let logged_in = self.open(agent).await?;
        // A password that was changed while this one was looked at ends all sessions, this one too.
        let now = self.store.agent_by_login(&login).await?;
        if now.is_none_or(|(_, now)| Some(now) != hash) {
            self.log_out(logged_in.token.expose()).await?;
            return Err(LoginError::Wrong);
        }
        Ok(logged_in)
    }

    /// Opens a session for somebody who has proven who they are.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open(&self, agent: Agent) -> Result<LoggedIn, StoreError> {
        let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        let at = Timestamp::now();
        let expires_at = at.checked_add(self.lives).unwrap_or(Timestamp::MAX);
        let token_hash = super::hash(&token);
        self.store
            .open_session(&NewSession { token_hash, agent: agent.id, at, expires_at })
            .await?;
        Ok(LoggedIn { agent, token: Secret::new(token), expires_at })
    }

    /// Whose session it is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn session(&self, token: &str) -> Result<Option<Agent>, StoreError> {
        if token.is_empty() || token.len() > MAX_LEN {
            return Ok(None);
        }
        self.store.session(&super::hash(token), Timestamp::now()).await
    }

    /// # Errors
    /// When the store fails.
    pub async fn log_out(&self, token: &str) -> Result<(), StoreError> {
        self.store.close_session(&super::hash(token), Timestamp::now()).await
    }

    /// What a page of the session sends with every call that changes something.
    pub fn csrf(token: &str) -> String {
        let mac = csrf_mac(token).map(|mac| mac.finalize().into_bytes().to_vec());
        URL_SAFE_NO_PAD.encode(mac.unwrap_or_default())
    }

    /// Whether `sent` is the session's CSRF token; compared in constant time.
    pub fn csrf_matches(token: &str, sent: &str) -> bool {
        let Ok(sent) = URL_SAFE_NO_PAD.decode(sent) else { return false };
        csrf_mac(token).is_some_and(|mac| mac.verify_slice(&sent).is_ok())
    }
}

fn csrf_mac(token: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(token.as_bytes()).ok()?;
    mac.update(b"atbilde csrf v1");
    Some(mac)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::access::LimitSettings;
    use crate::domain::{AgentId, AgentRole};
    use crate::store::{Accounts, SqliteStore};

    async fn gate(login_per_minute: u32) -> (Gate, Arc<SqliteStore>, Agent) {
        let store = Arc::new(SqliteStore::in_memory().await.unwrap());
        let agent = Agent {
            id: AgentId::random(),
            login: "anna".to_owned(),
            name: "Anna".to_owned(),
            role: AgentRole::Agent,
            disabled: false,
            created_at: Timestamp::UNIX_EPOCH,
        };
        let hash = Passwords::default().hash(Secret::new("correct horse")).await.unwrap();
        store.add_agent(&agent, &hash).await.unwrap();
        let limits = LimitSettings { login_per_minute, ..LimitSettings::default() };
        let gate = Gate::new(store.clone(), Arc::new(Limits::new(&limits)), 1);
        (gate, store, agent)
    }

    fn home() -> ClientAddress {
        IpAddr::V4(Ipv4Addr::LOCALHOST).into()
    }

    #[tokio::test]
    async fn a_session_lasts_from_login_to_logout() {
        let (gate, store, agent) = gate(100).await;
        let login = gate.log_in((" Anna ", Secret::new("correct horse")), home()).await;
        let login = login.unwrap_or_else(|e| panic!("{e}"));
        let token = login.token.expose();
        assert_eq!(gate.session(token).await.unwrap(), Some(agent.clone()));
        assert_eq!(gate.session("guess").await.unwrap(), None);
        assert_eq!(gate.session("").await.unwrap(), None);
        gate.log_out(token).await.unwrap();
        assert_eq!(gate.session(token).await.unwrap(), None);
        store.set_disabled(agent.id, true).await.unwrap();
        let closed = gate.log_in(("anna", Secret::new("correct horse")), home()).await;
        assert!(matches!(closed, Err(LoginError::Wrong)));
    }

    #[tokio::test]
    async fn nobody_learns_which_half_was_wrong_and_guessing_ends() {
        let (gate, _, _) = gate(3).await;
        for (login, password) in [("anna", "wrong horse"), ("nobody", "correct horse"), ("", "")] {
            let error = gate.log_in((login, Secret::new(password)), home()).await.err().unwrap();
            assert_eq!(error.to_string(), "login or password is wrong");
        }
        let over = gate.log_in(("anna", Secret::new("correct horse")), home()).await;
        assert!(matches!(over, Err(LoginError::Limited(_))));
    }

    #[tokio::test]
    async fn who_would_wait_too_long_is_sent_away_and_a_changed_password_counts_at_once() {
        let (gate, store, agent) = gate(1000).await;
        let all = gate.places.try_acquire_many(MOST_AT_ONCE as u32).unwrap();
        let busy = gate.log_in(("anna", Secret::new("correct horse")), home()).await;
        assert!(matches!(busy, Err(LoginError::Limited(l)) if l.retry_after_s == BUSY_S));
        drop(all);
        // Whatever comes first, no session is left of the old password.
        let new = Passwords::default().hash(Secret::new("another horse")).await.unwrap();
        let (login, changed) = tokio::join!(
            gate.log_in(("anna", Secret::new("correct horse")), home()),
            store.set_password(agent.id, &new)
        );
        changed.unwrap();
        if let Ok(login) = login {
            assert_eq!(gate.session(login.token.expose()).await.unwrap(), None);
        }
        assert!(gate.log_in(("anna", Secret::new("another horse")), home()).await.is_ok());
    }

    #[test]
    fn a_csrf_token_belongs_to_its_session() {
        let token = Gate::csrf("one");
        assert!(Gate::csrf_matches("one", &token));
        assert!(!Gate::csrf_matches("two", &token));
        assert!(!Gate::csrf_matches("one", "") && !Gate::csrf_matches("one", "ā"));
        assert_ne!(token, Gate::csrf("two"));
    }
}
