//! `atbilde-indexer lint`: checks the articles before they are published.
//!
//! Reads the folder only; needs no index, no model and no data folder. What is wrong is decided in
//! `indexer::lint`; here it is shown, and the exit code chosen.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use indexer::lint::{self, Colour, LintError, Request, Rule, Selection, Severity};
use indexer::settings::IndexerSettings;
use jiff::Zoned;
use jiff::civil::Date;

use super::knowledge_base::KbFlag;
use super::{Exit, output};

/// Check the articles: dead links, expired pages, contradictions, personal data and more
///
/// Exit code 0: nothing at or above --fail-on; 1: something is; 2: wrong usage or configuration.
/// Allow a finding with a comment on its line or above its paragraph:
/// `<!-- lint-allow: rule-id; reason -->`
#[derive(Debug, Args)]
pub(super) struct Lint {
    #[command(flatten)]
    kb: KbFlag,
    /// How to print the findings
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Least severity that fails the command
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = FailOn::Error)]
    fail_on: FailOn,
    /// Run these rules alone, also those that are off in the configuration
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    only: Vec<Rule>,
    /// Do not run these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    skip: Vec<Rule>,
    /// The day that dates are compared with [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<Date>,
    /// List the rules with what each looks for, and end
    #[arg(long)]
    rules: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text, grouped by file
    Human,
    /// One JSON object
    Json,
    /// SARIF 2.1.0, for code hosts and editors
    Sarif,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Note,
    /// Never fail
    Never,
}

impl Lint {
    pub(super) fn run(self, settings: IndexerSettings) -> anyhow::Result<Exit> {
        if self.rules {
            output::result(lint::rules_text());
            return Ok(Exit::Done);
        }
        let request = Request {
            source: &settings.source,
            settings: &settings.lint,
            selection: Selection { only: self.only, skip: self.skip },
            today: self.today.unwrap_or_else(|| Zoned::now().date()),
        };
        let report = match lint::lint(&self.kb.folder, &request) {
            Ok(report) => report,
            Err(error @ (LintError::Folder(_) | LintError::Settings(_))) => {
                output::note(format!("error: {error}"));
                return Ok(Exit::Usage);
            }
        };
        match self.format {
            Format::Human => output::result(lint::human(&report, colour())),
            Format::Json => output::json_line(&lint::json(&report))?,
            Format::Sarif => output::json_line(&lint::sarif(&report, env!("CARGO_PKG_VERSION")))?,
        }
        let fails = self.fail_on.severity().is_some_and(|severity| report.reaches(severity));
        Ok(if fails { Exit::Failed } else { Exit::Done })
    }
}

impl FailOn {
    fn severity(self) -> Option<Severity> {
        match self {
            Self::Error => Some(Severity::Error),
            Self::Warning => Some(Severity::Warning),
            Self::Note => Some(Severity::Note),
            Self::Never => None,
        }
    }
}

/// Colours on a terminal, unless `NO_COLOR` is set (no-color.org).
fn colour() -> Colour {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if std::io::stdout().is_terminal() && !unwanted { Colour::Always } else { Colour::Never }
}
