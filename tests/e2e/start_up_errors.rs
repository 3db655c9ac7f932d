//! A server that cannot start says which key, file or port is wrong and what to do.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::support::program::{path, run, text};
use crate::support::{Program, articles};

/// What `serve` writes when it fails, with exit code 1.
fn refusal(kb: &Path, data: &Path, more: &[&str]) -> String {
    let mut command = Command::new(path());
    command
        .args(["serve", "--kb"])
        .arg(kb)
        .arg("--data")
        .arg(data)
        .args(["--port", "0"])
        .args(more);
    let output = command.output().unwrap();
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert_eq!(error.matches("error: ").count(), 1, "told once: {error}");
    error
}

#[test]
fn a_busy_port() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = run(&[
        "serve",
        "--port",
        &port,
        "--kb",
        folder.path().to_str().unwrap(),
        "--data",
        folder.path().join("data").to_str().unwrap(),
    ]);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains(&format!("port {port}")) && error.contains("--port"), "{error}");
    assert!(!folder.path().join("data").exists(), "the port comes first");
}

#[test]
fn a_missing_knowledge_base() {
    let folder = tempfile::tempdir().unwrap();
    let error = refusal(&folder.path().join("nowhere"), &folder.path().join("data"), &[]);
    assert!(error.contains("nowhere") && error.contains("--kb"), "{error}");
}

#[test]
fn a_data_folder_that_another_process_owns() {
    let program = Program::serve();
    let kb = program.folder.path().join("kb");
    let error = refusal(&kb, &program.folder.path().join("data"), &[]);
    assert!(error.contains(&program.child.id().to_string()) && error.contains("--data"), "{error}");
}

#[test]
fn a_data_folder_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    articles::write(&folder.path().join("kb"));
    // A file where the folder should be refuses root too.
    fs_err::write(folder.path().join("data"), "").unwrap();
    let error = refusal(&folder.path().join("kb"), &folder.path().join("data"), &[]);
    assert!(error.contains("data") && error.contains("must be a folder"), "{error}");
}

#[test]
fn a_wrong_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("c.toml");
    for (content, named) in
        [("[server]\nprot = 1\n", "prot"), ("[server\n", "c.toml"), ("[servr]\n", "servr")]
    {
        fs_err::write(&config, content).unwrap();
        let error = refusal(
            folder.path(),
            &folder.path().join("data"),
            &["--config", config.to_str().unwrap()],
        );
        assert!(error.contains(named), "{error}");
    }
    let error =
        refusal(folder.path(), &folder.path().join("data"), &["--config", "/nowhere/c.toml"]);
    assert!(error.contains("/nowhere/c.toml"), "{error}");
}

#[test]
fn a_missing_onnx_runtime() {
    let folder = tempfile::tempdir().unwrap();
    articles::write(&folder.path().join("kb"));
    let output = Command::new(path())
        .args(["serve", "--port", "0", "--kb"])
        .arg(folder.path().join("kb"))
        .arg("--data")
        .arg(folder.path().join("data"))
        .env("ORT_DYLIB_PATH", "/nowhere/libonnxruntime.so")
        .output()
        .unwrap();
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("ORT_DYLIB_PATH") && error.contains("/nowhere"), "{error}");
}
