//! The small work of once a minute: conversations that nobody writes in are closed, limits forget who
//! is well within them. One task, which ends with the server.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::access::Limits;
use crate::assistant::Assistant;

const EVERY: Duration = Duration::from_secs(60);

/// Runs until `stop`.
pub(super) struct Housekeeper {
    pub(super) assistant: Arc<Assistant>,
    pub(super) limits: Arc<Limits>,
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
            match self.assistant.close_quiet(Timestamp::now()).await {
                Ok(0) => {}
                Ok(closed) => tracing::info!(closed, "conversations.closed_idle"),
                Err(error) => tracing::error!(%error, "conversations.not_closed"),
            }
        }
    }
}
