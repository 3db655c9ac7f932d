//! The small work of once a minute: questions whose answer broke off get their reply, conversations
//! that nobody writes in are closed, limits forget who is well within them. One task, which ends with
//! the server.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::access::Limits;
use crate::assistant::Assistant;
use crate::http::{Phase, Readiness};
use crate::store::{Duties, Duty};

const EVERY: Duration = Duration::from_secs(60);
/// A round is over well before the next one.
const LEASE: Duration = Duration::from_secs(50);

/// Runs until `stop`.
pub(super) struct Housekeeper {
    pub(super) assistant: Arc<Assistant>,
    pub(super) limits: Arc<Limits>,
    pub(super) readiness: Arc<Readiness>,
    pub(super) duties: Arc<dyn Duties>,
    pub(super) stop: CancellationToken,
}

impl Housekeeper {
    pub(super) async fn run(self) {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            self.limits.forget();
            // Before the index is there, every question would be handed over.
            if self.readiness.phase() == Phase::Ready && self.takes(Duty::Finishing).await {
                match self.assistant.finish_unanswered(Timestamp::now()).await {
                    Ok(0) => {}
                    Ok(finished) => tracing::info!(finished, "answers.finished"),
                    Err(error) => tracing::error!(%error, "answers.not_finished"),
                }
            }
            if self.takes(Duty::Housekeeping).await {
                match self.assistant.close_quiet(Timestamp::now()).await {
                    Ok(0) => {}
                    Ok(closed) => tracing::info!(closed, "conversations.closed_idle"),
                    Err(error) => tracing::error!(%error, "conversations.not_closed"),
                }
            }
        }
    }

    /// Whether this one of several processes does it for all.
    async fn takes(&self, duty: Duty) -> bool {
        self.duties.take(duty, LEASE).await.unwrap_or_else(|error| {
            tracing::error!(%error, duty = duty.as_str(), "housekeeping.not_done");
            false
        })
    }
}
