//! Sealed originals in Postgres.

use std::collections::{BTreeMap, HashSet};

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use super::PostgresStore;
use crate::store::StoreError;
use crate::store::vault::{SealedEntry, SealedRows, numbered};

#[async_trait]
impl SealedRows for PostgresStore {
    async fn numbers(&self, conversation: Uuid) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
        self.within(async {
            Ok(sqlx::query_as(
                "SELECT version, sealed FROM privacy_vault_numbers WHERE conversation = $1",
            )
            .bind(conversation.simple().to_string())
            .fetch_optional(&self.pool)
            .await?)
        })
        .await
    }

    async fn floors(&self, conversation: Uuid) -> Result<Vec<(String, u32)>, StoreError> {
        self.within(async {
            let rows: Vec<(String, i64)> = sqlx::query_as(
                "SELECT label, number FROM privacy_vault_floors WHERE conversation = $1",
            )
            .bind(conversation.simple().to_string())
            .fetch_all(&self.pool)
            .await?;
            let number = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
            Ok(rows.into_iter().map(|(label, n)| (label, number(n))).collect())
        })
        .await
    }

    async fn keep(
        &self,
        conversation: Uuid,
        (version, numbers): (i64, Vec<u8>),
        entries: &[SealedEntry<'_>],
    ) -> Result<bool, StoreError> {
        self.within(async {
            let id = conversation.simple().to_string();
            let mut tx = self.pool.begin().await?;
            // Another process may be erasing the conversation: without its key nothing is kept, and as long
            // as this lasts the key stays.
            let key = sqlx::query("SELECT 1 FROM keys_data WHERE conversation = $1 FOR KEY SHARE")
                .bind(&id)
                .fetch_optional(&mut *tx)
                .await?;
            if key.is_none() {
                return Ok(false);
            }
            let now = Timestamp::now();
            let (change, version) = if version == 0 {
                // The time is a version that no earlier numbering of the conversation had.
                let first = "INSERT INTO privacy_vault_numbers (conversation, version, sealed) \
                             VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
                (sqlx::query(first), now.as_microsecond())
            } else {
                let next = "UPDATE privacy_vault_numbers SET version = $2 + 1, sealed = $3 \
                            WHERE conversation = $1 AND version = $2";
                (sqlx::query(next), version)
            };
            let changed = change.bind(&id).bind(version).bind(numbers).execute(&mut *tx).await?;
            if changed.rows_affected() == 0 {
                return Ok(false);
            }
            let now = now.as_millisecond();
            for entry in entries {
                // A value that is known keeps its first spelling, and counts as used now.
                sqlx::query(
                "INSERT INTO privacy_vault_entries (conversation, placeholder, kind, sealed, at) \
                 VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (conversation, placeholder) DO UPDATE SET at = excluded.at",
            )
            .bind(&id)
            .bind(entry.placeholder)
            .bind(entry.kind)
            .bind(&entry.sealed)
            .bind(now)
            .execute(&mut *tx)
            .await?;
            }
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    async fn entries(&self, conversation: Uuid) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.within(async {
            Ok(sqlx::query_as(
                "SELECT placeholder, sealed FROM privacy_vault_entries WHERE conversation = $1",
            )
            .bind(conversation.simple().to_string())
            .fetch_all(&self.pool)
            .await?)
        })
        .await
    }

    async fn entry(
        &self,
        conversation: Uuid,
        placeholder: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.within(async {
            Ok(sqlx::query_scalar(
            "SELECT sealed FROM privacy_vault_entries WHERE conversation = $1 AND placeholder = $2",
        )
        .bind(conversation.simple().to_string())
        .bind(placeholder)
        .fetch_optional(&self.pool)
        .await?)
        })
        .await
    }

    async fn remove(&self, conversation: Uuid) -> Result<u64, StoreError> {
        self.within(async {
            let ids = [conversation.simple().to_string()];
            let mut tx = self.pool.begin().await?;
            // First the numbering and then the rest, as everybody who writes here.
            sqlx::query("SELECT 1 FROM privacy_vault_numbers WHERE conversation = $1 FOR UPDATE")
                .bind(&ids[0])
                .execute(&mut *tx)
                .await?;
            sqlx::query("DELETE FROM privacy_vault_floors WHERE conversation = $1")
                .bind(&ids[0])
                .execute(&mut *tx)
                .await?;
            let gone = remove_sealed(&mut tx, &ids).await?;
            tx.commit().await?;
            Ok(gone)
        })
        .await
    }

    async fn expire(&self, read: &[(Uuid, i64)]) -> Result<u64, StoreError> {
        self.within(async {
            let (ids, versions): (Vec<String>, Vec<i64>) =
                read.iter().map(|(id, version)| (id.simple().to_string(), *version)).unzip();
            let mut tx = self.pool.begin().await?;
            // Locked until the end, so that no new entries come beside the old ones; in one order, so that
            // two who expire the same wait and do not block each other.
            let unchanged: Vec<String> = sqlx::query_scalar(
                "SELECT conversation FROM privacy_vault_numbers \
                 WHERE (conversation, version) IN (SELECT * FROM unnest($1::text[], $2::bigint[])) \
                 ORDER BY conversation FOR UPDATE",
            )
            .bind(ids)
            .bind(versions)
            .fetch_all(&mut *tx)
            .await?;
            remember_floors(&mut tx, &unchanged).await?;
            let gone = remove_sealed(&mut tx, &unchanged).await?;
            tx.commit().await?;
            Ok(gone)
        })
        .await
    }

    async fn all(&self) -> Result<HashSet<Uuid>, StoreError> {
        self.within(async {
            let ids: Vec<String> = sqlx::query_scalar(
                "SELECT conversation FROM privacy_vault_entries \
             UNION SELECT conversation FROM privacy_vault_floors",
            )
            .fetch_all(&self.pool)
            .await?;
            Ok(ids.iter().filter_map(|id| Uuid::try_parse(id).ok()).collect())
        })
        .await
    }

    async fn knows(&self, conversation: Uuid) -> Result<bool, StoreError> {
        self.within(async {
            Ok(sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM privacy_vault_entries WHERE conversation = $1 \
                 UNION ALL SELECT 1 FROM privacy_vault_floors WHERE conversation = $1)",
            )
            .bind(conversation.simple().to_string())
            .fetch_one(&self.pool)
            .await?)
        })
        .await
    }

    async fn older_than(&self, before: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        self.within(async {
        let ids: Vec<String> = sqlx::query_scalar(
            "SELECT conversation FROM privacy_vault_entries GROUP BY conversation HAVING max(at) < $1",
        )
        .bind(before.as_millisecond())
        .fetch_all(&self.pool)
        .await?;
        Ok(ids.iter().filter_map(|id| Uuid::try_parse(id).ok()).collect())
        }).await
    }

    async fn version_older_than(
        &self,
        conversation: Uuid,
        before: Timestamp,
    ) -> Result<Option<i64>, StoreError> {
        self.within(async {
            Ok(sqlx::query_scalar(
                "SELECT version FROM privacy_vault_numbers WHERE conversation = $1 \
                 AND (SELECT max(at) FROM privacy_vault_entries WHERE conversation = $1) < $2",
            )
            .bind(conversation.simple().to_string())
            .bind(before.as_millisecond())
            .fetch_optional(&self.pool)
            .await?)
        })
        .await
    }
}

