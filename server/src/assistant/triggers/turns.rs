//! What the turns before say: the same question again in other words, answers that failed in a row.
//! Pure functions over past exchanges; called by `over_turns`.

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

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::assistant) enum Fate {
    Answered,
    /// No answer, or one that the customer called unhelpful.
    Failed,
}

/// An earlier question of the customer.
#[derive(Debug, Clone, Copy)]
pub(in crate::assistant) struct Exchange<'a> {
    pub(in crate::assistant) question: &'a RedactedText,
    pub(in crate::assistant) fate: Fate,
}

/// Exchanges at the end that failed.
pub(super) fn failures(earlier: &[Exchange<'_>]) -> usize {
    earlier.iter().rev().take_while(|e| e.fate == Fate::Failed).count()
}

/// How often the customer asked this right before.
pub(super) fn times_asked(
    asked: &RedactedText,
    earlier: &[Exchange<'_>],
    locale: &Locale,
) -> usize {
    let analyzer = Analyzer::new(locale);
    let read = |text: &RedactedText| Content::of(&text.without_placeholders(), &analyzer);
    let asked = read(asked);
    let recent = earlier.iter().rev().take(BACK);
    recent.take_while(|e| asked.is_rephrased_by(&read(e.question))).count()
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
        let earlier: Vec<Exchange<'_>> =
            texts.iter().map(|question| Exchange { question, fate: Fate::Answered }).collect();
        times_asked(&redacted(asked), &earlier, &Locale::parse("en").unwrap())
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

    #[test]
    fn only_failures_at_the_end_count() {
        let text = redacted("where is my parcel");
        let of = |fates: &[Fate]| {
            let exchanges: Vec<Exchange<'_>> =
                fates.iter().map(|fate| Exchange { question: &text, fate: *fate }).collect();
            failures(&exchanges)
        };
        assert_eq!(of(&[Fate::Failed, Fate::Answered, Fate::Failed, Fate::Failed]), 2);
        assert_eq!(of(&[Fate::Failed, Fate::Answered]), 0);
    }
}
