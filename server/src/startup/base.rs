//! Everything of one data folder, open: lock, catalog, embedder, indexes, store, and the two sides of
//! the knowledge base. Used by the server and by commands that work without one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use indexer::catalog::PostgresCatalog;
use indexer::embed::{Embedder, FastEmbedder};
use indexer::publish::{DataFolder, Publisher};
use indexer::search::KnowledgeBase;

use super::Paths;
use crate::assistant::calibration::Calibration;
use crate::assistant::prompt::{PromptKind, Prompts};
use crate::assistant::{Assistant, Originals, Parts, Writer};
#[cfg(feature = "llama")]
use crate::generate::llama::Llama;
use crate::generate::llama_settings::LlamaSettings;
use crate::generate::openai::OpenAi;
use crate::generate::{Generator, GeneratorName};
use crate::handoff::Hours;
use crate::live::Hub;
use crate::locale::Locales;
use crate::metrics::Metrics;
use crate::privacy::Redactor;
use crate::rights::Rights;
use crate::settings::Settings;
use crate::store::{ConversationStore, SqliteStore};

/// The conversation store's file in the data folder.
pub const STORE_FILE: &str = "conversations.sqlite";

/// The state of the local model's system prompt lies here, in the data folder.
#[cfg(feature = "llama")]
const STATE_FOLDER: &str = "llama";

/// When the embedding model is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmbedderStart {
    /// Before anything is served: a wrong model is an error at start, and no customer waits for it.
    Now,
    /// With the first text: for commands that may need no vector.
    Lazy,
}

/// One open data folder. Dropping it releases the folder.
pub struct Base {
    kb: PathBuf,
    data: PathBuf,
    folder: DataFolder,
    knowledge: Arc<KnowledgeBase>,
    publisher: Arc<Publisher>,
    store: Arc<SqliteStore>,
    redactor: Arc<Redactor>,
    hub: Arc<Hub>,
    hours: Arc<Hours>,
    rights: Arc<Rights>,
    metrics: Arc<Metrics>,
    locales: Arc<Locales>,
    fingerprint: String,
}

impl Base {
    /// Takes the data folder (making it where it is new) and opens everything in it. Quick: nothing
    /// is indexed here.
    ///
    /// # Errors
    /// When another process owns the folder, it cannot be written, a file in it does not open, or the
    /// embedding model or its library is missing.
    pub async fn open(settings: &Settings, paths: &Paths, start: EmbedderStart) -> Result<Self> {
        let indexer = &settings.indexer;
        let folder = DataFolder::open_with(&paths.data, &indexer.catalog, &indexer.vectors).await?;
        let embedder = settings.indexer.embedder.clone();
        let embedder = match start {
            EmbedderStart::Now => FastEmbedder::start(embedder).await,
            EmbedderStart::Lazy => FastEmbedder::start_lazy(embedder),
        };
        let embedder: Arc<dyn Embedder> =
            Arc::new(embedder.context("the embedding model cannot be used")?);
        let indexes = folder
            .indexes(embedder.identity(), &settings.indexer.keyword)
            .await
            .context("the index cannot be opened; it is a cache of catalog.sqlite: after moving its folder away it is made again")?;
        let fingerprint = indexes.fingerprint.clone();
        let publisher = Publisher::new(
            &paths.kb,
            settings.indexer.source.clone(),
            folder.catalog(),
            Arc::clone(&embedder),
            indexes.clone(),
        );
        let publisher =
            if folder.shared().is_some() { publisher.with_readers() } else { publisher };
        let knowledge = KnowledgeBase::open(
            folder.catalog(),
            embedder,
            indexes,
            settings.indexer.search.clone(),
        )
        .await?;
        let redactor = Redactor::new(&settings.redaction)
            .context("the section [redaction] of the configuration cannot be used")?;
        let hours = Hours::new(&settings.handoff.hours)?;
        let locales = Locales::load(settings.site.locales.as_deref())?;
        let store = SqliteStore::open(&paths.data.join(STORE_FILE)).await?;
        let rights = Rights::open(&paths.data, &store, &settings.vault, &settings.privacy).await?;
        Ok(Self {
            kb: paths.kb.clone(),
            data: paths.data.clone(),
            folder,
            knowledge: Arc::new(knowledge),
            publisher: Arc::new(publisher),
            store: Arc::new(store),
            redactor: Arc::new(redactor),
            hub: Arc::default(),
            hours: Arc::new(hours),
            rights: Arc::new(rights),
            metrics: Arc::default(),
            locales: Arc::new(locales),
            fingerprint,
        })
    }

