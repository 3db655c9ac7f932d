//! Everything of one data folder, open: lock, catalog, embedder, indexes, store, and the two sides of
//! the knowledge base. Used by the server and by commands that work without one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use arc_swap::{ArcSwap, ArcSwapOption};
use indexer::catalog::PostgresCatalog;
use indexer::publish::{DataFolder, Pruner, PublishError, Publisher, Silent, SpaceRecord};
use indexer::search::KnowledgeBase;

use super::space::{self, Space};
use super::{EmbedderStart, Paths, parts};
use crate::assistant::calibration::Calibration;
use crate::assistant::prompt::{PromptKind, Prompts};
use crate::assistant::{Assistant, Originals, Parts, Writer};
#[cfg(feature = "llama")]
use crate::generate::llama::Llama;
use crate::generate::openai::OpenAi;
use crate::generate::{Generator, GeneratorName, GeneratorSettings};
use crate::handoff::Hours;
use crate::live::Hub;
use crate::locale::Locales;
use crate::metrics::Metrics;
use crate::privacy::Redactor;
use crate::privacy::vault::VaultError;
use crate::rights::Rights;
use crate::settings::Settings;
use crate::store::{ConversationStore, Stores, VaultStoreError};

/// What the processes over one database must have in common.
const ONE_MASTER: &str = "all processes over one database use the same master key: give it to each of them with \
                          vault.key_file or vault.key";

