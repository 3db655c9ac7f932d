//! Sealed originals in `privacy.sqlite`.

use std::collections::HashSet;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use super::PrivacyFile;
use crate::store::StoreError;
use crate::store::vault::{SealedEntry, SealedRows, numbered};

#[async_trait]
impl SealedRows for PrivacyFile {
    async fn numbers(&self, conversation: Uuid) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
        Ok(sqlx::query_as("SELECT version, sealed FROM vault_numbers WHERE conversation = ?1")
            .bind(conversation.simple().to_string())
            .fetch_optional(self.pool())
            .await?)
    }

    async fn floors(&self, conversation: Uuid) -> Result<Vec<(String, u32)>, StoreError> {
        Ok(sqlx::query_as("SELECT label, number FROM vault_floors WHERE conversation = ?1")
            .bind(conversation.simple().to_string())
            .fetch_all(self.pool())
            .await?)
    }

    async fn keep(
        &self,
        conversation: Uuid,
        (version, numbers): (i64, Vec<u8>),
        entries: &[SealedEntry<'_>],
    ) -> Result<bool, StoreError> {
        let id = conversation.simple().to_string();
        let now = Timestamp::now();
        let mut work = self.pool().begin_with("BEGIN IMMEDIATE").await?;
        let (change, version) = if version == 0 {
            // The time is a version that no earlier numbering of the conversation had.
            let first = "INSERT OR IGNORE INTO vault_numbers VALUES (?1, ?2, ?3)";
            (sqlx::query(first), now.as_microsecond())
        } else {
            let next = "UPDATE vault_numbers SET version = ?2 + 1, sealed = ?3
                        WHERE conversation = ?1 AND version = ?2";
            (sqlx::query(next), version)
        };
        let changed = change.bind(&id).bind(version).bind(numbers).execute(&mut *work).await?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
        let now = now.to_string();
        for entry in entries {
            // A value that is known keeps its first spelling, and counts as used now.
            sqlx::query(
                "INSERT INTO vault_entries VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET at = excluded.at",
            )
            .bind(&id)
            .bind(entry.placeholder)
            .bind(entry.kind)
            .bind(&entry.sealed)
            .bind(&now)
            .execute(&mut *work)
            .await?;
        }
        work.commit().await?;
        Ok(true)
    }

    async fn entries(&self, conversation: Uuid) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        Ok(sqlx::query_as("SELECT placeholder, sealed FROM vault_entries WHERE conversation = ?1")
            .bind(conversation.simple().to_string())
            .fetch_all(self.pool())
            .await?)
    }

    async fn entry(
        &self,
        conversation: Uuid,
        placeholder: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT sealed FROM vault_entries WHERE conversation = ?1 AND placeholder = ?2",
        )
        .bind(conversation.simple().to_string())
        .bind(placeholder)
        .fetch_optional(self.pool())
        .await?)
    }

    async fn remove(&self, conversation: Uuid) -> Result<u64, StoreError> {
        let id = conversation.simple().to_string();
        let mut work = self.pool().begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM vault_floors WHERE conversation = ?1")
            .bind(&id)
            .execute(&mut *work)
            .await?;
        let gone = remove_sealed(&mut work, &id).await?;
        work.commit().await?;
        Ok(gone)
    }

    async fn expire(&self, read: &[(Uuid, i64)]) -> Result<u64, StoreError> {
        let mut work = self.pool().begin_with("BEGIN IMMEDIATE").await?;
        let mut gone = 0;
        for (id, version) in read {
            let id = id.simple().to_string();
            let (unchanged,): (bool,) = sqlx::query_as(
                "SELECT EXISTS (SELECT 1 FROM vault_numbers
                     WHERE conversation = ?1 AND version = ?2)",
            )
            .bind(&id)
            .bind(*version)
            .fetch_one(&mut *work)
            .await?;
            if unchanged {
                remember_floors(&mut work, &id).await?;
                gone += remove_sealed(&mut work, &id).await?;
            }
        }
        work.commit().await?;
        Ok(gone)
    }

    async fn all(&self) -> Result<HashSet<Uuid>, StoreError> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "SELECT conversation FROM vault_entries UNION SELECT conversation FROM vault_floors",
        )
        .fetch_all(self.pool())
        .await?;
        Ok(rows.iter().filter_map(|(id,)| Uuid::try_parse(id).ok()).collect())
    }

    async fn knows(&self, conversation: Uuid) -> Result<bool, StoreError> {
        let (any,): (bool,) = sqlx::query_as(
            "SELECT EXISTS (SELECT 1 FROM vault_entries WHERE conversation = ?1
                 UNION ALL SELECT 1 FROM vault_floors WHERE conversation = ?1)",
        )
        .bind(conversation.simple().to_string())
        .fetch_one(self.pool())
        .await?;
        Ok(any)
    }

    async fn older_than(&self, before: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "SELECT conversation FROM vault_entries GROUP BY conversation HAVING max(at) < ?1",
        )
        .bind(before.to_string())
        .fetch_all(self.pool())
        .await?;
        Ok(rows.iter().filter_map(|(id,)| Uuid::try_parse(id).ok()).collect())
    }

    async fn version_older_than(
        &self,
        conversation: Uuid,
        before: Timestamp,
    ) -> Result<Option<i64>, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT version FROM vault_numbers WHERE conversation = ?1
             AND (SELECT max(at) FROM vault_entries WHERE conversation = ?1) < ?2",
        )
        .bind(conversation.simple().to_string())
        .bind(before.to_string())
        .fetch_optional(self.pool())
        .await?)
    }
}

/// Keeps the highest number of each label (`[EMAIL_4]`: EMAIL, 4) before the entries go.
async fn remember_floors(
    work: &mut SqliteConnection,
    conversation: &str,
) -> Result<(), StoreError> {
    let rows: Vec<(String,)> =
        sqlx::query_as("SELECT placeholder FROM vault_entries WHERE conversation = ?1")
            .bind(conversation)
            .fetch_all(&mut *work)
            .await?;
    for (placeholder,) in &rows {
        let Some((label, number)) = numbered(placeholder) else { continue };
        sqlx::query(
            "INSERT INTO vault_floors VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET number = max(number, excluded.number)",
        )
        .bind(conversation)
        .bind(label)
        .bind(number)
        .execute(&mut *work)
        .await?;
    }
    Ok(())
}

/// Gives the number of originals.
async fn remove_sealed(work: &mut SqliteConnection, conversation: &str) -> Result<u64, StoreError> {
    let gone = sqlx::query("DELETE FROM vault_entries WHERE conversation = ?1")
        .bind(conversation)
        .execute(&mut *work)
        .await?;
    sqlx::query("DELETE FROM vault_numbers WHERE conversation = ?1")
        .bind(conversation)
        .execute(&mut *work)
        .await?;
    Ok(gone.rows_affected())
}
