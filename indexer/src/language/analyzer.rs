//! The terms that a text is searched by.
//!
//! Called by `keyword` for passages and for questions, and by the server for coverage of an
//! answer's words. Promises that both sides of a search are cut alike: lower case, NFC, stemmed
//! for the language, numbers in one spelling, codes whole and without their dashes. Function words
//! are flagged, not removed. Compounds (German), n-grams and typing errors are not handled here;
//! they belong in a field of their own.

use std::collections::HashSet;
use std::ops::Range;

use super::concepts::{self, Concept, Lexicon};
use super::fold::fold;
use super::latvian::Spelling;
use super::pieces::{LONGEST, Piece, pieces};
use super::stem::Stemmer;
use super::stopwords;
use crate::model::Locale;

/// What a term is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TermKind {
    Word,
    /// Digits only, in canonical spelling ("2.99", "1000").
    Number,
    /// SKU, error code, version, e-mail address, host name: matched exactly or not at all.
    Code,
}

/// One term of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The stem, number or code, at most 64 characters.
    pub text: String,
    /// Place in the text, counted in words from 0. Several terms can share a place.
    pub position: u32,
    pub kind: TermKind,
    /// A function word, which says nothing of the subject.
    pub stop: bool,
    /// A further form of the term before it (part of a compound, code without dashes, second
    /// reading of a stem). Counting how much of a question is covered uses the others.
    pub variant: bool,
    /// Byte range in the analysed text.
    pub range: Range<usize>,
}

/// Analyses texts of one language. Cheap to make and to copy around.
#[derive(Clone)]
pub struct Analyzer {
    stemmer: Stemmer,
    stop: Option<&'static HashSet<String>>,
    lexicon: Option<&'static Lexicon>,
}

/// Marks a concept among the keys of a text; no word begins with it.
const CONCEPT: char = '=';

impl Analyzer {
    /// Analyzer of the locale's language; one without stemmer and stop words for languages that
    /// have neither.
    pub fn new(locale: &Locale) -> Self {
        let lexicon = concepts::lexicon(locale.language());
        Self { lexicon, ..Self::without_lexicon(locale.language()) }
    }

    /// For the lexicon itself, whose words are analysed before it exists.
    pub(super) fn without_lexicon(language: &str) -> Self {
        Self { stemmer: Stemmer::of(language), stop: stopwords::set(language), lexicon: None }
    }

    /// Stemmed terms in order of their positions.
    pub fn terms(&self, text: &str) -> Vec<Term> {
        stems(self.analyse(text))
    }

    /// Unstemmed lower-case words without diacritics, numbers and codes: the form in which texts
    /// meet across languages and keyboards.
    pub fn folded(&self, text: &str) -> Vec<Term> {
        self.analyse(text).into_iter().map(|a| Term { text: a.folded, ..a.term }).collect()
    }

    /// Every stem, second stem, folded word and concept ([`Self::concept_key`]) of a text: what it
    /// can be matched by, in no order.
    pub fn keys(&self, text: &str) -> Vec<String> {
        let analysed = self.analyse(text);
        let concepts = self.concepts(&analysed);
        let mut out: Vec<String> = concepts.iter().map(|c| Self::concept_key(c.gloss)).collect();
        for one in analysed {
            out.push(one.folded);
            out.push(one.term.text);
            out.extend(one.alternative);
        }
        out
    }

    /// The words of a text, each with all that it can be matched by.
    pub fn readings(&self, text: &str) -> Vec<Reading> {
        let analysed = self.analyse(text);
        let concepts = self.concepts(&analysed);
        let mut out: Vec<Reading> = Vec::with_capacity(analysed.len());
        for (at, one) in analysed.into_iter().enumerate() {
            let here = concepts.iter().filter(|c| c.terms().contains(&at)).map(|c| c.gloss);
            match out.last_mut().filter(|_| one.term.variant) {
                Some(whole) => {
                    whole.keys.extend([one.term.text, one.folded]);
                    whole.concepts.extend(here);
                }
                None => {
                    let keys = std::iter::once(one.term.text).chain(one.alternative);
                    out.push(Reading {
                        range: one.term.range,
                        kind: one.term.kind,
                        stop: one.term.stop,
                        keys: keys.chain([one.folded.clone()]).collect(),
                        folded: one.folded,
                        concepts: here.collect(),
                    });
                }
            }
        }
        out
    }

    /// The form under which a concept stands among the keys of a text.
    pub(crate) fn concept_key(gloss: &str) -> String {
        format!("{CONCEPT}{gloss}")
    }

