//! One short question back when two articles fit equally and differ only in what the customer did not
//! say: another place, product, country or kind of customer.
//!
//! Called by `assistant`: [`choices`] looks at the evidence of a search, [`picked`] reads the customer's
//! next message, [`offered`] finds what was offered, so that nobody is asked back twice in a row. All
//! are pure. The rule is strict, because a question back that was not needed costs more than
//! it saves: the titles must be the same but for one word or two, the question must hold none of these
//! words, must hold the rest, and must fit both articles to the same degree.

use std::collections::HashSet;

use indexer::language::{Analyzer, Term, TermKind};
use indexer::model::{Hit, Locale};
use indexer::search::SearchOutcome;

use crate::domain::{Author, Choice, Message, Offer, page_url};
use crate::evidence::{QuestionTerms, TextTerms};

/// Choices that are offered at most.
const MOST: usize = 5;
/// Words in which two titles may differ.
const SLOT: usize = 2;
/// The other article's fused score is at least this share of the best one's.
const SCORE: f32 = 0.85;
/// How far the shares of the question that two articles cover may lie apart.
const COVERAGE: f32 = 0.1;
/// Least share of the question that the articles cover.
const LEAST: f32 = 0.5;
/// Of the words of two passages, the share in common from which they say the same.
const SAME: f64 = 0.9;

/// The question back that the message before was, with its language: a bare "2" has none. It lies with the
/// conversation, so a restart or another replica understands the answer as well.
pub(super) fn offered(before: &[Message]) -> Option<(&Offer, Locale)> {
    let said = before.iter().rev().find(|m| !matches!(m.author, Author::Note(_)))?;
    let proof = said.proof.as_ref().filter(|_| said.author == Author::Assistant)?;
    Some((proof.offer.as_ref()?, super::locale_or_none(&proof.locale)))
}

/// Keeps the passages of the chosen article, where there are any.
pub(super) fn keep(found: &mut SearchOutcome, choice: &Choice) {
    let hits = &mut found.retrieved.hits;
    if hits.iter().any(|hit| hit.path.as_str() == choice.path) {
        hits.retain(|hit| hit.path.as_str() == choice.path);
    }
}

/// The articles to choose from, best first; `None` when one of them fits best or the choice would not
/// matter.
pub(super) fn choices(found: &SearchOutcome) -> Option<Vec<Choice>> {
    let hits = best_of_each(&found.retrieved.hits);
    let best = hits.first()?;
    let terms = QuestionTerms::new(&found.terms);
    let asked: HashSet<&str> = found.terms.iter().map(|t| t.text.as_str()).collect();
    let coverage = covered(&terms, best);
    if coverage < LEAST {
        return None;
    }
    let equal: Vec<&Hit> = hits
        .iter()
        .skip(1)
        .filter(|hit| hit.score >= SCORE * best.score)
        .filter(|hit| (covered(&terms, hit) - coverage).abs() <= COVERAGE)
        .filter(|hit| siblings(best, hit, &asked) && !same_words(best, hit))
        .take(MOST - 1)
        .copied()
        .collect();
    if equal.is_empty() {
        return None;
    }
    let choice = |hit: &Hit| Choice {
        label: hit.meta.title.clone(),
        path: hit.path.as_str().to_owned(),
        url: page_url(&hit.meta, ""),
    };
    Some([*best].into_iter().chain(equal).map(choice).collect())
}

/// The best passage of each document, best first.
fn best_of_each(hits: &[Hit]) -> Vec<&Hit> {
    let mut seen = HashSet::new();
    hits.iter().filter(|hit| seen.insert(&hit.path)).collect()
}

fn covered(terms: &QuestionTerms, hit: &Hit) -> f32 {
    let analyzer = Analyzer::new(&hit.meta.locale);
    let headings = hit.heading_path.iter().map(String::as_str);
    terms.coverage(&TextTerms::of(
        headings.chain([hit.meta.title.as_str(), hit.text.as_str()]),
        &analyzer,
    ))
}

