//! Negation and modality: "cannot" for "can", "after" for "within", "only" for "also".
//!
//! A text is cut into clauses; each knows whether it is negated and which poles of which opposites it
//! holds. A sentence is compared with the source clause that shares most of its words. Words that are
//! negative by themselves ("excluded", "free", "unused") count as one more negation, so that "is not
//! refunded" and "is excluded from refunds" agree.

use std::ops::Range;

use super::literal::{Lex, Token};
use super::phrase::Phrases;
use super::polarity_words::{NEGATORS, OPPOSITES};

static NEGATIVE: Phrases = Phrases::new(NEGATORS);
static POLES: Phrases = Phrases::new(OPPOSITES);

/// A clause of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clause {
    pub(super) tokens: Range<usize>,
    pub(super) negative: bool,
    /// A word such as "not" is in it, whatever else turns its sense.
    pub(super) says_not: bool,
    /// Poles such as `order+` and `order-`, sorted, each once.
    pub(super) poles: Vec<&'static str>,
}

/// The clauses of a text, in order, without gaps; never empty for a text with tokens.
pub(super) fn clauses(tokens: &[Token], language: &str) -> Vec<Clause> {
    let mut out = Vec::new();
    let mut start = 0;
    for at in 1..=tokens.len() {
        if at == tokens.len() || (at - start >= 2 && starts_clause(tokens, at, language)) {
            match joint(tokens, start..at, language) {
                Some(middle) => {
                    out.push(clause(tokens, start..middle, language));
                    out.push(clause(tokens, middle..at, language));
                }
                None => out.push(clause(tokens, start..at, language)),
            }
            start = at;
        }
    }
    out
}

/// Where "and" joins a positive half to a negated one: "the reservation ends and nothing is charged".
fn joint(tokens: &[Token], range: Range<usize>, language: &str) -> Option<usize> {
    const AND: &[&str] = &["and", "und", "un", "et", "y", "e", "en", "i", "и", "ir", "ja", "och"];
    let is_and = |at: &usize| tokens[*at].word().is_some_and(|w| AND.contains(&w));
    let middle = range.clone().rev().find(is_and)?;
    if middle < range.start + 2 || range.end < middle + 3 {
        return None;
    }
    // "and nothing is charged", not "shipping and rental give no points".
    let begins = clause(tokens, middle..middle + 3, language).says_not;
    let left = clause(tokens, range.start..middle, language);
    (begins && !left.says_not).then_some(middle)
}

/// Whether a folded word is a negation by itself: not a word that a source must have.
pub(super) fn is_negator(word: &Token, language: &str) -> bool {
    NEGATIVE.starting_at(std::slice::from_ref(word), 0, language) == Some("not")
}

/// All tokens as one clause.
pub(super) fn whole(tokens: &[Token], language: &str) -> Clause {
    // "No. Cash is accepted only in stores.": the answer to a question in the heading.
    let answer = tokens.len() > 2
        && tokens[0].word().is_some_and(|w| ANSWERS.contains(&w))
        && matches!(tokens[1].lex, Lex::Mark('.' | ',' | '!' | '-' | ':'));
    clause(tokens, if answer { 2 } else { 0 }..tokens.len(), language)
}

/// "No" as a sentence of its own, folded.
const ANSWERS: &[&str] =
    &["no", "nein", "ne", "non", "nee", "nie", "нет", "ei", "nej", "yes", "ja", "jā"];

fn clause(tokens: &[Token], range: Range<usize>, language: &str) -> Clause {
    let slice = &tokens[range.clone()];
    let found = NEGATIVE.find(slice, language);
    let taken: Vec<bool> = mask(&found, slice.len());
    let glued = slice
        .iter()
        .zip(&taken)
        .any(|(t, taken)| !taken && t.word().is_some_and(|w| is_negated_word(w, language)));
    let syntactic = glued || found.iter().any(|m| m.name == "not");
    let lexical = found.iter().filter(|m| m.name == "lexical").count() % 2 == 1;
    let mut poles: Vec<&'static str> = POLES.find(slice, language).iter().map(|m| m.name).collect();
    if language == "lv" && slice.iter().filter_map(Token::word).any(is_latvian_duty) {
        poles.push("duty+");
    }
    poles.sort_unstable();
    poles.dedup();
    Clause { tokens: range, negative: syntactic != lexical, says_not: syntactic, poles }
}

