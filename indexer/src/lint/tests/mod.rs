//! Tests of whole runs: a small folder in, findings out.

mod claims;
mod facts;
mod hostile;
mod outputs;
mod rules;
mod sample;
mod waivers;

use jiff::civil::date;

use super::*;
use crate::source::SourceRules;

/// A folder with these files.
pub(super) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let file = folder.path().join(path);
        fs_err::create_dir_all(file.parent().unwrap()).unwrap();
        fs_err::write(file, text).unwrap();
    }
    folder
}

/// The report on a folder, as of 22 November 2026.
pub(super) fn report(files: &[(&str, &str)], settings: &LintSettings, only: &[Rule]) -> Report {
    let folder = folder(files);
    let request = Request {
        source: &SourceRules::default(),
        settings,
        selection: Selection { only: only.to_vec(), skip: Vec::new() },
        today: date(2026, 11, 22),
    };
    lint(folder.path(), &request).unwrap()
}

/// `path:line:column message` of what one rule finds.
pub(super) fn found(rule: Rule, files: &[(&str, &str)]) -> Vec<String> {
    let report = report(files, &LintSettings::default(), &[rule]);
    let line = |f: &Finding| format!("{}:{}:{} {}", f.path, f.at.line, f.at.column, f.message);
    report.findings.iter().map(line).collect()
}

/// Text of so many different words.
pub(super) fn words(number: usize) -> String {
    (0..number).map(|i| format!("word{i} ")).collect()
}
