//! `privacy.sqlite` in the data folder: sealed originals, audit log, legal holds, records, receipts. Its
//! tables are used by `store::vault`, `store::audit` and, here, by `rights`.

use std::collections::HashSet;
use std::path::Path;

use jiff::Timestamp;
use sqlx::sqlite::{SqliteJournalMode, SqlitePool};
use uuid::Uuid;

use super::StoreError;
use super::file::{self, Scrub};
use crate::privacy::Receipt;

/// The file's name in the data folder.
pub const PRIVACY_FILE: &str = "privacy.sqlite";

/// The open file. Several processes may have it open.
#[derive(Clone)]
pub struct PrivacyFile {
    pool: SqlitePool,
}

/// What a customer was told or decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// They were told that a machine answers (EU AI Act, Art. 50).
    AiDisclosure,
    Consent,
    ConsentWithdrawn,
    /// Their words are not used for anything but answering them (CCPA).
    OptOut,
    OptIn,
}

impl RecordKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AiDisclosure => "ai_disclosure",
            Self::Consent => "consent",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::OptOut => "opt_out",
            Self::OptIn => "opt_in",
        }
    }
}

/// One record of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PrivacyRecord {
    pub at: String,
    pub kind: String,
    /// Hash of the text that was shown; empty where there was none.
    pub version: String,
}

/// A conversation that may not be erased for now.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LegalHold {
    pub conversation: String,
    pub reason: String,
    pub at: String,
}

impl PrivacyFile {
    /// Opens or makes the file in `data`.
    ///
    /// # Errors
    /// [`StoreError::Open`].
    pub async fn open(data: &Path) -> Result<Self, StoreError> {
        let tables = sqlx::migrate!("./migrations/privacy");
        let pool = file::open(&data.join(PRIVACY_FILE), SqliteJournalMode::Wal, &tables).await?;
        Ok(Self { pool })
    }

    pub(super) fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Whether a scrub was left for the daily task.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn wants_scrub(&self) -> Result<bool, StoreError> {
        file::wants_scrub(&self.pool).await
    }

    /// Leaves nothing of what was deleted in the file.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn scrub(&self, how: Scrub) -> Result<bool, StoreError> {
        file::scrub(&self.pool, how).await
    }

    /// # Errors
    /// [`StoreError`].
    pub async fn hold(&self, id: Uuid, reason: &str, at: Timestamp) -> Result<(), StoreError> {
        sqlx::query("INSERT OR REPLACE INTO legal_holds VALUES (?1, ?2, ?3)")
            .bind(id.simple().to_string())
            .bind(reason)
            .bind(at.to_string())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Gives whether there was a hold.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release(&self, id: Uuid) -> Result<bool, StoreError> {
        let gone = sqlx::query("DELETE FROM legal_holds WHERE conversation = ?1")
            .bind(id.simple().to_string())
            .execute(&self.pool)
            .await?;
        Ok(gone.rows_affected() > 0)
    }

    /// All holds, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn holds(&self) -> Result<Vec<LegalHold>, StoreError> {
        let rows: Vec<(String, String, String)> =
            sqlx::query_as("SELECT conversation, reason, at FROM legal_holds ORDER BY at")
                .fetch_all(&self.pool)
                .await?;
        let hold = |(conversation, reason, at)| LegalHold { conversation, reason, at };
        Ok(rows.into_iter().map(hold).collect())
    }

    /// Keeps what a customer was told or decided. The same twice is kept once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn record(
        &self,
        id: Uuid,
        kind: RecordKind,
        version: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT OR IGNORE INTO privacy_records VALUES (?1, ?2, ?3, ?4)")
            .bind(id.simple().to_string())
            .bind(at.to_string())
            .bind(kind.as_str())
            .bind(version)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// What was recorded of a conversation, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn records(&self, id: Uuid) -> Result<Vec<PrivacyRecord>, StoreError> {
        let rows: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT at, kind, version FROM privacy_records WHERE conversation = ?1 ORDER BY at, kind",
        )
        .bind(id.simple().to_string())
        .fetch_all(&self.pool)
        .await?;
        let record = |(at, kind, version)| PrivacyRecord { at, kind, version };
        Ok(rows.into_iter().map(record).collect())
    }

    /// Whether the customer wants their words used for answering them alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_opted_out(&self, id: Uuid) -> Result<bool, StoreError> {
        let (out,): (bool,) = sqlx::query_as(
            "SELECT coalesce((SELECT kind FROM privacy_records
                WHERE conversation = ?1 AND kind IN ('opt_out', 'opt_in')
                ORDER BY at DESC LIMIT 1), 'opt_in') = 'opt_out'",
        )
        .bind(id.simple().to_string())
        .fetch_one(&self.pool)
        .await?;
        Ok(out)
    }

    /// Conversations whose customer wants their words used for answering them alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn opted_out(&self) -> Result<HashSet<Uuid>, StoreError> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "SELECT conversation FROM privacy_records r WHERE kind = 'opt_out' AND NOT EXISTS
                (SELECT 1 FROM privacy_records l WHERE l.conversation = r.conversation
                    AND l.kind = 'opt_in' AND l.at >= r.at)",
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.iter().filter_map(|(id,)| Uuid::try_parse(id).ok()).collect())
    }

    /// Removes the records of a conversation; gives their number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erase_records(&self, id: Uuid) -> Result<u64, StoreError> {
        let gone = sqlx::query("DELETE FROM privacy_records WHERE conversation = ?1")
            .bind(id.simple().to_string())
            .execute(&self.pool)
            .await?;
        Ok(gone.rows_affected())
    }

    /// # Errors
    /// [`StoreError`].
    pub async fn keep_receipt(&self, receipt: &Receipt) -> Result<(), StoreError> {
        sqlx::query("INSERT OR REPLACE INTO erasure_receipts VALUES (?1, ?2, ?3, ?4)")
            .bind(&receipt.id)
            .bind(&receipt.conversation_id)
            .bind(&receipt.erased_at)
            .bind(receipt.to_text())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The newest receipt of a conversation, as it was issued.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn receipt(&self, id: Uuid) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = sqlx::query_as(
            "SELECT receipt FROM erasure_receipts WHERE conversation = ?1 ORDER BY at LIMIT 1",
        )
        .bind(id.simple().to_string())
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|r| r.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn holds_and_records_are_kept_and_the_last_choice_counts() {
        let folder = tempfile::tempdir().unwrap();
        let file = PrivacyFile::open(folder.path()).await.unwrap();
        let (id, now) = (Uuid::new_v4(), Timestamp::now());
        file.hold(id, "case 7", now).await.unwrap();
        assert_eq!(file.holds().await.unwrap()[0].reason, "case 7");
        assert!(file.release(id).await.unwrap());
        assert!(!file.release(id).await.unwrap());

        assert!(!file.has_opted_out(id).await.unwrap());
        file.record(id, RecordKind::OptOut, "", now).await.unwrap();
        assert!(file.has_opted_out(id).await.unwrap());
        assert_eq!(file.opted_out().await.unwrap(), HashSet::from([id]));
        let later = now + jiff::SignedDuration::from_secs(1);
        file.record(id, RecordKind::OptIn, "", later).await.unwrap();
        assert!(!file.has_opted_out(id).await.unwrap());
        assert!(file.opted_out().await.unwrap().is_empty());
        assert_eq!(file.records(id).await.unwrap().len(), 2);
        assert_eq!(file.erase_records(id).await.unwrap(), 2);
    }
}
