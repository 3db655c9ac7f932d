//! `atbilde check-config`: reads all layers of the configuration and prints what is in effect; makes every part
//! that `serve` makes of it, asks the databases and the log-in provider that are named, loads the models, and
//! says all that is wrong. Writes nothing.

use std::io::Write as _;
use std::process::ExitCode;

#[cfg(feature = "llama")]
use anyhow::Context;
use anyhow::{Error, Result};
use clap::Args;

use super::{ConfigFlag, block_on, print, told};
use crate::access::Oidc;
use crate::generate::GeneratorName;
#[cfg(feature = "llama")]
use crate::generate::llama::Llama;
use crate::generate::llama_settings::LlamaSettings;
use crate::settings::Settings;
use crate::startup::{faults, models};
use crate::store::database_version;

/// Flags of `check-config`.
#[derive(Debug, Args)]
pub(super) struct CheckConfig {
    #[command(flatten)]
    config: ConfigFlag,
}

impl CheckConfig {
    pub(super) fn run(self) -> Result<ExitCode> {
        let (settings, wrong) = Settings::examine(self.config.config.as_deref())?;
        let readable = wrong.is_empty();
        let mut found: Vec<Error> = wrong.into_iter().map(Error::from).collect();
        if readable {
            print(&settings.to_toml()?)?;
        }
        found.extend(block_on(async { Ok(Box::pin(faults(&settings)).await) })?);
        if models(&settings.generator).any(|name| name == GeneratorName::Llama) {
            found.extend(check_model(&settings.generator.llama).err());
        }
        // Nobody else is asked with values that are known to be wrong.
        if readable {
            found.extend(check_databases(&settings)?);
            found.extend(check_log_in(&settings).err());
        }
        let mut all: Vec<String> = found.iter().map(told).collect();
        // Two parts may have the same database.
        all.dedup();
        std::io::stderr().write_all(all.concat().as_bytes())?;
        Ok(if all.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Changes nothing in them. Gives what is wrong with them.
fn check_databases(settings: &Settings) -> Result<Vec<Error>> {
    let catalog = &settings.indexer.catalog;
    let named = [
        ("catalog", catalog.server(), catalog.connect_timeout_ms),
        (
            "conversations",
            settings.conversations.server(),
            settings.conversations.connect_timeout_ms,
        ),
    ];
    let mut wrong = Vec::new();
    for (what, url, timeout_ms) in named {
        let Some(url) = url else { continue };
        match block_on(async { Ok(database_version(url, timeout_ms).await?) }) {
            Ok(found) => print(&format!("# {what}: {found}\n"))?,
            Err(error) => wrong.push(error),
        }
    }
    for warning in settings.unprotected() {
        print(&format!("# warning: {warning}\n"))?;
    }
    Ok(wrong)
}

/// Whether the provider of the company's own log-in is there, and is who it should be.
fn check_log_in(settings: &Settings) -> Result<()> {
    if !settings.oidc.is_on() {
        return Ok(());
    }
    let found = block_on(async { Oidc::probe(&settings.oidc).await.map_err(Error::msg) })?;
    print(&format!("# log-in: {found}\n"))
}

#[cfg(feature = "llama")]
fn check_model(settings: &LlamaSettings) -> Result<()> {
    let facts = Llama::check(settings).context("the local model cannot be used")?;
    print(&format!(
        "# local model: {}, {}, {} million parameters, {} tokens of context\n",
        facts.name,
        facts.architecture,
        facts.parameters / 1_000_000,
        facts.context
    ))
}

#[cfg(not(feature = "llama"))]
fn check_model(_: &LlamaSettings) -> Result<()> {
    anyhow::bail!(
        "this program was built without the feature \"llama\": leave generator.llama.model.path empty"
    )
}
