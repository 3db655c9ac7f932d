//! Groups questions of one subject. Deterministic, without a number of clusters to guess: the question
//! with most neighbours becomes the middle of a cluster and takes its neighbours; then the next.
//!
//! Called by `gaps`. Likeness is the cosine of the questions' words weighed by their rarity, mixed with
//! the cosine of their vectors where both have one. Time grows with the square of the questions, which
//! are bounded by the caller, and with the words in common.

use std::collections::BTreeMap;

use super::Unanswered;
use super::terms::Terms;

/// Likeness from which two questions are neighbours.
const NEAR: f64 = 0.5;
/// What the words count beside the vectors.
const WORDS: f64 = 0.6;

/// Positions of questions that belong together, each in exactly one list, larger lists first among
/// those that were open at the time.
pub(super) fn clusters(questions: &[Unanswered], terms: &[Terms]) -> Vec<Vec<usize>> {
    let weights = Weights::of(terms);
    let n = questions.len();
    let mut neighbours: Vec<Vec<usize>> = vec![Vec::new(); n];
    for a in 0..n {
        for b in a + 1..n {
            if likeness((questions, terms), &weights, (a, b)) >= NEAR {
                neighbours[a].push(b);
                neighbours[b].push(a);
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| {
        let text = |i: usize| questions[i].question.as_str();
        neighbours[*b]
            .len()
            .cmp(&neighbours[*a].len())
            .then_with(|| text(*a).cmp(text(*b)))
            .then(a.cmp(b))
    });
    let mut free = vec![true; n];
    let mut out = Vec::new();
    for middle in order {
        if !free[middle] {
            continue;
        }
        let mut members = vec![middle];
        members.extend(neighbours[middle].iter().copied().filter(|i| free[*i]));
        for i in &members {
            free[*i] = false;
        }
        out.push(members);
    }
    out
}

/// Rarity of each word among the questions, and the length of each question by it.
struct Weights {
    rarity: BTreeMap<String, f64>,
    lengths: Vec<f64>,
}

impl Weights {
    fn of(terms: &[Terms]) -> Self {
        let mut counts: BTreeMap<String, f64> = BTreeMap::new();
        for word in terms.iter().flat_map(Terms::words) {
            *counts.entry(word.to_owned()).or_default() += 1.0;
        }
        let n = terms.len() as f64;
        let rarity: BTreeMap<String, f64> =
            counts.into_iter().map(|(word, count)| (word, (1.0 + n / count).ln())).collect();
        let length =
            |t: &Terms| t.words().filter_map(|w| rarity.get(w)).map(|r| r * r).sum::<f64>().sqrt();
        let lengths = terms.iter().map(length).collect();
        Self { rarity, lengths }
    }
}

/// How much two questions are alike, about [0, 1].
fn likeness(
    (questions, terms): (&[Unanswered], &[Terms]),
    weights: &Weights,
    (a, b): (usize, usize),
) -> f64 {
    let common: f64 = terms[a]
        .words()
        .filter(|w| terms[b].has(w))
        .filter_map(|w| weights.rarity.get(w))
        .map(|r| r * r)
        .sum();
    let lengths = weights.lengths[a] * weights.lengths[b];
    let words = if lengths > 0.0 { common / lengths } else { 0.0 };
    match (&questions[a].vector, &questions[b].vector) {
        (Some(x), Some(y)) if x.len() == y.len() => {
            let cosine: f64 = x.iter().zip(y).map(|(x, y)| f64::from(x * y)).sum();
            WORDS * words + (1.0 - WORDS) * cosine
        }
        _ => words,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::asked;
    use super::*;

    fn grouped(questions: &[Unanswered]) -> Vec<Vec<usize>> {
        let terms: Vec<Terms> =
            questions.iter().map(|q| Terms::of(&q.question, &q.locale)).collect();
        let mut out = clusters(questions, &terms);
        out.iter_mut().for_each(|members| members.sort_unstable());
        out
    }

    #[test]
    fn every_question_is_in_one_cluster() {
        let texts = ["sell kayaks", "kayaks to sell", "christmas opening hours", "kayaks", "hm"];
        let questions: Vec<_> =
            (0..).zip(texts).map(|(i, t)| asked(&i.to_string(), t, i)).collect();
        assert_eq!(grouped(&questions), [vec![0, 1, 3], vec![2], vec![4]]);
    }

    #[test]
    fn vectors_join_what_has_no_word_in_common() {
        let mut questions = vec![asked("a", "sell kayaks", 1), asked("b", "sell parrots now", 2)];
        assert_eq!(grouped(&questions).len(), 2);
        for q in &mut questions {
            q.vector = Some(vec![0.6, 0.8]);
        }
        assert_eq!(grouped(&questions).len(), 1);
    }
}
