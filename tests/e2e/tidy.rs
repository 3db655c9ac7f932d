//! Rules of the house that a machine can check. ARCHITECTURE.md says why they are rules.

use std::path::{Path, PathBuf};

/// Longer files want a second room.
const MAX_LINES: usize = 500;

/// A crate, the names it goes by, and the places that may know it.
const HOMES: [(&[&str], &[&str]); 8] = [
    (&["actix_web", "actix_http", "actix_rt"], &["server/src/http/"]),
    (&["sqlx"], &["indexer/src/catalog/", "server/src/store/"]),
    (&["tantivy"], &["indexer/src/keyword/"]),
    (&["qdrant_edge", "qdrant_client"], &["indexer/src/vector/"]),
    (&["llama_cpp_2", "llama_cpp_sys_2"], &["server/src/generate/llama/"]),
    (
        &["fastembed", "ort"],
        &["indexer/src/cross_encoder/", "indexer/src/embed/", "indexer/src/onnx/"],
    ),
    (&["askama", "ammonia", "utoipa"], &["server/src/http/"]),
    (
        &["clap"],
        &[
            "server/src/cli",
            "indexer/src/cli",
            "indexer/src/main.rs",
            "server/src/main.rs",
            "server/src/evaluate/command.rs",
        ],
    ),
];

struct File {
    /// Relative to the repository, `/`-separated.
    path: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn files() -> Vec<File> {
    let root = root();
    let mut found = Vec::new();
    for package in ["indexer", "server", "tests"] {
        for entry in walkdir::WalkDir::new(root.join(package)) {
            let entry = entry.unwrap();
            if entry.path().extension().is_some_and(|e| e == "rs") {
                let path = entry.path().strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                found.push(File { path, text: fs_err::read_to_string(entry.path()).unwrap() });
            }
        }
    }
    assert!(found.len() > 50, "the rules look at the wrong folder");
    found
}

/// Prints all that break a rule, not just the first.
fn none(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

#[test]
fn crates_stay_at_home() {
    let mut broken = Vec::new();
    for file in files().iter().filter(|f| f.path.contains("/src/")) {
        for (names, homes) in HOMES {
            if homes.iter().any(|home| file.path.starts_with(home)) {
                continue;
            }
            for (number, line) in file.text.lines().enumerate() {
                let code = line.trim_start();
                if code.starts_with("//") {
                    continue;
                }
                for name in names.iter().filter(|name| mentions(code, name)) {
                    broken.push(format!("{}:{}: {name}", file.path, number + 1));
                }
            }
        }
    }
    none("a crate is used outside its home", &broken);
}

/// `code` uses the crate `name` by path.
fn mentions(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let outside =
            before.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '_' | ':' | '.' | '"')));
        outside && code[at + name.len()..].starts_with("::")
    })
}

#[test]
fn the_server_knows_the_indexer_and_never_back() {
    let broken: Vec<String> = files()
        .iter()
        .filter(|f| f.path.starts_with("indexer/") && f.text.lines().any(|l| mentions(l, "server")))
        .map(|f| f.path.clone())
        .collect();
    none("the indexer uses the server", &broken);
}

#[test]
fn layers_look_down_only() {
    // Low to high; a layer may not use those that stand after it.
    const LAYERS: [&str; 12] = [
        "privacy",
        "domain",
        "locale",
        "evidence",
        "generate",
        "store",
        "live",
        "access",
        "assistant",
        "desk",
        "http",
        "startup",
    ];
    let mut broken = Vec::new();
    for file in files() {
        let Some(own) = LAYERS.iter().position(|l| {
            file.path.starts_with(&format!("server/src/{l}/"))
                || file.path == format!("server/src/{l}.rs")
        }) else {
            continue;
        };
        for higher in &LAYERS[own + 1..] {
            if file.text.contains(&format!("crate::{higher}::")) {
                broken.push(format!("{} uses {higher}", file.path));
            }
        }
    }
    none("a layer looks up", &broken);
}

/// Who may say, without the redactor, that words hold no personal data.
#[test]
fn redacted_words_come_from_the_redactor_the_store_or_the_house() {
    const MAY: [(&str, &[&str]); 3] = [
        ("RedactedText::from_store", &["server/src/store/"]),
        (
            "RedactedText::of_the_house",
            &["server/src/assistant/messages.rs", "server/src/assistant/answering.rs"],
        ),
        ("RedactedText::joined", &["server/src/assistant/summary.rs"]),
    ];
    let mut broken = Vec::new();
    for file in files().iter().filter(|f| f.path.starts_with("server/src/")) {
        // Tests make words as they need them.
        let code = file.text.split("#[cfg(test)]").next().unwrap_or_default();
        let test = file.path.ends_with("contract.rs");
        for (call, homes) in MAY {
            if code.contains(call) && !test && !homes.iter().any(|h| file.path.starts_with(h)) {
                broken.push(format!("{}: {call}", file.path));
            }
        }
    }
    none("words are called redacted without the redactor", &broken);
}

#[test]
fn every_file_says_what_it_is_for() {
    let broken: Vec<String> =
        files().into_iter().filter(|f| !f.text.starts_with("//!")).map(|f| f.path).collect();
    none("a file opens without `//!`", &broken);
}

#[test]
fn files_stay_small() {
    let broken: Vec<String> = files()
        .into_iter()
        .filter(|f| f.text.lines().count() > MAX_LINES)
        .map(|f| format!("{}: {} lines", f.path, f.text.lines().count()))
        .collect();
    none("a file wants a second room", &broken);
}

#[test]
fn main_files_only_start() {
    let broken: Vec<String> = files()
        .into_iter()
        .filter(|f| f.path.ends_with("/src/main.rs") && f.text.lines().count() >= 60)
        .map(|f| f.path)
        .collect();
    none("a main file does more than start", &broken);
}

#[test]
fn pages_name_no_other_host() {
    let mut broken = Vec::new();
    for entry in walkdir::WalkDir::new(root().join("server/src/web")) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let text = fs_err::read_to_string(entry.path()).unwrap();
            let text = text.replace("http://www.w3.org/2000/svg", "").replace("https://\") %}", "");
            for bad in ["http://", "https://", " style=", "innerHTML", "eval("] {
                if text.contains(bad) {
                    broken.push(format!("{}: {bad}", entry.path().display()));
                }
            }
        }
    }
    none("a page loads, styles or runs what it should not", &broken);
}
