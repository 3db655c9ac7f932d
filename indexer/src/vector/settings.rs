//! `[vectors]` of the configuration: where vectors live.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// In process, or a Qdrant server or cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VectorSettings {
    /// gRPC address of the server, `http://` or `https://`; empty: in process.
    pub url: String,
    pub api_key: Option<Secret>,
    /// Collections are called `<collection>-<fingerprint>`; the alias `<collection>` names the one
    /// that answers.
    pub collection: String,
    /// Shards of a collection that is made.
    pub shards: u32,
    /// Copies of every shard of a collection that is made.
    pub copies: u32,
    /// Copies that must have a write before it counts.
    pub write_consistency: u32,
    pub search: Scan,
    /// For a connection, milliseconds.
    pub connect_timeout_ms: u64,
    /// For a write or a listing, milliseconds.
    pub timeout_ms: u64,
    /// For a search, milliseconds: a customer waits.
    pub search_timeout_ms: u64,
    /// Further tries of a call that failed for a passing reason.
    pub retries: u32,
    /// Points in one write.
    pub batch: usize,
    /// Writes that are on their way at the same time.
    pub in_flight: usize,
}

/// How the server looks for the nearest points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scan {
    /// Every point that the filter admits is compared; nothing is missed.
    #[default]
    Exact,
    /// Through the server's graph.
    Approximate,
}

impl Default for VectorSettings {
    fn default() -> Self {
        Self {
            url: String::new(),
            api_key: None,
            collection: "atbilde".to_owned(),
            shards: 1,
            copies: 1,
            write_consistency: 1,
            search: Scan::Exact,
            connect_timeout_ms: 2_000,
            timeout_ms: 20_000,
            search_timeout_ms: 3_000,
            retries: 3,
            batch: 256,
            in_flight: 2,
        }
    }
}

impl VectorSettings {
    /// Whether vectors live in a server.
    pub fn has_server(&self) -> bool {
        !self.url.is_empty()
    }

    /// What is wrong with the values, naming the key.
    pub(crate) fn check(&self) -> Result<(), String> {
        let scheme = self.url.starts_with("http://") || self.url.starts_with("https://");
        if self.has_server() && !scheme {
            return Err(format!(
                "vectors.url is {:?}, but must start with http:// or https:// and name the gRPC \
                 port, http://127.0.0.1:6334",
                self.url
            ));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if self.collection.is_empty() || !self.collection.chars().all(plain) {
            return Err(format!(
                "vectors.collection is {:?}, but may hold letters, digits, - and _ alone",
                self.collection
            ));
        }
        let least = [
            ("shards", u64::from(self.shards)),
            ("copies", u64::from(self.copies)),
            ("write_consistency", u64::from(self.write_consistency)),
            ("connect_timeout_ms", self.connect_timeout_ms),
            ("timeout_ms", self.timeout_ms),
            ("search_timeout_ms", self.search_timeout_ms),
            ("batch", self.batch as u64),
            ("in_flight", self.in_flight as u64),
        ];
        if let Some((key, _)) = least.iter().find(|(_, value)| *value == 0) {
            return Err(format!("vectors.{key} is 0, but must be at least 1"));
        }
        if self.write_consistency > self.copies {
            return Err(format!(
                "vectors.write_consistency is {}, more than the {} of vectors.copies",
                self.write_consistency, self.copies
            ));
        }
        Ok(())
    }

    pub(super) fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    pub(super) fn search_timeout(&self) -> Duration {
        Duration::from_millis(self.search_timeout_ms)
    }
}
