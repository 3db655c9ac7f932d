//! A model behind an OpenAI-compatible endpoint: vLLM, llama-server, SGLang, TGI, Ollama.
//!
//! Streams `POST {url}/chat/completions`. Several endpoints share the load: the one with the fewest
//! running requests is asked first, one that failed is asked last for a while. A request is tried on
//! the next endpoint only as long as nothing of the answer has come. Sees redacted text alone. Plain
//! HTTP: for the machine itself or its own network.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{GenerateError, GenerateRequest, Generator, Pieces};
use crate::domain::GeneratorId;

/// An endpoint that failed is asked last for this long, milliseconds.
const RESTING_MS: u64 = 10_000;
/// Pieces that wait for a slow reader.
const PIECES: usize = 64;
/// Bytes of one line of the stream; more is no answer of a model.
const LINE: usize = 1 << 20;

/// `[generator.openai]` of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpenAiSettings {
    /// Base addresses, each with its version: `http://127.0.0.1:8000/v1`.
    pub urls: Vec<String>,
    /// Name of the model at the endpoint.
    pub model: String,
    /// Sent as `Authorization: Bearer`.
    pub api_key: Option<String>,
    /// For a connection, seconds.
    pub connect_timeout_s: u64,
    /// Without any sign of life, seconds.
    pub idle_timeout_s: u64,
    /// 0 for the likeliest words.
    pub temperature: f32,
}

impl Default for OpenAiSettings {
    fn default() -> Self {
        Self {
            urls: Vec::new(),
            model: String::new(),
            api_key: None,
            connect_timeout_s: 2,
            idle_timeout_s: 20,
            temperature: 0.0,
        }
    }
}

/// The endpoints of one model.
pub struct OpenAi {
    client: reqwest::Client,
    settings: OpenAiSettings,
    endpoints: Vec<Arc<Endpoint>>,
    started: Instant,
}

struct Endpoint {
    url: String,
    running: AtomicUsize,
    /// Milliseconds after `started` until which it rests; 0 when it is well.
    rests_until: AtomicU64,
}

/// Counts a request of an endpoint as long as it lives.
struct Running(Arc<Endpoint>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

impl OpenAi {
    /// # Errors
    /// [`GenerateError::Misconfigured`] naming the key that is wrong.
    pub fn new(settings: &OpenAiSettings) -> Result<Self, GenerateError> {
        let wrong = |what: String| GenerateError::Misconfigured(format!("generator.openai.{what}"));
        if settings.urls.is_empty() {
            return Err(wrong(
                "urls is empty; name an endpoint, http://127.0.0.1:8000/v1".to_owned(),
            ));
        }
        if settings.model.is_empty() {
            return Err(wrong("model is empty; name the model as the endpoint does".to_owned()));
        }
        if let Some(url) = settings.urls.iter().find(|u| !u.starts_with("http://")) {
            return Err(wrong(format!("urls: {url:?} does not start with http://")));
        }
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(settings.connect_timeout_s.max(1)))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| wrong(format!("no client: {e}")))?;
        let endpoint = |url: &String| {
            Arc::new(Endpoint {
                url: format!("{}/chat/completions", url.trim_end_matches('/')),
                running: AtomicUsize::new(0),
                rests_until: AtomicU64::new(0),
            })
        };
        let endpoints = settings.urls.iter().map(endpoint).collect();
        Ok(Self { client, settings: settings.clone(), endpoints, started: Instant::now() })
    }

    /// Well ones first, then by load.
    fn in_order(&self) -> Vec<Arc<Endpoint>> {
        let now = self.now();
        let mut all = self.endpoints.clone();
        all.sort_by_key(|e| {
            (e.rests_until.load(Ordering::Relaxed) > now, e.running.load(Ordering::Relaxed))
        });
        all
    }

    fn now(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    async fn begin(&self, endpoint: &Arc<Endpoint>, body: &Value) -> Result<Pieces, GenerateError> {
        endpoint.running.fetch_add(1, Ordering::Relaxed);
        let running = Running(Arc::clone(endpoint));
        let idle = Duration::from_secs(self.settings.idle_timeout_s.max(1));
        let silent =
            GenerateError::TimedOut { endpoint: endpoint.url.clone(), seconds: idle.as_secs() };
        let mut request = self.client.post(&endpoint.url).json(body);
        if let Some(key) = &self.settings.api_key {
            request = request.bearer_auth(key);
        }
        let failed = |e: reqwest::Error| {
            GenerateError::Transient(format!("{}: {}", endpoint.url, e.without_url()))
        };
        let response =
            tokio::time::timeout(idle, request.send()).await.map_err(|_| silent.clone())?;
        let response = response.map_err(failed)?;
        let status = response.status();
        if !status.is_success() {
            let message = format!("{} answered {status}", endpoint.url);
            return Err(if status.is_client_error() && status.as_u16() != 429 {
                GenerateError::Misconfigured(message)
            } else {
                GenerateError::Transient(message)
            });
        }
        let (sender, pieces) = mpsc::channel(PIECES);
        tokio::spawn(read(response, sender, (idle, silent), running));
        Ok(pieces)
    }
}

