//! `atbilde privacy`: what a person may ask for of their data, and what the operator owes. Works beside a
//! running server.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use uuid::Uuid;

use super::{ConfigFlag, block_on, print, stores};
use crate::domain::RecordKind;
use crate::privacy::audit::Actor;
use crate::privacy::{Receipt, Signer};
use crate::rights::{Rights, Run, processing_record, to_markdown};
use crate::settings::Settings;
use crate::startup;
use crate::store::KEYS_FOLDER;
use crate::telemetry;

/// Flags of `privacy`.
#[derive(Debug, Args)]
pub(super) struct Privacy {
    #[command(subcommand)]
    command: PrivacyCommand,
}

#[derive(Debug, Subcommand)]
enum PrivacyCommand {
    /// Write everything stored of a conversation (GDPR Art. 15 and 20)
    Export(Export),
    /// Erase a conversation everywhere and write the receipt (GDPR Art. 17)
    Erase(Erase),
    /// Check a receipt; exit code 1 when one byte of it was changed
    VerifyReceipt(VerifyReceipt),
    /// Erase what is older than its class allows
    Retention(Retention),
    /// Keep a conversation from being erased (legal hold)
    Hold(Hold),
    /// End a legal hold
    Release(Subject),
    /// List legal holds
    Holds(Folder),
    /// Record what a customer objects to (GDPR Art. 21 and 22)
    Choose(Choose),
    /// Print the record of processing activities (GDPR Art. 30)
    Record(Record),
    /// Seal all data keys with a new master key
    ///
    /// A key file that the server made gets a new key. A key that you keep, or that several machines have, you
    /// replace: put the new one before the old one for every process, restart them one by one, then run this.
    RotateKey(Folder),
}

/// Where the data is.
#[derive(Debug, Args)]
struct Folder {
    /// Folder that the server writes
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    #[command(flatten)]
    config: ConfigFlag,
}

/// Whose data it is about.
#[derive(Debug, Args)]
struct Subject {
    /// Id of the conversation
    #[arg(long, value_name = "ID", required_unless_present = "ticket", conflicts_with = "ticket")]
    conversation: Option<Uuid>,
    /// Ticket of a hand-over in it
    #[arg(long, value_name = "T-...")]
    ticket: Option<String>,
    #[command(flatten)]
    folder: Folder,
}

#[derive(Debug, Args)]
struct Export {
    #[command(flatten)]
    subject: Subject,
    /// Form of the export
    #[arg(long, value_enum, default_value = "json")]
    format: Format,
    /// File to write; standard output by default
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Json,
    Html,
}

