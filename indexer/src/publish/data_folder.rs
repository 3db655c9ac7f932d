//! The data folder: lock, catalog, and one index folder for each vector space.
//!
//! ```text
//! data/lock                      one owner at a time
//! data/catalog.sqlite            the truth
//! data/index-<fingerprint>/      caches: keyword/ (tantivy), vectors/ (qdrant-edge), space.json
//! ```

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use super::lock::DataLock;
use super::{Place, PublishError};
use crate::catalog::{Catalog, SqliteCatalog};
use crate::embed::EmbedderIdentity;
use crate::keyword::{KeywordIndex, KeywordSettings};
use crate::vector::{EdgeIndex, VectorIndex};

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
    catalog: Arc<SqliteCatalog>,
    _lock: DataLock,
}

impl DataFolder {
    /// Takes the lock and opens the catalog, making both where the folder is new.
    ///
    /// # Errors
    /// [`PublishError::InUse`] when another process owns the folder, [`PublishError::DataFolder`]
    /// when it cannot be written, [`PublishError::Catalog`] when the catalog does not open.
    pub async fn open(path: &Path) -> Result<Self, PublishError> {
        fs_err::create_dir_all(path).map_err(|e| PublishError::DataFolder {
            folder: path.display().to_string(),
            reason: format!("{e}; it must be a folder that this user may write"),
        })?;
        let lock = DataLock::take(path)?;
        let catalog = SqliteCatalog::open(&path.join(CATALOG_FILE)).await?;
        Ok(Self { path: path.to_owned(), catalog: Arc::new(catalog), _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the indexes of a vector space lie.
    pub fn index_folder(&self, fingerprint: &str) -> PathBuf {
        self.path.join(format!("index-{fingerprint}"))
    }

    pub fn catalog(&self) -> Arc<dyn Catalog> {
        Arc::clone(&self.catalog) as Arc<dyn Catalog>
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
        let (keyword, vectors) = tokio::task::spawn_blocking(move || {
            let keyword = KeywordIndex::open_or_create(&folder.join("keyword"), &settings)?;
            let vectors = EdgeIndex::open_or_create(&folder.join("vectors"), dimensions)?;
            Ok::<_, PublishError>((keyword, vectors))
        })
        .await
        .map_err(|e| PublishError::DataFolder {
            folder: self.path.display().to_string(),
            reason: format!("opening the indexes failed: {e}"),
        })??;
        Ok(Indexes {
            keyword: Arc::new(keyword),
            vectors: Arc::new(vectors),
            fingerprint: identity.fingerprint.clone(),
            open: Arc::default(),
        })
    }

    /// Indexes of the vector space `identity` whose folder is not there.
    pub fn absent(&self, identity: &EmbedderIdentity) -> Vec<Place> {
        let folder = self.index_folder(&identity.fingerprint);
        [("keyword", Place::Keyword), ("vectors", Place::Vectors)]
            .into_iter()
            .filter(|(name, _)| !folder.join(name).is_dir())
            .map(|(_, place)| place)
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
        self.catalog.close().await;
    }
}
