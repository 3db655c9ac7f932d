//! `keys/keys.sqlite`: the sealed data keys, which conversations were erased, and how far the audit log
//! had come. A small file of its own, because back-ups treat it apart: a back-up of everything else with
//! the newest copy of this file gives nothing of an erased conversation.

use std::collections::HashSet;
use std::path::Path;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::{SqliteJournalMode, SqlitePool};
use uuid::Uuid;

use crate::privacy::audit::AuditHead;
use crate::privacy::vault::{KeyRing, WrappedKey};
use crate::store::StoreError;
use crate::store::file::{self, Scrub};
use crate::store::key_copy::KeyCopy;
use crate::store::vault::{Added, KeyRows, VaultStoreError, rewrapped};

/// The open file. Several processes may have it open.
#[derive(Clone)]
pub(crate) struct KeyFile {
    pool: SqlitePool,
}

impl KeyFile {
    /// The folder keeps its mode: beside an archive it is the operator's.
    pub(crate) async fn open(path: &Path) -> Result<Self, StoreError> {
        // A rollback journal, not a write-ahead log: what is deleted is in no second file.
        let pool =
            file::open(path, SqliteJournalMode::Delete, &sqlx::migrate!("./migrations/keys"))
                .await?;
        Ok(Self { pool })
    }

    /// Whether the key file `newer` may take the place of `older`: another state of the same file, and
    /// not an earlier one. Erasures and the audit log only ever grow.
    ///
    /// # Errors
    /// When one of them is no key file.
    pub(crate) async fn follows(newer: &Path, older: &Path) -> Result<bool, StoreError> {
        let (new, old) = (Self::open(newer).await?, Self::open(older).await?);
        let erased: HashSet<Uuid> = new.erased().await?.into_iter().collect();
        let before = old.erased().await?;
        let seq = |head: Option<AuditHead>| head.map_or(0, |head| head.seq);
        let grown = seq(new.audit_mark().await?) >= seq(old.audit_mark().await?);
        let (known, stranger) = (new.conversations().await?, old.conversations().await?);
        // Of two folders that never erased anything only the keys tell which is which.
        let shares = new.master().await? == old.master().await?
            || known.is_empty()
            || stranger.is_empty()
            || stranger.iter().any(|id| known.contains(id) || erased.contains(id));
        new.close().await;
        old.close().await;
        Ok(grown && shares && before.iter().all(|id| erased.contains(id)))
    }

    async fn conversations(&self) -> Result<HashSet<Uuid>, StoreError> {
        let rows: Vec<(String,)> =
            sqlx::query_as("SELECT conversation FROM data_keys").fetch_all(&self.pool).await?;
        Ok(rows.iter().filter_map(|(id,)| Uuid::try_parse(id).ok()).collect())
    }

    /// Everything it holds.
    pub(in crate::store) async fn copy(&self) -> Result<KeyCopy, StoreError> {
        let mut work = self.pool.begin().await?;
        let master: Option<(String, String)> =
            sqlx::query_as("SELECT id, at FROM master").fetch_optional(&mut *work).await?;
        let data: Vec<(String, String, Vec<u8>, String)> =
            sqlx::query_as("SELECT conversation, master, sealed, at FROM data_keys")
                .fetch_all(&mut *work)
                .await?;
        let erased: Vec<(String, String)> =
            sqlx::query_as("SELECT conversation, at FROM erased").fetch_all(&mut *work).await?;
        let audit_mark =
            sqlx::query_as("SELECT seq, hash FROM audit_mark").fetch_optional(&mut *work).await?;
        let secrets =
            sqlx::query_as("SELECT name, sealed FROM secrets").fetch_all(&mut *work).await?;
        Ok(KeyCopy {
            master: master.map(|(id, at)| (id, ms(&at))),
            data: data
                .into_iter()
                .map(|(id, master, key, at)| (id, master, key, ms(&at)))
                .collect(),
            erased: erased.into_iter().map(|(id, at)| (id, ms(&at))).collect(),
            audit_mark,
            secrets,
        })
    }

