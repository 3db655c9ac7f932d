//! `atbilde check-config`: reads all layers of the configuration and prints what is in effect.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::{ConfigFlag, print};
use crate::settings::Settings;

/// Flags of `check-config`.
#[derive(Debug, Args)]
pub(super) struct CheckConfig {
    #[command(flatten)]
    config: ConfigFlag,
}

impl CheckConfig {
    pub(super) fn run(self) -> Result<ExitCode> {
        print(&Settings::load(self.config.config.as_deref())?.to_toml()?)?;
        Ok(ExitCode::SUCCESS)
    }
}
