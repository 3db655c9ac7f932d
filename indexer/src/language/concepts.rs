//! A bridge between words that mean the same, within a language and across languages.
//!
//! The lexicon (`concepts/*.txt`, written for support desks) lists concepts with their words in twelve
//! languages. A text's concepts are found through the same stems as its terms, so that "Geld zurück",
//! "atmaksa" and "money back" meet in one index field, and a question in a language that the embedder
//! does not know can be put into English words before it is embedded. Called by [`Analyzer`].
//!
//! Good for: everyday words of help desks. Not for: names, codes, what a base calls its own things.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use super::analyzer::{Analysed, Analyzer};

/// Languages of the lexicon, in its order.
const LANGUAGES: [&str; 12] =
    ["en", "de", "lv", "fr", "es", "it", "pl", "ru", "lt", "et", "fi", "sv"];

const FILES: [&str; 3] = [
    include_str!("concepts/shop.txt"),
    include_str!("concepts/services.txt"),
    include_str!("concepts/core.txt"),
];

/// Words that a phrase of the lexicon may be interrupted by.
const GAP: usize = 2;
/// Shortest part of a compound that is looked up.
const PART: usize = 4;
/// Parts that a compound is taken apart into at most: "Ratenzahlungsmindestbetrag" has three.
const PARTS: usize = 4;
/// What may stand between two parts.
const JOINTS: [&str; 7] = ["", "s", "n", "e", "en", "es", "er"];

/// Changes whenever the lexicon does.
pub(crate) fn fingerprint() -> &'static str {
    use sha2::{Digest, Sha256};
    static HASH: LazyLock<String> = LazyLock::new(|| {
        let mut hash = Sha256::new();
        for file in FILES {
            hash.update(file);
        }
        hash.finalize().iter().take(6).map(|b| format!("{b:02x}")).collect()
    });
    &HASH
}

/// A concept found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Concept {
    /// English words for it; also its name.
    pub(crate) gloss: &'static str,
    /// First and last of the analysed terms that carry it.
    first: usize,
    last: usize,
}

impl Concept {
    /// The analysed terms that carry it, by index.
    pub(crate) fn terms(&self) -> std::ops::RangeInclusive<usize> {
        self.first..=self.last
    }
}

/// One language's words.
pub(super) struct Lexicon {
    /// By the first stem: what has to follow, and the concept.
    entries: HashMap<String, Vec<Entry>>,
    compounds: bool,
}

struct Entry {
    rest: Box<[String]>,
    gloss: &'static str,
}

/// The lexicon of a language; `None` for one that it does not have.
pub(super) fn lexicon(language: &str) -> Option<&'static Lexicon> {
    static LEXICONS: [OnceLock<Lexicon>; LANGUAGES.len()] =
        [const { OnceLock::new() }; LANGUAGES.len()];
    let index = LANGUAGES.iter().position(|l| *l == language)?;
    Some(LEXICONS[index].get_or_init(|| Lexicon::new(language)))
}

impl Lexicon {
    fn new(language: &str) -> Self {
        let analyzer = Analyzer::without_lexicon(language);
        let mut entries: HashMap<String, Vec<Entry>> = HashMap::new();
        for (gloss, words) in lines().filter_map(parse) {
            let own = words.into_iter().filter(|(tag, _)| *tag == language);
            for word in own.flat_map(|(_, words)| words) {
                let analysed: Vec<Analysed> =
                    analyzer.analyse(word).into_iter().filter(|a| !a.term.variant).collect();
                let Some((first, rest)) = analysed.split_first() else { continue };
                let rest: Box<[String]> = rest.iter().map(|a| a.term.text.clone()).collect();
                for key in keys(first) {
                    let known = entries.entry(key.clone()).or_default();
                    if !known.iter().any(|e| e.gloss == gloss && e.rest == rest) {
                        known.push(Entry { rest: rest.clone(), gloss });
                    }
                }
            }
        }
        let compounds = matches!(language, "de" | "sv" | "fi" | "et");
        Self { entries, compounds }
    }

    /// Whether the lexicon has this one word by itself.
    pub(super) fn knows(&self, one: &Analysed) -> bool {
        keys(one).any(|key| {
            self.entries.get(key).is_some_and(|all| all.iter().any(|e| e.rest.is_empty()))
        })
    }

    /// Every concept of the text, in its order; a phrase and the words in it are both reported.
    pub(super) fn concepts(&self, analysed: &[Analysed]) -> Vec<Concept> {
        let mut out: Vec<Concept> = Vec::new();
        for (first, one) in analysed.iter().enumerate() {
            let before = out.len();
            for key in keys(one) {
                for entry in self.entries.get(key).into_iter().flatten() {
                    // A function word that looks like a word of the lexicon is a function word.
                    if one.term.stop && entry.rest.is_empty() {
                        continue;
                    }
                    let Some(last) = follows(&entry.rest, first, analysed) else { continue };
                    let concept = Concept { gloss: entry.gloss, first, last };
                    if !out[before..].contains(&concept) {
                        out.push(concept);
                    }
                }
            }
            if self.compounds && out.len() == before && !one.term.variant {
                self.parts(one, first, &mut out);
            }
        }
        out
    }

    /// The concepts of an unknown word's parts, when all are known: "Rücksendekosten".
    fn parts(&self, one: &Analysed, at: usize, out: &mut Vec<Concept>) {
        let found = self.split(&one.term.text, PARTS).unwrap_or_default();
        out.extend(found.into_iter().map(|gloss| Concept { gloss, first: at, last: at }));
    }

