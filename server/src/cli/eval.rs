//! `atbilde eval`: measures with question sets; what it does stands in `evaluate`.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::{ConfigFlag, block_on, print};
use crate::evaluate::{self, EvalArgs, EvalError};
use crate::settings::LogLevel;
use crate::telemetry;

/// Flags of `eval`.
#[derive(Debug, Args)]
pub(super) struct Eval {
    #[command(flatten)]
    args: EvalArgs,
    /// Folder of the Markdown files that golden cases ask about
    #[arg(long, value_name = "DIR", default_value = "kb")]
    kb: PathBuf,
    /// Folder that holds the index; question sets get folders of their own in it
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    #[command(flatten)]
    config: ConfigFlag,
}

impl Eval {
    pub(super) fn run(self) -> Result<ExitCode> {
        let mut settings = self.config.load()?;
        // Every hand-over of a case would be a line.
        settings.log.level = LogLevel::Warn;
        telemetry::start(&settings.log);
        let paths = (self.kb.as_path(), self.data.as_path());
        let done = block_on(async { Ok(evaluate::run(&self.args, paths, &settings).await) })?;
        match done {
            Ok(outcome) => {
                print(&outcome.text)?;
                Ok(if outcome.passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
            }
            Err(EvalError::Usage(message)) => {
                let _ = writeln!(std::io::stderr(), "error: {message}");
                Ok(ExitCode::from(2))
            }
            Err(error) => Err(error.into()),
        }
    }
}
