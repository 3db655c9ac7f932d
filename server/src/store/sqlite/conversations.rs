//! Conversations, messages, answers and ratings in SQLite.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::choices;
use super::selects::{select_conversations, select_messages};
use super::{Durable, SqliteStore};
use crate::domain::{
    Author, Conversation, ConversationId, ConversationState, Message, Step, Ticket,
};
use crate::privacy::RedactedText;
use crate::store::entry::{Entry, agent_after};
use crate::store::rows::{self, signed};
use crate::store::{
    Committed, Conversations, NewAnswer, NewConversation, NewMessage, NewRating, Posted, StoreError,
};

#[async_trait]
impl Conversations for SqliteStore {
    async fn create(&self, new: &NewConversation) -> Result<Conversation, StoreError> {
        let mut write = self.write(Durable::Soon).await?;
        let mut tx = write.begin().await?;
        let begun = sqlx::query(
            "INSERT INTO conversations (id, state, epoch, last_seq, locale, site, page, created_at, \
             active_at) VALUES (?1, 'assistant', 0, 0, ?2, ?3, ?4, ?5, ?5) \
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(new.id.to_string())
        .bind(&new.locale)
        .bind(&new.site)
        .bind(new.page.as_ref().map(RedactedText::as_str))
        .bind(new.at.as_millisecond())
        .execute(&mut *tx)
        .await?;
        if let Some(disclosure) = new.told.as_ref().filter(|_| begun.rows_affected() > 0) {
            choices::told(&mut tx, new.id, (disclosure, new.at)).await?;
        }
        let conversation = present(&mut tx, new.id).await?;
        tx.commit().await?;
        Ok(conversation)
    }

    async fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        let mut reader = self.readers.acquire().await?;
        find(&mut reader, id).await
    }

    async fn post(&self, id: ConversationId, new: &NewMessage) -> Result<Posted, StoreError> {
        let mut write = self.write(Durable::Soon).await?;
        let mut tx = write.begin().await?;
        let mut conversation = present(&mut tx, id).await?;
        if let Some(message_id) = new.message_id {
            let known =
                sqlx::query(select_messages!("WHERE m.conversation = ?1 AND m.message_id = ?2"))
                    .bind(id.to_string())
                    .bind(message_id.simple().to_string())
                    .fetch_optional(&mut *tx)
                    .await?;
            if let Some(row) = known {
                let message = rows::message(&row)?;
                let reply = reply_of(&mut tx, id, message.seq).await?;
                return Ok(Posted { conversation, message, repeated: true, reply });
            }
        }
        if conversation.state == ConversationState::Resolved
            && let Some(reopened) = &new.reopened
        {
            advance(&mut tx, &conversation, (&Step::Reopen, new.at)).await?;
            let entry = Entry::system(&Step::Reopen, reopened, new.at);
            append(&mut tx, id, &entry).await?;
        }
        let entry = Entry {
            message_id: new.message_id.map(|id| id.simple().to_string()),
            ..Entry::new("customer", &new.text, new.at)
        };
        let message = append(&mut tx, id, &entry).await?;
        if let Some(locale) = new.locale.as_ref().filter(|l| **l != conversation.locale) {
            sqlx::query("UPDATE conversations SET locale = ?2 WHERE id = ?1")
                .bind(id.to_string())
                .bind(locale)
                .execute(&mut *tx)
                .await?;
        }
        conversation = present(&mut tx, id).await?;
        tx.commit().await?;
        Ok(Posted { conversation, message, repeated: false, reply: None })
    }

    async fn commit_answer(
        &self,
        id: ConversationId,
        answer: &NewAnswer,
    ) -> Result<Committed, StoreError> {
        let mut write = self.write(Durable::Soon).await?;
        let mut tx = write.begin().await?;
        let conversation = present(&mut tx, id).await?;
        if let Some(reply) = reply_of(&mut tx, id, answer.reply_to).await?
            && reply.author == Author::Assistant
        {
            return Ok(Committed::Already(reply));
        }
        if !answer.fits(&conversation) {
            return Ok(Committed::Superseded(conversation));
        }
        let entry = Entry {
            reply_to: Some(answer.reply_to),
            proof: Some(&answer.proof),
            ..Entry::new("assistant", &answer.text, answer.at)
        };
        let message = append(&mut tx, id, &entry).await?;
        tx.commit().await?;
        Ok(Committed::Stored(message))
    }

