//! Comments that allow findings, severities, and the choice of rules.

use super::*;

#[test]
fn a_comment_allows_what_stands_below_it_and_nothing_else() {
    let files = [(
        "a.md",
        "# T\n\n<!-- lint-allow: dead-link; is written next week -->\n[a](x.md)\n\n[b](y.md)\n",
    )];
    let got = report(&files, &LintSettings::default(), &[Rule::DeadLink]);
    assert_eq!((got.findings.len(), got.waived), (1, 1));
    assert_eq!(got.findings[0].at.line, 6);
}

#[test]
fn a_conflict_can_be_allowed_in_either_article() {
    let text = "# Returns\n\nUnused goods can be sent back within 60 days of delivery.\n";
    let other =
        text.replace("60", "45").replace("Unused", "<!-- lint-allow: fact-conflict -->\nUnused");
    for files in [[("a.md", text), ("b.md", other.as_str())], [("a.md", &other), ("b.md", text)]] {
        let got = report(&files, &LintSettings::default(), &[Rule::FactConflict]);
        assert_eq!((got.findings.len(), got.waived), (0, 1));
    }
}

#[test]
fn comments_that_do_nothing_are_reported() {
    let files = [("a.md", "# T\n\n<!-- lint-allow: dead-link, no-such -->\ntext\n")];
    let rules = [Rule::DeadLink, Rule::UnknownWaiver, Rule::UnusedWaiver];
    let got = report(&files, &LintSettings::default(), &rules);
    let ids: Vec<_> = got.findings.iter().map(|f| f.rule).collect();
    assert_eq!(ids, [Rule::UnknownWaiver, Rule::UnusedWaiver]);
    // The rule did not run: nobody knows whether the comment is still needed.
    let got = report(&files, &LintSettings::default(), &[Rule::UnusedWaiver]);
    assert_eq!(got.findings, []);
}

#[test]
fn settings_and_selection_decide_what_runs_and_how_bad_it_is() {
    let files = [("a.md", "[a](x.md) ![](y.png)\n")];
    let mut settings = LintSettings::default();
    settings.severity.insert(Rule::DeadLink, Level::Note);
    settings.severity.insert(Rule::MissingAlt, Level::Off);
    let got = report(&files, &settings, &[]);
    assert!(!got.rules.contains(&Rule::MissingAlt));
    let dead: Vec<_> = got.findings.iter().filter(|f| f.rule == Rule::DeadLink).collect();
    assert_eq!(dead.len(), 2);
    assert!(dead.iter().all(|f| f.severity == Severity::Note));
    assert!(!got.reaches(Severity::Error) && got.reaches(Severity::Note));
    // Asked for by name, a rule runs although it is off.
    assert_eq!(report(&files, &settings, &[Rule::MissingAlt]).findings.len(), 1);
}

#[test]
fn a_run_that_cannot_start_says_what_to_change() {
    let request = Request {
        source: &SourceRules::default(),
        settings: &LintSettings { near_duplicate: 0.0, ..LintSettings::default() },
        selection: Selection::default(),
        today: date(2026, 11, 22),
    };
    let error = lint(std::path::Path::new("."), &request).unwrap_err();
    assert!(error.to_string().contains("lint.near_duplicate"), "{error}");
    let request = Request { settings: &LintSettings::default(), ..request };
    let error = lint(std::path::Path::new("no/such/folder"), &request).unwrap_err();
    assert!(error.to_string().contains("--kb"), "{error}");
}
