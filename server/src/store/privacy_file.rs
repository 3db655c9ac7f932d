//! `privacy.sqlite` in the data folder: sealed originals, audit log, legal holds, receipts. Its
//! tables are used by `store::vault`, `store::audit` and, here, by `rights`.

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
    async fn holds_are_kept_until_they_are_released() {
        let folder = tempfile::tempdir().unwrap();
        let file = PrivacyFile::open(folder.path()).await.unwrap();
        let (id, now) = (Uuid::new_v4(), Timestamp::now());
        file.hold(id, "case 7", now).await.unwrap();
        assert_eq!(file.holds().await.unwrap()[0].reason, "case 7");
        assert!(file.release(id).await.unwrap());
        assert!(!file.release(id).await.unwrap());
    }
}
