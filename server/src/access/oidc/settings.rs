//! `[oidc]` of the configuration: the company's own log-in for the people who answer customers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::domain::AgentRole;
use crate::privacy::Secret;

/// `[oidc]`: who vouches for agents, and who of them may come in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OidcSettings {
    /// The provider's issuer, as it says itself; empty: passwords alone.
    pub issuer: String,
    /// What the provider calls this server.
    pub client_id: String,
    /// What this server proves itself with; unset for a public client.
    pub client_secret: Option<Secret>,
    /// Read from this file instead.
    pub client_secret_file: Option<PathBuf>,
    /// What is asked for; `openid` is among it.
    pub scopes: Vec<String>,
    /// The claim with roles or groups; dots lead into objects.
    pub role_claim: String,
    /// From a value of that claim to a role of ours.
    pub roles: BTreeMap<String, String>,
    /// The role of who has none of those values; empty: they do not come in.
    pub default_role: String,
    /// Domains of confirmed e-mail addresses that may come in; empty: any.
    pub email_domains: Vec<String>,
    /// Whether the first login makes an account.
    pub create_accounts: bool,
    /// The button's words; empty: those of the page's language.
    pub button: String,
    /// Whether passwords are taken as well.
    pub password_login: bool,
    /// This server as browsers see it; empty: as the request says.
    pub base_url: String,
    /// Certificates (PEM) that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// For a connection to the provider, seconds.
    pub connect_timeout_s: u64,
    /// For a whole answer of the provider, seconds.
    pub timeout_s: u64,
}

impl Default for OidcSettings {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            client_id: String::new(),
            client_secret: None,
            client_secret_file: None,
            scopes: ["openid", "email", "profile"].map(str::to_owned).to_vec(),
            role_claim: "groups".to_owned(),
            roles: BTreeMap::new(),
            default_role: String::new(),
            email_domains: Vec::new(),
            create_accounts: true,
            button: String::new(),
            password_login: true,
            base_url: String::new(),
            ca_file: None,
            connect_timeout_s: 3,
            timeout_s: 10,
        }
    }
}

/// Longest label of the button, characters.
const MAX_BUTTON: usize = 60;

impl OidcSettings {
    /// Whether a provider is named.
    pub fn is_on(&self) -> bool {
        !self.issuer.is_empty()
    }

    /// # Errors
    /// Naming the key and what it should be.
    pub fn check(&self) -> Result<(), String> {
        if !self.is_on() {
            if !self.client_id.is_empty() {
                return Err("oidc.client_id is set without oidc.issuer; name the provider".into());
            }
            if !self.password_login {
                return Err("oidc.password_login is false without oidc.issuer: nobody could log \
                            in; name the provider"
                    .into());
            }
            return Ok(());
        }
        let issuer = web("issuer", &self.issuer)?;
        if issuer.query().is_some() || issuer.fragment().is_some() {
            return Err("oidc.issuer has a query or a fragment; copy it from the provider's \
                        `.well-known/openid-configuration`"
                .into());
        }
        if !self.base_url.is_empty() {
            let base = web("base_url", &self.base_url)?;
            if base.path() != "/" || base.query().is_some() || base.fragment().is_some() {
                return Err(
                    "oidc.base_url has a path; write scheme and host alone: https://help.shop.example"
                        .into(),
                );
            }
        }
        if self.client_id.is_empty() {
            return Err("oidc.client_id is empty; the provider gives it when this server is \
                        registered there"
                .into());
        }
        if self.client_secret.is_some() && self.client_secret_file.is_some() {
            return Err(
                "oidc.client_secret and oidc.client_secret_file are both set; keep one".into()
            );
        }
        if !self.scopes.iter().any(|scope| scope == "openid") {
            return Err("oidc.scopes lacks \"openid\"; add it".into());
        }
        self.check_who()
    }

    fn check_who(&self) -> Result<(), String> {
        let named = self.roles.values().chain(Some(&self.default_role).filter(|r| !r.is_empty()));
        for role in named {
            if AgentRole::parse(role).is_none() {
                return Err(format!(
                    "oidc.roles or oidc.default_role has {role:?}; choose agent, editor, admin or \
                     privacy_officer"
                ));
            }
        }
        if self.roles.is_empty() && self.default_role.is_empty() {
            return Err(
                "oidc.roles and oidc.default_role are both empty: nobody could come in; set \
                        one"
                .into(),
            );
        }
        if let Some(domain) = self.email_domains.iter().find(|d| d.is_empty() || d.contains('@')) {
            return Err(format!(
                "oidc.email_domains has {domain:?}; write domains alone: \"shop.example\""
            ));
        }
        if self.button.chars().count() > MAX_BUTTON || self.button.chars().any(char::is_control) {
            return Err(format!("oidc.button has more than {MAX_BUTTON} characters; shorten it"));
        }
        if self.connect_timeout_s == 0 || self.timeout_s == 0 {
            return Err("oidc.connect_timeout_s and oidc.timeout_s must be at least 1".into());
        }
        Ok(())
    }

