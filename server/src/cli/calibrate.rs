//! `atbilde calibrate`: fits the confidence to one base; what it does stands in `evaluate::calibrate`.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::{ConfigFlag, block_on, print};
use crate::evaluate::{self, CalibrateOptions, EvalError};
use crate::settings::LogLevel;
use crate::telemetry;

/// Flags of `calibrate`.
#[derive(Debug, Args)]
pub(super) struct Calibrate {
    /// Folder of the Markdown files
    #[arg(long, value_name = "DIR", default_value = "kb", conflicts_with = "corpus")]
    kb: PathBuf,
    /// Folder that holds the index; the coefficients are written into it
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// Folder of golden cases (*.yaml), whose truth is known: without them nothing can be promised
    #[arg(long, value_name = "DIR", conflicts_with = "corpus")]
    golden: Option<PathBuf>,
    /// Documents of a question set instead of --kb, for `eval --set` over the same data folder
    #[arg(long, value_name = "corpus.jsonl")]
    corpus: Option<PathBuf>,
    /// Share of wrong ones among the answers, at most
    #[arg(long, value_name = "SHARE", default_value_t = 0.05)]
    max_error: f64,
    /// How sure that is to be
    #[arg(long, value_name = "SHARE", default_value_t = 0.95)]
    certainty: f64,
    /// Share of customers' questions that the articles answer, as far as your tickets tell
    #[arg(long, value_name = "SHARE", default_value_t = 0.85)]
    answerable: f64,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigFlag,
}

impl Calibrate {
    pub(super) fn run(self) -> Result<ExitCode> {
        let mut settings = self.config.load()?;
        settings.log.level = LogLevel::Warn;
        telemetry::start(&settings.log);
        let options = CalibrateOptions {
            golden: self.golden,
            corpus: self.corpus,
            max_error: self.max_error,
            certainty: self.certainty,
            answerable: self.answerable,
        };
        let paths = (self.kb.as_path(), self.data.as_path());
        match block_on(async { Ok(evaluate::calibrate(&options, paths, &settings).await) })? {
            Ok(outcome) => {
                print(&if self.json { format!("{}\n", outcome.json) } else { outcome.text })?;
                Ok(ExitCode::SUCCESS)
            }
            Err(EvalError::Usage(message)) => {
                let _ = writeln!(std::io::stderr(), "error: {message}");
                Ok(ExitCode::from(2))
            }
            Err(error) => Err(error.into()),
        }
    }
}
