//! A follow-up in the words of a model: "and to Germany?" becomes "How much is courier delivery to Germany?".
//!
//! Called by the assistant before it searches, where a model is configured and something was said before.
//! The wording joins the search with a share of its own and takes nothing away from the customer's words, so
//! a bad one does little harm. It is hostile input all the same: one short line in the question's language,
//! made of what was said, or it is not used. Nobody waits for it beyond the deadline, nor in a model's
//! queue; whatever goes wrong is counted, and the rules alone do.

use std::time::Duration;

use indexer::model::{Audience, Locale};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::{LOOK_BACK, may_lean};
use crate::assistant::breaker::Breaker;
use crate::assistant::errand::{Errand, bracketed, cleaned};
use crate::assistant::guard::{Protected, Reason, Restating};
use crate::assistant::prompt::{PromptKind, Prompts};
use crate::assistant::writing::Writer;
use crate::domain::{Role, Said, Visitor};
use crate::metrics::Metrics;
use crate::privacy::{RedactedText, placeholders, without_placeholders};

/// Characters of a wording.
const LONGEST: usize = 300;
/// Characters of an earlier message that the model reads.
const TURN: usize = 400;
/// Share of a wording's words that must have been used.
const KNOWN: f32 = 0.5;

/// `[assistant.condense]` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CondenseSettings {
    /// A wording that is not there by then is done without, milliseconds; 0: none is asked for.
    pub deadline_ms: u64,
    /// Tokens of a wording at most.
    pub max_tokens: u32,
    /// Wordings on their way at once; more are done without. At most half of the questions that are
    /// worked on at once.
    pub concurrent: usize,
}

impl Default for CondenseSettings {
    fn default() -> Self {
        Self { deadline_ms: 2000, max_tokens: 64, concurrent: 8 }
    }
}

/// A question that may lean on what was said.
#[derive(Clone, Copy)]
pub(in crate::assistant) struct Asking<'a> {
    pub(in crate::assistant) asked: &'a RedactedText,
    /// Oldest first.
    pub(in crate::assistant) turns: &'a [Said],
    pub(in crate::assistant) audience: Audience,
    pub(in crate::assistant) visitor: Visitor,
}

/// Has follow-ups worded.
pub(in crate::assistant) struct Condenser {
    places: Semaphore,
    within: Duration,
    max_tokens: u32,
    protected: Protected,
    breaker: Breaker,
}

impl Condenser {
    /// `concurrent` questions are worked on at once.
    pub(in crate::assistant) fn new(
        settings: &CondenseSettings,
        prompts: &Prompts,
        concurrent: usize,
    ) -> Self {
        Self {
            places: Semaphore::new(settings.concurrent.min((concurrent / 2).max(1))),
            within: Duration::from_millis(settings.deadline_ms),
            max_tokens: settings.max_tokens,
            protected: Protected::new([prompts.rules(PromptKind::Condense)]),
            breaker: Breaker::default(),
        }
    }

    /// The question as one that stands alone, without placeholders; `None` where the rules have to do.
    pub(in crate::assistant) async fn wording(
        &self,
        asking: &Asking<'_>,
        locale: &Locale,
        (writer, metrics): (&Writer, &Metrics),
    ) -> Option<String> {
        let follows = asking.turns.iter().any(|t| t.role == Role::User);
        let on = writer.has_models() && !self.within.is_zero();
        if !on || !follows || !may_lean(asking.asked.as_str()) {
            return None;
        }
        let (result, wording) = match self.worded(asking, locale, writer).await {
            Ok(wording) if same(&wording, asking.asked.as_str()) => ("same", None),
            Ok(wording) => ("used", Some(wording)),
            Err(result) => (result, None),
        };
        metrics.condensed(result);
        wording
    }

    async fn worded(
        &self,
        asking: &Asking<'_>,
        locale: &Locale,
        writer: &Writer,
    ) -> Result<String, &'static str> {
        let Ok(_place) = self.places.try_acquire() else { return Err("busy") };
        let from = asking.turns.len().saturating_sub(LOOK_BACK);
        let turns: Vec<Said> = asking.turns[from..]
            .iter()
            .map(|t| Said { role: t.role, text: t.text.beginning(TURN) })
            .collect();
        let prompt = writer.prompts.condense(&turns, asking.asked, locale).map_err(|error| {
            tracing::error!(%error, "prompt.failed");
            "failed"
        })?;
        let errand = Errand {
            prompt: &prompt,
            max_tokens: self.max_tokens,
            within: self.within,
            audience: asking.audience,
            visitor: asking.visitor,
            breaker: &self.breaker,
        };
        let raw = writer.run(&errand).await.map_err(|undone| undone.as_str())?;
        self.checked(&raw, asking, locale).map_err(|reason| {
            tracing::info!(reason = reason.as_str(), "condense.rejected");
            "rejected"
        })
    }

    /// The wording that a model's text is, if it may be one.
    fn checked(&self, raw: &str, asking: &Asking<'_>, locale: &Locale) -> Result<String, Reason> {
        let text = cleaned(raw, "query", locale);
        let text = unquoted(&text);
        if text.contains(['\n', '\r']) || text.chars().count() > LONGEST {
            return Err(Reason::TooLong);
        }
        let asked = asking.asked.as_str();
        let mut said: Vec<&str> = asking.turns.iter().map(|t| t.text.as_str()).collect();
        said.push(asked);
        let text = bracketed(text, &said);
        // What stands for personal data in the question stands for it in the wording.
        if placeholders(asked).any(|p| !text.contains(p)) {
            return Err(Reason::Literal);
        }
        let mut locales = vec![locale.clone()];
        locales.extend(indexer::language::detect(asked));
        Restating::new(&said, &self.protected, &locales, KNOWN).check(&text)?;
        Ok(without_placeholders(&text).trim().to_owned())
    }
}

/// Models like to put a line between quotation marks.
fn unquoted(text: &str) -> &str {
    const PAIRS: [(char, char); 5] =
        [('"', '"'), ('\'', '\''), ('\u{201c}', '\u{201d}'), ('\u{201e}', '\u{201c}'), ('«', '»')];
    let inside = |(open, close): &(char, char)| text.strip_prefix(*open)?.strip_suffix(*close);
    PAIRS.iter().find_map(inside).unwrap_or(text).trim()
}

/// Whether two texts have the same words.
fn same(one: &str, other: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let parts = text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
        parts.map(str::to_lowercase).collect()
    };
    words(one) == words(other)
}

#[cfg(test)]
#[path = "rewrite_tests.rs"]
mod tests;
