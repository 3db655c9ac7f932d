//! Who calls: a customer with a visitor token, an agent with a session, a program with a key. Handlers
//! ask here first; limits are taken here too.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;

use actix_web::{Error, FromRequest, HttpRequest, dev, web};
use jiff::Timestamp;

use super::State;
use super::error::{Code, Problem};
use crate::access::{
    AccessSettings, ClientAddress, Cookies, Gate, IdentityTokens, Limited, Limits, Networks, Oidc,
    VisitorTokens, key_hash,
};
use crate::domain::{Agent, ConversationId, Permission};
use crate::store::KeyScope;

/// The session's cookie over plain HTTP, and over HTTPS: a cookie of the second name no neighbour (another
/// name of the same domain) and no unencrypted answer can set, so nobody is logged in as somebody else.
const SESSION: &str = "atbilde_session";
const SECURE_SESSION: &str = "__Host-atbilde_session";
/// What a page sends with every call that changes something.
pub(super) const CSRF: &str = "x-csrf-token";

/// Everything that decides who comes in.
pub struct Doors {
    pub settings: AccessSettings,
    pub proxies: Networks,
    pub visitors: VisitorTokens,
    pub identities: IdentityTokens,
    pub gate: Gate,
    /// The company's own log-in, where it is configured.
    pub oidc: Option<Oidc>,
    pub limits: std::sync::Arc<Limits>,
}

impl From<Limited> for Problem {
    fn from(limited: Limited) -> Self {
        Self {
            retry_after_s: Some(limited.retry_after_s),
            ..Self::new(Code::RateLimited, "this is more than the limit of requests a minute")
        }
    }
}

impl State {
    /// Where the request comes from, past trusted proxies.
    pub(super) fn client(&self, request: &HttpRequest) -> ClientAddress {
        let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |a| a.ip());
        // Some proxies add a line of their own behind one that the client made up.
        let lines = request.headers().get_all("x-forwarded-for").filter_map(|v| v.to_str().ok());
        let forwarded: Vec<&str> = lines.collect();
        self.doors.proxies.client(peer, Some(&forwarded.join(","))).into()
    }

    /// Whether the customer's connection is encrypted, as a trusted proxy says.
    fn is_https(&self, request: &HttpRequest) -> bool {
        let peer = request.peer_addr().map(|a| a.ip());
        peer.is_some_and(|ip| self.doors.proxies.hold(ip))
            && header(request, "x-forwarded-proto").is_some_and(|p| p.eq_ignore_ascii_case("https"))
    }

    /// Scheme and host by which the caller reached the server, as the request says or a trusted proxy;
    /// empty where neither does.
    pub(super) fn base(&self, request: &HttpRequest) -> String {
        let peer = request.peer_addr().map(|a| a.ip());
        let proxied = peer.is_some_and(|ip| self.doors.proxies.hold(ip));
        let forwarded = header(request, "x-forwarded-host").filter(|_| proxied);
        let host = forwarded.or_else(|| header(request, "host")).unwrap_or_default();
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        if host.is_empty() || !host.chars().all(legal) {
            return String::new();
        }
        let scheme = if self.is_https(request) { "https" } else { "http" };
        format!("{scheme}://{host}")
    }

    /// Whether a proxy stands between that says who it is, or that is trusted.
    pub(super) fn is_proxied(&self, request: &HttpRequest) -> bool {
        const MARKS: [&str; 5] =
            ["x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded", "via"];
        MARKS.iter().any(|mark| request.headers().contains_key(*mark))
            || request.peer_addr().is_some_and(|peer| self.doors.proxies.hold(peer.ip()))
    }

    /// The conversation that the request's token opens, if the address names that one.
    fn visitor(&self, request: &HttpRequest) -> Result<ConversationId, Problem> {
        let token = bearer(request).ok_or_else(|| {
            let detail = "the request has no `Authorization: Bearer` with the conversation's token";
            unauthorized(detail)
        })?;
        let opened = self.doors.visitors.verify(token, Timestamp::now());
        let opened = opened.map_err(|e| unauthorized(&e.to_string()))?;
        let id = request.match_info().get("id").unwrap_or_default();
        let asked = uuid::Uuid::try_parse(id).ok().map(ConversationId);
        if asked != Some(opened) {
            return Err(Problem::new(Code::NotFound, "there is no such conversation"));
        }
        Ok(opened)
    }

    /// Passes anybody within the limits, and programs with a key of `scope` within theirs. Where keys
    /// are required nobody passes without.
    ///
    /// # Errors
    /// `unauthorized`, `forbidden` or `rate_limited`.
    pub(super) async fn admit(
        &self,
        request: &HttpRequest,
        scope: KeyScope,
    ) -> Result<(), Problem> {
        let sent = bearer(request).and_then(key_hash);
        let Some(hash) = sent else {
            if self.doors.settings.require_key {
                let detail = "this server wants an API key; send `Authorization: Bearer atb_...`";
                return Err(unauthorized(detail));
            }
            return Ok(self.doors.limits.address(self.client(request))?);
        };
        let Some(key) = self.store.key(&hash).await? else {
            // Guesses count against the address.
            self.doors.limits.address(self.client(request))?;
            return Err(unauthorized("the API key is unknown or disabled"));
        };
        if !key.scopes.contains(&scope) {
            let detail = format!("the key {:?} has no scope {:?}", key.name, scope.as_str());
            return Err(Problem::new(Code::Forbidden, detail));
        }
        Ok(self.doors.limits.key(&key.name)?)
    }

    pub(super) fn wants_secure_cookie(&self, request: &HttpRequest) -> bool {
        match self.doors.settings.secure_cookies {
            Cookies::Always => true,
            Cookies::Never => false,
            Cookies::Auto => self.is_https(request),
        }
    }

    /// The session's token among the cookies.
    fn session_of<'a>(&self, request: &'a HttpRequest) -> Option<&'a str> {
        let secure = self.wants_secure_cookie(request);
        let name = if secure { SECURE_SESSION } else { SESSION };
        cookie_of(request, name)
    }

    /// The `Set-Cookie` of a session; an empty token takes the cookie back. A token has no character
    /// that means something in a cookie.
    pub(super) fn cookie(&self, request: &HttpRequest, token: &str) -> (&'static str, String) {
        let secure = self.wants_secure_cookie(request);
        let name = if secure { SECURE_SESSION } else { SESSION };
        let hours = if token.is_empty() { 0 } else { self.doors.settings.session_hours };
        let seconds = u64::from(hours) * 3600;
        let secure = self.secure(request);
        let cookie =
            format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
        ("set-cookie", cookie)
    }

    /// The end of a cookie that may be for https alone.
    pub(super) fn secure(&self, request: &HttpRequest) -> &'static str {
        if self.wants_secure_cookie(request) { "; Secure" } else { "" }
    }
}

