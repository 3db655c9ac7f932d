//! The audit log in Postgres. Writers of all processes come one after the other, behind an advisory lock of
//! their transaction, so the chain has no branches.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::postgres::PgConnection;

use super::PostgresStore;
use crate::privacy::audit::{AuditEntry, AuditHead};
use crate::store::StoreError;
use crate::store::audit::{AuditRows, Ends, Next, PAGE, Row, Show, Shown, Sign, entry};
use crate::store::rows::signed;

/// First half of the lock's key ("Audi"); the second is the schema.
const LOCK: i32 = 0x4175_6469;

#[async_trait]
impl AuditRows for PostgresStore {
    async fn append(&self, next: Next<'_>) -> Result<(), StoreError> {
        self.within(async {
            let mut tx = self.pool.begin().await?;
            lock(&mut tx).await?;
            let ends = Ends { head: end(&mut tx, "head").await?, mark: mark(&mut tx).await? };
            let added = next(&ends);
            for entry in &added.entries {
                sqlx::query(
                    "INSERT INTO privacy_audit (seq, at, actor, action, subject, prev, hash) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                )
                .bind(signed(entry.seq))
                .bind(&entry.at)
                .bind(&entry.actor)
                .bind(&entry.action)
                .bind(&entry.subject)
                .bind(&entry.prev)
                .bind(&entry.hash)
                .execute(&mut *tx)
                .await?;
            }
            set_end(&mut tx, "head", &added.head).await?;
            sqlx::query(
                "INSERT INTO keys_audit_mark (seq, hash) VALUES ($1, $2) \
             ON CONFLICT (only_one) DO UPDATE SET seq = excluded.seq, hash = excluded.hash",
            )
            .bind(signed(added.head.seq))
            .bind(&added.head.hash)
            .execute(&mut *tx)
            .await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    async fn read(&self, show: Show<'_>) -> Result<Ends, StoreError> {
        // A long log takes longer than a call may; each page has the statement's own limit.
        let mut tx =
            self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        show(Shown::Start(end(&mut tx, "start").await?.as_ref()));
        let ends = Ends { head: end(&mut tx, "head").await?, mark: mark(&mut tx).await? };
        let mut after = 0;
        loop {
            let rows: Vec<Row> = sqlx::query_as(
                "SELECT seq, at, actor, action, subject, prev, hash FROM privacy_audit \
                 WHERE seq > $1 ORDER BY seq LIMIT $2",
            )
            .bind(after)
            .bind(i64::from(PAGE))
            .fetch_all(&mut *tx)
            .await?;
            let Some(last) = rows.last() else { break };
            after = last.0;
            for row in rows {
                show(Shown::Entry(&entry(row)));
            }
        }
        Ok(ends)
    }

    async fn newest(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.within(async {
            let rows: Vec<Row> = sqlx::query_as(
                "SELECT * FROM (SELECT seq, at, actor, action, subject, prev, hash \
                 FROM privacy_audit ORDER BY seq DESC LIMIT $1) newest ORDER BY seq",
            )
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
            Ok(rows.into_iter().map(entry).collect())
        })
        .await
    }

    async fn count_before(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.within(async {
            let n: i64 = sqlx::query_scalar("SELECT count(*) FROM privacy_audit WHERE at < $1")
                .bind(before.to_string())
                .fetch_one(&self.pool)
                .await?;
            Ok(n.unsigned_abs())
        })
        .await
    }

    async fn expire(&self, before: Timestamp, sign: Sign<'_>) -> Result<u64, StoreError> {
        self.within(async {
            let mut tx = self.pool.begin().await?;
            lock(&mut tx).await?;
            // Up to the first entry that is young enough: the chain has no holes.
            let last: Option<(i64, String)> = sqlx::query_as(
                "SELECT seq, hash FROM privacy_audit WHERE at < $1 \
             AND seq < coalesce((SELECT min(seq) FROM privacy_audit WHERE at >= $1), \
                                9223372036854775807) \
             ORDER BY seq DESC LIMIT 1",
            )
            .bind(before.to_string())
            .fetch_optional(&mut *tx)
            .await?;
            let Some((seq, hash)) = last else { return Ok(0) };
            let gone = sqlx::query("DELETE FROM privacy_audit WHERE seq <= $1")
                .bind(seq)
                .execute(&mut *tx)
                .await?
                .rows_affected();
            set_end(&mut tx, "start", &sign(seq.unsigned_abs(), &hash)).await?;
            tx.commit().await?;
            Ok(gone)
        })
        .await
    }
}

/// Waits for other writers; until the end of the transaction they wait for this one.
async fn lock(tx: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_advisory_xact_lock($1, hashtext(current_schema()))")
        .bind(LOCK)
        .execute(tx)
        .await?;
    Ok(())
}

async fn end(tx: &mut PgConnection, place: &str) -> Result<Option<AuditHead>, StoreError> {
    let row: Option<(i64, String, String)> =
        sqlx::query_as("SELECT seq, hash, signature FROM privacy_audit_ends WHERE place = $1")
            .bind(place)
            .fetch_optional(tx)
            .await?;
    Ok(row.map(|(seq, hash, signature)| AuditHead { seq: seq.unsigned_abs(), hash, signature }))
}

async fn set_end(tx: &mut PgConnection, place: &str, head: &AuditHead) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO privacy_audit_ends (place, seq, hash, signature) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (place) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, \
         signature = excluded.signature",
    )
    .bind(place)
    .bind(signed(head.seq))
    .bind(&head.hash)
    .bind(&head.signature)
    .execute(tx)
    .await?;
    Ok(())
}

async fn mark(tx: &mut PgConnection) -> Result<Option<AuditHead>, StoreError> {
    let row: Option<(i64, String)> =
        sqlx::query_as("SELECT seq, hash FROM keys_audit_mark").fetch_optional(tx).await?;
    let signature = String::new();
    Ok(row.map(|(seq, hash)| AuditHead { seq: seq.unsigned_abs(), hash, signature }))
}
