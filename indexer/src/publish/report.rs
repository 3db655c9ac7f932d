//! What a sync did.

use std::time::Duration;

use serde::Serialize;

use crate::catalog::SkippedFile;
use crate::model::{DocPath, Generation};
use crate::source::UnmatchedRule;

/// Result of one sync (contract of `atbilde-indexer build --json`).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct BuildReport {
    /// The live generation afterwards; unchanged when nothing had to be done.
    pub generation: Generation,
    /// Live documents and passages afterwards.
    pub documents: u64,
    pub passages: u64,
    /// Documents that are new, edited, gone.
    pub added: u64,
    pub changed: u64,
    pub retired: u64,
    /// Texts that had no vector yet.
    pub embedded: u64,
    /// Files that were not indexed, each with a sentence saying why.
    pub skipped: Vec<SkippedFile>,
    /// Documents that were indexed with a remark for the content team.
    pub warnings: Vec<SkippedFile>,
    /// Rules of `source.audience` that match no live document: they hide nothing.
    pub unmatched_rules: Vec<UnmatchedRule>,
    pub seconds: f64,
    /// Paths behind the counters, for the summary.
    #[serde(skip)]
    pub added_paths: Vec<String>,
    #[serde(skip)]
    pub changed_paths: Vec<String>,
    #[serde(skip)]
    pub retired_paths: Vec<String>,
    /// The folder has to be looked at again after this time even if nothing in it changes: a file was
    /// taken for half written, or could not be read for a moment.
    #[serde(skip)]
    pub look_again: Option<Duration>,
}

/// What the next sync would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PendingChanges {
    pub added: Vec<DocPath>,
    pub changed: Vec<DocPath>,
    pub retired: Vec<DocPath>,
    /// Files that would not be indexed.
    pub skipped: Vec<SkippedFile>,
    /// Rules of `source.audience` that would match no live document.
    pub unmatched_rules: Vec<UnmatchedRule>,
}
