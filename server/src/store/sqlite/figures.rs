//! Figures in SQLite.

use async_trait::async_trait;
use jiff::Timestamp;

use super::SqliteStore;
use crate::domain::Counts;
use crate::store::StoreError;
use crate::store::figures::{FiguresStore, Found, QUIET_MS, States};

#[async_trait]
impl FiguresStore for SqliteStore {
    async fn counts(&self, from: Timestamp, now: Timestamp) -> Result<Counts, StoreError> {
        let (from_ms, quiet) = (from.as_millisecond(), now.as_millisecond() - QUIET_MS);
        let conversations = sqlx::query_as(
            "WITH c AS (
                SELECT id,
                    EXISTS (SELECT 1 FROM escalations e WHERE e.conversation = id) AS handed,
                    EXISTS (SELECT 1 FROM messages m WHERE m.conversation = id
                        AND m.author = 'assistant'
                        AND json_extract(m.proof, '$.small_talk') IS NOT 1) AS answered,
                    EXISTS (SELECT 1 FROM messages m WHERE m.conversation = id
                        AND m.author = 'system' AND m.kind = 'reopened') AS reopened,
                    (state = 'resolved' OR active_at < ?2) AS ended,
                    EXISTS (SELECT 1 FROM feedback f WHERE f.conversation = id
                        AND (f.helpful = 1 OR f.stars >= 4)) AS praised,
                    EXISTS (SELECT 1 FROM feedback f WHERE f.conversation = id
                        AND (f.helpful = 0 OR f.stars <= 2)) AS blamed
                FROM conversations
                WHERE created_at >= ?1 AND id NOT IN
                    (SELECT conversation FROM objections WHERE analysis <> 0)
                    AND EXISTS (SELECT 1 FROM messages m LEFT JOIN messages r
                        ON r.conversation = m.conversation AND r.reply_to = m.seq
                            AND json_extract(r.proof, '$.small_talk') = 1
                        WHERE m.conversation = id AND m.author = 'customer' AND r.seq IS NULL)
             ), d AS (SELECT *, answered AND ended AND NOT handed AS contained FROM c)
             SELECT count(*), coalesce(sum(contained), 0),
                 coalesce(sum(contained AND praised AND NOT blamed), 0),
                 coalesce(sum(contained AND NOT reopened AND NOT blamed), 0),
                 coalesce(sum(reopened), 0), coalesce(sum(handed), 0)
             FROM d",
        )
        .bind(from_ms)
        .bind(quiet)
        .fetch_one(&self.readers)
        .await?;
        let reasons = sqlx::query_as(
            "SELECT reason, count(*) FROM escalations WHERE at >= ?1 GROUP BY reason",
        )
        .bind(from.to_string())
        .fetch_all(&self.readers)
        .await?;
        let stars = sqlx::query_as(
            "SELECT stars, count(*) FROM feedback f JOIN conversations c ON c.id = f.conversation
             WHERE c.created_at >= ?1 AND stars IS NOT NULL
                 AND c.id NOT IN (SELECT conversation FROM objections WHERE analysis <> 0)
             GROUP BY stars",
        )
        .bind(from_ms)
        .fetch_all(&self.readers)
        .await?;
        let helpful = sqlx::query_as(
            "SELECT count(*) FILTER (WHERE helpful = 1), count(*) FILTER (WHERE helpful = 0)
             FROM feedback f JOIN conversations c ON c.id = f.conversation WHERE c.created_at >= ?1
                 AND c.id NOT IN (SELECT conversation FROM objections WHERE analysis <> 0)",
        )
        .bind(from_ms)
        .fetch_one(&self.readers)
        .await?;
        Ok(Found { conversations, reasons, stars, helpful }.counts())
    }

    async fn states(&self) -> Result<States, StoreError> {
        let rows: Vec<(String, i64)> =
            sqlx::query_as("SELECT state, count(*) FROM conversations GROUP BY state")
                .fetch_all(&self.readers)
                .await?;
        Ok(States::of(&rows))
    }
}
