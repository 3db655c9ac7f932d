//! The values of the assistant: question, answer, escalation, events. Pure data, no I/O, no web
//! framework; `http` translates them to the wire.

mod answer;
mod escalation;
mod event;
mod question;

pub use answer::{Answer, Choice, Citation, GeneratorId, Outcome, Sentence, Timings};
pub use escalation::{Escalation, ReasonCode, SeenPassage, Ticket};
pub use event::{AssistantEvent, Failure, FailureKind};
pub use question::{ConversationId, MAX_CHARS, Question, QuestionError, Role, Said, Turn};
