//! The background build of the configured model's index while another one serves.
//!
//! Started by [`super::follower`], which alone takes the result over, so that no sync runs beside that.
//! A build that fails is tried again; what was embedded is kept. Ends with the follower's token.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indexer::publish::{Progress, PublishError, Publisher, Stage};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::http::{IndexStatus, ShadowState};

/// After a failure the build goes on after this long.
const RETRY: Duration = Duration::from_secs(30);

/// A space that is being filled.
pub(super) struct Shadow {
    pub(super) publisher: Arc<Publisher>,
    pub(super) progress: Arc<dyn Progress>,
    task: JoinHandle<()>,
}

impl Shadow {
    /// Begins to fill `publisher`'s space, after `pause`.
    pub(super) fn start(
        publisher: Arc<Publisher>,
        status: &Arc<IndexStatus>,
        stop: &CancellationToken,
        pause: Duration,
    ) -> Self {
        let identity = publisher.embedder().identity();
        status.shadow_begins(&identity.name, &identity.fingerprint);
        let progress = Arc::new(Shown {
            status: Arc::clone(status),
            stop: stop.clone(),
            total: Mutex::new((Stage::Embedding, 0)),
            done: AtomicU64::new(0),
        });
        let progress: Arc<dyn Progress> = progress;
        let task = tokio::spawn(fill(
            (Arc::clone(&publisher), Arc::clone(&progress)),
            (Arc::clone(status), stop.clone()),
            pause,
        ));
        Self { publisher, progress, task }
    }

    /// Returns when the space is filled, as far as edits have not gone on since; never without one. Who
    /// was told takes it: it is told once.
    pub(super) async fn filled(this: &mut Option<Self>) {
        match this {
            // A task that panicked has filled what it could; taking over says what is missing.
            Some(this) => drop((&mut this.task).await),
            None => std::future::pending().await,
        }
    }

    /// Waits for the end of a task that was told to stop, and leaves it behind when that takes long.
    pub(super) async fn end(self, grace: Duration) {
        let _ = tokio::time::timeout(grace, self.task).await;
    }
}

/// Fills the space; tries again after a failure. Ends when it is filled or stopped.
async fn fill(
    (publisher, progress): (Arc<Publisher>, Arc<dyn Progress>),
    (status, stop): (Arc<IndexStatus>, CancellationToken),
    mut pause: Duration,
) {
    let mut told = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        match publisher.fill_space(&progress).await {
            Ok(_) | Err(PublishError::Cancelled) => return,
            Err(error) => {
                let message = error.to_string();
                if told.as_ref() != Some(&message) {
                    tracing::error!(%error, "shadow.failed: the old index serves; trying again");
                }
                status.shadow_is(ShadowState::Failed, Some(message.clone()));
                told = Some(message);
                pause = RETRY;
            }
        }
    }
}

/// Shows the build on the admin page.
struct Shown {
    status: Arc<IndexStatus>,
    stop: CancellationToken,
    /// The stage and its total.
    total: Mutex<(Stage, u64)>,
    done: AtomicU64,
}

impl Shown {
    fn show(&self) {
        let (stage, total) = *self.total.lock().unwrap_or_else(PoisonError::into_inner);
        self.status.shadow_works(stage, self.done.load(Ordering::Relaxed), total);
    }
}

impl Progress for Shown {
    fn begin(&self, stage: Stage, total: u64) {
        *self.total.lock().unwrap_or_else(PoisonError::into_inner) = (stage, total);
        self.done.store(0, Ordering::Relaxed);
        self.show();
    }

    fn advance(&self, units: u64) {
        self.done.fetch_add(units, Ordering::Relaxed);
        self.show();
    }

    fn cancelled(&self) -> bool {
        self.stop.is_cancelled()
    }
}
