//! How a question finds its passages: [`KnowledgeBase::search`].
//!
//! Keyword and dense search run side by side under the same filter, candidates that the snapshot
//! does not hold live are dropped, the lists are fused, and the texts of the best come from the
//! catalog. Called by the server and by `atbilde-indexer search`.

mod earlier;
mod follow;
mod fusion;
mod settings;
mod snapshot;

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;

pub use fusion::{Fused, fuse, question_weight};
pub use settings::SearchSettings;
pub use snapshot::{LiveDocument, Snapshot};

use crate::catalog::{Catalog, CatalogError, SnapshotRows, StoredDocument};
use crate::embed::{self, EmbedError, Embedder};
use crate::keyword::{KeywordError, KeywordHit, KeywordQuery, QueryTerm};
use crate::language;
use crate::model::{DocPath, Filter, Hit, Locale, Retrieved, SearchTimings};
use crate::publish::Indexes;
use crate::vector::{VectorError, VectorHit};

/// What is asked of the base.
#[derive(Debug, Clone)]
pub struct SearchQuery {
    /// The question in the asker's words.
    pub text: String,
    /// What the asker wrote before, newest first; see `earlier`.
    pub earlier: Vec<String>,
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
    embedder: Arc<dyn Embedder>,
    indexes: Indexes,
    settings: SearchSettings,
    snapshot: ArcSwap<Snapshot>,
    query_vectors: moka::sync::Cache<[u8; 32], Arc<[f32]>>,
}

