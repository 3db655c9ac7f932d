//! The real program with the real model, killed at random moments between edits.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::fixture::{Fixture, Moments};
use crate::verifying::flip;

const KILLS: u64 = 10;
const ARTICLES: u64 = 12;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_atbilde-indexer"))
}

/// Where `make setup` puts ONNX Runtime, or what the environment names.
fn onnx_runtime_is_installed() -> bool {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    std::env::var_os("ORT_DYLIB_PATH").is_some()
        || cache.and_then(|c| fs_err::read_dir(c.join("atbilde")).ok()).is_some_and(|entries| {
            entries.flatten().any(|e| e.file_name().to_string_lossy().starts_with("onnxruntime-"))
        })
}

fn article(number: u64, edition: u64) -> String {
    let mut text = format!("# Article {number}\n");
    for section in 0..4 {
        text.push_str(&format!(
            "\n## Section {section}\n\nThis is edition {edition} of section {section}. A parcel with \
             the number {number}{section} is kept for {edition} days at the pick-up point.\n"
        ));
    }
    text
}

#[test]
fn a_killed_build_never_leaves_drift_that_the_next_one_does_not_mend() {
    if !onnx_runtime_is_installed() {
        eprintln!("SKIPPED: ONNX Runtime is not installed; `make setup` installs it");
        return;
    }
    let fixture = Fixture::new();
    for number in 0..ARTICLES {
        fixture.write(&format!("en/{number}.md"), &article(number, 0));
    }
    let folders = |command: &mut Command| {
        command.arg("--kb").arg(fixture.kb()).arg("--data").arg(fixture.data()).arg("--json");
    };
    let run = |name: &str| {
        let mut command = program();
        command.arg(name);
        folders(&mut command);
        let output = command.output().unwrap();
        let text = format!(
            "{name}: {}{}",
            String::from_utf8_lossy(&output.stderr),
            String::from_utf8_lossy(&output.stdout)
        );
        (output.status.success(), text)
    };
    let (ok, text) = run("build");
    assert!(ok, "{text}");
    // How long a build of some edits takes here; learnt from those that end before they are killed.
    let mut whole = Duration::from_secs(3);

    let mut moments = Moments::new(7);
    let mut killed = 0;
    for edition in 1..=4 * KILLS {
        if killed == KILLS {
            return;
        }
        for _ in 0..4 {
            let number = moments.below(ARTICLES);
            fixture.write(&format!("en/{number}.md"), &article(number, edition));
        }
        if edition % 3 == 0 {
            let _ =
                fs_err::remove_file(fixture.file(&format!("en/{}.md", moments.below(ARTICLES))));
        }
        let mut command = program();
        command.arg("build").stdout(Stdio::null()).stderr(Stdio::null());
        folders(&mut command);
        let mut child = command.spawn().unwrap();
        let started = Instant::now();
        let moment = Duration::from_millis(moments.below(whole.as_millis() as u64));
        while started.elapsed() < moment && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(2));
        }
        let elapsed = started.elapsed();
        child.kill().unwrap();
        if child.wait().unwrap().code().is_none() {
            killed += 1;
        } else {
            whole = elapsed;
        }

        let (ok, text) = run("build");
        assert!(ok, "after kill {edition}: {text}");
        let (ok, text) = run("verify");
        assert!(ok, "after kill {edition}: {text}");
    }
    panic!("only {killed} builds were still running when they were killed");
}

#[test]
fn verify_fails_over_a_damaged_index_and_repair_mends_it() {
    if !onnx_runtime_is_installed() {
        eprintln!("SKIPPED: ONNX Runtime is not installed; `make setup` installs it");
        return;
    }
    let fixture = Fixture::new();
    fixture.write("en/1.md", &article(1, 0));
    let run = |arguments: &[&str]| {
        let mut command = program();
        command.args(arguments).arg("--kb").arg(fixture.kb()).arg("--data").arg(fixture.data());
        let output = command.output().unwrap();
        let said = format!(
            "{arguments:?}: {}{}",
            String::from_utf8_lossy(&output.stderr),
            String::from_utf8_lossy(&output.stdout)
        );
        (output.status.code(), said)
    };
    let (code, said) = run(&["build"]);
    assert_eq!(code, Some(0), "{said}");
    let index = fs_err::read_dir(fixture.data())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.join("keyword").is_dir())
        .unwrap();
    assert!(flip(&index.join("keyword"), "term") > 0);

    let (code, said) = run(&["verify"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("damaged") && said.contains("--repair"), "{said}");
    let (code, said) = run(&["verify", "--repair"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(index.join("keyword.unusable-1").is_dir(), "nothing is deleted");
    let (code, said) = run(&["verify"]);
    assert_eq!(code, Some(0), "{said}");
}
