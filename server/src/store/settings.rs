//! `[conversations]` of the configuration: where conversations and everything around them are kept.

use std::time::Duration;

use indexer::catalog::check_url;
use indexer::secret::Secret;
use serde::{Deserialize, Serialize};

/// Files of the data folder, or a database that several processes share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConversationSettings {
    /// `postgres://...`; unset: as `database.url` says; empty: SQLite in the data folder.
    pub url: Option<Secret>,
    /// Connections of this process, beside the one that listens.
    pub connections: u32,
    /// For a connection, milliseconds.
    pub connect_timeout_ms: u64,
    /// For a call, milliseconds.
    pub timeout_ms: u64,
}

impl Default for ConversationSettings {
    fn default() -> Self {
        Self { url: None, connections: 12, connect_timeout_ms: 5_000, timeout_ms: 10_000 }
    }
}

impl ConversationSettings {
    /// The database that several processes share, when there is one.
    pub fn server(&self) -> Option<&Secret> {
        self.url.as_ref().filter(|url| !url.is_empty())
    }

    /// What is wrong with the values, naming the key.
    pub(crate) fn check(&self) -> Result<(), String> {
        check_url("conversations.url", self.url.as_ref())?;
        let least = [
            ("connections", u64::from(self.connections)),
            ("connect_timeout_ms", self.connect_timeout_ms),
            ("timeout_ms", self.timeout_ms),
        ];
        match least.iter().find(|(_, value)| *value == 0) {
            Some((key, _)) => Err(format!("conversations.{key} is 0, but must be at least 1")),
            None => Ok(()),
        }
    }

    pub(super) fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}
