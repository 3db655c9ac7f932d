//! How many questions are worked on at once, and how many may wait. Nobody waits without bound.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::domain::AssistantEvent;

/// A rough length of one answer without a model, for the estimate shown to who waits.
const ESTIMATE: Duration = Duration::from_millis(20);

/// `[assistant.admission]` of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdmissionSettings {
    /// Questions worked on at once.
    pub concurrent: usize,
    /// Questions that may wait; more are refused with 429.
    pub queue: usize,
    /// A question that waited longer is refused, milliseconds.
    pub max_wait_ms: u64,
}

impl Default for AdmissionSettings {
    fn default() -> Self {
        Self { concurrent: 32, queue: 512, max_wait_ms: 10_000 }
    }
}

/// The gate in front of the assistant. A permit is held to the last event.
pub(super) struct Admission {
    places: Arc<Semaphore>,
    concurrent: usize,
    waiting: AtomicUsize,
    queue: usize,
    max_wait: Duration,
}

/// No place now.
pub(super) struct Refused {
    pub(super) retry_after_s: u32,
}

impl Admission {
    pub(super) fn new(settings: &AdmissionSettings) -> Self {
        let concurrent = settings.concurrent.max(1);
        Self {
            places: Arc::new(Semaphore::new(concurrent)),
            concurrent,
            waiting: AtomicUsize::new(0),
            queue: settings.queue,
            max_wait: Duration::from_millis(settings.max_wait_ms),
        }
    }

    /// A place at once, or after waiting within the bounds. Who waits is told the position.
    pub(super) async fn enter(
        &self,
        events: &mpsc::Sender<AssistantEvent>,
    ) -> Result<OwnedSemaphorePermit, Refused> {
        if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(permit);
        }
        let waiting = Waiting::join(&self.waiting);
        if waiting.position > self.queue {
            return Err(Refused { retry_after_s: 1 });
        }
        let rounds = waiting.position.div_ceil(self.concurrent) as u64;
        let _ = events.try_send(AssistantEvent::Queued {
            position: u32::try_from(waiting.position).unwrap_or(u32::MAX),
            eta_ms: rounds * ESTIMATE.as_millis() as u64,
        });
        let place = Arc::clone(&self.places).acquire_owned();
        match tokio::time::timeout(self.max_wait, place).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(Refused { retry_after_s: 2 }),
        }
    }
}

/// Counts one waiting question; leaves the count when dropped, also when the asker goes away.
struct Waiting<'a> {
    count: &'a AtomicUsize,
    /// Place in the queue from 1.
    position: usize,
}

impl<'a> Waiting<'a> {
    fn join(count: &'a AtomicUsize) -> Self {
        Self { count, position: count.fetch_add(1, Ordering::AcqRel) + 1 }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn beyond_the_queue_is_refused_and_a_gone_waiter_frees_its_place() {
        let gate =
            Admission::new(&AdmissionSettings { concurrent: 1, queue: 1, max_wait_ms: 5000 });
        let (events, mut seen) = mpsc::channel(8);
        let held = gate.enter(&events).await.ok().unwrap();
        let waiter = gate.enter(&events);
        let mut waiter = Box::pin(waiter);
        assert!(futures::poll!(&mut waiter).is_pending());
        assert_eq!(seen.recv().await, Some(AssistantEvent::Queued { position: 1, eta_ms: 20 }));
        assert!(gate.enter(&events).await.is_err(), "the queue holds one");
        drop(waiter);
        let mut second = Box::pin(gate.enter(&events));
        assert!(futures::poll!(&mut second).is_pending());
        drop(held);
        assert!(second.await.is_ok());
    }
}
