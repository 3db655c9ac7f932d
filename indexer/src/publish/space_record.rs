//! What made an index: `index-<fingerprint>/space.json`.
//!
//! Names the model and the settings of a vector space, so that a process that is configured for
//! another model can load the old one and answer with it while the new index is being built. Not a
//! truth: where the file is missing or of another version, the old model counts as lost and searches
//! go by keyword meanwhile. Written by whoever opens a space with its embedder.

use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{DataFolder, PublishError};
use crate::embed::{EmbedderIdentity, EmbedderSettings};

const FILE: &str = "space.json";

/// A vector space and how to embed into it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpaceRecord {
    pub identity: EmbedderIdentity,
    pub settings: EmbedderSettings,
}

impl DataFolder {
    /// Keeps what makes the space, for a later start under another configuration.
    ///
    /// # Errors
    /// When the folder of the space cannot be written.
    pub fn remember(&self, record: &SpaceRecord) -> Result<(), PublishError> {
        let fingerprint = &record.identity.fingerprint;
        if self.recall(fingerprint).as_ref() == Some(record) {
            return Ok(());
        }
        let folder = self.index_folder(fingerprint);
        write(&folder, record).map_err(|e| PublishError::DataFolder {
            folder: self.path().display().to_string(),
            reason: e.to_string(),
        })
    }

    /// What made the space, as far as it is known.
    pub fn recall(&self, fingerprint: &str) -> Option<SpaceRecord> {
        let text = fs_err::read(self.index_folder(fingerprint).join(FILE)).ok()?;
        let record: SpaceRecord = serde_json::from_slice(&text).ok()?;
        (record.identity.fingerprint == fingerprint).then_some(record)
    }
}

/// Whole or not at all.
fn write(folder: &Path, record: &SpaceRecord) -> std::io::Result<()> {
    fs_err::create_dir_all(folder)?;
    let draft = folder.join("space.json.new");
    let mut file = fs_err::File::create(&draft)?;
    file.write_all(&serde_json::to_vec_pretty(record)?)?;
    file.sync_all()?;
    fs_err::rename(draft, folder.join(FILE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_space_is_remembered_and_a_record_of_another_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(folder.path()).await.unwrap();
        let identity = EmbedderIdentity {
            name: "a".to_owned(),
            dimensions: 4,
            fingerprint: "0123456789abcdef".to_owned(),
        };
        let record = SpaceRecord { identity, settings: EmbedderSettings::default() };
        assert_eq!(data.recall("0123456789abcdef"), None);
        data.remember(&record).unwrap();
        assert_eq!(data.recall("0123456789abcdef"), Some(record));
        let other = data.index_folder("fedcba9876543210");
        fs_err::create_dir(&other).unwrap();
        fs_err::copy(data.index_folder("0123456789abcdef").join(FILE), other.join(FILE)).unwrap();
        assert_eq!(data.recall("fedcba9876543210"), None);
        fs_err::write(other.join(FILE), "{}").unwrap();
        assert_eq!(data.recall("fedcba9876543210"), None);
    }
}
