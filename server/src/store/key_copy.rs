//! Everything of the sealed data keys as one value, on its way between a database and the key file that a
//! back-up keeps beside its archive. Called by `backup`.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::sqlite::KeyFile;
use super::vault::KeyRows;
use super::{PostgresStore, StoreError};

/// What the tables of keys hold. Times are milliseconds since 1970, conversations as they are written there.
#[derive(Debug, Default)]
pub(super) struct KeyCopy {
    /// Id of the master key that seals new data keys, and since when.
    pub(super) master: Option<(String, i64)>,
    /// Conversation, master key, sealed key, time.
    pub(super) data: Vec<(String, String, Vec<u8>, i64)>,
    pub(super) erased: Vec<(String, i64)>,
    /// How far the audit log had come: number and hash.
    pub(super) audit_mark: Option<(i64, String)>,
    /// Names and sealed secrets of the installation.
    pub(super) secrets: Vec<(String, Vec<u8>)>,
}

impl KeyCopy {
    /// Tells this copy with the archive `archive` from every other. Of the keys whose they are, not what is
    /// sealed: another order of master keys seals them anew.
    pub(super) fn fingerprint(&self, archive: &str) -> String {
        let keys = self.data.iter().map(|(conversation, ..)| format!("key {conversation}"));
        let erased = self.erased.iter().map(|(conversation, _)| format!("erased {conversation}"));
        let mark = self.audit_mark.iter().map(|(seq, hash)| format!("audit {seq} {hash}"));
        let mut lines: Vec<String> = keys.chain(erased).chain(mark).collect();
        lines.sort_unstable();
        let whole = Sha256::digest(format!("{archive}\n{}", lines.join("\n")));
        whole.iter().map(|b| format!("{b:02x}")).collect()
    }

    /// What a key file holds.
    pub(super) async fn of(file: &Path) -> Result<Self, StoreError> {
        let file = KeyFile::open(file).await?;
        let copy = file.copy().await;
        file.close().await;
        copy
    }
}

impl PostgresStore {
    /// Writes the sealed keys of the database into a new key file.
    ///
    /// # Errors
    /// When the database or the file fails.
    pub async fn keys_to(&self, file: &Path) -> Result<(), StoreError> {
        let copy = self.key_copy().await?;
        let file = KeyFile::open(file).await?;
        let filled = file.fill(&copy).await;
        file.close().await;
        filled
    }
}