    /// The glosses of two to `most` known words that `word` is made of, the one with the shortest head first.
    fn split(&self, word: &str, most: usize) -> Option<Vec<&'static str>> {
        let single = |part: &str| {
            let entries = self.entries.get(part).into_iter().flatten();
            entries.filter(|e| e.rest.is_empty()).map(|e| e.gloss).next()
        };
        for (cut, _) in word.char_indices().skip(PART) {
            let (head, tail) = word.split_at(cut);
            if tail.chars().count() < PART {
                return None;
            }
            let Some(head) = JOINTS.iter().find_map(|j| head.strip_suffix(j).and_then(single))
            else {
                continue;
            };
            if let Some(tail) = single(tail) {
                return Some(vec![head, tail]);
            }
            if most > 2
                && let Some(tail) = self.split(tail, most - 1)
            {
                return Some([vec![head], tail].concat());
            }
        }
        None
    }
}

/// Where `rest` ends when it follows the term `first`, with at most [`GAP`] function words between.
fn follows(rest: &[String], first: usize, analysed: &[Analysed]) -> Option<usize> {
    let mut at = first;
    for want in rest {
        let next = analysed.iter().enumerate().skip(at + 1);
        let mut near = next.filter(|(_, a)| !a.term.variant).take(GAP + 1);
        at = near.find_map(|(i, a)| keys(a).any(|k| k == want).then_some(i))?;
    }
    Some(at)
}

/// Under which words a term is looked up.
fn keys(one: &Analysed) -> impl Iterator<Item = &String> {
    let folded = (one.folded != one.term.text).then_some(&one.folded);
    std::iter::once(&one.term.text).chain(&one.alternative).chain(folded)
}

fn lines() -> impl Iterator<Item = &'static str> {
    let all = FILES.into_iter().flat_map(str::lines).map(str::trim);
    all.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// `gloss: en=word, word; de=...` taken apart; `None` for a line that is not of this form.
#[expect(clippy::type_complexity, reason = "read once, right below its only caller")]
fn parse(line: &'static str) -> Option<(&'static str, Vec<(&'static str, Vec<&'static str>)>)> {
    let (gloss, languages) = line.split_once(':')?;
    let mut out = Vec::new();
    for part in languages.split(';') {
        let (tag, words) = part.trim().split_once('=')?;
        let words: Vec<&str> = words.split(',').map(str::trim).collect();
        if !LANGUAGES.contains(&tag) || words.iter().any(|w| w.is_empty()) {
            return None;
        }
        out.push((tag, words));
    }
    (!gloss.trim().is_empty()).then_some((gloss.trim(), out))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::model::Locale;

    fn glosses(tag: &str, text: &str) -> HashSet<&'static str> {
        let analyzer = Analyzer::new(&Locale::parse(tag).unwrap());
        analyzer.concepts(&analyzer.analyse(text)).into_iter().map(|c| c.gloss).collect()
    }

    #[test]
    fn every_line_of_the_lexicon_is_read() {
        for line in lines() {
            assert!(parse(line).is_some(), "{line}");
        }
        assert!(lines().count() > 1000);
    }

    #[test]
    fn words_of_different_languages_meet() {
        let english = glosses("en", "When do I get a refund?");
        for (tag, text) in [
            ("de", "Wann bekomme ich meine Rückerstattung?"),
            ("lv", "Kad es saņemšu atmaksu?"),
            ("fr", "Quand aurai-je mon remboursement ?"),
            ("es", "¿Cuándo recibo el reembolso?"),
        ] {
            let found = glosses(tag, text);
            assert!(english.intersection(&found).count() > 0, "{tag}: {found:?} and {english:?}");
        }
    }

    #[test]
    fn a_phrase_may_be_interrupted_by_function_words() {
        assert!(glosses("en", "I want my money back").contains("refund"));
        assert!(glosses("en", "I want the money for it back").contains("refund"));
        assert!(!glosses("en", "money is tight, please call me right back").contains("refund"));
        for (tag, text) in [
            ("en", "where is the order i made"),
            ("de", "Wo bleibt mein Paket?"),
            ("lv", "Kur ir mans pasūtījums?"),
        ] {
            assert!(glosses(tag, text).contains("tracking"), "{text}");
        }
        assert!(!glosses("en", "Where can I order by phone?").contains("tracking"));
    }

    #[test]
    fn unknown_compounds_are_taken_apart() {
        let found = glosses("de", "Zeltreparatur");
        assert!(found.contains("tent") && found.contains("repair"), "{found:?}");
        let found = glosses("de", "Ratenzahlungsmindestbetrag");
        assert!(found.contains("minimum") && found.len() == 3, "{found:?}");
        assert!(!glosses("de", "Ratenzahlung").is_disjoint(&found), "{found:?}");
        // A part that nobody knows is not passed over.
        assert!(glosses("de", "Ratenzahlungsquarkbetrag").is_empty());
    }

    #[test]
    fn an_english_gloss_stands_for_foreign_words() {
        let analyzer = Analyzer::new(&Locale::parse("lv").unwrap());
        let gloss = analyzer.gloss("Cik ilgi jāgaida atmaksa par OZ-TENT-042?");
        assert!(gloss.contains("refund"), "{gloss}");
        assert!(gloss.contains("oz-tent-042"), "{gloss}");
    }
}
