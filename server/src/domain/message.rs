//! One message of a conversation as it is kept: redacted words, who said them, and for an answer what
//! proves it.

use indexer::model::Generation;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Choice, Citation, Colleague, GeneratorId, Sentence, SystemKind, Ticket};
use crate::privacy::RedactedText;

/// Who said a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Author {
    Customer,
    Assistant,
    Agent(Colleague),
    /// An agent to other agents; never shown to the customer.
    Note(Colleague),
    /// The house itself, about a step of the conversation.
    System(SystemKind),
}

impl Author {
    /// The name in the API; notes exist on the agents' side alone.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Assistant => "assistant",
            Self::Agent(_) => "agent",
            Self::Note(_) => "note",
            Self::System(_) => "system",
        }
    }
}

/// A message that is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Position in the conversation, from 1. Customers may see gaps: notes are numbered too.
    pub seq: u64,
    pub author: Author,
    pub text: RedactedText,
    pub at: Timestamp,
    /// Chosen by the client, so that a message sent twice counts once.
    pub message_id: Option<Uuid>,
    /// The customer's message that this one answers or hands over.
    pub reply_to: Option<u64>,
    /// Of an answer.
    pub proof: Option<Proof>,
    /// Of a hand-over.
    pub ticket: Option<Ticket>,
    /// Whether the customer found the answer helpful.
    pub helpful: Option<bool>,
}

impl Message {
    /// Whether the customer may see it.
    pub fn is_for_customer(&self) -> bool {
        !matches!(self.author, Author::Note(_))
    }

    /// Whether it replies to small talk.
    pub fn is_small_talk(&self) -> bool {
        self.proof.as_ref().is_some_and(|proof| proof.small_talk)
    }
}

/// What an answer is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    pub sentences: Vec<Sentence>,
    pub citations: Vec<Citation>,
    /// Probability that the passages answer the question, [0, 1].
    pub confidence: f64,
    /// Of the index that was searched.
    pub generation: Generation,
    pub generator: GeneratorId,
    /// Language of the answer.
    pub locale: String,
    /// Of a question back: what the customer may choose from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<Offer>,
    /// The question in a model's words, without personal data, where it was searched by them too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wording: Option<String>,
    /// It replies to small talk ("hello", "thanks") in the house's own words: no answer, and no question before it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub small_talk: bool,
}

/// A question back that waits for its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// What was searched for, without personal data.
    pub query: String,
    pub choices: Vec<Choice>,
}