    /// The concepts of an analysed text, in its order.
    pub(crate) fn concepts(&self, analysed: &[Analysed]) -> Vec<Concept> {
        self.lexicon.map(|l| l.concepts(analysed)).unwrap_or_default()
    }

    /// Whether the lexicon has the word.
    pub(crate) fn knows(&self, word: &str) -> bool {
        self.lexicon.is_some_and(|l| self.analyse(word).iter().any(|one| l.knows(one)))
    }

    /// The text in English words as far as the lexicon knows them, the other content words as they
    /// are: for an embedder that knows English alone. Function words are left out.
    pub fn gloss(&self, text: &str) -> String {
        let analysed = self.analyse(text);
        let concepts = self.concepts(&analysed);
        let mut out = String::with_capacity(text.len());
        let mut next = 0;
        for (at, one) in analysed.iter().enumerate() {
            if at < next || one.term.variant {
                continue;
            }
            // The longest phrase says most; a compound's parts are one word with two glosses.
            let here = concepts.iter().filter(|c| *c.terms().start() == at);
            let longest = here.clone().map(|c| *c.terms().end()).max();
            let mut add = |words: &str| {
                if !out.is_empty() {
                    out.push(' ');
                }
                out.push_str(words);
            };
            match longest {
                Some(end) => {
                    here.filter(|c| *c.terms().end() == end).for_each(|c| add(c.gloss));
                    next = end + 1;
                }
                None if one.term.stop => {}
                None => add(&one.folded),
            }
        }
        out
    }

    /// All forms of every term at the price of cutting once.
    pub(crate) fn analyse(&self, text: &str) -> Vec<Analysed> {
        let spelling = spelling(text);
        pieces(text).into_iter().map(|piece| self.forms(piece, spelling)).collect()
    }

    fn forms(&self, piece: Piece, spelling: Spelling) -> Analysed {
        if piece.kind != TermKind::Word {
            let folded = bounded(fold(&piece.text));
            return Analysed { folded, alternative: None, term: self.term(piece, None) };
        }
        let word = without_apostrophe(&piece.text);
        let (stem, alternative) = self.stemmer.stem(&word, spelling);
        let folded = bounded(fold(&word));
        let stem = if stem.is_empty() { word } else { stem };
        Analysed {
            term: self.term(piece, Some(stem)),
            alternative: alternative.map(bounded),
            folded,
        }
    }

    fn term(&self, piece: Piece, text: Option<String>) -> Term {
        let stop = piece.kind == TermKind::Word
            && self.stop.is_some_and(|set| {
                set.contains(&piece.text)
                    || (piece.text.contains('\'') && set.contains(&without_apostrophe(&piece.text)))
            });
        Term {
            text: bounded(text.unwrap_or(piece.text)),
            position: piece.position,
            kind: piece.kind,
            stop,
            variant: piece.variant,
            range: piece.range,
        }
    }
}

/// A word of a text and all that it can be matched by.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Byte range in the text.
    pub range: Range<usize>,
    pub kind: TermKind,
    /// A function word.
    pub stop: bool,
    /// The unstemmed form without diacritics.
    pub folded: String,
    /// Stems, the folded form, parts of a compound.
    pub keys: Vec<String>,
    /// What it means by the lexicon, alone or with its neighbours: English words that name the meaning.
    pub concepts: Vec<&'static str>,
}

/// One term in all its forms.
#[derive(Debug, Clone)]
pub(crate) struct Analysed {
    /// The stemmed form.
    pub(crate) term: Term,
    /// The other stem that an ambiguous word may have.
    pub(crate) alternative: Option<String>,
    /// The unstemmed form without diacritics.
    pub(crate) folded: String,
}

/// The stemmed terms among `analysed`, second readings included.
pub(crate) fn stems(analysed: Vec<Analysed>) -> Vec<Term> {
    let mut out = Vec::with_capacity(analysed.len());
    for one in analysed {
        let second = one.alternative.map(|text| Term { text, variant: true, ..one.term.clone() });
        out.push(one.term);
        out.extend(second);
    }
    out
}

fn bounded(mut text: String) -> String {
    if text.len() > LONGEST
        && let Some((end, _)) = text.char_indices().nth(LONGEST)
    {
        text.truncate(end);
    }
    text
}

/// A text without a single marked letter was typed on a plain keyboard.
fn spelling(text: &str) -> Spelling {
    if text.chars().any(|c| !c.is_ascii() && c.is_alphabetic()) {
        Spelling::Full
    } else {
        Spelling::Plain
    }
}

