//! `privacy.sqlite` in the data folder: sealed originals, audit log, legal holds, receipts. Its
//! tables are used by `sealed`, `audit` and, here, by the room of privacy records.

use std::path::Path;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::{SqliteJournalMode, SqlitePool};
use uuid::Uuid;

use crate::privacy::Receipt;
use crate::store::StoreError;
use crate::store::file::{self, Scrub};
use crate::store::privacy::{Claim, LegalHold, PrivacyRecords};

/// The file's name in the data folder.
pub(in crate::store) const PRIVACY_FILE: &str = "privacy.sqlite";

/// The open file. Several processes may have it open.
#[derive(Clone)]
pub(in crate::store) struct PrivacyFile {
    pool: SqlitePool,
}

impl PrivacyFile {
    /// Opens or makes the file in `data`.
    ///
    /// # Errors
    /// [`StoreError::Open`].
    pub(in crate::store) async fn open(data: &Path) -> Result<Self, StoreError> {
        let tables = sqlx::migrate!("./migrations/privacy");
        let pool = file::open(&data.join(PRIVACY_FILE), SqliteJournalMode::Wal, &tables).await?;
        Ok(Self { pool })
    }

    pub(in crate::store) fn pool(&self) -> &SqlitePool {
        &self.pool
    }
}

#[async_trait]
impl PrivacyRecords for PrivacyFile {
    async fn wants_scrub(&self) -> Result<bool, StoreError> {
        file::wants_scrub(&self.pool).await
    }

    async fn scrub(&self, how: Scrub) -> Result<bool, StoreError> {
        file::scrub(&self.pool, how).await
    }

    async fn owe_scrub(&self) -> Result<(), StoreError> {
        file::owe_scrub(&self.pool).await
    }

    async fn hold(&self, id: Uuid, reason: &str, at: Timestamp) -> Result<bool, StoreError> {
        let held = sqlx::query(
            "INSERT INTO legal_holds (conversation, reason, at, erasing) VALUES (?1, ?2, ?3, 0)
             ON CONFLICT (conversation) DO UPDATE SET reason = excluded.reason, at = excluded.at
             WHERE NOT erasing",
        )
        .bind(id.simple().to_string())
        .bind(reason)
        .bind(at.to_string())
        .execute(&self.pool)
        .await?;
        Ok(held.rows_affected() > 0)
    }

    async fn claim(&self, id: Uuid, at: Timestamp) -> Result<Claim, StoreError> {
        let id = id.simple().to_string();
        let mut work = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "INSERT INTO legal_holds (conversation, reason, at, erasing) VALUES (?1, '', ?2, 1)
             ON CONFLICT (conversation) DO NOTHING",
        )
        .bind(&id)
        .bind(at.to_string())
        .execute(&mut *work)
        .await?;
        let (erasing, reason): (bool, String) =
            sqlx::query_as("SELECT erasing, reason FROM legal_holds WHERE conversation = ?1")
                .bind(&id)
                .fetch_one(&mut *work)
                .await?;
        work.commit().await?;
        Ok(if erasing { Claim::Granted } else { Claim::Held(reason) })
    }

    async fn end_claim(&self, id: Uuid) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM legal_holds WHERE conversation = ?1 AND erasing")
            .bind(id.simple().to_string())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn claims(&self) -> Result<Vec<Uuid>, StoreError> {
        let rows: Vec<(String,)> =
            sqlx::query_as("SELECT conversation FROM legal_holds WHERE erasing")
                .fetch_all(&self.pool)
                .await?;
        Ok(rows.iter().filter_map(|(id,)| Uuid::try_parse(id).ok()).collect())
    }

    async fn release(&self, id: Uuid) -> Result<bool, StoreError> {
        let gone = sqlx::query("DELETE FROM legal_holds WHERE conversation = ?1 AND NOT erasing")
            .bind(id.simple().to_string())
            .execute(&self.pool)
            .await?;
        Ok(gone.rows_affected() > 0)
    }

    async fn holds(&self) -> Result<Vec<LegalHold>, StoreError> {
        let rows: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT conversation, reason, at FROM legal_holds WHERE NOT erasing ORDER BY at",
        )
        .fetch_all(&self.pool)
        .await?;
        let hold = |(conversation, reason, at)| LegalHold { conversation, reason, at };
        Ok(rows.into_iter().map(hold).collect())
    }

    async fn keep_receipt(&self, receipt: &Receipt) -> Result<(), StoreError> {
        sqlx::query("INSERT OR REPLACE INTO erasure_receipts VALUES (?1, ?2, ?3, ?4)")
            .bind(&receipt.id)
            .bind(&receipt.conversation_id)
            .bind(&receipt.erased_at)
            .bind(receipt.to_text())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn receipt(&self, id: Uuid) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = sqlx::query_as(
            "SELECT receipt FROM erasure_receipts WHERE conversation = ?1 ORDER BY at DESC LIMIT 1",
        )
        .bind(id.simple().to_string())
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|r| r.0))
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}