fn mask(found: &[super::phrase::Match], len: usize) -> Vec<bool> {
    let mut taken = vec![false; len];
    for m in found {
        taken[m.first..m.last].fill(true);
    }
    taken
}

fn starts_clause(tokens: &[Token], at: usize, language: &str) -> bool {
    match &tokens[at - 1].lex {
        Lex::Mark(',') => {
            // "3, 6 or 12": no clause between numbers.
            !matches!(tokens[at].lex, Lex::Number { .. }) && !in_list(tokens, at - 1)
        }
        Lex::Mark(';' | ':' | '(' | ')' | '!' | '?' | '\n') => true,
        Lex::Mark('-' | '.') => {
            tokens[at].spaced && tokens[at - 1].spaced | tokens[at - 1].is_end()
        }
        _ => tokens[at].word().is_some_and(|w| conjunction(w, language)),
    }
}

/// Whether the comma at `at` parts a list: another one stands within three tokens of it and what is
/// between them is short ("shipping, gift cards, deposits and rental").
fn in_list(tokens: &[Token], at: usize) -> bool {
    const SHORT: usize = 3;
    let is_comma = |t: &Token| t.lex == Lex::Mark(',');
    tokens[at + 1..].iter().take(SHORT).any(is_comma)
        || tokens[..at].iter().rev().take(SHORT).any(is_comma)
}

impl Token {
    fn is_end(&self) -> bool {
        self.lex == Lex::Mark('.')
    }
}

fn conjunction(word: &str, language: &str) -> bool {
    let list: &[&str] = match language {
        "en" => &[
            "but",
            "if",
            "unless",
            "because",
            "while",
            "although",
            "though",
            "otherwise",
            "however",
            "when",
            "so",
            "which",
            "whereas",
        ],
        "de" => &[
            "aber", "wenn", "weil", "sondern", "obwohl", "falls", "sonst", "denn", "jedoch",
            "solange", "sobald",
        ],
        "lv" => &["bet", "ja", "jo", "tacu", "kaut", "citadi", "nevis", "savukart", "tomer", "lai"],
        "fr" => &["mais", "si", "car", "sinon", "quand"],
        "es" => &["pero", "si", "porque", "aunque", "cuando"],
        "it" => &["ma", "se", "perche", "quando"],
        "nl" => &["maar", "als", "omdat", "tenzij"],
        "pl" => &["ale", "jesli", "jezeli", "poniewaz", "gdy"],
        "ru" => &["но", "если", "а", "поэтому", "когда"],
        "lt" => &["bet", "jei", "jeigu", "nes", "kai"],
        "et" => &["aga", "kuid", "kui", "sest"],
        "fi" => &["mutta", "jos", "koska", "kun"],
        "sv" => &["men", "om", "eftersom", "nar"],
        _ => &[],
    };
    list.contains(&word)
}

/// Latvian, Lithuanian: verbs with a glued "ne".
fn is_negated_word(word: &str, language: &str) -> bool {
    const LATVIAN: &[&str] = &[
        "nedel",
        "neatkarig",
        "nekavejoties",
        "nesen",
        "netal",
        "neto",
        "neliel",
        "nepareiz",
        "nemain",
        "nest",
        "nesat",
        "nesam",
        "nepiecies",
        "nesis",
        "negadijum",
        "nelaim",
        "nevaino",
        "neder",
    ];
    const LITHUANIAN: &[&str] = &[
        "nedel",
        "nemokam",
        "nes",
        "net",
        "nebent",
        "neto",
        "nedidel",
        "nedarb",
        "nepriklausom",
        "nedelsiant",
    ];
    let rest = word.strip_prefix("ne").map_or(0, |r| r.chars().count());
    match language {
        "lv" => rest >= 2 && !LATVIAN.iter().any(|w| word.starts_with(w)),
        "lt" => {
            rest >= 3
                && !LITHUANIAN.iter().any(|w| word.starts_with(w) && (w.len() > 3 || word == *w))
        }
        _ => false,
    }
}

