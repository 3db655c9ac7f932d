//! What the operator sees of the index, and who may see it.

use std::time::{Duration, Instant};

use indexer::model::Audience;
use indexer::source::AudienceRule;
use serde_json::Value;

use server::privacy::Secret;

use crate::support::{TestApp, shared, spawn_app};

const TOKEN: &str = "a-token-of-the-operator";

async fn index(app: &TestApp, token: &str) -> reqwest::Response {
    let request = app.client.get(format!("{}/v1/admin/index", app.address));
    request.header("Authorization", format!("Bearer {token}")).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_of_the_index_needs_the_operators_token() {
    let refused = shared().get("/v1/admin/index").await;
    assert_eq!(refused.status(), 401, "nobody may where no token is configured");
    let app = spawn_app(|s| s.server.admin_token = Some(Secret::new(TOKEN))).await;
    for wrong in ["", "x", "a-token-of-the-operato", "a-token-of-the-operator "] {
        let refused = index(&app, wrong).await;
        let expected = if wrong.trim() == TOKEN { 200 } else { 401 };
        assert_eq!(refused.status(), expected, "{wrong:?}");
    }
    assert_eq!(app.get("/v1/admin/index").await.status(), 401);
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_tells_generation_lag_and_what_is_wrong_with_which_file() {
    let app = spawn_app(|s| s.server.admin_token = Some(Secret::new(TOKEN))).await;
    let state: Value = index(&app, TOKEN).await.json().await.unwrap();
    let first = state["index_generation"].as_u64().unwrap();
    assert_eq!(state["follows"], "events");
    let folder = app.folder.path().join("kb/help/en");
    fs_err::write(folder.join(".secret.md"), "# Hidden\n").unwrap();
    fs_err::write(folder.join("gate.md"), "# Gate\n\nThe code opens the gate.\n").unwrap();
    let started = Instant::now();
    let state = loop {
        let state: Value = index(&app, TOKEN).await.json().await.unwrap();
        if state["index_generation"].as_u64().unwrap() > first {
            break state;
        }
        assert!(started.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(state["lag_ms"].as_u64().unwrap() < 30_000, "{state}");
    assert!(state["skipped"].to_string().contains(".secret.md"), "{state}");
    assert!(state["error"].is_null());
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_matches_no_article_is_named_until_there_is_one() {
    let app = spawn_app(|s| {
        s.server.admin_token = Some(Secret::new(TOKEN));
        s.indexer.source.audience = ["**", "no-such-folder/**"]
            .map(|path| AudienceRule {
                path: Some(path.to_owned()),
                title: None,
                audience: Audience::Public,
            })
            .to_vec();
    })
    .await;
    let state: Value = index(&app, TOKEN).await.json().await.unwrap();
    let rules = state["unmatched_rules"].as_array().unwrap();
    assert_eq!(rules.len(), 1, "{state}");
    assert_eq!(
        (&rules[0]["rule"], &rules[0]["pattern"]),
        (&2.into(), &"path = \"no-such-folder/**\"".into())
    );
    assert!(rules[0]["hint"].as_str().unwrap().contains("divided by /"), "{state}");

    let folder = app.folder.path().join("kb/no-such-folder");
    fs_err::create_dir(&folder).unwrap();
    fs_err::write(folder.join("gate.md"), "# Gate\n\nThe code opens the gate.\n").unwrap();
    let started = Instant::now();
    loop {
        let state: Value = index(&app, TOKEN).await.json().await.unwrap();
        if state["unmatched_rules"].as_array().unwrap().is_empty() {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "{state}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    app.stop().await.unwrap();
}
