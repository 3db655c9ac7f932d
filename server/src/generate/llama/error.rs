//! What can go wrong in loading a model and in generating, and what the caller can do about it.

use std::path::PathBuf;
use std::time::Duration;

/// Why a model could not be loaded. The message names the file, the reason and the next step.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LoadError {
    #[error(
        "model file {path} does not exist or cannot be read ({reason}): set the generator's model to a GGUF file"
    )]
    Missing { path: PathBuf, reason: String },
    #[error("{path} is no GGUF file ({reason}): use a model in the GGUF format, version 2 or 3")]
    NotGguf { path: PathBuf, reason: String },
    #[error("{path} is truncated or damaged ({reason}): download or copy it again")]
    Damaged { path: PathBuf, reason: String },
    #[error(
        "{path} has an architecture that this build of llama.cpp cannot run ({reason}): use another model"
    )]
    Architecture { path: PathBuf, reason: String },
    #[error("{path} is no text generator ({reason}): use a chat model")]
    NotGenerative { path: PathBuf, reason: String },
    #[error(
        "{path} does not fit into memory ({reason}): use a smaller model or quantisation, a smaller context, or more GPU layers"
    )]
    TooLarge { path: PathBuf, reason: String },
    #[error("the settings of the local model are wrong: {reason}")]
    Settings { reason: String },
    #[error("llama.cpp could not load {path}: {reason}")]
    Loader { path: PathBuf, reason: String },
}

/// Why no answer, or no more of it, comes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// Overloaded: nothing was computed.
    #[error("the local model has too much to do; try again in {} s", retry_after.as_secs().max(1))]
    Refused { retry_after: Duration },
    /// The prompt and its answer are longer than a sequence may be.
    #[error(
        "the prompt has {prompt} tokens and the answer up to {max_tokens}, but the context holds {context}"
    )]
    ContextTooLong { prompt: usize, max_tokens: usize, context: usize },
    /// The request makes no sense (no tokens, an unknown token id).
    #[error("the request is invalid: {reason}")]
    Invalid { reason: String },
    /// The deadline passed before the first token.
    #[error("the deadline passed while the request was waiting")]
    DeadlinePassed,
    /// The model computed something unusable; other requests go on.
    #[error("the local model failed: {reason}")]
    Model { reason: String },
    /// The engine's thread is gone; every later call fails too.
    #[error("the local model has stopped: {reason}")]
    Stopped { reason: String },
}
