//! Steps, tickets, agents' words and the inbox in SQLite.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::SqliteConnection;

use super::conversations::{advance, append, find, present, reply_of};
use super::selects::{select_conversations, select_messages};
use super::{Durable, SqliteStore};
use crate::domain::{
    AgentId, Conversation, ConversationId, ConversationState, Escalation, Message, Step, Ticket,
};
use crate::privacy::RedactedText;
use crate::store::entry::Entry;
use crate::store::hand_overs::past;
use crate::store::queue::{Movement, SPAN_MS, TAKINGS, place_after};
use crate::store::rows::{self, Cells, signed};
use crate::store::{
    AgentMessage, Changed, HandOvers, InboxFilter, InboxRow, MessageFor, QueuePlace, StoreError,
    Transition,
};

#[async_trait]
impl HandOvers for SqliteStore {
    async fn step(&self, id: ConversationId, new: &Transition) -> Result<Changed, StoreError> {
        let mut write = self.write(Durable::Now).await?;
        let mut tx = write.begin().await?;
        let before = present(&mut tx, id).await?;
        if before.epoch != new.epoch || before.state.after(&new.step).is_none() {
            return Ok(Changed::Not(before));
        }
        if let Some(seq) = new.reply_to
            && reply_of(&mut tx, id, seq).await?.is_some()
        {
            return Ok(Changed::Not(before));
        }
        match &new.step {
            Step::HandOver(escalation) => add(&mut tx, &before, escalation).await?,
            Step::StepIn(_, escalation) => {
                add(&mut tx, &before, escalation).await?;
                taken(&mut tx, id, new.at).await?;
            }
            Step::Take(_) => taken(&mut tx, id, new.at).await?,
            Step::Return => closed(&mut tx, id, ("returned", new.at)).await?,
            Step::Resolve => closed(&mut tx, id, ("resolved", new.at)).await?,
            Step::PassOn(_) | Step::Reopen => {}
        }
        advance(&mut tx, &before, (&new.step, new.at)).await?;
        let entry =
            Entry { reply_to: new.reply_to, ..Entry::system(&new.step, &new.words, new.at) };
        let message = append(&mut tx, id, &entry).await?;
        let conversation = present(&mut tx, id).await?;
        tx.commit().await?;
        Ok(Changed::Done { conversation, message })
    }

    async fn agent_message(
        &self,
        id: ConversationId,
        new: &AgentMessage,
    ) -> Result<Option<Message>, StoreError> {
        let mut write = self.write(Durable::Soon).await?;
        let mut tx = write.begin().await?;
        let conversation = present(&mut tx, id).await?;
        let message_id = new.message_id.map(|id| id.simple().to_string());
        if let Some(message_id) = &message_id {
            let known =
                sqlx::query(select_messages!("WHERE m.conversation = ?1 AND m.message_id = ?2"))
                    .bind(id.to_string())
                    .bind(message_id)
                    .fetch_optional(&mut *tx)
                    .await?;
            if let Some(row) = known {
                return rows::message(&row).map(Some);
            }
        }
        let author = match new.to {
            MessageFor::Colleagues => "note",
            MessageFor::Customer => {
                let has_it = conversation.state == ConversationState::WithAgent
                    && conversation.agent.as_ref().is_some_and(|a| a.id == new.agent);
                if !has_it {
                    return Ok(None);
                }
                "agent"
            }
        };
        let entry =
            Entry { agent: Some(new.agent), message_id, ..Entry::new(author, &new.text, new.at) };
        let message = append(&mut tx, id, &entry).await?;
        tx.commit().await?;
        Ok(Some(message))
    }

    async fn reserve(
        &self,
        id: ConversationId,
        agent: Option<AgentId>,
    ) -> Result<bool, StoreError> {
        let mut write = self.write(Durable::Soon).await?;
        let changed =
            sqlx::query("UPDATE conversations SET agent = ?2 WHERE id = ?1 AND state = 'waiting'")
                .bind(id.to_string())
                .bind(agent.map(|a| a.to_string()))
                .execute(write.statement())
                .await?;
        Ok(changed.rows_affected() > 0)
    }

    async fn set_contact(&self, ticket: &Ticket, contact: &RedactedText) -> Result<(), StoreError> {
        let mut write = self.write(Durable::Now).await?;
        sqlx::query("UPDATE escalations SET contact = ?2 WHERE ticket = ?1")
            .bind(ticket.as_str())
            .bind(contact.as_str())
            .execute(write.statement())
            .await?;
        Ok(())
    }

