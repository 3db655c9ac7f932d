//! Empties the outbox: one task a receiver, so that one that hangs holds up no other. What is claimed and
//! not recorded, because the process died, is sent again under the same id when the claim is over. Several
//! processes over one database share the work: each delivery is claimed by one of them.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::clock::Clock;
use super::payload::Notice;
use super::schedule;
use super::{Delivery, Email, EmailSettings, EventKind, HandoffError, Webhook, WebhookSettings};
use crate::store::outbox::{Due, Outbox, SinkRow};
use crate::store::{ConversationStore, StoreError};

/// Events that one receiver gets at the same time.
const AT_ONCE: u32 = 4;
/// Between two looks at the outbox.
const LOOK: Duration = Duration::from_millis(500);
/// Added to a delivery's own time-outs before a claim is over.
const SPARE: Duration = Duration::from_secs(60);

/// Where events go.
enum Sink {
    Webhook(Box<Webhook>),
    Email(Box<Email>),
}

impl Sink {
    fn name(&self) -> &str {
        match self {
            Self::Webhook(webhook) => webhook.name(),
            Self::Email(_) => Email::NAME,
        }
    }

    fn row(&self) -> SinkRow {
        let events = match self {
            Self::Webhook(webhook) if webhook.events().is_empty() => EventKind::ALL.to_vec(),
            Self::Webhook(webhook) => webhook.events().iter().copied().collect(),
            Self::Email(_) => Email::events().into_iter().collect(),
        };
        let events = events.into_iter().map(EventKind::as_str).collect();
        SinkRow { name: self.name().to_owned(), events }
    }
}

/// Sends what the outbox holds to all receivers of the configuration.
pub struct Dispatcher {
    outbox: Arc<dyn Outbox>,
    store: Arc<dyn ConversationStore>,
    sinks: Vec<Arc<Sink>>,
    lease: Duration,
    clock: Clock,
}

impl Dispatcher {
    /// # Errors
    /// [`HandoffError::Misconfigured`] naming the key that is wrong.
    pub fn new(
        (webhooks, email): (&WebhookSettings, &EmailSettings),
        outbox: Arc<dyn Outbox>,
        store: Arc<dyn ConversationStore>,
        clock: Clock,
    ) -> Result<Self, HandoffError> {
        let mut sinks = Vec::new();
        for endpoint in &webhooks.endpoints {
            sinks.push(Arc::new(Sink::Webhook(Box::new(Webhook::new(webhooks, endpoint)?))));
        }
        let email_timeout_s = email.timeout_s;
        if let Some(email) = Email::new(email)? {
            sinks.push(Arc::new(Sink::Email(Box::new(email))));
        }
        let mut names: Vec<&str> = sinks.iter().map(|sink| sink.name()).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(HandoffError::Misconfigured(format!(
                "webhooks.endpoints: the name {:?} is used twice (`email` is taken by the e-mail)",
                twice[0]
            )));
        }
        let longest = webhooks.timeout_s.max(email_timeout_s);
        let lease = Duration::from_secs(longest) + SPARE;
        Ok(Self { outbox, store, sinks, lease, clock })
    }

    /// Tells the store who is told what. Before the first event of this run.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn register(&self) -> Result<(), StoreError> {
        let rows: Vec<SinkRow> = self.sinks.iter().map(|sink| sink.row()).collect();
        self.outbox.register(&rows).await
    }

    /// Sends until `stop`. What is being sent then is waited for.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut tasks = JoinSet::new();
        for sink in &self.sinks {
            let (this, sink, stop) = (Arc::clone(&self), sink.clone(), stop.clone());
            tasks.spawn(async move {
                while !stop.is_cancelled() {
                    match this.round(&sink).await {
                        Ok(0) => {}
                        Ok(_) => continue,
                        Err(error) => {
                            tracing::error!(sink = sink.name(), %error, "outbox.failed");
                        }
                    }
                    tokio::select! {
                        () = tokio::time::sleep(LOOK) => {}
                        () = stop.cancelled() => {}
                    }
                }
            });
        }
        tasks.join_all().await;
    }

    /// Sends what is due to every receiver once; gives how many deliveries were tried.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn send_due(&self) -> Result<usize, StoreError> {
        let mut sent = 0;
        for sink in &self.sinks {
            sent += self.round(sink).await?;
        }
        Ok(sent)
    }

    async fn round(&self, sink: &Arc<Sink>) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let due = self.outbox.claim(sink.name(), now, self.lease, AT_ONCE).await?;
        let all = join_all(due.iter().map(|due| self.deliver(sink, due))).await;
        all.into_iter().collect::<Result<(), _>>()?;
        Ok(due.len())
    }

    async fn deliver(&self, sink: &Sink, due: &Due) -> Result<(), StoreError> {
        let Some(notice) = Notice::read(&*self.store, due).await? else {
            return self.outbox.done(due).await;
        };
        let now = self.clock.now();
        let delivery = match sink {
            Sink::Webhook(webhook) => webhook.send(&notice.id, &notice.to_json(), now).await,
            Sink::Email(email) => email.send(&notice).await,
        };
        match delivery {
            Delivery::Done => self.outbox.done(due).await,
            Delivery::Gone => {
                tracing::warn!(
                    sink = sink.name(),
                    "outbox.receiver_gone: it said 410; no more events go there"
                );
                self.outbox.disable(sink.name(), now).await
            }
            Delivery::Failed { why, retry_after } => {
                let wait = schedule::wait(due.tries, rand::random(), retry_after);
                let next = wait.and_then(|wait| now.checked_add(wait).ok());
                let (id, tries) = (due.id.as_str(), due.tries);
                if next.is_none() {
                    tracing::error!(sink = sink.name(), id, tries, why, "outbox.given_up");
                } else {
                    tracing::warn!(sink = sink.name(), id, tries, why, "outbox.retried_later");
                }
                self.outbox.failed(due, next, &why).await
            }
        }
    }
}

#[cfg(test)]
#[path = "dispatcher_tests.rs"]
mod tests;
