//! `[reranker]`: the best candidates are read again by a cross-encoder, and put in order by both scores.
//!
//! Called by `search`. A model that is slow or fails costs its order and nothing else: then the fusion's stays.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::fusion::{self, Fused};
use crate::cross_encoder::{CrossEncoder, CrossEncoderError, OnnxCrossEncoder, SessionSettings};
use crate::model::{Hit, PassageId};
use crate::onnx::ModelFiles;

/// `[reranker]` of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RerankerSettings {
    /// Folder with `model.onnx` (output `logits`), `tokenizer.json`, `config.json`, `tokenizer_config.json`,
    /// `special_tokens_map.json`; unset: no reranking.
    pub model_dir: Option<PathBuf>,
    /// Passages that are read for a question.
    pub passages: usize,
    /// Share of the model's score in the order, [0, 1].
    pub share: f32,
    /// Word pieces read of question and passage together.
    pub max_tokens: usize,
    /// ONNX Runtime threads; 0 for all cores.
    pub threads: usize,
    /// Questions that may wait for the model before more go without it.
    pub queue: usize,
    /// A question that waits longer for its scores goes without them, milliseconds.
    pub timeout_ms: u64,
}

impl Default for RerankerSettings {
    fn default() -> Self {
        Self {
            model_dir: None,
            passages: 20,
            share: 0.8,
            max_tokens: 512,
            threads: 0,
            queue: 64,
            timeout_ms: 2000,
        }
    }
}

/// A cross-encoder that puts candidates in order.
pub struct Reranker {
    model: Arc<dyn CrossEncoder>,
    settings: RerankerSettings,
}

impl Reranker {
    /// The configured one; `None` where none is.
    ///
    /// # Errors
    /// [`CrossEncoderError::Misconfigured`] when its files are missing or do not load.
    pub async fn configured(
        settings: &RerankerSettings,
    ) -> Result<Option<Self>, CrossEncoderError> {
        let Some(dir) = &settings.model_dir else { return Ok(None) };
        let files = ModelFiles::read(dir, "reranker.model_dir")?;
        let session = SessionSettings {
            max_tokens: settings.max_tokens,
            threads: settings.threads,
            queue: settings.queue,
        };
        let model = Arc::new(OnnxCrossEncoder::start("rerank", files, session).await?);
        Ok(Some(Self::new(model, settings.clone())))
    }

    /// One that asks `model`.
    pub fn new(model: Arc<dyn CrossEncoder>, settings: RerankerSettings) -> Self {
        Self { model, settings }
    }

    /// Candidates whose texts it needs.
    pub(super) fn wants(&self) -> usize {
        self.settings.passages
    }

    /// Puts `candidates` and `hits`, the texts of the first of them, in order; leaves both as they are where
    /// the model has nothing to say in time.
    pub(super) async fn reorder(&self, question: &str, candidates: &mut [Fused], hits: &mut [Hit]) {
        let read = &hits[..hits.len().min(self.settings.passages)];
        let Some(scores) = self.scores(question, read.iter().map(Hit::in_full).collect()).await
        else {
            return;
        };
        let scores = read.iter().map(|h| h.id).zip(scores).collect();
        join(candidates, &scores, self.settings.share);
        let places: HashMap<PassageId, (usize, f32)> =
            candidates.iter().enumerate().map(|(i, c)| (c.id, (i, c.score))).collect();
        let place = |hit: &Hit| places.get(&hit.id).copied().unwrap_or((usize::MAX, 0.0));
        for hit in hits.iter_mut() {
            hit.score = place(hit).1;
        }
        hits.sort_by_key(|hit| place(hit).0);
    }

    async fn scores(&self, question: &str, passages: Vec<String>) -> Option<Vec<f32>> {
        let scores = self.model.score(question.to_owned(), passages);
        let waited_ms = self.settings.timeout_ms;
        match tokio::time::timeout(Duration::from_millis(waited_ms), scores).await {
            Ok(Ok(scores)) => return Some(scores),
            Ok(Err(error)) => tracing::warn!(%error, "search.not_reranked"),
            Err(_) => tracing::warn!(waited_ms, "search.not_reranked"),
        }
        None
    }
}

/// Both scores as one, again with 1 for the best. A candidate that was not read answers as little as can be.
fn join(candidates: &mut [Fused], scores: &HashMap<PassageId, f32>, share: f32) {
    for candidate in candidates.iter_mut() {
        let read = scores.get(&candidate.id).map_or(0.0, |odds| 1.0 / (1.0 + (-odds).exp()));
        candidate.score = (1.0 - share) * candidate.score + share * read;
    }
    fusion::stretch(candidates);
    fusion::sort(candidates);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says what it was made with; nothing: never.
    struct Fake(Option<Result<f32, ()>>);

    #[async_trait::async_trait]
    impl CrossEncoder for Fake {
        async fn score(
            &self,
            _: String,
            passages: Vec<String>,
        ) -> Result<Vec<f32>, CrossEncoderError> {
            match self.0 {
                Some(Ok(score)) => Ok(vec![score; passages.len()]),
                Some(Err(())) => Err(CrossEncoderError::Stopped),
                None => std::future::pending().await,
            }
        }
    }

    #[tokio::test]
    async fn a_model_that_fails_or_is_late_says_nothing() {
        let scores = async |says| {
            let settings = RerankerSettings { timeout_ms: 20, ..RerankerSettings::default() };
            let reranker = Reranker::new(Arc::new(Fake(says)), settings);
            reranker.scores("question", vec!["passage".to_owned()]).await
        };
        assert_eq!(scores(Some(Ok(2.0))).await, Some(vec![2.0]));
        assert_eq!(scores(Some(Err(()))).await, None);
        assert_eq!(scores(None).await, None);
    }

    fn candidates(scores: &[f32]) -> Vec<Fused> {
        let one = |(i, score): (usize, &f32)| Fused {
            id: PassageId(uuid::Uuid::from_u128(i as u128)),
            score: *score,
            keyword: None,
            dense: None,
        };
        scores.iter().enumerate().map(one).collect()
    }

    fn order(share: f32, odds: &[f32]) -> (Vec<usize>, Vec<f32>) {
        let mut list = candidates(&[1.0, 0.9, 0.5, 0.4]);
        let ids: Vec<PassageId> = list.iter().map(|c| c.id).collect();
        join(&mut list, &ids.iter().copied().zip(odds.iter().copied()).collect(), share);
        let place = |c: &Fused| ids.iter().position(|id| *id == c.id).unwrap();
        (list.iter().map(place).collect(), list.iter().map(|c| c.score).collect())
    }

    #[test]
    fn the_share_tells_whose_order_counts() {
        assert_eq!(order(0.0, &[-9.0, 0.0, 9.0]).0, [0, 1, 2, 3]);
        assert_eq!(order(1.0, &[-9.0, 0.0, 9.0]).0, [2, 1, 0, 3]);
        let (places, scores) = order(0.8, &[-2.0, -1.0, 3.0]);
        assert_eq!(places, [2, 1, 0, 3]);
        assert!((scores[0] - 1.0).abs() < 1e-6 && scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
    }
}