/// Keeps the highest number of each label before the entries go.
async fn remember_floors(
    tx: &mut PgConnection,
    conversations: &[String],
) -> Result<(), StoreError> {
    let entries: Vec<(String, String)> = sqlx::query_as(
        "SELECT conversation, placeholder FROM privacy_vault_entries WHERE conversation = ANY($1)",
    )
    .bind(conversations)
    .fetch_all(&mut *tx)
    .await?;
    let mut highest: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for (conversation, placeholder) in &entries {
        if let Some((label, number)) = numbered(placeholder) {
            let floor = highest.entry((conversation.as_str(), label)).or_default();
            *floor = i64::from(number).max(*floor);
        }
    }
    let of: Vec<&str> = highest.keys().map(|(conversation, _)| *conversation).collect();
    let labels: Vec<&str> = highest.keys().map(|(_, label)| *label).collect();
    let numbers: Vec<i64> = highest.into_values().collect();
    sqlx::query(
        "INSERT INTO privacy_vault_floors (conversation, label, number) \
         SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]) \
         ON CONFLICT (conversation, label) \
         DO UPDATE SET number = greatest(privacy_vault_floors.number, excluded.number)",
    )
    .bind(of)
    .bind(labels)
    .bind(numbers)
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Gives the number of originals.
async fn remove_sealed(tx: &mut PgConnection, conversations: &[String]) -> Result<u64, StoreError> {
    let gone = sqlx::query("DELETE FROM privacy_vault_entries WHERE conversation = ANY($1)")
        .bind(conversations)
        .execute(&mut *tx)
        .await?;
    sqlx::query("DELETE FROM privacy_vault_numbers WHERE conversation = ANY($1)")
        .bind(conversations)
        .execute(&mut *tx)
        .await?;
    Ok(gone.rows_affected())
}
