//! Rows of either database to values and back: the columns have the same names in both. What does not read
//! back is damage and is reported as such.

use indexer::model::Generation;
use jiff::Timestamp;
use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::domain::{
    Agent, AgentId, AgentRole, Author, Colleague, Conversation, ConversationId, ConversationState,
    Epoch, Escalation, Message, OpenHandOver, Rating, ReasonCode, SystemKind, Ticket, TicketStatus,
};
use crate::privacy::RedactedText;
use crate::store::{ApiKey, KeyScope, LastTicket, StoreError};

/// The cells of a row by column.
pub(super) trait Cells {
    fn text(&self, column: &str) -> Result<String, StoreError>;
    fn maybe_text(&self, column: &str) -> Result<Option<String>, StoreError>;
    fn number(&self, column: &str) -> Result<i64, StoreError>;
    fn maybe_number(&self, column: &str) -> Result<Option<i64>, StoreError>;
    fn real(&self, column: &str) -> Result<f64, StoreError>;
    fn maybe_real(&self, column: &str) -> Result<Option<f64>, StoreError>;
    fn flag(&self, column: &str) -> Result<bool, StoreError>;
    fn maybe_flag(&self, column: &str) -> Result<Option<bool>, StoreError>;
    /// The time of a ticket: text in SQLite, milliseconds in Postgres.
    fn ticket_time(&self, column: &str) -> Result<Timestamp, StoreError>;
}

macro_rules! cells {
    ($row:ty, $ticket_time:expr) => {
        impl Cells for $row {
            fn text(&self, column: &str) -> Result<String, StoreError> {
                Ok(self.try_get(column)?)
            }

            fn maybe_text(&self, column: &str) -> Result<Option<String>, StoreError> {
                Ok(self.try_get(column)?)
            }

            fn number(&self, column: &str) -> Result<i64, StoreError> {
                Ok(self.try_get(column)?)
            }

            fn maybe_number(&self, column: &str) -> Result<Option<i64>, StoreError> {
                Ok(self.try_get(column)?)
            }

            fn real(&self, column: &str) -> Result<f64, StoreError> {
                Ok(self.try_get(column)?)
            }

            fn maybe_real(&self, column: &str) -> Result<Option<f64>, StoreError> {
                Ok(self.try_get(column)?)
            }

            fn flag(&self, column: &str) -> Result<bool, StoreError> {
                Ok(self.try_get(column)?)
            }

            fn maybe_flag(&self, column: &str) -> Result<Option<bool>, StoreError> {
                Ok(self.try_get(column)?)
            }

            fn ticket_time(&self, column: &str) -> Result<Timestamp, StoreError> {
                $ticket_time(self, column)
            }
        }
    };
}

cells!(SqliteRow, |row: &SqliteRow, column| {
    row.text(column)?.parse().map_err(|_| damaged("time of a ticket"))
});
cells!(PgRow, |row: &PgRow, column| time(row.number(column)?));

pub(super) fn conversation(row: &impl Cells) -> Result<Conversation, StoreError> {
    let hand_over = row.maybe_text("ticket")?.map(|ticket| {
        Ok::<_, StoreError>(OpenHandOver {
            ticket: Ticket(ticket),
            reason: ReasonCode::parse(&row.text("reason")?).ok_or_else(|| damaged("reason"))?,
            at: row.ticket_time("ticket_at")?,
        })
    });
    let rating = row.maybe_number("stars")?.map(|stars| {
        let comment = row.maybe_text("comment")?;
        Ok::<_, StoreError>(Rating {
            stars: u8::try_from(stars).map_err(|_| damaged("stars"))?,
            comment: comment.map(RedactedText::from_store),
        })
    });
    Ok(Conversation {
        id: ConversationId(uuid(&row.text("id")?)?),
        state: ConversationState::parse(&row.text("state")?).ok_or_else(|| damaged("state"))?,
        epoch: Epoch(unsigned(row.number("epoch")?)?),
        last_seq: unsigned(row.number("last_seq")?)?,
        locale: row.text("locale")?,
        site: row.maybe_text("site")?,
        page: row.maybe_text("page")?.map(RedactedText::from_store),
        created_at: time(row.number("created_at")?)?,
        active_at: time(row.number("active_at")?)?,
        hand_over: hand_over.transpose()?,
        agent: colleague(row)?,
        rating: rating.transpose()?,
    })
}

