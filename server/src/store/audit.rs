//! The audit log: entries are only ever appended, each in one transaction with the signed head. How far it
//! has come is also remembered beside the data keys, apart from what a back-up holds, so that a log put back
//! to an older state is noticed. Used by `rights`; [`AuditRows`] stores it.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::privacy::Signer;
use crate::privacy::audit::{Actor, AuditCheck, AuditEntry, AuditHead, AuditReport, Deed, Subject};

/// Appended when the log turns out to be older than was remembered, as after restoring a back-up.
const SHORTENED: &str = "audit.log_was_shortened";
/// Entries that are read at once.
pub(super) const PAGE: u32 = 1000;

/// Makes entries of the present ends.
pub type Next<'a> = &'a (dyn Fn(&Ends) -> Addition + Sync + 'a);
/// Is shown the log.
pub type Show<'a> = &'a mut (dyn FnMut(Shown<'_>) + Send + 'a);
/// Signs an end of the log.
pub type Sign<'a> = &'a (dyn Fn(u64, &str) -> AuditHead + Sync + 'a);

/// Where the log is stored. Writers come one after the other, also those of other processes.
#[async_trait]
pub trait AuditRows: Send + Sync {
    /// Stores what `next` makes of the present ends: entries, and the new head, which becomes the mark.
    async fn append(&self, next: Next<'_>) -> Result<(), StoreError>;

    /// Shows the whole log in one consistent view: its beginning, then each entry in order. Gives its ends.
    async fn read(&self, show: Show<'_>) -> Result<Ends, StoreError>;

    /// The newest entries, oldest of them first.
    async fn newest(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError>;

    /// How many entries are older than `before`.
    async fn count_before(&self, before: Timestamp) -> Result<u64, StoreError>;

    /// Removes entries older than `before` from the beginning; `sign` makes the new beginning of the number
    /// and hash of the last that goes.
    async fn expire(&self, before: Timestamp, sign: Sign<'_>) -> Result<u64, StoreError>;
}

/// Where the log ends, as it says itself and as is remembered apart.
#[derive(Debug, Default)]
pub struct Ends {
    pub head: Option<AuditHead>,
    pub mark: Option<AuditHead>,
}

/// What is appended.
pub struct Addition {
    pub entries: Vec<AuditEntry>,
    pub head: AuditHead,
}

/// A part of the log that is read.
pub enum Shown<'a> {
    /// The signed beginning, after retention.
    Start(Option<&'a AuditHead>),
    Entry(&'a AuditEntry),
}

/// The open log.
#[derive(Clone)]
pub struct AuditLog {
    rows: Arc<dyn AuditRows>,
    signer: Signer,
}

impl AuditLog {
    pub fn new(rows: Arc<dyn AuditRows>, signer: Signer) -> Self {
        Self { rows, signer }
    }

    /// Appends a deed. Durable when it returns: what must be recorded is recorded before it is done.
    ///
    /// # Errors
    /// [`StoreError`]; then the deed must not be done.
    pub async fn append(&self, deed: Deed) -> Result<(), StoreError> {
        self.rows.append(&|ends| self.addition(ends, &deed)).await
    }

    /// As [`append`](Self::append), of a deed that is done now.
    ///
    /// # Errors
    /// [`StoreError`]; then the deed must not be done.
    pub async fn record(
        &self,
        actor: Actor,
        action: &'static str,
        subject: Subject,
    ) -> Result<(), StoreError> {
        self.append(Deed { at: Timestamp::now(), actor, action, subject }).await
    }

    fn addition(&self, ends: &Ends, deed: &Deed) -> Addition {
        let mut head = ends.head.clone().unwrap_or_else(AuditHead::empty);
        let mut entries = Vec::with_capacity(1);
        let mut add = |deed: &Deed| {
            let entry = AuditEntry::after(&head, deed);
            head = AuditHead::sign(entry.seq, &entry.hash, &self.signer);
            entries.push(entry);
        };
        if ends
            .mark
            .as_ref()
            .is_some_and(|mark| mark.seq > ends.head.as_ref().map_or(0, |head| head.seq))
        {
            let (at, actor, subject) = (deed.at, Actor::System, Subject::System);
            add(&Deed { at, actor, action: SHORTENED, subject });
        }
        add(deed);
        Addition { entries, head }
    }

    /// Checks the whole chain.
    ///
    /// # Errors
    /// [`StoreError`] when the log cannot be read at all.
    pub async fn verify(&self) -> Result<AuditReport, StoreError> {
        let public = self.signer.public();
        let mut check = AuditCheck::new(None, &public);
        let ends = self
            .rows
            .read(&mut |shown| match shown {
                Shown::Start(start) => check = AuditCheck::new(start, &public),
                Shown::Entry(entry) => check.entry(entry),
            })
            .await?;
        Ok(check.end(ends.head.as_ref(), ends.mark.as_ref(), &public))
    }

    /// The newest entries, oldest of them first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.rows.newest(limit).await
    }

    /// How many entries are older than `before`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_before(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.rows.count_before(before).await
    }

    /// Removes entries older than `before` from the beginning and signs where the log begins now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn expire(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.rows.expire(before, &|seq, hash| AuditHead::sign(seq, hash, &self.signer)).await
    }
}

/// An entry as either database gives it.
pub(super) type Row = (i64, String, String, String, String, String, String);

pub(super) fn entry((seq, at, actor, action, subject, prev, hash): Row) -> AuditEntry {
    AuditEntry { seq: seq.unsigned_abs(), at, actor, action, subject, prev, hash }
}
