//! The commands of `atbilde`, one file each. Here: flags that they share, the choice of a command,
//! and how an error is told: the whole chain once, on standard error.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage.

mod ask;
mod audit;
mod backup;
#[cfg(feature = "llama")]
mod bench_llm;
mod calibrate;
mod check_config;
mod client;
mod escalations;
mod eval;
mod gaps;
mod health;
mod key;
mod privacy;
mod redact;
mod serve;
mod user;
mod webhooks;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::future::Future;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};

use crate::settings::Settings;
use crate::store::{STORE_FILE, Stores};

/// Answers customers' questions from a company's own articles.
#[derive(Debug, Parser)]
#[command(name = "atbilde", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// A new command is a file, a variant here and a line in [`Command::run`].
#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the pages and the HTTP interface, and follow the knowledge-base folder
    Serve(serve::Serve),
    /// Ask one question and print answer and sources
    Ask(ask::Ask),
    /// List the questions that were handed to people
    Escalations(escalations::Escalations),
    /// List what customers ask and the articles do not answer well
    Gaps(gaps::Gap),
    /// Accounts of the people who answer customers
    User(user::User),
    /// Keys of programs that call the REST interface
    Key(key::Key),
    /// Measure answers and searches with question sets
    Eval(Box<eval::Eval>),
    /// Fit the confidence to the company's own articles
    Calibrate(calibrate::Calibrate),
    /// Play a workload against the local engine and print its figures
    #[cfg(feature = "llama")]
    BenchLlm(bench_llm::BenchLlm),
    /// Write the data folder to one file, also while a server works on it
    Backup(backup::Backup),
    /// Make a data folder from a backup
    Restore(backup::Restore),
    /// Take personal data out of texts on standard input
    Redact(redact::Redact),
    /// Export, erase, receipts, retention, legal holds, the record of processing, key rotation
    Privacy(privacy::Privacy),
    /// Check or read the audit log
    Audit(audit::Audit),
    /// List failed deliveries and send them again
    Webhooks(webhooks::Webhooks),
    /// Check the configuration and print what is in effect
    CheckConfig(check_config::CheckConfig),
    /// Ask a running server whether it is ready
    Health(health::Health),
}

impl Command {
    fn run(self) -> Result<ExitCode> {
        match self {
            Self::Serve(command) => command.run(),
            Self::Ask(command) => command.run(),
            Self::Escalations(command) => command.run(),
            Self::Gaps(command) => command.run(),
            Self::User(command) => command.run(),
            Self::Key(command) => command.run(),
            Self::Eval(command) => command.run(),
            Self::Calibrate(command) => command.run(),
            #[cfg(feature = "llama")]
            Self::BenchLlm(command) => command.run(),
            Self::Backup(command) => command.run(),
            Self::Restore(command) => command.run(),
            Self::Redact(command) => command.run(),
            Self::Privacy(command) => command.run(),
            Self::Audit(command) => command.run(),
            Self::Webhooks(command) => command.run(),
            Self::CheckConfig(command) => command.run(),
            Self::Health(command) => command.run(),
        }
    }
}

/// The configuration file, which every command takes.
#[derive(Debug, Args)]
struct ConfigFlag {
    /// Configuration file; needs only what differs from the defaults
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

impl ConfigFlag {
    fn load(&self) -> Result<Settings> {
        Settings::load(self.config.as_deref())
            .context("the configuration cannot be used; `atbilde check-config` checks it")
    }
}

/// Runs the command that `args` (the program's name first) ask for.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    crate::tls::install();
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    crate::tls::install();
    cli.command.run().unwrap_or_else(|error| {
        let _ = std::io::stderr().write_all(told(&error).as_bytes());
        ExitCode::FAILURE
    })
}

/// The chain of an error, a line each.
fn told(error: &anyhow::Error) -> String {
    let mut text = format!("error: {error}\n");
    let mut last = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Some libraries repeat the cause in their own message.
        if !last.contains(&cause) {
            let _ = writeln!(text, "  because: {cause}");
        }
        last = cause;
    }
    text
}

/// The stores that a server has made. A folder that is none of a server's is refused, never made: it is mistyped,
/// and an account in it would be no account of anybody.
async fn stores(data: &Path, settings: &Settings) -> Result<Stores> {
    let opened = Stores::open_present(data, &settings.conversations).await;
    if settings.conversations.server().is_some() || data.join(STORE_FILE).is_file() {
        return Ok(opened?);
    }
    opened.with_context(|| {
        format!(
            "{} is no data folder of a server; correct --data, or start `atbilde serve` first, which makes it",
            data.display()
        )
    })
}

/// Runs `work` on a runtime of its own.
fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("atbilde")
        .build()
        .context("cannot start the worker threads")?
        .block_on(work)
}

/// Writes to standard output. A reader that has gone (`| head`) is no error.
fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(e).context("cannot write to standard output")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_are_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[tokio::test]
    async fn a_mistyped_data_folder_is_refused_and_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("datta");
        let error = stores(&data, &Settings::default()).await.err().unwrap();
        let told = told(&error);
        for part in ["datta", "correct --data", "atbilde serve", "conversations.sqlite"] {
            assert!(told.contains(part), "{part}: {told}");
        }
        assert!(!data.exists());
    }

    #[test]
    fn an_error_is_told_once_with_its_causes() {
        let error = anyhow::anyhow!("address in use").context("cannot listen").context("no start");
        assert_eq!(
            told(&error),
            "error: no start\n  because: cannot listen\n  because: address in use\n"
        );
        let repeated = anyhow::anyhow!("inner").context("outer: inner");
        assert_eq!(told(&repeated), "error: outer: inner\n");
    }
}