    async fn messages(
        &self,
        id: ConversationId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        sqlx::query(select_messages!(
            "WHERE m.conversation = ?1 AND m.seq > ?2 ORDER BY m.seq LIMIT ?3"
        ))
        .bind(id.to_string())
        .bind(signed(after))
        .bind(limit)
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(rows::message)
        .collect()
    }

    async fn last_messages(
        &self,
        id: ConversationId,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let last =
            sqlx::query(select_messages!("WHERE m.conversation = ?1 ORDER BY m.seq DESC LIMIT ?2"))
                .bind(id.to_string())
                .bind(limit)
                .fetch_all(&self.readers)
                .await?;
        last.iter().rev().map(rows::message).collect()
    }

    async fn reply_to(&self, id: ConversationId, seq: u64) -> Result<Option<Message>, StoreError> {
        let mut reader = self.readers.acquire().await?;
        reply_of(&mut reader, id, seq).await
    }

    async fn set_helpful(
        &self,
        id: ConversationId,
        seq: u64,
        helpful: bool,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = self.write(Durable::Soon).await?;
        let changed = sqlx::query(
            "INSERT INTO feedback (conversation, seq, helpful, at) \
             SELECT conversation, seq, ?3, ?4 FROM messages \
             WHERE conversation = ?1 AND seq = ?2 AND author = 'assistant' \
             ON CONFLICT (conversation, seq) DO UPDATE SET helpful = excluded.helpful, at = excluded.at",
        )
        .bind(id.to_string())
        .bind(signed(seq))
        .bind(helpful)
        .bind(at.as_millisecond())
        .execute(write.statement())
        .await?;
        if changed.rows_affected() == 0 { Err(StoreError::Missing("answer")) } else { Ok(()) }
    }

    async fn rate(&self, id: ConversationId, rating: &NewRating) -> Result<(), StoreError> {
        let mut write = self.write(Durable::Soon).await?;
        let changed = sqlx::query(
            "INSERT INTO feedback (conversation, seq, stars, comment, at) \
             SELECT id, 0, ?2, ?3, ?4 FROM conversations WHERE id = ?1 \
             ON CONFLICT (conversation, seq) DO UPDATE SET stars = excluded.stars, \
             comment = excluded.comment, at = excluded.at",
        )
        .bind(id.to_string())
        .bind(i64::from(rating.stars))
        .bind(rating.comment.as_ref().map(RedactedText::as_str))
        .bind(rating.at.as_millisecond())
        .execute(write.statement())
        .await?;
        if changed.rows_affected() == 0 { Err(StoreError::Missing("conversation")) } else { Ok(()) }
    }

