//! Endpoints in trouble: what is kept of their words, who rests, and for how long.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};

use indexer::model::Audience;

use super::*;
use crate::domain::Visitor;
use crate::generate::Message;

macro_rules! streamed {
    ($events:literal) => {
        concat!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n",
            $events
        )
    };
}

const WORDS: &str = streamed!(
    "data: {\"choices\":[{\"delta\":{\"content\":\"A zip costs €18.\"}}]}\n\ndata: [DONE]\n\n"
);
const CUT_OFF: &str = streamed!(
    "data: {\"choices\":[{\"delta\":{\"content\":\"A zip\"},\"finish_reason\":\"length\"}]}\n\n"
);
const CUT_OFF_AT_ONCE: &str = streamed!(
    "data: {\"choices\":[{\"delta\":{\"content\":\"\"},\"finish_reason\":\"length\"}]}\n\n"
);
const BAD_REQUEST: &str = "HTTP/1.1 400 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const BROKEN: &str = "HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const BUSY: &str = "HTTP/1.1 429 No\r\nRetry-After: 4294967295\r\nContent-Length: 0\r\n\
    Connection: close\r\n\r\n";

/// An endpoint that answers every request so, or never; its base address, and how often it was asked.
fn endpoint(answer: Option<&'static str>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let asked: Arc<AtomicUsize> = Arc::default();
    let seen = Arc::clone(&asked);
    std::thread::spawn(move || {
        let mut held = Vec::new();
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
            seen.fetch_add(1, Ordering::Relaxed);
            match answer {
                Some(answer) => drop(stream.write_all(answer.as_bytes())),
                None => held.push(stream),
            }
        }
    });
    (url, asked)
}

fn model(urls: &[&str]) -> OpenAi {
    OpenAi::new(&OpenAiSettings {
        urls: urls.iter().map(|u| (*u).to_owned()).collect(),
        model: "m".to_owned(),
        retries: 0,
        logprobs: false,
        ..OpenAiSettings::default()
    })
    .unwrap()
}

fn request(within: Duration) -> GenerateRequest {
    GenerateRequest {
        messages: vec![Message { role: "user", content: "What does a zip cost?".to_owned() }],
        private_from: None,
        audience: Audience::Public,
        visitor: Visitor::default(),
        max_tokens: 16,
        deadline: Some(Instant::now() + within),
        waiting: crate::generate::Waiting::InLine,
    }
}

/// Everything that the model says; its first error alone where it does not begin.
async fn said(model: &OpenAi, within: Duration) -> Vec<Result<Piece, GenerateError>> {
    let mut pieces = match model.generate(request(within)).await {
        Ok(pieces) => pieces,
        Err(error) => return vec![Err(error)],
    };
    let mut out = Vec::new();
    while let Some(piece) = pieces.recv().await {
        out.push(piece);
    }
    out
}

const LONG: Duration = Duration::from_secs(60);

fn came(text: &str) -> Result<Piece, GenerateError> {
    Ok(Piece::text(text))
}

fn failed(error: GenerateError) -> Result<Piece, GenerateError> {
    Err(error)
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_came_are_given_out_before_the_error_that_came_with_them() {
    let (url, _) = endpoint(Some(CUT_OFF));
    let cut_off = GenerateError::CutOff("it reached its length");
    assert_eq!(said(&model(&[&url]), LONG).await, [came("A zip"), failed(cut_off)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_rests_for_its_own_trouble_and_not_for_a_prompt() {
    for (answer, rests) in
        [(CUT_OFF_AT_ONCE, false), (BAD_REQUEST, false), (BROKEN, true), (BUSY, true)]
    {
        let ((first, _), (other, _)) = (endpoint(Some(answer)), endpoint(Some(WORDS)));
        let model = model(&[&first, &other]);
        assert_eq!(said(&model, LONG).await, [came("A zip costs €18.")], "{answer}");
        let next = &model.endpoints.in_order()[0].url;
        assert_eq!(next.starts_with(&other), rests, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_hangs_rests_when_the_time_is_over() {
    let ((hangs, asked), (other, _)) = (endpoint(None), endpoint(Some(WORDS)));
    let model = model(&[&hangs, &other]);
    assert_eq!(said(&model, Duration::from_millis(300)).await, [failed(late())]);
    assert_eq!(said(&model, LONG).await, [came("A zip costs €18.")]);
    assert_eq!(asked.load(Ordering::Relaxed), 1, "the other one comes first now");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_endpoint_asks_for_more_than_the_longest_rest() {
    let (url, _) = endpoint(Some(BUSY));
    let said = said(&model(&[&url]), LONG).await;
    let [Err(GenerateError::Overloaded { retry_after, .. })] = said.as_slice() else {
        panic!("{said:?}");
    };
    assert_eq!(*retry_after, LONGEST);
}
