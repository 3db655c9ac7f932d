//! `POST /v1/ask` as a stream: contract C3s.

use futures::StreamExt;
use serde_json::{Value, json};

use crate::support::{shared, sse};

async fn stream(body: Value) -> reqwest::Response {
    let app = shared();
    app.client
        .post(format!("{}/v1/ask", app.address))
        .header("Accept", "text/event-stream")
        .json(&body)
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn an_answer_comes_as_sources_sentences_done() {
    let response = stream(json!({ "question": "How long does a refund take?" })).await;
    assert_eq!(response.status(), 200);
    let headers = response.headers().clone();
    assert!(headers["content-type"].to_str().unwrap().starts_with("text/event-stream"));
    assert_eq!(headers["cache-control"], "no-cache");
    assert_eq!(headers["x-accel-buffering"], "no");
    let events = sse::events(&response.text().await.unwrap());
    let names: Vec<&str> =
        events.iter().map(|(n, _)| n.as_str()).skip_while(|n| *n == "queued").collect();
    assert_eq!(names.first(), Some(&"sources"));
    assert_eq!(names.last(), Some(&"done"));
    assert!(names[1..names.len() - 1].iter().all(|n| *n == "sentence"), "{names:?}");

    let done = &events.last().unwrap().1;
    let of =
        |name: &str| events.iter().filter(|e| e.0 == name).map(|e| e.1.clone()).collect::<Vec<_>>();
    assert_eq!(done["outcome"], "answered");
    assert_eq!(of("sources")[0]["citations"], done["citations"]);
    for (i, sentence) in of("sentence").iter().enumerate() {
        assert_eq!(sentence["index"], i);
        assert_eq!(sentence["text"], done["sentences"][i]["text"]);
        assert_eq!(sentence["citations"], done["sentences"][i]["citations"]);
    }
}

#[tokio::test]
async fn a_hand_over_ends_with_handed_off() {
    let response = stream(json!({ "question": "I want to speak to a human" })).await;
    let events = sse::events(&response.text().await.unwrap());
    let (name, data) = events.last().unwrap();
    assert_eq!(name, "handed_off");
    assert_eq!(data["reason"], "customer_requested");
    assert!(events.iter().all(|(n, _)| n != "sentence"));
}

#[tokio::test]
async fn a_wrong_request_is_a_problem_and_no_stream() {
    let response = stream(json!({ "question": "" })).await;
    assert_eq!(response.status(), 422);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
}

#[tokio::test]
async fn a_closed_tab_does_no_harm() {
    for _ in 0..20 {
        let response = stream(json!({ "question": "How long is the warranty?" })).await;
        let mut body = response.bytes_stream();
        let _ = body.next().await;
        drop(body);
    }
    let response = stream(json!({ "question": "How long is the warranty?" })).await;
    assert!(response.text().await.unwrap().contains("event: done"));
}
