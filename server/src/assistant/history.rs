//! Earlier turns of running conversations, redacted, in memory alone: bounded in conversations, turns
//! and time, and gone with the process. Beside them the numbers of their placeholders, so that the
//! same value has the same number throughout a conversation.

use std::time::Duration;

use moka::ops::compute::Op;
use moka::sync::Cache;

use crate::domain::{ConversationId, Role, Said};
use crate::privacy::{Numbering, RedactedText};

const CONVERSATIONS: u64 = 10_000;
const TURNS: usize = 8;
const IDLE: Duration = Duration::from_secs(30 * 60);

/// What is remembered of one conversation.
#[derive(Clone, Default)]
struct Remembered {
    turns: Vec<Said>,
    numbering: Numbering,
}

pub(super) struct History(Cache<ConversationId, Remembered>);

impl Default for History {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(CONVERSATIONS).time_to_idle(IDLE).build())
    }
}

impl History {
    /// Oldest first.
    pub(super) fn turns(&self, conversation: ConversationId) -> Vec<Said> {
        self.0.get(&conversation).map(|known| known.turns).unwrap_or_default()
    }

    pub(super) fn push(&self, conversation: ConversationId, role: Role, text: RedactedText) {
        self.change(conversation, |remembered| {
            remembered.turns.push(Said { role, text });
            let surplus = remembered.turns.len().saturating_sub(TURNS);
            remembered.turns.drain(..surplus);
        });
    }

    /// Lets `redact` go on with the conversation's numbers.
    pub(super) fn redact(
        &self,
        conversation: ConversationId,
        redact: impl FnOnce(&mut Numbering) -> RedactedText,
    ) -> RedactedText {
        self.change(conversation, |remembered| redact(&mut remembered.numbering))
    }

    /// Changes what is remembered; two changes of one conversation come one after the other.
    fn change<T>(
        &self,
        conversation: ConversationId,
        change: impl FnOnce(&mut Remembered) -> T,
    ) -> T {
        let mut out = None;
        self.0.entry(conversation).and_compute_with(|known| {
            let mut remembered = known.map(moka::Entry::into_value).unwrap_or_default();
            out = Some(change(&mut remembered));
            Op::Put(remembered)
        });
        #[expect(clippy::expect_used, reason = "and_compute_with calls its closure exactly once")]
        out.expect("the closure was called")
    }
}
