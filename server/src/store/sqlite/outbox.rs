//! The outbox in SQLite.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::SqliteStore;
use crate::store::StoreError;
use crate::store::outbox::{
    Due, DueRow, Outbox, REMEMBERED, Replay, SinkRow, Trouble, TroubleRow, due, trouble,
};

#[async_trait]
impl Outbox for SqliteStore {
    async fn register(&self, sinks: &[SinkRow]) -> Result<(), StoreError> {
        let mut work = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let known: Vec<(String,)> =
            sqlx::query_as("SELECT name FROM outbox_sinks").fetch_all(&mut *work).await?;
        for (name,) in known.iter().filter(|(name,)| sinks.iter().all(|s| s.name != *name)) {
            sqlx::query("DELETE FROM outbox_sinks WHERE name = ?1")
                .bind(name)
                .execute(&mut *work)
                .await?;
            sqlx::query(
                "UPDATE outbox_deliveries SET state = 'failed', why = 'the receiver is configured no more'
                 WHERE sink = ?1 AND state = 'due'",
            )
            .bind(name)
            .execute(&mut *work)
            .await?;
        }
        for sink in sinks {
            sqlx::query(
                "INSERT INTO outbox_sinks (name, events) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET events = excluded.events",
            )
            .bind(&sink.name)
            .bind(format!(" {} ", sink.events.join(" ")))
            .execute(&mut *work)
            .await?;
        }
        work.commit().await?;
        Ok(())
    }

    async fn claim(
        &self,
        sink: &str,
        now: Timestamp,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<Due>, StoreError> {
        let now = now.as_millisecond();
        // Mostly nothing is due; the connection that writes is not asked for that.
        let (any,): (bool,) = sqlx::query_as(
            "SELECT EXISTS (SELECT 1 FROM outbox_deliveries
             WHERE sink = ?1 AND state = 'due' AND next_at <= ?2 AND claimed_until <= ?2)",
        )
        .bind(sink)
        .bind(now)
        .fetch_one(&self.readers)
        .await?;
        if !any {
            return Ok(Vec::new());
        }
        let until = now.saturating_add(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX));
        let mut work = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let rows: Vec<DueRow> = sqlx::query_as(
            "SELECT e.number, e.id, d.sink, e.kind, e.conversation, e.seq, e.ticket, e.at, d.tries + 1
             FROM outbox_deliveries d JOIN outbox_events e ON e.number = d.event
             WHERE d.sink = ?1 AND d.state = 'due' AND d.next_at <= ?2 AND d.claimed_until <= ?2
             ORDER BY e.number LIMIT ?3",
        )
        .bind(sink)
        .bind(now)
        .bind(limit)
        .fetch_all(&mut *work)
        .await?;
        for row in &rows {
            sqlx::query(
                "UPDATE outbox_deliveries SET claimed_until = ?3, tries = tries + 1
                 WHERE sink = ?1 AND event = ?2",
            )
            .bind(sink)
            .bind(row.0)
            .bind(until)
            .execute(&mut *work)
            .await?;
        }
        work.commit().await?;
        rows.into_iter().map(due).collect()
    }

    async fn done(&self, due: &Due) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE outbox_deliveries SET state = 'done', claimed_until = 0, why = ''
             WHERE sink = ?1 AND event = ?2",
        )
        .bind(&due.sink)
        .bind(due.event)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    async fn failed(
        &self,
        due: &Due,
        next: Option<Timestamp>,
        why: &str,
    ) -> Result<(), StoreError> {
        // Whoever was too slow, and has lost the delivery to another sender, has no say.
        sqlx::query(
            "UPDATE outbox_deliveries SET state = ?3, next_at = ?4, why = ?5, claimed_until = 0
             WHERE sink = ?1 AND event = ?2 AND tries = ?6",
        )
        .bind(&due.sink)
        .bind(due.event)
        .bind(if next.is_some() { "due" } else { "failed" })
        .bind(next.map_or(0, Timestamp::as_millisecond))
        .bind(why)
        .bind(i64::from(due.tries))
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    async fn disable(&self, sink: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut work = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("UPDATE outbox_sinks SET disabled_at = ?2 WHERE name = ?1")
            .bind(sink)
            .bind(now.as_millisecond())
            .execute(&mut *work)
            .await?;
        sqlx::query(
            "UPDATE outbox_deliveries SET state = 'failed', claimed_until = 0,
             why = 'the receiver said that it is gone (410)' WHERE sink = ?1 AND state = 'due'",
        )
        .bind(sink)
        .execute(&mut *work)
        .await?;
        work.commit().await?;
        Ok(())
    }

    async fn troubles(&self, limit: u32) -> Result<Vec<Trouble>, StoreError> {
        let rows: Vec<TroubleRow> = sqlx::query_as(
            "SELECT e.id, d.sink, e.kind, e.conversation, d.tries, d.state, d.why, d.next_at
             FROM outbox_deliveries d JOIN outbox_events e ON e.number = d.event
             WHERE d.state = 'failed' OR (d.state = 'due' AND d.why <> '')
             ORDER BY e.number DESC LIMIT ?1",
        )
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.into_iter().map(trouble).collect())
    }

    async fn replay(&self, what: Replay<'_>, now: Timestamp) -> Result<u64, StoreError> {
        const AGAIN: &str = "UPDATE outbox_deliveries SET state = 'due', tries = 0, next_at = ?2, claimed_until = 0 WHERE ";
        let mut work = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let (sql, name) = match what {
            Replay::Event(id) => (
                format!(
                    "{AGAIN} event = (SELECT number FROM outbox_events WHERE id = ?1)
                         AND claimed_until <= ?2"
                ),
                id,
            ),
            Replay::FailedOf(sink) => (format!("{AGAIN} sink = ?1 AND state = 'failed'"), sink),
        };
        let changed = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(name)
            .bind(now.as_millisecond())
            .execute(&mut *work)
            .await?;
        if let Replay::FailedOf(sink) = what {
            sqlx::query("UPDATE outbox_sinks SET disabled_at = NULL WHERE name = ?1")
                .bind(sink)
                .execute(&mut *work)
                .await?;
        }
        work.commit().await?;
        Ok(changed.rows_affected())
    }

    async fn depth(&self) -> Result<(u64, u64), StoreError> {
        let (due, failed): (i64, i64) = sqlx::query_as(
            "SELECT count(*) FILTER (WHERE state = 'due'), count(*) FILTER (WHERE state = 'failed')
             FROM outbox_deliveries WHERE state <> 'done'",
        )
        .fetch_one(&self.readers)
        .await?;
        Ok((due.unsigned_abs(), failed.unsigned_abs()))
    }

    async fn forget_old(&self, now: Timestamp) -> Result<u64, StoreError> {
        let week = i64::try_from(REMEMBERED.as_millis()).unwrap_or(i64::MAX);
        let gone = sqlx::query(
            "DELETE FROM outbox_events WHERE at < ?1 AND NOT EXISTS
             (SELECT 1 FROM outbox_deliveries d WHERE d.event = number AND d.state <> 'done')",
        )
        .bind(now.as_millisecond().saturating_sub(week))
        .execute(&self.writer)
        .await?;
        Ok(gone.rows_affected())
    }
}
