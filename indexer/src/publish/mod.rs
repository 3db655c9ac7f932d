//! From a folder to a committed generation: when does an edit become visible.
//!
//! [`Publisher::sync`] looks at the folder, compares it with the catalog by content hash, embeds the
//! texts that have no vector, writes new entries to both indexes (invisible: no snapshot holds their
//! ids), makes both durable, and commits one generation in the catalog. That commit is the instant
//! of change. Every step may be killed: [`reconcile`] makes the indexes follow the catalog again.

mod apply;
mod catch_up;
mod data_folder;
mod drift;
mod embedding;
mod linger;
mod lock;
mod plan;
mod probe;
mod progress;
mod prune;
mod reconcile;
mod report;
mod shadow;
#[cfg(test)]
mod shared_tests;
mod space_record;
mod verify;
#[cfg(test)]
mod verify_tests;
mod watch;

pub use apply::Publisher;
pub(crate) use catch_up::catch_up;
pub use catch_up::prepare;
pub use data_folder::{CATALOG_FILE, Closing, DataFolder, Indexes, OpenMark};
pub use drift::{Drift, DriftKind, Drifts, Place};
pub use lock::refuse_in_use;
pub use progress::{Progress, Silent, Stage};
pub use prune::{PruneSettings, Pruned, Pruner, READERS};
pub use reconcile::inspect;
pub use report::{BuildReport, PendingChanges};
pub use space_record::SpaceRecord;
pub use verify::pending_changes;
pub use watch::{FolderWatch, Stillness, Wake, WatchMode, WatchSettings};

use crate::catalog::CatalogError;
use crate::embed::EmbedError;
use crate::keyword::KeywordError;
use crate::vector::VectorError;

/// Why a folder could not be published. The previous generation stays live in every case.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error("knowledge-base folder {folder}: {reason}")]
    Folder { folder: String, reason: String },
    #[error("data folder {folder}: {reason}")]
    DataFolder { folder: String, reason: String },
    #[error(
        "data folder {folder} is in use by another atbilde process{owner}; stop that process, or \
         give this one another --data folder"
    )]
    InUse { folder: String, owner: String },
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Keyword(#[from] KeywordError),
    #[error(transparent)]
    Vectors(#[from] VectorError),
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// The live generation of a shared catalog belongs to another model than this process has.
    #[error(
        "the live generation belongs to the vector space {live}, this process searches {own}: give \
         all processes of a knowledge base the same [embedder] settings and start this one again"
    )]
    OtherSpace { live: String, own: String },
    /// A new vector space did not answer its probes; the old one goes on serving.
    #[error(
        "the index of the embedding model {model} was not taken into use: {reason}. What was live \
         stays live. Check model_dir, pooling and prefixes in [embedder], or configure the old \
         model again"
    )]
    Refused { model: String, reason: String },
    #[error("publishing stopped on request")]
    Cancelled,
    /// The folder was written to while it was read; the next look sees it whole.
    #[error("the folder was written to while it was read")]
    Unsettled,
}

impl PublishError {
    /// The index that does not open, when that is what is wrong.
    pub fn unusable_index(&self) -> Option<Place> {
        match self {
            Self::Keyword(KeywordError::Unusable { .. } | KeywordError::Version { .. }) => {
                Some(Place::Keyword)
            }
            Self::Vectors(VectorError::Open { .. }) => Some(Place::Vectors),
            _ => None,
        }
    }
}
