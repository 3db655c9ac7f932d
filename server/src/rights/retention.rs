//! Retention: data of each class is erased when its time is over. Run by the server once a day and by
//! `atbilde privacy retention`; a dry run counts and touches nothing; a legal hold is respected.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Rights, RightsError};
use crate::privacy::audit::{Actor, Subject};
use crate::store::{Claim, Duty, Scrub};

/// Conversations of a class that lose their data together, after one look at the holds.
const AT_ONCE: usize = 50;
/// A round takes less, and comes back after more.
const LEASE: Duration = Duration::from_secs(30 * 60);

/// Whether anything is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    Dry,
    Real,
}

/// A class that is a part of conversations.
#[derive(Debug, Clone, Copy)]
enum Part {
    /// Of personal data.
    Originals,
    Feedback,
    /// Closed ones.
    Tickets,
}

/// What became of a conversation whose time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expiry {
    Gone,
    /// A legal hold keeps it.
    Held,
    /// Somebody has gone on with it.
    Alive,
}

/// What became of one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClassReport {
    pub class: &'static str,
    /// 0: kept for ever.
    pub days: u32,
    /// Entries whose time is over and that were erased, or would be.
    pub erased: u64,
    /// Entries whose time is over and that a legal hold keeps.
    pub held: u64,
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RetentionReport {
    pub dry_run: bool,
    pub at: String,
    pub classes: Vec<ClassReport>,
}

impl RetentionReport {
    fn erased(&self) -> u64 {
        self.classes.iter().map(|class| class.erased).sum()
    }
}

