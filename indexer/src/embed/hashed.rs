//! Vectors of words without a model: [`HashEmbedder`].
//!
//! For tests and benchmarks of everything around a model: it is deterministic, takes microseconds,
//! needs no ONNX Runtime, and texts that share words are near each other. Always compiled, because a
//! feature for it would make every crate above be built twice; no configuration can choose it.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

use super::{EmbedError, Embedder, EmbedderIdentity, PassageInput};

/// A bag of hashed words, and a count of the passages it was asked for.
#[derive(Debug)]
pub struct HashEmbedder {
    identity: EmbedderIdentity,
    space: u64,
    passages: AtomicU64,
}

impl HashEmbedder {
    /// `space` tells vector spaces apart, as two models would be.
    pub fn new(dimensions: usize, space: u64) -> Self {
        let identity = EmbedderIdentity {
            name: "hashed-words".to_owned(),
            dimensions,
            fingerprint: format!("{space:08x}{dimensions:08x}"),
        };
        Self { identity, space, passages: AtomicU64::new(0) }
    }

    /// Passages embedded since the start.
    pub fn passages_embedded(&self) -> u64 {
        self.passages.load(Ordering::Relaxed)
    }

    /// Unit vector of `text`, `[dimensions]`.
    pub fn vector(&self, text: &str) -> Vec<f32> {
        let mut vector = vec![0.0f32; self.identity.dimensions];
        for word in
            text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty())
        {
            let mut hasher = DefaultHasher::new();
            (self.space, word).hash(&mut hasher);
            let hash = hasher.finish();
            let place = (hash >> 1) as usize % vector.len().max(1);
            if let Some(number) = vector.get_mut(place) {
                *number += if hash & 1 == 0 { 1.0 } else { -1.0 };
            }
        }
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        if length > 0.0 {
            vector.iter_mut().for_each(|x| *x /= length);
        } else if let Some(first) = vector.first_mut() {
            *first = 1.0;
        }
        vector
    }
}

#[async_trait]
impl Embedder for HashEmbedder {
    fn identity(&self) -> &EmbedderIdentity {
        &self.identity
    }

    async fn embed_query(&self, text: &str) -> Result<Vec<f32>, EmbedError> {
        Ok(self.vector(text))
    }

    async fn embed_passages(
        &self,
        passages: Vec<PassageInput>,
    ) -> Result<Vec<Vec<f32>>, EmbedError> {
        self.passages.fetch_add(passages.len() as u64, Ordering::Relaxed);
        Ok(passages.iter().map(|p| self.vector(&p.text)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_of_unit_length_and_shared_words_bring_them_near() {
        let embedder = HashEmbedder::new(64, 1);
        let cosine = |a: &str, b: &str| -> f32 {
            embedder.vector(a).iter().zip(embedder.vector(b)).map(|(x, y)| x * y).sum()
        };
        assert!((cosine("Refunds take five days", "refunds, take FIVE days") - 1.0).abs() < 1e-5);
        assert!(cosine("refunds take five days", "refunds take ten days") > 0.5);
        assert!((cosine("", "") - 1.0).abs() < 1e-5, "an empty text has a vector too");
        assert_ne!(embedder.vector("word"), HashEmbedder::new(64, 2).vector("word"));
    }
}
