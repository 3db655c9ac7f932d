//! Promises and reports of actions: "I have refunded", "we will send you", "your order is cancelled".
//!
//! An article says what the company does; it never says "I", and it never says that something was done
//! for the reader. So a sentence in the first person singular is withheld at once; what "we" will do
//! is allowed only where the source says that we do this very thing, and what was done already only
//! where the source has it in those words.

use super::literal::{Lex, Token};
use super::phrase::{Match, Phrases};
use super::promise_words::{ACTIONS, SPEAKERS};

static SPEAKER: Phrases = Phrases::new(SPEAKERS);
static ACTION: Phrases = Phrases::new(ACTIONS);

/// What a sentence promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Promise {
    /// Nothing.
    None,
    /// Something that no source can allow.
    Own,
    /// One of these actions, done already or announced.
    Actions { tense: Tense, actions: Vec<&'static str> },
}

/// How an action is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tense {
    /// It was done or is being done.
    Done,
    /// Somebody will do it.
    Will,
    /// It will be done, nobody says by whom.
    Become,
}

/// Tokens between who acts and the action, at most.
const REACH: usize = 9;

/// The promise in `text`, whose tokens are given.
pub(super) fn of(text: &str, tokens: &[Token], language: &str) -> Promise {
    if says_i(text, tokens, language) {
        return Promise::Own;
    }
    let speakers = SPEAKER.find(tokens, language);
    if speakers.iter().any(|m| m.name == "own") {
        return Promise::Own;
    }
    let actions = ACTION.find(tokens, language);
    let near = |speaker: &Match, done: bool| -> Vec<&'static str> {
        let verb_first = matches!(language, "de" | "nl" | "lv" | "lt" | "ru" | "pl");
        let before = if verb_first && done { REACH } else { 0 };
        actions
            .iter()
            // "ir atcelts" is both who and what.
            .filter(|a| a.first + before >= speaker.first && a.first <= speaker.last + REACH)
            .map(|a| a.name)
            .collect()
    };
    for (name, tense) in [("done", Tense::Done), ("will", Tense::Will), ("become", Tense::Become)] {
        for speaker in speakers.iter().filter(|m| m.name == name) {
            let actions = near(speaker, tense == Tense::Done);
            if !actions.is_empty() {
                return Promise::Actions { tense, actions };
            }
        }
    }
    Promise::None
}

/// Whether a source with these tokens says so of one of `actions`.
pub(super) fn is_said_by(tokens: &[Token], language: &str, tense: Tense, actions: &[&str]) -> bool {
    let allowed: &[&str] = match tense {
        Tense::Done => &["done"],
        Tense::Will => &["will", "we", "done"],
        Tense::Become => &["will", "we", "done", "become", "passive"],
    };
    ACTION.find(tokens, language).iter().any(|a| actions.contains(&a.name))
        && SPEAKER.find(tokens, language).iter().any(|m| allowed.contains(&m.name))
}

/// The pronoun "I" as a subject. Latvian "ES" in capitals is the European Union.
fn says_i(text: &str, tokens: &[Token], language: &str) -> bool {
    let pronoun = match language {
        "en" => "i",
        "de" => "ich",
        "lv" => "es",
        "fr" => "je",
        "es" => "yo",
        "it" => "io",
        "nl" => "ik",
        "pl" => "ja",
        "ru" => "я",
        "lt" => "as",
        "et" => "ma",
        "fi" => "mina",
        "sv" => "jag",
        _ => return false,
    };
    tokens.iter().enumerate().any(|(i, t)| {
        let Lex::Word { text: word, .. } = &t.lex else { return false };
        // "I've", and "j'ai" of "je".
        let own = |w: &str| w == pronoun || language == "fr" && w == "j";
        let own = own(word) || word.split_once('\'').is_some_and(|(w, _)| own(w));
        let written = text.get(t.start..t.end).unwrap_or_default();
        let abbreviation = written.chars().count() > 1 && written.chars().all(char::is_uppercase);
        // A menu entry or a quotation: "Can I pay cash?" as a heading is no promise.
        let quoted = i > 0 && matches!(tokens[i - 1].lex, Lex::Mark('"' | '„' | '“' | '«' | '>'));
        own && !abbreviation && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assistant::guard::literal::lex;

    fn promise(text: &str, language: &str) -> Promise {
        of(text, &lex(text), language)
    }

    #[test]
    fn own_actions_are_never_allowed() {
        for (language, text) in [
            ("en", "I have refunded your order."),
            ("en", "I'll cancel your order right away."),
            ("de", "Ich habe die Bestellung storniert."),
            ("lv", "Es jau atcēlu jūsu pasūtījumu."),
            ("lv", "Tūlīt nosūtīšu jums jaunu kodu."),
            ("fr", "J'ai remboursé votre commande."),
        ] {
            assert_eq!(promise(text, language), Promise::Own, "{text}");
        }
        assert_eq!(promise("Pārējās ES valstis", "lv"), Promise::None);
    }

    #[test]
    fn what_we_did_or_will_do_is_named() {
        for (language, text, is_done) in [
            ("en", "We have refunded your order.", true),
            ("en", "Your refund has been processed.", true),
            ("en", "We will send you a label.", false),
            ("en", "A colleague will call you tomorrow.", false),
            ("de", "Wir haben Ihre Bestellung storniert.", true),
            ("de", "Wir werden Ihnen das Geld überweisen.", false),
            ("lv", "Mēs jums nosūtīsim uzlīmi.", false),
            ("lv", "Jūsu pasūtījums ir atcelts.", true),
        ] {
            let Promise::Actions { tense, .. } = promise(text, language) else {
                panic!("{text}: {:?}", promise(text, language));
            };
            assert_eq!(tense == Tense::Done, is_done, "{text}");
        }
    }

    #[test]
    fn rules_are_no_promises() {
        for (language, text) in [
            ("en", "You can return almost everything within 60 days."),
            ("en", "We charge no fee for any method."),
            ("de", "Sie können fast alles zurückgeben."),
            ("lv", "Gandrīz visu var atgriezt 60 dienu laikā."),
        ] {
            assert_eq!(promise(text, language), Promise::None, "{text}");
        }
    }
}
