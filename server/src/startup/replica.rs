//! One of several processes over a shared catalog: it either has the writer's place and follows the
//! folder, or follows what another one publishes.
//!
//! Started by [`super::Application`] in place of the bare follower when the catalog is shared. The place
//! is asked for every [`CANDIDACY`]; it is lost when its connection is. Whoever loses it ends its sync
//! and reads along; the catalog refuses its commits anyway.
//!
//! When the writer takes another embedding model into use, a process that is configured for that model
//! follows: it has filled its caches of the new space beforehand. One that is not goes out of service:
//! `/readyz` says so, and it does not ask for the writer's place, so that two configurations never take
//! the base from each other.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use indexer::catalog::{Announcements, Catalog, PostgresCatalog, WriterLock};
use indexer::model::Generation;
use indexer::publish::{PublishError, Publisher, prepare};
use indexer::search::SearchMode;

use super::follower::Follower;
use crate::http::{Phase, Role, ShadowState};

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
    /// Whether the configured model was the live one while this process ran.
    was_live: bool,
    /// Another model has replaced it since: this process neither answers nor publishes.
    outdated: bool,
}

impl Replica {
    /// Runs until the follower's token is cancelled.
    pub(super) async fn run(self) {
        let stop = self.follower.stop.clone();
        let mut seen = Seen::default();
        while !stop.is_cancelled() {
            if seen.outdated {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = self.read_along(&mut seen) => {}
                }
                continue;
            }
            match self.catalog.try_lead().await {
                Ok(Some(lock)) => {
                    if self.may_lead(&mut seen).await {
                        self.lead(lock, &seen).await;
                        seen.was_live |= self.searches(&self.configured());
                        // What was written meanwhile is not what was read.
                        seen.generation = None;
                    } else {
                        lock.release().await;
                        tokio::select! {
                            () = stop.cancelled() => {}
                            () = tokio::time::sleep(LOOK) => {}
                        }
                    }
                }
                Ok(None) => {
                    self.follower.status.plays(Role::Follower);
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

    /// Catches up with the former writer, which may have taken another model into use.
    async fn may_lead(&self, seen: &mut Seen) -> bool {
        match self.look(seen).await {
            Ok(()) => true,
            // Another model is configured here than the one that was live whenever this ran.
            Err(PublishError::OtherSpace { .. }) if !seen.outdated => true,
            Err(error) => {
                self.failed(seen, &error);
                false
            }
        }
    }

    /// Publishes until told to stop or the place is lost.
    async fn lead(&self, lock: WriterLock, seen: &Seen) {
        tracing::info!("replica.leads: this process publishes");
        self.follower.status.plays(Role::Writer);
        let stop = self.follower.stop.child_token();
        let publisher = Arc::clone(&self.follower.publisher);
        let follower = Follower {
            warm: seen.generation.is_some(),
            stop: stop.clone(),
            ..self.follower.clone()
        };
        let mut following = tokio::spawn(follower.run());
        let ended = tokio::select! {
            ended = &mut following => ended,
            () = lock.lost() => {
                tracing::warn!("replica.lost_its_place: another process may publish now");
                stop.cancel();
                (&mut following).await
            }
            never = keep_tidy(&publisher) => match never {},
        };
        lock.release().await;
        if let Err(error) = ended {
            tracing::error!(%error, "replica.follower_failed: another process may publish meanwhile");
            // The place is not taken again at once, so that a process that can publish gets it.
            tokio::select! {
                () = self.follower.stop.cancelled() => {}
                () = tokio::time::sleep(CANDIDACY) => {}
            }
        }
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
        let newest = self.catalog.latest().await?;
        let number = newest.as_ref().map(|g| g.generation);
        if let Some(newest) = newest.filter(|_| number != seen.generation) {
            let configured = self.configured();
            let of = |publisher: &Publisher| publisher.indexes().fingerprint == newest.fingerprint;
            seen.was_live |= of(&configured) || self.searches(&configured);
            seen.outdated = seen.was_live && !of(&configured);
            let generation = if of(&configured) && !self.searches(&configured) {
                self.swap(&configured).await?
            } else {
                self.follower.knowledge.follow().await?
            };
            self.prepare(&configured).await?;
            seen.generation = Some(generation);
            tracing::info!(generation = generation.0, "replica.followed");
        }
        self.follower.set(match self.follower.knowledge.mode() {
            _ if !self.follower.serves() => {
                Phase::Starting("another process builds the first index".to_owned())
            }
            // By keyword alone it would answer otherwise than the process that publishes.
            (model, SearchMode::KeywordOnly) => Phase::Starting(format!(
                "out of service: the live index belongs to the embedding model {model}, which is \
                 not at hand here; give all processes the same [embedder] settings"
            )),
            (_, SearchMode::Hybrid) => Phase::Ready,
        });
        Ok(())
    }

    /// The publisher of the configured model.
    fn configured(&self) -> Arc<Publisher> {
        self.follower.shadow.load_full().unwrap_or_else(|| self.follower.publisher.load_full())
    }

    fn searches(&self, publisher: &Publisher) -> bool {
        self.follower.knowledge.snapshot().fingerprint == publisher.indexes().fingerprint
    }

    /// The writer has taken the configured model into use.
    async fn swap(&self, configured: &Arc<Publisher>) -> Result<Generation, PublishError> {
        let (embedder, indexes) = (Arc::clone(configured.embedder()), configured.indexes());
        let generation = self.follower.knowledge.follow_into(embedder, indexes.clone()).await?;
        self.follower.publisher.store(Arc::clone(configured));
        self.follower.shadow.store(None);
        self.follower.status.shadow_ends();
        self.follower.check_calibration();
        tracing::info!(
            fingerprint = %indexes.fingerprint,
            "replica.swapped: another process has taken the configured model into use"
        );
        Ok(generation)
    }

    /// Keeps the caches of a configured model that is not live yet filled, as far as the writer is.
    async fn prepare(&self, configured: &Publisher) -> Result<(), PublishError> {
        if self.follower.shadow.load().is_none() {
            return Ok(());
        }
        let identity = configured.embedder().identity();
        self.follower.status.shadow_begins(&identity.name, &identity.fingerprint);
        self.follower.status.shadow_is(ShadowState::Waiting, None);
        prepare(&*self.catalog, configured.indexes()).await
    }

    fn failed(&self, seen: &mut Seen, error: &PublishError) {
        let message = error.to_string();
        if matches!(error, PublishError::OtherSpace { .. }) {
            self.follower.set(Phase::Starting(format!("out of service: {message}")));
        }
        if seen.failure.as_ref() != Some(&message) {
            tracing::error!(%error, "replica.failed: what was live stays live");
            self.follower.status.failed(Some(message.clone()));
            seen.failure = Some(message);
        }
    }
}

/// Removes what is retired once it has lingered; waits while a sync runs.
async fn keep_tidy(publisher: &ArcSwap<Publisher>) -> Infallible {
    loop {
        tokio::time::sleep(TIDY).await;
        if let Err(error) = publisher.load_full().tidy().await {
            tracing::warn!(%error, "replica.not_tidied: tried again");
        }
    }
}
