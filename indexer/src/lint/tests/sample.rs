//! The sample knowledge base is an example of good content.

use std::path::Path;

use super::*;

fn sample() -> Report {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|p| p.join("kb"));
    let folder = above.into_iter().find(|p| p.is_dir()).unwrap();
    let request = Request {
        source: &SourceRules::default(),
        settings: &LintSettings::default(),
        selection: Selection::default(),
        today: date(2026, 11, 22),
    };
    lint(&folder, &request).unwrap()
}

#[test]
fn it_has_no_errors_and_contradicts_itself_nowhere() {
    let report = sample();
    assert!(report.articles > 100);
    assert!(!report.reaches(Severity::Error), "{}", human(&report, Colour::Never));
    let quiet = [Rule::FactConflict, Rule::NearDuplicate, Rule::StaleTranslation, Rule::HiddenLink];
    let loud: Vec<_> = report.findings.iter().filter(|f| quiet.contains(&f.rule)).collect();
    assert!(loud.is_empty(), "{loud:?}");
}

#[test]
fn a_changed_price_in_it_is_found() {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|p| p.join("kb"));
    let folder = above.into_iter().find(|p| p.is_dir()).unwrap();
    let read = |path: &str| fs_err::read_to_string(folder.join(path)).unwrap();
    let (article, policy) = ("help-center/en/shipping-prices.md", "policies/en/shipping.md");
    let changed = read(policy).replace("€12.90", "€13.90");
    let got = found(Rule::FactConflict, &[(article, &read(article)), (policy, &changed)]);
    assert_eq!(got.len(), 1, "{got:?}");
    assert!(
        got[0].contains("\"€13.90\" here, \"€12.90\" in")
            || got[0].contains("\"€12.90\" here, \"€13.90\" in")
    );
}
