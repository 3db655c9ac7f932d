//! The provider over HTTP: what it says of itself (discovery), its keys, and the exchange of a code for an
//! ID token. Everything has a time-out and a bound; nothing of an answer but its status leaves this file.
//!
//! Discovery and keys are kept for an hour. One request fetches them while the others wait, a failure is
//! remembered for some seconds, and a key that is not known is looked for once in half a minute: neither
//! strangers nor a provider that is down can make this server ask without end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::Jwk;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Url};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tokio::sync::Mutex;

use super::settings::{OidcSettings, is_protected};
use crate::privacy::Secret;

/// What was fetched is believed so long.
const FRESH: Duration = Duration::from_secs(3600);
/// After a failure the provider is left alone.
const REST: Duration = Duration::from_secs(3);
/// Between two looks for a key that is not known.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// Longer answers are not read.
const MAX_BYTES: usize = 512 * 1024;
/// Keys of a set that are looked at.
const MAX_KEYS: usize = 100;

/// Why the provider is of no use now. For the operator: people are told less.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderFault {
    #[error("{what} at {url} could not be reached: {why}")]
    Unreachable { what: &'static str, url: String, why: &'static str },
    #[error("{what} at {url} answered with status {status}")]
    Status { what: &'static str, url: String, status: u16 },
    #[error("{what} at {url} answered with something that cannot be read: {why}")]
    Unreadable { what: &'static str, url: String, why: String },
    #[error(
        "the provider says that its issuer is {said:?}, but `oidc.issuer` is {wanted:?}; they must be \
         the same to the letter"
    )]
    Issuer { said: String, wanted: String },
    #[error("the provider names {what} at {url}, which is not protected by https")]
    Unprotected { what: &'static str, url: String },
    #[error(
        "the provider takes none of the ways in which this server can prove itself \
         (client_secret_basic, client_secret_post)"
    )]
    Authentication,
    #[error(
        "the provider refused the code (status {status}, {code}); compare `oidc.client_id`, its secret \
         and the redirect address that is registered there"
    )]
    Refused { status: u16, code: String },
}

/// What the provider says of itself.
#[derive(Debug, Clone, Deserialize)]
struct Metadata {
    issuer: String,
    #[serde(deserialize_with = "address")]
    authorization_endpoint: Url,
    #[serde(deserialize_with = "address")]
    token_endpoint: Url,
    #[serde(deserialize_with = "address")]
    jwks_uri: Url,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// The configured provider.
pub(super) struct Provider {
    client: Client,
    issuer: String,
    client_id: String,
    secret: Option<Secret>,
    look_again: Duration,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    metadata: Option<(Arc<Metadata>, Instant)>,
    keys: Option<(Arc<[Jwk]>, Instant)>,
    failed: Option<(ProviderFault, Instant)>,
}

impl Known {
    /// Fails as the provider did a moment ago.
    fn rests(&self) -> Result<(), ProviderFault> {
        let just = self.failed.as_ref().filter(|(_, at)| at.elapsed() < REST);
        just.map_or(Ok(()), |(fault, _)| Err(fault.clone()))
    }
}

/// How new the keys must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Kept,
    /// The right one was not among them.
    Newer,
}

