//! A model behind an OpenAI-compatible endpoint: vLLM, llama-server, SGLang, TGI, Ollama.
//!
//! Streams `POST {url}/chat/completions`. Several endpoints share the load (`endpoint`). A request is
//! tried again, on another endpoint where there is one, only as long as nothing of the answer has
//! come. Sees redacted text alone. Plain HTTP is for the machine itself or its own network; HTTPS
//! trusts the system's authorities and `ca_file`.

mod endpoint;
mod stream;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use indexer::secret::Secret;
use reqwest::header::RETRY_AFTER;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{GenerateError, GenerateRequest, Generator, Piece, Pieces};
use crate::domain::GeneratorId;
use endpoint::{Endpoint, Endpoints, LONGEST};
use stream::Reading;

/// Pieces that wait for a slow reader.
const PIECES: usize = 64;
/// Before the endpoints are asked another time.
const PAUSE: Duration = Duration::from_millis(200);

/// `[generator.openai]` of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpenAiSettings {
    /// Base addresses, each with its version: `http://127.0.0.1:8000/v1`. Empty: no such model.
    pub urls: Vec<String>,
    /// Name of the model at the endpoint.
    pub model: String,
    /// Sent as `Authorization: Bearer`.
    pub api_key: Option<Secret>,
    /// File that holds the key, instead.
    pub api_key_file: Option<PathBuf>,
    /// Certificates (PEM) that are trusted beside the system's, for a company's own authority.
    pub ca_file: Option<PathBuf>,
    /// Requests at the same time, of each endpoint.
    pub concurrent: usize,
    /// Tokens of prompt and answer together; 0 where the endpoint takes what it is given.
    pub context_tokens: usize,
    /// Further rounds over the endpoints when none answered, before the first word only.
    pub retries: u32,
    /// For a connection, seconds.
    pub connect_timeout_s: u64,
    /// Without any sign of life, seconds.
    pub idle_timeout_s: u64,
    /// 0 for the likeliest words.
    pub temperature: f32,
    /// Whether the tokens' log-probabilities are asked for. An endpoint that refuses them is asked without.
    pub logprobs: bool,
}

impl Default for OpenAiSettings {
    fn default() -> Self {
        Self {
            urls: Vec::new(),
            model: String::new(),
            api_key: None,
            api_key_file: None,
            ca_file: None,
            concurrent: 32,
            context_tokens: 0,
            retries: 1,
            connect_timeout_s: 2,
            idle_timeout_s: 20,
            temperature: 0.0,
            logprobs: true,
        }
    }
}

impl OpenAiSettings {
    /// Whether an endpoint is named at all.
    pub fn is_on(&self) -> bool {
        !self.urls.is_empty()
    }

    fn key(&self) -> Result<Option<Secret>, GenerateError> {
        match (&self.api_key, &self.api_key_file) {
            (Some(_), Some(_)) => Err(wrong("api_key and api_key_file are both set; keep one")),
            (key, file) => Secret::given_or_in(key.as_ref(), file.as_deref())
                .map_err(|e| wrong(&format!("api_key_file: {e}"))),
        }
    }
}

fn wrong(what: &str) -> GenerateError {
    GenerateError::Misconfigured(format!("generator.openai.{what}"))
}

/// The endpoints of one model.
pub struct OpenAi {
    client: reqwest::Client,
    settings: OpenAiSettings,
    key: Option<Secret>,
    endpoints: Endpoints,
}

