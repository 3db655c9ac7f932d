//! Questions whose answer broke off: the process ended, or the customer's connection did. They are
//! answered or handed over all the same, so that no message stays without a reply.
//!
//! Called by the housekeeper once the server is ready. A reply that another request gives meanwhile
//! wins, because a message has one reply.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::answering::Asker;
use super::{Assistant, EVENTS, Path, locale_or_none};
use crate::domain::{Author, ConversationId, ConversationState, Fallback, Visitor};
use crate::store::{Posted, StoreError};

/// A question younger than this may still be in work.
const YOUNG: Duration = Duration::from_secs(60);
/// Nobody waits any more for the answer to an older one.
const OLD: Duration = Duration::from_secs(24 * 3600);
/// Finished in one go.
const AT_ONCE: u32 = 20;

impl Assistant {
    /// Replies to what has no reply; returns how many it looked at.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn finish_unanswered(&self, now: Timestamp) -> Result<usize, StoreError> {
        let (Ok(after), Ok(before)) = (now.checked_sub(OLD), now.checked_sub(YOUNG)) else {
            return Ok(0);
        };
        let mut finished = 0;
        for id in self.store.unanswered((after, before), AT_ONCE).await? {
            // Nobody listens: what is sent goes nowhere.
            let (events, _) = mpsc::channel(EVENTS);
            let Ok(permit) = self.admission.enter(&events).await else { break };
            if let Some(posted) = self.unanswered(id).await? {
                let locale = locale_or_none(&posted.conversation.locale);
                let mut path = Path { locale, ..Path::new(id) };
                let asker = Asker {
                    // Who asked then is not there to prove it, but the conversation knows.
                    audience: self.audience_in(id).await?,
                    visitor: Visitor::default(),
                    fallback: Fallback::default(),
                };
                self.reply((&posted, asker), Some(permit), (&mut path, &events)).await;
                finished += 1;
            }
        }
        Ok(finished)
    }

    /// The last message, when it is still the customer's and the assistant still speaks.
    async fn unanswered(&self, id: ConversationId) -> Result<Option<Posted>, StoreError> {
        let Some(conversation) = self.store.conversation(id).await? else { return Ok(None) };
        let last = self.store.last_messages(id, 1).await?.pop();
        let last = last.filter(|m| {
            m.author == Author::Customer && conversation.state == ConversationState::Assistant
        });
        Ok(last.map(|message| Posted { conversation, message, repeated: true, reply: None }))
    }
}
