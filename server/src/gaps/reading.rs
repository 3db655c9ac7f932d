//! From the stored conversations to the review queue. The work is bounded by `[gaps]`: so many questions,
//! so many vectors, one question after the other, so that customers' own questions come between.

use std::sync::Arc;

use indexer::embed::EmbedError;
use indexer::model::Locale;
use jiff::{SignedDuration, Timestamp};

use super::{GapSettings, Gaps, Unanswered, gaps};
use crate::store::questions::{Questions, Wanted};
use crate::store::{ConversationStore, StoreError};

/// Who looks, and how far back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    pub now: Timestamp,
    pub days: u32,
    /// Customers from which on a subject shows.
    pub k: usize,
}

/// Why there is no review queue.
#[derive(Debug, thiserror::Error)]
pub enum GapsError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Embed(#[from] EmbedError),
    #[error("the questions could not be grouped")]
    Stopped,
}

/// The review queue as it is now. `embed` gives the vector of a question.
///
/// # Errors
/// When the store or the embedder fails.
pub async fn read(
    store: &dyn ConversationStore,
    (settings, look): (&GapSettings, &Look),
    embed: impl AsyncFn(&str, &Locale) -> Result<Arc<[f32]>, EmbedError>,
) -> Result<Gaps, GapsError> {
    let back = SignedDuration::from_hours(24 * i64::from(look.days));
    let wanted = Wanted {
        since: look.now.checked_sub(back).unwrap_or(Timestamp::MIN),
        uncertain_below: settings.uncertain_below,
        limit: settings.questions,
    };
    let mut questions = Vec::new();
    for open in Questions::open_questions(store, &wanted).await? {
        let locale = Locale::parse(&open.locale).unwrap_or_else(Locale::undetermined);
        let vector = if questions.len() < settings.embedded {
            Some(embed(&open.text.without_placeholders(), &locale).await?)
        } else {
            None
        };
        questions.push(Unanswered {
            id: (open.conversation, open.seq),
            asker: open.customer.map_or_else(|| open.conversation.to_string(), |c| c.0),
            at: open.at,
            question: open.text,
            locale,
            reason: open.trouble.as_str(),
            confidence: open.confidence,
            nearest: open.nearest,
            verdict: open.verdict,
            vector,
        });
    }
    let k = look.k.max(settings.k);
    tokio::task::spawn_blocking(move || gaps(questions, k)).await.map_err(|_| GapsError::Stopped)
}
