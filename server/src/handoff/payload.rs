//! What a receiver is told of an event: read from the conversation when it is sent, so that what was erased
//! meanwhile is told to nobody. Redacted words alone; internal notes never.

use indexer::model::Generation;
use jiff::Timestamp;
use serde::Serialize;

use super::EventKind;
use crate::domain::{ConversationId, Escalation, Message, SeenPassage, Ticket};
use crate::store::outbox::Due;
use crate::store::{ConversationStore, StoreError};

/// Messages of a transcript at most, the last ones.
const TRANSCRIPT: u32 = 200;

/// One event with everything that is told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    pub id: String,
    pub at: Timestamp,
    pub conversation: ConversationId,
    pub what: What,
}

/// What is told of each kind of event.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    HandedOff { escalation: Box<Escalation>, transcript: Vec<Message> },
    Message(Box<Message>),
    Resolved,
    Rated { stars: u8, comment: Option<String> },
    Erased,
}

impl Notice {
    /// Reads what an event is about. `None` when there is nothing left to tell.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read(
        store: &dyn ConversationStore,
        due: &Due,
    ) -> Result<Option<Self>, StoreError> {
        let id = ConversationId(due.conversation);
        let what = match EventKind::parse(&due.kind) {
            Some(EventKind::Erased) => Some(What::Erased),
            Some(EventKind::Resolved) => store.conversation(id).await?.map(|_| What::Resolved),
            Some(EventKind::Rated) => {
                let rating = store.conversation(id).await?.and_then(|c| c.rating);
                rating.map(|rating| What::Rated {
                    stars: rating.stars,
                    comment: rating.comment.map(|c| c.into_string()),
                })
            }
            Some(EventKind::Message) => {
                let seq = due.seq.unwrap_or_default();
                let found = store.messages(id, seq.saturating_sub(1), 1).await?;
                let found = found.into_iter().find(|m| m.seq == seq && m.is_for_customer());
                found.map(|message| What::Message(Box::new(message)))
            }
            Some(EventKind::HandedOff) => {
                let ticket = Ticket(due.ticket.clone().unwrap_or_default());
                match store.escalation(&ticket).await? {
                    Some(escalation) => {
                        let mut transcript = store.last_messages(id, TRANSCRIPT).await?;
                        transcript.retain(Message::is_for_customer);
                        Some(What::HandedOff { escalation: Box::new(escalation), transcript })
                    }
                    None => None,
                }
            }
            None => None,
        };
        Ok(what.map(|what| Self { id: due.id.clone(), at: due.at, conversation: id, what }))
    }

    /// The body of a webhook: `{"type","timestamp","data"}`.
    pub fn to_json(&self) -> String {
        let conversation_id = self.conversation.to_string();
        let (kind, data) = match &self.what {
            What::HandedOff { escalation, transcript } => {
                (EventKind::HandedOff, Data::handed_off(escalation, transcript))
            }
            What::Message(message) => (
                EventKind::Message,
                Data { message: Some(Line::from(&**message)), ..Data::default() },
            ),
            What::Resolved => (EventKind::Resolved, Data::default()),
            What::Rated { stars, comment } => (
                EventKind::Rated,
                Data { rating: Some(*stars), comment: comment.as_deref(), ..Data::default() },
            ),
            What::Erased => (EventKind::Erased, Data::default()),
        };
        let body = Body {
            kind: format!("conversation.{}", kind.as_str()),
            timestamp: self.at.to_string(),
            data: Data { conversation_id, ..data },
        };
        serde_json::to_string(&body).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: String,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize, Default)]
struct Data<'a> {
    conversation_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<&'a str>,
    /// A placeholder, not an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index_generation: Option<Generation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    passages: Option<&'a [SeenPassage]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transcript: Option<Vec<Line<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Line<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rating: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'a str>,
}

impl<'a> Data<'a> {
    fn handed_off(escalation: &'a Escalation, transcript: &'a [Message]) -> Self {
        Self {
            ticket: Some(escalation.ticket.as_str()),
            reason: Some(escalation.reason.as_str()),
            reasoning: Some(&escalation.reasoning),
            summary: Some(escalation.summary.as_str()),
            confidence: Some(escalation.confidence),
            locale: Some(&escalation.locale),
            page: escalation.page.as_ref().map(|page| page.as_str()),
            contact: escalation.contact.as_ref().map(|contact| contact.as_str()),
            index_generation: Some(escalation.generation),
            passages: Some(&escalation.passages),
            transcript: Some(transcript.iter().map(Line::from).collect()),
            ..Self::default()
        }
    }
}

/// A message in a transcript.
#[derive(Serialize)]
struct Line<'a> {
    seq: u64,
    author: &'static str,
    text: &'a str,
    at: String,
}

impl<'a> From<&'a Message> for Line<'a> {
    fn from(message: &'a Message) -> Self {
        Self {
            seq: message.seq,
            author: message.author.as_str(),
            text: message.text.as_str(),
            at: message.at.to_string(),
        }
    }
}
