//! The wire of the agents' side: lists, a conversation with its tickets, presence, suggestions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::conversation_dto::{HoursDto, MessageDto, RatingDto, stamp};
use super::dto::CitationDto;
use crate::assistant::{Suggestion, Told, reasoning_parts, summary_parts};
use crate::desk::Present;
use crate::domain::{
    Agent, Conversation, Escalation, KnownCustomer, Permission, ReasonCode, Ticket,
};
use crate::privacy::RedactedText;
use crate::rights::Revealer;
use crate::store::InboxRow;

/// Characters of a subject and of a preview.
const SUBJECT: usize = 160;

/// A page of the inbox.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ListResponse {
    pub(super) conversations: Vec<RowDto>,
    /// Leads to the next page, as `cursor`; `null` at the end of the list.
    pub(super) next_cursor: Option<String>,
    /// Who is at the desk, by name.
    pub(super) present: Vec<PresentDto>,
    pub(super) hours: HoursDto,
    /// Whether the caller may reply.
    pub(super) may_reply: bool,
}

/// A conversation in the list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RowDto {
    conversation_id: String,
    /// `assistant`, `waiting`, `with_agent` or `resolved`.
    state: &'static str,
    /// Language tag of the conversation.
    #[schema(example = "en")]
    locale: String,
    /// Which site of the company the customer writes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<String>,
    /// The open ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<String>,
    /// The newest ticket, open or not; in a search, the one that was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_ticket: Option<String>,
    /// What that ticket is about, in the customer's words where its summary has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// Why the open ticket came; the reasons are those of `AskResponse`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// Since when somebody is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting_since: Option<String>,
    /// When something happened last.
    active_at: String,
    /// Name of who has it, or whom it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    /// Whether that is the caller.
    mine: bool,
    /// The beginning of the customer's last words.
    #[serde(skip_serializing_if = "Option::is_none")]
    preview: Option<String>,
}

/// Somebody at the desk.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PresentDto {
    /// The account's id.
    id: String,
    name: String,
    /// `online` or `away`.
    presence: &'static str,
}

/// A conversation with everything that an agent sees.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DetailResponse {
    #[serde(flatten)]
    pub(super) row: RowDto,
    pub(super) created_at: String,
    /// Address of the page that the customer was on, redacted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) page: Option<String>,
    /// What the customer thought of the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rating: Option<RatingDto>,
    /// Who the customer proved to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) customer: Option<CustomerDto>,
    /// Whether the customer wants no answers of a machine.
    pub(super) people_only: bool,
    /// What a mail to the customer about the newest ticket is headed with, in their language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mail_subject: Option<String>,
    /// Newest first.
    pub(super) tickets: Vec<TicketDto>,
    /// All of them, notes (author `note`) among them.
    pub(super) messages: Vec<MessageDto>,
    pub(super) may: MayDto,
    /// Who could take it: accounts that answer customers.
    pub(super) colleagues: Vec<ColleagueDto>,
}

/// A customer, by placeholders.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CustomerDto {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

impl From<KnownCustomer> for CustomerDto {
    fn from(c: KnownCustomer) -> Self {
        let text = |t: RedactedText| t.into_string();
        Self { id: text(c.id), name: c.name.map(text), email: c.email.map(text) }
    }
}

/// An account that answers customers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ColleagueDto {
    pub(super) id: String,
    pub(super) name: String,
    /// `online`, `away` or `offline`.
    pub(super) presence: &'static str,
}

/// What the caller may do with the conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MayDto {
    /// Whether the role answers customers.
    pub(super) reply: bool,
    /// Whether the caller may see what placeholders stand for.
    pub(super) reveal: bool,
}

/// A hand-over.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TicketDto {
    #[schema(example = "T-7Q2M9K4XBD")]
    ticket: String,
    at: String,
    /// Why it came; the reasons are those of `AskResponse`.
    reason: &'static str,
    /// The same in a sentence.
    reasoning: String,
    /// What `reasoning` says, for a page in another language; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_parts: Option<ToldDto>,
    summary: String,
    /// What `summary` says, likewise; empty for a summary in the words of a model.
    summary_parts: Vec<ToldDto>,
    /// Probability that the passages answer the question, [0, 1].
    confidence: f64,
    /// `waiting`, `with_agent`, `returned` or `resolved`.
    status: &'static str,
    /// How the customer can be reached, as a placeholder.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    /// What the assistant had found, best first.
    passages: Vec<PassageDto>,
}

/// One sentence, or one quote of it, as data.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ToldDto {
    #[schema(example = "wrote")]
    code: String,
    /// What stands in it, by name: figures, a title, redacted words.
    values: BTreeMap<&'static str, String>,
}

/// A passage that the assistant saw.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PassageDto {
    title: String,
    /// Article page at its heading, relative to this server; empty where it has none.
    url: String,
    /// File in the knowledge-base folder.
    path: String,
    /// Fused score, [0, 1].
    score: f32,
}

