//! Rows to values and back. What does not read back is damage and is reported as such.

use indexer::model::Generation;
use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::domain::{
    Agent, AgentId, AgentRole, Author, Colleague, Conversation, ConversationId, ConversationState,
    Epoch, Escalation, Message, OpenHandOver, Rating, ReasonCode, SystemKind, Ticket, TicketStatus,
};
use crate::privacy::RedactedText;
use crate::store::{ApiKey, KeyScope, StoreError};

/// What every query of conversations reads; goes on with `WHERE` and so on.
macro_rules! select_conversations {
    ($rest:literal) => {
        concat!(
            "SELECT c.*, a.name AS agent_name, e.ticket, e.reason, e.at AS ticket_at, f.stars, \
             f.comment FROM conversations c \
             LEFT JOIN agents a ON a.id = c.agent \
             LEFT JOIN escalations e \
                 ON e.conversation = c.id AND e.status IN ('waiting', 'with_agent') \
             LEFT JOIN feedback f ON f.conversation = c.id AND f.seq = 0 ",
            $rest
        )
    };
}

/// What every query of messages reads.
macro_rules! select_messages {
    ($rest:literal) => {
        concat!(
            "SELECT m.*, a.name AS agent_name, f.helpful FROM messages m \
             LEFT JOIN agents a ON a.id = m.agent \
             LEFT JOIN feedback f ON f.conversation = m.conversation AND f.seq = m.seq ",
            $rest
        )
    };
}

pub(super) use {select_conversations, select_messages};

pub(super) fn conversation(row: &SqliteRow) -> Result<Conversation, StoreError> {
    let ticket: Option<String> = row.try_get("ticket")?;
    let hand_over = ticket.map(|ticket| {
        let reason: &str = row.try_get("reason")?;
        let at: &str = row.try_get("ticket_at")?;
        Ok::<_, StoreError>(OpenHandOver {
            ticket: Ticket(ticket),
            reason: ReasonCode::parse(reason).ok_or_else(|| damaged("reason"))?,
            at: at.parse().map_err(|_| damaged("time of a ticket"))?,
        })
    });
    let rating = row.try_get::<Option<i64>, _>("stars")?.map(|stars| {
        let comment: Option<String> = row.try_get("comment")?;
        Ok::<_, StoreError>(Rating {
            stars: u8::try_from(stars).map_err(|_| damaged("stars"))?,
            comment: comment.map(RedactedText::from_store),
        })
    });
    let state: &str = row.try_get("state")?;
    Ok(Conversation {
        id: ConversationId(uuid(row.try_get("id")?)?),
        state: ConversationState::parse(state).ok_or_else(|| damaged("state"))?,
        epoch: Epoch(unsigned(row.try_get("epoch")?)?),
        last_seq: unsigned(row.try_get("last_seq")?)?,
        locale: row.try_get("locale")?,
        site: row.try_get("site")?,
        page: row.try_get::<Option<String>, _>("page")?.map(RedactedText::from_store),
        created_at: time(row.try_get("created_at")?)?,
        active_at: time(row.try_get("active_at")?)?,
        hand_over: hand_over.transpose()?,
        agent: colleague(row)?,
        rating: rating.transpose()?,
    })
}

pub(super) fn message(row: &SqliteRow) -> Result<Message, StoreError> {
    let agent = || colleague(row)?.ok_or_else(|| damaged("agent of a message"));
    let author = match row.try_get("author")? {
        "customer" => Author::Customer,
        "assistant" => Author::Assistant,
        "agent" => Author::Agent(agent()?),
        "note" => Author::Note(agent()?),
        "system" => {
            let kind: &str = row.try_get("kind")?;
            Author::System(SystemKind::parse(kind).ok_or_else(|| damaged("kind"))?)
        }
        _ => return Err(damaged("author")),
    };
    let message_id: Option<&str> = row.try_get("message_id")?;
    let proof: Option<&str> = row.try_get("proof")?;
    Ok(Message {
        seq: unsigned(row.try_get("seq")?)?,
        author,
        text: RedactedText::from_store(row.try_get("text")?),
        at: time(row.try_get("at")?)?,
        message_id: message_id.map(uuid).transpose()?,
        reply_to: row.try_get::<Option<i64>, _>("reply_to")?.map(unsigned).transpose()?,
        proof: proof
            .map(|json| serde_json::from_str(json).map_err(|_| damaged("proof")))
            .transpose()?,
        ticket: row.try_get::<Option<String>, _>("ticket")?.map(Ticket),
        helpful: row.try_get::<Option<bool>, _>("helpful")?,
    })
}

