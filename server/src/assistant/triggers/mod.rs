//! Hand-over triggers that read the customer's words: rules in code, asked before anything is searched.
//!
//! | trigger | file | reason |
//! |---|---|---|
//! | asks for a person | `person_request` | `customer_requested` |
//! | a topic that people handle | `sensitive` | `policy_sensitive` |
//! | anger at the service | `sentiment` | `negative_sentiment` |
//! | the same question again | `turns` | `repeated_failure` |
//!
//! The phrases are data (`data/`), compiled once into finite tables; a message is read in time that
//! grows with its length alone. Only redacted words come here. Called by `rules`.

mod bits;
mod lexicon;
mod pattern;
mod person_request;
mod sensitive;
mod sentiment;
mod settings;
#[cfg(test)]
mod tests;
mod turns;
mod vocabulary;
mod words;

use indexer::model::Locale;

use crate::domain::{ReasonCode, Ticket};
use crate::privacy::RedactedText;

pub(super) use settings::TriggerSettings;
pub(super) use turns::times_asked;
pub(super) use vocabulary::spellings;

use sentiment::Anger;
use words::Words;

/// Earlier messages that are looked back on for anger that goes on.
const ANGER_BACK: usize = 2;

/// What a message is for a person about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trigger {
    pub(super) reason: ReasonCode,
    /// Name of the sensitive topic.
    pub(super) topic: Option<String>,
}

impl Trigger {
    fn because(reason: ReasonCode) -> Self {
        Self { reason, topic: None }
    }
}

/// What the customer reads instead of the reason's usual message, where the topic has its own.
pub(super) fn message(topic: &str, locale: &Locale, ticket: &Ticket) -> Option<String> {
    let template = sensitive::message(topic, locale.language())?;
    Some(template.replace("{ticket}", ticket.as_str()))
}

/// Whether this message alone is one for a person. All languages are looked at, whatever the
/// conversation's, because people mix them.
pub(super) fn before_search(asked: &RedactedText, settings: &TriggerSettings) -> Option<Trigger> {
    let words = Words::of(&asked.without_placeholders());
    if words.len() == 0 {
        return None;
    }
    let topic = sensitive::topic(&words, &settings.topics);
    if let Some(urgent) = topic.as_ref().filter(|t| sensitive::is_urgent(t)) {
        return Some(sensitive_topic(urgent));
    }
    if person_request::asks_for_person(&words) {
        return Some(Trigger::because(ReasonCode::CustomerRequested));
    }
    if let Some(topic) = topic {
        return Some(sensitive_topic(&topic));
    }
    let angry = settings.negative_sentiment && sentiment::anger(&words) == Anger::Strong;
    angry.then(|| Trigger::because(ReasonCode::NegativeSentiment))
}

/// Whether this message is angry, and one right before it was. `earlier` comes newest first.
pub(super) fn stays_angry<'a>(
    asked: &RedactedText,
    earlier: impl Iterator<Item = &'a RedactedText>,
    settings: &TriggerSettings,
) -> bool {
    let angry = |text: &RedactedText| {
        sentiment::anger(&Words::of(&text.without_placeholders())) != Anger::None
    };
    // The first message of a conversation, which most are, is not read again for it.
    settings.negative_sentiment && earlier.take(ANGER_BACK).any(angry) && angry(asked)
}

fn sensitive_topic(name: &str) -> Trigger {
    Trigger { reason: ReasonCode::PolicySensitive, topic: Some(name.to_owned()) }
}
