//! A backup is taken beside a running server; what is restored from it answers the same, and nothing is
//! embedded again.

use std::process::{Command, Output};

use serde_json::Value;

use crate::support::program::{self, Program};

fn indexer(folder: &std::path::Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(program::path().with_file_name("atbilde-indexer"));
    // Without its library no model can embed anything.
    command.env("ORT_DYLIB_PATH", "/nonexistent/libonnxruntime.so").env_remove("RUST_LOG");
    command.args(arguments).arg("--data").arg(folder.join("restored"));
    if arguments[0] != "inspect" {
        command.arg("--kb").arg(folder.join("kb"));
    }
    command.output().unwrap()
}

fn json(output: &Output) -> Value {
    let text = program::text(&output.stdout);
    assert!(!text.is_empty(), "{}", program::text(&output.stderr));
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

#[test]
fn a_restored_folder_is_whole_and_embeds_nothing() {
    let server = Program::serve();
    server.until_ready();
    let asked =
        program::run(&["ask", "--json", "--server", &server.url(), "How long does a refund take?"]);
    let answer = json(&asked);
    let folder = server.folder.path().to_owned();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (data, file, restored) = (path("data"), path("b.tar"), path("restored"));
    let written = program::run(&["backup", "--data", &data, "--to", &file, "--json"]);
    assert!(written.status.success(), "{}", program::text(&written.stderr));
    let manifest = json(&written);
    let names: Vec<&str> =
        manifest["files"].as_array().unwrap().iter().filter_map(|f| f["name"].as_str()).collect();
    assert_eq!(names, ["catalog.sqlite", "conversations.sqlite"]);

    let done = program::run(&["restore", "--from", &file, "--data", &restored]);
    assert!(done.status.success(), "{}", program::text(&done.stderr));
    let again = program::run(&["restore", "--from", &file, "--data", &restored]);
    assert!(program::text(&again.stderr).contains("not empty"));

    // The indexes are missing and it is said; they are made again on request, without a model.
    let checked = indexer(&folder, &["verify", "--json"]);
    assert_eq!(checked.status.code(), Some(1));
    assert_eq!(json(&checked)["drift"][0]["kind"], "absent");
    assert_eq!(json(&indexer(&folder, &["verify", "--repair", "--json"]))["ok"], true);
    assert_eq!(json(&indexer(&folder, &["verify", "--json"]))["ok"], true);
    let built = json(&indexer(&folder, &["build", "--json"]));
    assert_eq!(built["embedded"], 0);
    assert_eq!(built["generation"], manifest["index_generation"]);
    let live = json(&indexer(&folder, &["inspect", "--json"]));
    assert_eq!(live["passages"], manifest["passages"]);

    let kb = path("kb");
    let asked = program::run(&[
        "ask",
        "--json",
        "--kb",
        &kb,
        "--data",
        &restored,
        "--config",
        &path("atbilde.toml"),
        "How long does a refund take?",
    ]);
    let same = json(&asked);
    for key in ["outcome", "answer", "citations", "index_generation"] {
        assert_eq!(same[key], answer[key], "{key}");
    }
}
