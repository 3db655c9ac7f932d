//! The data folder: lock, catalog, and one index folder for each vector space.
//!
//! ```text
//! data/lock                      one owner at a time
//! data/catalog.sqlite            the truth
//! data/index-<fingerprint>/      caches: keyword/ (tantivy), vectors/ (qdrant-edge), space.json
//! ```
//!
//! The truth may live in a Postgres database and the vectors in a Qdrant server instead; several
//! processes then share them, each with a data folder of its own for its caches, and the one that
//! has taken the writer's place publishes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use super::lock::DataLock;
use super::{Place, PublishError};
use crate::catalog::{Catalog, CatalogSettings, PostgresCatalog, SqliteCatalog, WriterLock};
use crate::embed::EmbedderIdentity;
use crate::keyword::{KeywordIndex, KeywordSettings};
use crate::private;
use crate::vector::{EdgeIndex, ServerIndex, VectorIndex, VectorSettings};

/// The catalog's name in a data folder.
pub const CATALOG_FILE: &str = "catalog.sqlite";

/// Both indexes of one vector space.
#[derive(Clone)]
pub struct Indexes {
    pub keyword: Arc<KeywordIndex>,
    pub vectors: Arc<dyn VectorIndex>,
    /// Embedder fingerprint that all vectors belong to.
    pub fingerprint: String,
    /// The last field, so that it goes after both indexes have closed their files.
    pub open: Arc<OpenMark>,
}

/// Exists as long as a clone of its [`Indexes`] does.
#[derive(Debug, Default)]
pub struct OpenMark(());

/// Tells when [`Indexes`] are closed: an engine writes to its folder until then, also while the last
/// clone is being dropped.
#[derive(Debug, Clone)]
pub struct Closing(Weak<OpenMark>);

impl Indexes {
    pub fn closing(&self) -> Closing {
        Closing(Arc::downgrade(&self.open))
    }
}

impl Closing {
    pub fn is_closed(&self) -> bool {
        self.0.strong_count() == 0
    }
}

/// An open data folder. Dropping it releases the lock.
pub struct DataFolder {
    path: PathBuf,
    catalog: Truth,
    vectors: VectorSettings,
    _lock: DataLock,
}

/// Where the catalog is.
enum Truth {
    File(Arc<SqliteCatalog>),
    Shared(Arc<PostgresCatalog>),
}

impl DataFolder {
    /// Takes the lock and opens the catalog, making both where the folder is new. Everything is in
    /// the folder.
    ///
    /// # Errors
    /// [`PublishError::InUse`] when another process owns the folder, [`PublishError::DataFolder`]
    /// when it cannot be written, [`PublishError::Catalog`] when the catalog does not open.
    pub async fn open(path: &Path) -> Result<Self, PublishError> {
        Self::open_with(path, &CatalogSettings::default(), &VectorSettings::default()).await
    }

