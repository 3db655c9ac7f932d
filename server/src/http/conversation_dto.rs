//! The wire of conversations: the customers' requests and what they get. The one place that turns a
//! stored message into what its customer sees.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::choices::ObjectionsDto;
use super::dto::{CitationDto, DisclosureDto, SentenceDto};
use crate::domain::{Author, Conversation, ConversationState, Message, Rating, ReasonCode, Ticket};
use crate::handoff::Open;
use crate::store::QueuePlace;

/// A conversation that begins.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BeginRequest {
    /// Language tag of what the customer is told; `auto` or absent: the browser's.
    #[serde(default)]
    pub locale: Option<String>,
    /// Which site of the company the widget stands on.
    #[serde(default)]
    pub site: Option<String>,
    /// Address of the page that the customer is on.
    #[serde(default)]
    pub page: Option<String>,
}

/// A conversation that has begun.
#[derive(Debug, Serialize, ToSchema)]
pub struct BeginResponse {
    pub conversation_id: String,
    /// Opens this conversation: `Authorization: Bearer`.
    pub token: String,
    pub state: &'static str,
    pub locale: String,
    /// When the token ends.
    pub expires_at: String,
    /// What to tell the customer of the machine that answers (EU AI Act, Art. 50); recorded as told.
    pub disclosure: DisclosureDto,
}

/// A message of the customer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostRequest {
    /// The customer's words, 1 to 8000 characters.
    pub text: String,
    /// A UUID chosen by the client: the same again is the same message.
    #[serde(default)]
    pub message_id: Option<String>,
    /// Language tag of the reply; `auto` or absent: the message's own language.
    #[serde(default)]
    pub locale: Option<String>,
}

/// A message that a person will answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct AcceptedResponse {
    pub accepted: bool,
    pub state: &'static str,
    pub message: MessageDto,
}

/// One message as its customer sees it, or an agent.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageDto {
    /// Position in the conversation, from 1; there may be gaps.
    pub seq: u64,
    /// `customer`, `assistant`, `agent` or `system`; for agents also `note`.
    pub author: &'static str,
    /// Of the agent, also of a note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub text: String,
    pub at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// Number of the customer's message that this one answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentences: Option<Vec<SentenceDto>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub citations: Option<Vec<CitationDto>>,
    /// `answered`, `handed_off` or `clarify`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub helpful: Option<bool>,
    /// Of a message of the system: `handed_off`, `agent_joined`, `returned`, `resolved`, `reopened`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// For agents: a model's wording of the question, by which the search went too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wording: Option<String>,
}

/// A conversation with its messages.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationResponse {
    pub conversation_id: String,
    #[serde(flatten)]
    pub state: StateDto,
    pub locale: String,
    pub(super) objections: ObjectionsDto,
    pub created_at: String,
    pub hours: HoursDto,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<RatingDto>,
    pub messages: Vec<MessageDto>,
}

/// How a conversation stands; also data of the `state` event.
#[derive(Debug, Serialize, ToSchema)]
pub struct StateDto {
    /// `assistant`, `waiting`, `with_agent` or `resolved`.
    pub state: &'static str,
    /// Of the open hand-over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentDto>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueDto>,
}

/// The person who answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgentDto {
    pub name: String,
}

/// A place among those who wait.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueueDto {
    /// From 1.
    pub position: u32,
    /// How long it will probably take from now on, seconds; absent while nobody can say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta_s: Option<u64>,
}

/// Whether somebody is there.
#[derive(Debug, Serialize, ToSchema)]
pub struct HoursDto {
    pub open: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opens_at: Option<String>,
}

/// What the customer thought.
#[derive(Debug, Serialize, ToSchema)]
pub struct RatingDto {
    /// 1 to 5.
    pub rating: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Somebody types, or stopped.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TypingRequest {
    pub typing: bool,
}

/// A call for a person.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOffBody {
    /// Where to write when nobody is there.
    #[serde(default)]
    pub email: Option<String>,
    /// What it is about.
    #[serde(default)]
    pub note: Option<String>,
}

/// The person was called.
#[derive(Debug, Serialize, ToSchema)]
pub struct HandOffResponse {
    pub state: &'static str,
    pub ticket: String,
    pub reason: &'static str,
    /// What to tell the customer.
    pub message: String,
}

/// What the customer thinks of an answer (`seq`, `helpful`) or of the conversation (`rating`).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackRequest {
    #[serde(default)]
    pub seq: Option<u64>,
    #[serde(default)]
    pub helpful: Option<bool>,
    #[serde(default)]
    #[schema(minimum = 1, maximum = 5)]
    pub rating: Option<u8>,
    #[serde(default)]
    pub comment: Option<String>,
}

/// How a conversation stands now.
#[derive(Debug, Serialize, ToSchema)]
pub struct StateResponse {
    pub state: &'static str,
}

impl StateDto {
    pub(super) fn of(conversation: &Conversation, queue: Option<QueuePlace>) -> Self {
        let open = conversation.hand_over.as_ref();
        let with_agent = conversation.state == ConversationState::WithAgent;
        let agent = conversation.agent.as_ref().filter(|_| with_agent);
        Self {
            state: conversation.state.as_str(),
            ticket: open.map(|h| h.ticket.to_string()),
            reason: open.map(|h| ReasonCode::as_str(h.reason)),
            agent: agent.map(|a| AgentDto { name: a.name.clone() }),
            queue: queue.map(|q| QueueDto { position: q.position, eta_s: q.eta_s }),
        }
    }
}

impl From<&Message> for MessageDto {
    fn from(m: &Message) -> Self {
        let (name, kind) = match &m.author {
            Author::Agent(a) | Author::Note(a) => (Some(a.name.clone()), None),
            Author::System(kind) => (None, Some(kind.as_str())),
            Author::Customer | Author::Assistant => (None, None),
        };
        let outcome = match (&m.proof, &m.ticket) {
            (Some(proof), _) if proof.offer.is_some() || proof.small_talk => Some("clarify"),
            (Some(_), _) => Some("answered"),
            (None, Some(_)) => Some("handed_off"),
            (None, None) => None,
        };
        let proof = m.proof.as_ref();
        Self {
            seq: m.seq,
            author: m.author.as_str(),
            name,
            text: m.text.to_string(),
            at: stamp(m.at),
            message_id: m.message_id.map(|id| id.to_string()),
            reply_to: m.reply_to,
            sentences: proof.map(|p| p.sentences.iter().map(SentenceDto::from).collect()),
            citations: proof.map(|p| p.citations.iter().map(CitationDto::from).collect()),
            outcome,
            confidence: proof.map(|p| p.confidence),
            ticket: m.ticket.as_ref().map(Ticket::to_string),
            helpful: m.helpful,
            kind,
            wording: None,
        }
    }
}

impl MessageDto {
    /// A message as an agent sees it.
    pub(super) fn for_agent(m: &Message) -> Self {
        let wording = m.proof.as_ref().and_then(|p| p.wording.clone());
        Self { wording, ..Self::from(m) }
    }
}

impl From<Open> for HoursDto {
    fn from(open: Open) -> Self {
        Self { open: open.now, opens_at: open.opens_at.map(stamp) }
    }
}

impl From<&Rating> for RatingDto {
    fn from(rating: &Rating) -> Self {
        Self { rating: rating.stars, comment: rating.comment.as_ref().map(ToString::to_string) }
    }
}

/// RFC 3339, UTC, milliseconds.
pub(super) fn stamp(at: Timestamp) -> String {
    format!("{at:.3}")
}