    /// In `with_agent` a customer who spoke last, or was handed over since, waits for an answer: that is not quiet.
    async fn quiet_since(
        &self,
        state: ConversationState,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<Conversation>, StoreError> {
        sqlx::query(select_conversations!(
            "WHERE c.state = ?1 AND c.active_at < ?2 \
               AND (c.state <> 'with_agent' OR NOT EXISTS ( \
                   SELECT 1 FROM messages m WHERE m.conversation = c.id \
                     AND (m.author = 'customer' OR m.kind = 'handed_off') \
                     AND m.seq > (SELECT coalesce(max(r.seq), 0) FROM messages r \
                                  WHERE r.conversation = c.id \
                                    AND r.author IN ('agent', 'assistant')))) \
             ORDER BY c.active_at LIMIT ?3"
        ))
        .bind(state.as_str())
        .bind(before.as_millisecond())
        .bind(limit)
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(rows::conversation)
        .collect()
    }

    async fn unanswered(
        &self,
        (from, before): (Timestamp, Timestamp),
        limit: u32,
    ) -> Result<Vec<ConversationId>, StoreError> {
        sqlx::query(
            "SELECT c.id FROM conversations c \
             JOIN messages m ON m.conversation = c.id AND m.seq = c.last_seq \
             WHERE c.state = 'assistant' AND m.author = 'customer' \
               AND c.active_at >= ?1 AND c.active_at < ?2 ORDER BY c.active_at LIMIT ?3",
        )
        .bind(from.as_millisecond())
        .bind(before.as_millisecond())
        .bind(limit)
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(|row| Ok(ConversationId(rows::uuid(row.try_get("id")?)?)))
        .collect()
    }
}

/// Keeps a message under the next number.
pub(super) async fn append(
    tx: &mut SqliteConnection,
    id: ConversationId,
    entry: &Entry<'_>,
) -> Result<Message, StoreError> {
    let seq: i64 = sqlx::query(
        "UPDATE conversations SET last_seq = last_seq + 1, active_at = max(active_at, ?2) \
         WHERE id = ?1 RETURNING last_seq",
    )
    .bind(id.to_string())
    .bind(entry.at.as_millisecond())
    .fetch_one(&mut *tx)
    .await?
    .try_get("last_seq")?;
    sqlx::query(
        "INSERT INTO messages (conversation, seq, author, agent, kind, text, at, message_id, \
         reply_to, proof, ticket) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )
    .bind(id.to_string())
    .bind(seq)
    .bind(entry.author)
    .bind(entry.agent.map(|a| a.to_string()))
    .bind(entry.kind)
    .bind(entry.text.as_str())
    .bind(entry.at.as_millisecond())
    .bind(&entry.message_id)
    .bind(entry.reply_to.map(signed))
    .bind(entry.proof_json()?)
    .bind(entry.ticket.map(Ticket::as_str))
    .execute(&mut *tx)
    .await?;
    let row = sqlx::query(select_messages!("WHERE m.conversation = ?1 AND m.seq = ?2"))
        .bind(id.to_string())
        .bind(seq)
        .fetch_one(tx)
        .await?;
    rows::message(&row)
}

/// Moves the conversation one step on. The caller has checked that the step starts here.
pub(super) async fn advance(
    tx: &mut SqliteConnection,
    conversation: &Conversation,
    (step, at): (&Step, Timestamp),
) -> Result<(), StoreError> {
    let state = conversation.state.after(step).ok_or_else(|| rows::damaged("step"))?;
    let agent = agent_after(conversation, step);
    sqlx::query(
        "UPDATE conversations SET state = ?2, epoch = epoch + 1, agent = ?3, \
         active_at = max(active_at, ?4) WHERE id = ?1",
    )
    .bind(conversation.id.to_string())
    .bind(state.as_str())
    .bind(agent.map(|a| a.to_string()))
    .bind(at.as_millisecond())
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn find(
    connection: &mut SqliteConnection,
    id: ConversationId,
) -> Result<Option<Conversation>, StoreError> {
    sqlx::query(select_conversations!("WHERE c.id = ?1"))
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?
        .as_ref()
        .map(rows::conversation)
        .transpose()
}

/// The conversation, which must be there.
pub(super) async fn present(
    connection: &mut SqliteConnection,
    id: ConversationId,
) -> Result<Conversation, StoreError> {
    find(connection, id).await?.ok_or(StoreError::Missing("conversation"))
}

pub(super) async fn reply_of(
    connection: &mut SqliteConnection,
    id: ConversationId,
    seq: u64,
) -> Result<Option<Message>, StoreError> {
    sqlx::query(select_messages!("WHERE m.conversation = ?1 AND m.reply_to = ?2"))
        .bind(id.to_string())
        .bind(signed(seq))
        .fetch_optional(connection)
        .await?
        .as_ref()
        .map(rows::message)
        .transpose()
}