/// A customer in their own conversation: `unauthorized` without a good token, `not_found` where the
/// address names a conversation that is not the token's. A request that also proves who the customer is
/// makes the conversation theirs: `identity_refused` for a bad proof, `forbidden` for somebody else's.
pub(super) struct Visitor(pub(super) ConversationId);

impl FromRequest for Visitor {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let state = request.app_data::<web::Data<State>>().cloned();
        let request = request.clone();
        Box::pin(async move {
            let state = state.ok_or_else(|| Problem::internal(&"the state is missing"))?;
            let id = state.visitor(&request)?;
            let identity = state.identity(&request)?;
            match state.introduce(id, identity.as_ref()).await {
                // Erased since; the handler says so.
                Err(problem) if problem.code == Code::NotFound => {}
                other => other?,
            }
            Ok(Self(id))
        })
    }
}

/// First who calls, then what they send: whoever may not call is told so whatever they sent.
pub(super) struct After<A, B>(pub(super) A, pub(super) B);

impl<A, B> FromRequest for After<A, B>
where
    A: FromRequest<Error: Into<Error>> + 'static,
    B: FromRequest<Error: Into<Error>> + 'static,
{
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let who = A::from_request(request, &mut dev::Payload::None);
        let what = B::from_request(request, payload);
        Box::pin(async move {
            let who = who.await.map_err(Into::into)?;
            Ok(Self(who, what.await.map_err(Into::into)?))
        })
    }
}

/// An agent who is logged in. For calls that only read.
pub(super) struct Staff {
    pub(super) agent: Agent,
    pub(super) token: String,
}

impl Staff {
    /// # Errors
    /// `forbidden` when the agent's role does not grant it.
    pub(super) fn may(&self, permission: Permission) -> Result<&Agent, Problem> {
        if self.agent.role.may(permission) {
            return Ok(&self.agent);
        }
        let detail = format!("your role ({}) does not allow this", self.agent.role.as_str());
        Err(Problem::new(Code::Forbidden, detail))
    }

    /// For the pages.
    pub(super) fn csrf(&self) -> String {
        Gate::csrf(&self.token)
    }
}

impl FromRequest for Staff {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let state = request.app_data::<web::Data<State>>().cloned();
        let token = state.as_ref().and_then(|s| s.session_of(request)).map(str::to_owned);
        Box::pin(async move {
            let state = state.ok_or_else(|| Problem::internal(&"the state is missing"))?;
            let token = token.ok_or_else(|| unauthorized("you are not logged in"))?;
            let agent = state.doors.gate.session(&token).await?;
            let agent = agent.ok_or_else(|| unauthorized("your session has ended"))?;
            Ok(Self { agent, token })
        })
    }
}

/// An agent whose call may change something: it carries the session's CSRF token.
pub(super) struct StaffActing(pub(super) Staff);

impl FromRequest for StaffActing {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let staff = Staff::from_request(request, payload);
        let sent = header(request, CSRF).map(str::to_owned);
        Box::pin(async move {
            let staff = staff.await?;
            if !sent.is_some_and(|sent| Gate::csrf_matches(&staff.token, &sent)) {
                let detail = "the header `X-CSRF-Token` is missing or not this session's";
                return Err(Problem::new(Code::Forbidden, detail));
            }
            Ok(Self(staff))
        })
    }
}

/// A page's visitor, logged in or not.
pub(super) struct Maybe(pub(super) Option<Staff>);

impl FromRequest for Maybe {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let staff = Staff::from_request(request, payload);
        Box::pin(async move {
            match staff.await {
                Ok(staff) => Ok(Self(Some(staff))),
                Err(problem) if problem.code == Code::Unauthorized => Ok(Self(None)),
                Err(problem) => Err(problem),
            }
        })
    }
}

/// The value of the cookie `name`.
pub(super) fn cookie_of<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let headers = request.headers().get_all("cookie").filter_map(|v| v.to_str().ok());
    let mut cookies = headers.flat_map(|v| v.split(';'));
    cookies.find_map(|c| c.trim().strip_prefix(name)?.strip_prefix('='))
}

/// The token of `Authorization: Bearer`.
pub(super) fn bearer(request: &HttpRequest) -> Option<&str> {
    let (scheme, token) = header(request, "authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

pub(super) fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

fn unauthorized(detail: &str) -> Problem {
    Problem::new(Code::Unauthorized, detail)
}
