//! One of several processes over a shared catalog: it either has the writer's place and follows the
//! folder, or follows what another one publishes.
//!
//! Started by [`super::Application`] in place of the bare follower when the catalog is shared. The place
//! is asked for every [`CANDIDACY`]; it is lost when its connection is. Whoever loses it ends its sync
//! and reads along; the catalog refuses its commits anyway.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indexer::catalog::{Announcements, Catalog, PostgresCatalog, WriterLock};
use indexer::model::Generation;
use indexer::publish::PublishError;

use super::follower::Follower;
use crate::http::Phase;

/// Between two looks at the newest generation, when nothing is announced.
const LOOK: Duration = Duration::from_secs(1);
/// Between two candidacies for the writer's place.
const CANDIDACY: Duration = Duration::from_secs(2);
/// Between two rounds of removing what is retired and lingers.
const TIDY: Duration = Duration::from_secs(10);

/// A process beside others.
pub(super) struct Replica {
    pub(super) catalog: Arc<PostgresCatalog>,
    /// Runs while the writer's place is held.
    pub(super) follower: Follower,
}

/// What a reader has seen.
#[derive(Default)]
struct Seen {
    news: Option<Announcements>,
    /// Shown now; `None` when the caches have to be looked at whatever is newest.
    generation: Option<Generation>,
    /// The failure that was logged last.
    failure: Option<String>,
}

impl Replica {
    /// Runs until the follower's token is cancelled.
    pub(super) async fn run(self) {
        let stop = self.follower.stop.clone();
        let mut seen = Seen::default();
        while !stop.is_cancelled() {
            match self.catalog.try_lead().await {
                Ok(Some(lock)) => {
                    self.lead(lock, &seen).await;
                    // What was written meanwhile is not what was read.
                    seen.generation = None;
                }
                Ok(None) => {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = self.read_along(&mut seen) => {}
                    }
                }
                Err(error) => {
                    self.failed(&mut seen, &error.into());
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = tokio::time::sleep(LOOK) => {}
                    }
                }
            }
        }
    }

    /// Publishes until told to stop or the place is lost.
    async fn lead(&self, lock: WriterLock, seen: &Seen) {
        tracing::info!("replica.leads: this process publishes");
        let stop = self.follower.stop.child_token();
        let publisher = Arc::clone(&self.follower.publisher);
        let follower = Follower {
            warm: seen.generation.is_some(),
            stop: stop.clone(),
            ..self.follower.clone()
        };
        let mut following = tokio::spawn(follower.run());
        loop {
            tokio::select! {
                _ = &mut following => break,
                () = lock.lost() => {
                    tracing::warn!("replica.lost_its_place: another process may publish now");
                    stop.cancel();
                    let _ = (&mut following).await;
                    break;
                }
                () = tokio::time::sleep(TIDY) => {
                    if let Err(error) = publisher.tidy().await {
                        tracing::warn!(%error, "replica.not_tidied: tried again");
                    }
                }
            }
        }
        lock.release().await;
    }

    /// Follows generations until it is time to ask for the writer's place again.
    async fn read_along(&self, seen: &mut Seen) {
        let started = Instant::now();
        while started.elapsed() < CANDIDACY {
            match self.look(seen).await {
                Ok(()) => {
                    if seen.failure.take().is_some() {
                        tracing::info!("replica.well_again");
                        self.follower.status.failed(None);
                    }
                }
                Err(error) => {
                    self.failed(seen, &error);
                    seen.news = None;
                    tokio::time::sleep(LOOK).await;
                    continue;
                }
            }
            let Some(news) = &mut seen.news else { continue };
            if let Err(error) = news.next(LOOK).await {
                seen.news = None;
                self.failed(seen, &error.into());
            }
        }
    }

    /// Shows the newest generation when it is another than the one that is shown.
    async fn look(&self, seen: &mut Seen) -> Result<(), PublishError> {
        if seen.news.is_none() {
            seen.news = Some(self.catalog.announcements().await?);
        }
        let newest = self.catalog.latest().await?.map(|g| g.generation);
        if newest.is_some() && newest != seen.generation {
            let generation = self.follower.knowledge.follow().await?;
            seen.generation = Some(generation);
            tracing::info!(generation = generation.0, "replica.followed");
        }
        self.follower.set(if self.follower.serves() {
            Phase::Ready
        } else {
            Phase::Starting("another process builds the first index".to_owned())
        });
        Ok(())
    }

    fn failed(&self, seen: &mut Seen, error: &PublishError) {
        let message = error.to_string();
        if seen.failure.as_ref() != Some(&message) {
            tracing::error!(%error, "replica.failed: what was live stays live");
            self.follower.status.failed(Some(message.clone()));
            seen.failure = Some(message);
        }
    }
}
