//! `atbilde eval` and `atbilde calibrate` on a small base: the page, the comparison, the coefficients.

use std::path::Path;

use serde_json::Value;

use crate::support::articles;
use crate::support::program::{run, text};

const GOLDEN: &str = r#"
version: 1
cases:
  - id: refund
    question: "How long does a refund take?"
    locale: en
    expect: answer
    must_cite: [help/en/returns.md]
    kind: plain
  - id: moon
    question: "who was the first man on the moon"
    locale: en
    expect: refuse
    kind: far
"#;

/// What a command printed; `args` follow the folders.
fn command(name: &str, folder: &Path, args: &[&str]) -> (bool, String) {
    let at = |part: &str| folder.join(part).to_str().unwrap().to_owned();
    let (kb, data, golden) = (at("kb"), at("data"), at("golden"));
    let mut all = vec![name, "--kb", &kb, "--data", &data, "--golden", &golden];
    all.extend(args);
    let output = run(&all);
    (output.status.success(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn a_run_is_shown_compared_and_calibrated() {
    let folder = tempfile::tempdir().unwrap();
    articles::write(&folder.path().join("kb"));
    fs_err::create_dir_all(folder.path().join("golden")).unwrap();
    fs_err::write(folder.path().join("golden/en.yaml"), GOLDEN).unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();

    let (_, before) = command("eval", folder.path(), &["--json"]);
    let json: Value = serde_json::from_str(before.lines().next().unwrap()).unwrap();
    assert_eq!(json["questions"].as_array().unwrap().len(), 2, "{before}");
    assert!(json["figures"]["recall1"].is_number() && json["threshold"] == 0.73);
    fs_err::write(file("run.json"), before.lines().next().unwrap()).unwrap();

    let (html, earlier) = (file("report.html"), file("run.json"));
    let compared = ["--html", &html, "--compare", &earlier, "--fail-on-worse"];
    let (_, shown) = command("eval", folder.path(), &compared);
    assert!(
        shown.contains("2 questions in both runs") && shown.contains("0 fare otherwise"),
        "{shown}"
    );
    let page = fs_err::read_to_string(&html).unwrap();
    assert!(page.contains("<svg") && page.contains("What changed") && !page.contains("<script"));
    assert!(!page.contains("http://") && !page.contains("https://"), "the page names a host");

    let told = ["--answerable", "0.4"];
    let (done, said) = command("calibrate", folder.path(), &told);
    assert!(done && said.contains("promised"), "{said}");
    let made = fs_err::read_to_string(folder.path().join("data/confidence.toml")).unwrap();
    assert!(command("calibrate", folder.path(), &["--answerable", "0.4", "--json"]).0);
    let again = fs_err::read_to_string(folder.path().join("data/confidence.toml")).unwrap();
    assert_eq!(made, again, "the same base gives the same coefficients to the last digit");
    let (_, after) = command("eval", folder.path(), &["--json"]);
    let after: Value = serde_json::from_str(after.lines().next().unwrap()).unwrap();
    let sure = |run: &Value| run["questions"][0]["confidence"].as_f64().unwrap();
    assert!(sure(&after) < sure(&json), "the calibration is in effect");
}
