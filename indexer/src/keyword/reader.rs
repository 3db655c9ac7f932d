//! Reading: searches, ids and the committed generation.
//!
//! Called by `KeywordIndex`. Every call takes one searcher, so it sees one commit throughout.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tantivy::{Index, IndexReader, ReloadPolicy};

use super::query::{KeywordHit, KeywordHits, KeywordQuery};
use super::schema::Fields;
use super::statistics::Statistics;
use super::top::{Ids, TopPassages};
use super::{KeywordError, KeywordSettings, checksums, plan, spelling};
use crate::model::{Filter, Generation, Locale, PassageId};

pub(super) struct Reader {
    index: Index,
    fields: Fields,
    settings: KeywordSettings,
    folder: PathBuf,
    reader: IndexReader,
    /// The commit that is searched.
    live: ArcSwap<Statistics>,
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
        let live = Statistics::of(reader.searcher(), &fields)
            .map_err(|e| KeywordError::unusable(&folder, e))?;
        let live = ArcSwap::from_pointee(live);
        Ok(Self { index, fields, settings, folder, reader, live })
    }

    pub(super) fn check(&self) -> Result<(), KeywordError> {
        checksums::check(&self.index, &self.folder)
    }

    pub(super) fn reload(&self) -> Result<(), KeywordError> {
        self.reader.reload().map_err(|e| self.failed(e))?;
        let live =
            Statistics::of(self.reader.searcher(), &self.fields).map_err(|e| self.failed(e))?;
        self.live.store(Arc::new(live));
        Ok(())
    }

    pub(super) fn committed_generation(&self) -> Result<Option<Generation>, KeywordError> {
        let meta = self.index.load_metas().map_err(|e| self.failed(e))?;
        Ok(meta.payload.and_then(|p| p.parse().ok()).map(Generation))
    }

    pub(super) fn ids(&self) -> Result<HashSet<PassageId>, KeywordError> {
        let live = self.live.load_full();
        let mut out = HashSet::with_capacity(live.passages() as usize);
        for segment in live.searcher.segment_readers() {
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
        let live = self.live.load_full();
        let asked = query.terms(&live, &self.fields).map_err(|e| self.failed(e))?;
        let terms = asked.content.iter().map(|w| w.report()).collect();
        let plan = plan::plan(asked, &self.fields, &self.settings);
        let (Some(plan), true) = (plan, limit > 0) else {
            return Ok(KeywordHits { hits: Vec::new(), terms });
        };
        let hits = live
            .searcher
            .search_with_statistics_provider(&*plan, &TopPassages { filter, limit }, &*live)
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
        let live = self.live.load_full();
        spelling::correct(text, locale, known, (&live, &self.fields)).map_err(|e| self.failed(e))
    }

    fn failed(&self, source: tantivy::TantivyError) -> KeywordError {
        KeywordError::engine(&self.folder, source)
    }
}
