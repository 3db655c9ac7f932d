//! Ctrl-C and SIGTERM: the first asks for an end between two steps, the second ends at once.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indexer::publish::PublishError;

use super::output;

/// Set when somebody asked for the end.
#[derive(Debug, Clone, Default)]
pub(super) struct Stop(Arc<AtomicBool>);

impl Stop {
    pub(super) fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Runs `work` to its end. The first signal raises the flag, which `work` looks at between its
    /// steps; the second drops `work` where it stands, which is as safe as a crash.
    ///
    /// # Errors
    /// Those of `work`, and [`PublishError::Cancelled`] after a second signal.
    pub(super) async fn guard<T>(
        &self,
        work: impl Future<Output = Result<T, PublishError>>,
    ) -> Result<T, PublishError> {
        let twice = async {
            signal().await;
            self.0.store(true, Ordering::Relaxed);
            output::note("stopping after the current step; once more to stop at once");
            signal().await;
        };
        tokio::select! {
            biased;
            done = work => done,
            () = twice => Err(PublishError::Cancelled),
        }
    }
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    let _ = tokio::signal::ctrl_c().await;
}