#[derive(Debug, Args)]
struct Erase {
    #[command(flatten)]
    subject: Subject,
    /// File for the receipt; it is printed too
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct VerifyReceipt {
    /// The receipt
    file: PathBuf,
    /// Folder that the server writes, for its public key
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// Public key of the installation, instead of the folder's
    #[arg(long, value_name = "BASE64")]
    public_key: Option<String>,
}

#[derive(Debug, Args)]
struct Retention {
    /// Count and erase nothing
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    folder: Folder,
}

#[derive(Debug, Args)]
struct Hold {
    /// Why: a reference of yours, no personal data
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    subject: Subject,
}

#[derive(Debug, Args)]
#[group(id = "what", required = true, multiple = true, args = ["opt_out", "no_automation"])]
struct Choose {
    /// Their words are used for answering them alone
    #[arg(long)]
    opt_out: bool,
    /// People answer them, no machine
    #[arg(long)]
    no_automation: bool,
    /// They object no longer
    #[arg(long)]
    withdraw: bool,
    #[command(flatten)]
    subject: Subject,
}

#[derive(Debug, Args)]
struct Record {
    /// Print JSON instead of Markdown
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigFlag,
}

impl Privacy {
    pub(super) fn run(self) -> Result<ExitCode> {
        match self.command {
            PrivacyCommand::Export(command) => command.run(),
            PrivacyCommand::Erase(command) => command.run(),
            PrivacyCommand::VerifyReceipt(command) => command.run(),
            PrivacyCommand::Retention(command) => command.run(),
            PrivacyCommand::Hold(command) => command.run(),
            PrivacyCommand::Release(subject) => release(&subject),
            PrivacyCommand::Holds(folder) => holds(&folder),
            PrivacyCommand::Choose(command) => command.run(),
            PrivacyCommand::Record(command) => command.run(),
            PrivacyCommand::RotateKey(folder) => rotate_key(&folder),
        }
    }
}

impl Folder {
    /// Opens the stores, does `work`, and closes them.
    pub(super) fn with<T>(&self, work: impl AsyncFnOnce(&Rights) -> Result<T>) -> Result<T> {
        let settings = self.config.load()?;
        telemetry::start(&settings.log);
        with_rights(&self.data, &settings, work)
    }
}

/// Opens the stores of a data folder, does `work`, and closes them.
pub(super) fn with_rights<T>(
    data: &Path,
    settings: &Settings,
    work: impl AsyncFnOnce(&Rights) -> Result<T>,
) -> Result<T> {
    block_on(async {
        let stores = stores(data, settings).await?;
        let rights = startup::rights(data, &stores, settings).await?;
        let done = work(&rights).await;
        rights.close().await;
        stores.close().await;
        done
    })
}

impl Subject {
    async fn id(&self, rights: &Rights) -> Result<Uuid> {
        if let Some(id) = self.conversation {
            return Ok(id);
        }
        let ticket = self.ticket.as_deref().unwrap_or_default();
        let found = rights.of_ticket(ticket).await?;
        found.with_context(|| format!("there is no ticket {ticket}"))
    }
}

impl Export {
    fn run(self) -> Result<ExitCode> {
        let text = self.subject.folder.with(async |rights| {
            let export = rights.export(self.subject.id(rights).await?, Actor::Operator).await?;
            Ok(if self.format == Format::Html { export.to_html() } else { export.to_json() })
        })?;
        match &self.out {
            Some(file) => fs_err::write(file, text)?,
            None => print(&text)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Erase {
    fn run(self) -> Result<ExitCode> {
        let receipt = self.subject.folder.with(async |rights| {
            Ok(rights.erase(self.subject.id(rights).await?, Actor::Operator).await?)
        })?;
        let text = receipt.to_text();
        if let Some(file) = &self.out {
            fs_err::write(file, &text)?;
        }
        print(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl VerifyReceipt {
    fn run(self) -> Result<ExitCode> {
        let text = fs_err::read(&self.file)?;
        let folder = self.data.join(KEYS_FOLDER);
        let expected = match self.public_key {
            Some(key) => Some(key),
            // The folder must hold a key already: checking makes none.
            None if folder.join("signing.key").is_file() => Some(Signer::open(&folder)?.public()),
            // With a shared database, the public half alone is here.
            None => Signer::public_of(&folder),
        };
        match Receipt::verify(&text, expected.as_deref()) {
            Ok(receipt) => {
                let by = if expected.is_some() {
                    "issued by this installation".to_owned()
                } else {
                    format!(
                        "issued by the holder of the key {}; compare it with the company's",
                        receipt.public_key
                    )
                };
                print(&format!(
                    "The receipt is genuine: conversation {} was erased at {}, {by}.\n",
                    receipt.conversation_id, receipt.erased_at
                ))?;
                Ok(ExitCode::SUCCESS)
            }
            Err(error) => Err(error).with_context(|| format!("{}", self.file.display())),
        }
    }
}

impl Retention {
    fn run(self) -> Result<ExitCode> {
        let run = if self.dry_run { Run::Dry } else { Run::Real };
        let report =
            self.folder.with(async |rights| Ok(rights.retain(Timestamp::now(), run).await?))?;
        if self.json {
            print(&format!("{}\n", serde_json::to_string(&report)?))?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut text = String::new();
        for class in &report.classes {
            let days =
                if class.days == 0 { "kept".to_owned() } else { format!("{} days", class.days) };
            let done = if self.dry_run { "would be erased" } else { "erased" };
            text.push_str(&format!(
                "{:14} {days:>10}  {} {done}, {} held\n",
                class.class, class.erased, class.held
            ));
        }
        print(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Hold {
    fn run(self) -> Result<ExitCode> {
        let id = self.subject.folder.with(async |rights| {
            let id = self.subject.id(rights).await?;
            rights.hold(id, &self.reason, Actor::Operator).await?;
            Ok(id)
        })?;
        print(&format!("The conversation {} is held.\n", id.simple()))?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Choose {
    fn run(self) -> Result<ExitCode> {
        let kind = |said: bool, object, withdraw| {
            said.then_some(if self.withdraw { withdraw } else { object })
        };
        let kinds = [
            kind(self.opt_out, RecordKind::OptOut, RecordKind::OptIn),
            kind(self.no_automation, RecordKind::AutomationRefused, RecordKind::AutomationAccepted),
        ];
        let id = self.subject.folder.with(async |rights| {
            let id = self.subject.id(rights).await?;
            for kind in kinds.into_iter().flatten() {
                rights.choose(id, (kind, ""), Actor::Operator).await?;
            }
            Ok(id)
        })?;
        print(&format!("Recorded for the conversation {}.\n", id.simple()))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn release(subject: &Subject) -> Result<ExitCode> {
    let was_held = subject.folder.with(async |rights| {
        Ok(rights.release(subject.id(rights).await?, Actor::Operator).await?)
    })?;
    print(if was_held { "The hold is over.\n" } else { "There was no hold.\n" })?;
    Ok(ExitCode::SUCCESS)
}

fn holds(folder: &Folder) -> Result<ExitCode> {
    let holds = folder.with(async |rights| Ok(rights.privacy().holds().await?))?;
    let mut text = String::new();
    for hold in &holds {
        text.push_str(&format!("{}  {}  {}\n", hold.conversation, hold.at, hold.reason));
    }
    print(if holds.is_empty() { "Nothing is held.\n" } else { &text })?;
    Ok(ExitCode::SUCCESS)
}

impl Record {
    fn run(self) -> Result<ExitCode> {
        let record = processing_record(&self.config.load()?);
        let text = if self.json {
            format!("{}\n", serde_json::to_string_pretty(&record)?)
        } else {
            to_markdown(&record)
        };
        print(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn rotate_key(folder: &Folder) -> Result<ExitCode> {
    let (id, sealed) =
        folder.with(async |rights| Ok(rights.rotate_key(Actor::Operator).await?))?;
    print(&format!(
        "Master key {id} is in use; {sealed} data keys were sealed with it. Where you keep the master keys \
         yourself, remove the old one from every process's list now, and destroy it. Without it copies of the \
         data keys from before (keys.sqlite, or the tables keys_*) cannot be opened any more: back them up now, \
         and the master key, each apart.\n"
    ))?;
    Ok(ExitCode::SUCCESS)
}
