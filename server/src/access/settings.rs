//! `[access]` of the configuration.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::address::Network;
use super::limits::LimitSettings;
use crate::privacy::Secret;

/// `[access]`: who may come in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccessSettings {
    /// Signs the tokens of customers, at least 32 characters; unset: a key of its own in the data
    /// folder.
    pub visitor_secret: Option<Secret>,
    /// Read from this file instead.
    pub visitor_secret_file: Option<PathBuf>,
    /// A customer may come back to a conversation this long, days.
    pub visitor_days: u32,
    /// A login ends after this, hours.
    pub session_hours: u32,
    /// Whether session cookies are for https alone.
    pub secure_cookies: Cookies,
    /// Sites whose pages may call the customers' endpoints from a browser.
    pub allowed_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<String>,
    /// Whether `/v1/ask` and `/v1/search` want a key.
    pub require_key: bool,
    pub limits: LimitSettings,
}

/// When a cookie is marked `Secure`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cookies {
    /// When the request came by https, as a trusted proxy says.
    #[default]
    Auto,
    Always,
    Never,
}

impl Default for AccessSettings {
    fn default() -> Self {
        Self {
            visitor_secret: None,
            visitor_secret_file: None,
            visitor_days: 30,
            session_hours: 12,
            secure_cookies: Cookies::Auto,
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            require_key: false,
            limits: LimitSettings::default(),
        }
    }
}

/// What is wrong with `[access]`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    #[error(
        "access.allowed_origins has {0:?}; write \"https://shop.example\" without a path, or \"*\" \
         for all"
    )]
    Origin(String),
    #[error("access.trusted_proxies has {0:?}; write addresses such as \"10.0.0.0/8\" or \"::1\"")]
    Proxy(String),
    #[error("access.{0} is 0; it must be at least 1")]
    Zero(&'static str),
    #[error("access.visitor_secret has {0} characters; at least 32 are needed")]
    ShortSecret(usize),
    #[error("access.visitor_secret and access.visitor_secret_file are both set; keep one")]
    TwoSecrets,
}

impl AccessSettings {
    /// # Errors
    /// [`AccessError`] naming the key.
    pub fn check(&self) -> Result<(), AccessError> {
        for origin in &self.allowed_origins {
            if origin != "*" && !is_origin(origin) {
                return Err(AccessError::Origin(origin.clone()));
            }
        }
        for proxy in &self.trusted_proxies {
            Network::parse(proxy).ok_or_else(|| AccessError::Proxy(proxy.clone()))?;
        }
        let limits = &self.limits;
        for (name, value) in [
            ("visitor_days", self.visitor_days),
            ("session_hours", self.session_hours),
            ("limits.visitor_per_minute", limits.visitor_per_minute),
            ("limits.address_per_minute", limits.address_per_minute),
            ("limits.key_per_minute", limits.key_per_minute),
            ("limits.login_per_minute", limits.login_per_minute),
            ("limits.streams_per_conversation", limits.streams_per_conversation),
            ("limits.streams_per_address", limits.streams_per_address),
        ] {
            if value == 0 {
                return Err(AccessError::Zero(name));
            }
        }
        if self.visitor_secret.is_some() && self.visitor_secret_file.is_some() {
            return Err(AccessError::TwoSecrets);
        }
        match &self.visitor_secret {
            Some(secret) if secret.expose().len() < 32 => {
                Err(AccessError::ShortSecret(secret.expose().len()))
            }
            _ => Ok(()),
        }
    }

    /// Whether a page of `origin` may call the customers' endpoints.
    pub fn allows(&self, origin: &str) -> bool {
        self.allowed_origins.iter().any(|o| o == "*" || o.eq_ignore_ascii_case(origin))
    }
}

/// `https://shop.example` or `http://localhost:3000`.
fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|host| {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        !host.is_empty() && host.chars().all(legal)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_named() {
        let with = |change: fn(&mut AccessSettings)| {
            let mut settings = AccessSettings::default();
            change(&mut settings);
            settings.check().map_err(|e| e.to_string())
        };
        assert_eq!(with(|_| {}), Ok(()));
        assert_eq!(with(|s| s.allowed_origins = vec!["https://a.example:8443".to_owned()]), Ok(()));
        type Change = fn(&mut AccessSettings);
        let wrong: [(Change, &str); 5] = [
            (|s| s.allowed_origins = vec!["shop.example".to_owned()], "shop.example"),
            (|s| s.allowed_origins = vec!["https://a.example/x".to_owned()], "/x"),
            (|s| s.trusted_proxies = vec!["10.0.0.0/33".to_owned()], "/33"),
            (|s| s.visitor_days = 0, "visitor_days"),
            (|s| s.visitor_secret = Some(Secret::new("short")), "5 characters"),
        ];
        for (change, named) in wrong {
            let error = with(change).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn an_origin_is_allowed_whole_or_not_at_all() {
        let settings = AccessSettings {
            allowed_origins: vec!["https://shop.example".to_owned()],
            ..AccessSettings::default()
        };
        assert!(settings.allows("https://shop.example"));
        for other in ["https://shop.example.evil.example", "http://shop.example", "null", ""] {
            assert!(!settings.allows(other), "{other}");
        }
        assert!(!AccessSettings::default().allows("https://shop.example"));
    }
}
