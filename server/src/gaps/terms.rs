//! The words by which questions are compared: what search makes of them, without function words and
//! placeholders; words of one concept of the lexicon are one, whatever their language.
//!
//! Called by `gaps` and `cluster`.

use std::collections::BTreeSet;

use indexer::language::Analyzer;
use indexer::model::Locale;

use crate::privacy::RedactedText;

/// The content words of a question, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Terms(BTreeSet<String>);

impl Terms {
    pub(super) fn of(question: &RedactedText, locale: &Locale) -> Self {
        let analyzer = Analyzer::new(locale);
        let text = question.without_placeholders();
        let mut out = BTreeSet::new();
        for term in analyzer.terms(&text).into_iter().filter(|t| !t.stop && !t.variant) {
            let word = text.get(term.range.clone()).unwrap_or(&term.text);
            let mut concepts = analyzer
                .keys(word)
                .into_iter()
                .filter_map(|k| k.strip_prefix('=').map(str::to_owned));
            out.insert(concepts.next().unwrap_or(term.text));
        }
        Self(out)
    }

    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::{Numbering, RedactionSettings, Redactor};

    fn words(language: &str, text: &str) -> Vec<String> {
        let redactor = Redactor::new(&RedactionSettings::default()).unwrap();
        let text = redactor.redact(text, Some(language), &mut Numbering::default());
        let terms = Terms::of(&text, &Locale::parse(language).unwrap());
        terms.words().map(str::to_owned).collect()
    }

    #[test]
    fn languages_meet_in_a_concept_and_placeholders_say_nothing() {
        assert_eq!(words("en", "refund"), words("de", "Rückerstattung"));
        assert!(words("en", "is it on jane.doe@mail.example").is_empty());
        assert_eq!(words("en", "Kayaks, a kayak!").len(), 1);
    }
}
