//! What the people of the company do with conversations: take over, reply, note, pass on, return,
//! resolve. Who may do it is checked before; here stand the rules of the conversation itself.
//!
//! Called by `http::inbox`. Every change is one transaction of the store, which refuses what starts
//! from an outdated state; those who look on are told afterwards.

mod presence;

use std::sync::Arc;

use indexer::model::Locale;
use jiff::Timestamp;
use uuid::Uuid;

use crate::assistant::messages::{self, Say};
use crate::assistant::{Assistant, SuggestError, Suggestion, stepping_in};
use crate::domain::{
    Agent, AgentId, Conversation, ConversationId, ConversationState, Message, Permission, Step,
};
use crate::live::{Hub, Relayed, Typist};
use crate::privacy::CustomerText;
use crate::store::{AgentMessage, Changed, ConversationStore, MessageFor, StoreError, Transition};

pub use presence::{Presence, Presences, Present};

/// Most characters of a reply or note.
pub const MAX_CHARS: usize = 8_000;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The conversation stands otherwise than the person saw it.
    #[error("{0}")]
    Conflict(String),
    /// What was sent is wrong.
    #[error("{0}")]
    Wrong(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Suggest(#[from] SuggestError),
}

/// The agents' desk. Shared by all requests.
pub struct Desk {
    assistant: Arc<Assistant>,
    store: Arc<dyn ConversationStore>,
    hub: Arc<Hub>,
    pub presences: Arc<Presences>,
}

impl Desk {
    pub fn new(
        assistant: Arc<Assistant>,
        store: Arc<dyn ConversationStore>,
        hub: Arc<Hub>,
    ) -> Self {
        Self { assistant, store, hub, presences: Arc::default() }
    }

    /// Takes over: what waits, or what the assistant has. An answer on its way is dropped.
    ///
    /// # Errors
    /// [`DeskError::Conflict`] when somebody else has it or it is resolved.
    pub async fn take(&self, id: ConversationId, agent: &Agent) -> Result<Conversation, DeskError> {
        // Between reading and taking, the assistant may hand over: then the second try takes that.
        for _ in 0..3 {
            let now = self.assistant.known(id).await?;
            let step = match now.state {
                ConversationState::Waiting => Step::Take(agent.id),
                ConversationState::Assistant => {
                    let ticket = stepping_in(&now, &self.store.last_messages(id, 200).await?);
                    Step::StepIn(agent.id, Box::new(ticket))
                }
                ConversationState::WithAgent if has(&now, agent.id) => return Ok(now),
                ConversationState::WithAgent => return Err(somebody_else(&now)),
                ConversationState::Resolved => {
                    return Err(conflict(
                        "the conversation is resolved; it opens again when the customer writes",
                    ));
                }
            };
            if let Some(taken) = self.step(&now, step, Say::AgentJoined(&agent.name)).await? {
                return Ok(taken);
            }
        }
        Err(conflict("the conversation changes too quickly; look at it again"))
    }

    /// A reply to the customer, sent twice counted once.
    ///
    /// # Errors
    /// [`DeskError::Conflict`] when the agent does not have the conversation.
    pub async fn reply(
        &self,
        id: ConversationId,
        agent: &Agent,
        words: (CustomerText, Option<Uuid>),
    ) -> Result<Message, DeskError> {
        self.say(id, agent, (MessageFor::Customer, words)).await
    }

    /// An internal note.
    ///
    /// # Errors
    /// [`DeskError::Wrong`] when there are no words or too many.
    pub async fn note(
        &self,
        id: ConversationId,
        agent: &Agent,
        words: (CustomerText, Option<Uuid>),
    ) -> Result<Message, DeskError> {
        self.say(id, agent, (MessageFor::Colleagues, words)).await
    }

    async fn say(
        &self,
        id: ConversationId,
        agent: &Agent,
        (to, (text, message_id)): (MessageFor, (CustomerText, Option<Uuid>)),
    ) -> Result<Message, DeskError> {
        let chars = text.expose().chars().count();
        if text.expose().trim().is_empty() {
            return Err(DeskError::Wrong("`text` is empty; send some words".to_owned()));
        }
        if chars > MAX_CHARS {
            let what = format!("`text` has {chars} characters; at most {MAX_CHARS} are taken");
            return Err(DeskError::Wrong(what));
        }
        let conversation = self.assistant.known(id).await?;
        let text = self.assistant.redact_words(&conversation, &text).await?;
        let new = AgentMessage { agent: agent.id, to, text, message_id, at: Timestamp::now() };
        let Some(message) = self.store.agent_message(id, &new).await? else {
            let now = self.assistant.known(id).await?;
            return Err(match now.state {
                ConversationState::WithAgent => somebody_else(&now),
                _ => conflict("take the conversation over before you reply"),
            });
        };
        self.hub.typing(id, Typist::Agent, false);
        self.hub.changed(id, conversation.epoch);
        Ok(message)
    }

    /// Gives the conversation back to the assistant.
    ///
    /// # Errors
    /// [`DeskError::Conflict`] when somebody else has it, or nobody.
    pub async fn give_back(
        &self,
        id: ConversationId,
        agent: &Agent,
    ) -> Result<Conversation, DeskError> {
        let now = self.assistant.known(id).await?;
        match now.state {
            ConversationState::Assistant => return Ok(now),
            ConversationState::Resolved => return Err(conflict("the conversation is resolved")),
            ConversationState::WithAgent if !has(&now, agent.id) => {
                return Err(somebody_else(&now));
            }
            ConversationState::WithAgent | ConversationState::Waiting => {}
        }
        self.made(&now, Step::Return, Say::Returned).await
    }

    /// Ends the conversation.
    ///
    /// # Errors
    /// [`DeskError::Conflict`] when somebody else has it.
    pub async fn resolve(
        &self,
        id: ConversationId,
        agent: &Agent,
    ) -> Result<Conversation, DeskError> {
        let now = self.assistant.known(id).await?;
        match now.state {
            ConversationState::Resolved => return Ok(now),
            ConversationState::WithAgent if !has(&now, agent.id) => {
                return Err(somebody_else(&now));
            }
            _ => {}
        }
        self.made(&now, Step::Resolve, Say::Resolved).await
    }

    /// Passes the conversation on, or marks whom it should wait for. Who has it passes it on; while they
    /// are away anybody who answers customers may, and an administrator always. Else an agent could take
    /// a colleague's conversation, and with it the right to see its originals.
    ///
    /// # Errors
    /// [`DeskError::Wrong`] when `to` answers no customers; [`DeskError::Conflict`] when nobody has the
    /// conversation and it does not wait, or somebody else has it.
    pub async fn assign(
        &self,
        id: ConversationId,
        by: &Agent,
        to: AgentId,
    ) -> Result<Conversation, DeskError> {
        let to = self.store.agent(to).await?.filter(|a| !a.disabled);
        let Some(to) = to.filter(|a| a.role.may(Permission::Reply)) else {
            return Err(DeskError::Wrong("`agent` is nobody who answers customers".to_owned()));
        };
        let now = self.assistant.known(id).await?;
        match now.state {
            ConversationState::Waiting if self.store.reserve(id, Some(to.id)).await? => {
                self.hub.changed(id, now.epoch);
                Ok(self.assistant.known(id).await?)
            }
            ConversationState::WithAgent if has(&now, to.id) => Ok(now),
            ConversationState::WithAgent if !self.may_pass_on(&now, by) => Err(somebody_else(&now)),
            ConversationState::WithAgent => {
                self.made(&now, Step::PassOn(to.id), Say::AgentJoined(&to.name)).await
            }
            _ => {
                Err(conflict("only a conversation that waits or is with a person can be assigned"))
            }
        }
    }

    fn may_pass_on(&self, now: &Conversation, by: &Agent) -> bool {
        let holder = now.agent.as_ref().map(|a| self.presences.of(a.id, Timestamp::now()));
        has(now, by.id)
            || by.role.may(Permission::Administer)
            || holder.is_none_or(|presence| presence != Presence::Online)
    }

    /// An agent types, or stopped. Said to the customer only by who has the conversation.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without such a conversation.
    pub async fn typing(
        &self,
        id: ConversationId,
        agent: &Agent,
        typing: bool,
    ) -> Result<(), DeskError> {
        let now = self.assistant.known(id).await?;
        if now.state == ConversationState::WithAgent && has(&now, agent.id) {
            self.hub.typing(id, Typist::Agent, typing);
        }
        Ok(())
    }

    /// What the articles say to the customer's last message.
    ///
    /// # Errors
    /// When the store or the search fails.
    pub async fn suggestion(&self, id: ConversationId) -> Result<Option<Suggestion>, DeskError> {
        let now = self.assistant.known(id).await?;
        Ok(self.assistant.suggest(&now).await?)
    }

    /// Somebody is there, away or gone.
    pub fn present(&self, agent: &Agent, presence: Presence) {
        self.presences.set(agent, presence, Timestamp::now());
        self.hub.presence();
        self.hub.relay(Relayed::Presence { agent: agent.id, presence: presence.as_str() });
    }

    async fn made(
        &self,
        from: &Conversation,
        step: Step,
        say: Say<'_>,
    ) -> Result<Conversation, DeskError> {
        let made = self.step(from, step, say).await?;
        made.ok_or_else(|| conflict("the conversation has changed meanwhile; look at it again"))
    }

    /// Makes a step from where `from` stands; `None` when it stands elsewhere now.
    async fn step(
        &self,
        from: &Conversation,
        step: Step,
        say: Say<'_>,
    ) -> Result<Option<Conversation>, DeskError> {
        let locale = Locale::parse(&from.locale).unwrap_or_else(Locale::undetermined);
        let words = messages::system(&self.assistant.locales, &locale, say);
        let transition =
            Transition { epoch: from.epoch, step, at: Timestamp::now(), words, reply_to: None };
        Ok(match self.store.step(from.id, &transition).await? {
            Changed::Done { conversation, .. } => {
                self.hub.changed(conversation.id, conversation.epoch);
                Some(conversation)
            }
            Changed::Not(_) => None,
        })
    }
}

fn has(conversation: &Conversation, agent: AgentId) -> bool {
    conversation.agent.as_ref().is_some_and(|a| a.id == agent)
}

fn conflict(what: &str) -> DeskError {
    DeskError::Conflict(what.to_owned())
}

fn somebody_else(conversation: &Conversation) -> DeskError {
    let name = conversation.agent.as_ref().map_or("somebody else", |a| a.name.as_str());
    DeskError::Conflict(format!("{name} has this conversation"))
}