impl OpenAi {
    /// # Errors
    /// [`GenerateError::Misconfigured`] naming the key that is wrong.
    pub fn new(settings: &OpenAiSettings) -> Result<Self, GenerateError> {
        if !settings.is_on() {
            return Err(wrong("urls is empty; name an endpoint, http://127.0.0.1:8000/v1"));
        }
        if settings.model.is_empty() {
            return Err(wrong("model is empty; name the model as the endpoint does"));
        }
        let web = |url: &&String| !(url.starts_with("http://") || url.starts_with("https://"));
        if let Some(url) = settings.urls.iter().find(web) {
            return Err(wrong(&format!("urls: {url:?} starts with neither http:// nor https://")));
        }
        if settings.concurrent == 0 {
            return Err(wrong("concurrent is 0, but must be at least 1"));
        }
        crate::tls::install();
        let authorities = crate::tls::authorities("ca_file", settings.ca_file.as_deref());
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(settings.connect_timeout_s.max(1)))
            .redirect(reqwest::redirect::Policy::none())
            .tls_certs_merge(authorities.map_err(|e| wrong(&e))?)
            .build()
            .map_err(|e| wrong(&format!("urls: no client for them: {e}")))?;
        let endpoints = Endpoints::new(&settings.urls, settings.concurrent);
        Ok(Self { client, key: settings.key()?, settings: settings.clone(), endpoints })
    }

    /// Asks the endpoints in turn until one has sent a first piece. One that is not done with that by
    /// the deadline has failed.
    async fn first(&self, body: &Value, deadline: Instant) -> Result<Begun, GenerateError> {
        let full = "every endpoint of the model has as many requests as it may have".to_owned();
        let mut last =
            GenerateError::Overloaded { what: full, retry_after: Duration::from_secs(1) };
        for round in 0..=self.settings.retries {
            if round > 0 {
                if Instant::now() + PAUSE >= deadline {
                    break;
                }
                tokio::time::sleep(PAUSE).await;
            }
            for endpoint in self.endpoints.in_order() {
                if Instant::now() >= deadline {
                    return Err(last);
                }
                let Some(place) = self.endpoints.enter(&endpoint) else { continue };
                let begun = self.begin(&endpoint, body, place);
                let error = match tokio::time::timeout_at(deadline.into(), begun).await {
                    Ok(Ok(begun)) => {
                        Endpoints::is_well(&endpoint);
                        return Ok(begun);
                    }
                    Ok(Err(error)) => error,
                    Err(_) => late(),
                };
                match &error {
                    GenerateError::Overloaded { retry_after, .. } => {
                        self.endpoints.rests(&endpoint, Some(*retry_after));
                    }
                    GenerateError::Transient(_) | GenerateError::TimedOut { .. } => {
                        self.endpoints.rests(&endpoint, None);
                    }
                    // What one prompt gets of an endpoint that is well.
                    GenerateError::Misconfigured(_) | GenerateError::CutOff(_) => {}
                }
                tracing::warn!(%error, "generator.endpoint_failed");
                last = error;
            }
            // Only what may have been bad luck is worth another round.
            if !matches!(last, GenerateError::Transient(_)) {
                break;
            }
        }
        Err(last)
    }

    async fn begin(
        &self,
        endpoint: &Arc<Endpoint>,
        body: &Value,
        place: endpoint::Running,
    ) -> Result<Begun, GenerateError> {
        let url = &endpoint.url;
        let idle = Duration::from_secs(self.settings.idle_timeout_s.max(1));
        let silent = GenerateError::TimedOut { endpoint: url.clone(), seconds: idle.as_secs() };
        let asked = self.settings.logprobs && endpoint.tells_logprobs();
        let mut response = self.sent(url, body, asked, (idle, &silent)).await?;
        if asked && matches!(response.status().as_u16(), 400 | 422 | 501) {
            // It may be the log-probabilities that it does not know.
            response = self.sent(url, body, false, (idle, &silent)).await?;
            if response.status().is_success() {
                endpoint.tells_no_logprobs();
            }
        }
        let status = response.status();
        if !status.is_success() {
            let what = format!("{url} answered {status}");
            let wait = response.headers().get(RETRY_AFTER).and_then(|v| v.to_str().ok());
            let wait = wait.and_then(|v| v.parse().ok());
            let wait = wait.map(|seconds| Duration::from_secs(seconds).min(LONGEST));
            return Err(match (status.as_u16(), wait) {
                (429, wait) => GenerateError::Overloaded {
                    what,
                    retry_after: wait.unwrap_or(Duration::from_secs(1)),
                },
                (503, Some(retry_after)) => GenerateError::Overloaded { what, retry_after },
                (400..500, _) => GenerateError::Misconfigured(what),
                _ => GenerateError::Transient(what),
            });
        }
        let mut reading = Reading::new(response, (idle, silent), place);
        let first = reading.next().await.transpose()?;
        Ok(Begun { first, reading })
    }
}

