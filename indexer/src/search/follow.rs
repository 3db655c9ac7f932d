//! Reading along: [`KnowledgeBase::follow`] for a process that does not write.
//!
//! Called by the server when another process has the writer's place of a shared catalog.

use super::KnowledgeBase;
use crate::model::Generation;
use crate::publish::{PublishError, catch_up};

impl KnowledgeBase {
    /// Makes the newest generation of a catalog that another process writes the one that searches
    /// see: fills the local caches first, shows it, then drops what it no longer has.
    ///
    /// # Errors
    /// When the catalog or an index fails, or the generation is of another vector space; what was
    /// seen stays.
    pub async fn follow(&self) -> Result<Generation, PublishError> {
        let caught_up = catch_up(&*self.catalog, &self.indexes).await?;
        let generation = caught_up.rows.generation;
        self.show(caught_up.rows);
        caught_up.surplus.remove(&self.indexes).await?;
        Ok(generation)
    }
}
