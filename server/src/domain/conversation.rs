//! A conversation and its states. Which step leads from which state to which is decided here and
//! nowhere else; the store applies steps, one transaction each.
//!
//! `assistant -> waiting -> with_agent -> resolved -> assistant (reopened)`, `with_agent -> assistant`
//! (returned). Every step and every reply of the assistant names the [`Epoch`] it started from and
//! counts only if that still holds, so that of two that race one wins whole.

use jiff::Timestamp;

use super::{AgentId, ConversationId, Escalation, ReasonCode, Ticket};
use crate::privacy::RedactedText;

/// Who speaks to the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConversationState {
    /// The assistant answers.
    Assistant,
    /// Handed over; nobody has taken it yet. The assistant says nothing.
    Waiting,
    /// A person answers. The assistant says nothing.
    WithAgent,
    /// Over, until the customer writes again.
    Resolved,
}

impl ConversationState {
    pub const ALL: [Self; 4] = [Self::Assistant, Self::Waiting, Self::WithAgent, Self::Resolved];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Assistant => "assistant",
            Self::Waiting => "waiting",
            Self::WithAgent => "with_agent",
            Self::Resolved => "resolved",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }

    /// The state after `step`, `None` where the step does not start from this state.
    pub fn after(self, step: &Step) -> Option<Self> {
        use ConversationState::{Assistant, Resolved, Waiting, WithAgent};
        match (self, step) {
            (Assistant, Step::HandOver(_)) => Some(Waiting),
            (Assistant, Step::StepIn(..)) | (Waiting, Step::Take(_)) => Some(WithAgent),
            (WithAgent, Step::PassOn(_)) => Some(WithAgent),
            (Waiting | WithAgent, Step::Return) => Some(Assistant),
            (Assistant | Waiting | WithAgent, Step::Resolve) => Some(Resolved),
            (Resolved, Step::Reopen) => Some(Assistant),
            _ => None,
        }
    }
}

/// Counts the steps of a conversation. A reply or step that started from an older epoch is void.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

/// What leads from one state to the next. A step that hands over carries its ticket, so that none can
/// be made without.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The assistant gives up, or the customer asks for a person.
    HandOver(Box<Escalation>),
    /// A person joins a conversation that was not handed over.
    StepIn(AgentId, Box<Escalation>),
    /// A person takes over what waits.
    Take(AgentId),
    /// Another person goes on.
    PassOn(AgentId),
    /// Back to the assistant.
    Return,
    /// It is over.
    Resolve,
    /// The customer writes again.
    Reopen,
}

impl Step {
    /// What the customer sees of it.
    pub fn kind(&self) -> SystemKind {
        match self {
            Self::HandOver(_) => SystemKind::HandedOff,
            Self::StepIn(..) | Self::Take(_) | Self::PassOn(_) => SystemKind::AgentJoined,
            Self::Return => SystemKind::Returned,
            Self::Resolve => SystemKind::Resolved,
            Self::Reopen => SystemKind::Reopened,
        }
    }
}

/// What a message of the system tells. The names are part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SystemKind {
    HandedOff,
    AgentJoined,
    Returned,
    Resolved,
    Reopened,
}

impl SystemKind {
    pub const ALL: [Self; 5] =
        [Self::HandedOff, Self::AgentJoined, Self::Returned, Self::Resolved, Self::Reopened];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::HandedOff => "handed_off",
            Self::AgentJoined => "agent_joined",
            Self::Returned => "returned",
            Self::Resolved => "resolved",
            Self::Reopened => "reopened",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == text)
    }
}

/// A conversation as it is kept, without its messages.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    pub id: ConversationId,
    pub state: ConversationState,
    pub epoch: Epoch,
    /// Number of the last message; 0 when there is none.
    pub last_seq: u64,
    /// Language tag of what the customer is told.
    pub locale: String,
    /// Which site of the company the widget stands on.
    pub site: Option<String>,
    /// Page that the customer was on, redacted.
    pub page: Option<RedactedText>,
    pub created_at: Timestamp,
    /// When the last message came or the last step was made.
    pub active_at: Timestamp,
    /// The open hand-over, in `waiting` and `with_agent`.
    pub hand_over: Option<OpenHandOver>,
    /// Who has it, in `with_agent`; whom it is meant for, in `waiting`.
    pub agent: Option<Colleague>,
    pub rating: Option<Rating>,
}

/// What is shown of an open hand-over without its transcript.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenHandOver {
    pub ticket: Ticket,
    pub reason: ReasonCode,
    pub at: Timestamp,
}

/// A person as customers and other agents see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colleague {
    pub id: AgentId,
    pub name: String,
}

/// What the customer thought of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    /// 1 to 5.
    pub stars: u8,
    pub comment: Option<RedactedText>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::escalation_for_tests as escalation;

    #[test]
    fn steps_lead_where_the_state_machine_says_and_nowhere_else() {
        let agent = AgentId::random();
        let ticket = || Box::new(escalation(ConversationId::random()));
        let steps = [
            (Step::HandOver(ticket()), [Some("waiting"), None, None, None]),
            (Step::StepIn(agent, ticket()), [Some("with_agent"), None, None, None]),
            (Step::Take(agent), [None, Some("with_agent"), None, None]),
            (Step::PassOn(agent), [None, None, Some("with_agent"), None]),
            (Step::Return, [None, Some("assistant"), Some("assistant"), None]),
            (Step::Resolve, [Some("resolved"), Some("resolved"), Some("resolved"), None]),
            (Step::Reopen, [None, None, None, Some("assistant")]),
        ];
        for (step, expected) in steps {
            let after =
                ConversationState::ALL.map(|s| s.after(&step).map(ConversationState::as_str));
            assert_eq!(after, expected, "{:?}", step.kind());
        }
    }

    #[test]
    fn names_read_back() {
        for state in ConversationState::ALL {
            assert_eq!(ConversationState::parse(state.as_str()), Some(state));
        }
        for kind in SystemKind::ALL {
            assert_eq!(SystemKind::parse(kind.as_str()), Some(kind));
        }
    }
}