/// Whether two articles are of one kind and differ in what the question leaves open.
fn siblings(a: &Hit, b: &Hit, asked: &HashSet<&str>) -> bool {
    if a.meta.locale.language() != b.meta.locale.language() {
        return false;
    }
    let analyzer = Analyzer::new(&a.meta.locale);
    let (left, right) = (words(&analyzer, &a.meta.title), words(&analyzer, &b.meta.title));
    let Some((shared, slots)) = slot(&left, &right) else { return false };
    let holds = |term: &Term| asked.contains(term.text.as_str());
    // A year or a number is no choice: the newer one holds, and search has decided.
    let says = |slot: &&[Term]| slot.iter().any(|t| !t.stop && t.kind != TermKind::Number);
    shared.iter().filter(|t| !t.stop).any(|t| holds(t))
        && slots.iter().all(says)
        && !slots.iter().flat_map(|slot| slot.iter()).any(holds)
}

fn words(analyzer: &Analyzer, text: &str) -> Vec<Term> {
    analyzer.terms(text).into_iter().filter(|t| !t.variant).collect()
}

/// What two titles share, and the one place in which they differ; `None` when they differ in more.
fn slot<'a>(a: &'a [Term], b: &'a [Term]) -> Option<(Vec<&'a Term>, [&'a [Term]; 2])> {
    let same = |pair: &(&Term, &Term)| pair.0.text == pair.1.text;
    let before = a.iter().zip(b).take_while(same).count();
    let room = a.len().min(b.len()) - before;
    let after = a.iter().rev().zip(b.iter().rev()).take(room).take_while(same).count();
    let slots = [&a[before..a.len() - after], &b[before..b.len() - after]];
    let differ = slots.iter().all(|s| (1..=SLOT).contains(&s.len()));
    let shared: Vec<&Term> = a[..before].iter().chain(&a[a.len() - after..]).collect();
    (differ && !shared.is_empty()).then_some((shared, slots))
}

/// Whether two passages say the same, so that it does not matter which is meant.
fn same_words(a: &Hit, b: &Hit) -> bool {
    let of = |hit: &Hit| -> HashSet<String> {
        Analyzer::new(&hit.meta.locale).terms(&hit.text).into_iter().map(|t| t.text).collect()
    };
    let (left, right) = (of(a), of(b));
    let common = left.intersection(&right).count() as f64;
    common >= SAME * (left.len() + right.len()) as f64 - SAME * common
}

/// The choice that a message names: by its number, or by words that one label alone has. `None` when it
/// names none or several.
pub(super) fn picked<'a>(
    message: &str,
    choices: &'a [Choice],
    locale: &Locale,
) -> Option<&'a Choice> {
    let analyzer = Analyzer::new(locale);
    let said: HashSet<String> = analyzer.keys(message).into_iter().collect();
    let labels: Vec<HashSet<String>> =
        choices.iter().map(|c| analyzer.keys(&c.label).into_iter().collect()).collect();
    let own = |i: usize| {
        labels[i]
            .iter()
            .filter(|key| {
                labels.iter().enumerate().all(|(j, other)| i == j || !other.contains(*key))
            })
            .any(|key| said.contains(key))
    };
    let mut named = (0..choices.len()).filter(|i| own(*i));
    match (named.next(), named.next()) {
        (Some(one), None) => choices.get(one),
        (Some(_), Some(_)) => None,
        (None, _) => choices.get(number(message)?.checked_sub(1)?),
    }
}