/// A reply or note.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WordsRequest {
    /// The agent's words, 1 to 8000 characters.
    pub(super) text: String,
    /// A UUID chosen by the client: the same again is the same message.
    #[serde(default)]
    pub(super) message_id: Option<String>,
}

/// To whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AssignRequest {
    /// An account's id.
    pub(super) agent: String,
}

/// Whether the caller takes conversations.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PresenceRequest {
    /// `online`, `away` or `offline`.
    pub(super) presence: String,
}

/// Everybody at the desk.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PresenceResponse {
    pub(super) present: Vec<PresentDto>,
}

/// An answer that may be sent.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SuggestionResponse {
    /// `null` where the articles say nothing.
    pub(super) suggestion: Option<SuggestionDto>,
}

/// What the articles say.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SuggestionDto {
    text: String,
    citations: Vec<CitationDto>,
    /// Probability that the cited passages answer the question, [0, 1].
    confidence: f64,
}

impl RowDto {
    pub(super) fn of(
        c: &Conversation,
        (preview, last): (Option<&RedactedText>, Option<(&Ticket, &RedactedText)>),
        caller: &Agent,
    ) -> Self {
        Self {
            conversation_id: c.id.to_string(),
            state: c.state.as_str(),
            locale: c.locale.clone(),
            site: c.site.clone(),
            ticket: c.hand_over.as_ref().map(|h| h.ticket.to_string()),
            last_ticket: last.map(|(ticket, _)| ticket.to_string()),
            subject: last.and_then(|(_, summary)| subject_of(summary)),
            reason: c.hand_over.as_ref().map(|h| ReasonCode::as_str(h.reason)),
            waiting_since: c.hand_over.as_ref().map(|h| stamp(h.at)),
            active_at: stamp(c.active_at),
            agent: c.agent.as_ref().map(|a| a.name.clone()),
            mine: c.agent.as_ref().is_some_and(|a| a.id == caller.id),
            preview: preview.map(|p| p.beginning(SUBJECT).into_string()),
        }
    }

    pub(super) fn listed(row: &InboxRow, caller: &Agent) -> Self {
        let last = row.last.as_ref().map(|last| (&last.ticket, &last.summary));
        Self::of(&row.conversation, (row.preview.as_ref(), last), caller)
    }
}

/// What a ticket is about: the first words that its summary quotes, a model's summary itself, and nothing
/// where the customer has not written anything.
fn subject_of(summary: &RedactedText) -> Option<String> {
    let parts = summary_parts(summary.as_str());
    if parts.is_empty() {
        return Some(summary.beginning(SUBJECT).into_string());
    }
    let mut quoted = parts.into_iter().filter(|part| part.code == "wrote");
    quoted.next().and_then(|mut part| part.values.remove("words"))
}

impl From<&Present> for PresentDto {
    fn from(p: &Present) -> Self {
        Self { id: p.id.to_string(), name: p.name.clone(), presence: p.presence.as_str() }
    }
}

impl From<Told> for ToldDto {
    fn from(told: Told) -> Self {
        Self { code: told.code, values: told.values }
    }
}

impl From<&Escalation> for TicketDto {
    fn from(e: &Escalation) -> Self {
        Self {
            ticket: e.ticket.to_string(),
            at: stamp(e.at),
            reason: e.reason.as_str(),
            reasoning: e.reasoning.clone(),
            reasoning_parts: reasoning_parts(&e.reasoning).map(ToldDto::from),
            summary: e.summary.to_string(),
            summary_parts: summary_parts(e.summary.as_str())
                .into_iter()
                .map(ToldDto::from)
                .collect(),
            confidence: e.confidence,
            status: e.status.as_str(),
            contact: e.contact.as_ref().map(ToString::to_string),
            passages: e
                .passages
                .iter()
                .map(|p| PassageDto {
                    title: if p.title.is_empty() { p.path.clone() } else { p.title.clone() },
                    url: p.url.clone(),
                    path: p.path.clone(),
                    score: p.score,
                })
                .collect(),
        }
    }
}

impl From<Suggestion> for SuggestionDto {
    fn from(s: Suggestion) -> Self {
        let citations = s.citations.iter().map(CitationDto::from).collect();
        Self { text: s.text, citations, confidence: s.confidence }
    }
}

/// Everybody at the desk now.
pub(super) fn present(all: &[Present]) -> Vec<PresentDto> {
    all.iter().map(PresentDto::from).collect()
}

/// What `agent` may do with `conversation`.
pub(super) fn may(agent: &Agent, conversation: &Conversation) -> MayDto {
    MayDto {
        reply: agent.role.may(Permission::Reply),
        reveal: Revealer::check((agent.id, agent.role), conversation).is_ok(),
    }
}
