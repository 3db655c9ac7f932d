//! A fake model: an OpenAI-compatible endpoint that says what a test tells it to, in small pieces.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the endpoint does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Streams these words; `{n:WORDS}` becomes the number of the passage that holds WORDS.
    Say(&'static str),
    /// Streams these words, every piece with this log-probability.
    SayAt(&'static str, f32),
    /// Streams what the function makes of the prompt and of how many requests came before; the bytes are cut at random
    /// places, also within a character.
    Script(fn(&str, usize) -> String),
    /// Never answers a prompt with these words, and does the same otherwise.
    HangOn(&'static str, fn(&str, usize) -> String),
    /// Streams the words and breaks off in the middle of a line.
    BreakOffAfter(&'static str),
    /// Answers with this status.
    Fail(u16),
    /// Never answers.
    Hang,
}

/// A running endpoint.
pub(crate) struct FakeModel {
    pub(crate) url: String,
    /// Bodies of all requests.
    pub(crate) requests: Arc<Mutex<Vec<String>>>,
}

impl FakeModel {
    pub(crate) async fn start(act: Act) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, act.clone(), Arc::clone(&seen)));
            }
        });
        Self { url, requests }
    }
}

async fn serve(mut stream: TcpStream, act: Act, seen: Arc<Mutex<Vec<String>>>) {
    let Some(body) = read_body(&mut stream).await else { return };
    let before = {
        let mut seen = seen.lock().unwrap();
        seen.push(body.clone());
        seen.len() - 1
    };
    let (words, whole, logprob) = match act {
        Act::Say(words) => (words, true, None),
        Act::SayAt(words, logprob) => (words, true, Some(logprob)),
        Act::BreakOffAfter(words) => (words, false, None),
        Act::HangOn(words, _) if prompt_of(&body).contains(words) => {
            return tokio::time::sleep(std::time::Duration::from_secs(600)).await;
        }
        Act::Script(script) | Act::HangOn(_, script) => {
            let words = numbered(&script(&prompt_of(&body), before), &body);
            return stream_in_pieces(stream, &words, before as u64).await;
        }
        Act::Hang => return tokio::time::sleep(std::time::Duration::from_secs(600)).await,
        Act::Fail(status) => {
            let head =
                format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            let _ = stream.write_all(head.as_bytes()).await;
            return;
        }
    };
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
    let _ = stream.write_all(head.as_bytes()).await;
    let words = numbered(words, &body);
    let characters: Vec<char> = words.chars().collect();
    for piece in characters.chunks(3) {
        let delta = serde_json::json!({ "content": piece.iter().collect::<String>() });
        let tokens: Vec<serde_json::Value> =
            logprob.iter().map(|l| serde_json::json!({ "logprob": l })).collect();
        let choice = serde_json::json!({ "delta": delta, "logprobs": { "content": tokens } });
        let chunk = serde_json::json!({ "choices": [choice] });
        let _ = stream.write_all(format!("data: {chunk}\n\n").as_bytes()).await;
    }
    let end = if whole { "data: [DONE]\n\n" } else { "data: {\"choices\": [{\"del" };
    let _ = stream.write_all(end.as_bytes()).await;
}

/// Random places for cuts, the same in every run.
fn random(state: &mut u64, below: usize) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize % below
}

/// Streams `words` in HTTP chunks and in deltas that have nothing to do with each other, nor with words.
async fn stream_in_pieces(mut stream: TcpStream, words: &str, seed: u64) {
    let mut state = seed.wrapping_add(11);
    let characters: Vec<char> = words.chars().collect();
    let (mut rest, mut events) = (characters.as_slice(), String::new());
    while !rest.is_empty() {
        let (piece, tail) = rest.split_at((1 + random(&mut state, 12)).min(rest.len()));
        let delta = serde_json::json!({ "content": piece.iter().collect::<String>() });
        let chunk = serde_json::json!({ "choices": [{ "delta": delta }] });
        events.push_str(&format!("data: {chunk}\n\n"));
        rest = tail;
    }
    events.push_str("data: [DONE]\n\n");
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\
                Connection: close\r\n\r\n";
    let mut bytes = head.as_bytes().to_vec();
    let mut rest = events.as_bytes();
    while !rest.is_empty() {
        let (piece, tail) = rest.split_at((1 + random(&mut state, 60)).min(rest.len()));
        bytes.extend(format!("{:x}\r\n", piece.len()).into_bytes());
        bytes.extend_from_slice(piece);
        bytes.extend_from_slice(b"\r\n");
        rest = tail;
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    let _ = stream.write_all(&bytes).await;
}

/// The body of a request with `Content-Length`.
async fn read_body(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let mut part = [0; 4096];
        let n = stream.read(&mut part).await.ok()?;
        bytes.extend_from_slice(&part[..n]);
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
            });
            if length.is_some_and(|length: usize| body.len() >= length) {
                return Some(body.to_owned());
            }
        }
        if n == 0 {
            return None;
        }
    }
}

/// The messages of a request as one text.
fn prompt_of(body: &str) -> String {
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let messages = body["messages"].as_array().unwrap();
    messages.iter().map(|m| m["content"].as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

/// Puts the numbers of passages into the words, as the prompt in `body` numbers them.
fn numbered(words: &str, body: &str) -> String {
    let prompt = prompt_of(body);
    let mut out = String::new();
    let mut rest = words;
    while let Some((before, tail)) = rest.split_once("{n:") {
        let (wanted, after) = tail.split_once('}').unwrap();
        let at = prompt.find(wanted).unwrap_or_else(|| panic!("no passage has {wanted:?}"));
        let open = prompt[..at].rfind("<passage n=\"").unwrap() + "<passage n=\"".len();
        let number = prompt[open..].split('"').next().unwrap();
        out.push_str(before);
        out.push_str(&format!("[{number}]"));
        rest = after;
    }
    out + rest
}
