//! What a follow-up ("and for a service?", "how long does that take") leans on.
//!
//! Without a guess about the subject: the search is given what the customer wrote before beside the
//! question and lets it count less (`indexer::search`). Only for the kind of answer that is wanted ("how
//! much is ..."), which the follow-up itself does not say, it matters whether the message leans on the one
//! before it. Where there is a model, its wording of the question joins that search (`rewrite`).

mod rewrite;

use indexer::language::Analyzer;
use indexer::model::Locale;

use crate::domain::{Role, Said};
use crate::privacy::RedactedText;

pub use rewrite::CondenseSettings;
pub(super) use rewrite::{Asking, Condenser};

/// Earlier messages of the customer that the search is given.
const LOOK_BACK: usize = 6;
/// Earlier messages that a follow-up is taken to lean on, at most.
const BACK: usize = 2;
/// Content words below which a message is taken to lean on the previous one.
const FEW_WORDS: usize = 3;

/// Openings and pointers that lean on what was said before; lower case, whole words. English,
/// Latvian (with and without diacritics), German.
const OPENINGS: &[&str] = &[
    "and",
    "but",
    "or",
    "also",
    "what about",
    "how about",
    "then",
    "so",
    "ok",
    "okay",
    "yes",
    "no",
    "un",
    "bet",
    "vai",
    "ja",
    "jā",
    "nē",
    "ne",
    "tad",
    "a",
    "und",
    "aber",
    "oder",
    "auch",
    "dann",
    "ja",
    "nein",
    "wie ist es mit",
    "was ist mit",
];
const POINTERS: &[&str] = &[
    "it", "its", "that", "this", "these", "those", "they", "them", "there", "one", "ones", "same",
    "else", "instead", "tas", "tā", "ta", "to", "tie", "tās", "tos", "tur", "šis", "sis", "das",
    "dies", "diese", "dieser", "dieses", "dort", "dafür", "dafuer", "damit", "davon", "es", "sie",
];

/// The customer's messages before the question, newest first. Placeholders of personal data say nothing
/// of the subject and are left out.
pub(super) fn earlier(turns: &[Said]) -> Vec<String> {
    let said = turns.iter().rev().filter(|t| t.role == Role::User).take(LOOK_BACK);
    said.map(|t| t.text.without_placeholders()).collect()
}

/// What of the `earlier` messages the question cannot be understood without, oldest first.
pub(super) fn leans_on(question: &str, earlier: &[String]) -> Option<String> {
    let mut latest = question;
    let mut out: Option<String> = None;
    for message in earlier.iter().take(BACK) {
        if !leans(latest) {
            break;
        }
        latest = message;
        out = Some(out.map_or_else(|| message.clone(), |after| format!("{message} {after}")));
    }
    out
}

/// The question after what it leans on, in the customer's words alone.
pub(super) fn standing(asked: &RedactedText, turns: &[Said]) -> String {
    let question = asked.without_placeholders();
    match leans_on(&question, &earlier(turns)) {
        Some(before) => format!("{before} {question}"),
        None => question,
    }
}

/// Whether a message is short enough to lean on others in a language that the lists below do not know.
fn may_lean(message: &str) -> bool {
    content_words(message) < 3 * FEW_WORDS
}

fn content_words(message: &str) -> usize {
    let locale = indexer::language::detect(message).unwrap_or_else(Locale::undetermined);
    Analyzer::new(&locale).terms(message).iter().filter(|t| !t.stop).count()
}

/// Whether a message cannot be understood alone.
fn leans(message: &str) -> bool {
    let lower = message.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|w| !w.is_empty())
        .collect();
    let opens = OPENINGS.iter().any(|o| {
        let opening: Vec<&str> = o.split(' ').collect();
        words.starts_with(&opening)
    });
    let points = words.iter().any(|w| POINTERS.contains(w));
    let content = content_words(message);
    content < FEW_WORDS || (content < 3 * FEW_WORDS && (opens || points))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::{Numbering, RedactionSettings, Redactor};

    fn redacted(text: &str) -> RedactedText {
        let redactor = Redactor::new(&RedactionSettings::default()).unwrap();
        redactor.redact(text, Some("en"), &mut Numbering::default())
    }

    fn user(text: &str) -> Said {
        Said { role: Role::User, text: redacted(text) }
    }

    #[test]
    fn a_follow_up_leans_on_what_was_asked_before() {
        let turns = [user("How much is courier delivery to Finland?"), user("and to Germany?")];
        let earlier = earlier(&turns);
        let before = leans_on("and to Riga?", &earlier).unwrap();
        assert_eq!(before, "How much is courier delivery to Finland? and to Germany?");
    }

    #[test]
    fn a_choice_is_searched_with_the_customers_words_alone() {
        let turns = [user("How much is courier delivery to Finland?")];
        let asked = redacted("and to Germany? Write to jane.doe@mail.example");
        let text = standing(&asked, &turns);
        assert!(text.starts_with("How much is courier delivery to Finland? and to Germany?"));
        assert!(!text.contains("EMAIL"), "{text}");
        assert_eq!(standing(&redacted("and to Germany?"), &[]), "and to Germany?");
    }

    #[test]
    fn a_question_that_stands_alone_leans_on_nothing() {
        let earlier = earlier(&[user("How much is courier delivery to Finland?")]);
        let question = "Which payment methods can companies from Lithuania use for large orders?";
        assert_eq!(leans_on(question, &earlier), None);
        assert_eq!(leans_on("and to Germany?", &[]), None);
    }

    #[test]
    fn the_newest_message_comes_first_and_placeholders_are_left_out() {
        let turns =
            [user("where is my refund"), user("my mail is jane.doe@mail.example, thank you")];
        let earlier = earlier(&turns);
        assert!(!earlier[0].contains("EMAIL") && !earlier[0].contains("jane"), "{earlier:?}");
        assert_eq!(earlier[1], "where is my refund");
    }
}
