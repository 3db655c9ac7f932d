//! Groups questions of one subject. Deterministic, without a number of clusters to guess: the question
//! with most neighbours becomes the middle of a cluster and takes its neighbours; then the next.
//!
//! Called by `gaps`. Likeness is the cosine of the questions' words weighed by their rarity, mixed with
//! the cosine of their vectors where both have one. Time grows with the square of the questions, which
//! the caller bounds.

use std::collections::BTreeMap;

use super::Unanswered;
use super::terms::Terms;

/// Likeness from which two questions are neighbours.
const NEAR: f64 = 0.5;
/// What the words count beside the vectors.
const WORDS: f64 = 0.6;

/// Positions of questions that belong together, each in exactly one list, the middle first.
pub(super) fn clusters(questions: &[Unanswered], terms: &[Terms]) -> Vec<Vec<usize>> {
    let weighed = Weighed::all(terms);
    let n = questions.len();
    let mut neighbours: Vec<Vec<usize>> = vec![Vec::new(); n];
    for a in 0..n {
        for b in a + 1..n {
            let words = weighed[a].cosine(&weighed[b]);
            if likeness(words, (&questions[a], &questions[b])) >= NEAR {
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

/// The words of a question, each with the square of its rarity among all, by number.
struct Weighed {
    words: Vec<(u32, f64)>,
    length: f64,
}

impl Weighed {
    fn all(terms: &[Terms]) -> Vec<Self> {
        let mut counts: BTreeMap<&str, f64> = BTreeMap::new();
        for word in terms.iter().flat_map(Terms::words) {
            *counts.entry(word).or_default() += 1.0;
        }
        let n = terms.len() as f64;
        let rarity = |count: f64| (1.0 + n / count).ln().powi(2);
        let numbered: BTreeMap<&str, (u32, f64)> =
            (0..).zip(counts).map(|(i, (word, count))| (word, (i, rarity(count)))).collect();
        let of = |terms: &Terms| {
            // Words come in their order, and so do the numbers.
            let words: Vec<(u32, f64)> =
                terms.words().filter_map(|w| numbered.get(w).copied()).collect();
            let length = words.iter().map(|(_, weight)| weight).sum::<f64>().sqrt();
            Self { words, length }
        };
        terms.iter().map(of).collect()
    }

    /// Share of what both say, [0, 1].
    fn cosine(&self, other: &Self) -> f64 {
        let (mut i, mut j, mut common) = (0, 0, 0.0);
        while let (Some((a, weight)), Some((b, _))) = (self.words.get(i), other.words.get(j)) {
            match a.cmp(b) {
                std::cmp::Ordering::Less => i += 1,
                std::cmp::Ordering::Greater => j += 1,
                std::cmp::Ordering::Equal => {
                    common += weight;
                    (i, j) = (i + 1, j + 1);
                }
            }
        }
        let lengths = self.length * other.length;
        if lengths > 0.0 { common / lengths } else { 0.0 }
    }
}

/// How much two questions are alike, about [0, 1].
fn likeness(words: f64, (a, b): (&Unanswered, &Unanswered)) -> f64 {
    match (&a.vector, &b.vector) {
        (Some(x), Some(y)) if x.len() == y.len() => {
            let cosine: f32 = x.iter().zip(y.iter()).map(|(x, y)| x * y).sum();
            WORDS * words + (1.0 - WORDS) * f64::from(cosine)
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
    fn vectors_join_what_has_few_words_in_common() {
        let mut questions = vec![asked("a", "sell kayaks", 1), asked("b", "sell parrots now", 2)];
        assert_eq!(grouped(&questions).len(), 2);
        for q in &mut questions {
            q.vector = Some(vec![0.6, 0.8].into());
        }
        assert_eq!(grouped(&questions).len(), 1);
    }
}
