//! `[database]` and `[catalog]` of the configuration: where the truth is kept.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::PostgresAddress;
use crate::secret::Secret;

/// One database for all that several processes share.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseSettings {
    /// `postgres://...`; unset: files of the data folder.
    pub url: Option<Secret>,
}

impl DatabaseSettings {
    pub(crate) fn check(&self) -> Result<(), String> {
        check_url("database.url", self.url.as_ref())
    }
}

/// What is wrong with the URL of a database, under `key`. It is never repeated: it holds a password.
///
/// # Errors
/// A sentence that names the key.
pub fn check_url(key: &str, url: Option<&Secret>) -> Result<(), String> {
    let known = |url: &Secret| {
        ["postgres://", "postgresql://"].iter().any(|scheme| url.expose().starts_with(scheme))
    };
    match url {
        Some(url) if !url.is_empty() && !known(url) => Err(format!(
            "{key} must start with postgres://, as in postgres://user@host/database; leave it out \
             for SQLite in the data folder"
        )),
        _ => Ok(()),
    }
}

/// What an operator should know of the way to the database at `url`; `None`: nothing.
pub fn unprotected(url: Option<&Secret>) -> Option<String> {
    PostgresAddress::parse(url?).ok()?.warning()
}

/// A file of the data folder, or a database that several processes share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CatalogSettings {
    /// `postgres://...`; unset: as `database.url` says; empty: SQLite in the data folder.
    pub url: Option<Secret>,
    /// Connections of this process beside the one that announces and the one of the writer.
    pub connections: u32,
    /// For a connection, milliseconds.
    pub connect_timeout_ms: u64,
    /// For a read, milliseconds.
    pub timeout_ms: u64,
    /// For a write, milliseconds.
    pub write_timeout_ms: u64,
}

impl Default for CatalogSettings {
    fn default() -> Self {
        Self {
            url: None,
            connections: 8,
            connect_timeout_ms: 5_000,
            timeout_ms: 10_000,
            write_timeout_ms: 120_000,
        }
    }
}

impl CatalogSettings {
    /// The database that several processes share, when there is one.
    pub fn server(&self) -> Option<&Secret> {
        self.url.as_ref().filter(|url| !url.expose().is_empty())
    }

    /// What is wrong with the values, naming the key.
    pub(crate) fn check(&self) -> Result<(), String> {
        check_url("catalog.url", self.url.as_ref())?;
        let least = [
            ("connections", u64::from(self.connections)),
            ("connect_timeout_ms", self.connect_timeout_ms),
            ("timeout_ms", self.timeout_ms),
            ("write_timeout_ms", self.write_timeout_ms),
        ];
        match least.iter().find(|(_, value)| *value == 0) {
            Some((key, _)) => Err(format!("catalog.{key} is 0, but must be at least 1")),
            None => Ok(()),
        }
    }

    pub(super) fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    pub(super) fn write_timeout(&self) -> Duration {
        Duration::from_millis(self.write_timeout_ms)
    }
}