pub(super) fn message(row: &impl Cells) -> Result<Message, StoreError> {
    let agent = || colleague(row)?.ok_or_else(|| damaged("agent of a message"));
    let author = match row.text("author")?.as_str() {
        "customer" => Author::Customer,
        "assistant" => Author::Assistant,
        "agent" => Author::Agent(agent()?),
        "note" => Author::Note(agent()?),
        "system" => {
            let kind = row.text("kind")?;
            Author::System(SystemKind::parse(&kind).ok_or_else(|| damaged("kind"))?)
        }
        _ => return Err(damaged("author")),
    };
    Ok(Message {
        seq: unsigned(row.number("seq")?)?,
        author,
        text: RedactedText::from_store(row.text("text")?),
        at: time(row.number("at")?)?,
        message_id: row.maybe_text("message_id")?.as_deref().map(uuid).transpose()?,
        reply_to: row.maybe_number("reply_to")?.map(unsigned).transpose()?,
        proof: row
            .maybe_text("proof")?
            .map(|json| serde_json::from_str(&json).map_err(|_| damaged("proof")))
            .transpose()?,
        ticket: row.maybe_text("ticket")?.map(Ticket),
        helpful: row.maybe_flag("helpful")?,
    })
}

fn colleague(row: &impl Cells) -> Result<Option<Colleague>, StoreError> {
    Ok(match (row.maybe_text("agent")?, row.maybe_text("agent_name")?) {
        (Some(id), Some(name)) => Some(Colleague { id: AgentId(uuid(&id)?), name }),
        _ => None,
    })
}

pub(super) fn escalation(row: &impl Cells) -> Result<Escalation, StoreError> {
    let words = |column: &str| -> Result<Option<RedactedText>, StoreError> {
        Ok(row.maybe_text(column)?.map(RedactedText::from_store))
    };
    Ok(Escalation {
        ticket: Ticket(row.text("ticket")?),
        at: row.ticket_time("at")?,
        conversation: ConversationId(uuid(&row.text("conversation")?)?),
        reason: ReasonCode::parse(&row.text("reason")?).ok_or_else(|| damaged("reason"))?,
        reasoning: row.text("reasoning")?,
        summary: RedactedText::from_store(row.text("summary")?),
        confidence: row.real("confidence")?,
        locale: row.text("locale")?,
        page: words("page")?,
        contact: words("contact")?,
        generation: Generation(unsigned(row.number("generation")?)?),
        passages: serde_json::from_str(&row.text("passages")?).map_err(|_| damaged("passages"))?,
        status: TicketStatus::parse(&row.text("status")?).ok_or_else(|| damaged("status"))?,
    })
}

/// Number and summary of a ticket.
pub(super) fn last_ticket((ticket, summary): (String, String)) -> LastTicket {
    LastTicket { ticket: Ticket(ticket), summary: RedactedText::from_store(summary) }
}

pub(super) fn agent(row: &impl Cells) -> Result<Agent, StoreError> {
    Ok(Agent {
        id: AgentId(uuid(&row.text("id")?)?),
        login: row.text("login")?,
        name: row.text("name")?,
        role: AgentRole::parse(&row.text("role")?).ok_or_else(|| damaged("role"))?,
        disabled: row.flag("disabled")?,
        created_at: time(row.number("created_at")?)?,
    })
}

pub(super) fn key(row: &impl Cells) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        name: row.text("name")?,
        scopes: row
            .text("scopes")?
            .split_whitespace()
            .map(|s| KeyScope::parse(s).ok_or_else(|| damaged("scope")))
            .collect::<Result<_, _>>()?,
        disabled: row.flag("disabled")?,
        created_at: time(row.number("created_at")?)?,
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

/// The databases' integers are signed.
pub(super) fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