/// "jāmaksā", "jāuzrāda": the debitive. Folded it starts with "ja" and has a verb behind.
fn is_latvian_duty(word: &str) -> bool {
    const OTHERS: &[&str] =
        &["jaun", "jau", "jaka", "jaku", "jakas", "jakam", "janvar", "japan", "jaut", "japa"];
    word.len() >= 5 && word.starts_with("ja") && !OTHERS.iter().any(|o| word.starts_with(o))
}

/// The pole on the other side: `order+` and `order-`.
fn opposite(pole: &str) -> String {
    match pole.strip_suffix('+') {
        Some(group) => format!("{group}-"),
        None => format!("{}+", pole.trim_end_matches('-')),
    }
}

/// Whether a pole of `claim` is in none of `near` and its opposite is in all of `closest`. "Always free"
/// and "never costs anything" agree: that pair is left to negation.
pub(super) fn poles_clash(claim: &Clause, closest: &[&Clause], near: &[&Clause]) -> bool {
    claim.poles.iter().filter(|p| !p.starts_with("ever")).any(|pole| {
        let other = opposite(pole);
        let has = |clause: &Clause, pole: &str| clause.poles.contains(&pole);
        !closest.is_empty()
            && closest.iter().all(|c| has(c, &other) && !has(c, pole))
            && !near.iter().any(|c| has(c, pole))
            && !has(claim, &other)
    })
}

/// Poles of `claim` that narrow or widen and that `source` does not have: "only", "always".
pub(super) fn absolutes<'a>(claim: &'a Clause) -> impl Iterator<Item = &'static str> + 'a {
    claim.poles.iter().copied().filter(|p| matches!(*p, "scope+" | "ever+" | "ever-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assistant::guard::literal::lex;

    fn negative(text: &str, language: &str) -> bool {
        whole(&lex(text), language).negative
    }

    #[test]
    fn negation_is_seen_in_every_form() {
        for (language, yes, no) in [
            ("en", "We cannot add products", "We can add products"),
            ("en", "It isn't refunded", "It is refunded"),
            ("en", "Nobody can stop it", "Somebody can stop it"),
            ("en", "This is excluded", "This is not excluded"),
            ("en", "no fee", "a fee of no more than 5"),
            ("de", "Das wird nicht erstattet", "Das wird erstattet"),
            ("de", "Es gibt keine Gebühr", "Es gibt eine Gebühr"),
            ("lv", "To nevar atgriezt", "To var atgriezt nedēļas laikā"),
            ("lv", "Karte nav derīga", "Karte ir derīga"),
            ("fr", "Ce n'est pas possible", "C'est possible"),
            ("ru", "Это нельзя вернуть", "Это можно вернуть"),
        ] {
            assert!(negative(yes, language), "{yes}");
            assert!(!negative(no, language), "{no}");
        }
    }

    #[test]
    fn opposites_clash() {
        for (language, source, claim) in [
            ("en", "after discounts", "before discounts"),
            ("en", "you can return it", "you must return it"),
            ("de", "vor dem Versand", "nach dem Versand"),
            ("lv", "pēc atlaidēm", "pirms atlaidēm"),
        ] {
            let (s, c) = (whole(&lex(source), language), whole(&lex(claim), language));
            assert!(poles_clash(&c, &[&s], &[]), "{claim}");
            assert!(!poles_clash(&s, &[&s], &[]));
        }
    }
}
