//! Hand-over triggers that read the customer's words: rules in code, asked before anything is searched.
//!
//! | trigger | file | reason |
//! |---|---|---|
//! | asks for a person | `person_request` | `customer_requested` |
//! | a topic that people handle | `sensitive` | `policy_sensitive` |
//! | anger at the service | `sentiment` | `negative_sentiment` |
//! | the same question again, answers that failed | `turns` | `repeated_failure` |
//!
//! The phrases are data (`data/`), compiled once into finite tables; a message is read in time that
//! grows with its length alone. Only redacted words come here. Called by the assistant.

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
pub(super) use turns::{Exchange, Fate};

use sentiment::Anger;
use words::Words;

/// Exchanges that are looked back on for repeated anger.
const ANGER_BACK: usize = 2;
/// Times that the same may be asked, and answers that may fail in a row, before a person takes over.
const REPEATS: usize = 2;

/// Why a person takes over before anything is searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trigger {
    pub(super) reason: ReasonCode,
    /// Name of the sensitive topic.
    pub(super) topic: Option<String>,
}

impl Trigger {
    pub(super) fn because(reason: ReasonCode) -> Self {
        Self { reason, topic: None }
    }

    /// One sentence for the person who takes over, without a word of the customer.
    pub(super) fn reasoning(&self) -> String {
        match (self.reason, &self.topic) {
            (ReasonCode::CustomerRequested, _) => "The customer asked for a person.".to_owned(),
            (_, Some(topic)) => {
                format!("The message touches the sensitive topic {}.", topic.replace('_', " "))
            }
            (ReasonCode::NegativeSentiment, _) => {
                "The customer is angry at the service.".to_owned()
            }
            _ => "The customer asked the same again or got no help several times.".to_owned(),
        }
    }

    /// What the customer reads instead of the reason's usual message, where the topic has its own.
    pub(super) fn message(&self, locale: &Locale, ticket: &Ticket) -> Option<String> {
        let template = sensitive::message(self.topic.as_deref()?, locale.language())?;
        Some(template.replace("{ticket}", ticket.as_str()))
    }
}

/// Whether this message alone is one for a person. All languages are looked at, whatever the
/// conversation's, because people mix them.
pub(super) fn before_search(
    asked: &RedactedText,
    _locale: &Locale,
    settings: &TriggerSettings,
) -> Option<Trigger> {
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

/// Whether this message and those before it (oldest first) are one for a person together.
pub(super) fn over_turns(
    asked: &RedactedText,
    earlier: &[Exchange<'_>],
    locale: &Locale,
    settings: &TriggerSettings,
) -> Option<Trigger> {
    let anger = |text: &RedactedText| sentiment::anger(&Words::of(&text.without_placeholders()));
    let mut recent = earlier.iter().rev().take(ANGER_BACK);
    if settings.negative_sentiment
        && anger(asked) != Anger::None
        && recent.any(|e| anger(e.question) != Anger::None)
    {
        return Some(Trigger::because(ReasonCode::NegativeSentiment));
    }
    let repeated = turns::failures(earlier) >= REPEATS
        || turns::times_asked(asked, earlier, locale) >= REPEATS;
    repeated.then(|| Trigger::because(ReasonCode::RepeatedFailure))
}

fn sensitive_topic(name: &str) -> Trigger {
    Trigger { reason: ReasonCode::PolicySensitive, topic: Some(name.to_owned()) }
}
