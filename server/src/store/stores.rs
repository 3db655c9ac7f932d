//! Opens what is kept of conversations, in files of the data folder or in a shared database. Whoever needs
//! a room asks here for it and does not learn which of the two it is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexer::private;
use zeroize::Zeroizing;

use super::audit::AuditRows;
use super::figures::FiguresStore;
use super::outbox::Outbox;
use super::personal::PersonalData;
use super::sqlite::{KEYS_FILE, KeyFile, PrivacyFile, STORE_FILE, SqliteAudit, SqliteStore};
use super::vault::{KEYS_FOLDER, KeyRows, SealedRows, Vault, VaultStoreError};
use super::{
    ConversationSettings, ConversationStore, Duties, PostgresStore, PrivacyRecords, StoreError,
};

/// Everything that is kept, open.
#[derive(Clone)]
pub struct Stores {
    place: Place,
}

#[derive(Clone)]
enum Place {
    Files { store: Arc<SqliteStore>, data: PathBuf },
    Shared(Arc<PostgresStore>),
}

/// The rooms of the privacy side.
pub struct PrivacySide {
    pub records: Arc<dyn PrivacyRecords>,
    pub sealed: Arc<dyn SealedRows>,
    pub keys: Arc<dyn KeyRows>,
    pub audit: Arc<dyn AuditRows>,
}

/// What receipts call the stores, and what may be left in them for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreNames {
    pub conversations: &'static str,
    pub privacy: &'static str,
    pub keys: &'static str,
    /// What is left where not everything was written anew at once, and until when.
    pub remains: (&'static str, &'static str),
    /// Whether that is left however thoroughly the tables are written anew: a log holds it, too.
    pub always_remains: bool,
    /// What back-ups still hold, and why that is nothing.
    pub backups: &'static str,
}

const FILES: StoreNames = StoreNames {
    conversations: "conversations.sqlite",
    privacy: "privacy.sqlite",
    keys: "keys/keys.sqlite",
    remains: (
        "remains in unused parts of large database files",
        "overwritten by the daily task, because writing the file anew takes longer than a request",
    ),
    always_remains: false,
    backups: "their originals are unreadable without the destroyed key; their redacted text is erased when they are restored",
};

const SHARED: StoreNames = StoreNames {
    conversations: "database (conv_*)",
    privacy: "database (privacy_*)",
    keys: "database (keys_*)",
    remains: (
        "redacted text and the sealed key in unused parts of the database's files and in its write-ahead log",
        "overwritten when the database uses the space again",
    ),
    always_remains: true,
    backups: "their originals are unreadable without the destroyed key, which is in no back-up that leaves keys_* out; copies of the whole server's files lose it when the master key is rotated; their redacted text is erased when they are restored",
};

impl Stores {
    /// Opens the database that `settings` names, or the files of `data`, making what is missing.
    ///
    /// # Errors
    /// [`StoreError::Open`] naming the place, what is wrong, and what to do.
    pub async fn open(data: &Path, settings: &ConversationSettings) -> Result<Self, StoreError> {
        match settings.server() {
            Some(url) => {
                let shared = PostgresStore::open(url, settings).await?;
                Ok(Self { place: Place::Shared(Arc::new(shared)) })
            }
            None => {
                let store = SqliteStore::open(&data.join(STORE_FILE)).await?;
                Ok(Self::in_files(Arc::new(store), data))
            }
        }
    }

    /// The same for commands that work on what a server has stored: files are not made.
    ///
    /// # Errors
    /// [`StoreError::Open`].
    pub async fn open_present(
        data: &Path,
        settings: &ConversationSettings,
    ) -> Result<Self, StoreError> {
        let file = data.join(STORE_FILE);
        if settings.server().is_none() && !file.is_file() {
            return Err(StoreError::Open {
                location: file.display().to_string(),
                reason:
                    "there is no such file; name the data folder of the server with --data, or \
                         its database with --config"
                        .to_owned(),
            });
        }
        Self::open(data, settings).await
    }

    /// Over a store of the data folder `data` that is open already.
    pub fn in_files(store: Arc<SqliteStore>, data: &Path) -> Self {
        Self { place: Place::Files { store, data: data.to_owned() } }
    }

    /// The database, when several processes share it.
    pub fn shared(&self) -> Option<&Arc<PostgresStore>> {
        match &self.place {
            Place::Files { .. } => None,
            Place::Shared(shared) => Some(shared),
        }
    }

    pub fn names(&self) -> &'static StoreNames {
        match &self.place {
            Place::Files { .. } => &FILES,
            Place::Shared(_) => &SHARED,
        }
    }

    pub fn conversations(&self) -> Arc<dyn ConversationStore> {
        match &self.place {
            Place::Files { store, .. } => store.clone(),
            Place::Shared(shared) => shared.clone(),
        }
    }

    pub fn outbox(&self) -> Arc<dyn Outbox> {
        match &self.place {
            Place::Files { store, .. } => store.clone(),
            Place::Shared(shared) => shared.clone(),
        }
    }

    pub fn figures(&self) -> Arc<dyn FiguresStore> {
        match &self.place {
            Place::Files { store, .. } => store.clone(),
            Place::Shared(shared) => shared.clone(),
        }
    }

    pub fn personal(&self) -> Arc<dyn PersonalData> {
        match &self.place {
            Place::Files { store, .. } => store.clone(),
            Place::Shared(shared) => shared.clone(),
        }
    }

    pub fn duties(&self) -> Arc<dyn Duties> {
        match &self.place {
            Place::Files { store, .. } => store.clone(),
            Place::Shared(shared) => shared.clone(),
        }
    }

    /// Opens the rooms of the privacy side.
    ///
    /// # Errors
    /// [`StoreError::Open`].
    pub async fn privacy_side(&self) -> Result<PrivacySide, StoreError> {
        Ok(match &self.place {
            Place::Files { data, .. } => {
                let file = Arc::new(PrivacyFile::open(data).await?);
                let folder = data.join(KEYS_FOLDER);
                private::folder(&folder).map_err(|e| StoreError::Open {
                    location: folder.display().to_string(),
                    reason: e.to_string(),
                })?;
                let keys = KeyFile::open(&folder.join(KEYS_FILE)).await?;
                let audit = Arc::new(SqliteAudit::new(&file, &keys));
                PrivacySide { records: file.clone(), sealed: file, keys: Arc::new(keys), audit }
            }
            Place::Shared(shared) => PrivacySide {
                records: shared.clone(),
                sealed: shared.clone(),
                keys: shared.clone(),
                audit: shared.clone(),
            },
        })
    }

    /// A secret of the installation that all processes share through the database, sealed by the master
    /// key; `fresh` becomes it where there is none. `None` for files: there it is a file of its own.
    ///
    /// # Errors
    /// [`VaultStoreError`].
    pub async fn own_secret(
        &self,
        vault: &Vault,
        name: &str,
        fresh: impl FnOnce() -> Zeroizing<String> + Send,
    ) -> Result<Option<Zeroizing<String>>, VaultStoreError> {
        let Place::Shared(shared) = &self.place else { return Ok(None) };
        let sealed = match shared.secret(name).await? {
            Some(sealed) => sealed,
            None => {
                let sealed = vault.seal_own(name, &fresh()).await?;
                shared.add_secret(name, sealed).await?
            }
        };
        Ok(Some(vault.open_own(name, &sealed).await?))
    }

    /// Closes the connections; pending writes are done.
    pub async fn close(&self) {
        match &self.place {
            Place::Files { store, .. } => store.close().await,
            Place::Shared(shared) => shared.close().await,
        }
    }
}