    async fn set_summary(
        &self,
        ticket: &Ticket,
        summary: &RedactedText,
    ) -> Result<bool, StoreError> {
        let mut write = self.write(Durable::Soon).await?;
        let changed = sqlx::query(
            "UPDATE escalations SET summary = ?2 \
             WHERE ticket = ?1 AND status IN ('waiting', 'with_agent')",
        )
        .bind(ticket.as_str())
        .bind(summary.as_str())
        .execute(write.statement())
        .await?;
        Ok(changed.rows_affected() > 0)
    }

    async fn escalations(&self, limit: u32) -> Result<Vec<Escalation>, StoreError> {
        sqlx::query("SELECT * FROM escalations ORDER BY at DESC, ticket LIMIT ?1")
            .bind(limit)
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(rows::escalation)
            .collect()
    }

    async fn escalation(&self, ticket: &Ticket) -> Result<Option<Escalation>, StoreError> {
        sqlx::query("SELECT * FROM escalations WHERE ticket = ?1")
            .bind(ticket.as_str())
            .fetch_optional(&self.readers)
            .await?
            .as_ref()
            .map(rows::escalation)
            .transpose()
    }

    async fn tickets_of(&self, id: ConversationId) -> Result<Vec<Escalation>, StoreError> {
        sqlx::query("SELECT * FROM escalations WHERE conversation = ?1 ORDER BY at DESC, ticket")
            .bind(id.to_string())
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(rows::escalation)
            .collect()
    }

    async fn inbox(&self, filter: &InboxFilter) -> Result<Vec<InboxRow>, StoreError> {
        // What waits comes first and the longest wait at its top; else the liveliest first. The page
        // behind a place is asked for in the very terms of the order.
        let found = sqlx::query(select_conversations!(
            "WHERE (CASE WHEN ?1 IS NOT NULL THEN c.state = ?1 WHEN ?4 IS NOT NULL THEN TRUE \
                         ELSE c.state IN ('waiting', 'with_agent') END) \
               AND (?2 IS NULL OR c.agent = ?2) \
               AND (?4 IS NULL OR c.id IN \
                    (SELECT conversation FROM escalations WHERE ticket >= ?4 AND ticket < ?5)) \
               AND (?6 IS NULL OR CASE WHEN c.state = 'waiting' \
                        THEN ?6 AND (e.at, c.id) > (?7, ?9) \
                        ELSE ?6 OR c.active_at < ?8 OR (c.active_at = ?8 AND c.id > ?9) END) \
             ORDER BY c.state <> 'waiting', CASE WHEN c.state = 'waiting' THEN e.at END, \
                      CASE WHEN c.state <> 'waiting' THEN c.active_at END DESC, c.id LIMIT ?3"
        ))
        .bind(filter.state.map(ConversationState::as_str))
        .bind(filter.agent.map(|a| a.to_string()))
        .bind(filter.limit)
        .bind(filter.ticket.as_deref())
        .bind(filter.ticket.as_deref().map(past))
        .bind(filter.after.map(|place| place.waits))
        .bind(filter.after.map(|place| stamp(place.at)))
        .bind(filter.after.map(|place| place.at.as_millisecond()))
        .bind(filter.after.map(|place| place.id.to_string()))
        .fetch_all(&self.readers)
        .await?;
        let mut rows_of = Vec::with_capacity(found.len());
        for row in &found {
            let conversation = rows::conversation(row)?;
            let id = conversation.id.to_string();
            let preview: Option<String> = sqlx::query_scalar(
                "SELECT text FROM messages WHERE conversation = ?1 AND author = 'customer' \
                 ORDER BY seq DESC LIMIT 1",
            )
            .bind(&id)
            .fetch_optional(&self.readers)
            .await?;
            let last: Option<(String, String)> = sqlx::query_as(
                "SELECT ticket, summary FROM escalations WHERE conversation = ?1 \
                   AND (?2 IS NULL OR (ticket >= ?2 AND ticket < ?3)) \
                 ORDER BY at DESC, ticket LIMIT 1",
            )
            .bind(&id)
            .bind(filter.ticket.as_deref())
            .bind(filter.ticket.as_deref().map(past))
            .fetch_optional(&self.readers)
            .await?;
            let preview = preview.map(RedactedText::from_store);
            rows_of.push(InboxRow { conversation, preview, last: last.map(rows::last_ticket) });
        }
        Ok(rows_of)
    }

