//! Figures in Postgres.

use async_trait::async_trait;
use jiff::Timestamp;

use super::PostgresStore;
use crate::domain::Counts;
use crate::store::StoreError;
use crate::store::figures::{FiguresStore, Found, QUIET_MS, States};

#[async_trait]
impl FiguresStore for PostgresStore {
    async fn counts(&self, from: Timestamp, now: Timestamp) -> Result<Counts, StoreError> {
        self.within(async {
            let (from_ms, quiet) = (from.as_millisecond(), now.as_millisecond() - QUIET_MS);
            let conversations = sqlx::query_as(
                "WITH c AS (
                SELECT id,
                    EXISTS (SELECT 1 FROM conv_escalations e WHERE e.conversation = id) AS handed,
                    EXISTS (SELECT 1 FROM conv_messages m WHERE m.conversation = id
                        AND m.author = 'assistant'
                        AND NOT coalesce((m.proof::json ->> 'small_talk')::boolean, false))
                        AS answered,
                    EXISTS (SELECT 1 FROM conv_messages m WHERE m.conversation = id
                        AND m.author = 'system' AND m.kind = 'reopened') AS reopened,
                    (state = 'resolved' OR active_at < $2) AS ended,
                    EXISTS (SELECT 1 FROM conv_feedback f WHERE f.conversation = id
                        AND (f.helpful OR f.stars >= 4)) AS praised,
                    EXISTS (SELECT 1 FROM conv_feedback f WHERE f.conversation = id
                        AND (NOT f.helpful OR f.stars <= 2)) AS blamed
                FROM conv_conversations
                WHERE created_at >= $1 AND id NOT IN
                    (SELECT conversation FROM conv_objections WHERE analysis)
                    AND EXISTS (SELECT 1 FROM conv_messages m LEFT JOIN conv_messages r
                        ON r.conversation = m.conversation AND r.reply_to = m.seq
                            AND coalesce((r.proof::json ->> 'small_talk')::boolean, false)
                        WHERE m.conversation = id AND m.author = 'customer' AND r.seq IS NULL)
             ), d AS (SELECT *, answered AND ended AND NOT handed AS contained FROM c)
             SELECT count(*), count(*) FILTER (WHERE contained),
                 count(*) FILTER (WHERE contained AND praised AND NOT blamed),
                 count(*) FILTER (WHERE contained AND NOT reopened AND NOT blamed),
                 count(*) FILTER (WHERE reopened), count(*) FILTER (WHERE handed)
             FROM d",
            )
            .bind(from_ms)
            .bind(quiet)
            .fetch_one(&self.pool)
            .await?;
            let reasons = sqlx::query_as(
                "SELECT reason, count(*) FROM conv_escalations WHERE at >= $1 GROUP BY reason",
            )
            .bind(from_ms)
            .fetch_all(&self.pool)
            .await?;
            let stars = sqlx::query_as(
                "SELECT stars, count(*) FROM conv_feedback f
             JOIN conv_conversations c ON c.id = f.conversation
             WHERE c.created_at >= $1 AND stars IS NOT NULL
                 AND c.id NOT IN (SELECT conversation FROM conv_objections WHERE analysis)
             GROUP BY stars",
            )
            .bind(from_ms)
            .fetch_all(&self.pool)
            .await?;
            let helpful = sqlx::query_as(
                "SELECT count(*) FILTER (WHERE helpful), count(*) FILTER (WHERE NOT helpful)
             FROM conv_feedback f JOIN conv_conversations c ON c.id = f.conversation
             WHERE c.created_at >= $1
                 AND c.id NOT IN (SELECT conversation FROM conv_objections WHERE analysis)",
            )
            .bind(from_ms)
            .fetch_one(&self.pool)
            .await?;
            Ok(Found { conversations, reasons, stars, helpful }.counts())
        })
        .await
    }

    async fn states(&self) -> Result<States, StoreError> {
        self.within(async {
            let rows: Vec<(String, i64)> =
                sqlx::query_as("SELECT state, count(*) FROM conv_conversations GROUP BY state")
                    .fetch_all(&self.pool)
                    .await?;
            Ok(States::of(&rows))
        })
        .await
    }
}
