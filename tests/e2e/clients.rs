//! The examples of docs/clients.md: each one runs, where its interpreter is installed, and prints the
//! answer.

use std::process::{Command, Stdio};

use crate::support::shared;

/// The fenced examples of the page with their languages.
fn examples() -> Vec<(String, String)> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/clients.md");
    let text = fs_err::read_to_string(file).unwrap();
    let mut found = Vec::new();
    for part in text.split("\n```").skip(1).step_by(2) {
        let (language, code) = part.split_once('\n').unwrap();
        found.push((language.to_owned(), code.to_owned()));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_of_the_clients_page_answers() {
    let app = shared();
    let mut ran = Vec::new();
    for (language, code) in examples() {
        let (program, extension): (&[&str], _) = match language.as_str() {
            "sh" => (&["sh"], "sh"),
            "js" => (&["node"], "mjs"),
            "python" => (&["python3"], "py"),
            "php" => (&["php", "-d", "allow_url_fopen=1"], "php"),
            other => panic!("no test for examples in {other:?}"),
        };
        let there = Command::new(if language == "sh" { "curl" } else { program[0] })
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success());
        if !there {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(format!("example.{extension}"));
        let code = code.replace("http://localhost:8080", &app.address);
        assert!(code.contains(&app.address), "{language}: the example names another server");
        fs_err::write(&file, code).unwrap();
        let run = Command::new(program[0]).args(&program[1..]).arg(&file).output().unwrap();
        let said = String::from_utf8_lossy(&run.stdout).into_owned();
        let errors = String::from_utf8_lossy(&run.stderr);
        assert!(
            run.status.success() && said.contains("5 working days"),
            "{language}: {said} {errors}"
        );
        ran.push(language);
    }
    assert!(!ran.is_empty(), "neither curl nor node nor python3 nor php is installed");
}
