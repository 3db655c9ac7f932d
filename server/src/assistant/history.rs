//! Earlier turns of running conversations, in memory alone: bounded in conversations, turns and
//! time, and gone with the process. The store keeps them once the redactor exists.

use std::time::Duration;

use moka::sync::Cache;

use crate::domain::{ConversationId, Role, Turn};
use crate::privacy::CustomerText;

const CONVERSATIONS: u64 = 10_000;
const TURNS: usize = 8;
const IDLE: Duration = Duration::from_secs(30 * 60);

pub(super) struct History {
    turns: Cache<ConversationId, Vec<Turn>>,
}

impl Default for History {
    fn default() -> Self {
        Self { turns: Cache::builder().max_capacity(CONVERSATIONS).time_to_idle(IDLE).build() }
    }
}

impl History {
    /// Oldest first.
    pub(super) fn turns(&self, conversation: ConversationId) -> Vec<Turn> {
        self.turns.get(&conversation).unwrap_or_default()
    }

    pub(super) fn push(&self, conversation: ConversationId, role: Role, text: CustomerText) {
        self.turns.entry(conversation).and_upsert_with(|known| {
            let mut turns = known.map(moka::Entry::into_value).unwrap_or_default();
            turns.push(Turn { role, text });
            let surplus = turns.len().saturating_sub(TURNS);
            turns.drain(..surplus);
            turns
        });
    }
}
