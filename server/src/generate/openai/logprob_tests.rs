//! Log-probabilities: read where an endpoint tells them, done without where it does not.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use indexer::model::Audience;

use super::*;
use crate::domain::Visitor;
use crate::generate::Message;

const TOLD: &str = concat!(
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n",
    r#"data: {"choices":[{"delta":{"content":"A zip costs"},"logprobs":{"content":[{"token":"A zip","logprob":-0.25},{"token":" costs","logprob":-1.5}]}}]}"#,
    "\n\n",
    r#"data: {"choices":[{"delta":{"content":" €18."},"logprobs":{"content":"none"}}]}"#,
    "\n\ndata: [DONE]\n\n"
);
const REFUSED: &str = "HTTP/1.1 400 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// An endpoint that refuses requests for log-probabilities if it is `strict`; its base address and the
/// bodies that it was sent.
fn endpoint(strict: bool) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let bodies: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&bodies);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut bytes = Vec::new();
            let mut part = [0; 1024];
            // The body of such a request ends with the object that it is.
            while !bytes.ends_with(b"}") {
                match stream.read(&mut part) {
                    Ok(n) if n > 0 => bytes.extend_from_slice(&part[..n]),
                    _ => break,
                }
            }
            let body = String::from_utf8_lossy(&bytes).into_owned();
            let refused = strict && body.contains("\"logprobs\"");
            seen.lock().unwrap().push(body);
            let _ = stream.write_all(if refused { REFUSED } else { TOLD }.as_bytes());
        }
    });
    (url, bodies)
}

fn model(url: &str, logprobs: bool) -> OpenAi {
    OpenAi::new(&OpenAiSettings {
        urls: vec![url.to_owned()],
        model: "m".to_owned(),
        retries: 0,
        logprobs,
        ..OpenAiSettings::default()
    })
    .unwrap()
}

async fn pieces(model: &OpenAi) -> Vec<Piece> {
    let content = "What does a zip cost?".to_owned();
    let request = GenerateRequest {
        messages: vec![Message { role: "user", content }],
        private_from: None,
        audience: Audience::Public,
        visitor: Visitor::default(),
        max_tokens: 16,
        deadline: None,
        waiting: crate::generate::Waiting::InLine,
    };
    let mut pieces = model.generate(request).await.unwrap();
    let mut out = Vec::new();
    while let Some(piece) = pieces.recv().await {
        out.push(piece.unwrap());
    }
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_endpoint_tells_is_read() {
    let (url, bodies) = endpoint(false);
    let said = pieces(&model(&url, true)).await;
    let text = |text: &str, logprobs| Piece::Text { text: text.to_owned(), logprobs };
    assert_eq!(said, [text("A zip costs", vec![-0.25, -1.5]), text(" €18.", Vec::new())]);
    pieces(&model(&url, false)).await;
    let asked: Vec<bool> =
        bodies.lock().unwrap().iter().map(|b| b.contains("\"logprobs\"")).collect();
    assert_eq!(asked, [true, false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_refuses_is_asked_without_from_then_on() {
    let (url, bodies) = endpoint(true);
    let model = model(&url, true);
    for _ in 0..2 {
        assert_eq!(pieces(&model).await.len(), 2);
    }
    let asked: Vec<bool> =
        bodies.lock().unwrap().iter().map(|b| b.contains("\"logprobs\"")).collect();
    assert_eq!(asked, [true, false, false]);
}
