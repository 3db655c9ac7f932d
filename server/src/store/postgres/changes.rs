//! Hearing of what other processes change: `LISTEN`, ids alone. Something may be missed while the
//! connection is broken; then [`Changes::next`] says so, and [`PostgresStore::standing`] tells how it is.

use std::time::Duration;

use sqlx::Row;
use sqlx::postgres::PgListener;

use super::PostgresStore;
use crate::domain::{ConversationId, Epoch};
use crate::store::{StoreError, rows};

/// A connection that hears.
pub struct Changes {
    listener: PgListener,
}

/// What is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A conversation changed; its epoch is this.
    Changed(ConversationId, Epoch),
    /// What a process told the others with [`PostgresStore::relay`].
    Relayed(String),
    /// The connection was broken and is made again: anything may have changed.
    Missed,
}

impl PostgresStore {
    /// Starts to listen, on a connection of its own.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the database cannot be reached.
    pub async fn changes(&self) -> Result<Changes, StoreError> {
        self.within(async {
            let channel: String =
                sqlx::query_scalar("SELECT conv_channel()").fetch_one(&self.pool).await?;
            let mut listener = PgListener::connect_with(&self.pool).await?;
            listener.listen(&channel).await?;
            Ok(Changes { listener })
        })
        .await
    }

    /// Tells all processes that listen, this one among them. Ids alone: what is told may be seen by
    /// everybody who may connect to the database.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn relay(&self, word: &str) -> Result<(), StoreError> {
        self.within(async {
            sqlx::query("SELECT pg_notify(conv_channel(), $1)")
                .bind(format!("relay {word}"))
                .execute(&self.pool)
                .await?;
            Ok(())
        })
        .await
    }

    /// Epoch of these conversations, and words that change whenever anything of them does; those that are
    /// gone are left out.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn standing(
        &self,
        ids: &[ConversationId],
    ) -> Result<Vec<(ConversationId, Epoch, String)>, StoreError> {
        self.within(async {
            sqlx::query(
                "SELECT id, epoch, concat_ws(' ', last_seq, agent,
                        (SELECT max(at) FROM conv_feedback WHERE conversation = id),
                        (SELECT sum(hashtext(summary)) FROM conv_escalations
                         WHERE conversation = id)) AS mark
                 FROM conv_conversations WHERE id = ANY($1)",
            )
            .bind(ids.iter().map(ToString::to_string).collect::<Vec<_>>())
            .fetch_all(&self.pool)
            .await?
            .iter()
            .map(|row| {
                Ok((
                    ConversationId(rows::uuid(row.try_get("id")?)?),
                    Epoch(rows::unsigned(row.try_get("epoch")?)?),
                    row.try_get("mark")?,
                ))
            })
            .collect()
        })
        .await
    }

    /// Changes when the list of what waits and what agents have does.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn desk_standing(&self) -> Result<(i64, i64), StoreError> {
        self.within(async {
            Ok(sqlx::query_as(
                "SELECT count(*), \
                        coalesce(sum(epoch + last_seq + hashtext(coalesce(agent, ''))), 0)::bigint \
                 FROM conv_conversations WHERE state IN ('waiting', 'with_agent')",
            )
            .fetch_one(&self.pool)
            .await?)
        })
        .await
    }
}

impl Changes {
    /// The next that is heard; `None` after `at_most` of silence.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the connection is broken and cannot be made again.
    pub async fn next(&mut self, at_most: Duration) -> Result<Option<News>, StoreError> {
        match tokio::time::timeout(at_most, self.listener.try_recv()).await {
            Ok(Ok(Some(notification))) => Ok(news(notification.payload())),
            Ok(Ok(None)) => Ok(Some(News::Missed)),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Ok(None),
        }
    }
}

/// What is not understood, from a newer version, is passed over.
fn news(payload: &str) -> Option<News> {
    let (kind, rest) = payload.split_once(' ')?;
    match kind {
        "changed" => {
            let (id, epoch) = rest.split_once(' ')?;
            Some(News::Changed(ConversationId(rows::uuid(id).ok()?), Epoch(epoch.parse().ok()?)))
        }
        "relay" => Some(News::Relayed(rest.to_owned())),
        _ => None,
    }
}