#[async_trait]
impl Generator for OpenAi {
    fn id(&self) -> GeneratorId {
        GeneratorId::OpenAi
    }

    async fn generate(&self, request: GenerateRequest) -> Result<Pieces, GenerateError> {
        let body = json!({
            "model": self.settings.model,
            "messages": request.messages,
            "max_tokens": request.max_tokens,
            "temperature": self.settings.temperature,
            "stream": true,
        });
        let mut last = GenerateError::Transient("there is no endpoint".to_owned());
        for endpoint in self.in_order() {
            match self.begin(&endpoint, &body).await {
                Ok(pieces) => {
                    endpoint.rests_until.store(0, Ordering::Relaxed);
                    return Ok(pieces);
                }
                Err(error) => {
                    endpoint.rests_until.store(self.now() + RESTING_MS, Ordering::Relaxed);
                    tracing::warn!(%error, "generator.failed");
                    last = error;
                }
            }
        }
        Err(last)
    }
}

/// Reads the stream to its end and hands on what it says.
async fn read(
    response: reqwest::Response,
    sender: mpsc::Sender<Result<String, GenerateError>>,
    (idle, silent): (Duration, GenerateError),
    _running: Running,
) {
    let mut chunks = response.bytes_stream();
    let mut buffer: Vec<u8> = Vec::new();
    let broken = |what: &str| GenerateError::Transient(format!("the endpoint's stream {what}"));
    loop {
        let chunk = tokio::select! {
            () = sender.closed() => return,
            chunk = tokio::time::timeout(idle, chunks.next()) => chunk,
        };
        let error = match chunk {
            Err(_) => silent.clone(),
            Ok(None) => broken("ended without [DONE]"),
            Ok(Some(Err(_))) => broken("broke off"),
            Ok(Some(Ok(bytes))) => {
                buffer.extend_from_slice(&bytes);
                match lines(&mut buffer, &sender).await {
                    Progress::Going if buffer.len() <= LINE => continue,
                    Progress::Going => broken("sent an endless line"),
                    Progress::Done => return,
                    Progress::Garbage => broken("is no stream of chat completions"),
                }
            }
        };
        let _ = sender.send(Err(error)).await;
        return;
    }
}

enum Progress {
    Going,
    Done,
    Garbage,
}

/// Takes the whole lines out of `buffer` and hands on their words.
async fn lines(
    buffer: &mut Vec<u8>,
    sender: &mpsc::Sender<Result<String, GenerateError>>,
) -> Progress {
    while let Some(end) = buffer.iter().position(|b| *b == b'\n') {
        let line: Vec<u8> = buffer.drain(..=end).collect();
        let line = String::from_utf8_lossy(&line);
        let Some(data) = line.trim().strip_prefix("data:") else { continue };
        let data = data.trim();
        if data == "[DONE]" {
            return Progress::Done;
        }
        let Ok(value) = serde_json::from_str::<Value>(data) else { return Progress::Garbage };
        let words = value["choices"][0]["delta"]["content"].as_str().unwrap_or_default();
        if !words.is_empty() && sender.send(Ok(words.to_owned())).await.is_err() {
            return Progress::Done;
        }
    }
    Progress::Going
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(urls: &[&str]) -> OpenAiSettings {
        OpenAiSettings {
            urls: urls.iter().map(|u| (*u).to_owned()).collect(),
            model: "m".to_owned(),
            ..OpenAiSettings::default()
        }
    }

    #[test]
    fn a_wrong_configuration_names_its_key() {
        for (given, named) in [
            (settings(&[]), "urls"),
            (settings(&["https://a.example/v1"]), "http://"),
            (OpenAiSettings { model: String::new(), ..settings(&["http://a/v1"]) }, "model"),
        ] {
            let error = OpenAi::new(&given).err().unwrap().to_string();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn the_least_loaded_endpoint_that_is_well_comes_first() {
        let model =
            OpenAi::new(&settings(&["http://a/v1", "http://b/v1/", "http://c/v1"])).unwrap();
        model.endpoints[0].running.store(2, Ordering::Relaxed);
        model.endpoints[2].rests_until.store(u64::MAX, Ordering::Relaxed);
        let order: Vec<String> = model.in_order().iter().map(|e| e.url.clone()).collect();
        let expected = ["http://b", "http://a", "http://c"];
        assert_eq!(order, expected.map(|u| format!("{u}/v1/chat/completions")));
    }
}
