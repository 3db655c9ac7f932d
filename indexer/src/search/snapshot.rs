//! One generation in memory: which passages are live and what their documents are.
//!
//! A search takes one snapshot and keeps it to its end, so that it never sees half of a change; the
//! snapshot holds the vector space that it is searched in, so that it never sees half of a swap either.

use std::collections::HashMap;
use std::sync::Arc;

use super::space::Space;
use crate::catalog::SnapshotRows;
use crate::model::{DocPath, DocumentMeta, Generation, Locale, PassageId};

/// A live document without its passages.
#[derive(Debug, Clone)]
pub struct LiveDocument {
    pub path: DocPath,
    pub meta: Arc<DocumentMeta>,
    /// Generation in which this version became live.
    pub version: Generation,
}

/// Everything that is live in one generation, texts left out.
#[derive(Debug)]
pub struct Snapshot {
    pub generation: Generation,
    /// Vector space of this generation.
    pub fingerprint: String,
    pub documents: Vec<LiveDocument>,
    /// Languages of the live documents, the one with most documents first.
    pub languages: Vec<Locale>,
    live: HashMap<PassageId, u32>,
    by_slug: HashMap<String, u32>,
    by_path: HashMap<String, u32>,
    pub(super) space: Arc<Space>,
}

impl Snapshot {
    /// `space` must be that of the rows, or the rows empty.
    pub(super) fn new(rows: SnapshotRows, space: Arc<Space>) -> Self {
        let documents: Vec<LiveDocument> = rows
            .documents
            .into_iter()
            .map(|(path, meta, version)| LiveDocument { path, meta: Arc::new(meta), version })
            .collect();
        let mut count: HashMap<&str, usize> = HashMap::new();
        for document in &documents {
            *count.entry(document.meta.locale.language()).or_default() += 1;
        }
        let mut languages: Vec<(&str, usize)> = count.into_iter().collect();
        languages.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let languages = languages.into_iter().filter_map(|(l, _)| Locale::parse(l)).collect();
        let by_slug = (0u32..).zip(&documents).map(|(i, d)| (d.meta.slug.clone(), i)).collect();
        let paths = (0u32..).zip(&documents);
        let by_path = paths.map(|(i, d)| (d.path.as_str().to_owned(), i)).collect();
        Self {
            generation: rows.generation,
            fingerprint: rows.fingerprint,
            live: rows.passages.iter().map(|p| (p.id, p.document)).collect(),
            documents,
            languages,
            by_slug,
            by_path,
            space,
        }
    }

    /// The same generation as if these documents did not exist: what a search would find without them.
    /// Statistics of the keyword index still know their words.
    #[must_use]
    pub fn without(&self, paths: &[DocPath]) -> Self {
        let stays: Vec<bool> = self.documents.iter().map(|d| !paths.contains(&d.path)).collect();
        let kept = |document: u32| stays.get(document as usize).copied().unwrap_or(false);
        let live = self.live.iter().filter(|(_, d)| kept(**d));
        let names = |index: &HashMap<String, u32>| -> HashMap<String, u32> {
            let stays = index.iter().filter(|(_, d)| kept(**d));
            stays.map(|(name, d)| (name.clone(), *d)).collect()
        };
        Self {
            generation: self.generation,
            fingerprint: self.fingerprint.clone(),
            // Entries of `live` are positions in this list, so it stays as it is.
            documents: self.documents.clone(),
            languages: self.languages.clone(),
            live: live.map(|(id, d)| (*id, *d)).collect(),
            by_slug: names(&self.by_slug),
            by_path: names(&self.by_path),
            space: Arc::clone(&self.space),
        }
    }

    /// Number of live passages.
    pub fn passages(&self) -> usize {
        self.live.len()
    }

    /// The document of a live passage; `None` when the passage is not live here.
    pub fn document_of(&self, id: PassageId) -> Option<&LiveDocument> {
        self.documents.get(*self.live.get(&id)? as usize)
    }

    /// Names the document of a live passage within this snapshot.
    pub(super) fn number_of(&self, id: PassageId) -> Option<u32> {
        self.live.get(&id).copied()
    }

    /// The document that an article URL names.
    pub fn document_by_slug(&self, slug: &str) -> Option<&LiveDocument> {
        self.documents.get(*self.by_slug.get(slug)? as usize)
    }

    /// The document of that file.
    pub fn document_by_path(&self, path: &str) -> Option<&LiveDocument> {
        self.documents.get(*self.by_path.get(path)? as usize)
    }
}
