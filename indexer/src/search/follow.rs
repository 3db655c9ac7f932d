//! Reading along: [`KnowledgeBase::follow`] for a process that does not write.
//!
//! Called by the server when another process has the writer's place of a shared catalog.

use std::sync::Arc;

use super::KnowledgeBase;
use super::space::Space;
use crate::embed::Embedder;
use crate::model::Generation;
use crate::publish::{Indexes, PublishError, catch_up};

impl KnowledgeBase {
    /// Makes the newest generation of a catalog that another process writes the one that searches
    /// see: fills the local caches first, shows it, then drops what it no longer has.
    ///
    /// # Errors
    /// When the catalog or an index fails, or the generation is of another vector space than the one
    /// that serves; what was seen stays.
    pub async fn follow(&self) -> Result<Generation, PublishError> {
        let _changing = self.changing.lock().await;
        self.follow_in(self.space()).await
    }

    /// The same when another process has taken another vector space into use.
    ///
    /// # Errors
    /// As [`Self::follow`], when the newest generation is not of this space either.
    pub async fn follow_into(
        &self,
        embedder: Arc<dyn Embedder>,
        indexes: Indexes,
    ) -> Result<Generation, PublishError> {
        let _changing = self.changing.lock().await;
        self.follow_in(Arc::new(Space::new(embedder, indexes, self.settings.query_cache))).await
    }

    async fn follow_in(&self, space: Arc<Space>) -> Result<Generation, PublishError> {
        let caught_up = catch_up(&*self.catalog, space.indexes()).await?;
        let generation = caught_up.rows.generation;
        self.show(Arc::clone(&space), caught_up.rows);
        caught_up.surplus.remove(space.indexes()).await?;
        Ok(generation)
    }
}
