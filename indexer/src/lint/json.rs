//! Findings for programs, as one JSON object.

use serde::Serialize;

use super::finding::{Finding, Report};
use super::rule::{Rule, Severity};

/// Contract of `lint --format json`. Fields are added, never renamed.
#[derive(Serialize)]
struct Output<'a> {
    articles: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    waived: usize,
    rules: &'a [Rule],
    findings: &'a [Finding],
}

/// The report as a value to print.
pub fn json(report: &Report) -> impl Serialize + '_ {
    Output {
        articles: report.articles,
        errors: report.count(Severity::Error),
        warnings: report.count(Severity::Warning),
        notes: report.count(Severity::Note),
        waived: report.waived,
        rules: &report.rules,
        findings: &report.findings,
    }
}