impl Provider {
    /// # Errors
    /// Naming the key that is wrong.
    pub(super) fn new(settings: &OidcSettings) -> Result<Self, String> {
        crate::tls::install();
        let authorities = crate::tls::authorities("oidc.ca_file", settings.ca_file.as_deref())?;
        let client = Client::builder()
            .connect_timeout(Duration::from_secs(settings.connect_timeout_s.max(1)))
            .timeout(Duration::from_secs(settings.timeout_s.max(1)))
            .redirect(reqwest::redirect::Policy::none())
            .tls_certs_merge(authorities)
            .user_agent(concat!("atbilde/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| format!("oidc: no client for the provider: {e}"))?;
        Ok(Self {
            client,
            issuer: settings.issuer.clone(),
            client_id: settings.client_id.clone(),
            secret: settings.secret()?,
            look_again: LOOK_AGAIN,
            known: Mutex::default(),
        })
    }

    /// Where a browser is sent to log in, without parameters.
    ///
    /// # Errors
    /// [`ProviderFault`].
    pub(super) async fn authorization_endpoint(&self) -> Result<Url, ProviderFault> {
        let mut known = self.known.lock().await;
        Ok(self.metadata(&mut known).await?.authorization_endpoint.clone())
    }

    /// The keys that sign ID tokens.
    ///
    /// # Errors
    /// [`ProviderFault`].
    pub(super) async fn keys(&self, wanted: Wanted) -> Result<Arc<[Jwk]>, ProviderFault> {
        let mut known = self.known.lock().await;
        let enough = if wanted == Wanted::Newer { self.look_again } else { FRESH };
        if let Some((keys, at)) = &known.keys
            && at.elapsed() < enough
        {
            return Ok(Arc::clone(keys));
        }
        known.rests()?;
        let metadata = self.metadata(&mut known).await?;
        let fetched = self.get("the set of keys", &metadata.jwks_uri).await;
        let set = remembered(&mut known, fetched)?;
        // A key of a kind that is not known here makes the others no worse.
        let all = set.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let keys: Arc<[Jwk]> =
            all.iter().take(MAX_KEYS).filter_map(|key| Jwk::deserialize(key).ok()).collect();
        known.keys = Some((Arc::clone(&keys), Instant::now()));
        Ok(keys)
    }

    /// The ID token that the provider gives for a code.
    ///
    /// # Errors
    /// [`ProviderFault`].
    pub(super) async fn exchange(
        &self,
        code: &str,
        verifier: &str,
        redirect_uri: &str,
    ) -> Result<String, ProviderFault> {
        const WHAT: &str = "the token endpoint";
        let metadata = {
            let mut known = self.known.lock().await;
            self.metadata(&mut known).await?
        };
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ];
        let url = &metadata.token_endpoint;
        let mut request = self.client.post(url.clone());
        match &self.secret {
            None => form.push(("client_id", &self.client_id)),
            Some(secret) => match metadata.proof()? {
                Proof::Post => {
                    form.push(("client_id", &self.client_id));
                    form.push(("client_secret", secret.expose()));
                }
                Proof::Basic => {
                    let pair = format!("{}:{}", encoded(&self.client_id), encoded(secret.expose()));
                    let basic = format!("Basic {}", STANDARD.encode(pair));
                    request = request.header(AUTHORIZATION, basic);
                }
            },
        }
        let form: Vec<String> =
            form.iter().map(|(key, value)| format!("{key}={}", encoded(value))).collect();
        let request = request
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .body(form.join("&"));
        let (status, answer) = self.read(WHAT, url, request).await?;
        if status != 200 {
            // One of the standard's own words, or nothing: never what else the provider wrote.
            let code = answer.ok().and_then(|a| Some(a.get("error")?.as_str()?.to_owned()));
            let code = code.filter(|c| OAUTH_ERRORS.contains(&c.as_str()));
            let code = code.unwrap_or_else(|| "no reason that is known".to_owned());
            return Err(ProviderFault::Refused { status, code });
        }
        let answer = answer?;
        let token = answer.get("id_token").and_then(Value::as_str).map(str::to_owned);
        token.ok_or_else(|| unreadable(WHAT, url, "it holds no `id_token`"))
    }

    async fn metadata(&self, known: &mut Known) -> Result<Arc<Metadata>, ProviderFault> {
        if let Some((metadata, at)) = &known.metadata
            && at.elapsed() < FRESH
        {
            return Ok(Arc::clone(metadata));
        }
        known.rests()?;
        let discovered = self.discover().await;
        let metadata = Arc::new(remembered(known, discovered)?);
        known.metadata = Some((Arc::clone(&metadata), Instant::now()));
        Ok(metadata)
    }

    async fn discover(&self) -> Result<Metadata, ProviderFault> {
        const WHAT: &str = "the provider's description";
        let address =
            format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let url = Url::parse(&address).map_err(|e| ProviderFault::Unreadable {
            what: WHAT,
            url: address.clone(),
            why: e.to_string(),
        })?;
        let answer = self.get(WHAT, &url).await?;
        let metadata: Metadata =
            serde_json::from_value(answer).map_err(|e| unreadable(WHAT, &url, &e.to_string()))?;
        if metadata.issuer != self.issuer {
            let said: String = metadata.issuer.chars().take(200).collect();
            return Err(ProviderFault::Issuer { said, wanted: self.issuer.clone() });
        }
        for (what, url) in [
            ("its log-in page", &metadata.authorization_endpoint),
            ("its token endpoint", &metadata.token_endpoint),
            ("its keys", &metadata.jwks_uri),
        ] {
            if !is_protected(url) {
                return Err(ProviderFault::Unprotected { what, url: url.to_string() });
            }
        }
        if self.secret.is_some() {
            metadata.proof()?;
        }
        Ok(metadata)
    }

    async fn get(&self, what: &'static str, url: &Url) -> Result<Value, ProviderFault> {
        let request = self.client.get(url.clone()).header(ACCEPT, "application/json");
        match self.read(what, url, request).await? {
            (200, answer) => answer,
            (status, _) => Err(ProviderFault::Status { what, url: url.to_string(), status }),
        }
    }

    /// Status and body, of a bounded length.
    async fn read(
        &self,
        what: &'static str,
        url: &Url,
        request: reqwest::RequestBuilder,
    ) -> Result<(u16, Result<Value, ProviderFault>), ProviderFault> {
        let failed = |e: reqwest::Error| ProviderFault::Unreachable {
            what,
            url: url.to_string(),
            why: reason(&e),
        };
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(failed)? {
            if body.len() + part.len() > MAX_BYTES {
                return Ok((status, Err(unreadable(what, url, "it is too long"))));
            }
            body.extend_from_slice(&part);
        }
        // What is wrong with it, never what is in it.
        let answer = serde_json::from_slice(&body)
            .map_err(|e| unreadable(what, url, &format!("no JSON at line {}", e.line())));
        Ok((status, answer))
    }
}

/// How this server proves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proof {
    Basic,
    Post,
}

