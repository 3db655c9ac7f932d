//! The knowledge base that is measured, and an assistant over it.
//!
//! Called by `set_run` and `golden_run`. Takes the data folder as the server does, brings it up to
//! date, and throws tickets away: an evaluation must not fill the inbox of the people who take over.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use indexer::model::Document;
use indexer::publish::BuildReport;
use indexer::search::KnowledgeBase;

use super::EvalError;
use super::progress::IndexingBars;
use crate::assistant::Assistant;
use crate::domain::Escalation;
use crate::settings::Settings;
use crate::startup::{self, Paths};
use crate::store::{ConversationStore, StoreError};

/// What the base is made of.
pub(super) enum Source<'a> {
    /// The Markdown files of a folder.
    Folder(&'a Path),
    /// These documents and no others.
    Documents(Vec<Document>),
}

/// An open base that holds its source.
pub(super) struct Base {
    pub(super) knowledge: Arc<KnowledgeBase>,
    pub(super) assistant: Arc<Assistant>,
    pub(super) report: BuildReport,
    opened: startup::Base,
}

impl Base {
    /// Opens `data` and makes it hold `source`. What is there already is not embedded again.
    ///
    /// # Errors
    /// When the data folder is in use or broken, or the model does not load.
    pub(super) async fn open(
        data: &Path,
        source: Source<'_>,
        settings: &Settings,
    ) -> Result<Self, EvalError> {
        let kb = match &source {
            Source::Folder(folder) => folder,
            Source::Documents(_) => data,
        };
        let paths = Paths { kb: kb.to_owned(), data: data.to_owned() };
        let opened = startup::Base::open_configured(settings, &paths).await?;
        let (publisher, knowledge) = (opened.publisher(), opened.knowledge());
        publisher.recover().await?;
        let progress = Arc::new(IndexingBars::default());
        let report = match source {
            Source::Folder(_) => publisher.sync(progress).await?,
            Source::Documents(documents) => {
                publisher.publish_documents(documents, progress).await?
            }
        };
        knowledge.refresh().await?;
        publisher.tidy().await?;
        let assistant = opened.assistant(settings, Arc::new(NoTickets))?;
        Ok(Self { knowledge, assistant: Arc::new(assistant), report, opened })
    }

    /// Names the vector space that was measured.
    pub(super) fn fingerprint(&self) -> String {
        self.opened.publisher().indexes().fingerprint.clone()
    }

    /// Closes the data folder.
    pub(super) async fn close(self) {
        self.opened.close().await;
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
