//! For the agents' desk: an answer that a person may send, and the redaction of what a person writes.

use indexer::search::SearchError;

use super::condense::Asking;
use super::handing_over::turns;
use super::quoting::quote;
use super::{Assessment, Assistant, LOOK_BACK, TURNS, locale_or_none};
use crate::domain::{Author, Citation, Conversation, ConversationId, Visitor};
use crate::privacy::{CustomerText, RedactedText};
use crate::store::StoreError;

/// Sentences of the articles for a customer's last question.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    pub text: String,
    pub citations: Vec<Citation>,
    /// Probability that the passages answer the question, [0, 1].
    pub confidence: f64,
}

/// Why there is no suggestion.
#[derive(Debug, thiserror::Error)]
pub enum SuggestError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Search(#[from] SearchError),
}

impl Assistant {
    /// What the articles that this customer may read say to their last message, however unsure; `None` when
    /// they say nothing. The words are sent to the customer, so who the agent is does not count.
    ///
    /// # Errors
    /// When the store or the search fails.
    pub async fn suggest(
        &self,
        conversation: &Conversation,
    ) -> Result<Option<Suggestion>, SuggestError> {
        let mut said = self.store.last_messages(conversation.id, LOOK_BACK).await?;
        let Some(last) = said.iter().rposition(|m| m.author == Author::Customer) else {
            return Ok(None);
        };
        said.truncate(last + 1);
        let Some(asked) = said.pop() else { return Ok(None) };
        let locale = locale_or_none(&conversation.locale);
        let turns = turns(&said, TURNS);
        let audience = self.audience_in(conversation.id).await?;
        let visitor = Visitor::default();
        let asking = Asking { asked: &asked.text, turns: &turns, audience, visitor };
        let snapshot = self.knowledge.snapshot();
        let Assessment { found, confidence, .. } = self.look_up(&asking, &locale, snapshot).await?;
        let drafted = quote(&found, &self.settings.answer);
        Ok(confidence.filter(|_| !drafted.sentences.is_empty()).map(|confidence| Suggestion {
            text: drafted.text,
            citations: drafted.citations,
            confidence: confidence.probability,
        }))
    }

    /// What a person of the company wrote, as it is kept: with the conversation's own placeholders.
    pub async fn redact_words(
        &self,
        conversation: &Conversation,
        text: &CustomerText,
    ) -> Result<RedactedText, StoreError> {
        self.redact(conversation.id, text, &locale_or_none(&conversation.locale)).await
    }

    /// Whether the conversation exists, and how it stands.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without such a conversation.
    pub async fn known(&self, id: ConversationId) -> Result<Conversation, StoreError> {
        self.store.conversation(id).await?.ok_or(StoreError::Missing("conversation"))
    }
}
