//! ONNX models in process: the files of a model and the library that runs it.
//!
//! Used by `embed` and `cross_encoder`, which own their sessions and threads.

mod files;
mod runtime;

pub use files::ModelFiles;
pub use runtime::environment;

/// Why a model cannot be used. The message names the file or the library and the next step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OnnxError(pub String);
