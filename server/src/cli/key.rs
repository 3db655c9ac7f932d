//! `atbilde key`: keys of programs that call the REST interface. A key is shown once, when it is made.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, ensure};
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use jiff::Timestamp;

use super::{ConfigFlag, block_on, print, stores};
use crate::access::{key_hash, new_key};
use crate::store::{ApiKey, ConversationStore, KeyScope};

/// Flags of `key`.
#[derive(Debug, Args)]
pub(super) struct Key {
    #[command(subcommand)]
    action: Action,
    /// Folder that the server writes
    #[arg(long, value_name = "DIR", default_value = "data", global = true)]
    data: PathBuf,
    #[command(flatten)]
    config: ConfigFlag,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a key and show it, this once
    Add {
        /// What the key is for
        name: String,
        /// What it may do: ask, search, operate, privacy
        #[arg(long, value_delimiter = ',', default_value = "ask,search")]
        scopes: Vec<String>,
    },
    /// List all keys
    List,
    /// Close a key for good
    Disable { name: String },
}

impl Key {
    pub(super) fn run(self) -> Result<ExitCode> {
        let settings = self.config.load()?;
        let Self { action, data, .. } = self;
        block_on(async {
            let stores = stores(&data, &settings).await?;
            let done = act(action, &*stores.conversations()).await;
            stores.close().await;
            print(&done?)
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

async fn act(action: Action, store: &dyn ConversationStore) -> Result<String> {
    match action {
        Action::Add { name, scopes } => {
            ensure!(
                !name.trim().is_empty() && name.len() <= 100 && !name.contains(char::is_control),
                "the name is empty or too long; say what the key is for"
            );
            let scopes = scopes
                .iter()
                .map(|s| {
                    KeyScope::parse(s).ok_or_else(|| {
                        anyhow!("{s:?} is no scope; choose ask, search, operate, privacy")
                    })
                })
                .collect::<Result<Vec<_>>>()?;
            let key = new_key();
            let hash = key_hash(&key).context("the key cannot be hashed")?;
            let new = ApiKey { name, scopes, disabled: false, created_at: Timestamp::now() };
            store.add_key(&new, &hash).await?;
            Ok(format!("{key}\n"))
        }
        Action::List => {
            let mut table = Table::new();
            table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header(["name", "scopes", "state"]);
            for key in store.keys().await? {
                let scopes: Vec<&str> = key.scopes.iter().map(|s| s.as_str()).collect();
                let state = if key.disabled { "closed" } else { "open" };
                table.add_row([key.name.as_str(), &scopes.join(" "), state]);
            }
            Ok(format!("{table}\n"))
        }
        Action::Disable { name } => {
            store.disable_key(&name).await?;
            Ok(format!("{name} is closed\n"))
        }
    }
}
