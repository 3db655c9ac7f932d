//! `[vault]` of the configuration, and what can go wrong with keys.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::privacy::Secret;

/// Where the master key comes from. With nothing set it is `keys/master.key` of the data folder, made on
/// the first start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VaultSettings {
    /// File with one key a line, the current one first.
    pub key_file: Option<PathBuf>,
    /// The keys themselves, for an environment variable; separated by white space.
    pub key: Option<Secret>,
    /// Program with its arguments that prints the keys, as a key file has them.
    pub key_command: Vec<String>,
    /// For that program, seconds.
    pub key_command_timeout_s: u64,
}

impl Default for VaultSettings {
    fn default() -> Self {
        Self { key_file: None, key: None, key_command: Vec::new(), key_command_timeout_s: 30 }
    }
}

/// Why the vault cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("vault: {0}")]
    Misconfigured(String),
    #[error(
        "vault: {file} holds no master key; a line is 32 bytes in base64, as `openssl rand -base64 32` makes them"
    )]
    NoKey { file: String },
    #[error("vault: the key file cannot be used: {0}")]
    File(#[from] std::io::Error),
    #[error("vault: the key command failed: {0}")]
    Command(String),
    #[error(
        "vault: the master key {0} is not at hand; put it back, as a second line of the key file, to read what it sealed"
    )]
    UnknownMaster(String),
    #[error("vault: a value could not be sealed")]
    Sealing,
    #[error("vault: a sealed value was changed or belongs elsewhere")]
    Opening,
}
