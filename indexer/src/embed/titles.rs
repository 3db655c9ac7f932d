//! A document's title weighs in the vectors of its passages.
//!
//! Used by `fastembed`. A passage alone often does not say what it is about: "It takes five days" under
//! "Refunds". Its text begins with the title, but among 200 words that is little. So the vector of the
//! title alone is added by a share, and the sum brought back to unit length. A title is embedded once
//! for all its passages in a call.

use std::collections::HashMap;

use super::PassageInput;

/// Which texts a call's vectors belong to.
#[derive(Debug, PartialEq)]
pub(super) struct Texts {
    /// For each passage, the place of its title's vector.
    titles: Vec<Option<usize>>,
    share: f32,
}

impl Texts {
    /// The texts to embed, the passages' first, each behind `prefix`; and how to join their vectors.
    pub(super) fn of(passages: Vec<PassageInput>, prefix: &str, share: f32) -> (Vec<String>, Self) {
        let mut texts = Vec::with_capacity(passages.len());
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut titles = Vec::with_capacity(passages.len());
        let (count, mut named) = (passages.len(), Vec::new());
        for PassageInput { title, text } in passages {
            texts.push(format!("{prefix}{text}"));
            titles.push((share > 0.0 && !title.trim().is_empty()).then(|| {
                *places.entry(title).or_insert_with_key(|title| {
                    named.push(format!("{prefix}{title}"));
                    count + named.len() - 1
                })
            }));
        }
        texts.append(&mut named);
        (texts, Self { titles, share })
    }

    /// The passages' vectors out of those of all texts.
    pub(super) fn vectors(&self, mut all: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
        let named = all.split_off(self.titles.len().min(all.len()));
        for (vector, title) in all.iter_mut().zip(&self.titles) {
            let title = title.and_then(|place| named.get(place - self.titles.len()));
            let Some(title) = title else { continue };
            vector.iter_mut().zip(title).for_each(|(x, t)| *x += self.share * t);
            let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
            if length > 0.0 {
                vector.iter_mut().for_each(|x| *x /= length);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passage(title: &str, text: &str) -> PassageInput {
        PassageInput { title: title.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_title_is_embedded_once_and_pulls_its_passages_by_its_share() {
        let passages = vec![passage("A", "A\nx"), passage("B", "B\ny"), passage("A", "A\nz")];
        let (texts, plan) = Texts::of(passages, "p: ", 0.5);
        assert_eq!(texts, ["p: A\nx", "p: B\ny", "p: A\nz", "p: A", "p: B"]);
        let one = |at: usize| (0..3).map(|i| f32::from(u8::from(i == at))).collect::<Vec<_>>();
        let vectors = plan.vectors(vec![one(0), one(0), one(1), one(1), one(0)]);
        assert_eq!(vectors.len(), 3);
        assert!(
            (vectors[0][1] / vectors[0][0] - 0.5).abs() < 1e-6,
            "half of the title's direction"
        );
        assert_eq!((&vectors[1], &vectors[2]), (&one(0), &one(1)), "the title says the same");
        for vector in &vectors {
            assert!((vector.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn without_a_title_or_a_share_the_text_stands_alone() {
        let (texts, plan) = Texts::of(vec![passage(" ", "x"), passage("", "y")], "", 0.5);
        assert_eq!(
            (texts.len(), plan.vectors(vec![vec![1.0], vec![1.0]])),
            (2, vec![vec![1.0]; 2])
        );
        assert_eq!(Texts::of(vec![passage("A", "x")], "", 0.0).0, ["x"]);
    }
}
