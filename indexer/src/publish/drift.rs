//! Differences between what should be and what is: the values that `verify` reports.

use serde::Serialize;

use crate::model::PassageId;

/// Where something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The keyword index.
    Keyword,
    /// The vector index.
    Vectors,
    /// The catalog itself.
    Catalog,
    /// The knowledge-base folder, which the catalog follows.
    Folder,
}

/// What is wrong there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftKind {
    /// The index does not open.
    Unusable,
    /// The index's folder is not there.
    Absent,
    /// A live passage that the index lacks.
    Missing,
    /// An entry of the index that is not live.
    Surplus,
    /// The live generation belongs to another embedding model than the configured one.
    OtherModel,
    /// A live passage whose text has no vector.
    NoVector,
    /// A live passage whose vector is not of the model's length.
    WrongLength,
    /// A live passage whose entry has another audience, draft mark, language, tag or date than its
    /// document: filters go by the entry.
    Misfiled,
    /// A live passage whose stored text is not the one that its id stands for.
    Altered,
    /// Documents that the next build would add, change or retire.
    Added,
    Changed,
    Retired,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    pub place: Place,
    pub kind: DriftKind,
    pub passage: Option<PassageId>,
    /// Document, or the folder of an index that does not open.
    pub path: Option<String>,
}

/// All differences that were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drifts(pub Vec<Drift>);

impl Drifts {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn missing(&self) -> usize {
        self.count(DriftKind::Missing)
    }

    pub fn surplus(&self) -> usize {
        self.count(DriftKind::Surplus)
    }

    fn count(&self, kind: DriftKind) -> usize {
        self.0.iter().filter(|d| d.kind == kind).count()
    }
}
