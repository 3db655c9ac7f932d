//! The room of legal holds and receipts. Used by `rights`.

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

    /// # Errors
    /// [`StoreError`].
    async fn hold(&self, id: Uuid, reason: &str, at: Timestamp) -> Result<(), StoreError>;

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

/// A conversation that may not be erased for now.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LegalHold {
    pub conversation: String,
    pub reason: String,
    pub at: String,
}
