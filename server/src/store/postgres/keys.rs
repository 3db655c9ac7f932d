//! Sealed data keys in Postgres. Their tables have a prefix of their own, because back-ups treat them apart.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use super::PostgresStore;
use crate::privacy::vault::{KeyRing, VaultError, WrappedKey};
use crate::store::vault::{Added, KeyRows, VaultStoreError, rewrapped};
use crate::store::{Scrub, StoreError};

/// First half of the lock's key ("Keys"); the second is the schema.
const LOCK: i32 = 0x4b65_7973;
/// For sealing all data keys anew. All or none of them are, so it may take longer than other calls.
const RESEALING: Duration = Duration::from_secs(10 * 60);
/// Data keys that one statement of it writes.
const RESEALED_AT_ONCE: usize = 1000;

#[async_trait]
impl KeyRows for PostgresStore {
    fn shared(&self) -> bool {
        true
    }

    async fn master(&self) -> Result<Option<String>, StoreError> {
        self.within(async {
            let mut connection = self.pool.acquire().await?;
            master(&mut connection).await
        })
        .await
    }

    async fn count(&self) -> Result<u64, StoreError> {
        self.within(async {
            let n: i64 =
                sqlx::query_scalar("SELECT count(*) FROM keys_data").fetch_one(&self.pool).await?;
            Ok(n.unsigned_abs())
        })
        .await
    }

    async fn get(&self, conversation: Uuid) -> Result<Option<WrappedKey>, StoreError> {
        self.within(async {
            let row: Option<(String, Vec<u8>)> =
                sqlx::query_as("SELECT master, sealed FROM keys_data WHERE conversation = $1")
                    .bind(conversation.simple().to_string())
                    .fetch_optional(&self.pool)
                    .await?;
            Ok(row.map(|(master, sealed)| WrappedKey { master, sealed }))
        })
        .await
    }

    async fn add(&self, id: Uuid, key: &WrappedKey) -> Result<Added, StoreError> {
        self.within(async {
            let id = id.simple().to_string();
            let mut tx = self.pool.begin().await?;
            // Beside others that add, and never beside an erasure or a change of the master key.
            lock(&mut tx, "pg_advisory_xact_lock_shared").await?;
            let erased: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM keys_erased WHERE conversation = $1)",
            )
            .bind(&id)
            .fetch_one(&mut *tx)
            .await?;
            if erased {
                return Ok(Added::Erased);
            }
            if master(&mut tx).await?.as_deref() != Some(key.master.as_str()) {
                return Ok(Added::OldMaster);
            }
            let added = sqlx::query(
                "INSERT INTO keys_data (conversation, master, sealed, at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (conversation) DO NOTHING",
            )
            .bind(&id)
            .bind(&key.master)
            .bind(&key.sealed)
            .bind(Timestamp::now().as_millisecond())
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
            Ok(if added.rows_affected() > 0 { Added::Stored } else { Added::Exists })
        })
        .await
    }

    async fn rewrap(&self, ring: &KeyRing) -> Result<u64, VaultStoreError> {
        let resealed = tokio::time::timeout(RESEALING, self.reseal(ring)).await;
        let count = resealed.unwrap_or_else(|_| {
            let (place, minutes) = (&self.location, RESEALING.as_secs() / 60);
            let late = format!(
                "{place}: the data keys were not sealed anew within {minutes} minutes; nothing has changed"
            );
            Err(StoreError::Database(late).into())
        })?;
        if count > 0 {
            self.vacuum("keys_", Scrub::Whole).await?;
        }
        Ok(count)
    }

    async fn destroy(&self, id: Uuid, at: Timestamp) -> Result<bool, StoreError> {
        self.within(async {
            let id = id.simple().to_string();
            let mut tx = self.pool.begin().await?;
            lock(&mut tx, "pg_advisory_xact_lock").await?;
            let gone = sqlx::query("DELETE FROM keys_data WHERE conversation = $1")
                .bind(&id)
                .execute(&mut *tx)
                .await?
                .rows_affected();
            sqlx::query(
                "INSERT INTO keys_erased (conversation, at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            )
            .bind(&id)
            .bind(at.as_millisecond())
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
            Ok(gone > 0)
        })
        .await
    }

    async fn expire(&self, conversations: &[Uuid]) -> Result<u64, StoreError> {
        self.within(async {
            let ids: Vec<String> = conversations.iter().map(|id| id.simple().to_string()).collect();
            let gone = sqlx::query("DELETE FROM keys_data WHERE conversation = ANY($1)")
                .bind(ids)
                .execute(&self.pool)
                .await?;
            Ok(gone.rows_affected())
        })
        .await
    }

    async fn is_erased(&self, conversation: Uuid) -> Result<bool, StoreError> {
        self.within(async {
            Ok(sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM keys_erased WHERE conversation = $1)",
            )
            .bind(conversation.simple().to_string())
            .fetch_one(&self.pool)
            .await?)
        })
        .await
    }

    async fn erased(&self) -> Result<Vec<Uuid>, StoreError> {
        self.within(async {
            let ids: Vec<String> = sqlx::query_scalar("SELECT conversation FROM keys_erased")
                .fetch_all(&self.pool)
                .await?;
            Ok(ids.iter().filter_map(|id| Uuid::try_parse(id).ok()).collect())
        })
        .await
    }

    async fn scrub(&self, how: Scrub) -> Result<bool, StoreError> {
        self.vacuum("keys_", how).await
    }

    async fn wants_scrub(&self) -> Result<bool, StoreError> {
        // Autovacuum sees to what is left.
        Ok(false)
    }

    /// The connections are those of the conversations.
    async fn close(&self) {}
}

