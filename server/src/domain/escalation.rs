//! A question that a person takes over.

use std::fmt;

use indexer::model::Generation;
use jiff::Timestamp;

use super::ConversationId;
use crate::privacy::RedactedText;

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
    /// What the customer asked the server to do (erase, export) failed.
    ActionFailed,
    /// The conversation is longer than the operator lets the assistant lead it.
    TurnLimit,
    /// The assistant is at its limit and cannot look at the question in time.
    Overload,
    /// Something broke while answering.
    Error,
    /// A person of the company stepped in unasked.
    AgentSteppedIn,
}

impl ReasonCode {
    pub const ALL: [Self; 11] = [
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
        Self::AgentSteppedIn,
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
            Self::AgentSteppedIn => "agent_stepped_in",
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
    /// Of the article; empty in tickets of old versions.
    #[serde(default)]
    pub title: String,
    /// Article page at the heading, relative to the server; empty for an article that is not public and in
    /// tickets of old versions.
    #[serde(default)]
    pub url: String,
}

/// How far a hand-over has come. The names are part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TicketStatus {
    /// Nobody has taken it.
    Waiting,
    /// A person talks to the customer.
    WithAgent,
    /// The assistant goes on.
    Returned,
    Resolved,
}

impl TicketStatus {
    pub const ALL: [Self; 4] = [Self::Waiting, Self::WithAgent, Self::Returned, Self::Resolved];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::WithAgent => "with_agent",
            Self::Returned => "returned",
            Self::Resolved => "resolved",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// A stored hand-over. Every word of the customer in it is redacted.
#[derive(Debug, Clone, PartialEq)]
pub struct Escalation {
    pub ticket: Ticket,
    pub at: Timestamp,
    pub conversation: ConversationId,
    pub reason: ReasonCode,
    /// Why, in one English sentence for the person who takes over.
    pub reasoning: String,
    /// What the conversation is about, from its own words.
    pub summary: RedactedText,
    /// Probability that the passages answer the question, [0, 1].
    pub confidence: f64,
    pub locale: String,
    /// Page that the customer was on.
    pub page: Option<RedactedText>,
    /// How to reach the customer when nobody is there: a placeholder, the address is in the vault.
    pub contact: Option<RedactedText>,
    pub generation: Generation,
    /// Best first, at most ten.
    pub passages: Vec<SeenPassage>,
    pub status: TicketStatus,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn escalation(conversation: ConversationId) -> Escalation {
        Escalation {
            ticket: Ticket::random(),
            at: Timestamp::from_second(1_790_000_000).unwrap(),
            conversation,
            reason: ReasonCode::LowConfidence,
            reasoning: "The passages found answer the question with a probability of 31 %."
                .to_owned(),
            summary: RedactedText::of_the_house("Asks for a refund of [ORDER_1]."),
            confidence: 0.31,
            locale: "en".to_owned(),
            page: Some(RedactedText::of_the_house("/checkout")),
            contact: None,
            generation: Generation(3),
            passages: vec![SeenPassage {
                path: "en/returns.md".to_owned(),
                anchor: "time".to_owned(),
                score: 0.5,
                title: "Returns".to_owned(),
                url: "/kb/returns#time".to_owned(),
            }],
            status: TicketStatus::Waiting,
        }
    }

    #[test]
    fn names_read_back() {
        for reason in ReasonCode::ALL {
            assert_eq!(ReasonCode::parse(reason.as_str()), Some(reason));
        }
        for status in TicketStatus::ALL {
            assert_eq!(TicketStatus::parse(status.as_str()), Some(status));
        }
    }
}
