//! Another embedding model than the one that is live: its index is filled beside the old one, which
//! serves meanwhile, and takes over in one commit after it has answered probes.
//!
//! What serves is what the newest generation in the catalog says: no second record could disagree with
//! it, and a process that is killed at any moment finds at its next start either the old space (and
//! goes on filling, no text is embedded twice) or the new one. While [`Publisher::fill_space`] runs, a
//! publisher of the old space may commit edits; [`Publisher::take_over`] catches up with them and wants
//! no other publisher at work. Called by the server's follower, and by [`Publisher::sync`] where nobody
//! is served meanwhile.

use std::sync::Arc;

use super::probe::{self, Side};
use super::reconcile::{inspect, reconcile};
use super::{Indexes, Progress, PublishError, Publisher, Stage};
use crate::catalog::Change;
use crate::embed::Embedder;
use crate::model::{EmbedHash, Generation};

/// Rounds of catching up with edits that come while a space is being filled.
const ROUNDS: usize = 8;

impl Publisher {
    /// What this publisher embeds with.
    pub fn embedder(&self) -> &Arc<dyn Embedder> {
        &self.embedder
    }

    /// Where this publisher writes.
    pub fn indexes(&self) -> &Indexes {
        &self.indexes
    }

    /// Whether the live generation is of another vector space than this publisher's.
    ///
    /// # Errors
    /// When the catalog fails.
    pub async fn moves(&self) -> Result<bool, PublishError> {
        let latest = self.catalog.latest().await?;
        Ok(latest.is_some_and(|g| g.fingerprint != self.indexes.fingerprint))
    }

    /// Gives every live passage a vector in this space and fills its indexes; nothing of it is live
    /// yet. Gives the number of texts that were embedded. Repeating goes on where it stopped.
    ///
    /// # Errors
    /// When the embedder, an index or the catalog fails, or `progress` says so.
    pub async fn fill_space(&self, progress: &Arc<dyn Progress>) -> Result<u64, PublishError> {
        let mut embedded = 0;
        for _ in 0..ROUNDS {
            let rows = self.catalog.snapshot().await?;
            let hashes: Vec<EmbedHash> = rows.passages.iter().map(|p| p.embed_hash).collect();
            let known = self.catalog.known_vectors(&self.indexes.fingerprint, &hashes).await?;
            if hashes.iter().all(|hash| known.contains(hash)) {
                break;
            }
            embedded += self.embed_live(&rows, &known, progress).await?;
        }
        reconcile(&*self.catalog, &self.indexes, &**progress).await?;
        Ok(embedded)
    }

    /// Makes this space the live one with a generation of its own: catches up, compares the indexes
    /// with the catalog, asks probe queries (`before`, where it is open, says how well titles were
    /// found so far), commits. Gives the number of texts that were embedded.
    ///
    /// # Errors
    /// [`PublishError::Refused`] when the space does not answer; otherwise as
    /// [`Publisher::fill_space`]. The old space stays live in every case.
    pub async fn take_over(
        &self,
        before: Option<&Publisher>,
        progress: &Arc<dyn Progress>,
    ) -> Result<u64, PublishError> {
        let _turn = self.turn().await;
        self.replace_live(before, progress).await
    }

    /// The same for a caller that has the turn.
    pub(super) async fn replace_live(
        &self,
        before: Option<&Publisher>,
        progress: &Arc<dyn Progress>,
    ) -> Result<u64, PublishError> {
        let embedded = self.fill_space(progress).await?;
        let refused = |reason: String| PublishError::Refused {
            model: self.embedder.identity().name.clone(),
            reason,
        };
        let drifts = inspect(&*self.catalog, &self.indexes).await?;
        if !drifts.is_empty() {
            let (missing, surplus) = (drifts.missing(), drifts.surplus());
            return Err(refused(format!(
                "it lacks {missing} live passages and holds {surplus} that are not live"
            )));
        }
        let rows = self.catalog.snapshot().await?;
        let side = |publisher: &Publisher| Side {
            embedder: Arc::clone(&publisher.embedder),
            indexes: publisher.indexes.clone(),
        };
        probe::check(&rows, &*self.catalog, (side(self), before.map(side)))
            .await?
            .map_err(refused)?;
        if progress.cancelled() {
            return Err(PublishError::Cancelled);
        }
        progress.begin(Stage::Committing, 0);
        self.catalog
            .commit(&Change {
                generation: Generation(rows.generation.0 + 1),
                fingerprint: &self.indexes.fingerprint,
                upsert: Vec::new(),
                remove: Vec::new(),
                add: Vec::new(),
                retire: Vec::new(),
                added: 0,
                changed: 0,
                retired: 0,
                embedded,
            })
            .await?;
        self.went_live().await;
        Ok(embedded)
    }
}