    /// Fills an empty file.
    pub(in crate::store) async fn fill(&self, copy: &KeyCopy) -> Result<(), StoreError> {
        let mut work = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        if let Some((id, at)) = &copy.master {
            sqlx::query("INSERT INTO master VALUES (1, ?1, ?2)")
                .bind(id)
                .bind(written(*at))
                .execute(&mut *work)
                .await?;
        }
        for (conversation, master, sealed, at) in &copy.data {
            sqlx::query("INSERT INTO data_keys VALUES (?1, ?2, ?3, ?4)")
                .bind(conversation)
                .bind(master)
                .bind(sealed)
                .bind(written(*at))
                .execute(&mut *work)
                .await?;
        }
        for (conversation, at) in &copy.erased {
            sqlx::query("INSERT INTO erased VALUES (?1, ?2)")
                .bind(conversation)
                .bind(written(*at))
                .execute(&mut *work)
                .await?;
        }
        if let Some((seq, hash)) = &copy.audit_mark {
            sqlx::query("INSERT INTO audit_mark VALUES (1, ?1, ?2)")
                .bind(seq)
                .bind(hash)
                .execute(&mut *work)
                .await?;
        }
        for (name, sealed) in &copy.secrets {
            sqlx::query("INSERT INTO secrets VALUES (?1, ?2)")
                .bind(name)
                .bind(sealed)
                .execute(&mut *work)
                .await?;
        }
        Ok(work.commit().await?)
    }

