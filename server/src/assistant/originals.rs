//! What becomes of the personal data that is taken out of customers' words: kept in the vault, or forgotten
//! with the conversation. Either way the same value has the same number throughout a conversation.

use std::sync::Arc;
use std::time::Duration;

use moka::ops::compute::Op;
use moka::sync::Cache;

use crate::domain::ConversationId;
use crate::privacy::{
    CustomerText, Numbering, PersonalDataKind, RedactedText, Redactor, redact_whole,
};
use crate::store::{StoreError, Vault};

const CONVERSATIONS: u64 = 10_000;
const IDLE: Duration = Duration::from_secs(30 * 60);

/// Where originals go.
pub enum Originals {
    /// Sealed, so that the customer sees their own words and an agent what they need.
    Kept(Arc<Vault>),
    /// Nowhere: for evaluations and questions on a terminal.
    Forgotten(Numbers),
}

impl Originals {
    pub fn forgotten() -> Self {
        Self::Forgotten(Numbers::default())
    }

    /// The words as they may be stored and searched.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when the conversation was erased; [`StoreError::Database`] when originals
    /// cannot be kept, and then nothing of the words may be used.
    pub(super) async fn redact(
        &self,
        redactor: &Redactor,
        conversation: ConversationId,
        (text, locale): (&CustomerText, Option<&str>),
    ) -> Result<RedactedText, StoreError> {
        match self {
            Self::Kept(vault) => Ok(vault.redact(redactor, conversation.0, text, locale).await?),
            Self::Forgotten(numbers) => {
                Ok(numbers.redact(conversation, |n| redactor.redact(text, locale, n)))
            }
        }
    }
}

impl Originals {
    /// The placeholder of a value that is personal data as a whole.
    ///
    /// # Errors
    /// As [`Originals::redact`].
    pub(super) async fn redact_whole(
        &self,
        conversation: ConversationId,
        value: &CustomerText,
        kind: (PersonalDataKind, &str),
    ) -> Result<RedactedText, StoreError> {
        match self {
            Self::Kept(vault) => {
                Ok(vault.redact_with(conversation.0, |n| redact_whole(value, kind, n)).await?)
            }
            Self::Forgotten(numbers) => {
                Ok(numbers.redact(conversation, |n| redact_whole(value, kind, n).text))
            }
        }
    }
}

/// Numbers in memory alone: they hold the values.
pub struct Numbers(Cache<ConversationId, Numbering>);

impl Default for Numbers {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(CONVERSATIONS).time_to_idle(IDLE).build())
    }
}

impl Numbers {
    /// Lets `redact` go on with the conversation's numbers; two calls for one conversation come one
    /// after the other.
    fn redact(
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
