//! `atbilde webhooks`: what could not be delivered, and sending it again. Works beside a running server,
//! which then does the sending.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use jiff::Timestamp;

use super::{ConfigFlag, block_on, print, stores};
use crate::store::outbox::{Outbox, Replay};

/// Flags of `webhooks`.
#[derive(Debug, Args)]
pub(super) struct Webhooks {
    #[command(subcommand)]
    command: WebhooksCommand,
}

#[derive(Debug, Subcommand)]
enum WebhooksCommand {
    /// List deliveries that were given up or are tried again
    Failed(Failed),
    /// Send again
    Replay(ReplayFlags),
}

#[derive(Debug, Args)]
struct Folder {
    /// Folder that the server writes
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    #[command(flatten)]
    config: ConfigFlag,
}

#[derive(Debug, Args)]
struct Failed {
    /// Print a JSON object a line
    #[arg(long)]
    json: bool,
    /// List this many at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
    #[command(flatten)]
    folder: Folder,
}

#[derive(Debug, Args)]
#[group(id = "what", required = true, multiple = false, args = ["event", "endpoint"])]
struct ReplayFlags {
    /// One event, whether it failed or was delivered
    #[arg(long, value_name = "msg_...")]
    event: Option<String>,
    /// Everything of an endpoint that failed; one that said 410 is switched on again
    #[arg(long, value_name = "NAME")]
    endpoint: Option<String>,
    #[command(flatten)]
    folder: Folder,
}

impl Webhooks {
    pub(super) fn run(self) -> Result<ExitCode> {
        match self.command {
            WebhooksCommand::Failed(command) => command.run(),
            WebhooksCommand::Replay(command) => command.run(),
        }
    }
}

impl Folder {
    fn with<T>(&self, work: impl AsyncFnOnce(&dyn Outbox) -> Result<T>) -> Result<T> {
        let settings = self.config.load()?;
        block_on(async {
            let stores = stores(&self.data, &settings).await?;
            let done = work(&*stores.outbox()).await;
            stores.close().await;
            done
        })
    }
}

impl Failed {
    fn run(self) -> Result<ExitCode> {
        let found = self.folder.with(async |outbox| Ok(outbox.troubles(self.limit).await?))?;
        if self.json {
            for trouble in &found {
                print(&format!("{}\n", serde_json::to_string(trouble)?))?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        if found.is_empty() {
            print("Everything was delivered.\n")?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header([
            "event",
            "endpoint",
            "kind",
            "conversation",
            "tries",
            "why",
            "next try (UTC)",
        ]);
        for trouble in found {
            table.add_row([
                trouble.id,
                trouble.sink,
                trouble.kind,
                trouble.conversation,
                trouble.tries.to_string(),
                trouble.why,
                trouble.next_at.unwrap_or_else(|| "given up".to_owned()),
            ]);
        }
        print(&format!("{table}\n"))?;
        Ok(ExitCode::SUCCESS)
    }
}

impl ReplayFlags {
    fn run(self) -> Result<ExitCode> {
        let what = match (&self.event, &self.endpoint) {
            (Some(event), _) => Replay::Event(event),
            (None, Some(endpoint)) => Replay::FailedOf(endpoint),
            (None, None) => bail!("name an event or an endpoint"),
        };
        let again =
            self.folder.with(async |outbox| Ok(outbox.replay(what, Timestamp::now()).await?))?;
        print(&format!("{again} deliveries are due again; the running server sends them.\n"))?;
        Ok(if again > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
