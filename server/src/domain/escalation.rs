//! A question that a person takes over.

use std::fmt;

use indexer::model::Generation;
use jiff::Timestamp;

use super::ConversationId;

/// Why a person takes over. The names are part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReasonCode {
    /// The customer asked for a person.
    CustomerRequested,
    /// Passages were found, but the probability that they answer the question is below the
    /// threshold.
    LowConfidence,
    /// Nothing in the knowledge base touches the question.
    NoEvidence,
    /// The topic is one that the operator wants people to handle.
    PolicySensitive,
    /// The same customer got no answer several times in a row.
    RepeatedFailure,
    /// The customer is angry or in despair.
    NegativeSentiment,
    /// An action (an order's status, a return) failed.
    ActionFailed,
    /// The conversation is longer than the operator lets the assistant lead it.
    TurnLimit,
    /// The assistant is at its limit and cannot look at the question in time.
    Overload,
    /// Something broke while answering.
    Error,
}

impl ReasonCode {
    pub const ALL: [Self; 10] = [
        Self::CustomerRequested,
        Self::LowConfidence,
        Self::NoEvidence,
        Self::PolicySensitive,
        Self::RepeatedFailure,
        Self::NegativeSentiment,
        Self::ActionFailed,
        Self::TurnLimit,
        Self::Overload,
        Self::Error,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::CustomerRequested => "customer_requested",
            Self::LowConfidence => "low_confidence",
            Self::NoEvidence => "no_evidence",
            Self::PolicySensitive => "policy_sensitive",
            Self::RepeatedFailure => "repeated_failure",
            Self::NegativeSentiment => "negative_sentiment",
            Self::ActionFailed => "action_failed",
            Self::TurnLimit => "turn_limit",
            Self::Overload => "overload",
            Self::Error => "error",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == text)
    }
}

/// What the customer can name when asking again: `T-` and ten characters of base 32, random, so
/// that a ticket of somebody else cannot be guessed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ticket(pub(crate) String);

impl Ticket {
    pub fn random() -> Self {
        // Crockford's alphabet: no letter that is taken for a digit on the phone.
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let bits: u128 = rand::random();
        let name = (0..10)
            .map(|i| char::from(ALPHABET[(bits >> (i * 5)) as usize & 31]))
            .collect::<String>();
        Self(format!("T-{name}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A passage that was found, for the person who takes over.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SeenPassage {
    pub path: String,
    pub anchor: String,
    pub score: f32,
}

/// A stored hand-over. Holds no word of the customer until the redactor exists.
#[derive(Debug, Clone, PartialEq)]
pub struct Escalation {
    pub ticket: Ticket,
    pub at: Timestamp,
    pub conversation: ConversationId,
    pub reason: ReasonCode,
    /// Probability that the passages answer the question, [0, 1].
    pub confidence: f64,
    pub locale: String,
    pub generation: Generation,
    /// Best first, at most ten.
    pub passages: Vec<SeenPassage>,
}
