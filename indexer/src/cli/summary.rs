//! The report of a build in words.

use std::fmt::Write as _;
use std::path::Path;

use indexer::catalog::SkippedFile;
use indexer::publish::BuildReport;
use indexer::source::UnmatchedRule;

use super::output::{LIST, list, plain, table};

/// Counts, then what was added, changed, retired, skipped and remarked, and rules that match nothing.
pub(super) fn text(report: &BuildReport) -> String {
    let mut out = format!(
        "Generation {} is live after {:.1} s.\n{}",
        report.generation.0,
        report.seconds,
        table(
            &["documents", "passages", "added", "changed", "retired", "embedded", "skipped"],
            &[0, 1, 2, 3, 4, 5, 6],
            [[
                report.documents,
                report.passages,
                report.added,
                report.changed,
                report.retired,
                report.embedded,
                report.skipped.len() as u64,
            ]
            .iter()
            .map(u64::to_string)
            .collect()],
        )
    );
    for (title, paths) in [
        ("Added", &report.added_paths),
        ("Changed", &report.changed_paths),
        ("Retired", &report.retired_paths),
    ] {
        out.push_str(&list(title, paths));
    }
    out.push_str(&reasons("Skipped, not in the knowledge base", &report.skipped));
    out.push_str(&reasons("Indexed with a remark", &report.warnings));
    out.push_str(&unmatched(&report.unmatched_rules));
    if report.added + report.changed + report.retired == 0 && report.documents > 0 {
        out.push_str("\nNothing has changed since the last build.");
    }
    out
}

/// Why a build that went well is a failure all the same.
pub(super) fn nothing_indexed(kb: &Path, report: &BuildReport) -> String {
    let kb = kb.display();
    if report.skipped.is_empty() {
        format!(
            "nothing was indexed: {kb} holds no Markdown file (.md, .markdown, .mdx); name the \
             folder of your articles with --kb"
        )
    } else {
        let skipped = match report.skipped.len() {
            1 => "1 entry was".to_owned(),
            n => format!("{n} entries were"),
        };
        format!(
            "nothing was indexed: {skipped} skipped in {kb}, each for the reason given; correct one \
             and build again"
        )
    }
}

fn reasons(title: &str, files: &[SkippedFile]) -> String {
    if files.is_empty() {
        return String::new();
    }
    let mut out = format!("\n\n{title} ({})\n", files.len());
    let rows = files.iter().take(LIST).map(|f| vec![plain(&f.path, 200), plain(&f.reason, 400)]);
    out.push_str(&table(&["file", "reason"], &[], rows));
    if files.len() > LIST {
        let _ = write!(out, "\nand {} more; --json and `inspect` name all", files.len() - LIST);
    }
    out
}

/// Rules that hide nothing. All of them: there are few, and each may leave something open.
pub(super) fn unmatched(rules: &[UnmatchedRule]) -> String {
    if rules.is_empty() {
        return String::new();
    }
    let title = "Rules of source.audience that match no document and hide nothing";
    let rows =
        rules.iter().map(|r| vec![r.rule.to_string(), plain(&r.pattern, 200), plain(&r.hint, 400)]);
    let table = table(&["rule", "pattern", "next step"], &[0], rows);
    format!("\n\n{title} ({})\n{table}", rules.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use indexer::model::Generation;

    fn file(path: &str, reason: &str) -> SkippedFile {
        SkippedFile { path: path.to_owned(), reason: reason.to_owned() }
    }

    #[test]
    fn a_summary_names_counts_files_and_reasons() {
        let report = BuildReport {
            generation: Generation(4),
            documents: 12,
            passages: 90,
            added: 1,
            embedded: 7,
            added_paths: vec!["en/returns.md".to_owned()],
            skipped: vec![file("en/logo.md", "the file holds an image, not text")],
            warnings: vec![file("en/returns.md", "line 3: unknown key audiance")],
            seconds: 1.25,
            ..BuildReport::default()
        };
        let text = text(&report);
        for part in [
            "Generation 4 is live after 1.2 s.",
            "documents",
            "90",
            "Added (1)\n  en/returns.md",
            "en/logo.md",
            "an image, not text",
            "unknown key audiance",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert!(!text.contains("Changed (") && !text.contains("Nothing has changed"), "{text}");
    }

    #[test]
    fn an_unchanged_build_says_so() {
        let report = BuildReport { documents: 3, ..BuildReport::default() };
        assert!(text(&report).ends_with("Nothing has changed since the last build."));
    }

    #[test]
    fn a_rule_that_matches_no_document_is_named_also_when_nothing_has_changed() {
        let rule = UnmatchedRule {
            rule: 2,
            pattern: "path = \"runboks/**\"".to_owned(),
            hint: "correct it".to_owned(),
        };
        let report =
            BuildReport { documents: 3, unmatched_rules: vec![rule], ..BuildReport::default() };
        let text = text(&report);
        for part in
            ["match no document and hide nothing (1)", "path = \"runboks/**\"", "correct it"]
        {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }

    #[test]
    fn an_empty_base_names_the_folder_and_the_next_step() {
        let mut report = BuildReport::default();
        assert!(
            nothing_indexed(Path::new("articles"), &report).contains("articles holds no Markdown")
        );
        report.skipped = vec![file("a.md", "x")];
        assert!(nothing_indexed(Path::new("kb"), &report).contains("1 entry was skipped in kb"));
        report.skipped.push(file("b.md", "x"));
        assert!(nothing_indexed(Path::new("kb"), &report).contains("2 entries were skipped in kb"));
    }
}
