//! How a question finds its passages: [`KnowledgeBase::search`].
//!
//! One search takes one set of embedder, indexes and snapshot and keeps it to its end ([`space`]).
//! Keyword and dense search run side by side under the same filter, candidates that the snapshot
//! does not hold live are dropped, the lists are fused, passages of one article stand together
//! ([`siblings`]), and the texts of the best come from the catalog; a cross-encoder, where one is
//! configured, puts them in order ([`rerank`]). Called by the server and by `atbilde-indexer search`.

mod earlier;
mod follow;
mod fusion;
mod rerank;
mod settings;
mod siblings;
mod snapshot;
mod space;

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;

pub use fusion::{Fused, fuse, question_weight};
pub use rerank::{Reranker, RerankerSettings};
pub use settings::SearchSettings;
pub use snapshot::{LiveDocument, Snapshot};
pub use space::Meaning;

use crate::catalog::{Catalog, CatalogError, SnapshotRows, StoredDocument};
use crate::embed::{EmbedError, Embedder};
use crate::keyword::{KeywordError, KeywordQuery, QueryTerm};
use crate::language;
use crate::model::{DocPath, Filter, Generation, Hit, Locale, Retrieved, SearchTimings};
use crate::publish::Indexes;
use crate::vector::VectorError;
use space::{Space, View};

/// What is asked of the base.
#[derive(Debug, Clone)]
pub struct SearchQuery {
    /// The question in the asker's words.
    pub text: String,
    /// What the asker wrote before, newest first; see `earlier`.
    pub earlier: Vec<String>,
    /// What somebody takes the question to mean with what was said before it, as one that stands alone.
    /// It joins the search and replaces nothing; see `earlier`.
    pub rewrite: Option<String>,
    /// Language of the question; detected among the base's languages when `None`.
    pub locale: Option<Locale>,
    pub filter: Filter,
    /// Hits wanted.
    pub limit: usize,
}

/// Hits of one search with what the confidence needs of the query.
#[derive(Debug, Clone)]
pub struct SearchOutcome {
    pub retrieved: Retrieved,
    /// The vector space that was searched.
    pub fingerprint: String,
    /// The words that were searched: the question with its typing errors mended.
    pub query: String,
    /// Language that the query was analysed in.
    pub locale: Locale,
    /// Whether the embedder was trained on that language.
    pub embedder_knows: bool,
    /// Whether the base has documents in that language.
    pub own_language: bool,
    /// Content terms of the query with their weight in this base.
    pub terms: Vec<QueryTerm>,
    /// All candidates of both lists, best first, without their texts; the hits are the first of
    /// these. Evaluation ranks documents by it.
    pub candidates: Vec<Fused>,
}

/// Which of the two indexes answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchMode {
    /// Keywords and vectors.
    Hybrid,
    /// Keywords alone, because the model that the vectors were made with is gone.
    KeywordOnly,
}