    /// Like [`DataFolder::open`], with the truth and the vectors where the settings say.
    ///
    /// # Errors
    /// As [`DataFolder::open`].
    pub async fn open_with(
        path: &Path,
        catalog: &CatalogSettings,
        vectors: &VectorSettings,
    ) -> Result<Self, PublishError> {
        private::new_folder(path).map_err(|e| PublishError::DataFolder {
            folder: path.display().to_string(),
            reason: format!("{e}; it must be a folder that this user may write"),
        })?;
        let lock = DataLock::take(path)?;
        let catalog = match catalog.server() {
            None => Truth::File(Arc::new(SqliteCatalog::open(&path.join(CATALOG_FILE)).await?)),
            Some(url) => {
                // Boxed, as below: what most bases do not need must not swell every caller.
                let opening = Box::pin(PostgresCatalog::open(url, catalog));
                Truth::Shared(Arc::new(opening.await?))
            }
        };
        Ok(Self { path: path.to_owned(), catalog, vectors: vectors.clone(), _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the indexes of a vector space lie.
    pub fn index_folder(&self, fingerprint: &str) -> PathBuf {
        self.path.join(format!("index-{fingerprint}"))
    }

    pub fn catalog(&self) -> Arc<dyn Catalog> {
        match &self.catalog {
            Truth::File(catalog) => Arc::clone(catalog) as Arc<dyn Catalog>,
            Truth::Shared(catalog) => Arc::clone(catalog) as Arc<dyn Catalog>,
        }
    }

    /// The catalog, when other processes share it.
    pub fn shared(&self) -> Option<Arc<PostgresCatalog>> {
        match &self.catalog {
            Truth::File(_) => None,
            Truth::Shared(catalog) => Some(Arc::clone(catalog)),
        }
    }

    /// The right to write, for a command that wants to publish now: with a shared catalog its writer's
    /// place, to be held as long as is written; else `None`, because the folder's owner may write.
    ///
    /// # Errors
    /// [`CatalogError::NotWriter`](crate::catalog::CatalogError::NotWriter) naming the process that
    /// has the place.
    pub async fn right_to_write(&self) -> Result<Option<WriterLock>, PublishError> {
        let Truth::Shared(catalog) = &self.catalog else { return Ok(None) };
        match catalog.try_lead().await? {
            Some(lock) => Ok(Some(lock)),
            None => Err(catalog.not_writer().await?.into()),
        }
    }

    /// Opens (or makes, empty) the indexes of the vector space `identity`.
    ///
    /// # Errors
    /// When an index folder does not open; it is never deleted or replaced from here.
    pub async fn indexes(
        &self,
        identity: &EmbedderIdentity,
        settings: &KeywordSettings,
    ) -> Result<Indexes, PublishError> {
        let folder = self.index_folder(&identity.fingerprint);
        let dimensions = identity.dimensions;
        let settings = settings.clone();
        let here = !self.vectors.has_server();
        private::folder(&folder).map_err(|e| PublishError::DataFolder {
            folder: self.path.display().to_string(),
            reason: format!("{e}; it must be a folder that this user may write"),
        })?;
        let (keyword, vectors) = tokio::task::spawn_blocking(move || {
            let keyword = KeywordIndex::open_or_create(&folder.join("keyword"), &settings)?;
            let vectors = || EdgeIndex::open_or_create(&folder.join("vectors"), dimensions);
            Ok::<_, PublishError>((keyword, here.then(vectors).transpose()?))
        })
        .await
        .map_err(|e| PublishError::DataFolder {
            folder: self.path.display().to_string(),
            reason: format!("opening the indexes failed: {e}"),
        })??;
        let vectors: Arc<dyn VectorIndex> = match vectors {
            Some(here) => Arc::new(here),
            None => {
                let opening = ServerIndex::open(&self.vectors, &identity.fingerprint, dimensions);
                Arc::new(Box::pin(opening).await?)
            }
        };
        Ok(Indexes {
            keyword: Arc::new(keyword),
            vectors,
            fingerprint: identity.fingerprint.clone(),
            open: Arc::default(),
        })
    }

    /// Indexes of the vector space `identity` whose folder should be there and is not.
    pub fn absent(&self, identity: &EmbedderIdentity) -> Vec<Place> {
        let folder = self.index_folder(&identity.fingerprint);
        let here = !self.vectors.has_server();
        [("keyword", Place::Keyword, true), ("vectors", Place::Vectors, here)]
            .into_iter()
            .filter(|(name, _, wanted)| *wanted && !folder.join(name).is_dir())
            .map(|(_, place, _)| place)
            .collect()
    }

    /// Moves the index that `error` (from [`DataFolder::indexes`]) is about out of the way, so that a
    /// fresh one can be filled from the catalog. Gives the name it has now; `None` when the error
    /// is about something else. Nothing is deleted.
    ///
    /// # Errors
    /// When the folder cannot be renamed.
    pub fn set_aside(
        &self,
        identity: &EmbedderIdentity,
        error: &PublishError,
    ) -> Result<Option<PathBuf>, PublishError> {
        let name = match error.unusable_index() {
            Some(Place::Keyword) => "keyword",
            Some(Place::Vectors) => "vectors",
            _ => return Ok(None),
        };
        let parent = self.index_folder(&identity.fingerprint);
        let aside = (1..)
            .map(|n| parent.join(format!("{name}.unusable-{n}")))
            .find(|folder| !folder.exists())
            .unwrap_or_else(|| parent.join(format!("{name}.unusable")));
        fs_err::rename(parent.join(name), &aside).map_err(|e| PublishError::DataFolder {
            folder: self.path.display().to_string(),
            reason: e.to_string(),
        })?;
        Ok(Some(aside))
    }

    /// Closes the database connections; the lock goes when the value is dropped.
    pub async fn close(&self) {
        match &self.catalog {
            Truth::File(catalog) => catalog.close().await,
            Truth::Shared(catalog) => catalog.close().await,
        }
    }
}
