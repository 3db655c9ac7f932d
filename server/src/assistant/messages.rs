//! What the assistant itself says, by language. The reply language is chosen by code, never by a
//! model; a language without a pack falls back to the default one.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use indexer::model::Locale;
use serde::Deserialize;

use crate::domain::{Choice, ReasonCode, Ticket};

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

/// The message of a hand-over in `locale`'s language, English where no pack has it.
pub(super) fn hand_over(locale: &Locale, reason: ReasonCode, ticket: &Ticket) -> String {
    [locale.language(), "en"]
        .into_iter()
        .find_map(|l| PACKS.get(l)?.hand_over.get(reason.as_str()))
        .map_or_else(|| ticket.to_string(), |m| m.replace("{ticket}", ticket.as_str()))
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
        let message = hand_over(&locale, ReasonCode::NoEvidence, &ticket);
        assert!(message.contains("colleague") && message.contains(ticket.as_str()));
    }
}
