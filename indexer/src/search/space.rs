//! One vector space as a search uses it: the embedder of the question, both indexes that hold this
//! space's passages, and the question vectors kept of it.
//!
//! A search takes one [`Snapshot`] with its space and keeps both to its end, so that a question is never
//! embedded by one model and looked up among the vectors of another. Called by `search::KnowledgeBase`.

use std::sync::Arc;
use std::time::Instant;

use sha2::{Digest, Sha256};

use super::{SearchError, Snapshot, earlier, millis};
use crate::embed::{self, EmbedError, Embedder};
use crate::keyword::{KeywordError, KeywordHit, KeywordQuery, QueryTerm};
use crate::model::{Filter, Locale, PassageId};
use crate::publish::Indexes;
use crate::vector::VectorHit;

/// Embedder and indexes that belong together.
pub(super) struct Space {
    pub(super) embedder: Arc<dyn Embedder>,
    indexes: Indexes,
    query_vectors: moka::sync::Cache<[u8; 32], Arc<[f32]>>,
}

/// What of a generation a search looks at.
pub(super) struct View<'a> {
    pub(super) filter: &'a Filter,
    pub(super) snapshot: &'a Arc<Snapshot>,
    /// Candidates wanted of each index.
    pub(super) want: usize,
}

/// One vector space in which texts are compared; another one may serve before the comparison is done.
pub struct Meaning(pub(super) Arc<Space>);

impl Meaning {
    /// See [`Embedder::is_bundled`].
    pub fn is_bundled(&self) -> bool {
        self.0.embedder.is_bundled()
    }

    /// Cosine of two texts with their languages, in [-1, 1].
    ///
    /// # Errors
    /// When the embedder fails.
    pub async fn likeness(
        &self,
        (one, of_one): (&str, &Locale),
        (other, of_other): (&str, &Locale),
    ) -> Result<f32, EmbedError> {
        let one = self.0.vector_of(one, of_one).await?;
        let other = self.0.vector_of(other, of_other).await?;
        Ok(one.iter().zip(other.iter()).map(|(x, y)| x * y).sum())
    }
}

impl std::fmt::Debug for Space {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Space").field(&self.indexes.fingerprint).finish()
    }
}

impl Space {
    /// `indexes` must be of `embedder`'s space; `cached` question vectors are kept.
    pub(super) fn new(embedder: Arc<dyn Embedder>, indexes: Indexes, cached: u64) -> Self {
        Self { embedder, indexes, query_vectors: moka::sync::Cache::new(cached) }
    }

    pub(super) fn indexes(&self) -> &Indexes {
        &self.indexes
    }

    pub(super) fn fingerprint(&self) -> &str {
        &self.indexes.fingerprint
    }

    /// The question with its typing errors mended from the words of the base.
    pub(super) async fn mended(&self, text: &str, locale: &Locale) -> Result<String, SearchError> {
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

    /// Keyword candidates, the query's terms, and the milliseconds it took.
    pub(super) async fn keyword(
        &self,
        query: &KeywordQuery,
        view: &View<'_>,
    ) -> Result<(Vec<KeywordHit>, Vec<QueryTerm>, f64), SearchError> {
        let (index, snapshot) = (Arc::clone(&self.indexes.keyword), Arc::clone(view.snapshot));
        let (filter, want, query) = (view.filter.clone(), view.want, query.clone());
        tokio::task::spawn_blocking(move || {
            let started = Instant::now();
            let mut limit = want;
            loop {
                let mut found = index.search(&query, &filter, limit)?;
                let full = found.hits.len() == limit;
                found.hits.retain(|h| is_shown(&snapshot, &filter, h.id));
                // Entries that are no longer or not yet live, or misfiled, took places: look deeper.
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

    /// Dense candidates, and the milliseconds that embedding and searching took. Nothing where the
    /// model of this space is gone.
    pub(super) async fn dense(
        &self,
        query: &KeywordQuery,
        view: &View<'_>,
    ) -> Result<(Vec<VectorHit>, f64, f64), SearchError> {
        if self.embedder.is_lost() {
            return Ok((Vec::new(), 0.0, 0.0));
        }
        let started = Instant::now();
        let mut vector = self.vector_of(&query.text, &query.locale).await?;
        let mut before = Vec::with_capacity(query.earlier.len());
        for (said, share) in &query.earlier {
            before.push((self.vector_of(said, &query.locale).await?, *share));
        }
        if !before.is_empty() {
            let shares = before.iter().map(|(v, share)| (&**v, *share));
            vector = earlier::mixed(&vector, shares).into();
        }
        let embed_ms = millis(started);
        let started = Instant::now();
        let mut limit = view.want;
        loop {
            let mut hits = self.indexes.vectors.search(&vector, view.filter, limit).await?;
            let full = hits.len() == limit;
            hits.retain(|h| is_shown(view.snapshot, view.filter, h.id));
            if hits.len() >= view.want || !full {
                hits.truncate(view.want);
                return Ok((hits, embed_ms, millis(started)));
            }
            limit *= 4;
        }
    }

    /// Vector of a question, as a search would compare it.
    pub(super) async fn vector_of(
        &self,
        text: &str,
        locale: &Locale,
    ) -> Result<Arc<[f32]>, EmbedError> {
        self.query_vector(&embed::input(&*self.embedder, locale, text)).await
    }

    /// Vector of a question; a question asked again is not embedded again. The cache is keyed by a
    /// hash and lives in memory alone, as long as the space.
    async fn query_vector(&self, text: &str) -> Result<Arc<[f32]>, EmbedError> {
        let key: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        if let Some(vector) = self.query_vectors.get(&key) {
            return Ok(vector);
        }
        let vector: Arc<[f32]> = self.embedder.embed_query(text).await?.into();
        self.query_vectors.insert(key, Arc::clone(&vector));
        Ok(vector)
    }
}

/// Whether what an index found is live and admitted. The catalog's word on that counts: an entry that an index
/// holds under a wrong audience reaches nobody.
fn is_shown(snapshot: &Snapshot, filter: &Filter, id: PassageId) -> bool {
    snapshot.document_of(id).is_some_and(|document| filter.admits(&document.meta))
}
