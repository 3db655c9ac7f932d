//! A message about to be kept, and whose a conversation is after a step: what both databases store alike.

use jiff::Timestamp;

use super::StoreError;
use crate::domain::{AgentId, Conversation, Proof, Step, Ticket};
use crate::privacy::RedactedText;

/// A message about to be kept.
pub(super) struct Entry<'a> {
    pub(super) author: &'static str,
    pub(super) agent: Option<AgentId>,
    pub(super) kind: Option<&'static str>,
    pub(super) text: &'a RedactedText,
    pub(super) at: Timestamp,
    pub(super) message_id: Option<String>,
    pub(super) reply_to: Option<u64>,
    pub(super) proof: Option<&'a Proof>,
    pub(super) ticket: Option<&'a Ticket>,
}

impl<'a> Entry<'a> {
    pub(super) fn new(author: &'static str, text: &'a RedactedText, at: Timestamp) -> Self {
        Self {
            author,
            agent: None,
            kind: None,
            text,
            at,
            message_id: None,
            reply_to: None,
            proof: None,
            ticket: None,
        }
    }

    /// What the system says of a step.
    pub(super) fn system(step: &'a Step, words: &'a RedactedText, at: Timestamp) -> Self {
        let (agent, ticket) = match step {
            Step::HandOver(escalation) => (None, Some(&escalation.ticket)),
            Step::StepIn(agent, escalation) => (Some(*agent), Some(&escalation.ticket)),
            Step::Take(agent) | Step::PassOn(agent) => (Some(*agent), None),
            Step::Return | Step::Resolve | Step::Reopen => (None, None),
        };
        let kind = Some(step.kind().as_str());
        Self { agent, kind, ticket, ..Self::new("system", words, at) }
    }

    /// The proof as it is stored.
    pub(super) fn proof_json(&self) -> Result<Option<String>, StoreError> {
        let json = self.proof.map(serde_json::to_string).transpose();
        json.map_err(|e| StoreError::Database(e.to_string()))
    }
}

/// Who has the conversation once `step` is made.
pub(super) fn agent_after(conversation: &Conversation, step: &Step) -> Option<AgentId> {
    match step {
        Step::StepIn(agent, _) | Step::Take(agent) | Step::PassOn(agent) => Some(*agent),
        // Who resolved it stays on record.
        Step::Resolve => conversation.agent.as_ref().map(|a| a.id),
        Step::HandOver(_) | Step::Return | Step::Reopen => None,
    }
}
