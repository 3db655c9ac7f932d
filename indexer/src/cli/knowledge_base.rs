//! The folders that commands work on: flags, and opening what must be there already.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::bail;
use clap::Args;
use indexer::catalog::{Catalog, PostgresCatalog, SqliteCatalog, unprotected};
use indexer::embed::{Embedder, FastEmbedder};
use indexer::publish::{CATALOG_FILE, DataFolder, Publisher, SpaceRecord};
use indexer::settings::IndexerSettings;

/// `--data`
#[derive(Debug, Args)]
pub(super) struct DataFlag {
    /// Folder of catalog and indexes
    #[arg(id = "data", long, value_name = "DIR", default_value = "data")]
    pub(super) folder: PathBuf,
}

/// `--kb`
#[derive(Debug, Args)]
pub(super) struct KbFlag {
    /// Folder of the Markdown files
    #[arg(id = "kb", long, value_name = "DIR", default_value = "kb")]
    pub(super) folder: PathBuf,
}

impl DataFlag {
    /// Opens a data folder that a build has made before.
    ///
    /// # Errors
    /// When there is none; a command that only looks must not make an empty one.
    pub(super) async fn open_existing(
        &self,
        settings: &IndexerSettings,
    ) -> anyhow::Result<DataFolder> {
        self.check(settings)?;
        self.open(settings).await
    }

    /// Opens its catalog for reading, also beside a server that owns the folder.
    ///
    /// # Errors
    /// When there is none.
    pub(super) async fn catalog_beside(
        &self,
        settings: &IndexerSettings,
    ) -> anyhow::Result<Arc<dyn Catalog>> {
        self.check(settings)?;
        Ok(match settings.catalog.server() {
            Some(url) => Arc::new(PostgresCatalog::open(url, &settings.catalog).await?),
            None => Arc::new(SqliteCatalog::open_read_only(&self.folder.join(CATALOG_FILE)).await?),
        })
    }

    /// Opens the data folder, making it where it is new.
    ///
    /// # Errors
    /// When it is in use, cannot be written, or what it leads to does not open.
    pub(super) async fn open(&self, settings: &IndexerSettings) -> anyhow::Result<DataFolder> {
        if let Some(warning) = unprotected(settings.catalog.server()) {
            tracing::warn!("database.unprotected: {warning}");
        }
        Ok(DataFolder::open_with(&self.folder, &settings.catalog, &settings.vectors).await?)
    }

    fn check(&self, settings: &IndexerSettings) -> anyhow::Result<()> {
        if settings.catalog.server().is_none() && !self.folder.join(CATALOG_FILE).is_file() {
            bail!(
                "data folder {}: no knowledge base has been built here; run `atbilde-indexer \
                 build --kb DIR --data {0}`, or name the right folder with --data",
                self.folder.display()
            );
        }
        Ok(())
    }
}

impl KbFlag {
    /// The folder, when it is one. Asked before a data folder is made for nothing.
    ///
    /// # Errors
    /// When there is no such folder.
    pub(super) fn existing(&self) -> anyhow::Result<&Path> {
        if !self.folder.is_dir() {
            bail!(
                "knowledge-base folder {}: there is no such folder; name the folder of your \
                 Markdown files with --kb",
                self.folder.display()
            );
        }
        Ok(&self.folder)
    }
}

/// The writing side, with a model that is loaded when the first text has to be embedded.
///
/// # Errors
/// When the model's files are missing or an index does not open.
pub(super) async fn publisher(
    kb: &Path,
    data: &DataFolder,
    settings: &IndexerSettings,
) -> anyhow::Result<Publisher> {
    let embedder = Arc::new(FastEmbedder::start_lazy(settings.embedder.clone())?);
    let indexes = data.indexes(embedder.identity(), &settings.keyword).await?;
    let identity = embedder.identity().clone();
    data.remember(&SpaceRecord { identity, settings: settings.embedder.clone() })?;
    let publisher = Publisher::new(kb, settings.source.clone(), data.catalog(), embedder, indexes);
    Ok(if data.shared().is_some() { publisher.with_readers() } else { publisher })
}
