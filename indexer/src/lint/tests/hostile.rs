//! Files that nobody wrote for people: every shape ends without a panic.

use std::path::Path;

use proptest::prelude::*;

use super::*;

fn survive(files: &[(&str, &str)]) -> Report {
    let report = report(files, &LintSettings::default(), &[]);
    for finding in &report.findings {
        assert!(finding.at.line > 0 && finding.at.column > 0);
        assert!(!finding.message.contains(char::is_control) && !finding.hint.is_empty());
    }
    let _ = (human(&report, Colour::Always), sarif(&report, "0"));
    report
}

#[test]
fn shapes_that_cost_more_than_they_should_end() {
    let shapes = [
        "[".repeat(20_000),
        "[a](b)".repeat(5_000),
        "[a][b] ".repeat(5_000),
        "# A\n\n".repeat(5_000),
        "<!-- lint-allow: dead-link -->\n".repeat(5_000),
        "5 days ".repeat(10_000),
        "€5 for 5 days in 5 kg. ".repeat(3_000),
        format!("| a |{}\n|---|\n", " 5 € |".repeat(2_000)),
        "<div id=a>".repeat(5_000),
        "<h2>".repeat(5_000),
        "![](x.png)\n".repeat(5_000),
        "a@b.lv +371 2000 0000 LV80BANK0000435195001 ".repeat(2_000),
        format!("---\n{}", "key: value\n".repeat(5_000)),
        "---\n".repeat(5_000),
        "{{ x }} <a href=\"".repeat(3_000),
        "- ".repeat(3_000),
        "> ".repeat(3_000),
    ];
    for (i, shape) in shapes.iter().enumerate() {
        let name = format!("en/{i}.md");
        survive(&[(&name, shape), ("en/z.md", shape)]);
    }
}

#[test]
fn many_copies_of_an_article_end() {
    let text = format!("# T\n\n{}\n\nIt costs 5 € to send a parcel back home.\n", words(60));
    let files: Vec<(String, String)> =
        (0..300).map(|i| (format!("{i}.md"), format!("{text}{i} days late\n"))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    let report = survive(&files);
    let copies = report.findings.iter().filter(|f| f.rule == Rule::NearDuplicate).count();
    assert_eq!(copies, 299);
}

/// Runs only where the collection of broken files lies beside the project.
#[test]
fn a_collection_of_broken_files() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|p| p.join("shared/eval"));
    let Some(folder) = beside.map(|p| p.join("messy_markdown/docs")).find(|p| p.is_dir()) else {
        return;
    };
    let request = Request {
        source: &SourceRules::default(),
        settings: &LintSettings::default(),
        selection: Selection::default(),
        today: date(2026, 11, 22),
    };
    let report = lint(&folder, &request).unwrap();
    assert!(report.articles > 20, "{}", report.articles);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_survived(
        a in "(\\PC|\n|\\[x\\]\\(y\\.md#z\\)|#+ |\\| |---\n|€5|5 days|<[a-h1-6]+ id=|!\\[\\]\\(| {4}){0,60}",
        b in "(\\PC|\n|\r|\t|<!--|-->|```|\\{\\{|%|@x\\.lv|\\+371){0,60}",
    ) {
        survive(&[("en/a.md", &a), ("lv/a.md", &b), ("en/b.md", &format!("{a}{b}"))]);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let folder = folder(&[]);
        fs_err::write(folder.path().join("a.md"), bytes).unwrap();
        let request = Request {
            source: &SourceRules::default(),
            settings: &LintSettings::default(),
            selection: Selection::default(),
            today: date(2026, 11, 22),
        };
        lint(folder.path(), &request).unwrap();
    }
}
