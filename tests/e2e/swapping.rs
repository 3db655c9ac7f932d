//! Another embedding model in the configuration: questions are answered all the time, by the old index
//! and then by the new one. Another limit of word pieces makes another vector space of the same model.

use std::collections::HashMap;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indexer::secret::Secret;
use serde_json::{Value, json};
use server::settings::Settings;
use tokio::task::JoinHandle;

use crate::support::program::{self, Program};
use crate::support::{TestApp, spawn_app, start_in};

const TOKEN: &str = "a-token-of-the-operator";

async fn index(app: &TestApp) -> Value {
    let request = app.client.get(format!("{}/v1/admin/index", app.address));
    let sent = request.header("Authorization", format!("Bearer {TOKEN}")).send().await.unwrap();
    sent.json().await.unwrap()
}

fn with(max_tokens: usize) -> impl FnOnce(&mut Settings) {
    move |s| {
        s.server.admin_token = Some(Secret::new(TOKEN));
        s.indexer.embedder.max_tokens = max_tokens;
        s.indexer.watch.settle_ms = 20;
    }
}

/// Searches and asks without a pause until told to stop; fails when one is not answered, or when the same
/// search ranks vectors in two ways within one generation: then it was mixed of two models. Gives the number of
/// answers and that of generations.
fn ask_on(app: &TestApp, stop: &Arc<AtomicBool>) -> JoinHandle<(usize, usize)> {
    let (client, address, stop) = (app.client.clone(), app.address.clone(), Arc::clone(stop));
    tokio::spawn(async move {
        let mut seen: HashMap<u64, HashMap<String, Value>> = HashMap::new();
        let mut answers = 0;
        while !stop.load(Ordering::Relaxed) {
            let request = client.get(format!("{address}/v1/search?q=how+long+does+a+refund+take"));
            let found = request.send().await.unwrap();
            assert_eq!(found.status(), 200);
            let found: Value = found.json().await.unwrap();
            let generation = found["index_generation"].as_u64().unwrap();
            let ranks = seen.entry(generation).or_default();
            for hit in found["hits"].as_array().unwrap() {
                // Which of two passages that are nearly alike comes first may turn on an edit that is about to
                // be live; how near their vectors are may not.
                let passage = format!("{} {}", hit["path"], hit["heading"]);
                let first = ranks.entry(passage).or_insert_with(|| hit["dense_rank"].clone());
                assert_eq!(hit["dense_rank"], *first, "generation {generation}: {hit}");
            }
            let question = json!({ "question": "How long does a refund take?" });
            let asked = client.post(format!("{address}/v1/ask")).json(&question);
            let asked = asked.send().await.unwrap();
            assert_eq!(asked.status(), 200);
            let asked: Value = asked.json().await.unwrap();
            assert_eq!(asked["outcome"], "answered", "{asked}");
            answers += 2;
        }
        (answers, seen.len())
    })
}

