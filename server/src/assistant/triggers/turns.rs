//! The same question again in other words. Called by `rules` over the customer's earlier questions.

use std::collections::HashSet;

use indexer::language::{Analyzer, TermKind};
use indexer::model::Locale;

use crate::privacy::RedactedText;

/// Share of the content words that two wordings of one question have in common.
const SAME: f64 = 0.7;
/// Questions of fewer content words say too little to be compared.
const FEW: usize = 2;
/// Earlier questions that are compared, at most.
const BACK: usize = 5;
/// Content words that are compared, at most: a long story is not a rephrasing of another one.
const LONG: usize = 60;

/// How often the customer asked this right before.
/// `earlier` comes newest first.
pub(in crate::assistant) fn times_asked<'a>(
    asked: &RedactedText,
    earlier: impl Iterator<Item = &'a RedactedText>,
    locale: &Locale,
) -> usize {
    let analyzer = Analyzer::new(locale);
    let read = |text: &RedactedText| Content::of(&text.without_placeholders(), &analyzer);
    let asked = read(asked);
    earlier.take(BACK).take_while(|e| asked.is_rephrased_by(&read(e))).count()
}

/// The content words of a question.
struct Content {
    /// Of each word all that it can be matched by.
    words: Vec<HashSet<String>>,
    /// Numbers and codes, which make another question of the same words.
    exact: HashSet<String>,
}

impl Content {
    fn of(text: &str, analyzer: &Analyzer) -> Self {
        let (mut words, mut exact) = (Vec::new(), HashSet::new());
        for term in analyzer.terms(text).into_iter().filter(|t| !t.stop && !t.variant) {
            match term.kind {
                TermKind::Word => {
                    words.push(analyzer.keys(&text[term.range]).into_iter().collect());
                }
                TermKind::Number | TermKind::Code => {
                    exact.insert(term.text);
                }
            }
        }
        Self { words, exact }
    }

    /// Whether both ask the same: enough common words, and not just one word put in the place of
    /// another ("shipping to Finland", "shipping to Germany").
    fn is_rephrased_by(&self, other: &Self) -> bool {
        let long = self.words.len().max(other.words.len()) > LONG;
        let few = self.words.len().min(other.words.len()) < FEW;
        if few || long || self.exact != other.exact {
            return false;
        }
        let (here, there) = (self.missing_in(other), other.missing_in(self));
        let all = self.words.len() + other.words.len();
        let common = (all - here - there) as f64 / all as f64;
        common >= SAME && !(here == 1 && there == 1)
    }

    fn missing_in(&self, other: &Self) -> usize {
        let known = |word: &HashSet<String>| other.words.iter().any(|o| !o.is_disjoint(word));
        self.words.iter().filter(|word| !known(word)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::{Numbering, RedactionSettings, Redactor};

    fn redacted(text: &str) -> RedactedText {
        let redactor = Redactor::new(&RedactionSettings::default()).unwrap();
        redactor.redact(text, Some("en"), &mut Numbering::default())
    }

    fn times(asked: &str, earlier: &[&str]) -> usize {
        let texts: Vec<RedactedText> = earlier.iter().map(|t| redacted(t)).collect();
        times_asked(&redacted(asked), texts.iter().rev(), &Locale::parse("en").unwrap())
    }

    #[test]
    fn other_words_for_the_same_question_are_counted_back_to_the_first_other_one() {
        let before = [
            "What is the warranty?",
            "How long does my refund take?",
            "how long will the refund take",
        ];
        assert_eq!(times("how long do refunds take??", &before), 2);
        assert_eq!(times("how long do refunds take??", &before[..2]), 1);
        assert_eq!(times("how long do refunds take??", &before[..1]), 0);
    }

    #[test]
    fn another_country_number_or_code_is_another_question() {
        let shipping = "How much does courier shipping to Finland cost?";
        assert_eq!(times("How much does courier shipping to Germany cost?", &[shipping]), 0);
        assert_eq!(
            times("What does error code E-PAY-07 mean?", &["What does error code E-PAY-09 mean?"]),
            0
        );
        assert_eq!(times("and to Poland?", &[shipping]), 0);
    }
}
