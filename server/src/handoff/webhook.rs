//! One webhook endpoint: settings, and sending one event to it (Standard Webhooks 1.0.0).
//!
//! The id of an event is the same in every try, so a receiver that remembers ids handles each event once.
//! Redirects are not followed, the answer's body is not read, private addresses are refused
//! ([`address`](super::address)).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, StatusCode, Url};
use serde::{Deserialize, Serialize};

use super::address::{PublicOnly, is_public};
use super::signature::{SigningSecret, header};
use super::{Delivery, EventKind, HandoffError};
use crate::privacy::Secret;

/// `[webhooks]` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookSettings {
    /// Who is told.
    pub endpoints: Vec<EndpointSettings>,
    /// For a connection, seconds.
    pub connect_timeout_s: u64,
    /// For a whole delivery, seconds.
    pub timeout_s: u64,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self { endpoints: Vec::new(), connect_timeout_s: 5, timeout_s: 15 }
    }
}

/// One receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointSettings {
    /// Names it in lists and commands.
    pub name: String,
    /// `https://`; `http://` only with `allow_private`.
    pub url: String,
    /// `whsec_...`; or `secret_file`, a file that holds it.
    pub secret: Option<Secret>,
    pub secret_file: Option<std::path::PathBuf>,
    /// The secret before this one, while the receiver changes over.
    pub old_secret: Option<Secret>,
    /// Which events it gets; all when empty.
    #[serde(default)]
    pub events: BTreeSet<EventKind>,
    /// It stands in the company's own network.
    #[serde(default)]
    pub allow_private: bool,
}

/// An endpoint, ready to be sent to.
pub struct Webhook {
    name: String,
    url: Url,
    secrets: Vec<SigningSecret>,
    events: BTreeSet<EventKind>,
    client: Client,
}

