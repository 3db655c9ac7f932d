//! Values that go into and come out of the catalog.

use crate::model::{DocPath, DocumentMeta, EmbedHash, Generation, Passage, PassageId};

/// One committed generation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct GenerationRecord {
    pub generation: Generation,
    /// RFC 3339, UTC.
    pub committed_at: String,
    /// Vector space of this generation.
    pub fingerprint: String,
    pub added: u64,
    pub changed: u64,
    pub retired: u64,
    pub embedded: u64,
}

/// What `publish` compares with the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogDocument {
    pub path: DocPath,
    pub input_hash: String,
    pub slug: String,
    /// Rules of audience may go by it.
    pub title: String,
}

/// A live document with everything but its passages.
#[derive(Debug, Clone)]
pub struct StoredDocument {
    pub path: DocPath,
    pub input_hash: String,
    pub meta: DocumentMeta,
    /// Cleaned Markdown.
    pub body: String,
    pub warnings: Vec<String>,
    /// Generation in which this version became live.
    pub version: Generation,
}

/// Texts of a passage.
#[derive(Debug, Clone)]
pub struct StoredPassage {
    pub id: PassageId,
    pub path: DocPath,
    pub passage: Passage,
    pub embed_hash: EmbedHash,
}

/// A live passage without its text.
#[derive(Debug, Clone, Copy)]
pub struct LivePassage {
    pub id: PassageId,
    /// Index into [`SnapshotRows::documents`].
    pub document: u32,
    pub embed_hash: EmbedHash,
}

/// One generation as a search needs it.
#[derive(Debug, Clone, Default)]
pub struct SnapshotRows {
    pub generation: Generation,
    /// Vector space; empty for generation 0.
    pub fingerprint: String,
    pub documents: Vec<(DocPath, DocumentMeta, Generation)>,
    pub passages: Vec<LivePassage>,
}

/// A passage that becomes live with a commit.
#[derive(Debug, Clone)]
pub struct NewPassage<'a> {
    pub id: PassageId,
    pub path: &'a DocPath,
    pub passage: &'a Passage,
    pub embed_hash: EmbedHash,
}

/// One commit. Retired ids that are also in `add` stay live.
#[derive(Debug, Clone)]
pub struct Change<'a> {
    /// The generation to be, one above the newest.
    pub generation: Generation,
    pub fingerprint: &'a str,
    pub upsert: Vec<StoredDocument>,
    pub remove: Vec<DocPath>,
    pub add: Vec<NewPassage<'a>>,
    pub retire: Vec<PassageId>,
    /// Counters for the record.
    pub added: u64,
    pub changed: u64,
    pub retired: u64,
    pub embedded: u64,
}

/// A file that was not indexed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
pub struct SkippedFile {
    pub path: String,
    /// A sentence that says what is wrong and what to do.
    pub reason: String,
}

/// What the catalog holds of one vector space.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SpaceRow {
    pub fingerprint: String,
    /// When the next space took over from it, RFC 3339; `None` for the live one and for one that was
    /// never live.
    pub left_at: Option<String>,
    pub vectors: u64,
    /// Vectors of texts that are live.
    pub live: u64,
    /// Vectors of texts that no passage has.
    pub unused: u64,
}

/// Vectors that may be forgotten, by fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unneeded<'a> {
    /// All of a space.
    Space(&'a str),
    /// Those of a space whose text no passage has.
    Unused(&'a str),
}

impl<'a> Unneeded<'a> {
    /// The space, and whether all of it may go.
    pub(super) fn parts(self) -> (&'a str, bool) {
        match self {
            Self::Space(fingerprint) => (fingerprint, true),
            Self::Unused(fingerprint) => (fingerprint, false),
        }
    }
}
