//! The knowledge base that is measured, and an assistant over it.
//!
//! Called by `set_run` and `golden_run`. Takes the data folder as the server does, brings it up to
//! date, and throws tickets away: an evaluation must not fill the inbox of the people who take over.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use indexer::embed::{Embedder, FastEmbedder};
use indexer::model::Document;
use indexer::publish::{BuildReport, DataFolder, Publisher};
use indexer::search::KnowledgeBase;

use super::progress::IndexingBars;
use super::{EvalError, EvalParts};
use crate::assistant::Assistant;
use crate::domain::Escalation;
use crate::store::{ConversationStore, StoreError};

/// What the base is made of.
pub enum Source<'a> {
    /// The Markdown files of a folder.
    Folder(&'a Path),
    /// These documents and no others.
    Documents(Vec<Document>),
}

/// An open base. Holds the data folder's lock.
pub struct Base {
    pub knowledge: Arc<KnowledgeBase>,
    pub assistant: Arc<Assistant>,
    pub report: BuildReport,
    /// Name of the embedding model.
    pub embedder: String,
    data: DataFolder,
}

impl Base {
    /// Opens `data` and makes it hold `source`. What is there already is not embedded again.
    ///
    /// # Errors
    /// When the data folder is in use or broken, or the model does not load.
    pub async fn open(data: &Path, source: Source<'_>, parts: &EvalParts<'_>) -> Result<Self, EvalError> {
        let data = DataFolder::open(data).await?;
        let settings = parts.indexer;
        let embedder: Arc<dyn Embedder> =
            Arc::new(FastEmbedder::start(settings.embedder.clone()).await?);
        let indexes = data.indexes(embedder.identity(), &settings.keyword).await?;
        let root = match &source {
            Source::Folder(folder) => folder,
            Source::Documents(_) => data.path(),
        };
        let publisher = Publisher::new(
            root,
            settings.source.clone(),
            data.catalog(),
            Arc::clone(&embedder),
            indexes.clone(),
        );
        publisher.recover().await?;
        let progress = Arc::new(IndexingBars::default());
        let report = match source {
            Source::Folder(_) => publisher.sync(progress).await?,
            Source::Documents(documents) => {
                publisher.publish_documents(documents, progress).await?
            }
        };
        publisher.tidy().await?;
        let name = embedder.identity().name.clone();
        let knowledge = KnowledgeBase::open(
            data.catalog(),
            embedder,
            indexes,
            settings.search.clone(),
        )
        .await?;
        let knowledge = Arc::new(knowledge);
        let assistant = Arc::new(Assistant::new(
            Arc::clone(&knowledge),
            Arc::new(NoTickets),
            parts.assistant.clone(),
        ));
        Ok(Self { knowledge, assistant, report, embedder: name, data })
    }

    /// Closes the data folder.
    pub async fn close(self) {
        self.data.close().await;
    }
}

/// Accepts escalations and forgets them.
struct NoTickets;

#[async_trait]
impl ConversationStore for NoTickets {
    async fn add_escalation(&self, _: &Escalation) -> Result<(), StoreError> {
        Ok(())
    }

    async fn escalations(&self, _: u32) -> Result<Vec<Escalation>, StoreError> {
        Ok(Vec::new())
    }
}
