//! The command line of the indexer. One command is one file.
//!
//! Called by `main`. Results go to stdout, everything else (progress, advice, errors) to stderr, so
//! that a script can read the one and a person the other. What a command finds out is decided in the
//! library; here it is shown, with what to do next.

mod build;
mod exit;
mod explain;
mod inspect;
mod knowledge_base;
mod lint;
mod output;
mod passages;
mod progress;
mod search;
mod signals;
mod summary;
mod verify;
mod watch;

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, Subcommand};
use indexer::settings::IndexerSettings;
use tracing_subscriber::EnvFilter;

pub(crate) use exit::Exit;
pub(crate) use output::report;

/// Turns a folder of Markdown into a searchable knowledge base, and looks into it.
#[derive(Debug, Parser)]
#[command(name = "atbilde-indexer", version, propagate_version = true)]
pub(crate) struct Arguments {
    /// Configuration file; needs only what differs from the defaults
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Build(build::Build),
    Search(search::Search),
    Inspect(inspect::Inspect),
    Verify(verify::Verify),
    Watch(watch::Watch),
    Lint(lint::Lint),
}

/// Log lines on stderr: warnings, or what `RUST_LOG` asks for. The vector engine warns of its own
/// start-up, which nobody can do anything about.
pub(crate) fn telemetry() {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("warn,qdrant_edge=error"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}

/// Runs one command to its end.
///
/// # Errors
/// What went wrong, with the file, key or folder it went wrong with.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let settings = IndexerSettings::load(arguments.config.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("indexer")
        .build()
        .context("cannot start the runtime")?;
    let exit = runtime.block_on(async {
        match arguments.command {
            Command::Build(build) => build.run(settings).await,
            Command::Search(search) => search.run(settings).await,
            Command::Inspect(inspect) => inspect.run(settings).await,
            Command::Verify(verify) => verify.run(settings).await,
            Command::Watch(watch) => watch.run(settings).await,
            Command::Lint(lint) => lint.run(settings),
        }
    });
    // A batch of the model that nobody waits for any more must not hold up the end.
    runtime.shutdown_background();
    exit
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn wrong_usage_is_exit_code_two() {
        for wrong in [&["x"][..], &["x", "bild"], &["x", "build", "--kb"], &["x", "search"]] {
            assert_eq!(Arguments::try_parse_from(wrong).unwrap_err().exit_code(), 2, "{wrong:?}");
        }
        Arguments::try_parse_from(["x", "build", "--config", "a.toml"]).unwrap();
    }
}
