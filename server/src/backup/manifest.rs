//! What a backup may hold: a closed list, so that an archive cannot name a file anywhere else.

use indexer::catalog::{self, CatalogCopy};
use serde::{Deserialize, Serialize};

use crate::store;

/// Raised when an older program cannot restore what this one writes.
pub(super) const FORMAT: u32 = 3;
/// The first entry of an archive.
pub(super) const MANIFEST: &str = "manifest.json";
/// A manifest is a few kilobytes.
pub(super) const MAX_MANIFEST: u64 = 1 << 20;
pub(super) const CATALOG: &str = "catalog.sqlite";
pub(super) const CONVERSATIONS: &str = "conversations.sqlite";
/// The tables of a catalog in Postgres lie here.
pub(super) const CATALOG_TABLES: &str = "catalog";
/// The tables of conversations and of the privacy side in Postgres.
pub(super) const STORE_TABLES: &str = "store";
pub(super) const MASTER_KEY: &str = "keys/master.key";

/// Databases of a data folder, each copied as it stood at one commit. In this order: words name
/// originals, so the originals are copied after them.
pub(super) const DATABASES: [&str; 3] = [CATALOG, CONVERSATIONS, "privacy.sqlite"];
/// Other files that cannot be made again.
pub(super) const FILES: [&str; 4] =
    ["visitor.key", "confidence.toml", "keys/signing.key", "keys/signing.pub"];

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// Version of the program that wrote it.
    pub program: String,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// Where the catalog was.
    pub catalog: Place,
    /// Where conversations were, and what is kept with them.
    pub conversations: Place,
    /// The live generation, and what is live in it.
    pub index_generation: u64,
    pub documents: u64,
    pub passages: u64,
    /// Whether there are sealed originals, whose keys are backed up apart.
    pub keys: bool,
    pub files: Vec<Entry>,
}

/// Where something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    Sqlite,
    Postgres,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub name: String,
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
}

impl Manifest {
    pub(super) fn held(&self) -> CatalogCopy {
        let Self { index_generation: generation, documents, passages, .. } = *self;
        CatalogCopy { generation, documents, passages }
    }

    /// Tells this archive from every other: the names and checksums of its files.
    pub(super) fn fingerprint(&self) -> String {
        self.files.iter().map(|f| format!("{} {}\n", f.name, f.sha256)).collect()
    }

    /// # Errors
    /// Saying what is missing, or there and unknown.
    pub(super) fn check(&self) -> Result<(), String> {
        let has = |name: &str| self.files.iter().any(|f| f.name == name);
        if let Some(entry) = self.files.iter().find(|f| !is_known(&f.name)) {
            return Err(format!("it holds {:?}, which is no part of a backup", entry.name));
        }
        let mut wanted: Vec<String> = match self.catalog {
            Place::Sqlite => vec![CATALOG.to_owned()],
            Place::Postgres => in_folder(CATALOG_TABLES, catalog::copied_tables()).collect(),
        };
        if self.conversations == Place::Postgres {
            wanted.extend(in_folder(STORE_TABLES, store::copied_tables()));
        }
        match wanted.into_iter().find(|name| !has(name)) {
            Some(name) => Err(format!("it holds no {name}")),
            None => Ok(()),
        }
    }
}

/// Names of the tables' files in an archive.
pub(super) fn table_files() -> impl Iterator<Item = String> {
    in_folder(CATALOG_TABLES, catalog::copied_tables())
        .chain(in_folder(STORE_TABLES, store::copied_tables()))
}

fn in_folder(
    folder: &'static str,
    files: impl Iterator<Item = String>,
) -> impl Iterator<Item = String> {
    files.map(move |file| format!("{folder}/{file}"))
}

pub(super) fn is_database(name: &str) -> bool {
    DATABASES.contains(&name)
}

fn is_known(name: &str) -> bool {
    is_database(name)
        || FILES.contains(&name)
        || name == MASTER_KEY
        || table_files().any(|table| table == name)
}
