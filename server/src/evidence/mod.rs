//! How far a text covers a question: the common ground of confidence (should we answer), of the
//! extractive generator (which sentence answers) and, later, of the guard (is a sentence supported).
//!
//! Terms are compared as the index compares them: stemmed in the text's language, and folded without
//! diacritics, so that a match here is a match there. Pure functions over values, no I/O.

mod answer_type;
mod bare_answer;
mod negation;
mod order;

use std::collections::HashSet;

use indexer::keyword::QueryTerm;
use indexer::language::{Analyzer, TermKind};

pub use answer_type::AnswerType;
pub use bare_answer::answers_barely;
pub use negation::denies;
pub use order::WordOrder;

/// A code is worth several words: who names one asks about it.
const CODE_SHARE: f32 = 2.0;
/// "I want to know" is in few articles that tell it.
const ASKING_SHARE: f32 = 0.35;
/// What another word of the same concept counts of the word itself.
const CONCEPT_SHARE: f32 = 0.8;

/// The content terms of a question with their weight (inverse document frequency in this base).
#[derive(Debug, Clone)]
pub struct QuestionTerms {
    terms: Vec<Weighted>,
    total: f32,
}

#[derive(Debug, Clone)]
struct Weighted {
    text: String,
    weight: f32,
    /// Keys of the concepts it stands for.
    concepts: Vec<String>,
    /// The base has no such word.
    unknown: bool,
    code: bool,
}

/// The terms of a text: stems and folded forms.
#[derive(Debug, Clone, Default)]
pub struct TextTerms(HashSet<String>);

impl TextTerms {
    /// Analyses `texts` (body, headings, title) as one.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>, analyzer: &Analyzer) -> Self {
        let mut out = HashSet::new();
        for text in texts {
            out.extend(analyzer.keys(text));
        }
        Self(out)
    }

    /// Whether the text has this term (a stem, a folded word, a code).
    pub fn has(&self, term: &str) -> bool {
        self.0.contains(term)
    }

    /// Adds everything that `other` has.
    pub fn join(&mut self, other: &Self) {
        self.0.extend(other.0.iter().cloned());
    }
}

impl Weighted {
    /// How far a text has this term: 1 for the word, [`CONCEPT_SHARE`] for another word of the same
    /// concept, else 0.
    fn found_in(&self, text: &TextTerms) -> f32 {
        if text.0.contains(&self.text) {
            1.0
        } else if self.concepts.iter().any(|c| text.0.contains(c)) {
            CONCEPT_SHARE
        } else {
            0.0
        }
    }
}

impl QuestionTerms {
    /// From the analysed query of a search. Equal terms count once.
    pub fn new(analysed: &[QueryTerm]) -> Self {
        let mut seen = HashSet::new();
        let terms: Vec<Weighted> = analysed
            .iter()
            .filter(|t| seen.insert(t.text.as_str()))
            .map(|t| {
                let share = match (t.kind, t.passages) {
                    (TermKind::Code, _) => CODE_SHARE,
                    // No idf tells a common word from a telling one when the base has neither.
                    (_, 0) => 0.5,
                    _ => 1.0,
                };
                let asking = if t.asks { ASKING_SHARE } else { 1.0 };
                Weighted {
                    text: t.text.clone(),
                    weight: t.share * asking * (t.idf * share).max(0.05),
                    // A code means itself: E-PAY-07 is not any word about paying.
                    concepts: match t.kind {
                        TermKind::Code => Vec::new(),
                        TermKind::Word | TermKind::Number => t.concepts.clone(),
                    },
                    unknown: t.passages == 0,
                    code: t.kind == TermKind::Code,
                }
            })
            .collect();
        let total = terms.iter().map(|t| t.weight).sum();
        Self { terms, total }
    }

    pub fn len(&self) -> usize {
        self.terms.len()
    }

    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Weighted share of the terms that `text` has, [0, 1]; 0 for a question without terms.
    pub fn coverage(&self, text: &TextTerms) -> f32 {
        let covered: f32 = self.terms.iter().map(|t| t.weight * t.found_in(text)).sum();
        if self.total > 0.0 { covered / self.total } else { 0.0 }
    }

