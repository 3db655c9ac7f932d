//! Reading: searches, ids and the committed generation.
//!
//! Called by `KeywordIndex`. Every call takes one searcher, so it sees one commit throughout.

use std::collections::HashSet;
use std::path::PathBuf;

use tantivy::{Index, IndexReader, ReloadPolicy};

use super::query::{KeywordHit, KeywordHits, KeywordQuery};
use super::schema::Fields;
use super::top::{Ids, TopPassages};
use super::{KeywordError, KeywordSettings, plan, spelling};
use crate::model::{Filter, Generation, Locale, PassageId};

pub(super) struct Reader {
    index: Index,
    fields: Fields,
    settings: KeywordSettings,
    folder: PathBuf,
    reader: IndexReader,
}

impl Reader {
    pub(super) fn new(
        index: Index,
        fields: Fields,
        settings: KeywordSettings,
        folder: PathBuf,
    ) -> Result<Self, KeywordError> {
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()
            .map_err(|e| KeywordError::unusable(&folder, e))?;
        Ok(Self { index, fields, settings, folder, reader })
    }

    pub(super) fn reload(&self) -> Result<(), KeywordError> {
        self.reader.reload().map_err(|e| self.failed(e))
    }

    pub(super) fn committed_generation(&self) -> Result<Option<Generation>, KeywordError> {
        let meta = self.index.load_metas().map_err(|e| self.failed(e))?;
        Ok(meta.payload.and_then(|p| p.parse().ok()).map(Generation))
    }

    pub(super) fn ids(&self) -> Result<HashSet<PassageId>, KeywordError> {
        let searcher = self.reader.searcher();
        let mut out = HashSet::with_capacity(searcher.num_docs() as usize);
        for segment in searcher.segment_readers() {
            let ids = Ids::of(segment).map_err(|e| self.failed(e))?;
            out.extend(segment.doc_ids_alive().map(|doc| ids.get(doc)));
        }
        Ok(out)
    }

    pub(super) fn search(
        &self,
        query: &KeywordQuery,
        filter: &Filter,
        limit: usize,
    ) -> Result<KeywordHits, KeywordError> {
        let searcher = self.reader.searcher();
        let wanted = query.terms(&searcher, &self.fields).map_err(|e| self.failed(e))?;
        let terms = wanted.iter().map(|w| w.report()).collect();
        let plan = plan::plan(wanted, &self.fields, &self.settings);
        let (Some(plan), true) = (plan, limit > 0) else {
            return Ok(KeywordHits { hits: Vec::new(), terms });
        };
        let hits = searcher
            .search(&*plan, &TopPassages { filter, limit })
            .map_err(|e| self.failed(e))?
            .into_iter()
            .map(|r| KeywordHit { id: r.id, score: r.score })
            .collect();
        Ok(KeywordHits { hits, terms })
    }

    pub(super) fn correct(
        &self,
        text: &str,
        locale: &Locale,
        known: &dyn Fn(&str) -> bool,
    ) -> Result<Option<String>, KeywordError> {
        let searcher = self.reader.searcher();
        spelling::correct(text, locale, known, (&searcher, &self.fields))
            .map_err(|e| self.failed(e))
    }

    fn failed(&self, source: tantivy::TantivyError) -> KeywordError {
        KeywordError::engine(&self.folder, source)
    }
}
