//! `atbilde audit`: is the record of deeds whole, and what does it say?

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};

use super::privacy::with_rights;
use super::{ConfigFlag, print};
use crate::telemetry;

/// Flags of `audit`.
#[derive(Debug, Args)]
pub(super) struct Audit {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Check the whole chain; exit code 1 when one byte was changed or an entry is missing
    Verify(Folder),
    /// Print the newest entries
    List(List),
}

#[derive(Debug, Args)]
struct Folder {
    /// Folder that the server writes
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigFlag,
}

#[derive(Debug, Args)]
struct List {
    /// Print this many at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
    #[command(flatten)]
    folder: Folder,
}

impl Audit {
    pub(super) fn run(self) -> Result<ExitCode> {
        match self.command {
            AuditCommand::Verify(folder) => verify(&folder),
            AuditCommand::List(list) => self::list(&list),
        }
    }
}

fn verify(folder: &Folder) -> Result<ExitCode> {
    let settings = folder.config.load()?;
    telemetry::start(&settings.log);
    let report =
        with_rights(&folder.data, &settings, async |rights| Ok(rights.audit().verify().await?))?;
    let mut text = String::new();
    if folder.json {
        text = format!("{}\n", serde_json::to_string(&report)?);
    } else if report.ok {
        text = format!("The audit log is whole: {} entries.\n", report.entries);
    } else {
        for problem in &report.problems {
            text.push_str(&format!("{problem}\n"));
        }
    }
    print(&text)?;
    Ok(if report.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn list(list: &List) -> Result<ExitCode> {
    let settings = list.folder.config.load()?;
    telemetry::start(&settings.log);
    let entries = with_rights(&list.folder.data, &settings, async |rights| {
        Ok(rights.audit().newest(list.limit).await?)
    })?;
    let mut text = String::new();
    for entry in &entries {
        if list.folder.json {
            text.push_str(&format!("{}\n", serde_json::to_string(entry)?));
        } else {
            text.push_str(&format!(
                "{:6} {}  {}  {}  {}\n",
                entry.seq, entry.at, entry.actor, entry.action, entry.subject
            ));
        }
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}