impl KnowledgeBase {
    /// Reads the newest generation. `indexes` must be of `embedder`'s vector space.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn open(
        catalog: Arc<dyn Catalog>,
        embedder: Arc<dyn Embedder>,
        indexes: Indexes,
        settings: SearchSettings,
    ) -> Result<Self, CatalogError> {
        let query_vectors = moka::sync::Cache::new(settings.query_cache);
        let this = Self {
            catalog,
            embedder,
            indexes,
            settings,
            snapshot: ArcSwap::from_pointee(Snapshot::default()),
            query_vectors,
        };
        this.refresh().await?;
        Ok(this)
    }

    /// Makes the newest committed generation the one that searches see.
    ///
    /// # Errors
    /// When the catalog cannot be read; the old snapshot stays.
    pub async fn refresh(&self) -> Result<(), CatalogError> {
        self.show(self.catalog.snapshot().await?);
        Ok(())
    }

    fn show(&self, rows: SnapshotRows) {
        self.snapshot.store(Arc::new(Snapshot::new(rows)));
    }

    /// The generation that searches see now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// A live document with its Markdown, for the article page.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn document(&self, path: &DocPath) -> Result<Option<StoredDocument>, CatalogError> {
        self.catalog.document(path).await
    }

    /// Passages for `query`, best first.
    ///
    /// # Errors
    /// When the embedder or an index fails; see [`SearchError`].
    pub async fn search(&self, query: &SearchQuery) -> Result<SearchOutcome, SearchError> {
        self.search_in(query, self.snapshot()).await
    }

    /// As [`Self::search`], in a snapshot that the caller holds: of an earlier moment, or
    /// [without](Snapshot::without) some documents.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub async fn search_in(
        &self,
        query: &SearchQuery,
        snapshot: Arc<Snapshot>,
    ) -> Result<SearchOutcome, SearchError> {
        let started = Instant::now();
        let locale = query.locale.clone().unwrap_or_else(|| {
            language::detect_question(&query.text, &snapshot.languages)
                .or_else(|| snapshot.languages.first().cloned())
                .unwrap_or_else(Locale::undetermined)
        });
        let text = self.mended(&query.text, &locale).await?;
        let mut earlier = earlier::shares(&query.earlier, self.settings.earlier_share);
        for (said, _) in &mut earlier {
            *said = self.mended(said, &locale).await?;
        }
        let asked = KeywordQuery { text: text.clone(), locale: locale.clone(), earlier };
        let keyword = self.keyword(&asked, &query.filter, &snapshot);
        let dense = self.dense(&asked, &query.filter, &snapshot);
        let ((keyword, terms, keyword_ms), (dense, embed_ms, dense_ms)) =
            tokio::try_join!(keyword, dense)?;

        let weight = self.settings.dense_weight(self.embedder.speaks(&locale), &terms);
        let mut fused = fuse(&keyword, &dense, weight, question_weight(&terms));
        let document = |id| snapshot.document_of(id).map(std::ptr::from_ref::<LiveDocument>);
        fusion::join_siblings(&mut fused, document, self.settings.sibling_share);
        self.prefer_language(&mut fused, &snapshot, &locale);

        let fetching = Instant::now();
        let hits = self.fetch(&fused[..fused.len().min(query.limit)], &snapshot).await?;
        let timings = SearchTimings {
            embed_ms,
            keyword_ms,
            dense_ms,
            fetch_ms: millis(fetching),
            total_ms: millis(started),
        };
        Ok(SearchOutcome {
            retrieved: Retrieved { generation: snapshot.generation, hits, timings },
            query: text,
            embedder_knows: self.embedder.speaks(&locale),
            own_language: snapshot.languages.iter().any(|l| l.language() == locale.language()),
            locale,
            terms,
            candidates: fused,
        })
    }

    /// The question with its typing errors mended from the words of the base.
    async fn mended(&self, text: &str, locale: &Locale) -> Result<String, SearchError> {
        let (index, embedder) = (Arc::clone(&self.indexes.keyword), Arc::clone(&self.embedder));
        let (text, locale) = (text.to_owned(), locale.clone());
        tokio::task::spawn_blocking(move || {
            let spoken = embedder.speaks(&locale);
            let known = |word: &str| spoken && embedder.knows(word);
            Ok(index.correct(&text, &locale, &known)?.unwrap_or(text))
        })
        .await
        .map_err(|e| KeywordError::Stopped(e.to_string()))?
    }

    async fn keyword(
        &self,
        query: &KeywordQuery,
        filter: &Filter,
        snapshot: &Arc<Snapshot>,
    ) -> Result<(Vec<KeywordHit>, Vec<QueryTerm>, f64), SearchError> {
        let (index, snapshot) = (Arc::clone(&self.indexes.keyword), Arc::clone(snapshot));
        let (filter, want, query) = (filter.clone(), self.settings.candidates, query.clone());
        tokio::task::spawn_blocking(move || {
            let started = Instant::now();
            let mut limit = want;
            loop {
                let mut found = index.search(&query, &filter, limit)?;
                let full = found.hits.len() == limit;
                found.hits.retain(|h| snapshot.document_of(h.id).is_some());
                // Entries that are no longer or not yet live took places: look deeper.
                if found.hits.len() >= want || !full {
                    found.hits.truncate(want);
                    return Ok((found.hits, found.terms, millis(started)));
                }
                limit *= 4;
            }
        })
        .await
        .map_err(|e| KeywordError::Stopped(e.to_string()))?
    }

    async fn dense(
        &self,
        query: &KeywordQuery,
        filter: &Filter,
        snapshot: &Snapshot,
    ) -> Result<(Vec<VectorHit>, f64, f64), SearchError> {
        let started = Instant::now();
        let input = |text| embed::input(&*self.embedder, &query.locale, text);
        let mut vector = self.query_vector(&input(&query.text)).await?;
        let mut before = Vec::with_capacity(query.earlier.len());
        for (said, share) in &query.earlier {
            before.push((self.query_vector(&input(said)).await?, *share));
        }
        if !before.is_empty() {
            let shares = before.iter().map(|(v, share)| (&**v, *share));
            vector = earlier::mixed(&vector, shares).into();
        }
        let embed_ms = millis(started);
        let started = Instant::now();
        let want = self.settings.candidates;
        let mut limit = want;
        loop {
            let mut hits = self.indexes.vectors.search(&vector, filter, limit).await?;
            let full = hits.len() == limit;
            hits.retain(|h| snapshot.document_of(h.id).is_some());
            if hits.len() >= want || !full {
                hits.truncate(want);
                return Ok((hits, embed_ms, millis(started)));
            }
            limit *= 4;
        }
    }

    /// Vector of a question; a question asked again is not embedded again. The cache is keyed by a
    /// hash and lives in memory alone.
    async fn query_vector(&self, text: &str) -> Result<Arc<[f32]>, EmbedError> {
        use sha2::{Digest, Sha256};
        let key: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        if let Some(vector) = self.query_vectors.get(&key) {
            return Ok(vector);
        }
        let vector: Arc<[f32]> = self.embedder.embed_query(text).await?.into();
        self.query_vectors.insert(key, Arc::clone(&vector));
        Ok(vector)
    }

    /// Passages in another language than the question's rank lower, so that an article's own
    /// translation wins, and still come when nothing else answers.
    fn prefer_language(&self, fused: &mut [Fused], snapshot: &Snapshot, locale: &Locale) {
        if snapshot.languages.len() < 2 || locale.is_undetermined() {
            return;
        }
        for candidate in fused.iter_mut() {
            let other = snapshot.document_of(candidate.id).is_some_and(|d| {
                !d.meta.locale.is_undetermined() && d.meta.locale.language() != locale.language()
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
    since.elapsed().as_secs_f64() * 1e3
}
