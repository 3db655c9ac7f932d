//! Steps, tickets, agents' words and the inbox in Postgres.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::postgres::PgConnection;

use super::PostgresStore;
use super::conversations::{advance, append, find, locked, present, reply_of};
use super::selects::{select_conversations, select_messages};
use crate::domain::{
    AgentId, Conversation, ConversationId, ConversationState, Escalation, Message, Step, Ticket,
};
use crate::privacy::RedactedText;
use crate::store::entry::Entry;
use crate::store::hand_overs::past;
use crate::store::queue::{Movement, SPAN_MS, TAKINGS, place_after};
use crate::store::rows::{self, signed};
use crate::store::{
    AgentMessage, Changed, HandOvers, InboxFilter, InboxRow, MessageFor, QueuePlace, StoreError,
    Transition,
};

#[async_trait]
impl HandOvers for PostgresStore {
    async fn step(&self, id: ConversationId, new: &Transition) -> Result<Changed, StoreError> {
        self.within(async {
            let mut tx = self.pool.begin().await?;
            let before = locked(&mut tx, id).await?;
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
        })
        .await
    }

    async fn agent_message(
        &self,
        id: ConversationId,
        new: &AgentMessage,
    ) -> Result<Option<Message>, StoreError> {
        self.within(async {
            let mut tx = self.pool.begin().await?;
            let conversation = locked(&mut tx, id).await?;
            let message_id = new.message_id.map(|id| id.simple().to_string());
            if let Some(message_id) = &message_id {
                let known = sqlx::query(select_messages!(
                    "WHERE m.conversation = $1 AND m.message_id = $2"
                ))
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
            let entry = Entry {
                agent: Some(new.agent),
                message_id,
                ..Entry::new(author, &new.text, new.at)
            };
            let message = append(&mut tx, id, &entry).await?;
            tx.commit().await?;
            Ok(Some(message))
        })
        .await
    }

    async fn reserve(
        &self,
        id: ConversationId,
        agent: Option<AgentId>,
    ) -> Result<bool, StoreError> {
        self.within(async {
            let changed = sqlx::query(
                "UPDATE conv_conversations SET agent = $2 WHERE id = $1 AND state = 'waiting'",
            )
            .bind(id.to_string())
            .bind(agent.map(|a| a.to_string()))
            .execute(&self.pool)
            .await?;
            Ok(changed.rows_affected() > 0)
        })
        .await
    }

    async fn set_contact(&self, ticket: &Ticket, contact: &RedactedText) -> Result<(), StoreError> {
        self.within(async {
            sqlx::query("UPDATE conv_escalations SET contact = $2 WHERE ticket = $1")
                .bind(ticket.as_str())
                .bind(contact.as_str())
                .execute(&self.pool)
                .await?;
            Ok(())
        })
        .await
    }

    async fn set_summary(
        &self,
        ticket: &Ticket,
        summary: &RedactedText,
    ) -> Result<bool, StoreError> {
        self.within(async {
            let changed = sqlx::query(
                "UPDATE conv_escalations SET summary = $2 \
                 WHERE ticket = $1 AND status IN ('waiting', 'with_agent')",
            )
            .bind(ticket.as_str())
            .bind(summary.as_str())
            .execute(&self.pool)
            .await?;
            Ok(changed.rows_affected() > 0)
        })
        .await
    }

    async fn escalations(&self, limit: u32) -> Result<Vec<Escalation>, StoreError> {
        self.within(async {
            sqlx::query("SELECT * FROM conv_escalations ORDER BY at DESC, ticket LIMIT $1")
                .bind(i64::from(limit))
                .fetch_all(&self.pool)
                .await?
                .iter()
                .map(rows::escalation)
                .collect()
        })
        .await
    }

    async fn escalation(&self, ticket: &Ticket) -> Result<Option<Escalation>, StoreError> {
        self.within(async {
            sqlx::query("SELECT * FROM conv_escalations WHERE ticket = $1")
                .bind(ticket.as_str())
                .fetch_optional(&self.pool)
                .await?
                .as_ref()
                .map(rows::escalation)
                .transpose()
        })
        .await
    }

    async fn tickets_of(&self, id: ConversationId) -> Result<Vec<Escalation>, StoreError> {
        self.within(async {
            sqlx::query(
                "SELECT * FROM conv_escalations WHERE conversation = $1 ORDER BY at DESC, ticket",
            )
            .bind(id.to_string())
            .fetch_all(&self.pool)
            .await?
            .iter()
            .map(rows::escalation)
            .collect()
        })
        .await
    }

    async fn inbox(&self, filter: &InboxFilter) -> Result<Vec<InboxRow>, StoreError> {
        self.within(async {
            // What waits comes first and the longest wait at its top; else the liveliest first. The page
            // behind a place is asked for in the very terms of the order.
            let found = sqlx::query(select_conversations!(
                "WHERE (CASE WHEN $1::text IS NOT NULL THEN c.state = $1 \
                             WHEN $4::text IS NOT NULL THEN TRUE \
                             ELSE c.state IN ('waiting', 'with_agent') END) \
                   AND ($2::text IS NULL OR c.agent = $2) \
                   AND ($4::text IS NULL OR c.id IN \
                        (SELECT conversation FROM conv_escalations \
                         WHERE ticket >= $4 AND ticket < $5::text)) \
                   AND ($6::boolean IS NULL OR CASE WHEN c.state = 'waiting' \
                            THEN $6 AND (e.at, c.id) > ($7::bigint, $8::text) \
                            ELSE $6 OR c.active_at < $7 OR (c.active_at = $7 AND c.id > $8) END) \
                 ORDER BY c.state <> 'waiting', CASE WHEN c.state = 'waiting' THEN e.at END, \
                          CASE WHEN c.state <> 'waiting' THEN c.active_at END DESC, c.id LIMIT $3"
            ))
            .bind(filter.state.map(ConversationState::as_str))
            .bind(filter.agent.map(|a| a.to_string()))
            .bind(i64::from(filter.limit))
            .bind(filter.ticket.as_deref())
            .bind(filter.ticket.as_deref().map(past))
            .bind(filter.after.map(|place| place.waits))
            .bind(filter.after.map(|place| place.at.as_millisecond()))
            .bind(filter.after.map(|place| place.id.to_string()))
            .fetch_all(&self.pool)
            .await?;
            let conversations: Vec<Conversation> =
                found.iter().map(rows::conversation).collect::<Result<_, _>>()?;
            let ids: Vec<String> = conversations.iter().map(|c| c.id.to_string()).collect();
            let said: Vec<(String, String)> = sqlx::query_as(
                "SELECT DISTINCT ON (conversation) conversation, text FROM conv_messages \
             WHERE conversation = ANY($1) AND author = 'customer' ORDER BY conversation, seq DESC",
            )
            .bind(&ids)
            .fetch_all(&self.pool)
            .await?;
            let tickets: Vec<(String, String, String)> = sqlx::query_as(
                "SELECT DISTINCT ON (conversation) conversation, ticket, summary \
                 FROM conv_escalations WHERE conversation = ANY($1) \
                   AND ($2::text IS NULL OR (ticket >= $2 AND ticket < $3::text)) \
                 ORDER BY conversation, at DESC, ticket",
            )
            .bind(&ids)
            .bind(filter.ticket.as_deref())
            .bind(filter.ticket.as_deref().map(past))
            .fetch_all(&self.pool)
            .await?;
            let mut said: HashMap<String, String> = said.into_iter().collect();
            let mut tickets: HashMap<String, (String, String)> =
                tickets.into_iter().map(|(id, ticket, summary)| (id, (ticket, summary))).collect();
            let row = |conversation: Conversation| {
                let id = conversation.id.to_string();
                let preview = said.remove(&id).map(RedactedText::from_store);
                let last = tickets.remove(&id).map(rows::last_ticket);
                InboxRow { conversation, preview, last }
            };
            Ok(conversations.into_iter().map(row).collect())
        })
        .await
    }

    async fn newcomers_wait_s(&self, now: Timestamp) -> Result<Option<u64>, StoreError> {
        self.within(async {
            let mut reader = self.pool.acquire().await?;
            let before = waiting_before(&mut reader, None).await?;
            Ok(movement(&mut reader, now).await?.wait_s(place_after(before), now))
        })
        .await
    }

    async fn queue_place(
        &self,
        id: ConversationId,
        now: Timestamp,
    ) -> Result<Option<QueuePlace>, StoreError> {
        self.within(async {
            let mut reader = self.pool.acquire().await?;
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
        })
        .await
    }
}

/// Keeps a ticket. The schema refuses a second open one and a second one for the same hand-over.
async fn add(
    tx: &mut PgConnection,
    before: &Conversation,
    e: &Escalation,
) -> Result<(), StoreError> {
    let passages =
        serde_json::to_string(&e.passages).map_err(|e| StoreError::Database(e.to_string()))?;
    sqlx::query(
        "INSERT INTO conv_escalations (ticket, at, conversation, reason, confidence, locale, generation, \
         passages, epoch, reasoning, summary, page, contact, status) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'waiting')",
    )
    .bind(e.ticket.as_str())
    .bind(e.at.as_millisecond())
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

async fn taken(tx: &mut PgConnection, id: ConversationId, at: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE conv_escalations SET status = 'with_agent', taken_at = $2 \
         WHERE conversation = $1 AND status = 'waiting'",
    )
    .bind(id.to_string())
    .bind(at.as_millisecond())
    .execute(tx)
    .await?;
    Ok(())
}

async fn closed(
    tx: &mut PgConnection,
    id: ConversationId,
    (status, at): (&'static str, Timestamp),
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE conv_escalations SET status = $2, closed_at = $3 \
         WHERE conversation = $1 AND status IN ('waiting', 'with_agent')",
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
    reader: &mut PgConnection,
    at: Option<Timestamp>,
) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(
        "SELECT count(*) FROM conv_escalations \
         WHERE status = 'waiting' AND ($1::bigint IS NULL OR at < $1)",
    )
    .bind(at.map(Timestamp::as_millisecond))
    .fetch_one(reader)
    .await?)
}

/// How the queue has moved lately.
async fn movement(reader: &mut PgConnection, now: Timestamp) -> Result<Movement, StoreError> {
    let taken: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT at, taken_at FROM conv_escalations \
         WHERE taken_at > $1 AND reason <> 'agent_stepped_in' ORDER BY taken_at DESC LIMIT $2",
    )
    .bind(now.as_millisecond() - SPAN_MS)
    .bind(i64::from(TAKINGS))
    .fetch_all(&mut *reader)
    .await?;
    let oldest: Option<i64> =
        sqlx::query_scalar("SELECT min(at) FROM conv_escalations WHERE status = 'waiting'")
            .fetch_one(reader)
            .await?;
    Ok(Movement { taken, oldest })
}
