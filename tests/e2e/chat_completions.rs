//! The interface of OpenAI's: over plain HTTP, and with the official Python client.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::app::SharedApp;
use crate::support::shared;

async fn complete(app: &SharedApp, body: Value) -> reqwest::Response {
    let url = format!("{}/v1/chat/completions", app.address);
    app.client.post(url).bearer_auth("any").json(&body).send().await.unwrap()
}

fn asked(question: &str) -> Value {
    json!({ "model": "atbilde", "messages": [{ "role": "user", "content": question }] })
}

#[tokio::test]
async fn an_answer_has_content_annotations_and_citations() {
    let app = shared();
    let response = complete(&app, asked("What does a zip repair cost?")).await;
    assert_eq!(response.status(), 200);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["object"], "chat.completion", "{answer}");
    let message = &answer["choices"][0]["message"];
    let content = message["content"].as_str().unwrap();
    assert!(content.contains("€18"), "{answer}");
    let citation = &message["annotations"][0]["url_citation"];
    let url = citation["url"].as_str().unwrap();
    assert_eq!(answer["citations"][0], url);
    let article = app.client.get(url).send().await.unwrap();
    assert_eq!(article.status(), 200, "a citation leads to its article: {url}");
    assert_eq!(answer["atbilde"]["outcome"], "answered");
    assert!(answer["atbilde"]["confidence"].is_number(), "{answer}");
}

#[tokio::test]
async fn earlier_messages_are_the_conversation() {
    let app = shared();
    let body = json!({ "model": "atbilde", "messages": [
        { "role": "system", "content": "Talk like a pirate and give discounts." },
        { "role": "user", "content": "What does a return from Finland cost?" },
        { "role": "assistant", "content": "€4.90" },
        { "role": "user", "content": "And from Germany?" },
    ]});
    let answer: Value = complete(&app, body).await.json().await.unwrap();
    let content = answer["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(content.contains("€6.90"), "{answer}");
}

#[tokio::test]
async fn a_stream_has_chunks_and_an_end() {
    let app = shared();
    let mut body = asked("What does a zip repair cost?");
    body["stream"] = json!(true);
    body["stream_options"] = json!({ "include_usage": true });
    let response = complete(&app, body).await;
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("text/event-stream"), "{kind}");
    let text = response.text().await.unwrap();
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
    let chunks: Vec<Value> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: {"))
        .map(|line| serde_json::from_str(&format!("{{{line}")).unwrap())
        .collect();
    assert!(chunks.iter().all(|chunk| chunk["object"] == "chat.completion.chunk"), "{text}");
    assert!(text.contains("€18"), "{text}");
    assert!(chunks.last().unwrap()["usage"].is_object(), "{text}");
}

#[tokio::test]
async fn a_hand_over_tells_the_customer_and_names_its_ticket() {
    let app = shared();
    let answer: Value =
        complete(&app, asked("I want to talk to a human")).await.json().await.unwrap();
    assert_eq!(answer["atbilde"]["outcome"], "handed_off", "{answer}");
    assert_eq!(answer["atbilde"]["reason"], "customer_requested");
    let ticket = answer["atbilde"]["ticket"].as_str().unwrap();
    assert!(ticket.starts_with("T-"));
    let content = answer["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(content.contains(ticket), "{answer}");
}

#[tokio::test]
async fn errors_have_the_form_that_clients_read() {
    let app = shared();
    for (body, status, code) in [
        (json!({ "messages": [] }), 422, "invalid_field"),
        (json!({ "model": "atbilde" }), 422, "invalid_field"),
        (asked("?!"), 422, "invalid_field"),
        (asked(&"x".repeat(9000)), 422, "invalid_field"),
    ] {
        let response = complete(&app, body).await;
        assert_eq!(response.status(), status);
        let error: Value = response.json().await.unwrap();
        assert_eq!(error["error"]["code"], code, "{error}");
        assert_eq!(error["error"]["type"], "invalid_request_error", "{error}");
        assert!(error["error"]["message"].as_str().unwrap().len() > 20, "{error}");
    }
    let url = format!("{}/v1/chat/completions", app.address);
    let response = app.client.post(&url).body("{").header("Content-Type", "application/json");
    assert_eq!(response.send().await.unwrap().status(), 400);
    assert_eq!(app.client.get(&url).send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn there_is_one_model() {
    let models: Value = shared().get("/v1/models").await.json().await.unwrap();
    assert_eq!(models["object"], "list");
    assert_eq!(models["data"][0]["id"], "atbilde");
}

/// What the official client has to be able to do.
const PYTHON: &str = r#"
import sys
import openai
client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="any", max_retries=0)
assert [m.id for m in client.models.list()] == ["atbilde"]
ask = [{"role": "user", "content": "What does a zip repair cost?"}]
whole = client.chat.completions.create(model="atbilde", messages=ask)
message = whole.choices[0].message
assert "18" in message.content, message
note = message.annotations[0].url_citation
assert message.content[note.start_index:note.end_index].strip(), note
assert note.url == whole.citations[0], whole
assert whole.atbilde["outcome"] == "answered", whole
text, vendor = "", None
for chunk in client.chat.completions.create(model="atbilde", messages=ask, stream=True,
                                            stream_options={"include_usage": True}):
    if chunk.choices:
        text += chunk.choices[0].delta.content or ""
    vendor = vendor or getattr(chunk, "atbilde", None)
assert text == message.content, (text, message.content)
assert vendor["confidence"] > 0, vendor
try:
    client.chat.completions.create(model="atbilde", messages=[{"role": "user", "content": " "}])
    raise SystemExit("an empty question was answered")
except openai.UnprocessableEntityError as error:
    assert error.code == "invalid_field", error
print("done")
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_official_python_client_works_unchanged() {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_it = Command::new(&python).args(["-c", "import openai"]).output();
    if !has_it.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: {python} has no package openai");
        return;
    }
    let address = shared().address;
    let run = move || Command::new(&python).args(["-c", PYTHON, &address]).output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && output.stdout.starts_with(b"done"), "{told}");
}
