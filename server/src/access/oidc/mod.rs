//! Logging in with the company's own account (OpenID Connect, authorization code flow with PKCE): from the
//! button on the login page to an account of this server, whose session the gate then opens.
//!
//! Called by `http::sign_on`. An account belongs to issuer and subject, never to an address. What became of
//! somebody whom the provider sent gets into the audit log, as a word of this program and an id; what anybody
//! can bring about does not. What the provider answered is for the operator's log alone;
//! people are told what to do next ([`Refused`]).

mod flow;
mod person;
mod provider;
mod settings;
mod token;

use std::sync::Arc;

use jiff::Timestamp;

use self::flow::{Flow, Flows, Stray};
use self::person::Barred;
use self::provider::{Provider, Wanted, encoded};
use self::token::{Expected, Proven};
use crate::domain::{Agent, AgentId, AgentRole, SignOn};
use crate::privacy::Secret;
use crate::privacy::audit::{Actor, Subject};
use crate::store::{AuditLog, ConversationStore, StoreError};

pub use provider::ProviderFault;
pub use settings::OidcSettings;
pub use token::TokenFault;

/// Seconds that a login may take.
pub const FLOW_S: i64 = flow::LIVES_S;
/// Longer codes are not sent on.
const MAX_CODE: usize = 4096;

/// The configured provider, and who comes from it.
pub struct Oidc {
    settings: OidcSettings,
    provider: Provider,
    flows: Flows,
    store: Arc<dyn ConversationStore>,
    audit: AuditLog,
}

/// A login that has begun.
pub struct Begun {
    /// Where the browser goes.
    pub url: String,
    /// What it keeps meanwhile.
    pub cookie: String,
}

/// What the browser brings back from the provider.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// What it kept.
    pub cookie: &'a str,
    pub state: &'a str,
    pub code: Option<&'a str>,
    /// Whether the provider says that it went wrong.
    pub denied: bool,
    /// Who the provider says it is (RFC 9207).
    pub issuer: Option<&'a str>,
    /// Where the answer came in, as the provider was told.
    pub redirect_uri: &'a str,
}

/// Somebody who may come in.
pub struct Come {
    pub agent: Agent,
    /// Who they are at the provider.
    pub person: SignOn,
    /// A path of this server.
    pub next: String,
}

