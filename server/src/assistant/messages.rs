//! What the house itself says to customers, by language. The reply language is chosen by code, never
//! by a model; a language without a pack falls back to the default one. The only place that makes
//! such words: whoever needs some asks here.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use indexer::model::Locale;
use serde::Deserialize;

use crate::domain::{Choice, ReasonCode, Ticket};
use crate::privacy::RedactedText;

/// One file of `config/locales/`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pack {
    /// The language's own name.
    #[expect(dead_code, reason = "shown by pages that list the languages")]
    language: String,
    hand_over: BTreeMap<String, String>,
    /// The question back when several articles fit.
    clarify: String,
    system: BTreeMap<String, String>,
}

const FILES: [(&str, &str); 3] = [
    ("en", include_str!("../../../config/locales/en.toml")),
    ("lv", include_str!("../../../config/locales/lv.toml")),
    ("de", include_str!("../../../config/locales/de.toml")),
];

static PACKS: LazyLock<BTreeMap<&str, Pack>> = LazyLock::new(|| {
    FILES
        .into_iter()
        .filter_map(|(language, text)| toml::from_str(text).ok().map(|pack| (language, pack)))
        .collect()
});

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

/// The message of a hand-over in `locale`'s language, English where no pack has it: why, the ticket,
/// and what happens next.
pub(crate) fn hand_over(
    locale: &Locale,
    reason: ReasonCode,
    ticket: &Ticket,
    next: &Next,
) -> RedactedText {
    let why = find(locale, |pack| pack.hand_over.get(reason.as_str()))
        .map_or_else(|| ticket.to_string(), |m| m.replace("{ticket}", ticket.as_str()));
    let (key, value) = match next {
        Next::Open { minutes: None } => ("open", String::new()),
        Next::Open { minutes: Some(minutes) } => ("open_minutes", minutes.to_string()),
        Next::Closed { opens_at: Some(time) } => ("closed_until", time.clone()),
        Next::Closed { opens_at: None } => ("closed", String::new()),
    };
    let next = find(locale, |pack| pack.system.get(key)).unwrap_or_default();
    RedactedText::of_the_house(format!("{why} {}", next.replace("{value}", &value)))
}

/// What the house says of a step, in `locale`'s language.
pub(crate) fn system(locale: &Locale, say: Say<'_>) -> RedactedText {
    let (key, name) = match say {
        Say::AgentJoined(name) => ("agent_joined", name),
        Say::Returned => ("returned", ""),
        Say::Resolved => ("resolved", ""),
        Say::ResolvedIdle => ("resolved_idle", ""),
        Say::Reopened => ("reopened", ""),
    };
    let text = find(locale, |pack| pack.system.get(key)).unwrap_or_default();
    RedactedText::of_the_house(text.replace("{name}", name))
}

fn find<'a>(locale: &Locale, text: impl Fn(&'a Pack) -> Option<&'a String>) -> Option<&'a str> {
    [locale.language(), "en"]
        .into_iter()
        .find_map(|l| PACKS.get(l).and_then(&text))
        .map(String::as_str)
}

/// The question which of `choices` is meant, in `locale`'s language, with numbers to answer by.
pub(super) fn clarify(locale: &Locale, choices: &[Choice]) -> String {
    let question = [locale.language(), "en"].into_iter().find_map(|l| PACKS.get(l));
    let mut message = question.map_or_else(String::new, |pack| pack.clarify.clone());
    for (number, choice) in (1..).zip(choices) {
        message.push_str(&format!("\n{number}. {}", choice.label));
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pack_has_every_message_with_its_ticket() {
        assert_eq!(PACKS.len(), FILES.len(), "a pack does not parse");
        let english: Vec<_> = PACKS["en"].system.keys().collect();
        for (language, pack) in PACKS.iter() {
            for reason in ReasonCode::ALL {
                let message = pack.hand_over.get(reason.as_str());
                assert!(
                    message.is_some_and(|m| m.contains("{ticket}")),
                    "{language} lacks hand_over.{}",
                    reason.as_str()
                );
            }
            assert_eq!(pack.hand_over.len(), ReasonCode::ALL.len(), "{language} has a stray key");
            assert_eq!(pack.system.keys().collect::<Vec<_>>(), english, "{language}");
        }
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
            let words = system(&locale, say);
            assert!(!words.as_str().is_empty() && !words.as_str().contains('{'), "{say:?}");
        }
        assert!(system(&locale, Say::AgentJoined("Anna")).as_str().contains("Anna"));
    }

    #[test]
    fn a_hand_over_says_what_happens_next() {
        let (locale, ticket) = (Locale::parse("en").unwrap(), Ticket::random());
        for (next, said) in [
            (Next::Open { minutes: None }, "here"),
            (Next::Open { minutes: Some(7) }, "7 minutes"),
            (Next::Closed { opens_at: Some("2026-11-23 09:00".to_owned()) }, "2026-11-23 09:00"),
            (Next::Closed { opens_at: None }, "as soon as"),
        ] {
            let message = hand_over(&locale, ReasonCode::NoEvidence, &ticket, &next);
            assert!(message.as_str().contains(said), "{message}");
            assert!(message.as_str().contains(ticket.as_str()) && !message.as_str().contains('{'));
        }
    }

    #[test]
    fn a_question_back_numbers_its_choices() {
        let choice =
            |label: &str| Choice { label: label.into(), path: String::new(), url: String::new() };
        for language in ["en", "lv", "de", "sw"] {
            let locale = Locale::parse(language).unwrap();
            let message = clarify(&locale, &[choice("Riga"), choice("Tartu")]);
            assert!(message.ends_with("?\n1. Riga\n2. Tartu"), "{message}");
        }
    }

    #[test]
    fn an_unknown_language_is_answered_in_english() {
        let ticket = Ticket::random();
        let locale = Locale::parse("sw").unwrap();
        let next = Next::Open { minutes: None };
        let message = hand_over(&locale, ReasonCode::NoEvidence, &ticket, &next);
        assert!(message.as_str().contains("colleague"));
    }
}
