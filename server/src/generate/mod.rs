//! Who writes the words of an answer: sentences of the articles verbatim ([`extractive`], always
//! there), a model in this process (`llama`, behind the feature of its name), or a model behind an
//! OpenAI-compatible endpoint ([`openai`]).
//!
//! A [`Generator`] gives raw text in pieces. It decides nothing: what of its text a customer sees is
//! the guard's decision, sentence by sentence.

pub mod extractive;
#[cfg(feature = "llama")]
pub mod llama;
pub mod llama_settings;
pub mod openai;
mod thoughts;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use indexer::model::Audience;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::domain::{GeneratorId, Visitor};

/// Who writes, in order: the next one is asked when one fails before its first sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GeneratorName {
    Llama,
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
    /// A model's answer that cannot be complete by then is not begun, seconds.
    pub deadline_s: u64,
    /// Folder whose prompts replace those that are compiled in.
    pub prompts_dir: Option<PathBuf>,
    pub llama: llama_settings::LlamaSettings,
    pub openai: openai::OpenAiSettings,
}

impl Default for GeneratorSettings {
    fn default() -> Self {
        Self {
            chain: vec![GeneratorName::Llama, GeneratorName::Openai, GeneratorName::Extractive],
            max_tokens: 320,
            passages: 5,
            deadline_s: 25,
            prompts_dir: None,
            llama: llama_settings::LlamaSettings::default(),
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

/// Where the words of one customer begin in the messages. What stands before is the same for everybody
/// who asks about the same passages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrivateFrom {
    /// Index of the message.
    pub message: usize,
    /// Byte of its content.
    pub byte: usize,
}

/// What becomes of a request that cannot be begun at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Waiting {
    /// It takes a place in line.
    #[default]
    InLine,
    /// It is refused, also where its deadline does not look possible, and takes nobody's place. Of the
    /// queue of an endpoint elsewhere nothing is known.
    Never,
}

/// What is to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct GenerateRequest {
    pub messages: Vec<Message>,
    /// Without it nothing is shared between requests.
    pub private_from: Option<PrivateFrom>,
    /// Who may see the passages; computed prefixes are shared within one audience only.
    pub audience: Audience,
    pub visitor: Visitor,
    /// Tokens at most.
    pub max_tokens: u32,
    /// When the answer must be complete.
    pub deadline: Option<Instant>,
    pub waiting: Waiting,
}

/// What a generator's stream consists of.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// Waiting for a place. `position` 1 is next.
    Queued { position: u32, wait: Duration },
    /// Some of the text, and the natural logarithms of its tokens' probabilities where the model tells them.
    Text { text: String, logprobs: Vec<f32> },
}

impl Piece {
    /// Text of unknown probability.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), logprobs: Vec::new() }
    }
}

/// Pieces in order; an error ends the stream. Dropping it ends the work.
pub type Pieces = mpsc::Receiver<Result<Piece, GenerateError>>;

/// Writes text.
#[async_trait]
pub trait Generator: Send + Sync {
    fn id(&self) -> GeneratorId;

    /// Tokens of prompt and answer together; `None` where that is not known (yet).
    fn context(&self) -> Option<usize>;

    /// Tokens of `text`, or an estimate on the safe side.
    fn count(&self, text: &str) -> usize {
        // Languages with few characters a token have more bytes a character.
        text.len().div_ceil(3)
    }

    /// Returns when it can write, or has found out that it cannot.
    async fn ready(&self) {}

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
    /// Not reachable or broken at the moment.
    #[error("{0}")]
    Transient(String),
    /// Too much to do; nothing was computed.
    #[error("{what}; there may be room in {} s", retry_after.as_secs().max(1))]
    Overloaded { what: String, retry_after: Duration },
    /// Nothing came within the time limit.
    #[error("{endpoint} sent nothing for {seconds} s")]
    TimedOut { endpoint: String, seconds: u64 },
    /// The text ends in its middle: it reached its length or its deadline.
    #[error("the answer was cut off: {0}")]
    CutOff(&'static str),
}