/// Why nobody came in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("the answer belongs to no login that this browser began in the last minutes")]
    Stray,
    #[error("the provider let nobody in")]
    Denied,
    #[error("the answer names another provider than `oidc.issuer`")]
    Elsewhere,
    #[error(transparent)]
    Provider(#[from] ProviderFault),
    #[error(transparent)]
    Token(#[from] TokenFault),
    #[error("the person has no confirmed e-mail address of an allowed domain")]
    Domain(Option<AgentId>),
    #[error("nothing in the role claim lets the person in")]
    Role(Option<AgentId>),
    /// With the subject, by which an administrator connects an account.
    #[error("there is no account for the person")]
    NoAccount(String),
    #[error("another account has the person's address as its login")]
    LoginTaken(String),
    #[error("the account is closed")]
    Closed(AgentId),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Stray> for Refused {
    fn from(_: Stray) -> Self {
        Self::Stray
    }
}

impl Refused {
    /// For the audit log. Anybody can begin a login and bring back what they like: until the provider has given
    /// a token for it nothing is written there, or strangers would push out what matters.
    fn action(&self) -> Option<&'static str> {
        match self {
            Self::Stray | Self::Denied | Self::Elsewhere | Self::Provider(_) => None,
            Self::Token(_) => Some("sign_on.refused.token"),
            Self::Domain(_) => Some("sign_on.refused.domain"),
            Self::Role(_) => Some("sign_on.refused.role"),
            Self::NoAccount(_) => Some("sign_on.refused.no_account"),
            Self::LoginTaken(_) => Some("sign_on.refused.login_taken"),
            Self::Closed(_) => Some("sign_on.refused.closed"),
            Self::Store(_) => Some("sign_on.failed.store"),
        }
    }

    fn subject(&self) -> Subject {
        match self {
            Self::Domain(Some(id)) | Self::Role(Some(id)) | Self::Closed(id) => {
                Subject::Account(id.0)
            }
            _ => Subject::System,
        }
    }
}

impl Oidc {
    /// `None` where no provider is configured. Nothing is asked of it before the first login.
    ///
    /// # Errors
    /// Naming the key that is wrong.
    pub fn new(
        settings: &OidcSettings,
        store: Arc<dyn ConversationStore>,
        audit: AuditLog,
        key: Secret,
    ) -> Result<Option<Self>, String> {
        if !settings.is_on() {
            return Ok(None);
        }
        let provider = Provider::new(settings)?;
        let flows = Flows::new(key);
        Ok(Some(Self { settings: settings.clone(), provider, flows, store, audit }))
    }

    /// Asks the provider for what a login needs: for `check-config`. Gives what was found, in words.
    ///
    /// # Errors
    /// Naming the key that is wrong, or what the provider says.
    pub async fn probe(settings: &OidcSettings) -> Result<String, String> {
        let provider = Provider::new(settings)?;
        let named = |fault: ProviderFault| format!("oidc.issuer: {fault}");
        provider.authorization_endpoint().await.map_err(named)?;
        let keys = provider.keys(Wanted::Kept).await.map_err(named)?;
        if keys.is_empty() {
            return Err(
                "oidc.issuer: the provider publishes no key that could sign an ID token".into()
            );
        }
        Ok(format!("{}, {} keys", settings.issuer, keys.len()))
    }

    /// The button's own words, where the configuration has some.
    pub fn button(&self) -> Option<&str> {
        Some(self.settings.button.as_str()).filter(|words| !words.is_empty())
    }

    pub fn takes_passwords(&self) -> bool {
        self.settings.password_login
    }

    /// This server as browsers see it, where the configuration says it.
    pub fn base_url(&self) -> Option<&str> {
        Some(self.settings.base_url.trim_end_matches('/')).filter(|url| !url.is_empty())
    }

    /// Begins a login that ends at `redirect_uri` and leads to `next`, a path of this server.
    ///
    /// # Errors
    /// [`Refused::Provider`] when the provider is of no use now.
    pub async fn begin(&self, redirect_uri: &str, next: &str) -> Result<Begun, Refused> {
        let mut url = match self.provider.authorization_endpoint().await {
            Ok(url) => url,
            Err(fault) => return Err(self.refused(fault.into()).await?),
        };
        let (flow, cookie) = self.flows.begin(next, Timestamp::now());
        let scopes = self.settings.scopes.join(" ");
        let challenge = flow.challenge();
        let parameters: [(&str, &str); 8] = [
            ("response_type", "code"),
            ("client_id", &self.settings.client_id),
            ("redirect_uri", redirect_uri),
            ("scope", &scopes),
            ("state", &flow.state),
            ("nonce", &flow.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let own = url.query().map(str::to_owned).filter(|query| !query.is_empty());
        let ours = parameters.map(|(key, value)| format!("{key}={}", encoded(value))).join("&");
        url.set_query(Some(&own.into_iter().chain([ours]).collect::<Vec<_>>().join("&")));
        Ok(Begun { url: url.into(), cookie })
    }

    /// Ends a login: who came, and where they go.
    ///
    /// # Errors
    /// [`Refused`], recorded already; [`Refused::Stray`] is not even logged, the caller limits how often it may
    /// come.
    pub async fn finish(&self, answer: Answer<'_>) -> Result<Come, Refused> {
        let now = Timestamp::now();
        let flow = self.flows.finish(answer.cookie, answer.state, now)?;
        match self.come(answer, flow, now).await {
            Ok(come) => {
                let id = come.agent.id.0;
                self.audit.record(Actor::Account(id), "sign_on.done", Subject::Account(id)).await?;
                Ok(come)
            }
            Err(why) => Err(self.refused(why).await?),
        }
    }

    /// A second look, once `person` has a session for the account `id`: what was closed or given to somebody else
    /// while they came in had no session then that could have been ended.
    ///
    /// # Errors
    /// [`Refused`], recorded already; the session is to be ended.
    pub async fn still(&self, id: AgentId, person: &SignOn) -> Result<(), Refused> {
        match self.store.agent_of(person).await? {
            Some(agent) if agent.id == id && !agent.disabled => Ok(()),
            _ => Err(self.refused(Refused::Closed(id)).await?),
        }
    }

    async fn come(&self, answer: Answer<'_>, flow: Flow, now: Timestamp) -> Result<Come, Refused> {
        if answer.issuer.is_some_and(|issuer| issuer != self.settings.issuer) {
            return Err(Refused::Elsewhere);
        }
        let code = answer.code.filter(|code| !answer.denied && code.len() <= MAX_CODE);
        let code = code.ok_or(Refused::Denied)?;
        let token = self.provider.exchange(code, &flow.verifier, answer.redirect_uri).await?;
        let proven = self.proven(&token, &flow, now).await?;
        let person = SignOn { issuer: self.settings.issuer.clone(), subject: proven.subject };
        let agent = self.account(&person, &proven.claims, now).await?;
        Ok(Come { agent, person, next: flow.next })
    }

    async fn proven(&self, token: &str, flow: &Flow, now: Timestamp) -> Result<Proven, Refused> {
        let (issuer, client) = (&self.settings.issuer, &self.settings.client_id);
        let expected = Expected { issuer, client, nonce: &flow.nonce, now };
        // What is never accepted makes nobody fetch keys.
        token::check_kind(token)?;
        let keys = self.provider.keys(Wanted::Kept).await?;
        match token::verify(token, &keys, &expected) {
            // A new key may have the old one's name, or a token none.
            Err(TokenFault::UnknownKey | TokenFault::Signature) => {
                let keys = self.provider.keys(Wanted::Newer).await?;
                Ok(token::verify(token, &keys, &expected)?)
            }
            other => Ok(other?),
        }
    }

    /// The person's account, with the role that they have now.
    async fn account(
        &self,
        sign_on: &SignOn,
        claims: &serde_json::Value,
        now: Timestamp,
    ) -> Result<Agent, Refused> {
        let known = self.store.agent_of(sign_on).await?;
        let role = match person::role(&self.settings, claims) {
            Ok(role) => role,
            Err(barred) => {
                let id = known.map(|agent| agent.id);
                // Who may no longer come in does not stay in either.
                if let Some(id) = id {
                    self.store.end_sessions(id).await?;
                }
                return Err(match barred {
                    Barred::Domain => Refused::Domain(id),
                    Barred::Role => Refused::Role(id),
                });
            }
        };
        match known {
            Some(agent) if agent.disabled => Err(Refused::Closed(agent.id)),
            Some(agent) if agent.role != role => self.with_role(agent, role).await,
            Some(agent) => Ok(agent),
            None if !self.settings.create_accounts => {
                Err(Refused::NoAccount(sign_on.subject.clone()))
            }
            None => self.new_account(sign_on, (claims, role), now).await,
        }
    }

    async fn with_role(&self, agent: Agent, role: AgentRole) -> Result<Agent, Refused> {
        let subject = Subject::Account(agent.id.0);
        self.audit.record(Actor::System, "sign_on.role_changed", subject).await?;
        self.store.set_role(agent.id, role).await?;
        Ok(Agent { role, ..agent })
    }

    async fn new_account(
        &self,
        sign_on: &SignOn,
        (claims, role): (&serde_json::Value, AgentRole),
        now: Timestamp,
    ) -> Result<Agent, Refused> {
        let (login, name) = person::names(claims, sign_on);
        let id = AgentId::random();
        let agent = Agent { id, login, name, role, disabled: false, created_at: now };
        match self.store.add_agent_of(&agent, sign_on).await {
            Ok(()) => {
                let subject = Subject::Account(id.0);
                self.audit.record(Actor::System, "sign_on.account_made", subject).await?;
                Ok(agent)
            }
            // By the same person in another window, or there is an account of that login.
            Err(StoreError::Taken(_)) => match self.store.agent_of(sign_on).await? {
                Some(made) => Ok(made),
                None => Err(Refused::LoginTaken(sign_on.subject.clone())),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Records why nobody came in, and gives it back.
    async fn refused(&self, why: Refused) -> Result<Refused, StoreError> {
        tracing::warn!(reason = %why, "sign_on.refused");
        if let Some(action) = why.action() {
            self.audit.record(Actor::System, action, why.subject()).await?;
        }
        Ok(why)
    }
}
