//! Findings for people: grouped by file, with the next step, and a summary.

use std::fmt::Write as _;

use super::finding::{CONFIGURATION, Finding, Report};
use super::rule::{Rule, Severity};
use super::text::counted;

/// Whether the output goes to a terminal that shows colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    Never,
    Always,
}

const BOLD: &str = "1";
const DIM: &str = "2";

impl Colour {
    fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::Never => text.to_owned(),
            Self::Always => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }

    fn severity(self, severity: Severity) -> String {
        let code = match severity {
            Severity::Error => "1;31",
            Severity::Warning => "33",
            Severity::Note => "36",
        };
        self.paint(code, severity.as_str())
    }
}

/// The report as text: a paragraph for each file, then the counts.
pub fn human(report: &Report, colour: Colour) -> String {
    let mut out = String::new();
    let mut path = "";
    for finding in &report.findings {
        if finding.path != path {
            path = &finding.path;
            let shown = if path == CONFIGURATION { "the configuration" } else { path };
            let _ = writeln!(out, "{}", colour.paint(BOLD, shown));
        }
        finding_text(&mut out, finding, colour);
    }
    if !report.findings.is_empty() {
        out.push('\n');
    }
    out.push_str(&summary(report));
    out
}

fn finding_text(out: &mut String, finding: &Finding, colour: Colour) {
    let at = match finding.path.as_str() {
        CONFIGURATION => String::new(),
        _ => format!("{}:{}", finding.at.line, finding.at.column),
    };
    let _ = writeln!(
        out,
        "  {at:<7} {} {} {}",
        colour.severity(finding.severity),
        finding.message,
        colour.paint(DIM, &format!("[{}]", finding.rule))
    );
    if let Some(related) = &finding.related {
        let place = format!("{}:{}:{}", related.path, related.at.line, related.at.column);
        let _ = writeln!(out, "          {place}: {}", related.message);
    }
    if !finding.hint.is_empty() {
        let _ = writeln!(out, "          {}", colour.paint(DIM, &finding.hint));
    }
}

fn summary(report: &Report) -> String {
    let articles = counted(report.articles, "article");
    let waived = match report.waived {
        0 => String::new(),
        n => format!("; {n} allowed by comments"),
    };
    if report.findings.is_empty() {
        return format!("{articles}: nothing found{waived}.");
    }
    let counts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .filter_map(|s| Some((report.count(s), s)).filter(|(n, _)| *n > 0))
        .map(|(n, s)| counted(n, s.as_str()))
        .collect();
    let by_rule: Vec<String> = report
        .rules
        .iter()
        .map(|rule| (report.findings.iter().filter(|f| f.rule == *rule).count(), rule))
        .filter(|(n, _)| *n > 0)
        .map(|(n, rule)| format!("  {n:>5}  {rule}"))
        .collect();
    format!("{articles}: {}{waived}.\n{}", counts.join(", "), by_rule.join("\n"))
}

/// The list of rules with what each looks for.
pub fn rules() -> String {
    let lines = Rule::ALL.iter().map(|rule| {
        format!("{:<24} {:<8} {}", rule.id(), rule.default_severity().as_str(), rule.explanation())
    });
    lines.collect::<Vec<_>>().join("\n")
}
