//! Who writes the words of an answer: sentences of the articles verbatim ([`extractive`], always
//! there), or a model behind an OpenAI-compatible endpoint ([`openai`]). `llama`, a model in this process,
//! is behind the feature of its name and not part of the chain yet.
//!
//! A [`Generator`] gives raw text in pieces. It decides nothing: what of its text a customer sees is
//! the guard's decision, sentence by sentence.

pub mod extractive;
#[cfg(feature = "llama")]
pub mod llama;
pub mod openai;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::domain::GeneratorId;

/// Who writes, in order: the next one is asked when one fails before its first sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GeneratorName {
    Openai,
    Extractive,
}

/// `[generator]` of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GeneratorSettings {
    pub chain: Vec<GeneratorName>,
    /// Tokens of an answer at most.
    pub max_tokens: u32,
    /// Passages that a model is given.
    pub passages: usize,
    pub openai: openai::OpenAiSettings,
}

impl Default for GeneratorSettings {
    fn default() -> Self {
        Self {
            chain: vec![GeneratorName::Extractive],
            max_tokens: 320,
            passages: 5,
            openai: openai::OpenAiSettings::default(),
        }
    }
}

/// One message of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// `system` or `user`.
    pub role: &'static str,
    /// Holds redacted words of customers at most.
    pub content: String,
}

/// What is to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct GenerateRequest {
    pub messages: Vec<Message>,
    /// Tokens at most.
    pub max_tokens: u32,
}

/// Pieces of text in order; an error ends the stream. Dropping it ends the work.
pub type Pieces = mpsc::Receiver<Result<String, GenerateError>>;

/// Writes text.
#[async_trait]
pub trait Generator: Send + Sync {
    fn id(&self) -> GeneratorId;

    /// Begins to write. Returns when the model has accepted the request.
    ///
    /// # Errors
    /// [`GenerateError`]; the caller asks the next generator of the chain.
    async fn generate(&self, request: GenerateRequest) -> Result<Pieces, GenerateError>;
}

/// Why a generator did not write, or stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// Configuration is wrong; retrying does not help.
    #[error("{0}")]
    Misconfigured(String),
    /// Not reachable, overloaded or broken at the moment.
    #[error("{0}")]
    Transient(String),
    /// Nothing came within the time limit.
    #[error("{endpoint} sent nothing for {seconds} s")]
    TimedOut { endpoint: String, seconds: u64 },
}
