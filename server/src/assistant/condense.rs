//! Makes a follow-up ("and for a service?", "how long does that take") a query that stands alone.
//!
//! Without a model: a message that leans on what was said before is put behind the customer's
//! previous message. A message that stands alone is searched as it is, because gluing turns together
//! does harm there.

use indexer::language::Analyzer;
use indexer::model::Locale;

use crate::domain::{Role, Said};
use crate::privacy::RedactedText;

/// Earlier messages of the customer that a follow-up is put behind, at most.
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

/// The query to search for: `question`, behind what it leans on. Placeholders of personal data say
/// nothing of the subject and are left out.
pub(super) fn stand_alone(question: &RedactedText, turns: &[Said]) -> String {
    let question = question.without_placeholders();
    let mut query = question.clone();
    let mut latest = question;
    for turn in turns.iter().rev().filter(|t| t.role == Role::User).take(BACK) {
        if !leans(&latest) {
            break;
        }
        latest = turn.text.without_placeholders();
        query = format!("{latest} {query}");
    }
    query
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
    let locale = indexer::language::detect(message).unwrap_or_else(Locale::undetermined);
    let content = Analyzer::new(&locale).terms(message).iter().filter(|t| !t.stop).count();
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
    fn a_follow_up_takes_what_it_leans_on_with_it() {
        let turns = [user("How much is courier delivery to Finland?")];
        let query = stand_alone(&redacted("and to Germany?"), &turns);
        assert!(query.contains("courier delivery") && query.ends_with("and to Germany?"));
    }

    #[test]
    fn a_question_that_stands_alone_is_left_alone() {
        let turns = [user("How much is courier delivery to Finland?")];
        let question = "Which payment methods can companies from Lithuania use for large orders?";
        assert_eq!(stand_alone(&redacted(question), &turns), question);
        assert_eq!(stand_alone(&redacted("and to Germany?"), &[]), "and to Germany?");
    }

    #[test]
    fn placeholders_are_not_searched_for() {
        let query =
            stand_alone(&redacted("my mail is jane.doe@mail.example, where is my refund"), &[]);
        assert!(!query.contains("EMAIL") && !query.contains("jane"), "{query}");
        assert!(query.contains("where is my refund"));
    }
}
