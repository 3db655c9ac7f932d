//! The outbox in Postgres. Several processes send: a delivery is claimed under its row's lock, and the number
//! of the try says whose result counts.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::PostgresStore;
use crate::store::StoreError;
use crate::store::outbox::{
    Due, DueRow, Outbox, REMEMBERED, Replay, SinkRow, Trouble, TroubleRow, due, trouble,
};

#[async_trait]
impl Outbox for PostgresStore {
    async fn register(&self, sinks: &[SinkRow]) -> Result<(), StoreError> {
        self.within(async {
            let names: Vec<&str> = sinks.iter().map(|sink| sink.name.as_str()).collect();
            let events: Vec<String> =
                sinks.iter().map(|sink| format!(" {} ", sink.events.join(" "))).collect();
            let mut tx = self.pool.begin().await?;
            // Processes that start at the same time come one after the other.
            sqlx::query("LOCK TABLE conv_outbox_sinks IN SHARE ROW EXCLUSIVE MODE")
                .execute(&mut *tx)
                .await?;
            let gone: Vec<String> = sqlx::query_scalar(
                "DELETE FROM conv_outbox_sinks WHERE name <> ALL($1) RETURNING name",
            )
            .bind(&names)
            .fetch_all(&mut *tx)
            .await?;
            sqlx::query(
                "UPDATE conv_outbox_deliveries SET state = 'failed', \
             why = 'the receiver is configured no more' WHERE sink = ANY($1) AND state = 'due'",
            )
            .bind(gone)
            .execute(&mut *tx)
            .await?;
            sqlx::query(
                "INSERT INTO conv_outbox_sinks (name, events) \
             SELECT * FROM unnest($1::text[], $2::text[]) \
             ON CONFLICT (name) DO UPDATE SET events = excluded.events",
            )
            .bind(&names)
            .bind(events)
            .execute(&mut *tx)
            .await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    async fn claim(
        &self,
        sink: &str,
        now: Timestamp,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<Due>, StoreError> {
        self.within(async {
        let now = now.as_millisecond();
        let until = now.saturating_add(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX));
        let mut rows: Vec<DueRow> = sqlx::query_as(
            "WITH mine AS (
                 SELECT sink, event FROM conv_outbox_deliveries
                 WHERE sink = $1 AND state = 'due' AND next_at <= $2 AND claimed_until <= $2
                 ORDER BY event LIMIT $4 FOR UPDATE SKIP LOCKED
             )
             UPDATE conv_outbox_deliveries d SET claimed_until = $3, tries = tries + 1
             FROM mine JOIN conv_outbox_events e ON e.number = mine.event
             WHERE d.sink = mine.sink AND d.event = mine.event
             RETURNING e.number, e.id, d.sink, e.kind, e.conversation, e.seq, e.ticket, e.at, d.tries",
        )
        .bind(sink)
        .bind(now)
        .bind(until)
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        rows.sort_unstable_by_key(|row| row.0);
        rows.into_iter().map(due).collect()
        }).await
    }

    async fn done(&self, due: &Due) -> Result<(), StoreError> {
        self.within(async {
            sqlx::query(
                "UPDATE conv_outbox_deliveries SET state = 'done', claimed_until = 0, why = ''
             WHERE sink = $1 AND event = $2",
            )
            .bind(&due.sink)
            .bind(due.event)
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }

    async fn failed(
        &self,
        due: &Due,
        next: Option<Timestamp>,
        why: &str,
    ) -> Result<(), StoreError> {
        self.within(async {
            // Whoever was too slow, and has lost the delivery to another process, has no say.
            sqlx::query(
            "UPDATE conv_outbox_deliveries SET state = $3, next_at = $4, why = $5, claimed_until = 0
             WHERE sink = $1 AND event = $2 AND tries = $6",
        )
        .bind(&due.sink)
        .bind(due.event)
        .bind(if next.is_some() { "due" } else { "failed" })
        .bind(next.map_or(0, Timestamp::as_millisecond))
        .bind(why)
        .bind(i64::from(due.tries))
        .execute(&self.pool)
        .await?;
            Ok(())
        })
        .await
    }

    async fn disable(&self, sink: &str, now: Timestamp) -> Result<(), StoreError> {
        self.within(async {
            let mut tx = self.pool.begin().await?;
            sqlx::query("UPDATE conv_outbox_sinks SET disabled_at = $2 WHERE name = $1")
                .bind(sink)
                .bind(now.as_millisecond())
                .execute(&mut *tx)
                .await?;
            sqlx::query(
                "UPDATE conv_outbox_deliveries SET state = 'failed', claimed_until = 0,
             why = 'the receiver said that it is gone (410)' WHERE sink = $1 AND state = 'due'",
            )
            .bind(sink)
            .execute(&mut *tx)
            .await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    async fn troubles(&self, limit: u32) -> Result<Vec<Trouble>, StoreError> {
        self.within(async {
            let rows: Vec<TroubleRow> = sqlx::query_as(
                "SELECT e.id, d.sink, e.kind, e.conversation, d.tries, d.state, d.why, d.next_at
             FROM conv_outbox_deliveries d JOIN conv_outbox_events e ON e.number = d.event
             WHERE d.state = 'failed' OR (d.state = 'due' AND d.why <> '')
             ORDER BY e.number DESC LIMIT $1",
            )
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
            Ok(rows.into_iter().map(trouble).collect())
        })
        .await
    }

    async fn replay(&self, what: Replay<'_>, now: Timestamp) -> Result<u64, StoreError> {
        self.within(async {
            let mut tx = self.pool.begin().await?;
            let (sql, name) = match what {
                Replay::Event(id) => (
                    "UPDATE conv_outbox_deliveries SET state = 'due', tries = 0, next_at = $2,
                 claimed_until = 0 WHERE claimed_until <= $2
                 AND event = (SELECT number FROM conv_outbox_events WHERE id = $1)",
                    id,
                ),
                Replay::FailedOf(sink) => (
                    "UPDATE conv_outbox_deliveries SET state = 'due', tries = 0, next_at = $2,
                 claimed_until = 0 WHERE sink = $1 AND state = 'failed'",
                    sink,
                ),
            };
            let changed =
                sqlx::query(sql).bind(name).bind(now.as_millisecond()).execute(&mut *tx).await?;
            if let Replay::FailedOf(sink) = what {
                sqlx::query("UPDATE conv_outbox_sinks SET disabled_at = NULL WHERE name = $1")
                    .bind(sink)
                    .execute(&mut *tx)
                    .await?;
            }
            tx.commit().await?;
            Ok(changed.rows_affected())
        })
        .await
    }

    async fn depth(&self) -> Result<(u64, u64), StoreError> {
        self.within(async {
            let (due, failed): (i64, i64) = sqlx::query_as(
            "SELECT count(*) FILTER (WHERE state = 'due'), count(*) FILTER (WHERE state = 'failed')
             FROM conv_outbox_deliveries WHERE state <> 'done'",
        )
        .fetch_one(&self.pool)
        .await?;
            Ok((due.unsigned_abs(), failed.unsigned_abs()))
        })
        .await
    }

    async fn forget_old(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.within(async {
            let week = i64::try_from(REMEMBERED.as_millis()).unwrap_or(i64::MAX);
            let gone = sqlx::query(
                "DELETE FROM conv_outbox_events WHERE at < $1 AND NOT EXISTS
             (SELECT 1 FROM conv_outbox_deliveries d WHERE d.event = number AND d.state <> 'done')",
            )
            .bind(now.as_millisecond().saturating_sub(week))
            .execute(&self.pool)
            .await?;
            Ok(gone.rows_affected())
        })
        .await
    }
}