    /// The folder of Markdown files.
    pub fn kb(&self) -> &Path {
        &self.kb
    }

    /// Vector space of the embedder and the indexes.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The reading side.
    pub fn knowledge(&self) -> Arc<KnowledgeBase> {
        Arc::clone(&self.knowledge)
    }

    /// The writing side.
    pub fn publisher(&self) -> Arc<Publisher> {
        Arc::clone(&self.publisher)
    }

    /// The catalog, when other processes share it.
    pub fn shared(&self) -> Option<Arc<PostgresCatalog>> {
        self.folder.shared()
    }

    pub fn store(&self) -> Arc<SqliteStore> {
        Arc::clone(&self.store)
    }

    /// Tells who looks on what happens in this process.
    pub fn hub(&self) -> Arc<Hub> {
        Arc::clone(&self.hub)
    }

    pub fn hours(&self) -> Arc<Hours> {
        Arc::clone(&self.hours)
    }

    /// Counts what happens in this process.
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// Vault, audit log and what a person may ask for of their data.
    pub fn rights(&self) -> Arc<Rights> {
        Arc::clone(&self.rights)
    }

    pub fn redactor(&self) -> Arc<Redactor> {
        Arc::clone(&self.redactor)
    }

    /// What is said, by language.
    pub fn locales(&self) -> Arc<Locales> {
        Arc::clone(&self.locales)
    }

    /// What `atbilde calibrate` fitted to this base; `None`: nothing yet.
    ///
    /// # Errors
    /// When the file was made for something else.
    pub fn calibration(&self) -> Result<Option<Calibration>> {
        Ok(Calibration::load(&self.data, &self.fingerprint)?)
    }

    /// An assistant over this base, with the generators that the configuration names and the base's
    /// calibration. A local model is loaded beside it; [`Assistant::ready`] waits for that.
    ///
    /// # Errors
    /// When `[generator]` is wrong or the calibration cannot be used.
    pub fn assistant(
        &self,
        settings: &Settings,
        (store, originals): (Arc<dyn ConversationStore>, Originals),
    ) -> Result<Assistant> {
        self.assistant_with(settings, (store, originals), self.calibration()?)
    }

    /// The same with another calibration, or with the shipped coefficients.
    ///
    /// # Errors
    /// When `[generator]` is wrong.
    pub fn assistant_with(
        &self,
        settings: &Settings,
        (store, originals): (Arc<dyn ConversationStore>, Originals),
        calibration: Option<Calibration>,
    ) -> Result<Assistant> {
        let generator = &settings.generator;
        let mut chain: Vec<Arc<dyn Generator>> = Vec::new();
        for name in &generator.chain {
            match name {
                GeneratorName::Llama if generator.llama.is_on() => {
                    chain.push(self.local_model(&generator.llama)?);
                }
                GeneratorName::Openai if generator.openai.is_on() => {
                    chain.push(Arc::new(OpenAi::new(&generator.openai)?));
                }
                // Named, but no model is configured for it.
                GeneratorName::Llama | GeneratorName::Openai => {}
                // The end of every chain, named or not.
                GeneratorName::Extractive => break,
            }
        }
        let writer = Writer::new(chain, generator)?;
        let parts = Parts {
            knowledge: self.knowledge(),
            store,
            redactor: self.redactor(),
            writer,
            hub: self.hub(),
            hours: self.hours(),
            originals,
            metrics: self.metrics(),
            locales: self.locales(),
            company: settings.site.company.clone(),
        };
        let mut settings = settings.assistant.clone();
        settings.confidence.calibration = calibration;
        Ok(Assistant::new(parts, settings))
    }

    #[cfg(feature = "llama")]
    fn local_model(&self, settings: &LlamaSettings) -> Result<Arc<dyn Generator>> {
        let mut settings = settings.clone();
        settings.engine.state_dir.get_or_insert_with(|| self.folder.path().join(STATE_FOLDER));
        let prompts = Prompts::built_in()?;
        let llama = Llama::start(&settings, prompts.rules(PromptKind::Answer))
            .context("the thread of the local model cannot be started")?;
        Ok(Arc::new(llama))
    }

    #[cfg(not(feature = "llama"))]
    fn local_model(&self, _: &LlamaSettings) -> Result<Arc<dyn Generator>> {
        bail!(
            "generator.llama.model.path names a model, but this program was built without the \
             feature \"llama\"; build it with the feature, or leave the key empty"
        )
    }

    /// Closes the databases and releases the folder.
    pub async fn close(self) {
        self.rights.close().await;
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
