//! The audit log in `privacy.sqlite`, with its mark in `keys.sqlite`.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnection, SqlitePool};

use super::{KeyFile, PrivacyFile};
use crate::privacy::audit::{AuditEntry, AuditHead};
use crate::store::StoreError;
use crate::store::audit::{AuditRows, Ends, Next, PAGE, Row, Show, Shown, Sign, entry};
use crate::store::rows::signed;

/// The log's tables in the two files.
pub(in crate::store) struct SqliteAudit {
    pub(super) pool: SqlitePool,
    keys: KeyFile,
}

impl SqliteAudit {
    pub(in crate::store) fn new(privacy: &PrivacyFile, keys: &KeyFile) -> Self {
        Self { pool: privacy.pool().clone(), keys: keys.clone() }
    }

    /// Makes the head the mark. As it is under the lock of the log, and after the entry is stored: so a writer
    /// that was slower, in this process or another, never puts an earlier mark in the place of a later one, and
    /// a crash never leaves a mark of what is not there.
    async fn mark(&self) -> Result<(), StoreError> {
        let mut locked = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        match end(&mut locked, "head").await? {
            Some(head) => self.keys.set_audit_mark(&head).await,
            None => Ok(()),
        }
    }
}

#[async_trait]
impl AuditRows for SqliteAudit {
    async fn append(&self, next: Next<'_>) -> Result<(), StoreError> {
        let mut work = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let head = end(&mut work, "head").await?;
        let added = next(&Ends { head, mark: self.keys.audit_mark().await? });
        for entry in &added.entries {
            sqlx::query("INSERT INTO audit VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
                .bind(signed(entry.seq))
                .bind(&entry.at)
                .bind(&entry.actor)
                .bind(&entry.action)
                .bind(&entry.subject)
                .bind(&entry.prev)
                .bind(&entry.hash)
                .execute(&mut *work)
                .await?;
        }
        set_end(&mut work, "head", &added.head).await?;
        work.commit().await?;
        self.mark().await
    }

    async fn read(&self, show: Show<'_>) -> Result<Ends, StoreError> {
        // Before the view is taken: it holds whatever the mark tells of.
        let mark = self.keys.audit_mark().await?;
        let mut work = self.pool.begin().await?;
        show(Shown::Start(end(&mut work, "start").await?.as_ref()));
        let head = end(&mut work, "head").await?;
        let mut after = 0;
        loop {
            let rows = page(&mut work, after).await?;
            let Some(last) = rows.last() else { break };
            after = last.seq;
            rows.iter().for_each(|entry| show(Shown::Entry(entry)));
        }
        Ok(Ends { head, mark })
    }

    async fn newest(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT * FROM (SELECT seq, at, actor, action, subject, prev, hash FROM audit
             ORDER BY seq DESC LIMIT ?1) ORDER BY seq",
        )
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(entry).collect())
    }

    async fn count_before(&self, before: Timestamp) -> Result<u64, StoreError> {
        let (n,): (i64,) = sqlx::query_as("SELECT count(*) FROM audit WHERE at < ?1")
            .bind(before.to_string())
            .fetch_one(&self.pool)
            .await?;
        Ok(n.unsigned_abs())
    }

    async fn expire(&self, before: Timestamp, sign: Sign<'_>) -> Result<u64, StoreError> {
        let mut work = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        // Up to the first entry that is young enough: the chain has no holes.
        let last: Option<(i64, String)> = sqlx::query_as(
            "SELECT seq, hash FROM audit WHERE at < ?1
             AND seq < coalesce((SELECT min(seq) FROM audit WHERE at >= ?1), 9223372036854775807)
             ORDER BY seq DESC LIMIT 1",
        )
        .bind(before.to_string())
        .fetch_optional(&mut *work)
        .await?;
        let Some((seq, hash)) = last else { return Ok(0) };
        let gone = sqlx::query("DELETE FROM audit WHERE seq <= ?1")
            .bind(seq)
            .execute(&mut *work)
            .await?
            .rows_affected();
        set_end(&mut work, "start", &sign(seq.unsigned_abs(), &hash)).await?;
        work.commit().await?;
        Ok(gone)
    }
}

pub(super) async fn end(
    work: &mut SqliteConnection,
    place: &str,
) -> Result<Option<AuditHead>, StoreError> {
    let row: Option<(i64, String, String)> =
        sqlx::query_as("SELECT seq, hash, signature FROM audit_ends WHERE place = ?1")
            .bind(place)
            .fetch_optional(work)
            .await?;
    Ok(row.map(|(seq, hash, signature)| AuditHead { seq: seq.unsigned_abs(), hash, signature }))
}

pub(super) async fn set_end(
    work: &mut SqliteConnection,
    place: &str,
    head: &AuditHead,
) -> Result<(), StoreError> {
    sqlx::query("INSERT OR REPLACE INTO audit_ends VALUES (?1, ?2, ?3, ?4)")
        .bind(place)
        .bind(signed(head.seq))
        .bind(&head.hash)
        .bind(&head.signature)
        .execute(work)
        .await?;
    Ok(())
}

async fn page(work: &mut SqliteConnection, after: u64) -> Result<Vec<AuditEntry>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT seq, at, actor, action, subject, prev, hash FROM audit WHERE seq > ?1
         ORDER BY seq LIMIT ?2",
    )
    .bind(signed(after))
    .bind(PAGE)
    .fetch_all(work)
    .await?;
    Ok(rows.into_iter().map(entry).collect())
}
