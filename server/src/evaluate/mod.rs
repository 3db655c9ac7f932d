//! How good the assistant is: runs question sets against a knowledge base and measures.
//!
//! Two kinds of sets. Golden cases (`golden`, `golden_run`) are a company's own questions with what
//! must happen to each: they go through the whole assistant and gate a release. Question sets in the
//! BEIR layout (`sets`, `set_run`) bring their own documents: they measure finding and knowing when
//! to hand over, on the same code as answering ([`crate::assistant::Assistant::assess`]).
//!
//! `calibrate` fits the confidence to a base by the same means.
//!
//! Called by the `eval` and `calibrate` commands. Works offline and without a model; stores no ticket and no
//! word of a question. Figures come from `metrics`, `abstention` and `bootstrap` (pure), are joined
//! in `figures`, compared with an earlier run in `compare`, and shown by `report` and `html`.

mod abstention;
mod against;
mod base;
mod bootstrap;
mod calibrate;
mod command;
mod compare;
mod figures;
mod golden;
mod golden_run;
mod html;
mod metrics;
mod output;
mod probe;
mod progress;
mod report;
mod rows;
mod set_run;
mod sets;
mod settings;
mod special;
mod text;

use std::path::Path;

pub use calibrate::{CalibrateOptions, CalibrateOutcome, run as calibrate};
pub use command::{EvalArgs, EvalOutcome, run};
pub use settings::{EvalSettings, GateSettings};

/// Why an evaluation could not run. Failed cases are no error.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// The command line asks for something that does not go together.
    #[error("{0}")]
    Usage(String),
    /// A file of a set is wrong. `place` is a line, a case or an id.
    #[error("{file}: {place}{reason}")]
    Input { file: String, place: String, reason: String },
    /// The data folder or the embedding model does not open.
    #[error(transparent)]
    Open(#[from] anyhow::Error),
    #[error(transparent)]
    File(#[from] std::io::Error),
    #[error(transparent)]
    Publish(#[from] indexer::publish::PublishError),
    #[error(transparent)]
    Search(#[from] indexer::search::SearchError),
}

impl EvalError {
    fn input(file: &Path, place: impl Into<String>, reason: impl ToString) -> Self {
        let mut place: String = place.into();
        if !place.is_empty() {
            place.push_str(": ");
        }
        Self::Input { file: file.display().to_string(), place, reason: reason.to_string() }
    }
}

impl From<indexer::catalog::CatalogError> for EvalError {
    fn from(error: indexer::catalog::CatalogError) -> Self {
        Self::Publish(error.into())
    }
}
