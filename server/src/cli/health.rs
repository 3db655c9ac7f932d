//! `atbilde health`: is a server ready? For container health checks, without curl.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;

use super::{ConfigFlag, client, print};

const TIMEOUT: Duration = Duration::from_secs(3);

/// Flags of `health`.
#[derive(Debug, Args)]
pub(super) struct Health {
    /// Address of the server; `/readyz` is asked when it has no path. Default: the configured port
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    #[command(flatten)]
    config: ConfigFlag,
}

impl Health {
    pub(super) fn run(self) -> Result<ExitCode> {
        let url = match self.url {
            Some(url) => url,
            None => format!("http://127.0.0.1:{}", self.config.load()?.server.port),
        };
        let target = client::Target::parse(&url, "/readyz")?;
        let reply = client::get(&target, TIMEOUT)?;
        if reply.status == 200 {
            print("ready\n")?;
            return Ok(ExitCode::SUCCESS);
        }
        let detail = reply.json().ok().and_then(|j| j["detail"].as_str().map(str::to_owned));
        bail!("{url} answers {}: {}", reply.status, detail.unwrap_or_default());
    }
}