    /// Weighted share of the question's neighbouring terms that follow each other closely in a text
    /// too, [0, 1]; [`None`] for a question of fewer than two terms.
    pub fn in_order(&self, text: &WordOrder) -> Option<f32> {
        let pairs = self.terms.windows(2).filter_map(|pair| {
            let [a, b] = pair else { return None };
            Some((a.weight + b.weight, text.follows(&a.text, &b.text)))
        });
        let (all, found) = pairs.fold((0.0, 0.0), |(all, found), (weight, follows)| {
            (all + weight, found + if follows { weight } else { 0.0 })
        });
        (all > 0.0).then(|| found / all)
    }

    /// Coverage where a term counts fully in `text` and by `share` when only `context` has it.
    pub fn coverage_in_context(&self, text: &TextTerms, context: &TextTerms, share: f32) -> f32 {
        let weigh = |t: &Weighted| t.weight * t.found_in(text).max(share * t.found_in(context));
        let covered: f32 = self.terms.iter().map(weigh).sum();
        if self.total > 0.0 { covered / self.total } else { 0.0 }
    }

    /// Which terms `text` or `context` has, a bit each (the first 64 terms), for telling what a
    /// second text adds to a first one.
    pub fn covered(&self, text: &TextTerms, context: &TextTerms) -> u64 {
        self.terms.iter().take(64).enumerate().fold(0, |bits, (i, t)| {
            let has = t.found_in(text).max(t.found_in(context)) > 0.0;
            bits | (u64::from(has) << i)
        })
    }

    /// Which terms are codes: article numbers, error codes. A bit each, as in [`Self::covered`].
    pub fn codes(&self) -> u64 {
        let bits = self.terms.iter().take(64).enumerate();
        bits.fold(0, |bits, (i, t)| bits | (u64::from(t.code) << i))
    }

    /// Weighted share of the terms in `bits`, [0, 1].
    pub fn share(&self, bits: u64) -> f32 {
        let weight: f32 = self
            .terms
            .iter()
            .take(64)
            .enumerate()
            .filter(|(i, _)| bits >> i & 1 == 1)
            .map(|(_, t)| t.weight)
            .sum();
        if self.total > 0.0 { weight / self.total } else { 0.0 }
    }

    /// Weight of the heaviest term that `text` lacks, as a share of the heaviest of all, [0, 1].
    pub fn heaviest_missing(&self, text: &TextTerms) -> f32 {
        let heaviest = |lacking: bool| {
            let of = self.terms.iter().filter(|t| !lacking || t.found_in(text) == 0.0);
            of.map(|t| t.weight).fold(0.0, f32::max)
        };
        if self.total > 0.0 { heaviest(true) / heaviest(false) } else { 0.0 }
    }

    /// Weighted share of the terms that the base does not know, [0, 1].
    pub fn unknown(&self) -> f32 {
        let weight: f32 = self.terms.iter().filter(|t| t.unknown).map(|t| t.weight).sum();
        if self.total > 0.0 { weight / self.total } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use indexer::model::Locale;

    use super::*;

    fn term(text: &str, asks: bool) -> QueryTerm {
        QueryTerm {
            text: text.to_owned(),
            kind: TermKind::Word,
            idf: 2.0,
            passages: 3,
            concepts: Vec::new(),
            share: 1.0,
            asks,
            unlisted: false,
        }
    }

    #[test]
    fn words_that_ask_count_less_of_the_question() {
        let english = Analyzer::new(&Locale::parse("en").unwrap());
        let text = TextTerms::of(["A refund takes five days."], &english);
        let coverage =
            |asks| QuestionTerms::new(&[term("want", asks), term("refund", false)]).coverage(&text);
        assert!((coverage(false) - 0.5).abs() < 1e-6);
        assert!((coverage(true) - 1.0 / (1.0 + ASKING_SHARE)).abs() < 1e-6);
    }
}
