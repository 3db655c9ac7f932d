//! Gives passages their vectors and keeps them in the catalog.
//!
//! Called by `apply` for new and edited documents, and for the whole base when the vector space
//! changes; by `verify` to mend. What has a vector is never embedded again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::apply::{EMBED_WINDOW, Pending, Publisher};
use super::{Progress, PublishError, Stage};
use crate::catalog::{CatalogError, LivePassage, SnapshotRows, StoredPassage};
use crate::embed::{self, PassageInput};
use crate::model::{DocumentMeta, EmbedHash, Passage, PassageId};

impl Publisher {
    /// Embeds what has no vector yet; windows of like length, each kept in the catalog at once. With
    /// a lost model new passages get no vector: they are found by keyword until the next space serves.
    pub(super) async fn embed(
        &self,
        added: &[&Pending<'_>],
        progress: &Arc<dyn Progress>,
    ) -> Result<u64, PublishError> {
        if self.embedder.is_lost() {
            return Ok(0);
        }
        let hashes: Vec<EmbedHash> = added.iter().map(|p| p.embed_hash).collect();
        let known = self.catalog.known_vectors(&self.indexes.fingerprint, &hashes).await?;
        let mut seen = known;
        let texts: Vec<(EmbedHash, PassageInput)> = added
            .iter()
            .filter(|p| seen.insert(p.embed_hash))
            .map(|p| (p.embed_hash, self.input(p.passage, &p.document.meta)))
            .collect();
        progress.begin(Stage::Embedding, texts.iter().map(|(_, t)| t.text.len() as u64).sum());
        self.embed_texts(texts, progress).await
    }

    /// What the embedder is given of a passage.
    fn input(&self, passage: &Passage, meta: &DocumentMeta) -> PassageInput {
        let words = |text: &str| embed::input(&*self.embedder, &meta.locale, text).into_owned();
        PassageInput { title: words(&meta.title), text: words(&passage.embed_text(&meta.title)) }
    }

    /// Embeds and keeps `texts`; the caller has begun [`Stage::Embedding`].
    async fn embed_texts(
        &self,
        mut texts: Vec<(EmbedHash, PassageInput)>,
        progress: &Arc<dyn Progress>,
    ) -> Result<u64, PublishError> {
        // Like lengths together: a batch is padded to its longest text.
        texts.sort_by_key(|(_, input)| input.text.len());
        let total = texts.len() as u64;
        let mut storing: Option<tokio::task::JoinHandle<Result<(), CatalogError>>> = None;
        for window in texts.chunks(EMBED_WINDOW) {
            if progress.cancelled() {
                return Err(PublishError::Cancelled);
            }
            let inputs = window.iter().map(|(_, t)| t.clone()).collect();
            let vectors = self.embedder.embed_passages(inputs).await?;
            // Storing one window overlaps with embedding the next.
            join(storing.take()).await?;
            let rows: Vec<_> = window.iter().map(|(h, _)| *h).zip(vectors).collect();
            let (catalog, fingerprint) =
                (Arc::clone(&self.catalog), self.indexes.fingerprint.clone());
            storing =
                Some(tokio::spawn(async move { catalog.store_vectors(&fingerprint, &rows).await }));
            progress.advance(window.iter().map(|(_, t)| t.text.len() as u64).sum());
        }
        join(storing).await?;
        Ok(total)
    }

    /// Embeds the live passages whose hash is not in `known`, from the catalog's texts.
    pub(super) async fn embed_live(
        &self,
        rows: &SnapshotRows,
        known: &HashSet<EmbedHash>,
        progress: &Arc<dyn Progress>,
    ) -> Result<u64, PublishError> {
        let mut seen = known.clone();
        let missing: Vec<_> = rows.passages.iter().filter(|p| seen.insert(p.embed_hash)).collect();
        let metas: HashMap<PassageId, &DocumentMeta> =
            missing.iter().map(|p| (p.id, &rows.documents[p.document as usize].1)).collect();
        let texts = async |window: &[&LivePassage]| {
            let ids: Vec<PassageId> = window.iter().map(|p| p.id).collect();
            let stored = self.catalog.passages(&ids).await?;
            let text = |s: &StoredPassage| Some(self.input(&s.passage, metas.get(&s.id)?));
            Ok::<Vec<_>, PublishError>(
                stored.iter().filter_map(|s| Some((s.embed_hash, text(s)?))).collect(),
            )
        };
        // Looked at twice, so that a long change of models shows how far it is without holding
        // every text in memory.
        let mut bytes = 0;
        for window in missing.chunks(EMBED_WINDOW) {
            bytes += texts(window).await?.iter().map(|(_, t)| t.text.len() as u64).sum::<u64>();
        }
        progress.begin(Stage::Embedding, bytes);
        let mut embedded = 0;
        for window in missing.chunks(EMBED_WINDOW) {
            embedded += self.embed_texts(texts(window).await?, progress).await?;
        }
        Ok(embedded)
    }
}

async fn join(
    task: Option<tokio::task::JoinHandle<Result<(), CatalogError>>>,
) -> Result<(), PublishError> {
    let Some(task) = task else { return Ok(()) };
    task.await.map_err(|e| PublishError::Catalog(CatalogError::Database(e.to_string())))??;
    Ok(())
}
