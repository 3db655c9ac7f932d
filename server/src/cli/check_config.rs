//! `atbilde check-config`: reads all layers of the configuration and prints what is in effect; asks the
//! databases and the log-in provider that are named, and loads the local model, where one is named, and says what the loader said.

use std::process::ExitCode;

#[cfg(feature = "llama")]
use anyhow::Context;
use anyhow::Result;
use clap::Args;

use super::{ConfigFlag, block_on, print};
use crate::access::Oidc;
use crate::generate::GeneratorName;
#[cfg(feature = "llama")]
use crate::generate::llama::Llama;
use crate::generate::llama_settings::LlamaSettings;
use crate::generate::openai::OpenAi;
use crate::settings::Settings;
use crate::store::database_version;

/// Flags of `check-config`.
#[derive(Debug, Args)]
pub(super) struct CheckConfig {
    #[command(flatten)]
    config: ConfigFlag,
}

impl CheckConfig {
    pub(super) fn run(self) -> Result<ExitCode> {
        let settings = Settings::load(self.config.config.as_deref())?;
        print(&settings.to_toml()?)?;
        check_databases(&settings)?;
        check_log_in(&settings)?;
        if settings.generator.chain.contains(&GeneratorName::Openai)
            && settings.generator.openai.is_on()
        {
            OpenAi::new(&settings.generator.openai)?;
        }
        if settings.generator.chain.contains(&GeneratorName::Llama)
            && settings.generator.llama.is_on()
        {
            check_model(&settings.generator.llama)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Changes nothing in them.
fn check_databases(settings: &Settings) -> Result<()> {
    let catalog = &settings.indexer.catalog;
    let named = [
        ("catalog", catalog.server(), catalog.connect_timeout_ms),
        (
            "conversations",
            settings.conversations.server(),
            settings.conversations.connect_timeout_ms,
        ),
    ];
    for (what, url, timeout_ms) in named {
        let Some(url) = url else { continue };
        let found = block_on(async { Ok(database_version(url, timeout_ms).await?) })?;
        print(&format!("# {what}: {found}\n"))?;
    }
    for warning in settings.unprotected() {
        print(&format!("# warning: {warning}\n"))?;
    }
    Ok(())
}

/// Whether the provider of the company's own log-in is there, and is who it should be.
fn check_log_in(settings: &Settings) -> Result<()> {
    if !settings.oidc.is_on() {
        return Ok(());
    }
    let found = block_on(async { Oidc::probe(&settings.oidc).await.map_err(anyhow::Error::msg) })?;
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
