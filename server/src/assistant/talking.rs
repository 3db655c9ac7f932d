//! What a customer does in a conversation beside asking: begin, call a person, rate, close.

use indexer::model::Locale;
use jiff::Timestamp;

use super::handing_over::{HandedOver, Matter};
use super::messages::{self, Say};
use super::rules::Trigger;
use super::{Assistant, LOOK_BACK, Path, locale_or_none, summary};
use crate::domain::{
    Author, Conversation, ConversationId, ConversationState, Outcome, ReasonCode, Step, Ticket,
};
use crate::live::Typist;
use crate::privacy::{CustomerText, PersonalDataKind};
use crate::store::{
    Changed, InboxFilter, NewConversation, NewMessage, NewRating, StoreError, Transition,
};

/// How often a step is tried anew when somebody else's came first.
const TRIES: usize = 4;
/// Conversations that one round of the housekeeper looks at, of each sort.
const AT_ONCE: u32 = 200;

/// A conversation that begins.
#[derive(Debug, Clone)]
pub struct Beginning {
    pub locale: Option<Locale>,
    pub site: Option<String>,
    /// Page that the customer is on.
    pub page: Option<CustomerText>,
}

/// A customer who wants a person.
#[derive(Debug, Clone, Default)]
pub struct HandOffRequest {
    /// Where to write when nobody is there.
    pub email: Option<CustomerText>,
    /// What it is about.
    pub note: Option<CustomerText>,
}

/// What a customer may ask this server to do beside answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomerAction {
    /// To erase the conversation.
    Erase,
    /// To hand out what is stored of it.
    Export,
}

/// The person was called; the ticket is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonCalled {
    pub conversation: Conversation,
    pub ticket: Ticket,
    pub reason: ReasonCode,
    /// What the customer is told.
    pub message: String,
}

