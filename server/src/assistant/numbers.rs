//! The numbers of placeholders in running conversations, so that the same value has the same number
//! throughout one. In memory alone: they hold the values.

use std::time::Duration;

use moka::ops::compute::Op;
use moka::sync::Cache;

use crate::domain::ConversationId;
use crate::privacy::{Numbering, RedactedText};

const CONVERSATIONS: u64 = 10_000;
const IDLE: Duration = Duration::from_secs(30 * 60);

pub(super) struct Numbers(Cache<ConversationId, Numbering>);

impl Default for Numbers {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(CONVERSATIONS).time_to_idle(IDLE).build())
    }
}

impl Numbers {
    /// Lets `redact` go on with the conversation's numbers; two calls for one conversation come one
    /// after the other.
    pub(super) fn redact(
        &self,
        conversation: ConversationId,
        redact: impl FnOnce(&mut Numbering) -> RedactedText,
    ) -> RedactedText {
        let mut out = None;
        self.0.entry(conversation).and_compute_with(|known| {
            let mut numbering = known.map(moka::Entry::into_value).unwrap_or_default();
            out = Some(redact(&mut numbering));
            Op::Put(numbering)
        });
        #[expect(clippy::expect_used, reason = "and_compute_with calls its closure exactly once")]
        out.expect("the closure was called")
    }
}