    /// What the server proves itself with at the provider; `None` for a public client.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn secret(&self) -> Result<Option<Secret>, String> {
        Secret::given_or_in(self.client_secret.as_ref(), self.client_secret_file.as_deref())
            .map_err(|e| format!("oidc.client_secret_file: {e}"))
    }
}

/// An address that a browser or this server may be sent to: https, or http on this machine.
fn web(key: &str, text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|e| format!("oidc.{key}: {text:?} is no address: {e}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("oidc.{key} holds a user or a password; remove it"));
    }
    if is_protected(&url) {
        return Ok(url);
    }
    Err(format!(
        "oidc.{key}: {text:?} must begin with https:// (http:// is for this machine alone)"
    ))
}

/// Whether what goes there cannot be read on its way: https, or this machine itself.
pub(super) fn is_protected(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    let own = host == "localhost" || address.is_ok_and(|a| a.is_loopback());
    url.scheme() == "https" || (url.scheme() == "http" && own)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn settings(issuer: &str) -> OidcSettings {
        OidcSettings {
            issuer: issuer.to_owned(),
            client_id: "desk".to_owned(),
            client_secret: Some(Secret::new("s3cret of the desk")),
            roles: BTreeMap::from([
                ("support".to_owned(), "agent".to_owned()),
                ("bosses".to_owned(), "admin".to_owned()),
            ]),
            ..OidcSettings::default()
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let with = |change: fn(&mut OidcSettings)| {
            let mut settings = settings("https://login.shop.example/realms/shop");
            change(&mut settings);
            settings.check()
        };
        assert_eq!(with(|_| {}), Ok(()));
        assert_eq!(with(|s| s.issuer = "http://127.0.0.1:8099".into()), Ok(()));
        assert_eq!(with(|s| s.base_url = "https://help.shop.example".into()), Ok(()));
        assert_eq!(OidcSettings::default().check(), Ok(()));
        type Change = fn(&mut OidcSettings);
        let wrong: [(Change, &str); 15] = [
            (|s| s.issuer = String::new(), "oidc.issuer"),
            (|s| s.issuer = "http://login.shop.example".into(), "https://"),
            (|s| s.issuer = "login.shop.example".into(), "oidc.issuer"),
            (|s| s.issuer = "https://login.shop.example/?a=b".into(), "query"),
            (|s| s.issuer = "https://a:b@login.shop.example".into(), "password"),
            (|s| s.base_url = "https://help.shop.example/desk".into(), "oidc.base_url"),
            (|s| s.client_id = String::new(), "oidc.client_id"),
            (|s| s.client_secret_file = Some("/x".into()), "both set"),
            (|s| s.scopes = vec!["email".into()], "openid"),
            (|s| s.default_role = "boss".into(), "\"boss\""),
            (|s| s.roles.clear(), "nobody could come in"),
            (|s| s.email_domains = vec!["@shop.example".into()], "email_domains"),
            (|s| s.button = "x".repeat(61), "oidc.button"),
            (|s| s.timeout_s = 0, "timeout_s"),
            (
                |s| {
                    *s = OidcSettings::default();
                    s.password_login = false;
                },
                "oidc.password_login",
            ),
        ];
        for (i, (change, named)) in wrong.into_iter().enumerate() {
            let error = with(change).unwrap_err();
            assert!(error.contains(named), "{i}: {error}");
        }
    }

    #[test]
    fn the_secret_may_stand_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        fs_err::write(&file, "from a file\n").unwrap();
        let settings = OidcSettings {
            client_secret: None,
            client_secret_file: Some(file),
            ..settings("https://login.shop.example")
        };
        assert_eq!(settings.secret().unwrap().unwrap().expose(), "from a file");
        let missing =
            OidcSettings { client_secret_file: Some("/nowhere/at/all".into()), ..settings };
        assert!(missing.secret().unwrap_err().contains("client_secret_file"));
    }
}
