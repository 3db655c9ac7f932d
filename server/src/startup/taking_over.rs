//! The end of a change of models, and what is removed after it: the parts of the [`Follower`] that need
//! no look at the folder.
//!
//! Called by [`super::follower`] between two syncs, so that no other publisher is at work.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indexer::publish::{Closing, PublishError, READERS};

use super::follower::Follower;
use super::shadow::Shadow;
use crate::http::ShadowState;

/// After a failure taking over is tried again after this long.
const RETRY: Duration = Duration::from_secs(30);
/// Between two looks for what is not needed any more.
const PRUNE: Duration = Duration::from_secs(6 * 3600);
/// ... after one that failed.
const AGAIN: Duration = Duration::from_secs(600);
/// Between two looks whether the last search in a replaced index is done, and the longest wait for it.
const CLOSING: Duration = Duration::from_millis(50);
const LAST_SEARCH: Duration = Duration::from_secs(10);

/// When to look next for what is not needed any more.
#[derive(Default)]
pub(super) struct Pruning {
    /// `None`: at once.
    next: Option<Instant>,
    /// The index that was replaced, while a search may still be in it.
    replaced: Option<(Closing, Instant)>,
}

impl Pruning {
    /// Returns when it is time; never when that is at once, because a round comes first.
    pub(super) async fn due(&self) {
        match self.next {
            Some(next) => tokio::time::sleep_until(next.into()).await,
            None => std::future::pending().await,
        }
    }

    /// Not now, though it may be time.
    pub(super) fn put_off(&mut self) {
        if self.next.is_some_and(|next| next <= Instant::now()) {
            self.after(RETRY);
        }
    }

    fn after(&mut self, pause: Duration) {
        self.next = Some(Instant::now() + pause);
    }
}

impl Follower {
    /// Makes a filled space the one that serves. Gives it back when it has to be tried again.
    pub(super) async fn take_over(&self, shadow: Shadow, pruning: &mut Pruning) -> Option<Shadow> {
        let before = self.publisher.load_full();
        let Shadow { publisher, progress, .. } = &shadow;
        let model = publisher.embedder().identity().name.clone();
        match self.until_stopped(publisher.take_over(Some(&before), progress)).await {
            Ok(embedded) => {
                tracing::info!(
                    %model, fingerprint = %publisher.indexes().fingerprint, embedded,
                    "shadow.took_over: the new index has answered its probes and serves"
                );
            }
            Err(PublishError::Cancelled) => return None,
            Err(error @ PublishError::Refused { .. }) => {
                tracing::error!(%error, "shadow.refused");
                self.status.shadow_is(ShadowState::Refused, Some(error.to_string()));
                return None;
            }
            Err(error) => {
                tracing::error!(%error, "shadow.failed: the old index serves; trying again");
                let publisher = Arc::clone(publisher);
                let again = Shadow::start(publisher, &self.status, &self.stop, RETRY);
                self.status.shadow_is(ShadowState::Failed, Some(error.to_string()));
                return Some(again);
            }
        }
        // The generation is committed: from here on there is no way back, only on.
        self.publisher.store(Arc::clone(publisher));
        while !self.stop.is_cancelled() {
            let (embedder, indexes) = (Arc::clone(publisher.embedder()), publisher.indexes());
            match self.knowledge.swap(embedder, indexes.clone()).await {
                Ok(_) => break,
                Err(error) => {
                    tracing::error!(%error, "shadow.not_read: the new generation cannot be read yet");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
        self.shadow.store(None);
        self.status.shadow_ends();
        self.check_calibration();
        // Searches that began before the swap end in the old index; then it may go.
        pruning.replaced = Some((before.indexes().closing(), Instant::now()));
        pruning.after(Duration::ZERO);
        None
    }

    /// Says so when the calibration in the data folder is of another space than the one that serves.
    pub(super) fn check_calibration(&self) {
        let serving = self.publisher.load().indexes().fingerprint.clone();
        let remark = self.calibrated_for.as_ref().filter(|space| **space != serving).map(|space| {
            format!(
                "confidence.toml was fitted to the vector space {space}, {serving} serves: the \
                 shipped coefficients are used; run `atbilde calibrate` again, or remove the file"
            )
        });
        if let Some(remark) = &remark {
            tracing::warn!("confidence.not_calibrated: {remark}");
        }
        self.status.calibrated(remark);
    }

    /// Removes what is not needed any more: at start, after a change of models and from time to time.
    pub(super) async fn prune(&self, pruning: &mut Pruning) {
        if pruning.next.is_some_and(|next| Instant::now() < next) {
            return;
        }
        if let Some((replaced, since)) = &pruning.replaced
            && !replaced.is_closed()
            && since.elapsed() < LAST_SEARCH
        {
            return pruning.after(CLOSING);
        }
        pruning.replaced = None;
        let publisher = self.publisher.load_full();
        match self.until_stopped(self.pruner.run(publisher.indexes())).await {
            Ok(pruned) if pruned.later => pruning.after(READERS),
            Ok(_) => pruning.after(PRUNE),
            Err(PublishError::Cancelled) => {}
            Err(error) => {
                tracing::warn!(%error, "follower.not_pruned: tried again later");
                pruning.after(AGAIN);
            }
        }
    }
}