impl PostgresStore {
    /// Everybody who stores a data key waits meanwhile; who reads one does not.
    async fn reseal(&self, ring: &KeyRing) -> Result<u64, VaultStoreError> {
        let mut tx = self.pool.begin().await.map_err(StoreError::from)?;
        let limit = format!("SET LOCAL statement_timeout = '{}s'", RESEALING.as_secs());
        sqlx::query(AssertSqlSafe(limit)).execute(&mut *tx).await.map_err(StoreError::from)?;
        lock(&mut tx, "pg_advisory_xact_lock").await?;
        // The key in use must be known: a process that brings another one may not put it aside.
        let known = |id: &str| {
            std::iter::once(ring.current()).chain(ring.older()).any(|master| master.id() == id)
        };
        if let Some(other) = master(&mut tx).await?.filter(|id| !known(id)) {
            return Err(VaultError::UnknownMaster(other).into());
        }
        let current = ring.current().id();
        let old: Vec<(String, String, Vec<u8>)> =
            sqlx::query_as("SELECT conversation, master, sealed FROM keys_data WHERE master <> $1")
                .bind(current)
                .fetch_all(&mut *tx)
                .await
                .map_err(StoreError::from)?;
        let count = old.len() as u64;
        let mut old = old.into_iter().peekable();
        while old.peek().is_some() {
            let (mut conversations, mut fresh) = (Vec::new(), Vec::new());
            for (conversation, master, sealed) in old.by_ref().take(RESEALED_AT_ONCE) {
                fresh.push(rewrapped(ring, &conversation, &WrappedKey { master, sealed })?.sealed);
                conversations.push(conversation);
            }
            sqlx::query(
                "UPDATE keys_data k SET master = $1, sealed = n.sealed \
                 FROM unnest($2::text[], $3::bytea[]) AS n (conversation, sealed) \
                 WHERE k.conversation = n.conversation",
            )
            .bind(current)
            .bind(conversations)
            .bind(fresh)
            .execute(&mut *tx)
            .await
            .map_err(StoreError::from)?;
        }
        sqlx::query(
            "INSERT INTO keys_master (id, at) VALUES ($1, $2) \
             ON CONFLICT (only_one) DO UPDATE SET id = excluded.id, at = excluded.at",
        )
        .bind(current)
        .bind(Timestamp::now().as_millisecond())
        .execute(&mut *tx)
        .await
        .map_err(StoreError::from)?;
        tx.commit().await.map_err(StoreError::from)?;
        Ok(count)
    }
}

async fn master(connection: &mut PgConnection) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar("SELECT id FROM keys_master").fetch_optional(connection).await?)
}

async fn lock(tx: &mut PgConnection, how: &str) -> Result<(), StoreError> {
    let sql = format!("SELECT {how}($1, hashtext(current_schema()))");
    sqlx::query(AssertSqlSafe(sql)).bind(LOCK).execute(tx).await?;
    Ok(())
}