    /// Keeps a sealed secret of the installation, for the database that the file goes to.
    pub(in crate::store) async fn add_secret(
        &self,
        name: &str,
        sealed: &[u8],
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT OR REPLACE INTO secrets VALUES (?1, ?2)")
            .bind(name)
            .bind(sealed)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub(super) async fn audit_mark(&self) -> Result<Option<AuditHead>, StoreError> {
        let row: Option<(i64, String)> =
            sqlx::query_as("SELECT seq, hash FROM audit_mark").fetch_optional(&self.pool).await?;
        Ok(row.map(|(seq, hash)| AuditHead {
            seq: seq.unsigned_abs(),
            hash,
            signature: String::new(),
        }))
    }

    pub(super) async fn set_audit_mark(&self, head: &AuditHead) -> Result<(), StoreError> {
        sqlx::query("INSERT OR REPLACE INTO audit_mark VALUES (1, ?1, ?2)")
            .bind(i64::try_from(head.seq).unwrap_or(i64::MAX))
            .bind(&head.hash)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

#[async_trait]
impl KeyRows for KeyFile {
    /// Processes beside each other have the key file of the same data folder.
    fn shared(&self) -> bool {
        false
    }

    async fn master(&self) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> =
            sqlx::query_as("SELECT id FROM master").fetch_optional(&self.pool).await?;
        Ok(row.map(|r| r.0))
    }

    async fn count(&self) -> Result<u64, StoreError> {
        let (n,): (i64,) =
            sqlx::query_as("SELECT count(*) FROM data_keys").fetch_one(&self.pool).await?;
        Ok(n.unsigned_abs())
    }

    async fn get(&self, conversation: Uuid) -> Result<Option<WrappedKey>, StoreError> {
        let row: Option<(String, Vec<u8>)> =
            sqlx::query_as("SELECT master, sealed FROM data_keys WHERE conversation = ?1")
                .bind(conversation.simple().to_string())
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.map(|(master, sealed)| WrappedKey { master, sealed }))
    }

    async fn add(&self, id: Uuid, key: &WrappedKey) -> Result<Added, StoreError> {
        let id = id.simple().to_string();
        let mut work = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let (erased, exists, master): (bool, bool, Option<String>) = sqlx::query_as(
            "SELECT EXISTS (SELECT 1 FROM erased WHERE conversation = ?1),
                    EXISTS (SELECT 1 FROM data_keys WHERE conversation = ?1),
                    (SELECT id FROM master)",
        )
        .bind(&id)
        .fetch_one(&mut *work)
        .await?;
        if erased {
            return Ok(Added::Erased);
        }
        if exists {
            return Ok(Added::Exists);
        }
        if master.as_deref() != Some(key.master.as_str()) {
            return Ok(Added::OldMaster);
        }
        sqlx::query("INSERT INTO data_keys VALUES (?1, ?2, ?3, ?4)")
            .bind(&id)
            .bind(&key.master)
            .bind(&key.sealed)
            .bind(Timestamp::now().to_string())
            .execute(&mut *work)
            .await?;
        work.commit().await?;
        Ok(Added::Stored)
    }

    async fn rewrap(&self, ring: &KeyRing) -> Result<u64, VaultStoreError> {
        let mut work = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(StoreError::from)?;
        let current = ring.current().id();
        let old: Vec<(String, String, Vec<u8>)> =
            sqlx::query_as("SELECT conversation, master, sealed FROM data_keys WHERE master <> ?1")
                .bind(current)
                .fetch_all(&mut *work)
                .await
                .map_err(StoreError::from)?;
        for (conversation, master, sealed) in &old {
            let old = WrappedKey { master: master.clone(), sealed: sealed.clone() };
            let fresh = rewrapped(ring, conversation, &old)?;
            sqlx::query("UPDATE data_keys SET master = ?2, sealed = ?3 WHERE conversation = ?1")
                .bind(conversation)
                .bind(&fresh.master)
                .bind(&fresh.sealed)
                .execute(&mut *work)
                .await
                .map_err(StoreError::from)?;
        }
        sqlx::query("INSERT OR REPLACE INTO master VALUES (1, ?1, ?2)")
            .bind(current)
            .bind(Timestamp::now().to_string())
            .execute(&mut *work)
            .await
            .map_err(StoreError::from)?;
        work.commit().await.map_err(StoreError::from)?;
        file::scrub(&self.pool, Scrub::Whole).await?;
        Ok(old.len() as u64)
    }

    async fn destroy(&self, id: Uuid, at: Timestamp) -> Result<bool, StoreError> {
        let id = id.simple().to_string();
        let mut work = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let gone = sqlx::query("DELETE FROM data_keys WHERE conversation = ?1")
            .bind(&id)
            .execute(&mut *work)
            .await?
            .rows_affected();
        sqlx::query("INSERT OR IGNORE INTO erased VALUES (?1, ?2)")
            .bind(&id)
            .bind(at.to_string())
            .execute(&mut *work)
            .await?;
        work.commit().await?;
        Ok(gone > 0)
    }

    async fn expire(&self, conversations: &[Uuid]) -> Result<u64, StoreError> {
        let mut work = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let mut gone = 0;
        for id in conversations {
            gone += sqlx::query("DELETE FROM data_keys WHERE conversation = ?1")
                .bind(id.simple().to_string())
                .execute(&mut *work)
                .await?
                .rows_affected();
        }
        work.commit().await?;
        Ok(gone)
    }

    async fn is_erased(&self, conversation: Uuid) -> Result<bool, StoreError> {
        let (erased,): (bool,) =
            sqlx::query_as("SELECT EXISTS (SELECT 1 FROM erased WHERE conversation = ?1)")
                .bind(conversation.simple().to_string())
                .fetch_one(&self.pool)
                .await?;
        Ok(erased)
    }

    async fn erased(&self) -> Result<Vec<Uuid>, StoreError> {
        let rows: Vec<(String,)> =
            sqlx::query_as("SELECT conversation FROM erased").fetch_all(&self.pool).await?;
        Ok(rows.iter().filter_map(|(id,)| Uuid::try_parse(id).ok()).collect())
    }

    async fn scrub(&self, how: Scrub) -> Result<bool, StoreError> {
        file::scrub(&self.pool, how).await
    }

    async fn wants_scrub(&self) -> Result<bool, StoreError> {
        file::wants_scrub(&self.pool).await
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

/// Milliseconds since 1970 of a time as the file has it.
fn ms(at: &str) -> i64 {
    at.parse::<Timestamp>().map_or(0, Timestamp::as_millisecond)
}

fn written(ms: i64) -> String {
    Timestamp::from_millisecond(ms).unwrap_or_default().to_string()
}
