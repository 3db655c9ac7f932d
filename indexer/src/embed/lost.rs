//! A model that is gone: [`LostEmbedder`].
//!
//! Stands for the model of a live index while the index of another model is being built. Its vectors
//! cannot be compared with anything, so searches go on by keyword alone and new passages get no vector
//! in its space. Made by whoever opens a data folder.

use async_trait::async_trait;

use super::{EmbedError, Embedder, EmbedderIdentity, PassageInput};

/// Knows who it was and embeds nothing.
#[derive(Debug)]
pub struct LostEmbedder {
    identity: EmbedderIdentity,
}

impl LostEmbedder {
    pub fn new(identity: EmbedderIdentity) -> Self {
        Self { identity }
    }

    fn gone(&self) -> EmbedError {
        EmbedError::Misconfigured(format!(
            "the embedding model {} is gone, nothing can be embedded with it",
            self.identity.name
        ))
    }
}

#[async_trait]
impl Embedder for LostEmbedder {
    fn identity(&self) -> &EmbedderIdentity {
        &self.identity
    }

    fn is_lost(&self) -> bool {
        true
    }

    async fn embed_query(&self, _: &str) -> Result<Vec<f32>, EmbedError> {
        Err(self.gone())
    }

    async fn embed_passages(&self, _: Vec<PassageInput>) -> Result<Vec<Vec<f32>>, EmbedError> {
        Err(self.gone())
    }
}
