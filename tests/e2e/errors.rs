//! Every error is a problem object that says what is wrong and what to do (RFC 9457).

use std::time::Duration;

use serde_json::{Value, json};
use server::privacy::Secret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::app::start_app;
use crate::support::{shared, spawn_app};

async fn post(body: impl Into<reqwest::Body>, media_type: &str) -> reqwest::Response {
    let app = shared();
    app.client
        .post(format!("{}/v1/ask", app.address))
        .header("Content-Type", media_type)
        .body(body)
        .send()
        .await
        .unwrap()
}

async fn problem(response: reqwest::Response, status: u16, code: &str) -> Value {
    assert_eq!(response.status(), status);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert!(response.headers().contains_key("x-request-id"));
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["code"], code, "{problem}");
    assert_eq!(problem["status"], status);
    assert_eq!(problem["type"], format!("/docs#error-{code}"));
    for field in ["title", "detail", "next_step"] {
        assert!(!problem[field].as_str().unwrap().is_empty(), "{field}");
    }
    problem
}

#[tokio::test]
async fn broken_json_names_line_and_column() {
    let broken =
        problem(post("{\n\"question\": }", "application/json").await, 400, "malformed_json").await;
    assert!(broken["detail"].as_str().unwrap().contains("line 2 column 13"), "{broken}");
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let long = json!({ "question": "x".repeat(8001) }).to_string();
    for (body, named) in [
        (r#"{"question":"a","mood":1}"#, "`mood`"),
        (r#"{}"#, "`question`"),
        (r#"{"question":" ?! "}"#, "`question`"),
        (r#"{"question":"a","locale":"x"}"#, "`locale`"),
        (r#"{"question":"a","conversation_id":"x"}"#, "`conversation_id`"),
        (long.as_str(), "8001"),
    ] {
        let wrong =
            problem(post(body.to_owned(), "application/json").await, 422, "invalid_field").await;
        assert!(wrong["detail"].as_str().unwrap().contains(named), "{body}: {wrong}");
    }
}

#[tokio::test]
async fn bodies_have_a_type_and_a_size() {
    problem(post("{}", "text/plain").await, 415, "unsupported_media_type").await;
    let large = json!({ "question": "x".repeat(70_000) }).to_string();
    let refused = problem(post(large, "application/json").await, 413, "body_too_large").await;
    assert!(refused["detail"].as_str().unwrap().contains("65536"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_cannot_be_read_is_a_problem_too() {
    let app = spawn_app(|s| s.server.admin_token = Some(Secret::new("the operator"))).await;
    let path = "/v1/admin/figures?days=soon";
    let request = app.client.get(format!("{}{path}", app.address)).bearer_auth("the operator");
    problem(request.send().await.unwrap(), 400, "invalid_parameter").await;
    // Who may not ask is told so first.
    for path in [path, "/v1/inbox/conversations?mine=perhaps"] {
        problem(app.get(path).await, 401, "unauthorized").await;
    }
    assert_eq!(app.get("/dashboard?days=soon").await.url().path(), "/login");
    app.stop().await.unwrap();
}

#[tokio::test]
async fn unknown_paths_and_methods() {
    let app = shared();
    problem(app.get("/v1/nothing").await, 404, "not_found").await;
    let response = app.get("/v1/ask").await;
    assert_eq!(response.headers()["allow"], "POST");
    problem(response, 405, "method_not_allowed").await;
    let response = app.client.delete(format!("{}/v1/search", app.address)).send().await.unwrap();
    problem(response, 405, "method_not_allowed").await;
    let head = app.client.head(format!("{}/livez", app.address)).send().await.unwrap();
    assert_eq!(head.status(), 200);
}

#[tokio::test]
async fn a_request_id_is_given_back() {
    let app = shared();
    let send = |id: &'static str| {
        let request = app.client.get(format!("{}/livez", app.address)).header("X-Request-Id", id);
        async move { request.send().await.unwrap().headers()["x-request-id"].clone() }
    };
    let id = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
    assert_eq!(send(id).await, id);
    assert_ne!(send("4111111111111111").await, "4111111111111111");
    assert_eq!(app.get("/livez").await.headers()["x-request-id"].len(), 32);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_a_time_out() {
    let app = spawn_app(|s| s.server.request_timeout_ms = 300).await;
    let address = app.address.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"POST /v1/ask HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{")
        .await
        .unwrap();
    let mut reply = vec![0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut reply));
    let n = read.await.unwrap().unwrap();
    let reply = String::from_utf8_lossy(&reply[..n]).into_owned();
    assert!(reply.starts_with("HTTP/1.1 408") && reply.contains("request_timeout"), "{reply}");
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_questions_are_refused_with_retry_after() {
    let app = spawn_app(|s| {
        s.assistant.admission.concurrent = 1;
        s.assistant.admission.queue = 1;
    })
    .await;
    let questions = (0..80).map(|i| app.ask(json!({ "question": format!("refund number {i}") })));
    let responses = futures::future::join_all(questions).await;
    let refused: Vec<_> = responses.into_iter().filter(|r| r.status() == 429).collect();
    assert!(!refused.is_empty());
    for response in refused {
        let seconds: u32 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!(seconds >= 1);
        problem(response, 429, "overloaded").await;
    }
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_first_index_it_lives_and_says_why_it_is_not_ready() {
    // Enough text that embedding it takes longer than the requests below.
    let app = start_app(
        |_| {},
        |kb| {
            for file in 0..60 {
                let text: String = (0..400).map(|i| format!("word{} ", (i * file) % 997)).collect();
                fs_err::write(kb.join(format!("a{file}.md")), format!("# A {file}\n\n{text}\n"))
                    .unwrap();
            }
        },
    )
    .await;
    assert_eq!(app.get("/livez").await.status(), 200);
    let response = app.get("/readyz").await;
    assert_eq!(response.headers()["retry-after"], "2");
    let reason = problem(response, 503, "not_ready").await;
    assert!(reason["detail"].as_str().unwrap().contains("index"), "{reason}");
    problem(app.ask(json!({ "question": "a" })).await, 503, "not_ready").await;
    app.until_ready().await;
    app.stop().await.unwrap();
}
