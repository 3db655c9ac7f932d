//! Reads a stream of chat completions: bytes to lines to words.
//!
//! Used by `openai`. The borders of chunks lie anywhere, also within a character; a line is read when
//! it is whole. Thoughts of thinking models are left out.

use std::collections::VecDeque;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::Value;

use super::endpoint::Running;
use crate::generate::thoughts::ThoughtFilter;
use crate::generate::{GenerateError, Piece};

/// Bytes of one line of the stream; more is no answer of a model.
const LINE: usize = 1 << 20;
/// Tokens of one chunk whose log-probabilities are read.
const TOKENS: usize = 4096;
/// Longest name of an error.
const NAME: usize = 40;

/// A response whose head has come.
pub(super) struct Reading {
    chunks: BoxStream<'static, reqwest::Result<Vec<u8>>>,
    buffer: Vec<u8>,
    ready: VecDeque<Piece>,
    /// Ends the stream once everything that came before it was given out.
    failed: Option<GenerateError>,
    thoughts: ThoughtFilter,
    ended: bool,
    idle: (Duration, GenerateError),
    _running: Running,
}

impl Reading {
    /// `idle`: for how long nothing may come, and what is said then.
    pub(super) fn new(
        response: reqwest::Response,
        idle: (Duration, GenerateError),
        running: Running,
    ) -> Self {
        let chunks = response.bytes_stream().map(|chunk| chunk.map(|bytes| bytes.to_vec()));
        Self {
            chunks: chunks.boxed(),
            buffer: Vec::new(),
            ready: VecDeque::new(),
            failed: None,
            thoughts: ThoughtFilter::new(false),
            ended: false,
            idle,
            _running: running,
        }
    }

    /// The next words; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Result<Piece, GenerateError>> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Some(Ok(piece));
            }
            if let Some(error) = self.failed.take() {
                return Some(Err(error));
            }
            if self.ended {
                return None;
            }
            if let Err(error) = self.read_chunk().await {
                self.ended = true;
                self.failed = Some(error);
            }
        }
    }

    async fn read_chunk(&mut self) -> Result<(), GenerateError> {
        let broken = |what: &str| GenerateError::Transient(format!("the endpoint's stream {what}"));
        let (idle, silent) = &self.idle;
        let chunk = tokio::time::timeout(*idle, self.chunks.next()).await;
        let bytes = chunk
            .map_err(|_| silent.clone())?
            .ok_or_else(|| broken("ended without [DONE]"))?
            .map_err(|_| broken("broke off"))?;
        self.buffer.extend_from_slice(&bytes);
        let mut begin = 0;
        while let Some(length) = self.buffer[begin..].iter().position(|b| *b == b'\n') {
            let line = String::from_utf8_lossy(&self.buffer[begin..begin + length]).into_owned();
            begin += length + 1;
            self.line(&line)?;
            if self.ended {
                return Ok(());
            }
        }
        self.buffer.drain(..begin);
        if self.buffer.len() > LINE {
            return Err(broken("sent an endless line"));
        }
        Ok(())
    }

    fn line(&mut self, line: &str) -> Result<(), GenerateError> {
        let Some(data) = line.trim().strip_prefix("data:") else { return Ok(()) };
        let mut text = String::new();
        if data.trim() == "[DONE]" {
            self.thoughts.finish(&mut text);
            self.give(text, Vec::new());
            self.ended = true;
            return Ok(());
        }
        let garbage = |_| GenerateError::Transient("the endpoint's stream is no JSON".to_owned());
        let value: Value = serde_json::from_str(data.trim()).map_err(garbage)?;
        if let Some(error) = value.get("error").filter(|error| !error.is_null()) {
            return Err(GenerateError::Transient(format!("the endpoint failed: {}", named(error))));
        }
        let choice = &value["choices"][0];
        self.thoughts.push(choice["delta"]["content"].as_str().unwrap_or_default(), &mut text);
        self.give(text, logprobs(choice));
        if choice["finish_reason"] == "length" {
            return Err(GenerateError::CutOff("it reached its length"));
        }
        Ok(())
    }

    fn give(&mut self, text: String, logprobs: Vec<f32>) {
        if !text.is_empty() {
            self.ready.push_back(Piece::Text { text, logprobs });
        }
    }
}

/// What the endpoint calls an error. Its message is never passed on: it may repeat the request, and holds whatever
/// the endpoint likes.
fn named(error: &Value) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let name = |key: &str| match &error[key] {
        Value::String(name)
            if !name.is_empty() && name.len() <= NAME && name.chars().all(plain) =>
        {
            Some(name.clone())
        }
        Value::Number(code) => Some(code.to_string()),
        _ => None,
    };
    ["code", "type"].into_iter().find_map(name).unwrap_or_else(|| "it gave no code".to_owned())
}

/// The log-probabilities of a chunk's tokens, as far as the endpoint tells them.
fn logprobs(choice: &Value) -> Vec<f32> {
    let tokens = choice["logprobs"]["content"].as_array();
    let logprob = |token: &Value| token["logprob"].as_f64().map(|l| l as f32);
    tokens.into_iter().flatten().take(TOKENS).filter_map(logprob).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_an_endpoints_error_its_code_alone_is_passed_on() {
        for (error, name) in [
            (
                json!({ "message": "anna said\nERROR forged", "code": "server_error" }),
                "server_error",
            ),
            (json!({ "message": "anna", "type": "BadRequest", "code": 400 }), "400"),
            (json!({ "message": "anna", "type": "overloaded", "code": null }), "overloaded"),
            (json!({ "message": "anna", "type": "anna said\nERROR" }), "it gave no code"),
            (json!({ "code": "a".repeat(41) }), "it gave no code"),
            (json!("anna"), "it gave no code"),
        ] {
            assert_eq!(named(&error), name);
        }
    }
}