/// The only number of a short message: "2", "2.", "number 2", "the second".
fn number(message: &str) -> Option<usize> {
    const ORDINALS: [(&str, usize); 29] = [
        ("two", 2),
        ("three", 3),
        ("four", 4),
        ("five", 5),
        ("first", 1),
        ("second", 2),
        ("third", 3),
        ("fourth", 4),
        ("fifth", 5),
        ("pirmais", 1),
        ("otrais", 2),
        ("trešais", 3),
        ("ceturtais", 4),
        ("piektais", 5),
        ("pirmā", 1),
        ("otrā", 2),
        ("trešā", 3),
        ("ceturtā", 4),
        ("piektā", 5),
        ("erste", 1),
        ("zweite", 2),
        ("dritte", 3),
        ("vierte", 4),
        ("fünfte", 5),
        ("ersten", 1),
        ("zweiten", 2),
        ("dritten", 3),
        ("vierten", 4),
        ("fünften", 5),
    ];
    let lower = message.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    if words.len() > 4 {
        return None;
    }
    let mut numbers = words.iter().filter_map(|word| {
        let ordinal = ORDINALS.iter().find(|(name, _)| name == word).map(|(_, n)| *n);
        ordinal.or_else(|| word.parse().ok())
    });
    match (numbers.next(), numbers.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use indexer::keyword::QueryTerm;
    use indexer::model::{Generation, Retrieved};

    use super::super::sample;
    use super::*;

    fn hit(title: &str, score: f32, text: &str) -> Hit {
        Hit { score, ..sample::hit(title, text, Vec::new()) }
    }

    fn offered(question: &str, hits: Vec<Hit>) -> Option<Vec<String>> {
        let locale = Locale::parse("en").unwrap();
        let terms = Analyzer::new(&locale).terms(question).into_iter().filter(|t| !t.stop);
        let found = SearchOutcome {
            retrieved: Retrieved { generation: Generation(1), hits, timings: Default::default() },
            fingerprint: String::new(),
            query: question.to_owned(),
            embedder_knows: true,
            own_language: true,
            terms: terms
                .map(|t| QueryTerm {
                    text: t.text,
                    kind: t.kind,
                    idf: 2.0,
                    passages: 3,
                    concepts: Vec::new(),
                    share: 1.0,
                    asks: false,
                    unlisted: false,
                })
                .collect(),
            locale,
            candidates: Vec::new(),
        };
        choices(&found).map(|all| all.into_iter().map(|c| c.label).collect())
    }

    fn cities() -> Vec<Hit> {
        vec![
            hit("Same-day delivery in Riga", 0.9, "The evening delivery costs 9.90 euros in Riga."),
            hit("Same-day delivery in Tartu", 0.88, "Bike couriers bring it: Tartu costs 7.90."),
            hit("Oversized items", 0.87, "Kayaks have a delivery of their own."),
        ]
    }

    #[test]
    fn a_place_that_was_not_named_is_asked_for() {
        let got = offered("what does same-day delivery cost", cities()).unwrap();
        assert_eq!(got, ["Same-day delivery in Riga", "Same-day delivery in Tartu"]);
    }

    #[test]
    fn nothing_is_asked_when_the_question_tells() {
        assert_eq!(offered("same-day delivery in Tartu", cities()), None, "it was named");
        let mut far = cities();
        far[1].score = 0.4;
        assert_eq!(offered("same-day delivery", far), None, "one fits better");
        assert_eq!(offered("can I bring my dog", cities()), None, "neither fits");
        let mut same = cities();
        same[1].text = same[0].text.clone();
        assert_eq!(offered("same-day delivery", same), None, "both say the same");
        assert_eq!(offered("same-day delivery", Vec::new()), None);
    }

    #[test]
    fn articles_of_another_kind_are_no_choice() {
        for (a, b) in [
            ("Returns and refunds", "Returns policy for companies"),
            ("Black Friday 2025", "Black Friday 2026"),
            ("Delivery", "Delivery times"),
            ("Delivery costs", "Delivery costs"),
        ] {
            let hits = vec![hit(a, 0.9, "returns delivery x"), hit(b, 0.9, "friday returns y z")];
            assert_eq!(offered("returns delivery black friday costs", hits), None, "{a} {b}");
        }
    }

    #[test]
    fn a_choice_is_named_by_number_or_by_its_own_words() {
        let choice = |label: &str| Choice {
            label: label.to_owned(),
            path: label.to_owned(),
            url: String::new(),
        };
        let all = [choice("Same-day delivery in Riga"), choice("Same-day delivery in Tartu")];
        let locale = Locale::parse("en").unwrap();
        let pick = |message| picked(message, &all, &locale).map(|c| c.label.as_str());
        for message in ["2", "2.", "number 2", "the second one", "Tartu please", "tartu"] {
            assert_eq!(pick(message), Some(all[1].label.as_str()), "{message}");
        }
        for message in
            ["3", "0", "delivery", "Riga or Tartu", "I ordered 2 tents on 3 May 2026", ""]
        {
            assert_eq!(pick(message), None, "{message}");
        }
    }
}
