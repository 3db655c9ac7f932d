//! The program from outside: exit codes, stdout and stderr, without a model.

use std::process::{Command, Output};

use crate::fixture::Fixture;

fn run(arguments: &[&std::ffi::OsStr]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_atbilde-indexer")).args(arguments).output().unwrap()
}

macro_rules! run {
    ($($argument:expr),* $(,)?) => { run(&[$(std::ffi::OsStr::new(&$argument)),*]) };
}

fn error_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn wrong_usage_exits_with_two_and_prints_no_result() {
    let fixture = Fixture::new();
    let config = fixture.file("bad.toml");
    fs_err::write(&config, "[search]\ncandidats = 5\n").unwrap();
    for output in [
        run!("bild"),
        run!("build", "--nonsense"),
        run!("search"),
        run!("build", "--config", config, "--kb", fixture.kb(), "--data", fixture.data()),
    ] {
        assert_eq!(output.status.code(), Some(2), "{}", error_of(&output));
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
    assert!(!fixture.data().exists(), "nothing was tried");
    assert_eq!(run!("--help").status.code(), Some(0));
}

#[test]
fn an_empty_folder_is_a_failure_with_a_result_and_advice() {
    let fixture = Fixture::new();
    let output = run!("build", "--json", "--kb", fixture.kb(), "--data", fixture.data());
    assert_eq!(output.status.code(), Some(1));
    let stdout = String::from_utf8(output.stdout.clone()).unwrap();
    let result: serde_json::Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    let keys = [
        "generation",
        "documents",
        "passages",
        "added",
        "changed",
        "retired",
        "embedded",
        "skipped",
        "seconds",
    ];
    for key in keys {
        assert!(result.get(key).is_some(), "{key} is missing in {result}");
    }
    assert!(error_of(&output).contains("no Markdown file"), "{}", error_of(&output));
}

#[test]
fn a_missing_folder_is_named_and_nothing_is_made() {
    let fixture = Fixture::new();
    let missing = fixture.file("none");
    let output = run!("build", "--kb", missing, "--data", fixture.data());
    assert_eq!(output.status.code(), Some(1));
    let error = error_of(&output);
    assert!(error.contains("none") && error.contains("--kb"), "{error}");
    assert_eq!(error.matches("no such folder").count(), 1, "said once: {error}");
    for output in [
        run!("verify", "--kb", fixture.kb(), "--data", fixture.data()),
        run!("inspect", "--data", fixture.data()),
        run!("search", "words", "--data", fixture.data()),
    ] {
        assert_eq!(output.status.code(), Some(1));
        assert!(error_of(&output).contains("atbilde-indexer build"), "{}", error_of(&output));
    }
    assert!(!fixture.data().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_in_use_is_refused_with_its_owner() {
    let fixture = Fixture::with_articles();
    let _open = fixture.open().await;
    let output = run!("build", "--kb", fixture.kb(), "--data", fixture.data());
    assert_eq!(output.status.code(), Some(1));
    let error = error_of(&output);
    assert!(error.contains("in use") && error.contains(&std::process::id().to_string()), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn inspect_shows_documents_and_the_passages_of_one() {
    let fixture = Fixture::with_articles();
    fixture.open().await.build().await.unwrap();
    let output = run!("inspect", "--data", fixture.data(), "--json");
    assert_eq!(output.status.code(), Some(0), "{}", error_of(&output));
    let overview: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&overview["generation"], &overview["documents"]), (&1.into(), &3.into()));
    assert_eq!(overview["list"][0]["path"], "en/returns.md");
    assert_eq!(overview["list"][0]["passages"], 3);

    let output = run!("inspect", "--data", fixture.data(), "--path", "en/returns.md");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("sentence Send it back within thirty days"), "{text}");
    assert!(text.contains("#until-when"), "{text}");

    let output = run!("inspect", "--data", fixture.data(), "--path", "returns.md");
    assert_eq!(output.status.code(), Some(1));
    assert!(error_of(&output).contains("did you mean en/returns.md?"), "{}", error_of(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_matches_no_article_is_told_by_lint_and_inspect() {
    let fixture = Fixture::with_articles();
    let config = fixture.file("atbilde.toml");
    let absolute = format!("{}/en/**", fixture.kb().display());
    let rule =
        |path: &str| format!("[[source.audience]]\npath = {path:?}\naudience = \"internal\"\n");
    let text = [rule("en/returns.md"), rule(&absolute), rule("runboks")].concat();
    fs_err::write(&config, text).unwrap();

    let output = run!("lint", "--config", config, "--kb", fixture.kb());
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!said.contains("rule 1 of"), "{said}");
    for part in [
        "rule 2 of source.audience (path = ",
        "write path = \"en/**\"",
        "rule 3 of source.audience (path = \"runboks\") matches no document",
    ] {
        assert!(said.contains(part), "{part} is missing in\n{said}");
    }
    let only = ["--only", "unmatched-audience-rule", "--fail-on", "warning"];
    let output =
        run!("lint", "--config", config, "--kb", fixture.kb(), only[0], only[1], only[2], only[3]);
    assert_eq!(output.status.code(), Some(1), "{}", error_of(&output));

    fixture.open().await.build().await.unwrap();
    let output = run!(
        "inspect",
        "--config",
        config,
        "--data",
        fixture.data(),
        "--kb",
        fixture.kb(),
        "--json"
    );
    let overview: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let rules = overview["pending"]["unmatched_rules"].as_array().unwrap();
    let numbers: Vec<_> = rules.iter().map(|r| r["rule"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [2, 3], "{overview}");
}

#[test]
fn a_rule_with_a_path_of_the_machine_is_refused() {
    let fixture = Fixture::with_articles();
    let config = fixture.file("atbilde.toml");
    let text = "[[source.audience]]\npath = 'C:\\help\\**'\naudience = \"internal\"\n";
    fs_err::write(&config, text).unwrap();
    let output = run!("lint", "--config", config, "--kb", fixture.kb());
    let error = error_of(&output);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("source.audience: rule 1 has the path"), "{error}");
    assert!(error.contains("atbilde.toml"), "{error}");
}

#[test]
fn a_secret_of_digits_is_read_and_no_variable_is_shown() {
    let fixture = Fixture::new();
    let run = |variable: &str, value: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_atbilde-indexer"));
        command.args(["build", "--kb"]).arg(fixture.kb()).arg("--data").arg(fixture.data());
        command.env(variable, value).output().unwrap()
    };
    let output = run("ATBILDE__VECTORS__API_KEY", "048151623");
    assert!(error_of(&output).contains("no Markdown file"), "{}", error_of(&output));
    let output = run("ATBILDE__SEARCH__CANDIDATES", "pearl048151623");
    let error = error_of(&output);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("ATBILDE__SEARCH__CANDIDATES"), "{error}");
    assert!(!error.contains("pearl") && !error.contains("48151623"), "{error}");
}
