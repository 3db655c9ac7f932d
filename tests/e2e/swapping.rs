//! Another embedding model in the configuration: questions are answered all the time, by the old index
//! and then by the new one. Another limit of word pieces makes another vector space of the same model.

use std::time::{Duration, Instant};

use serde_json::Value;
use server::settings::Settings;

use crate::support::{TestApp, spawn_app, start_in};

const TOKEN: &str = "a-token-of-the-operator";

async fn index(app: &TestApp) -> Value {
    let request = app.client.get(format!("{}/v1/admin/index", app.address));
    let sent = request.header("Authorization", format!("Bearer {TOKEN}")).send().await.unwrap();
    sent.json().await.unwrap()
}

fn with(max_tokens: usize) -> impl FnOnce(&mut Settings) {
    move |s| {
        s.server.admin_token = Some(TOKEN.to_owned());
        s.indexer.embedder.max_tokens = max_tokens;
        s.indexer.watch.settle_ms = 20;
    }
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
    let states = until_swapped(&app, &old).await;
    assert!(states.iter().all(|s| s == "\"building\"" || s == "null"), "{states:?}");
    let started = Instant::now();
    while !app.search("q=zyxqgate").await.to_string().contains("opens the gate") {
        assert!(started.elapsed() < Duration::from_secs(30), "the edit is not live");
        tokio::time::sleep(Duration::from_millis(20)).await;
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
