//! From the assistant to a person: the ticket is stored, with everything that the person needs, in the
//! same transaction as the state; only then is anybody told.

use jiff::Timestamp;

use super::{Assistant, Path, Said, internal, messages, rules::Trigger, summary};
use crate::domain::{
    Answer, AssistantEvent, Author, Conversation, ConversationState, Escalation, Failure,
    FailureKind, Message, Outcome, Step, Ticket, TicketStatus,
};
use crate::handoff::Open;
use crate::privacy::RedactedText;
use crate::store::{Changed, StoreError, Transition};

/// What a ticket is made of.
pub(super) struct Matter<'a> {
    pub(super) conversation: &'a Conversation,
    /// What was said before the message that is handed over.
    pub(super) before: &'a [Message],
    /// The message that is handed over, where one is.
    pub(super) asked: Option<&'a Message>,
}

/// A ticket that is stored, and what the customer is told.
#[expect(clippy::large_enum_variant, reason = "made once a step and taken apart at once")]
pub(super) enum HandedOver {
    Done {
        conversation: Conversation,
        message: Message,
    },
    /// Somebody was quicker: this is how things stand.
    Not(Conversation),
}

impl Assistant {
    /// Ends a question with a hand-over.
    pub(super) async fn hand_over(
        &self,
        trigger: Trigger,
        matter: &Matter<'_>,
        path: &Path,
    ) -> AssistantEvent {
        let reason = trigger.reason;
        match self.store_hand_over(trigger, matter, path).await {
            Ok(HandedOver::Done { conversation, message }) => {
                let ticket = message.ticket.clone().unwrap_or_else(Ticket::random);
                let outcome =
                    Outcome::HandedOff { reason, ticket, message: message.text.to_string() };
                let conversation = conversation.id;
                AssistantEvent::Done(Box::new(Answer {
                    outcome,
                    conversation,
                    seq: Some(message.seq),
                    ..path.answer()
                }))
            }
            Ok(HandedOver::Not(now)) => self.superseded(&now, path).await,
            Err(error) => {
                let conversation = matter.conversation.id;
                tracing::error!(%conversation, %error, "escalation.failed");
                AssistantEvent::Failed(internal(
                    "the question could be neither answered nor handed over; try again",
                ))
            }
        }
    }

    /// Stores ticket and state, then tells those who look on.
    pub(super) async fn store_hand_over(
        &self,
        trigger: Trigger,
        matter: &Matter<'_>,
        path: &Path,
    ) -> Result<HandedOver, StoreError> {
        let Matter { conversation, before, asked } = matter;
        let now = Timestamp::now();
        // A customer who proved their address need not leave it again.
        let contact = self.store.customer_of(conversation.id).await?.and_then(|c| c.email);
        let Trigger { reason, reasoning, topic } = trigger;
        let escalation = Escalation {
            ticket: Ticket::random(),
            at: now,
            conversation: conversation.id,
            reason,
            reasoning,
            summary: summary::of(before, (asked.map(|m| &m.text), path.wording.as_deref())),
            confidence: path.confidence,
            locale: path.locale.as_str().to_owned(),
            page: conversation.page.clone(),
            contact,
            generation: path.generation,
            passages: path.seen.clone(),
            status: TicketStatus::Waiting,
        };
        let ticket = escalation.ticket.clone();
        let next = self.next_for(now).await;
        let own = topic.and_then(|t| messages::of_topic(&t, &path.locale, &ticket));
        let words = own.unwrap_or_else(|| {
            messages::hand_over(&self.locales, &path.locale, (reason, &ticket), &next)
        });
        let transition = Transition {
            epoch: conversation.epoch,
            step: Step::HandOver(Box::new(escalation)),
            at: now,
            words,
            reply_to: asked.map(|m| m.seq),
        };
        Ok(match self.store.step(conversation.id, &transition).await? {
            Changed::Done { conversation, message } => {
                self.hub.changed(conversation.id, conversation.epoch);
                self.summary_wanted(conversation.id, &ticket, path.wording.as_deref());
                tracing::info!(
                    %ticket,
                    reason = reason.as_str(),
                    confidence = path.confidence,
                    "escalation.stored"
                );
                HandedOver::Done { conversation, message }
            }
            Changed::Not(now) => HandedOver::Not(now),
        })
    }

