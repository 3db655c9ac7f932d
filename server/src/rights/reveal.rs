//! One original for one person who may see it: an agent who has taken the conversation over, or a privacy
//! officer. Recorded before it is shown.

use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Rights, RightsError};
use crate::domain::{AgentId, AgentRole, Conversation, ConversationState, Permission};
use crate::privacy::audit::{Actor, PlaceholderName, Subject};

/// Somebody who was allowed to look. Only [`Revealer::check`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revealer {
    agent: AgentId,
    conversation: Uuid,
}

impl Revealer {
    /// Agents see the originals of the conversation that they have, and no other; the officer, whose work
    /// is to look, sees all.
    ///
    /// # Errors
    /// [`RightsError::Forbidden`].
    pub fn check(
        (agent, role): (AgentId, AgentRole),
        conversation: &Conversation,
    ) -> Result<Self, RightsError> {
        let has_it = conversation.state == ConversationState::WithAgent
            && conversation.agent.as_ref().is_some_and(|colleague| colleague.id == agent);
        let may = role.may(Permission::Reveal) && (has_it || role == AgentRole::PrivacyOfficer);
        if may {
            Ok(Self { agent, conversation: conversation.id.0 })
        } else {
            Err(RightsError::Forbidden)
        }
    }
}

impl Rights {
    /// The original behind `placeholder` (`[EMAIL_1]`); `None` when it is not known or gone.
    ///
    /// # Errors
    /// [`RightsError`]; then nothing is shown.
    pub async fn reveal(
        &self,
        who: Revealer,
        placeholder: &str,
    ) -> Result<Option<Zeroizing<String>>, RightsError> {
        let Some(name) = PlaceholderName::parse(placeholder) else { return Ok(None) };
        let subject = Subject::Original(who.conversation, name);
        self.audit.record(Actor::Account(who.agent.0), "original.revealed", subject).await?;
        Ok(self.vault.original(who.conversation, placeholder).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Colleague;
    use crate::store::{SqliteStore, contract};

    #[tokio::test]
    async fn an_agent_sees_only_what_they_took_over() {
        let store = SqliteStore::in_memory().await.unwrap();
        let mut conversation = contract::begin(&store).await;
        let (agent, other) = (AgentId::random(), AgentId::random());
        let check = |who, role, conversation: &Conversation| {
            Revealer::check((who, role), conversation).is_ok()
        };
        use AgentRole::{Admin, Agent, Editor, PrivacyOfficer};
        assert!(!check(agent, Agent, &conversation));
        assert!(!check(agent, Admin, &conversation));
        assert!(check(other, PrivacyOfficer, &conversation));
        conversation.state = ConversationState::WithAgent;
        conversation.agent = Some(Colleague { id: agent, name: "Anna".to_owned() });
        assert!(check(agent, Agent, &conversation));
        assert!(check(agent, Admin, &conversation));
        assert!(!check(agent, Editor, &conversation));
        assert!(!check(other, Agent, &conversation));
        assert!(!check(other, Admin, &conversation));
        conversation.state = ConversationState::Resolved;
        assert!(!check(agent, Agent, &conversation));
    }
}