impl Metadata {
    fn proof(&self) -> Result<Proof, ProviderFault> {
        // Basic is what the standard says where nothing is said.
        let Some(methods) = &self.token_endpoint_auth_methods_supported else {
            return Ok(Proof::Basic);
        };
        let takes = |name: &str| methods.iter().any(|m| m == name);
        if takes("client_secret_basic") {
            Ok(Proof::Basic)
        } else if takes("client_secret_post") {
            Ok(Proof::Post)
        } else {
            Err(ProviderFault::Authentication)
        }
    }
}

/// RFC 6749, section 5.2.
const OAUTH_ERRORS: [&str; 6] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    Url::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// Remembers a failure for a while, and forgets it after a success.
fn remembered<T>(known: &mut Known, done: Result<T, ProviderFault>) -> Result<T, ProviderFault> {
    known.failed = done.as_ref().err().map(|fault| (fault.clone(), Instant::now()));
    done
}

fn unreadable(what: &'static str, url: &Url, why: &str) -> ProviderFault {
    ProviderFault::Unreadable { what, url: url.to_string(), why: why.to_owned() }
}

/// What went wrong, in words for the operator.
fn reason(error: &reqwest::Error) -> &'static str {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(now) = cause {
        if now.to_string().to_lowercase().contains("certificate") {
            return "its certificate is not trusted; `oidc.ca_file` names a company's own authority";
        }
        cause = now.source();
    }
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection; is the address right, and does a firewall let this server out?"
    } else {
        "the connection broke"
    }
}

/// As a form and `Basic` want it (RFC 6749, appendix B).
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
#[path = "provider_tests.rs"]
mod tests;