/// The state of the local model's system prompt lies here, in the data folder.
#[cfg(feature = "llama")]
const STATE_FOLDER: &str = "llama";

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
    data: PathBuf,
    folder: DataFolder,
    knowledge: Arc<KnowledgeBase>,
    publisher: Arc<ArcSwap<Publisher>>,
    shadow: Arc<ArcSwapOption<Publisher>>,
    pruner: Arc<Pruner>,
    stores: Stores,
    redactor: Arc<Redactor>,
    hub: Arc<Hub>,
    hours: Arc<Hours>,
    rights: Arc<Rights>,
    metrics: Arc<Metrics>,
    locales: Arc<Locales>,
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
        let indexer = &settings.indexer;
        let folder = DataFolder::open_with(&paths.data, &indexer.catalog, &indexer.vectors).await?;
        let (serving, shadow) = publishers(&folder, settings, (&paths.kb, start, serve)).await?;
        let knowledge = KnowledgeBase::open(
            folder.catalog(),
            Arc::clone(serving.embedder()),
            serving.indexes().clone(),
            indexer.search.clone(),
        )
        .await?
        .with_reranker(parts::reranker(settings).await?);
        let pruner = Arc::new(folder.pruner(&indexer.prune));
        let redactor = parts::redactor(settings)?;
        let hours = Hours::new(&settings.handoff.hours)?;
        let locales = parts::locales(settings)?;
        let stores = Stores::open(&paths.data, &settings.conversations).await?;
        let rights = rights(&paths.data, &stores, settings).await?;
        Ok(Self {
            kb: paths.kb.clone(),
            data: paths.data.clone(),
            folder,
            knowledge: Arc::new(knowledge),
            publisher: Arc::new(ArcSwap::new(serving)),
            shadow: Arc::new(ArcSwapOption::new(shadow)),
            pruner,
            stores,
            redactor: Arc::new(redactor),
            hub: Arc::default(),
            hours: Arc::new(hours),
            rights: Arc::new(rights),
            metrics: Arc::default(),
            locales: Arc::new(locales),
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

    /// Publishes what has changed in the folder of Markdown files, for a command that works without a server.
    /// What a crash or a restore left is mended first.
    ///
    /// # Errors
    /// When another process writes the shared catalog, or as [`Publisher::sync`]; what was live stays live.
    pub async fn publish(&self) -> Result<(), PublishError> {
        let right = self.folder.right_to_write().await?;
        let publisher = self.publisher();
        publisher.recover().await?;
        let report = publisher.sync(Arc::new(Silent)).await?;
        for rule in &report.unmatched_rules {
            tracing::warn!(hint = %rule.hint, "publish.unmatched_rule: {rule}");
        }
        self.knowledge.refresh().await?;
        publisher.tidy().await?;
        if let Some(right) = right {
            right.release().await;
        }
        Ok(())
    }

    /// The place of the writing side, for whoever replaces it.
    pub(super) fn publishing(&self) -> Arc<ArcSwap<Publisher>> {
        Arc::clone(&self.publisher)
    }

    /// The writing side of the configured model, while another one serves.
    pub(super) fn shadow(&self) -> Arc<ArcSwapOption<Publisher>> {
        Arc::clone(&self.shadow)
    }

    pub(super) fn pruner(&self) -> Arc<Pruner> {
        Arc::clone(&self.pruner)
    }

    /// The catalog, when other processes share it.
    pub fn shared(&self) -> Option<Arc<PostgresCatalog>> {
        self.folder.shared()
    }

    pub fn store(&self) -> Arc<dyn ConversationStore> {
        self.stores.conversations()
    }

    /// Everything that is kept of conversations.
    pub fn stores(&self) -> &Stores {
        &self.stores
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
        Ok(Calibration::load(&self.data, &self.publisher().indexes().fingerprint)?)
    }

    /// Vector space of the calibration in the data folder, which need not be the one that serves.
    ///
    /// # Errors
    /// When the file was made for something else.
    pub(super) fn calibrated_for(&self) -> Result<Option<String>> {
        Ok(Calibration::load_any(&self.data)?.map(|c| c.provenance.fingerprint))
    }

    /// An assistant over this base, with the generators that the configuration names and the base's
    /// calibration, which counts in its own vector space alone. A local model is loaded beside it;
    /// [`Assistant::ready`] waits for that.
    ///
    /// # Errors
    /// When `[generator]` is wrong or the calibration cannot be used.
    pub fn assistant(
        &self,
        settings: &Settings,
        (store, originals): (Arc<dyn ConversationStore>, Originals),
    ) -> Result<Assistant> {
        self.assistant_with(settings, (store, originals), Calibration::load_any(&self.data)?)
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
        for name in parts::models(generator) {
            match name {
                GeneratorName::Llama => chain.push(self.local_model(generator)?),
                GeneratorName::Openai => chain.push(Arc::new(OpenAi::new(&generator.openai)?)),
                GeneratorName::Extractive => {}
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
    fn local_model(&self, generator: &GeneratorSettings) -> Result<Arc<dyn Generator>> {
        let mut settings = generator.llama.clone();
        settings.engine.state_dir.get_or_insert_with(|| self.folder.path().join(STATE_FOLDER));
        let prompts = Prompts::of(generator.prompts_dir.as_deref())?;
        let llama = Llama::start(&settings, prompts.rules(PromptKind::Answer))
            .context("the thread of the local model cannot be started")?;
        Ok(Arc::new(llama))
    }

    #[cfg(not(feature = "llama"))]
    fn local_model(&self, _: &GeneratorSettings) -> Result<Arc<dyn Generator>> {
        bail!(
            "generator.llama.model.path names a model, but this program was built without the \
             feature \"llama\"; build it with the feature, or leave the key empty"
        )
    }

    /// Closes the databases and releases the folder.
    pub async fn close(self) {
        self.rights.close().await;
        self.stores.close().await;
        self.folder.close().await;
    }
}

/// The publisher of the space that serves, and that of the configured one where it is another.
async fn publishers(
    folder: &DataFolder,
    settings: &Settings,
    (kb, start, serve): (&Path, EmbedderStart, Serve),
) -> Result<(Arc<Publisher>, Option<Arc<Publisher>>)> {
    let indexer = &settings.indexer;
    let embedder = parts::embedder(&indexer.embedder, start).await?;
    let identity = embedder.identity().clone();
    let live = match serve {
        Serve::Live => space::other_live(folder, &identity, (settings, start)).await?,
        Serve::Configured => None,
    };
    let indexes = folder.indexes(&identity, &indexer.keyword).await.context(
        "the index cannot be opened; it is a cache of the catalog: `atbilde-indexer verify --repair` \
         makes it again",
    )?;
    folder.remember(&SpaceRecord { identity, settings: indexer.embedder.clone() })?;
    let publisher = |(embedder, indexes): Space| {
        let rules = indexer.source.clone();
        let publisher = Publisher::new(kb, rules, folder.catalog(), embedder, indexes);
        let shared = folder.shared().is_some();
        Arc::new(if shared { publisher.with_readers() } else { publisher })
    };
    let configured = publisher((embedder, indexes));
    Ok(match live {
        Some(live) => (publisher(live), Some(configured)),
        None => (configured, None),
    })
}

/// The privacy side of `stores`, for the server and for commands beside it.
///
/// # Errors
/// When a store does not open or a key is missing.
pub async fn rights(data: &Path, stores: &Stores, settings: &Settings) -> Result<Rights> {
    let rights = Rights::open(data, stores, &settings.vault, &settings.privacy).await;
    match rights {
        Err(VaultStoreError::Vault(error @ VaultError::UnknownMaster(_)))
            if stores.shared().is_some() =>
        {
            Err(anyhow::Error::new(error).context(ONE_MASTER))
        }
        rights => Ok(rights?),
    }
}

/// # Errors
/// When the folder of Markdown files is missing or is none.
pub(crate) fn check_kb(kb: &Path) -> Result<()> {
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