/// "l'article" -> "article", "customer's" -> "customer", "don't" -> "dont".
fn without_apostrophe(word: &str) -> String {
    const ELIDED: [&str; 21] = [
        "l", "d", "j", "m", "t", "s", "n", "c", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu", "un",
        "dell", "all", "nell", "sull", "dall", "quell", "quest",
    ];
    let Some((before, after)) = word.split_once('\'') else {
        return word.to_owned();
    };
    if ELIDED.contains(&before) && after.chars().count() >= 2 {
        return after.replace('\'', "");
    }
    if !before.is_empty() && matches!(after, "s" | "d" | "m" | "re" | "ve" | "ll") {
        return before.to_owned();
    }
    word.replace('\'', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn analyzer(tag: &str) -> Analyzer {
        Analyzer::new(&Locale::parse(tag).unwrap())
    }

    fn content(tag: &str, text: &str) -> Vec<String> {
        analyzer(tag).terms(text).into_iter().filter(|t| !t.stop).map(|t| t.text).collect()
    }

    #[test]
    fn function_words_are_flagged_and_the_rest_is_stemmed() {
        assert_eq!(content("en", "How do I return my orders?"), ["return", "order"]);
        assert_eq!(content("lv", "Cik maksā piegāde?"), ["maks", "piegad"]);
        assert_eq!(content("lv", "cik maksa piegade"), ["maks", "piegad"]);
        assert_eq!(
            content("de", "Wie kann ich die Bestellungen zurückgeben?"),
            ["bestell", "zuruckgeb"]
        );
        assert_eq!(content("ru", "Сколько стоит доставка?"), ["сто", "доставк"]);
    }

    #[test]
    fn transliterated_umlauts_meet() {
        assert_eq!(content("de", "Rückgabe"), content("de", "Rueckgabe"));
        assert_eq!(content("de", "Straße"), content("de", "Strasse"));
    }

    #[test]
    fn baltic_and_finnic_forms_meet() {
        for (tag, words) in [
            ("et", "tellimus tellimuse tellimused"),
            ("lt", "grąžinimas grąžinimo grąžinimą"),
            ("fi", "tilaus tilauksen tilaukset"),
            ("fr", "commande commandes"),
            ("es", "pedido pedidos"),
            ("it", "ordine ordini"),
            ("sv", "beställning beställningar"),
        ] {
            let stems = content(tag, words);
            let first: HashSet<&String> = stems.iter().collect();
            assert!(first.len() < stems.len(), "{tag}: {stems:?}");
        }
    }

    #[test]
    fn apostrophes() {
        assert_eq!(content("fr", "l'article d’échange"), ["articl", "echang"]);
        assert_eq!(content("en", "the customer's don't"), ["custom"]);
        assert_eq!(content("it", "dell'ordine"), content("it", "ordine"));
    }

    #[test]
    fn codes_and_numbers_stay_exact() {
        let terms = analyzer("en").terms("Error E-PAY-07 costs 2,99");
        let kinds: Vec<_> =
            terms.iter().filter(|t| !t.variant).map(|t| (t.text.as_str(), t.kind)).collect();
        assert_eq!(
            kinds,
            [
                ("error", TermKind::Word),
                ("e-pay-07", TermKind::Code),
                ("cost", TermKind::Word),
                ("2.99", TermKind::Number),
            ]
        );
    }

    #[test]
    fn a_word_is_read_by_stem_form_parts_and_meaning() {
        let readings = analyzer("de").readings("Das Geld zurück, per Zeltreparatur");
        let of = |word: &str| readings.iter().find(|r| r.folded == word).unwrap();
        assert!(of("das").stop);
        assert!(of("geld").concepts.contains(&"refund"), "a phrase, word by word");
        assert!(of("zeltreparatur").concepts.contains(&"tent"));
        assert!(of("zeltreparatur").keys.contains(&"zeltreparatur".to_owned()));
    }

    #[test]
    fn folded_words_are_whole() {
        let folded: Vec<_> =
            analyzer("lv").folded("Piegādes cena Größe").into_iter().map(|t| t.text).collect();
        assert_eq!(folded, ["piegades", "cena", "grosse"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_gives_bounded_terms(text in "\\PC{0,60}", tag in "lv|en|de|ru|fr|et|zh") {
            let analyzer = analyzer(&tag);
            for term in analyzer.terms(&text).iter().chain(&analyzer.folded(&text)) {
                proptest::prop_assert!(term.text.chars().count() <= LONGEST);
                proptest::prop_assert!(text.get(term.range.clone()).is_some());
            }
        }
    }
}