fn colleague(row: &SqliteRow) -> Result<Option<Colleague>, StoreError> {
    let id: Option<&str> = row.try_get("agent")?;
    let name: Option<String> = row.try_get("agent_name")?;
    Ok(match (id, name) {
        (Some(id), Some(name)) => Some(Colleague { id: AgentId(uuid(id)?), name }),
        _ => None,
    })
}

pub(super) fn escalation(row: &SqliteRow) -> Result<Escalation, StoreError> {
    let at: &str = row.try_get("at")?;
    let reason: &str = row.try_get("reason")?;
    let status: &str = row.try_get("status")?;
    let passages: &str = row.try_get("passages")?;
    let words = |column: &str| -> Result<Option<RedactedText>, StoreError> {
        Ok(row.try_get::<Option<String>, _>(column)?.map(RedactedText::from_store))
    };
    Ok(Escalation {
        ticket: Ticket(row.try_get("ticket")?),
        at: at.parse().map_err(|_| damaged("time of a ticket"))?,
        conversation: ConversationId(uuid(row.try_get("conversation")?)?),
        reason: ReasonCode::parse(reason).ok_or_else(|| damaged("reason"))?,
        reasoning: row.try_get("reasoning")?,
        summary: RedactedText::from_store(row.try_get("summary")?),
        confidence: row.try_get("confidence")?,
        locale: row.try_get("locale")?,
        page: words("page")?,
        contact: words("contact")?,
        generation: Generation(unsigned(row.try_get("generation")?)?),
        passages: serde_json::from_str(passages).map_err(|_| damaged("passages"))?,
        status: TicketStatus::parse(status).ok_or_else(|| damaged("status"))?,
    })
}

pub(super) fn agent(row: &SqliteRow) -> Result<Agent, StoreError> {
    let role: &str = row.try_get("role")?;
    Ok(Agent {
        id: AgentId(uuid(row.try_get("id")?)?),
        login: row.try_get("login")?,
        name: row.try_get("name")?,
        role: AgentRole::parse(role).ok_or_else(|| damaged("role"))?,
        disabled: row.try_get("disabled")?,
        created_at: time(row.try_get("created_at")?)?,
    })
}

pub(super) fn key(row: &SqliteRow) -> Result<ApiKey, StoreError> {
    let scopes: &str = row.try_get("scopes")?;
    Ok(ApiKey {
        name: row.try_get("name")?,
        scopes: scopes
            .split_whitespace()
            .map(|s| KeyScope::parse(s).ok_or_else(|| damaged("scope")))
            .collect::<Result<_, _>>()?,
        disabled: row.try_get("disabled")?,
        created_at: time(row.try_get("created_at")?)?,
    })
}

pub(super) fn damaged(what: &str) -> StoreError {
    StoreError::Database(format!("a damaged row: {what}"))
}

pub(super) fn uuid(text: &str) -> Result<Uuid, StoreError> {
    Uuid::try_parse(text).map_err(|_| damaged("id"))
}

pub(super) fn time(ms: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(ms).map_err(|_| damaged("time"))
}

pub(super) fn unsigned(n: i64) -> Result<u64, StoreError> {
    u64::try_from(n).map_err(|_| damaged("number"))
}

/// SQLite's integers are signed.
pub(super) fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
