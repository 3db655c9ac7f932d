//! Models of a company's own, in folders that the configuration names: an embedder that knows many
//! languages, and a cross-encoder that puts passages in order.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use server::settings::Settings;

use crate::support::{articles, onnx, program, shared, spawn_app};

/// A word that no dictionary has: only a model can tell that it means zips.
const FOREIGN: &str = "rindvelkonis";

/// A folder that outlives the settings that name it.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("our-model");
    (folder, model)
}

/// As the documentation tells for a multilingual model of the E5 family.
fn multilingual(model: &Path) -> impl FnOnce(&mut Settings) {
    let model = model.to_owned();
    move |settings| {
        let embedder = &mut settings.indexer.embedder;
        embedder.model_dir = Some(model);
        embedder.languages = Vec::new();
        embedder.query_prefix = "query: ".to_owned();
        embedder.passage_prefix = "passage: ".to_owned();
    }
}

fn first(found: &Value) -> (String, bool) {
    let hit = &found["hits"][0];
    (hit["path"].as_str().unwrap().to_owned(), hit["keyword_rank"].is_null())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_multilingual_model_finds_an_article_in_another_language() {
    let query = format!("q={FOREIGN}&locale=lv");
    let bundled = shared().search(&query).await;
    let near = |hit: &Value| hit["dense_rank"] == 1 && hit["path"] == "help/en/repair.md";
    assert!(!near(&bundled["hits"][0]), "the bundled model must not know the word: {bundled}");

    let (_kept, model) = folder();
    onnx::write_embedder(
        &model,
        &[&["zip", "zips", FOREIGN], &["refund"], &["query"], &["passage"]],
    );
    let app = spawn_app(multilingual(&model)).await;
    let found = app.search(&query).await;
    assert_eq!(first(&found), ("help/en/repair.md".to_owned(), true), "{found}");

    let asked = app.ask(serde_json::json!({ "question": format!("{FOREIGN}?"), "locale": "lv" }));
    let answer: Value = asked.await.json().await.unwrap();
    assert_eq!(answer["citations"][0]["path"], "help/en/repair.md", "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_prefixes_reach_the_model() {
    let (_kept, model) = folder();
    onnx::write_embedder(&model, &[&["zip"], &["refund"]]);
    // Every question speaks of zips, whatever it says.
    let app = spawn_app(|settings| {
        multilingual(&model)(settings);
        settings.indexer.embedder.query_prefix = "zip ".to_owned();
    })
    .await;
    let found = app.search("q=qqqq").await;
    assert_eq!(first(&found), ("help/en/repair.md".to_owned(), true), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cross_encoder_puts_passages_in_order() {
    const QUERY: &str = "q=how+long+does+a+refund+take";
    let before = shared().search(QUERY).await;
    assert_eq!(first(&before).0, "help/en/returns.md", "{before}");

    let (_kept, model) = folder();
    onnx::write_cross_encoder(&model, &[("workshop", 4.0), ("courier", 2.0)]);
    let app = spawn_app(|settings| settings.indexer.reranker.model_dir = Some(model.clone())).await;
    let found = app.search(QUERY).await;
    let paths: Vec<&str> =
        found["hits"].as_array().unwrap().iter().map(|h| h["path"].as_str().unwrap()).collect();
    assert_eq!(paths[0], "help/en/repair.md", "{found}");
    let scores = found["hits"].as_array().unwrap().iter().map(|h| h["score"].as_f64().unwrap());
    assert!(scores.is_sorted_by(|a, b| a >= b), "{found}");
    assert_eq!(found["hits"][0]["score"], 1.0);
}

#[test]
fn a_folder_without_a_model_is_refused_at_start() {
    let (kept, model) = folder();
    onnx::write_cross_encoder(&model, &[("zip", 1.0)]);
    let empty = kept.path().join("empty");
    fs_err::create_dir_all(&empty).unwrap();
    let broken = kept.path().join("broken");
    onnx::write_embedder(&broken, &[&["zip"]]);
    fs_err::write(broken.join("model.onnx"), "not a model").unwrap();
    let embedder = kept.path().join("embedder");
    onnx::write_embedder(&embedder, &[&["zip"]]);
    for (key, folder, told) in [
        ("EMBEDDER", &empty, ["embedder.model_dir", "model.onnx"]),
        ("RERANKER", &empty, ["reranker.model_dir", "model.onnx"]),
        ("EMBEDDER", &broken, ["broken", "does not load"]),
        ("RERANKER", &broken, ["broken", "does not load"]),
        ("EMBEDDER", &model, ["our-model", "hidden_size"]),
        ("RERANKER", &embedder, ["logits", "does not load"]),
    ] {
        let base = tempfile::tempdir().unwrap();
        articles::write(&base.path().join("kb"));
        let output = Command::new(program::path())
            .args(["serve", "--port", "0", "--kb"])
            .arg(base.path().join("kb"))
            .arg("--data")
            .arg(base.path().join("data"))
            .env(format!("ATBILDE__{key}__MODEL_DIR"), folder)
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(told.iter().all(|words| error.contains(words)), "{key} {folder:?}: {error}");
    }
}
