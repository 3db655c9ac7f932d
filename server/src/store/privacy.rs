//! The room of legal holds and receipts. Used by `rights`.
//!
//! A conversation has one row: a hold, or the claim of an erasure that was begun. So of the two the first one
//! counts, also between processes, and a hold that is confirmed keeps everything.

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::StoreError;
use super::file::Scrub;
use crate::privacy::Receipt;

/// What may not be erased, and proof of what was.
#[async_trait]
pub trait PrivacyRecords: Send + Sync {
    /// Whether a scrub was left for the daily task.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn wants_scrub(&self) -> Result<bool, StoreError>;

    /// Leaves nothing of what was deleted in the file.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn scrub(&self, how: Scrub) -> Result<bool, StoreError>;

    /// Leaves a scrub for the daily task. Said before anything is deleted, in case nobody comes to do it.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn owe_scrub(&self) -> Result<(), StoreError>;

    /// Holds the conversation; `false` when its erasure has begun.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn hold(&self, id: Uuid, reason: &str, at: Timestamp) -> Result<bool, StoreError>;

    /// Claims the conversation for an erasure, also for one that was begun before. Until
    /// [`end_claim`](Self::end_claim) it cannot be held.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing may be removed.
    async fn claim(&self, id: Uuid, at: Timestamp) -> Result<Claim, StoreError>;

    /// The erasure is complete.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn end_claim(&self, id: Uuid) -> Result<(), StoreError>;

    /// Conversations whose erasure has begun and is not complete.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn claims(&self) -> Result<Vec<Uuid>, StoreError>;

    /// Gives whether there was a hold.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn release(&self, id: Uuid) -> Result<bool, StoreError>;

    /// All holds, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn holds(&self) -> Result<Vec<LegalHold>, StoreError>;

    /// Keeps a receipt, in the place of an earlier form of it.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn keep_receipt(&self, receipt: &Receipt) -> Result<(), StoreError>;

    /// The newest receipt of a conversation, as it was issued.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn receipt(&self, id: Uuid) -> Result<Option<String>, StoreError>;

    async fn close(&self);
}

/// Whether an erasure may go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    Granted,
    /// A legal hold was there first; its reason.
    Held(String),
}

/// A conversation that may not be erased for now.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LegalHold {
    pub conversation: String,
    pub reason: String,
    pub at: String,
}
