//! What can go wrong with an index folder and what to do about it.

use std::path::{Path, PathBuf};

use tantivy::TantivyError;

/// Errors of the keyword index; each names the folder.
#[derive(Debug, thiserror::Error)]
pub enum KeywordError {
    /// The folder holds something that does not open. Nothing in it was changed.
    #[error(
        "the keyword index in {} does not open: {reason}; nothing was deleted. \
         Run `atbilde-indexer verify --repair` to rebuild it from the catalog",
        folder.display()
    )]
    Unusable { folder: PathBuf, reason: String },
    /// The folder holds an index that another version of the program wrote.
    #[error(
        "the keyword index in {} has schema version {found}, this program writes {expected}; \
         nothing was deleted. Run `atbilde-indexer verify --repair` to rebuild it from the catalog",
        folder.display()
    )]
    Version { folder: PathBuf, found: String, expected: u32 },
    /// Another process, or another index of this one, writes the folder.
    #[error(
        "the keyword index in {} is being written by another process; stop it or ask the server \
         that owns the folder (`--server URL`)",
        folder.display()
    )]
    Locked { folder: PathBuf },
    /// Reading or writing failed on the way.
    #[error("the keyword index in {} failed: {source}", folder.display())]
    Engine {
        folder: PathBuf,
        #[source]
        source: TantivyError,
    },
    /// The thread that worked on the index has ended.
    #[error("the keyword index stopped in the middle of its work: {0}")]
    Stopped(String),
}

impl KeywordError {
    pub(super) fn engine(folder: &Path, source: TantivyError) -> Self {
        let folder = folder.to_owned();
        match source {
            TantivyError::LockFailure(..) => Self::Locked { folder },
            source => Self::Engine { folder, source },
        }
    }

    pub(super) fn unusable(folder: &Path, reason: impl std::fmt::Display) -> Self {
        Self::Unusable { folder: folder.to_owned(), reason: reason.to_string() }
    }
}