/// Why a search gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    #[error(transparent)]
    Embed(#[from] EmbedError),
    #[error(transparent)]
    Keyword(#[from] KeywordError),
    #[error(transparent)]
    Vectors(#[from] VectorError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// The reading side of a knowledge base. Shared by all requests.
pub struct KnowledgeBase {
    catalog: Arc<dyn Catalog>,
    settings: SearchSettings,
    reranker: Option<Reranker>,
    /// The newest generation that searches see, with its space.
    serving: ArcSwap<Snapshot>,
    /// Held while another generation or another space is taken into use.
    changing: tokio::sync::Mutex<()>,
}

impl KnowledgeBase {
    /// Reads the newest generation. `indexes` must be of `embedder`'s vector space; while the newest
    /// generation is of another one, nothing is live here.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn open(
        catalog: Arc<dyn Catalog>,
        embedder: Arc<dyn Embedder>,
        indexes: Indexes,
        settings: SearchSettings,
    ) -> Result<Self, CatalogError> {
        let space = Arc::new(Space::new(embedder, indexes, settings.query_cache));
        let serving = ArcSwap::from_pointee(Snapshot::new(SnapshotRows::default(), space));
        let changing = tokio::sync::Mutex::new(());
        let this = Self { catalog, settings, reranker: None, serving, changing };
        this.refresh().await?;
        Ok(this)
    }

    /// With a cross-encoder that puts the best candidates in order.
    #[must_use]
    pub fn with_reranker(mut self, reranker: Option<Reranker>) -> Self {
        self.reranker = reranker;
        self
    }

    /// Makes the newest committed generation the one that searches see. A generation of another
    /// vector space is left for [`KnowledgeBase::swap`]: what is live stays live.
    ///
    /// # Errors
    /// When the catalog cannot be read; the old snapshot stays.
    pub async fn refresh(&self) -> Result<(), CatalogError> {
        let _changing = self.changing.lock().await;
        self.take(self.space()).await.map(drop)
    }

    /// Takes another vector space into use, with the newest generation, which must be of that space:
    /// searches in work keep the old one to their end, those that begin see the new one alone.
    /// `false` when the newest generation is of another space; then nothing has changed.
    ///
    /// # Errors
    /// When the catalog cannot be read; the old space stays.
    pub async fn swap(
        &self,
        embedder: Arc<dyn Embedder>,
        indexes: Indexes,
    ) -> Result<bool, CatalogError> {
        let _changing = self.changing.lock().await;
        self.take(Arc::new(Space::new(embedder, indexes, self.settings.query_cache))).await
    }

    async fn take(&self, space: Arc<Space>) -> Result<bool, CatalogError> {
        let rows = self.catalog.snapshot().await?;
        if rows.generation > Generation(0) && rows.fingerprint != space.fingerprint() {
            return Ok(false);
        }
        self.show(space, rows);
        Ok(true)
    }

    fn show(&self, space: Arc<Space>, rows: SnapshotRows) {
        if rows.generation > Generation(0) {
            crate::priority::answers();
        }
        self.serving.store(Arc::new(Snapshot::new(rows, space)));
    }

    /// The generation that searches see now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.serving.load_full()
    }

    fn space(&self) -> Arc<Space> {
        Arc::clone(&self.serving.load().space)
    }

    /// Name of the model that questions are embedded with, and how they are searched.
    pub fn mode(&self) -> (String, SearchMode) {
        let space = self.space();
        let embedder = &space.embedder;
        let mode = if embedder.is_lost() { SearchMode::KeywordOnly } else { SearchMode::Hybrid };
        (embedder.identity().name.clone(), mode)
    }

    /// A live document with its Markdown, for the article page.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn document(&self, path: &DocPath) -> Result<Option<StoredDocument>, CatalogError> {
        self.catalog.document(path).await
    }

    /// Passages for `query`, best first. One search uses one vector space and one generation.
    ///
    /// # Errors
    /// When the embedder or an index fails; see [`SearchError`].
    pub async fn search(&self, query: &SearchQuery) -> Result<SearchOutcome, SearchError> {
        self.search_in(query, self.snapshot()).await
    }

    /// As [`Self::search`], in a snapshot that the caller holds: of an earlier moment and then also in
    /// the vector space of that moment, or [without](Snapshot::without) some documents.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub async fn search_in(
        &self,
        query: &SearchQuery,
        snapshot: Arc<Snapshot>,
    ) -> Result<SearchOutcome, SearchError> {
        let started = Instant::now();
        let snapshot = &snapshot;
        let space = &snapshot.space;
        let embedder = &*space.embedder;
        let locale = query.locale.clone().unwrap_or_else(|| {
            language::detect_question(&query.text, &snapshot.languages)
                .or_else(|| snapshot.languages.first().cloned())
                .unwrap_or_else(Locale::undetermined)
        });
        let text = space.mended(&query.text, &locale).await?;
        let mut earlier = earlier::beside(query, &self.settings);
        for (said, _) in &mut earlier {
            *said = space.mended(said, &locale).await?;
        }
        let asked = KeywordQuery { text: text.clone(), locale: locale.clone(), earlier };
        let view = View { filter: &query.filter, snapshot, want: self.settings.candidates };
        let (keyword, dense) = (space.keyword(&asked, &view), space.dense(&asked, &view));
        let ((keyword, terms, keyword_ms), (dense, embed_ms, dense_ms)) =
            tokio::try_join!(keyword, dense)?;

        let weight = if embedder.is_lost() {
            0.0
        } else {
            self.settings.dense_weight(embedder.speaks(&locale), &terms)
        };
        let mut fused = fuse(&keyword, &dense, weight, question_weight(&terms));
        let share = siblings::share(&terms, self.settings.sibling_share);
        siblings::join(&mut fused, share, |c| snapshot.number_of(c.id));
        self.prefer_language(&mut fused, snapshot, &locale);

        let fetching = Instant::now();
        let wanted = self.reranker.as_ref().map_or(0, Reranker::wants).max(query.limit);
        let mut hits = self.fetch(&fused[..fused.len().min(wanted)], snapshot).await?;
        let fetch_ms = millis(fetching);
        let mut rerank_ms = 0.0;
        if let Some(reranker) = &self.reranker {
            let reading = Instant::now();
            reranker.reorder(&text, &mut fused, &mut hits).await;
            rerank_ms = millis(reading);
        }
        hits.truncate(query.limit);
        let timings = SearchTimings {
            embed_ms,
            keyword_ms,
            dense_ms,
            fetch_ms,
            rerank_ms,
            total_ms: millis(started),
        };
        Ok(SearchOutcome {
            retrieved: Retrieved { generation: snapshot.generation, hits, timings },
            fingerprint: space.fingerprint().to_owned(),
            query: text,
            embedder_knows: embedder.speaks(&locale),
            own_language: snapshot.languages.iter().any(|l| l.language() == locale.language()),
            locale,
            terms,
            candidates: fused,
        })
    }

    /// The vector space that serves now, to compare texts in.
    pub fn meaning(&self) -> Meaning {
        Meaning(self.space())
    }

    /// Vector of a question, as a search would compare it.
    ///
    /// # Errors
    /// When the embedder fails.
    pub async fn vector_of(&self, text: &str, locale: &Locale) -> Result<Arc<[f32]>, EmbedError> {
        self.space().vector_of(text, locale).await
    }

    /// Passages in another language than the question's rank lower, so that an article's own
    /// translation wins, and still come when nothing else answers. A question in a language that no
    /// article is in prefers the base's main language: a third one helps its asker least.
    fn prefer_language(&self, fused: &mut [Fused], snapshot: &Snapshot, locale: &Locale) {
        if snapshot.languages.len() < 2 || locale.is_undetermined() {
            return;
        }
        let own = snapshot.languages.iter().find(|l| l.language() == locale.language());
        let Some(preferred) = own.or_else(|| snapshot.languages.first()) else { return };
        for candidate in fused.iter_mut() {
            let other = snapshot.document_of(candidate.id).is_some_and(|d| {
                !d.meta.locale.is_undetermined() && d.meta.locale.language() != preferred.language()
            });
            if other {
                candidate.score *= self.settings.other_language_factor;
            }
        }
        fusion::sort(fused);
    }

    async fn fetch(&self, fused: &[Fused], snapshot: &Snapshot) -> Result<Vec<Hit>, CatalogError> {
        let ids: Vec<_> = fused.iter().map(|f| f.id).collect();
        let mut texts: std::collections::HashMap<_, _> =
            self.catalog.passages(&ids).await?.into_iter().map(|p| (p.id, p)).collect();
        Ok(fused
            .iter()
            .filter_map(|f| {
                // Missing only when it was purged a moment ago: then it must not be shown.
                let stored = texts.remove(&f.id)?;
                let document = snapshot.document_of(f.id)?;
                Some(Hit {
                    id: f.id,
                    path: stored.path,
                    meta: Arc::clone(&document.meta),
                    document_version: document.version,
                    ordinal: stored.passage.ordinal,
                    anchor: stored.passage.anchor,
                    heading_path: stored.passage.heading_path,
                    text: stored.passage.text,
                    units: stored.passage.units,
                    score: f.score,
                    keyword_rank: f.keyword.map(|k| k.0),
                    keyword_score: f.keyword.map(|k| k.1),
                    dense_rank: f.dense.map(|d| d.0),
                    dense_score: f.dense.map(|d| d.1),
                })
            })
            .collect())
    }
}

fn millis(since: Instant) -> f64 {
    since.elapsed().as_micros() as f64 / 1e3
}
