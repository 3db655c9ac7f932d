//! The values of the assistant: question, answer, conversation, escalation, agent, events. Pure data, no I/O, no web
//! framework; `http` translates them to the wire.

mod agent;
mod answer;
mod choices;
mod conversation;
mod customer;
mod escalation;
mod event;
mod figures;
mod message;
mod question;
mod reading;

pub use agent::{Agent, AgentId, AgentRole, Permission, SignOn};
pub use answer::{Answer, Choice, Citation, GeneratorId, Outcome, Sentence, Timings};
pub use choices::{Disclosure, Objections, RecordKind, RecordedBy};
pub use conversation::{
    Colleague, Conversation, ConversationState, Epoch, OpenHandOver, Rating, Step, SystemKind,
};
pub use customer::{CustomerKey, Identity, KnownCustomer};
pub use escalation::{Escalation, ReasonCode, SeenPassage, Ticket, TicketStatus};
pub use event::{Accepted, AssistantEvent, Failure, FailureKind};
pub use figures::{CostSettings, Counts, Figures, Saving, Share};
pub use message::{Author, Message, Offer, Proof};
pub use question::{
    ConversationId, Fallback, MAX_CHARS, Question, QuestionError, Role, Said, Turn, Visitor,
};
pub use reading::{article_url, page_url};

#[cfg(test)]
pub(crate) use escalation::tests::escalation as escalation_for_tests;
