//! The knowledge base that is measured, and an assistant over it.
//!
//! Called by `set_run`, `golden_run` and `calibrate`. Takes the data folder as the server does, brings
//! it up to date, and keeps conversations in memory: an evaluation must not fill the inbox of the people
//! who take over.

use std::path::Path;
use std::sync::Arc;

use indexer::model::Document;
use indexer::publish::BuildReport;
use indexer::search::KnowledgeBase;

use super::EvalError;
use super::progress::IndexingBars;
use crate::assistant::calibration::Calibration;
use crate::assistant::{Assistant, Originals};
use crate::settings::Settings;
use crate::startup::{self, Paths};
use crate::store::SqliteStore;

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
    /// Probability below which a person takes over.
    pub(super) threshold: f64,
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
        Self::open_by(data, source, settings, startup::Base::calibration).await
    }

    /// The same with the shipped coefficients of the confidence, whatever was fitted.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(super) async fn open_uncalibrated(
        data: &Path,
        source: Source<'_>,
        settings: &Settings,
    ) -> Result<Self, EvalError> {
        Self::open_by(data, source, settings, |_| Ok(None)).await
    }

    async fn open_by(
        data: &Path,
        source: Source<'_>,
        settings: &Settings,
        calibration: fn(&startup::Base) -> anyhow::Result<Option<Calibration>>,
    ) -> Result<Self, EvalError> {
        let kb = match &source {
            Source::Folder(folder) => folder,
            Source::Documents(_) => data,
        };
        let paths = Paths { kb: kb.to_owned(), data: data.to_owned() };
        let settings = &settings.in_one_folder();
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
        let calibration = calibration(&opened)?;
        let mut confidence = settings.assistant.confidence.clone();
        confidence.calibration.clone_from(&calibration);
        let threshold = confidence.threshold_in(&publisher.indexes().fingerprint);
        let store = SqliteStore::in_memory().await.map_err(anyhow::Error::from)?;
        let kept = (Arc::new(store) as _, Originals::forgotten());
        let assistant = opened.assistant_with(settings, kept, calibration)?;
        assistant.ready().await;
        Ok(Self { knowledge, assistant: Arc::new(assistant), report, threshold, opened })
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
