//! Log lines on standard error, as text or JSON. Set up once by each command.
//!
//! The crates of this project speak at the configured level, all others only from `warn` on: what a
//! library logs for debugging may hold parts of a request, and no customer's word may reach a log. Each event is
//! one line, whatever another program's words in it are.

use std::io::{self, IsTerminal, Write};

use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, LogLevel, LogSettings};

/// Starts logging. A second call in the same process changes nothing, so that tests may start many
/// applications.
pub fn start(settings: &LogSettings) {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(settings.level))
        .with_writer(|| OneLine(io::stderr()));
    let _ = match settings.format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Text => {
            builder.with_target(false).with_ansi(io::stderr().is_terminal()).try_init()
        }
    };
}

/// Writes each event, which comes whole, as one line: a line break within it would be somebody else's line.
struct OneLine<W>(W);

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let (words, end) = match event.split_last() {
            Some((b'\n', words)) => (words, true),
            _ => (event, false),
        };
        let mut line = Vec::with_capacity(event.len());
        for byte in words {
            match byte {
                b'\n' => line.extend_from_slice(b"\\n"),
                b'\r' => line.extend_from_slice(b"\\r"),
                other => line.push(*other),
            }
        }
        if end {
            line.push(b'\n');
        }
        self.0.write_all(&line)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_with_line_breaks_is_one_line() {
        for (event, line) in [
            ("WARN failed error=well\n", "WARN failed error=well\n"),
            ("WARN failed\r\nERROR forged\n\n", "WARN failed\\r\\nERROR forged\\n\n"),
            ("no end", "no end"),
            ("", ""),
        ] {
            let mut written = OneLine(Vec::new());
            written.write_all(event.as_bytes()).unwrap();
            assert_eq!(String::from_utf8(written.0).unwrap(), line);
        }
    }
}
