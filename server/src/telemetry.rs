//! Log lines on standard error, as text or JSON. Set up once by each command.
//!
//! The crates of this project speak at the configured level, all others only from `warn` on: what a
//! library logs for debugging may hold parts of a request, and no customer's word may reach a log.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, LogLevel, LogSettings};

/// Starts logging. A second call in the same process changes nothing, so that tests may start many
/// applications.
pub fn start(settings: &LogSettings) {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(settings.level))
        .with_writer(std::io::stderr);
    let _ = match settings.format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Text => {
            builder.with_target(false).with_ansi(std::io::stderr().is_terminal()).try_init()
        }
    };
}

fn filter(level: LogLevel) -> EnvFilter {
    let level = match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    };
    let others = if level == "error" { "error" } else { "warn" };
    // The vector engine warns of settings that an embedded shard does not have.
    EnvFilter::new(format!(
        "{others},qdrant_edge=error,llama-cpp-2={others},server={level},indexer={level},atbilde={level}"
    ))
}
