//! Legal holds and receipts in Postgres.

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::PostgresStore;
use crate::privacy::Receipt;
use crate::store::privacy::{Claim, LegalHold, PrivacyRecords};
use crate::store::{Scrub, StoreError};

#[async_trait]
impl PrivacyRecords for PostgresStore {
    async fn wants_scrub(&self) -> Result<bool, StoreError> {
        // Autovacuum sees to what is left.
        Ok(false)
    }

    async fn scrub(&self, how: Scrub) -> Result<bool, StoreError> {
        self.vacuum("privacy_", how).await
    }

    async fn owe_scrub(&self) -> Result<(), StoreError> {
        // Autovacuum sees to what is left.
        Ok(())
    }

    async fn hold(&self, id: Uuid, reason: &str, at: Timestamp) -> Result<bool, StoreError> {
        self.within(async {
            let held = sqlx::query(
                "INSERT INTO privacy_legal_holds AS h (conversation, reason, at) VALUES ($1, $2, $3) \
                 ON CONFLICT (conversation) DO UPDATE SET reason = excluded.reason, at = excluded.at \
                 WHERE NOT h.erasing",
            )
            .bind(id.simple().to_string())
            .bind(reason)
            .bind(at.to_string())
            .execute(&self.pool)
            .await?;
            Ok(held.rows_affected() > 0)
        })
        .await
    }

    async fn claim(&self, id: Uuid, at: Timestamp) -> Result<Claim, StoreError> {
        self.within(async {
            // The row that is there is written as it is: that waits for whoever writes it, and gives it.
            let (erasing, reason): (bool, String) = sqlx::query_as(
                "INSERT INTO privacy_legal_holds AS h (conversation, reason, at, erasing) \
                 VALUES ($1, '', $2, true) \
                 ON CONFLICT (conversation) DO UPDATE SET erasing = h.erasing \
                 RETURNING h.erasing, h.reason",
            )
            .bind(id.simple().to_string())
            .bind(at.to_string())
            .fetch_one(&self.pool)
            .await?;
            Ok(if erasing { Claim::Granted } else { Claim::Held(reason) })
        })
        .await
    }

    async fn end_claim(&self, id: Uuid) -> Result<(), StoreError> {
        self.within(async {
            sqlx::query("DELETE FROM privacy_legal_holds WHERE conversation = $1 AND erasing")
                .bind(id.simple().to_string())
                .execute(&self.pool)
                .await?;
            Ok(())
        })
        .await
    }

    async fn claims(&self) -> Result<Vec<Uuid>, StoreError> {
        self.within(async {
            let ids: Vec<String> =
                sqlx::query_scalar("SELECT conversation FROM privacy_legal_holds WHERE erasing")
                    .fetch_all(&self.pool)
                    .await?;
            Ok(ids.iter().filter_map(|id| Uuid::try_parse(id).ok()).collect())
        })
        .await
    }

    async fn release(&self, id: Uuid) -> Result<bool, StoreError> {
        self.within(async {
            let gone = sqlx::query(
                "DELETE FROM privacy_legal_holds WHERE conversation = $1 AND NOT erasing",
            )
            .bind(id.simple().to_string())
            .execute(&self.pool)
            .await?;
            Ok(gone.rows_affected() > 0)
        })
        .await
    }

    async fn holds(&self) -> Result<Vec<LegalHold>, StoreError> {
        self.within(async {
            let rows: Vec<(String, String, String)> = sqlx::query_as(
                "SELECT conversation, reason, at FROM privacy_legal_holds \
                 WHERE NOT erasing ORDER BY at",
            )
            .fetch_all(&self.pool)
            .await?;
            let hold = |(conversation, reason, at)| LegalHold { conversation, reason, at };
            Ok(rows.into_iter().map(hold).collect())
        })
        .await
    }

    async fn keep_receipt(&self, receipt: &Receipt) -> Result<(), StoreError> {
        self.within(async {
            sqlx::query(
            "INSERT INTO privacy_receipts (id, conversation, at, receipt) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (id) DO UPDATE SET receipt = excluded.receipt",
        )
        .bind(&receipt.id)
        .bind(&receipt.conversation_id)
        .bind(&receipt.erased_at)
        .bind(receipt.to_text())
        .execute(&self.pool)
        .await?;
            Ok(())
        })
        .await
    }

    async fn receipt(&self, id: Uuid) -> Result<Option<String>, StoreError> {
        self.within(async {
            Ok(sqlx::query_scalar(
            "SELECT receipt FROM privacy_receipts WHERE conversation = $1 ORDER BY at DESC LIMIT 1",
        )
        .bind(id.simple().to_string())
        .fetch_optional(&self.pool)
        .await?)
        })
        .await
    }

    /// The connections are those of the conversations.
    async fn close(&self) {}
}
