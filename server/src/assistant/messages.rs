//! What the house itself says to customers, by language. The reply language is chosen by code, never
//! by a model; the texts are those of `locale`. The only place that makes such words: whoever needs
//! some asks here.

use indexer::model::Locale;

use super::small_talk::SmallTalk;
use super::triggers;
use crate::domain::{Choice, ReasonCode, Ticket};
use crate::locale::Locales;
use crate::privacy::RedactedText;

/// What the house says of a step of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Say<'a> {
    /// A person of that name goes on.
    AgentJoined(&'a str),
    /// The assistant goes on.
    Returned,
    Resolved,
    /// Closed because nobody wrote for long.
    ResolvedIdle,
    Reopened,
}

/// When somebody is there, as a hand-over says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// Somebody is there; how many minutes it takes lately, where that is known.
    Open { minutes: Option<u64> },
    /// Nobody is there until then, by the company's clock.
    Closed { opens_at: Option<String> },
}

/// The message of a hand-over in `locale`'s language: why, the ticket, and what happens next.
pub(crate) fn hand_over(
    locales: &Locales,
    locale: &Locale,
    (reason, ticket): (ReasonCode, &Ticket),
    next: &Next,
) -> RedactedText {
    let key = format!("hand_over.{}", reason.as_str());
    let why = locales.fill(locale, &key, &[("ticket", ticket.as_str())]);
    let (key, value) = match next {
        Next::Open { minutes: None } => ("system.open", String::new()),
        Next::Open { minutes: Some(minutes) } => ("system.open_minutes", minutes.to_string()),
        Next::Closed { opens_at: Some(time) } => ("system.closed_until", time.clone()),
        Next::Closed { opens_at: None } => ("system.closed", String::new()),
    };
    let next = locales.fill(locale, key, &[("value", &value)]);
    RedactedText::of_the_house(format!("{why} {next}"))
}

/// What a sensitive topic says instead of its reason's words, where it has words of its own.
pub(super) fn of_topic(topic: &str, locale: &Locale, ticket: &Ticket) -> Option<RedactedText> {
    triggers::message(topic, locale, ticket).map(RedactedText::of_the_house)
}

/// What the house says of a step, in `locale`'s language.
pub(crate) fn system(locales: &Locales, locale: &Locale, say: Say<'_>) -> RedactedText {
    let (key, name) = match say {
        Say::AgentJoined(name) => ("system.agent_joined", name),
        Say::Returned => ("system.returned", ""),
        Say::Resolved => ("system.resolved", ""),
        Say::ResolvedIdle => ("system.resolved_idle", ""),
        Say::Reopened => ("system.reopened", ""),
    };
    RedactedText::of_the_house(locales.fill(locale, key, &[("name", name)]))
}

/// The question which of `choices` is meant, in `locale`'s language, with numbers to answer by.
pub(super) fn clarify(locales: &Locales, locale: &Locale, choices: &[Choice]) -> String {
    let mut message = locales.text(locale, "server.clarify").to_owned();
    for (number, choice) in (1..).zip(choices) {
        message.push_str(&format!("\n{number}. {}", choice.label));
    }
    message
}

/// The house's reply to small talk, in `locale`'s language.
pub(super) fn small_talk(locales: &Locales, locale: &Locale, kind: SmallTalk) -> String {
    locales.text(locale, kind.key()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locales() -> Locales {
        Locales::load(None).unwrap()
    }

    #[test]
    fn every_step_has_its_words() {
        let locale = Locale::parse("lv").unwrap();
        let steps = [
            Say::AgentJoined("Anna"),
            Say::Returned,
            Say::Resolved,
            Say::ResolvedIdle,
            Say::Reopened,
        ];
        for say in steps {
            let words = system(&locales(), &locale, say);
            assert!(!words.as_str().is_empty() && !words.as_str().contains('{'), "{say:?}");
        }
        assert!(system(&locales(), &locale, Say::AgentJoined("Anna")).as_str().contains("Anna"));
    }

    #[test]
    fn a_hand_over_says_what_happens_next() {
        let (locale, ticket) = (Locale::parse("en").unwrap(), Ticket::random());
        for (next, said) in [
            (Next::Open { minutes: None }, "join you here"),
            (Next::Open { minutes: Some(7) }, "about 7 min"),
            (Next::Closed { opens_at: Some("2026-11-23 09:00".to_owned()) }, "2026-11-23 09:00"),
            (Next::Closed { opens_at: None }, "as soon as we"),
        ] {
            let message = hand_over(&locales(), &locale, (ReasonCode::NoEvidence, &ticket), &next);
            assert!(message.as_str().contains(said), "{message}");
            assert!(message.as_str().contains(ticket.as_str()) && !message.as_str().contains('{'));
        }
    }

    #[test]
    fn a_question_back_numbers_its_choices() {
        let locales = Locales::load(None).unwrap();
        let choice =
            |label: &str| Choice { label: label.into(), path: String::new(), url: String::new() };
        for language in ["en", "lv", "de", "sw"] {
            let locale = Locale::parse(language).unwrap();
            let message = clarify(&locales, &locale, &[choice("Riga"), choice("Tartu")]);
            assert!(message.ends_with("?\n1. Riga\n2. Tartu"), "{message}");
        }
    }

    #[test]
    fn an_unknown_language_is_answered_in_english() {
        let ticket = Ticket::random();
        let locale = Locale::parse("sw").unwrap();
        let next = Next::Open { minutes: None };
        let message = hand_over(&locales(), &locale, (ReasonCode::NoEvidence, &ticket), &next);
        assert!(message.as_str().contains("colleague"));
    }
}
