//! Models that read a question and a passage together.
//!
//! Two vectors are made without knowledge of each other; a cross-encoder sees which words of the passage
//! answer which of the question, and pays for it with a run of the model for every pair. `search` puts
//! candidates in order with one that the operator configures. Implementations own their threads: no call
//! blocks an async worker.

mod onnx_session;

use async_trait::async_trait;

pub use onnx_session::{OnnxCrossEncoder, SessionSettings};

use crate::onnx::OnnxError;

/// Scores pairs of question and passage.
#[async_trait]
pub trait CrossEncoder: Send + Sync {
    /// How well each passage answers `question`, as log-odds, in the order given. A score depends on its own
    /// pair alone. Bounded waiting: fails with [`CrossEncoderError::Overloaded`] when too many questions
    /// wait already; dropping the future ends the work after the pair that is being read.
    async fn score(
        &self,
        question: String,
        passages: Vec<String>,
    ) -> Result<Vec<f32>, CrossEncoderError>;
}

/// Why pairs have no score.
#[derive(Debug, thiserror::Error)]
pub enum CrossEncoderError {
    /// Configuration or installation is wrong; retrying does not help.
    #[error("the cross-encoder: {0}")]
    Misconfigured(String),
    /// Too many questions wait.
    #[error("the cross-encoder is busy: {waiting} questions are waiting already")]
    Overloaded { waiting: usize },
    /// The model refused these inputs.
    #[error("the cross-encoder failed: {0}")]
    Model(String),
    /// Its thread has ended, because the process is shutting down or it crashed.
    #[error("the cross-encoder has stopped")]
    Stopped,
}

impl From<OnnxError> for CrossEncoderError {
    fn from(error: OnnxError) -> Self {
        Self::Misconfigured(error.0)
    }
}
