//! What a run of the rules gives back.
//!
//! Made by `rules`, filtered and sorted by `run`, shown by `human`, `json` and `sarif`.

use serde::Serialize;

use super::rule::{Rule, Severity};

/// Path of a finding about the configuration: it concerns the folder as a whole.
pub(super) const CONFIGURATION: &str = ".";

/// A point in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Position {
    /// From 1, as editors count.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

impl Position {
    pub const START: Self = Self { line: 1, column: 1 };
}

/// The other place that a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Related {
    pub path: String,
    #[serde(flatten)]
    pub at: Position,
    /// What stands there.
    pub message: String,
}

/// One thing that is wrong, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub rule: Rule,
    pub severity: Severity,
    /// Relative to the folder, `/`-separated; `.` where the configuration is what is wrong.
    pub path: String,
    #[serde(flatten)]
    pub at: Position,
    /// Names what is wrong. One line; personal data is masked.
    pub message: String,
    /// The next step.
    pub hint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related: Option<Related>,
    /// About the article as a whole: a waiver anywhere in the file counts.
    #[serde(skip)]
    pub(super) whole: bool,
}

impl Finding {
    /// A finding at a point of an article, with the default severity of its rule.
    pub(super) fn new(rule: Rule, path: &str, at: Position, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity: rule.default_severity(),
            path: path.to_owned(),
            at,
            message: one_line(&message.into()),
            hint: String::new(),
            related: None,
            whole: false,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = one_line(&hint.into());
        self
    }

    pub(super) fn related(mut self, path: &str, at: Position, message: impl Into<String>) -> Self {
        self.related =
            Some(Related { path: path.to_owned(), at, message: one_line(&message.into()) });
        self
    }

    /// Marks it as being about the whole article.
    pub(super) fn whole(mut self) -> Self {
        self.whole = true;
        self
    }
}

/// Everything that a run found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// By path, position, rule.
    pub findings: Vec<Finding>,
    /// Articles read.
    pub articles: usize,
    /// Findings that a comment in an article allows; not among `findings`.
    pub waived: usize,
    /// Rules that ran.
    pub rules: Vec<Rule>,
}

impl Report {
    /// Number of findings of one severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|f| f.severity == severity).count()
    }

    /// Whether any finding is at least this severe.
    pub fn reaches(&self, severity: Severity) -> bool {
        self.findings.iter().any(|f| f.severity >= severity)
    }
}

/// White space joined, control characters gone: a finding is one line in every output.
fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if !word.is_empty() {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
        }
    }
    out
}
