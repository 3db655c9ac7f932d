//! A short question says little; which article is about it then tells more than which passage has its words.
//!
//! Called by `search` after the fusion. A passage gains by the best other passage of its document: "when will my
//! refund arrive" is asked of the article on refunds, of which several passages were found, and not of that on
//! pre-orders, one heading of which happens to be "When will it arrive?". The more terms a question has, the
//! better they tell passages apart, and the less this counts.

use std::collections::{HashMap, HashSet};

use super::fusion::{self, Fused};
use crate::keyword::QueryTerm;

/// Questions of up to so many terms count in full ...
const SHORT: f32 = 3.0;
/// ... and from so many on not at all.
const LONG: f32 = 6.0;
/// Passages so far in front take part: further down every long document has some.
const AMONG: usize = 12;

/// What the best other passage of its document counts of a passage's own score, for a question of these
/// terms, when it counts `most` for the shortest.
pub(super) fn share(terms: &[QueryTerm], most: f32) -> f32 {
    let distinct: HashSet<&str> = terms.iter().map(|t| t.text.as_str()).collect();
    most * ((LONG - distinct.len() as f32) / (LONG - SHORT)).clamp(0.0, 1.0)
}

/// Adds `share` of the best other passage of the same document, best first again with 1 for the best.
/// `document` names the document of a candidate.
pub(super) fn join(candidates: &mut [Fused], share: f32, document: impl Fn(&Fused) -> Option<u32>) {
    if share <= 0.0 {
        return;
    }
    let length = candidates.len().min(AMONG);
    let front = &mut candidates[..length];
    // Of every document its two best, in the order of the list.
    let mut best: HashMap<u32, [f32; 2]> = HashMap::new();
    for candidate in front.iter() {
        let Some(document) = document(candidate) else { continue };
        let two = best.entry(document).or_insert([f32::NAN; 2]);
        if let Some(place) = two.iter_mut().find(|score| score.is_nan()) {
            *place = candidate.score;
        }
    }
    let mut first: HashSet<u32> = HashSet::new();
    for candidate in front {
        let Some(document) = document(candidate) else { continue };
        let [one, two] = best.get(&document).copied().unwrap_or([f32::NAN; 2]);
        let other = if first.insert(document) { two } else { one };
        candidate.score += share * if other.is_nan() { 0.0 } else { other };
    }
    fusion::stretch(candidates);
    fusion::sort(candidates);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::TermKind;
    use crate::model::PassageId;

    fn terms(words: &str) -> Vec<QueryTerm> {
        let term = |text: &str| QueryTerm {
            text: text.to_owned(),
            kind: TermKind::Word,
            idf: 1.0,
            passages: 1,
            concepts: Vec::new(),
            share: 1.0,
            asks: false,
            unlisted: false,
        };
        words.split(' ').map(term).collect()
    }

    #[test]
    fn short_questions_ask_the_article_and_long_ones_the_passage() {
        assert!((share(&terms("refund arrive"), 0.3) - 0.3).abs() < 1e-6);
        assert!((share(&terms("a b c d"), 0.3) - 0.2).abs() < 1e-6);
        assert_eq!(share(&terms("a b c d e f"), 0.3), 0.0);
        // A word that is said twice tells no more than once.
        assert!((share(&terms("refund refund refund refund refund"), 0.3) - 0.3).abs() < 1e-6);
    }

    #[test]
    fn a_document_that_was_found_twice_wins_over_one_that_was_found_once() {
        let documents = [7, 8, 8, 9];
        let mut list: Vec<Fused> = [1.0, 0.85, 0.74, 0.3]
            .into_iter()
            .zip(0u128..)
            .map(|(score, id)| Fused {
                id: PassageId(uuid::Uuid::from_u128(id)),
                score,
                keyword: None,
                dense: None,
            })
            .collect();
        let document = |c: &Fused| Some(documents[usize::try_from(c.id.0.as_u128()).unwrap()]);
        let before = list.clone();
        join(&mut list, 0.0, document);
        assert_eq!(list, before);
        join(&mut list, 0.3, document);
        let order: Vec<u128> = list.iter().map(|c| c.id.0.as_u128()).collect();
        assert_eq!(order, [1, 0, 2, 3]);
        // 0.85 + 0.3 * 0.74 is the best now; the second of the pair gains by the first.
        let best = 0.85 + 0.3 * 0.74;
        for (place, score) in [(0, best), (1, 1.0), (2, 0.74 + 0.3 * 0.85), (3, 0.3)] {
            assert!((list[place].score - score / best).abs() < 1e-5, "{list:?}");
        }
    }
}
