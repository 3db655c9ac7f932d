//! The audit log in `privacy.sqlite`: entries are only ever appended, each in one transaction with the
//! signed head. How far it has come is also remembered in `keys.sqlite`, so that a log put back to an
//! older state is noticed.

use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnection, SqlitePool};

use super::vault::KeyFile;
use super::{PrivacyFile, StoreError};
use crate::privacy::Signer;
use crate::privacy::audit::{Actor, AuditCheck, AuditEntry, AuditHead, AuditReport, Deed, Subject};

/// Appended when the log turns out to be older than was remembered, as after restoring a back-up.
const SHORTENED: &str = "audit.log_was_shortened";
/// Entries that are read at once.
const PAGE: u32 = 1000;

type Row = (i64, String, String, String, String, String, String);

/// The open log.
#[derive(Clone)]
pub struct AuditLog {
    pool: SqlitePool,
    keys: KeyFile,
    signer: Signer,
}

impl AuditLog {
    pub fn new(privacy: &PrivacyFile, keys: &KeyFile, signer: Signer) -> Self {
        Self { pool: privacy.pool().clone(), keys: keys.clone(), signer }
    }

    /// Appends a deed. Durable when it returns: what must be recorded is recorded before it is done.
    ///
    /// # Errors
    /// [`StoreError`]; then the deed must not be done.
    pub async fn append(&self, deed: Deed) -> Result<(), StoreError> {
        let mut work = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let mut head = end(&mut work, "head").await?.unwrap_or_else(AuditHead::empty);
        let mark = self.keys.audit_mark().await?;
        if mark.is_some_and(|mark| mark.seq > head.seq) {
            let found = Deed {
                at: deed.at,
                actor: Actor::System,
                action: SHORTENED,
                subject: Subject::System,
            };
            head = self.add(&mut work, &head, &found).await?;
        }
        head = self.add(&mut work, &head, &deed).await?;
        work.commit().await?;
        self.keys.set_audit_mark(&head).await
    }

    /// Checks the whole chain.
    ///
    /// # Errors
    /// [`StoreError`] when the log cannot be read at all.
    pub async fn verify(&self) -> Result<AuditReport, StoreError> {
        let public = self.signer.public();
        let mut work = self.pool.begin().await?;
        let start = end(&mut work, "start").await?;
        let head = end(&mut work, "head").await?;
        let mut check = AuditCheck::new(start.as_ref(), &public);
        let mut after = 0;
        loop {
            let rows = page(&mut work, after).await?;
            let Some(last) = rows.last() else { break };
            after = last.seq;
            rows.iter().for_each(|entry| check.entry(entry));
        }
        let mark = self.keys.audit_mark().await?;
        Ok(check.end(head.as_ref(), mark.as_ref(), &public))
    }

    /// The newest entries, oldest of them first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT * FROM (SELECT seq, at, actor, action, subject, prev, hash FROM audit
             ORDER BY seq DESC LIMIT ?1) ORDER BY seq",
        )
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(entry).collect())
    }

    /// How many entries are older than `before`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_before(&self, before: Timestamp) -> Result<u64, StoreError> {
        let (n,): (i64,) = sqlx::query_as("SELECT count(*) FROM audit WHERE at < ?1")
            .bind(before.to_string())
            .fetch_one(&self.pool)
            .await?;
        Ok(n.unsigned_abs())
    }

    /// Removes entries older than `before` from the beginning and signs where the log begins now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn expire(&self, before: Timestamp) -> Result<u64, StoreError> {
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
        let start = AuditHead::sign(seq.unsigned_abs(), &hash, &self.signer);
        set_end(&mut work, "start", &start).await?;
        work.commit().await?;
        Ok(gone)
    }

    async fn add(
        &self,
        work: &mut SqliteConnection,
        head: &AuditHead,
        deed: &Deed,
    ) -> Result<AuditHead, StoreError> {
        let entry = AuditEntry::after(head, deed);
        sqlx::query("INSERT INTO audit VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
            .bind(i64::try_from(entry.seq).unwrap_or(i64::MAX))
            .bind(&entry.at)
            .bind(&entry.actor)
            .bind(&entry.action)
            .bind(&entry.subject)
            .bind(&entry.prev)
            .bind(&entry.hash)
            .execute(&mut *work)
            .await?;
        let head = AuditHead::sign(entry.seq, &entry.hash, &self.signer);
        set_end(work, "head", &head).await?;
        Ok(head)
    }
}

async fn end(work: &mut SqliteConnection, place: &str) -> Result<Option<AuditHead>, StoreError> {
    let row: Option<(i64, String, String)> =
        sqlx::query_as("SELECT seq, hash, signature FROM audit_ends WHERE place = ?1")
            .bind(place)
            .fetch_optional(work)
            .await?;
    Ok(row.map(|(seq, hash, signature)| AuditHead { seq: seq.unsigned_abs(), hash, signature }))
}