impl Assistant {
    /// Begins a conversation.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn begin(&self, beginning: Beginning) -> Result<Conversation, StoreError> {
        let id = ConversationId::random();
        let locale = beginning.locale.or_else(|| {
            let snapshot = self.knowledge.snapshot();
            snapshot.languages.first().cloned()
        });
        let locale = locale.unwrap_or_else(Locale::undetermined);
        let page = match &beginning.page {
            Some(page) => Some(self.redact(id, page, &locale).await?),
            None => None,
        };
        let new = NewConversation {
            id,
            locale: locale.as_str().to_owned(),
            site: beginning.site,
            page,
            told: Some(self.disclosure(&locale)),
            at: Timestamp::now(),
        };
        self.store.create(&new).await
    }

    /// Hands over because the customer wants it. Called again it gives the same ticket, and a note that was the
    /// customer's last word on it already is not kept again.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without such a conversation; [`StoreError::Database`] when there is no
    /// ticket, and then nothing was promised.
    pub async fn call_person(
        &self,
        id: ConversationId,
        request: HandOffRequest,
    ) -> Result<PersonCalled, StoreError> {
        let mut conversation = self.known(id).await?;
        if let Some(note) = &request.note {
            let locale = locale_or_none(&conversation.locale);
            let text = self.redact(id, note, &locale).await?;
            let said = match conversation.hand_over {
                Some(_) => self.store.last_messages(id, LOOK_BACK).await?,
                None => Vec::new(),
            };
            let last = said.iter().rev().find(|m| m.author == Author::Customer);
            if last.is_none_or(|m| m.text != text) {
                let new = NewMessage {
                    text,
                    message_id: None,
                    locale: None,
                    at: Timestamp::now(),
                    reopened: Some(messages::system(&self.locales, &locale, Say::Reopened)),
                };
                conversation = self.store.post(id, &new).await?.conversation;
                self.hub.changed(id, conversation.epoch);
            }
        }
        let reason = ReasonCode::CustomerRequested;
        let trigger = Trigger::new(reason, summary::plain(reason).to_owned());
        let called = self.called(conversation, trigger).await?;
        if let Some(email) = &request.email {
            // Whatever was typed into that field is an address, also one with a slip in it.
            let kind = (PersonalDataKind::Email, PersonalDataKind::Email.label());
            let contact = self.originals.redact_whole(id, email, kind).await?;
            self.store.set_contact(&called.ticket, &contact).await?;
        }
        Ok(called)
    }

    /// Hands over because something that the customer asked this server to do failed. Where people have the
    /// conversation already, its ticket tells them.
    ///
    /// # Errors
    /// As [`Self::call_person`].
    pub async fn action_failed(
        &self,
        id: ConversationId,
        action: CustomerAction,
    ) -> Result<PersonCalled, StoreError> {
        let conversation = self.known(id).await?;
        let (reason, failed) = (ReasonCode::ActionFailed, summary::failed(action));
        let called = self.called(conversation, Trigger::new(reason, failed.to_owned())).await?;
        let ticket = self.store.escalation(&called.ticket).await?;
        let Some(earlier) = ticket.filter(|ticket| ticket.reasoning != failed) else {
            return Ok(called);
        };
        if let Some(summary) = summary::with_failed(action, &earlier.summary) {
            self.store.set_summary(&called.ticket, &summary).await?;
            self.hub.changed(id, called.conversation.epoch);
        }
        let locale = locale_or_none(&called.conversation.locale);
        let next = self.next_for(Timestamp::now()).await;
        let message = messages::hand_over(&self.locales, &locale, (reason, &called.ticket), &next);
        Ok(PersonCalled { message: message.into_string(), ..called })
    }

    /// Hands a conversation over, whatever it was about.
    async fn called(
        &self,
        mut conversation: Conversation,
        trigger: Trigger,
    ) -> Result<PersonCalled, StoreError> {
        let id = conversation.id;
        let locale = locale_or_none(&conversation.locale);
        for _ in 0..TRIES {
            if conversation.state == ConversationState::Resolved {
                conversation = self.step(&conversation, Step::Reopen, Say::Reopened).await?;
                continue;
            }
            if conversation.state != ConversationState::Assistant {
                break;
            }
            let before = self.store.last_messages(id, LOOK_BACK).await?;
            let trigger = trigger.clone();
            let matter = Matter { conversation: &conversation, before: &before, asked: None };
            let path = Path { locale: locale.clone(), ..Path::new(id) };
            conversation = match self.store_hand_over(trigger, &matter, &path).await? {
                HandedOver::Done { conversation, .. } | HandedOver::Not(conversation) => {
                    conversation
                }
            };
        }
        let Some((Outcome::HandedOff { reason, ticket, message }, _)) =
            self.open_hand_over(&conversation).await?
        else {
            return Err(StoreError::Database("the hand-over did not come about".to_owned()));
        };
        Ok(PersonCalled { conversation, ticket, reason, message })
    }

    /// Closes a conversation; a closed one stays closed.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without such a conversation.
    pub async fn close(&self, id: ConversationId) -> Result<Conversation, StoreError> {
        let mut conversation = self.known(id).await?;
        for _ in 0..TRIES {
            if conversation.state == ConversationState::Resolved {
                break;
            }
            conversation = self.step(&conversation, Step::Resolve, Say::Resolved).await?;
        }
        Ok(conversation)
    }

    /// Whether an answer helped.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no such answer.
    pub async fn helpful(
        &self,
        id: ConversationId,
        (seq, helpful): (u64, bool),
    ) -> Result<(), StoreError> {
        let conversation = self.known(id).await?;
        self.store.set_helpful(id, seq, helpful, Timestamp::now()).await?;
        self.hub.changed(id, conversation.epoch);
        Ok(())
    }

    /// What the customer thought of the conversation: 1 to 5 stars.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without such a conversation.
    pub async fn rate(
        &self,
        id: ConversationId,
        (stars, comment): (u8, Option<&CustomerText>),
    ) -> Result<(), StoreError> {
        let conversation = self.known(id).await?;
        let locale = locale_or_none(&conversation.locale);
        let comment = match comment {
            Some(comment) => Some(self.redact(id, comment, &locale).await?),
            None => None,
        };
        self.store.rate(id, &NewRating { stars, comment, at: Timestamp::now() }).await?;
        self.hub.changed(id, conversation.epoch);
        Ok(())
    }

    /// The customer types, or stopped.
    pub fn typing(&self, id: ConversationId, typing: bool) {
        self.hub.typing(id, Typist::Customer, typing);
    }

    /// Closes conversations that nobody has written in for long, unless the customer waits for an agent's answer;
    /// returns how many. Those whose agent's account was closed wait for another agent first. Called by the
    /// housekeeper from time to time.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn close_quiet(&self, now: Timestamp) -> Result<usize, StoreError> {
        self.queue_orphans().await?;
        let settings = &self.settings.conversation;
        let limits = [
            (ConversationState::Assistant, settings.idle_minutes),
            (ConversationState::WithAgent, settings.idle_with_agent_minutes),
        ];
        let mut closed = 0;
        for (state, minutes) in limits.into_iter().filter(|(_, minutes)| *minutes > 0) {
            let quiet = std::time::Duration::from_secs(minutes.saturating_mul(60));
            let Ok(before) = now.checked_sub(quiet) else { continue };
            for conversation in self.store.quiet_since(state, before, AT_ONCE).await? {
                let now = self.step(&conversation, Step::Resolve, Say::ResolvedIdle).await?;
                closed += usize::from(now.state == ConversationState::Resolved);
            }
        }
        Ok(closed)
    }

    /// Conversations of agents whose account was closed wait for another agent.
    async fn queue_orphans(&self) -> Result<(), StoreError> {
        for agent in self.store.agents().await?.into_iter().filter(|agent| agent.disabled) {
            let theirs = InboxFilter {
                state: Some(ConversationState::WithAgent),
                agent: Some(agent.id),
                limit: AT_ONCE,
                ..InboxFilter::default()
            };
            for row in self.store.inbox(&theirs).await? {
                self.queue_again(row.conversation).await?;
            }
        }
        Ok(())
    }

    /// Takes a conversation from its agent and hands it over anew, for the same reason. No step leads from an
    /// agent back to the queue, so it is two: with a ticket of its own, which receivers are told of. Cut off
    /// between them, the assistant has the conversation.
    async fn queue_again(&self, conversation: Conversation) -> Result<(), StoreError> {
        let Some(open) = &conversation.hand_over else { return Ok(()) };
        let Some(earlier) = self.store.escalation(&open.ticket).await? else { return Ok(()) };
        let returned = self.step(&conversation, Step::Return, Say::Returned).await?;
        if returned.state != ConversationState::Assistant {
            // Somebody else was quicker.
            return Ok(());
        }
        let called = self.called(returned, Trigger::new(earlier.reason, earlier.reasoning)).await?;
        if let Some(contact) = &earlier.contact {
            self.store.set_contact(&called.ticket, contact).await?;
        }
        Ok(())
    }

    /// Makes a step from where `from` stands; gives what stands afterwards, made or not.
    async fn step(
        &self,
        from: &Conversation,
        step: Step,
        say: Say<'_>,
    ) -> Result<Conversation, StoreError> {
        let words = messages::system(&self.locales, &locale_or_none(&from.locale), say);
        let transition =
            Transition { epoch: from.epoch, step, at: Timestamp::now(), words, reply_to: None };
        Ok(match self.store.step(from.id, &transition).await? {
            Changed::Done { conversation, .. } => {
                self.hub.changed(conversation.id, conversation.epoch);
                conversation
            }
            Changed::Not(now) => now,
        })
    }
}