/// Asks until the configured model serves; every question on the way must be answered. Gives the
/// states that the background index was seen in.
async fn until_swapped(app: &TestApp, old: &str) -> Vec<String> {
    let (started, mut states) = (Instant::now(), Vec::new());
    loop {
        assert_eq!(app.get("/readyz").await.status(), 200);
        let hits = app.search("q=zip+repair+of+a+tent").await;
        assert!(hits.to_string().contains("help/en/repair.md"), "{hits}");
        let state = index(app).await;
        if state["fingerprint"] != old {
            assert!(state["shadow"].is_null() || state["shadow"]["state"] == "building", "{state}");
            return states;
        }
        states.push(state["shadow"]["state"].to_string());
        assert!(started.elapsed() < Duration::from_secs(90), "{state}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_model_takes_over_while_questions_are_answered_and_edits_taken() {
    let app = spawn_app(with(256)).await;
    let old = index(&app).await["fingerprint"].as_str().unwrap().to_owned();
    let folder = app.stop_and_keep().await.unwrap();

    let app = start_in(folder, with(128)).await;
    app.until_ready().await;
    let gate = app.folder.path().join("kb/help/en/gate.md");
    fs_err::write(gate, "# Gate\n\nThe code zyxqgate opens the gate.\n").unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let asking: Vec<_> = (0..3).map(|_| ask_on(&app, &stop)).collect();
    let states = until_swapped(&app, &old).await;
    assert!(states.iter().all(|s| s == "\"building\"" || s == "null"), "{states:?}");
    let started = Instant::now();
    while !app.search("q=zyxqgate").await.to_string().contains("opens the gate") {
        assert!(started.elapsed() < Duration::from_secs(30), "the edit is not live");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.store(true, Ordering::Relaxed);
    for asked in asking {
        let (answers, generations) = asked.await.unwrap();
        assert!(answers > 0 && generations > 1, "{answers} answers of {generations} generations");
    }
    let state = index(&app).await;
    assert_eq!((&state["search"], &state["shadow"]), (&"hybrid".into(), &Value::Null), "{state}");
    let started = Instant::now();
    let left = app.folder.path().join(format!("data/index-{old}"));
    while left.exists() {
        assert!(started.elapsed() < Duration::from_secs(30), "the old index is not removed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_old_model_is_gone_keywords_answer_until_the_new_one_does() {
    let app = spawn_app(with(100)).await;
    let old = index(&app).await["fingerprint"].as_str().unwrap().to_owned();
    let folder = app.stop_and_keep().await.unwrap();
    // Nobody knows any more how the vectors were made.
    fs_err::remove_file(folder.path().join(format!("data/index-{old}/space.json"))).unwrap();
    let app = start_in(folder, with(128)).await;
    app.until_ready().await;
    until_swapped(&app, &old).await;
    assert_eq!(index(&app).await["search"], "hybrid");
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_in_the_middle_of_a_swap_goes_on_with_it() {
    let config = |max_tokens: u32| {
        format!("[server]\nadmin_token = \"{TOKEN}\"\n[embedder]\nmax_tokens = {max_tokens}\n")
    };
    let folder = tempfile::tempdir().unwrap();
    for i in 0..120 {
        let file = folder.path().join(format!("kb/help/en/{i}.md"));
        fs_err::create_dir_all(file.parent().unwrap()).unwrap();
        let text = "The lamp shines for many hours and is kept in the warehouse. ".repeat(12);
        fs_err::write(file, format!("# Lamp number {i}\n\nThe zyxq{i}lamp. {text}\n")).unwrap();
    }
    let client = reqwest::Client::new();
    let index = async |server: &Program| -> Value {
        let request = client.get(format!("{}/v1/admin/index", server.url()));
        let sent = request.header("Authorization", format!("Bearer {TOKEN}")).send().await.unwrap();
        sent.json().await.unwrap()
    };
    let server = Program::serve_in(folder, &config(256));
    server.until_ready();
    let old = index(&server).await["fingerprint"].clone();
    let folder = server.kill();

    // Killed when a part of the new index is there, and once more at the start.
    let server = Program::serve_in(folder, &config(100));
    let started = Instant::now();
    let state = loop {
        let state = index(&server).await;
        if state["shadow"]["work"]["percent"].as_u64() > Some(5) || state["shadow"].is_null() {
            break state;
        }
        assert!(started.elapsed() < Duration::from_secs(120), "{state}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    };
    assert_eq!(state["fingerprint"], old, "it was killed too late: {state}");
    let folder = Program::serve_in(server.kill(), &config(100)).kill();

    let server = Program::serve_in(folder, &config(100));
    server.until_ready();
    let started = Instant::now();
    loop {
        let state = index(&server).await;
        if state["fingerprint"] != old {
            break;
        }
        let found = client.get(format!("{}/v1/search?q=zyxq7lamp", server.url()));
        let found: Value = found.send().await.unwrap().json().await.unwrap();
        assert!(found.to_string().contains("help/en/7.md"), "{found}");
        assert!(started.elapsed() < Duration::from_secs(180), "{state}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let folder = server.kill();
    let mut verify = Command::new(program::path().with_file_name("atbilde-indexer"));
    verify.arg("verify").arg("--config").arg(folder.path().join("atbilde.toml"));
    verify.arg("--kb").arg(folder.path().join("kb")).arg("--data").arg(folder.path().join("data"));
    let verified = verify.output().unwrap();
    let said = program::text(&verified.stdout) + &program::text(&verified.stderr);
    assert!(verified.status.success(), "{said}");
}
