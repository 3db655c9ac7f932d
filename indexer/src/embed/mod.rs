//! Texts to vectors.
//!
//! `publish` embeds passages, `search` embeds queries; both hold a `dyn Embedder` and neither knows
//! which model it is. A vector never depends on the other texts of its batch. Implementations own
//! their threads: no call blocks an async worker.

mod fastembed;
mod hashed;
mod lost;
mod model_files;
mod titles;

use std::borrow::Cow;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use self::fastembed::FastEmbedder;
pub use hashed::HashEmbedder;
pub use lost::LostEmbedder;
pub use model_files::{EmbedderSettings, Pooling};

use crate::language::Analyzer;
use crate::model::Locale;
use crate::onnx::OnnxError;

/// Names the vector space: two embedders with equal identity give interchangeable vectors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbedderIdentity {
    /// For people: `all-minilm-l6-v2`.
    pub name: String,
    /// Length of every vector.
    pub dimensions: usize,
    /// 16 hex digits over model file, tokenizer, pooling, prefixes and token limit.
    pub fingerprint: String,
}

/// Turns texts into unit-length vectors.
#[async_trait]
pub trait Embedder: Send + Sync {
    fn identity(&self) -> &EmbedderIdentity;

    /// Whether the model was trained on the locale's language; of an undetermined one it is assumed.
    fn speaks(&self, _locale: &Locale) -> bool {
        true
    }

    /// Whether `word` (lower case) is a whole word of the model's vocabulary: then it is spelled
    /// right, whatever the base says.
    fn knows(&self, _word: &str) -> bool {
        false
    }

    /// Whether the model is gone and only its name and vectors are left: nothing can be embedded, and
    /// a search has to do without vectors.
    fn is_lost(&self) -> bool {
        false
    }

    /// Whether questions are embedded by the model that is shipped, as it is shipped: borders of its
    /// cosines that were measured hold.
    fn is_bundled(&self) -> bool {
        false
    }

    /// Vector of a customer's question, `[dimensions]`, unit length. Bounded waiting: fails with
    /// [`EmbedError::Overloaded`] when too many questions wait already.
    async fn embed_query(&self, text: &str) -> Result<Vec<f32>, EmbedError>;

    /// Vectors of passages in the order given, each `[dimensions]`, unit length. Used by ingestion
    /// alone; runs beside queries without delaying them by more than a batch.
    async fn embed_passages(
        &self,
        passages: Vec<PassageInput>,
    ) -> Result<Vec<Vec<f32>>, EmbedError>;
}

/// What a passage's vector is made of, in the words that the embedder is to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PassageInput {
    /// Title of its document; may count beyond its words in the text.
    pub title: String,
    /// Title, headings and body.
    pub text: String,
}

/// What `embedder` is given of a text: the text itself, or the English words for one in a language
/// that the model was not trained on.
pub fn input<'a>(embedder: &dyn Embedder, locale: &Locale, text: &'a str) -> Cow<'a, str> {
    if embedder.speaks(locale) {
        return Cow::Borrowed(text);
    }
    let gloss = Analyzer::new(locale).gloss(text);
    if gloss.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(gloss) }
}

/// Why a text has no vector.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// Configuration or installation is wrong; retrying does not help.
    #[error("{0}")]
    Misconfigured(String),
    /// Too many queries wait for the embedder.
    #[error("the embedder is busy: {waiting} queries are waiting already")]
    Overloaded { waiting: usize },
    /// The model refused these inputs.
    #[error("the embedding model failed: {0}")]
    Model(String),
    /// The embedder's thread has ended, because the process is shutting down or it crashed.
    #[error("the embedder has stopped")]
    Stopped,
}

impl From<OnnxError> for EmbedError {
    fn from(error: OnnxError) -> Self {
        Self::Misconfigured(format!("the embedding model: {error}"))
    }
}