    async fn newcomers_wait_s(&self, now: Timestamp) -> Result<Option<u64>, StoreError> {
        let mut reader = self.readers.acquire().await?;
        let before = waiting_before(&mut reader, None).await?;
        Ok(movement(&mut reader, now).await?.wait_s(place_after(before), now))
    }

    async fn queue_place(
        &self,
        id: ConversationId,
        now: Timestamp,
    ) -> Result<Option<QueuePlace>, StoreError> {
        let mut reader = self.readers.acquire().await?;
        let conversation = find(&mut reader, id).await?;
        let Some(at) = conversation
            .filter(|c| c.state == ConversationState::Waiting)
            .and_then(|c| c.hand_over)
            .map(|h| h.at)
        else {
            return Ok(None);
        };
        let position = place_after(waiting_before(&mut reader, Some(at)).await?);
        let eta_s = movement(&mut reader, now).await?.wait_s(position, now);
        Ok(Some(QueuePlace { position, eta_s }))
    }
}

/// Keeps a ticket. The schema refuses a second open one and a second one for the same hand-over.
async fn add(
    tx: &mut SqliteConnection,
    before: &Conversation,
    e: &Escalation,
) -> Result<(), StoreError> {
    let passages =
        serde_json::to_string(&e.passages).map_err(|e| StoreError::Database(e.to_string()))?;
    sqlx::query(
        "INSERT INTO escalations (ticket, at, conversation, reason, confidence, locale, generation, \
         passages, epoch, reasoning, summary, page, contact, status) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 'waiting')",
    )
    .bind(e.ticket.as_str())
    .bind(stamp(e.at))
    .bind(before.id.to_string())
    .bind(e.reason.as_str())
    .bind(e.confidence)
    .bind(&e.locale)
    .bind(signed(e.generation.0))
    .bind(passages)
    .bind(signed(before.epoch.0))
    .bind(&e.reasoning)
    .bind(e.summary.as_str())
    .bind(e.page.as_ref().map(RedactedText::as_str))
    .bind(e.contact.as_ref().map(RedactedText::as_str))
    .execute(tx)
    .await?;
    Ok(())
}

async fn taken(
    tx: &mut SqliteConnection,
    id: ConversationId,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE escalations SET status = 'with_agent', taken_at = ?2 \
         WHERE conversation = ?1 AND status = 'waiting'",
    )
    .bind(id.to_string())
    .bind(at.as_millisecond())
    .execute(tx)
    .await?;
    Ok(())
}

async fn closed(
    tx: &mut SqliteConnection,
    id: ConversationId,
    (status, at): (&'static str, Timestamp),
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE escalations SET status = ?2, closed_at = ?3 \
         WHERE conversation = ?1 AND status IN ('waiting', 'with_agent')",
    )
    .bind(id.to_string())
    .bind(status)
    .bind(at.as_millisecond())
    .execute(tx)
    .await?;
    Ok(())
}

/// How many wait since before `at`; all who wait without it.
async fn waiting_before(
    reader: &mut SqliteConnection,
    at: Option<Timestamp>,
) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(
        "SELECT count(*) FROM escalations WHERE status = 'waiting' AND (?1 IS NULL OR at < ?1)",
    )
    .bind(at.map(stamp))
    .fetch_one(reader)
    .await?)
}

/// How the queue has moved lately.
async fn movement(reader: &mut SqliteConnection, now: Timestamp) -> Result<Movement, StoreError> {
    let takings = sqlx::query(
        "SELECT at, taken_at FROM escalations \
         WHERE taken_at > ?1 AND reason <> 'agent_stepped_in' ORDER BY taken_at DESC LIMIT ?2",
    )
    .bind(now.as_millisecond() - SPAN_MS)
    .bind(TAKINGS)
    .fetch_all(&mut *reader)
    .await?;
    let mut taken = Vec::with_capacity(takings.len());
    for row in &takings {
        taken.push((row.ticket_time("at")?.as_millisecond(), row.number("taken_at")?));
    }
    let first =
        sqlx::query("SELECT at FROM escalations WHERE status = 'waiting' ORDER BY at LIMIT 1")
            .fetch_optional(reader)
            .await?;
    let oldest = first.map(|row| row.ticket_time("at")).transpose()?;
    Ok(Movement { taken, oldest: oldest.map(|at| at.as_millisecond()) })
}

/// Milliseconds always, so that the order of the texts is the order of the times.
fn stamp(at: Timestamp) -> String {
    format!("{at:.3}")
}
