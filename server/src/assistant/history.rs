//! Earlier turns of running conversations, redacted, in memory alone: bounded in conversations, turns
//! and time, and gone with the process. Beside them the numbers of their placeholders, so that the
//! same value has the same number throughout a conversation.

use std::time::Duration;

use moka::sync::Cache;

use crate::domain::{ConversationId, Role, Said};
use crate::privacy::{Numbering, RedactedText};

const CONVERSATIONS: u64 = 10_000;
const TURNS: usize = 8;
const IDLE: Duration = Duration::from_secs(30 * 60);

pub(super) struct History {
    turns: Cache<ConversationId, Vec<Said>>,
    numberings: Cache<ConversationId, Numbering>,
}

impl Default for History {
    fn default() -> Self {
        Self { turns: bounded(), numberings: bounded() }
    }
}

impl History {
    /// Oldest first.
    pub(super) fn turns(&self, conversation: ConversationId) -> Vec<Said> {
        self.turns.get(&conversation).unwrap_or_default()
    }

    pub(super) fn push(&self, conversation: ConversationId, role: Role, text: RedactedText) {
        self.turns.entry(conversation).and_upsert_with(|known| {
            let mut turns = known.map(moka::Entry::into_value).unwrap_or_default();
            turns.push(Said { role, text });
            let surplus = turns.len().saturating_sub(TURNS);
            turns.drain(..surplus);
            turns
        });
    }

    /// Numbers of the placeholders so far.
    pub(super) fn numbering(&self, conversation: ConversationId) -> Numbering {
        self.numberings.get(&conversation).unwrap_or_default()
    }

    pub(super) fn keep_numbering(&self, conversation: ConversationId, numbering: Numbering) {
        self.numberings.insert(conversation, numbering);
    }
}

fn bounded<V: Clone + Send + Sync + 'static>() -> Cache<ConversationId, V> {
    Cache::builder().max_capacity(CONVERSATIONS).time_to_idle(IDLE).build()
}