    /// How a question ends whose conversation went on without the assistant: with the hand-over that
    /// somebody else made.
    pub(super) async fn superseded(&self, now: &Conversation, path: &Path) -> AssistantEvent {
        match self.open_hand_over(now).await {
            Ok(Some((outcome, seq))) => {
                let conversation = now.id;
                AssistantEvent::Done(Box::new(Answer {
                    outcome,
                    conversation,
                    seq,
                    ..path.answer()
                }))
            }
            Ok(None) => AssistantEvent::Failed(Failure {
                kind: FailureKind::Conflict,
                message: "the conversation went on otherwise meanwhile".to_owned(),
            }),
            Err(error) => {
                tracing::error!(conversation = %now.id, %error, "conversation.failed");
                AssistantEvent::Failed(internal("the conversation could not be read; try again"))
            }
        }
    }

    /// The open hand-over of a conversation as its customer was told of it, with that message's number.
    pub(super) async fn open_hand_over(
        &self,
        conversation: &Conversation,
    ) -> Result<Option<(Outcome, Option<u64>)>, StoreError> {
        let Some(open) = &conversation.hand_over else { return Ok(None) };
        let said = self.store.last_messages(conversation.id, super::LOOK_BACK).await?;
        let told = said.iter().rev().find(|m| m.ticket.as_ref() == Some(&open.ticket));
        let message = match told {
            Some(told) => told.text.to_string(),
            None => {
                let next = self.next_for(Timestamp::now()).await;
                let locale = super::locale_or_none(&conversation.locale);
                messages::hand_over(&self.locales, &locale, (open.reason, &open.ticket), &next)
                    .into_string()
            }
        };
        let outcome =
            Outcome::HandedOff { reason: open.reason, ticket: open.ticket.clone(), message };
        Ok(Some((outcome, told.map(|m| m.seq))))
    }

    /// When somebody will be there.
    pub(super) async fn next_for(&self, now: Timestamp) -> messages::Next {
        match self.hours.at(now) {
            Open { now: true, .. } => {
                let minutes = self.store.newcomers_wait_s(now).await.ok().flatten();
                messages::Next::Open { minutes: minutes.map(|s| s.div_ceil(60).max(1)) }
            }
            Open { opens_at, .. } => {
                messages::Next::Closed { opens_at: opens_at.map(|t| self.hours.local(t)) }
            }
        }
    }
}

/// What was said, for a search and a model: the last turns, oldest first.
pub(super) fn turns(before: &[Message], most: usize) -> Vec<Said> {
    use crate::domain::Role;
    let turn = |m: &Message| {
        let role = match m.author {
            Author::Customer => Role::User,
            Author::Assistant | Author::Agent(_) => Role::Assistant,
            Author::Note(_) | Author::System(_) => return None,
        };
        Some(Said { role, text: RedactedText::clone(&m.text) })
    };
    let all: Vec<Said> = before.iter().filter_map(turn).collect();
    let from = all.len().saturating_sub(most);
    all.into_iter().skip(from).collect()
}

/// Whether a person answers.
pub(super) fn is_with_people(conversation: &Conversation) -> bool {
    matches!(conversation.state, ConversationState::Waiting | ConversationState::WithAgent)
}

/// The ticket of a person who steps in unasked.
pub(crate) fn stepping_in(conversation: &Conversation, said: &[Message]) -> Escalation {
    let reason = crate::domain::ReasonCode::AgentSteppedIn;
    Escalation {
        ticket: Ticket::random(),
        at: Timestamp::now(),
        conversation: conversation.id,
        reason,
        reasoning: summary::plain(reason).to_owned(),
        summary: summary::of(said, (None, None)),
        confidence: 0.0,
        locale: conversation.locale.clone(),
        page: conversation.page.clone(),
        contact: None,
        generation: indexer::model::Generation(0),
        passages: Vec::new(),
        status: TicketStatus::Waiting,
    }
}
