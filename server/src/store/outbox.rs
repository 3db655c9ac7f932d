//! The room of the outbox: what other systems still have to be told. Events are written in the transaction
//! that makes them true, by triggers, and by the erasure of a conversation; here they are claimed, recorded
//! and listed. Used by `handoff`.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::StoreError;

/// How long a delivered event is remembered, so that it can be replayed.
pub(super) const REMEMBERED: Duration = Duration::from_secs(7 * 24 * 3600);

/// The outbox. Several processes may work on it at the same time.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Makes the receivers those of the configuration. What waits for one that is gone has failed.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn register(&self, sinks: &[SinkRow]) -> Result<(), StoreError>;

    /// Takes up to `limit` due deliveries of a receiver for `lease`. A sender that dies loses them when
    /// the lease is over; they are sent again then, under the same id.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn claim(
        &self,
        sink: &str,
        now: Timestamp,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<Due>, StoreError>;

    /// It was delivered, or there is nothing left to tell.
    ///
    /// # Errors
    /// [`StoreError`]; then it is sent once more, under the same id.
    async fn done(&self, due: &Due) -> Result<(), StoreError>;

    /// It failed; `next` is when it is tried again, `None` when it is given up.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn failed(&self, due: &Due, next: Option<Timestamp>, why: &str)
    -> Result<(), StoreError>;

    /// The receiver wants nothing more (410): it gets no new events, and what waits has failed.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn disable(&self, sink: &str, now: Timestamp) -> Result<(), StoreError>;

    /// Deliveries that failed or are tried again, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn troubles(&self, limit: u32) -> Result<Vec<Trouble>, StoreError>;

    /// Makes deliveries due again, with all their tries; gives their number.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn replay(&self, what: Replay<'_>, now: Timestamp) -> Result<u64, StoreError>;

    /// How many deliveries wait, and how many have failed.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn depth(&self) -> Result<(u64, u64), StoreError>;

    /// Forgets events of which nothing waits or has failed and that are a week old.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn forget_old(&self, now: Timestamp) -> Result<u64, StoreError>;
}

/// A receiver as the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkRow {
    pub name: String,
    /// Names of event kinds.
    pub events: Vec<&'static str>,
}

/// One event for one receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub event: i64,
    /// The same in every try.
    pub id: String,
    pub sink: String,
    pub kind: String,
    pub conversation: Uuid,
    pub seq: Option<u64>,
    pub ticket: Option<String>,
    pub at: Timestamp,
    /// This one included.
    pub tries: u32,
}

/// A delivery that was given up or waits for another try.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Trouble {
    pub id: String,
    pub sink: String,
    pub kind: String,
    pub conversation: String,
    pub tries: u32,
    /// `failed`, or `due` while it is tried again.
    pub state: String,
    pub why: String,
    /// When it is tried again; `None` when it was given up.
    pub next_at: Option<String>,
}

/// What is sent again.
#[derive(Debug, Clone, Copy)]
pub enum Replay<'a> {
    /// One event, whether it failed or was delivered.
    Event(&'a str),
    /// Everything of one receiver that failed; a receiver that was switched off is on again.
    FailedOf(&'a str),
}

/// A due delivery as either database gives it.
pub(super) type DueRow =
    (i64, String, String, String, String, Option<i64>, Option<String>, i64, i64);
/// A delivery in trouble likewise.
pub(super) type TroubleRow = (String, String, String, String, i64, String, String, i64);

pub(super) fn due(row: DueRow) -> Result<Due, StoreError> {
    let (event, id, sink, kind, conversation, seq, ticket, at, tries) = row;
    let damaged = |_| StoreError::Database(format!("damaged event {id}"));
    Ok(Due {
        event,
        conversation: Uuid::try_parse(&conversation).map_err(damaged)?,
        at: Timestamp::from_millisecond(at)
            .map_err(|_| StoreError::Database(format!("damaged event {id}")))?,
        id,
        sink,
        kind,
        seq: seq.map(i64::unsigned_abs),
        ticket,
        tries: u32::try_from(tries).unwrap_or(u32::MAX),
    })
}

pub(super) fn trouble(row: TroubleRow) -> Trouble {
    let (id, sink, kind, conversation, tries, state, why, next) = row;
    let next_at = (state == "due").then(|| Timestamp::from_millisecond(next).ok()).flatten();
    let next_at = next_at.map(|at| at.to_string());
    let tries = u32::try_from(tries).unwrap_or(u32::MAX);
    Trouble { id, sink, kind, conversation, tries, state, why, next_at }
}
