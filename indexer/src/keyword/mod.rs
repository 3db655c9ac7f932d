//! The keyword index: BM25 over stems, folded words and codes, with the filter inside the query.
//!
//! Called by `publish` (add, delete, commit) and `search` (search). tantivy lives only here; no
//! text is stored, only terms, ids and filter fields, and the whole folder can be rebuilt from the
//! catalog. Calls block: callers on async workers go through their own threads.
//!
//! Good for: exact words, codes, names, any language. Not for: meaning (see `vector`).

mod admit;
mod checksums;
mod error;
mod families;
mod plan;
mod query;
mod reader;
mod schema;
mod spelling;
mod statistics;
mod top;
mod writer;

pub use error::KeywordError;
pub use query::{KeywordHit, KeywordHits, KeywordQuery, QueryTerm};
pub use writer::KeywordPassage;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::{Filter, Generation, Locale, PassageId};
use reader::Reader;
use writer::Writer;

/// How terms are weighed and how much memory writing takes. Nothing here changes the stored
/// format, so a changed setting needs no new index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeywordSettings {
    /// Memory in which new passages are gathered before they are written out, bytes (at least
    /// 15 MB, the engine's least).
    pub writer_memory_bytes: usize,
    /// Weight of a term found in the title.
    pub title_boost: f32,
    /// Weight of a term found in the heading path.
    pub headings_boost: f32,
    /// Weight of a term found in the passage.
    pub body_boost: f32,
    /// Weight of an unstemmed word without diacritics found anywhere.
    pub folded_boost: f32,
    /// Weight of a concept (a synonym, a word of another language) found anywhere.
    pub concept_boost: f32,
    /// Weight of a code found as a whole.
    pub code_boost: f32,
    /// Weight of a function word ("how", "my") beside terms that were found; 0 leaves them out.
    pub function_boost: f32,
    /// A term counts with its best field plus this share of the other fields, [0, 1].
    pub tie_breaker: f32,
}

impl Default for KeywordSettings {
    fn default() -> Self {
        Self {
            writer_memory_bytes: 24_000_000,
            title_boost: 1.0,
            headings_boost: 1.1,
            body_boost: 1.0,
            folded_boost: 0.4,
            concept_boost: 1.0,
            code_boost: 3.0,
            function_boost: 0.35,
            tie_breaker: 0.2,
        }
    }
}

/// Owns reading and writing of one index folder. `Send + Sync`; searches run in parallel with each
/// other and with writing.
pub struct KeywordIndex {
    reader: Reader,
    writer: Writer,
}

impl KeywordIndex {
    /// Opens the index in `dir`, or creates it where the folder is absent or empty. The writer's
    /// lock is taken by the first change, not here, so that a reader beside the owner can open.
    /// Every file is read once and compared with its checksum.
    ///
    /// # Errors
    /// [`KeywordError::Unusable`] and [`KeywordError::Version`] for a folder that holds anything
    /// but a sound index of this version; nothing in it is changed.
    pub fn open_or_create(dir: &Path, settings: &KeywordSettings) -> Result<Self, KeywordError> {
        checksums::guarded(dir, || {
            let (index, fields) = schema::open_or_create(dir)?;
            checksums::check(&index, dir)?;
            let folder = PathBuf::from(dir);
            let writer = Writer::new(index.clone(), fields, settings, folder.clone());
            let reader = Reader::new(index, fields, settings.clone(), folder)?;
            Ok(Self { reader, writer })
        })
    }

    /// Compares every file of the last commit with its checksum, as opening does: what was written
    /// soundly may have been damaged since.
    ///
    /// # Errors
    /// [`KeywordError::Unusable`] naming the files that are damaged.
    pub fn check(&self) -> Result<(), KeywordError> {
        self.reader.check()
    }

    /// Adds passages; they are found after [`Self::commit`]. Adding an id again replaces it.
    ///
    /// # Errors
    /// [`KeywordError::Locked`] when another process writes this folder.
    pub fn add(&self, passages: &[KeywordPassage<'_>]) -> Result<(), KeywordError> {
        self.writer.add(passages)
    }

    /// Deletes passages; they are gone after [`Self::commit`]. Unknown ids are no error.
    ///
    /// # Errors
    /// [`KeywordError::Locked`] when another process writes this folder.
    pub fn delete(&self, ids: &[PassageId]) -> Result<(), KeywordError> {
        self.writer.delete(ids)
    }

    /// Makes all changes since the last commit durable and visible at once, marked with
    /// `generation`.
    ///
    /// # Errors
    /// [`KeywordError::Locked`], or [`KeywordError::Engine`] when the disk refuses.
    pub fn commit(&self, generation: Generation) -> Result<(), KeywordError> {
        self.writer.commit(generation)?;
        self.reader.reload()
    }

    /// Makes commits of another process visible to this one.
    ///
    /// # Errors
    /// [`KeywordError::Engine`] when the folder cannot be read.
    pub fn reload(&self) -> Result<(), KeywordError> {
        self.reader.reload()
    }

    /// Generation of the last commit on disk; `None` before the first one.
    ///
    /// # Errors
    /// [`KeywordError::Engine`] when the folder cannot be read.
    pub fn committed_generation(&self) -> Result<Option<Generation>, KeywordError> {
        self.reader.committed_generation()
    }

    /// Ids of all committed passages, for comparing the index with the catalog.
    ///
    /// # Errors
    /// [`KeywordError::Engine`] when the folder cannot be read.
    pub fn ids(&self) -> Result<HashSet<PassageId>, KeywordError> {
        self.reader.ids()
    }

    /// The `limit` best passages that `filter` admits and that hold at least one of the query's
    /// terms, best first, equal scores in the order of their ids.
    ///
    /// # Errors
    /// [`KeywordError::Engine`] when the folder cannot be read.
    pub fn search(
        &self,
        query: &KeywordQuery,
        filter: &Filter,
        limit: usize,
    ) -> Result<KeywordHits, KeywordError> {
        self.reader.search(query, filter, limit)
    }

    /// `text` with its typing errors mended from the words of the base; `None` when there is
    /// nothing to mend. `known` is the caller's dictionary: what it knows is left alone.
    ///
    /// # Errors
    /// [`KeywordError::Engine`] when the folder cannot be read.
    pub fn correct(
        &self,
        text: &str,
        locale: &Locale,
        known: &dyn Fn(&str) -> bool,
    ) -> Result<Option<String>, KeywordError> {
        self.reader.correct(text, locale, known)
    }
}

#[cfg(test)]
mod tests;
