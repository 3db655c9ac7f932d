//! The conversation store in one SQLite file (WAL mode): the default on a single machine.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use indexer::model::Generation;
use sqlx::Row;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use uuid::Uuid;

use super::{ConversationStore, StoreError};
use crate::domain::{ConversationId, Escalation, ReasonCode, Ticket};

/// `conversations.sqlite` in the data folder. Several processes may have it open.
pub struct SqliteStore {
    pool: SqlitePool,
}

impl SqliteStore {
    /// Opens or creates the store and brings its tables up to date.
    ///
    /// # Errors
    /// [`StoreError::Open`] when the file is no store, is of a newer version, or cannot be written.
    pub async fn open(file: &Path) -> Result<Self, StoreError> {
        let open_error =
            |reason: String| StoreError::Open { location: file.display().to_string(), reason };
        if let Some(folder) = file.parent() {
            fs_err::create_dir_all(folder).map_err(|e| open_error(e.to_string()))?;
        }
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10));
        let pool = SqlitePoolOptions::new()
            .max_connections(2)
            .connect_with(options)
            .await
            .map_err(|e| open_error(e.to_string()))?;
        sqlx::migrate!("./migrations/sqlite").run(&pool).await.map_err(|e| {
            open_error(format!("{e}; was it written by a newer atbilde? Use that version"))
        })?;
        Ok(Self { pool })
    }

    /// Closes the connections; pending writes are done.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

#[async_trait]
impl ConversationStore for SqliteStore {
    async fn add_escalation(&self, e: &Escalation) -> Result<(), StoreError> {
        let passages =
            serde_json::to_string(&e.passages).map_err(|e| StoreError::Database(e.to_string()))?;
        sqlx::query("INSERT INTO escalations VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
            .bind(e.ticket.as_str())
            .bind(e.at.to_string())
            .bind(e.conversation.to_string())
            .bind(e.reason.as_str())
            .bind(e.confidence)
            .bind(&e.locale)
            .bind(i64::try_from(e.generation.0).unwrap_or(i64::MAX))
            .bind(passages)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn escalations(&self, limit: u32) -> Result<Vec<Escalation>, StoreError> {
        sqlx::query("SELECT * FROM escalations ORDER BY at DESC, ticket LIMIT ?1")
            .bind(limit)
            .fetch_all(&self.pool)
            .await?
            .iter()
            .map(escalation)
            .collect()
    }
}

fn escalation(row: &SqliteRow) -> Result<Escalation, StoreError> {
    let damaged = |what: &str| StoreError::Database(format!("damaged escalation: {what}"));
    let at: &str = row.try_get("at")?;
    let conversation: &str = row.try_get("conversation")?;
    let reason: &str = row.try_get("reason")?;
    let passages: &str = row.try_get("passages")?;
    Ok(Escalation {
        ticket: Ticket(row.try_get("ticket")?),
        at: at.parse().map_err(|_| damaged(at))?,
        conversation: ConversationId(
            Uuid::try_parse(conversation).map_err(|_| damaged(conversation))?,
        ),
        reason: ReasonCode::parse(reason).ok_or_else(|| damaged(reason))?,
        confidence: row.try_get("confidence")?,
        locale: row.try_get("locale")?,
        generation: Generation(row.try_get::<i64, _>("generation")?.try_into().unwrap_or(0)),
        passages: serde_json::from_str(passages).map_err(|_| damaged(passages))?,
    })
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.to_string())
    }
}
