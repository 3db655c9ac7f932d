//! Bars on standard error while a base is indexed and questions are asked. Silent when standard error
//! is no terminal.

use std::sync::{Mutex, PoisonError};

use indexer::publish::{Progress, Stage};
use indicatif::{ProgressBar, ProgressStyle};

/// A bar of `total` units. Gone when dropped.
pub(super) fn bar(what: &'static str, total: u64) -> ProgressBar {
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template("{prefix:10} {wide_bar} {percent}% {eta}") {
        bar.set_style(style);
    }
    bar.set_prefix(what);
    bar
}

/// Shows the stages of indexing one after the other.
pub(super) struct IndexingBars(Mutex<ProgressBar>);

impl Default for IndexingBars {
    fn default() -> Self {
        Self(Mutex::new(ProgressBar::hidden()))
    }
}

impl Progress for IndexingBars {
    fn begin(&self, stage: Stage, total: u64) {
        let what = match stage {
            Stage::Reading => "reading",
            Stage::Embedding => "embedding",
            Stage::Indexing => "indexing",
            Stage::Committing => "committing",
        };
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        current.finish_and_clear();
        *current = bar(what, total);
    }

    fn advance(&self, units: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).inc(units);
    }
}

impl Drop for IndexingBars {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).finish_and_clear();
    }
}
