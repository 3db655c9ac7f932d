//! Fingerprints of word sequences, and how much two articles share.
//!
//! Made by `article`, compared by `rules::near_duplicate`. A shingle is a sequence of five words
//! within a paragraph, item or cell; the share is the Jaccard coefficient of the sets (Broder 1997).

use super::text::hash;
use crate::language::Term;

/// Words of a shingle.
const WORDS: usize = 5;

#[derive(Debug, Default)]
pub(super) struct Shingler {
    hashes: Vec<u64>,
}

impl Shingler {
    /// Adds a run of text by its terms.
    pub(super) fn feed(&mut self, terms: &[Term]) {
        let words: Vec<&str> =
            terms.iter().filter(|t| !t.variant).map(|t| t.text.as_str()).collect();
        for window in words.windows(WORDS.min(words.len().max(1))) {
            self.hashes.push(hash(window.iter().copied()));
        }
    }

    /// The distinct hashes, sorted.
    pub(super) fn finish(mut self) -> Vec<u64> {
        self.hashes.sort_unstable();
        self.hashes.dedup();
        self.hashes
    }
}

/// Share of common elements of two sorted sets. [0, 1]
pub(super) fn jaccard(a: &[u64], b: &[u64]) -> f64 {
    let common = common(a, b);
    let all = a.len() + b.len() - common;
    if all == 0 { 0.0 } else { common as f64 / all as f64 }
}

/// Number of common elements of two sorted sets.
pub(super) fn common(a: &[u64], b: &[u64]) -> usize {
    let (mut i, mut j, mut n) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        i += usize::from(x <= y);
        j += usize::from(y <= x);
        n += usize::from(x == y);
    }
    n
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Analyzer;
    use crate::model::Locale;

    fn shingles(text: &str) -> Vec<u64> {
        let mut shingler = Shingler::default();
        shingler.feed(&Analyzer::new(&Locale::parse("en").unwrap()).terms(text));
        shingler.finish()
    }

    #[test]
    fn the_share_is_that_of_word_sequences() {
        let a = shingles("one two three four five six seven eight nine ten");
        let b = shingles("one two three four five six seven eight nine eleven");
        assert_eq!((a.len(), common(&a, &b)), (6, 5));
        assert!((jaccard(&a, &b) - 5.0 / 7.0).abs() < 1e-9);
        assert_eq!(shingles("two words").len(), 1);
        assert!(jaccard(&[], &[]).abs() < 1e-9);
    }
}
