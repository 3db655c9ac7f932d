//! `atbilde serve`: the server.

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::{ConfigFlag, block_on};
use crate::startup::{Application, Paths};
use crate::telemetry;

/// Flags of `serve`; they win over the configuration.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Folder of the Markdown files
    #[arg(long, value_name = "DIR", default_value = "kb")]
    kb: PathBuf,
    /// Folder for everything the server writes
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// Port to listen on; 0 takes any free one
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Address to listen on
    #[arg(long, value_name = "H")]
    host: Option<IpAddr>,
    #[command(flatten)]
    config: ConfigFlag,
}

impl Serve {
    pub(super) fn run(self) -> Result<ExitCode> {
        let mut settings = self.config.load()?;
        settings.server.port = self.port.unwrap_or(settings.server.port);
        settings.server.host = self.host.unwrap_or(settings.server.host);
        telemetry::start(&settings.log);
        block_on(async {
            let paths = Paths { kb: self.kb, data: self.data };
            let application = Application::build(settings, &paths).await?;
            Box::pin(application.run_until_stopped()).await
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