impl OpenAi {
    /// The head of the response.
    async fn sent(
        &self,
        url: &str,
        body: &Value,
        logprobs: bool,
        (idle, silent): (Duration, &GenerateError),
    ) -> Result<reqwest::Response, GenerateError> {
        let mut body = body.clone();
        if logprobs {
            body["logprobs"] = Value::Bool(true);
        }
        let mut request = self.client.post(url).json(&body);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.expose());
        }
        let response =
            tokio::time::timeout(idle, request.send()).await.map_err(|_| silent.clone())?;
        response.map_err(|e| GenerateError::Transient(format!("{url}: {}", told(&e.without_url()))))
    }
}

/// An answer of which the first piece has come; none at all when it is empty.
struct Begun {
    first: Option<Piece>,
    reading: Reading,
}

fn late() -> GenerateError {
    GenerateError::Transient("no endpoint began to answer in time".to_owned())
}

/// An error with its causes, which name what is wrong with a certificate.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[async_trait]
impl Generator for OpenAi {
    fn id(&self) -> GeneratorId {
        GeneratorId::OpenAi
    }

    fn context(&self) -> Option<usize> {
        Some(self.settings.context_tokens).filter(|tokens| *tokens > 0)
    }

    async fn generate(&self, request: GenerateRequest) -> Result<Pieces, GenerateError> {
        let body = json!({
            "model": self.settings.model,
            "messages": request.messages,
            "max_tokens": request.max_tokens,
            "temperature": self.settings.temperature,
            "stream": true,
        });
        let an_hour = || Instant::now() + Duration::from_secs(3600);
        let deadline = request.deadline.unwrap_or_else(an_hour);
        let Begun { first, mut reading } = self.first(&body, deadline).await?;
        let (sender, pieces) = mpsc::channel(PIECES);
        tokio::spawn(async move {
            let mut next = first.map(Ok);
            while let Some(piece) = next {
                let last = piece.is_err();
                if sender.send(piece).await.is_err() || last {
                    return;
                }
                next = tokio::select! {
                    () = sender.closed() => return,
                    piece = reading.next() => piece,
                };
            }
        });
        Ok(pieces)
    }
}

#[cfg(test)]
mod logprob_tests;
#[cfg(test)]
mod tls_tests;
#[cfg(test)]
mod trouble_tests;

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
        let good = || settings(&["http://a/v1"]);
        for (given, named) in [
            (settings(&[]), "urls"),
            (settings(&["ftp://a.example/v1"]), "https://"),
            (OpenAiSettings { model: String::new(), ..good() }, "model"),
            (OpenAiSettings { concurrent: 0, ..good() }, "concurrent"),
            (
                OpenAiSettings { api_key_file: Some("/no/such/file".into()), ..good() },
                "api_key_file",
            ),
            (OpenAiSettings { ca_file: Some("/no/such/file".into()), ..good() }, "ca_file"),
        ] {
            let error = OpenAi::new(&given).err().unwrap().to_string();
            assert!(error.contains(named), "{error}");
        }
        OpenAi::new(&settings(&["https://a.example/v1"])).map(drop).unwrap();
    }

    #[test]
    fn a_key_may_come_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        fs_err::write(&file, "pearl\n").unwrap();
        let settings = OpenAiSettings { api_key_file: Some(file), ..settings(&["http://a/v1"]) };
        assert_eq!(settings.key().unwrap().unwrap().expose(), "pearl");
        let both = OpenAiSettings { api_key: Some(Secret::new("x")), ..settings };
        assert!(both.key().is_err());
    }
}