impl Rights {
    /// Erases what is older than its class allows at `now`. A class that fails does not keep the others.
    ///
    /// # Errors
    /// [`RightsError`], the first one; the next run finishes what was begun.
    pub async fn retain(&self, now: Timestamp, run: Run) -> Result<RetentionReport, RightsError> {
        let settings = &self.settings.retention;
        let mut classes = Vec::with_capacity(5);
        let mut failed: Option<RightsError> = None;
        let mut report =
            |class: &'static str, days: u32, done: Result<(u64, u64), RightsError>| match done {
                Ok((erased, held)) => classes.push(ClassReport { class, days, erased, held }),
                Err(error) => {
                    tracing::error!(class, %error, "privacy.class_not_retained");
                    failed = failed.take().or(Some(error));
                }
            };
        let days = settings.conversations_days;
        report("conversations", days, self.retain_conversations(before(now, days), run).await);
        let days = settings.vault_days;
        report("vault", days, self.retain_part(Part::Originals, before(now, days), run).await);
        let days = settings.feedback_days;
        report("feedback", days, self.retain_part(Part::Feedback, before(now, days), run).await);
        let days = settings.escalations_days;
        report("escalations", days, self.retain_part(Part::Tickets, before(now, days), run).await);
        let days = settings.audit_days;
        report("audit", days, self.retain_audit(before(now, days), run).await);
        let report = RetentionReport { dry_run: run == Run::Dry, at: now.to_string(), classes };
        if run == Run::Real {
            // A class that failed may have erased something before.
            let erased = report.erased() > 0 || failed.is_some();
            let done = self.after_retention(now, erased).await;
            failed = failed.or(done.err());
        }
        failed.map_or(Ok(report), Err)
    }

    async fn after_retention(&self, now: Timestamp, erased: bool) -> Result<(), RightsError> {
        if erased {
            self.audit.record(Actor::System, "retention.run", Subject::System).await?;
        }
        let left = self.vault.wants_scrub().await?
            || self.personal.wants_scrub().await?
            || self.privacy.wants_scrub().await?;
        if erased || left {
            self.scrub(Scrub::Whole).await?;
        }
        self.outbox.forget_old(now).await?;
        Ok(())
    }

    /// The server's own task: at the start and then every `every_hours`, until `stop`.
    pub async fn retain_daily(self: Arc<Self>, stop: CancellationToken) {
        let every =
            Duration::from_secs(3600 * u64::from(self.settings.retention.every_hours.max(1)));
        loop {
            let done = async {
                // One of several processes does it for all; one that starts meanwhile does not.
                if !self.duties.take(Duty::Retention, LEASE).await? {
                    return Ok(None);
                }
                self.erase_again().await?;
                self.retain(Timestamp::now(), Run::Real).await.map(Some)
            };
            match done.await {
                Ok(None) => {}
                Ok(Some(report)) => tracing::info!(erased = report.erased(), "privacy.retention"),
                Err(error) => tracing::error!(%error, "privacy.retention_failed"),
            }
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    async fn retain_conversations(
        &self,
        before: Option<Timestamp>,
        run: Run,
    ) -> Result<(u64, u64), RightsError> {
        let Some(before) = before else { return Ok((0, 0)) };
        let over = self.personal.silent_since(before).await?;
        if run == Run::Dry {
            let (free, kept) = apart(&over, &self.held().await?);
            return Ok((free.len() as u64, kept));
        }
        let (mut erased, mut kept) = (0, 0);
        for id in over {
            match self.expire(id, before).await? {
                Expiry::Gone => erased += 1,
                Expiry::Held => kept += 1,
                Expiry::Alive => {}
            }
        }
        Ok((erased, kept))
    }

    /// Removes a conversation if there was no word in it since `before`: that may have changed since it was
    /// looked for. So here the rows go first, in the transaction that looks again, and then the key; what a
    /// crash leaves between the two is claimed, and goes at the next start.
    pub(super) async fn expire(&self, id: Uuid, before: Timestamp) -> Result<Expiry, RightsError> {
        let at = Timestamp::now();
        if let Claim::Held(_) = self.privacy.claim(id, at).await? {
            return Ok(Expiry::Held);
        }
        let subject = Subject::Conversation(id);
        self.audit.record(Actor::System, "conversation.expired", subject).await?;
        self.privacy.owe_scrub().await?;
        let expiry = if self.personal.erase_silent(id, before).await? {
            self.vault.destroy(id, at).await?;
            Expiry::Gone
        } else {
            self.audit.record(Actor::System, "conversation.expiry_refused", subject).await?;
            Expiry::Alive
        };
        self.privacy.end_claim(id).await?;
        Ok(expiry)
    }

    /// Removes a part of conversations that stay. A hold may come while this goes on, so it looks again
    /// before each few.
    async fn retain_part(
        &self,
        part: Part,
        before: Option<Timestamp>,
        run: Run,
    ) -> Result<(u64, u64), RightsError> {
        let Some(before) = before else { return Ok((0, 0)) };
        let over = match part {
            Part::Originals => self.vault.older_than(before).await?,
            Part::Feedback => self.personal.feedback_before(before).await?,
            Part::Tickets => self.personal.tickets_before(before).await?,
        };
        let (mut erased, mut kept) = (0, 0);
        for some in over.chunks(AT_ONCE) {
            let (free, held) = apart(some, &self.held().await?);
            if run == Run::Real && !free.is_empty() {
                self.privacy.owe_scrub().await?;
                match part {
                    Part::Originals => {
                        self.vault.expire(&free, before).await?;
                    }
                    Part::Feedback => {
                        self.personal.remove_feedback(&free, before).await?;
                    }
                    Part::Tickets => {
                        self.personal.remove_tickets(&free, before).await?;
                    }
                }
            }
            erased += free.len() as u64;
            kept += held;
        }
        Ok((erased, kept))
    }

    async fn held(&self) -> Result<BTreeSet<Uuid>, RightsError> {
        let holds = self.privacy.holds().await?;
        Ok(holds.iter().filter_map(|hold| Uuid::try_parse(&hold.conversation).ok()).collect())
    }

    async fn retain_audit(
        &self,
        before: Option<Timestamp>,
        run: Run,
    ) -> Result<(u64, u64), RightsError> {
        let Some(before) = before else { return Ok((0, 0)) };
        Ok(match run {
            Run::Dry => (self.audit.count_before(before).await?, 0),
            Run::Real => (self.audit.expire(before).await?, 0),
        })
    }
}

/// The end of the time of a class; `None` when it is kept for ever.
fn before(now: Timestamp, days: u32) -> Option<Timestamp> {
    (days > 0).then(|| now - SignedDuration::from_hours(24 * i64::from(days)))
}

/// What may be erased, and how many a hold keeps.
fn apart(over: &[Uuid], held: &BTreeSet<Uuid>) -> (Vec<Uuid>, u64) {
    let free: Vec<Uuid> = over.iter().copied().filter(|id| !held.contains(id)).collect();
    let kept = (over.len() - free.len()) as u64;
    (free, kept)
}
