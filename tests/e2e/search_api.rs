//! `GET /v1/search`: contract C4.

use serde_json::Value;

use crate::support::shared;

#[tokio::test]
async fn hits_have_the_fields_of_the_contract() {
    let found = shared().search("q=zip+repair+price").await;
    let first = &found["hits"][0];
    assert_eq!(first["path"], "help/en/repair.md");
    assert_eq!(first["title"], "Tent repair");
    assert!(first["url"].as_str().unwrap().starts_with("/kb/repair"));
    assert!(first["text"].as_str().unwrap().contains("€18"));
    assert!((0.0..=1.0).contains(&first["score"].as_f64().unwrap()));
    assert!(first["keyword_rank"].is_u64() && first["dense_rank"].is_u64());
    assert!(first["document_version"].as_u64().unwrap() >= 1, "{first}");
    assert!(first["heading"].is_string());
    assert_eq!(found["index_generation"], 1);
}

#[tokio::test]
async fn the_limit_is_kept_and_scores_fall() {
    let found = shared().search("q=return&limit=2").await;
    let hits = found["hits"].as_array().unwrap();
    assert_eq!(hits.len(), 2);
    let score = |hit: &Value| hit["score"].as_f64().unwrap();
    assert!(score(&hits[0]) >= score(&hits[1]));
}

#[tokio::test]
async fn drafts_expired_and_internal_articles_are_not_found() {
    let app = shared();
    for secret in ["zyxqgoodwill", "zyxqexpired", "zyxqdraft"] {
        let found = app.search(&format!("q={secret}&limit=50")).await;
        assert!(!found.to_string().contains(secret), "{secret}");
    }
    assert!(app.search("q=zyxqhostile").await.to_string().contains("zyxqhostile"));
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let app = shared();
    for (query, named) in [
        ("", "`q`"),
        ("?q=", "`q`"),
        ("?q=a&limit=0", "`limit`"),
        ("?q=a&limit=51", "`limit`"),
        ("?q=a&limit=x", "`limit`"),
        ("?q=a&locale=e", "`locale`"),
        ("?q=a&page=2", "`page`"),
    ] {
        let response = app.get(&format!("/v1/search{query}")).await;
        assert_eq!(response.status(), 400, "{query}");
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["code"], "invalid_parameter");
        assert!(problem["detail"].as_str().unwrap().contains(named), "{query}: {problem}");
    }
}
