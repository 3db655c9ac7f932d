//! A model in this process: whatever it says, lacks or does not manage, the customer gets an answer from the
//! articles. The models here have random weights, so not one of their sentences is ever proven.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use futures::StreamExt;
use serde_json::{Value, json};
use server::generate::llama::{Architecture, RandomModel};
use server::settings::Settings;

use crate::support::program::{path as program, text};
use crate::support::{TestApp, spawn_app, sse};

const QUESTION: &str = "What does a zip repair cost and how long does it take?";

fn small(settings: &mut Settings, model: &Path) {
    settings.generator.llama.model.path = model.to_path_buf();
    settings.generator.llama.engine.slots = 1;
    settings.generator.llama.engine.context = 4096;
    settings.generator.llama.engine.threads = 1;
}

async fn app(model: &Path, change: impl FnOnce(&mut Settings)) -> TestApp {
    spawn_app(|s| {
        small(s, model);
        change(s);
    })
    .await
}

fn model(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("random.gguf");
    RandomModel { layers: 6, ..RandomModel::tiny(Architecture::Llama, 5) }.write(&path).unwrap();
    path
}

async fn answers_from_the_articles(app: &TestApp) {
    let answer: Value = app.ask(json!({ "question": QUESTION })).await.json().await.unwrap();
    assert_eq!(answer["generator"], "extractive", "{answer}");
    assert!(answer["answer"].as_str().unwrap().contains("€18"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn words_of_a_model_that_knows_nothing_reach_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(&model(folder.path()), |s| s.generator.max_tokens = 64).await;
    answers_from_the_articles(&app).await;
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_file_that_is_missing_cut_or_garbage_leaves_the_articles() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs_err::read(model(folder.path())).unwrap();
    let cut = folder.path().join("cut.gguf");
    fs_err::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let garbage = folder.path().join("garbage.gguf");
    fs_err::write(&garbage, "this is no model").unwrap();
    for file in [folder.path().join("none.gguf"), cut, garbage] {
        let app = app(&file, |_| {}).await;
        answers_from_the_articles(&app).await;
        app.stop().await.unwrap();
    }
}

#[test]
fn check_config_says_what_is_wrong_with_a_model_file() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("a.toml");
    let good = model(folder.path());
    let whole = fs_err::read(&good).unwrap();
    let cut = folder.path().join("cut.gguf");
    fs_err::write(&cut, &whole[..whole.len() - 100]).unwrap();
    let garbage = folder.path().join("garbage.gguf");
    fs_err::write(&garbage, "this is no model").unwrap();
    let check = |file: &Path| {
        let line = format!("[generator.llama.model]\npath = {:?}\n", file.display().to_string());
        fs_err::write(&config, line).unwrap();
        Command::new(program()).args(["check-config", "--config"]).arg(&config).output().unwrap()
    };
    let fine = check(&good);
    assert!(fine.status.success(), "{}", text(&fine.stderr));
    assert!(text(&fine.stdout).contains("# local model: random, llama"), "{}", text(&fine.stdout));
    for (file, words) in [
        (folder.path().join("none.gguf"), "does not exist"),
        (cut, "truncated or damaged"),
        (garbage, "does not begin with GGUF"),
    ] {
        let output = check(&file);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains(words) && told.contains(file.to_str().unwrap()), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_queue_the_articles_answer_or_a_refusal_says_when_to_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = model(folder.path());
    let app = app(&path, |s| {
        s.generator.max_tokens = 1500;
        s.generator.llama.engine.max_queued_requests = 1;
    })
    .await;
    let ask = |header: &'static str| {
        let request = app.client.post(format!("{}/v1/ask", app.address)).header("Prefer", header);
        let request = request.json(&json!({ "question": QUESTION }));
        async move {
            let begun = Instant::now();
            (request.send().await.unwrap(), begun.elapsed())
        }
    };
    let all = |header: &'static str| {
        futures::stream::iter(0..12).map(move |_| ask(header)).buffer_unordered(12)
    };
    let patient: Vec<_> = all("wait=60").collect().await;
    assert!(patient.iter().all(|(response, _)| response.status() == 200));
    let impatient: Vec<_> = all("no-fallback").collect().await;
    let refused: Vec<_> = impatient.iter().filter(|(r, _)| r.status() == 429).collect();
    assert!(refused.len() >= 8, "{} of 12 were refused", refused.len());
    assert!(refused.iter().all(|(response, _)| response.headers().contains_key("retry-after")));
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_the_model_is_told_the_place_in_the_queue() {
    let folder = tempfile::tempdir().unwrap();
    let path = model(folder.path());
    let app = app(&path, |s| s.generator.max_tokens = 600).await;
    let ask = |_| {
        let request = app.client.post(format!("{}/v1/ask", app.address));
        let request = request.header("Accept", "text/event-stream");
        let request = request.json(&json!({ "question": QUESTION }));
        async move { request.send().await.unwrap().text().await.unwrap() }
    };
    let streams: Vec<String> =
        futures::stream::iter(0..4).map(ask).buffer_unordered(4).collect().await;
    let mut waited = 0;
    for stream in &streams {
        let events = sse::events(stream);
        let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
        let first_other = names.iter().position(|name| *name != "queued").unwrap();
        assert!(!names[first_other..].contains(&"queued"), "{names:?}");
        assert_eq!(names[first_other], "sources", "{names:?}");
        assert_eq!(names.last(), Some(&"done"), "{names:?}");
        waited += usize::from(first_other > 0);
        for (_, event) in &events[..first_other] {
            assert!(event["position"].as_u64().unwrap() >= 1, "{event}");
        }
    }
    assert!(waited >= 1, "nobody was told: {streams:?}");
    app.stop().await.unwrap();
}