async fn set_end(
    work: &mut SqliteConnection,
    place: &str,
    head: &AuditHead,
) -> Result<(), StoreError> {
    sqlx::query("INSERT OR REPLACE INTO audit_ends VALUES (?1, ?2, ?3, ?4)")
        .bind(place)
        .bind(i64::try_from(head.seq).unwrap_or(i64::MAX))
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
    .bind(i64::try_from(after).unwrap_or(i64::MAX))
    .bind(PAGE)
    .fetch_all(work)
    .await?;
    Ok(rows.into_iter().map(entry).collect())
}

fn entry((seq, at, actor, action, subject, prev, hash): Row) -> AuditEntry {
    AuditEntry { seq: seq.unsigned_abs(), at, actor, action, subject, prev, hash }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use sqlx::AssertSqlSafe;
    use uuid::Uuid;

    use super::*;
    use crate::privacy::vault::VaultSettings;
    use crate::store::Vault;

    async fn log() -> (tempfile::TempDir, AuditLog) {
        let folder = tempfile::tempdir().unwrap();
        let privacy = PrivacyFile::open(folder.path()).await.unwrap();
        let vault = Vault::open(folder.path(), &privacy, &VaultSettings::default()).await.unwrap();
        let log = AuditLog::new(&privacy, vault.keys(), Signer::random());
        (folder, log)
    }

    fn deed(at: Timestamp) -> Deed {
        let subject = Subject::Conversation(Uuid::new_v4());
        Deed { at, actor: Actor::Operator, action: "conversation.erased", subject }
    }

    async fn filled() -> (tempfile::TempDir, AuditLog) {
        let (folder, log) = log().await;
        for _ in 0..6 {
            log.append(deed(Timestamp::now())).await.unwrap();
        }
        assert!(log.verify().await.unwrap().ok);
        (folder, log)
    }

    #[tokio::test]
    async fn a_changed_byte_and_a_removed_entry_are_found() {
        for damage in [
            "UPDATE audit SET action = 'conversation.erasee' WHERE seq = 3",
            "UPDATE audit SET at = replace(at, 'Z', 'z') WHERE seq = 6",
            "DELETE FROM audit WHERE seq = 1",
            "DELETE FROM audit WHERE seq = 4",
            "DELETE FROM audit WHERE seq = 6",
            "DELETE FROM audit",
            "DELETE FROM audit_ends",
            "DELETE FROM audit_ends; DELETE FROM audit",
            "UPDATE audit_ends SET seq = 5",
        ] {
            let (_folder, log) = filled().await;
            sqlx::raw_sql(AssertSqlSafe(damage)).execute(&log.pool).await.unwrap();
            let report = log.verify().await.unwrap();
            assert!(!report.ok, "{damage}: {report:?}");
        }
    }

    #[tokio::test]
    async fn a_log_put_back_to_an_older_state_is_noticed_and_stays_on_record() {
        let (_folder, log) = filled().await;
        let mut work = log.pool.acquire().await.unwrap();
        let head = end(&mut work, "head").await.unwrap().unwrap();
        drop(work);
        log.append(deed(Timestamp::now())).await.unwrap();
        // Old entries with their own old, well-signed head.
        sqlx::raw_sql("DELETE FROM audit WHERE seq = 7").execute(&log.pool).await.unwrap();
        let mut work = log.pool.acquire().await.unwrap();
        set_end(&mut work, "head", &head).await.unwrap();
        drop(work);
        assert!(!log.verify().await.unwrap().ok);
        log.append(deed(Timestamp::now())).await.unwrap();
        assert!(log.verify().await.unwrap().ok);
        let entries = log.newest(2).await.unwrap();
        assert_eq!(entries[0].action, SHORTENED);
    }

    #[tokio::test]
    async fn retention_removes_the_oldest_and_the_rest_still_verifies() {
        let (_folder, log) = log().await;
        let now = Timestamp::now();
        for days in [30, 20, 10] {
            log.append(deed(now - SignedDuration::from_hours(24 * days))).await.unwrap();
        }
        let before = now - SignedDuration::from_hours(24 * 15);
        assert_eq!(log.count_before(before).await.unwrap(), 2);
        assert_eq!(log.expire(before).await.unwrap(), 2);
        let report = log.verify().await.unwrap();
        assert!(report.ok && report.entries == 1, "{report:?}");
        log.append(deed(now)).await.unwrap();
        assert!(log.verify().await.unwrap().ok);
        sqlx::raw_sql("DELETE FROM audit WHERE seq = 3").execute(&log.pool).await.unwrap();
        assert!(!log.verify().await.unwrap().ok);
        assert_eq!(log.expire(now + SignedDuration::from_hours(1)).await.unwrap(), 1);
    }
}