impl Webhook {
    /// # Errors
    /// [`HandoffError::Misconfigured`] naming the key that is wrong.
    pub fn new(
        settings: &WebhookSettings,
        endpoint: &EndpointSettings,
    ) -> Result<Self, HandoffError> {
        let wrong = |what: &str| {
            HandoffError::Misconfigured(format!("webhooks.endpoints, {:?}: {what}", endpoint.name))
        };
        let good_name = (1..=64).contains(&endpoint.name.len())
            && endpoint.name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        if !good_name {
            return Err(wrong("the name must be 1 to 64 letters, digits, '-', '_' and '.'"));
        }
        let url = Url::parse(&endpoint.url).map_err(|e| wrong(&format!("url: {e}")))?;
        match url.scheme() {
            "https" => {}
            "http" if endpoint.allow_private => {}
            "http" => {
                return Err(wrong("url must begin with https://; http:// needs allow_private"));
            }
            _ => return Err(wrong("url must begin with https://")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("url must hold no user and no password"));
        }
        let literal = url.host_str().map(|host| host.trim_matches(['[', ']']));
        let literal: Option<IpAddr> = literal.and_then(|host| host.parse().ok());
        if !endpoint.allow_private && literal.is_some_and(|address| !is_public(address)) {
            return Err(wrong(
                "url leads into the own network; set allow_private if that is meant",
            ));
        }
        let current =
            Secret::given_or_in(endpoint.secret.as_ref(), endpoint.secret_file.as_deref())
                .map_err(|e| wrong(&format!("secret_file: {e}")))?
                .ok_or_else(|| wrong("a secret or a secret_file is missing"))?;
        let secrets = std::iter::once(&current)
            .chain(&endpoint.old_secret)
            .map(|secret| SigningSecret::parse(secret).map_err(|e| wrong(&format!("secret: {e}"))))
            .collect::<Result<_, _>>()?;
        let mut builder = Client::builder()
            .connect_timeout(Duration::from_secs(settings.connect_timeout_s.max(1)))
            .timeout(Duration::from_secs(settings.timeout_s.max(1)))
            .redirect(reqwest::redirect::Policy::none())
            // A proxy of the environment would connect where this program may not.
            .no_proxy()
            .user_agent(concat!("atbilde/", env!("CARGO_PKG_VERSION")));
        if !endpoint.allow_private {
            builder = builder.dns_resolver(PublicOnly);
        }
        let client = builder.build().map_err(|e| wrong(&format!("no client: {e}")))?;
        Ok(Self {
            name: endpoint.name.clone(),
            url,
            secrets,
            events: endpoint.events.clone(),
            client,
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The events that it gets; all when empty.
    pub fn events(&self) -> &BTreeSet<EventKind> {
        &self.events
    }

    /// Sends one event once.
    pub async fn send(&self, id: &str, body: &str, now: Timestamp) -> Delivery {
        let timestamp = now.as_second();
        let sent = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", header(&self.secrets, id, timestamp, body))
            .body(body.to_owned())
            .send()
            .await;
        match sent {
            Ok(response) if response.status().is_success() => Delivery::Done,
            Ok(response) if response.status() == StatusCode::GONE => Delivery::Gone,
            Ok(response) => {
                let status = response.status().as_u16();
                let asked = response.headers().get(RETRY_AFTER).and_then(|v| v.to_str().ok());
                Delivery::Failed {
                    why: format!("status {status}"),
                    retry_after: asked.and_then(|asked| retry_after(asked, now)),
                }
            }
            Err(error) => Delivery::Failed { why: reason(&error).to_owned(), retry_after: None },
        }
    }
}

/// `Retry-After`: seconds, or a date.
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text.trim()).ok()?.timestamp();
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

/// What went wrong, without the address.
fn reason(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection to a permitted address"
    } else {
        "the connection broke"
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::signature::tests::EXAMPLE;
    use super::*;

    pub(crate) fn endpoint(url: &str) -> EndpointSettings {
        EndpointSettings {
            name: "crm".to_owned(),
            url: url.to_owned(),
            secret: Some(Secret::new(EXAMPLE)),
            secret_file: None,
            old_secret: None,
            events: BTreeSet::new(),
            allow_private: false,
        }
    }

    fn refused(change: impl FnOnce(&mut EndpointSettings)) -> String {
        crate::tls::install();
        let mut settings = endpoint("https://hooks.example/atbilde");
        change(&mut settings);
        let made = Webhook::new(&WebhookSettings::default(), &settings);
        made.err().map(|e| e.to_string()).unwrap_or_default()
    }

    #[test]
    fn an_endpoint_that_could_harm_is_refused_by_name() {
        assert_eq!(refused(|_| {}), "");
        for url in [
            "http://hooks.example/",
            "ftp://hooks.example/",
            "https://user:pass@hooks.example/",
            "https://127.0.0.1/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://[::1]/",
            "https://[::ffff:169.254.169.254]/",
            "https://10.0.0.7:8443/",
            "not a url",
        ] {
            let error = refused(|e| e.url = url.to_owned());
            assert!(error.contains("crm"), "{url}: {error}");
        }
        assert!(refused(|e| e.secret = None).contains("secret"));
        assert!(refused(|e| e.old_secret = Some(Secret::new("whsec_x"))).contains("secret"));
        assert!(refused(|e| e.name = "a b".to_owned()).contains("name"));
        assert_eq!(
            refused(|e| {
                e.url = "http://127.0.0.1:9/".to_owned();
                e.allow_private = true;
            }),
            ""
        );
    }

    #[tokio::test]
    async fn a_name_that_leads_into_the_own_network_is_not_connected_to() {
        crate::tls::install();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let settings = endpoint(&format!("https://localhost:{port}/"));
        let webhook = Webhook::new(&WebhookSettings::default(), &settings).unwrap();
        let sent = webhook.send("msg_1", "{}", Timestamp::now()).await;
        assert!(matches!(sent, Delivery::Failed { .. }), "{sent:?}");
        assert!(listener.accept().is_err(), "it connected");
    }

    #[test]
    fn a_receiver_asks_for_time_in_seconds_or_by_date() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let after = |text| retry_after(text, now).map(|d| d.as_secs());
        assert_eq!(after("120"), Some(120));
        assert_eq!(after("Sun, 22 Nov 2026 10:02:00 GMT"), Some(120));
        assert_eq!(after("Sun, 22 Nov 2026 09:00:00 GMT"), Some(0));
        assert_eq!(after("soon"), None);
    }
}
