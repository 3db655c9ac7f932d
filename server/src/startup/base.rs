//! Everything of one data folder, open: lock, catalog, embedder, indexes, store, and the two sides of
//! the knowledge base. Used by the server and by commands that work without one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use arc_swap::ArcSwap;
use indexer::publish::{DataFolder, Pruner, Publisher, SpaceRecord};
use indexer::search::KnowledgeBase;

use super::space::{self, Space};
use super::{EmbedderStart, Paths};
use crate::assistant::{Assistant, Writer};
use crate::generate::openai::OpenAi;
use crate::generate::{Generator, GeneratorName};
use crate::privacy::Redactor;
use crate::settings::Settings;
use crate::store::{ConversationStore, SqliteStore};

/// The conversation store's file in the data folder.
pub const STORE_FILE: &str = "conversations.sqlite";

/// Which vector space a folder is opened with when another model is configured than the live one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Serve {
    /// The live one; the configured one is built beside it.
    Live,
    /// The configured one; the first sync moves to it.
    Configured,
}

/// One open data folder. Dropping it releases the folder.
pub struct Base {
    kb: PathBuf,
    folder: DataFolder,
    knowledge: Arc<KnowledgeBase>,
    publisher: Arc<ArcSwap<Publisher>>,
    shadow: Option<Arc<Publisher>>,
    pruner: Arc<Pruner>,
    store: Arc<SqliteStore>,
    redactor: Arc<Redactor>,
}

impl Base {
    /// Takes the data folder (making it where it is new) and opens everything in it. Quick: nothing
    /// is indexed here.
    ///
    /// # Errors
    /// When another process owns the folder, it cannot be written, a file in it does not open, or the
    /// embedding model or its library is missing.
    pub async fn open(settings: &Settings, paths: &Paths, start: EmbedderStart) -> Result<Self> {
        Self::open_as(settings, paths, (start, Serve::Live)).await
    }

    /// Like [`Base::open`], but what is asked is the configured model, never the one that was live
    /// before it: for measuring.
    ///
    /// # Errors
    /// As [`Base::open`].
    pub async fn open_configured(settings: &Settings, paths: &Paths) -> Result<Self> {
        Self::open_as(settings, paths, (EmbedderStart::Now, Serve::Configured)).await
    }

    async fn open_as(
        settings: &Settings,
        paths: &Paths,
        (start, serve): (EmbedderStart, Serve),
    ) -> Result<Self> {
        let folder = DataFolder::open(&paths.data).await?;
        let embedder = space::embedder(&settings.indexer.embedder, start)
            .await
            .context("the embedding model cannot be used")?;
        let identity = embedder.identity().clone();
        let live = match serve {
            Serve::Live => space::other_live(&folder, &identity, (settings, start)).await?,
            Serve::Configured => None,
        };
        let indexes = folder
            .indexes(&identity, &settings.indexer.keyword)
            .await
            .context("the index cannot be opened; it is a cache of catalog.sqlite: `atbilde-indexer verify --repair` makes it again")?;
        folder.remember(&SpaceRecord { identity, settings: settings.indexer.embedder.clone() })?;
        let publisher = |(embedder, indexes): Space| {
            let rules = settings.indexer.source.clone();
            Arc::new(Publisher::new(&paths.kb, rules, folder.catalog(), embedder, indexes))
        };
        let configured = publisher((embedder, indexes));
        let (serving, shadow) = match live {
            Some(live) => (publisher(live), Some(configured)),
            None => (configured, None),
        };
        let knowledge = KnowledgeBase::open(
            folder.catalog(),
            Arc::clone(serving.embedder()),
            serving.indexes().clone(),
            settings.indexer.search.clone(),
        )
        .await?;
        let pruner = Arc::new(folder.pruner(&settings.indexer.prune));
        let redactor = Redactor::new(&settings.redaction)
            .context("the section [redaction] of the configuration cannot be used")?;
        let store = SqliteStore::open(&paths.data.join(STORE_FILE)).await?;
        Ok(Self {
            kb: paths.kb.clone(),
            folder,
            knowledge: Arc::new(knowledge),
            publisher: Arc::new(ArcSwap::new(serving)),
            shadow,
            pruner,
            store: Arc::new(store),
            redactor: Arc::new(redactor),
        })
    }

    /// The folder of Markdown files.
    pub fn kb(&self) -> &Path {
        &self.kb
    }

    /// The reading side.
    pub fn knowledge(&self) -> Arc<KnowledgeBase> {
        Arc::clone(&self.knowledge)
    }

    /// The writing side of the space that serves.
    pub fn publisher(&self) -> Arc<Publisher> {
        self.publisher.load_full()
    }

    /// The place of the writing side, for whoever replaces it.
    pub(super) fn publishing(&self) -> Arc<ArcSwap<Publisher>> {
        Arc::clone(&self.publisher)
    }

    /// The writing side of the configured model, when another one serves; given once.
    pub(super) fn take_shadow(&mut self) -> Option<Arc<Publisher>> {
        self.shadow.take()
    }

    pub(super) fn pruner(&self) -> Arc<Pruner> {
        Arc::clone(&self.pruner)
    }

    pub fn store(&self) -> Arc<SqliteStore> {
        Arc::clone(&self.store)
    }

    /// An assistant over this base, with the generators that the configuration names.
    ///
    /// # Errors
    /// When `[generator]` is wrong.
    pub fn assistant(
        &self,
        settings: &Settings,
        store: Arc<dyn ConversationStore>,
    ) -> Result<Assistant> {
        let generator = &settings.generator;
        let mut chain: Vec<Arc<dyn Generator>> = Vec::new();
        for name in &generator.chain {
            match name {
                GeneratorName::Openai => chain.push(Arc::new(OpenAi::new(&generator.openai)?)),
                // The end of every chain, named or not.
                GeneratorName::Extractive => break,
            }
        }
        let writer = Writer::new(chain, generator)?;
        let redactor = Arc::clone(&self.redactor);
        Ok(Assistant::new(self.knowledge(), store, redactor, writer, settings.assistant.clone()))
    }

    /// Closes the databases and releases the folder.
    pub async fn close(self) {
        self.store.close().await;
        self.folder.close().await;
    }
}

/// # Errors
/// When the folder of Markdown files is missing or is none.
pub(super) fn check_kb(kb: &Path) -> Result<()> {
    let next = "name the folder of your Markdown files with --kb";
    if !kb.exists() {
        bail!("the knowledge-base folder {} does not exist; {next}", kb.display());
    }
    if !kb.is_dir() {
        bail!("the knowledge base {} is not a folder; {next}", kb.display());
    }
    fs_err::read_dir(kb)
        .map(drop)
        .with_context(|| format!("the knowledge-base folder cannot be read; {next}"))
}
