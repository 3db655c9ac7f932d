//! A data folder has one owner at a time: an operating-system lock on `lock` in the folder. The
//! system drops it when the process ends, however it ends.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::PublishError;
use crate::patience::patiently;

/// Held for as long as the data folder is used.
#[derive(Debug)]
pub(super) struct DataLock {
    _file: File,
}

impl DataLock {
    /// Takes the lock; an owner that keeps it for a second is an error.
    pub(super) fn take(folder: &Path) -> Result<Self, PublishError> {
        let failed = |e: std::io::Error| PublishError::DataFolder {
            folder: folder.display().to_string(),
            reason: format!("{e}; it must be a folder that this user may write"),
        };
        let mut file = fs_err::OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(folder.join("lock"))
            .map_err(failed)?
            .into_parts()
            .0;
        let busy = |e: &TryLockError| matches!(e, TryLockError::WouldBlock);
        match patiently(|| file.try_lock(), busy) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                let _ = file.read_to_string(&mut owner);
                let owner = owner.trim();
                let owner =
                    if owner.is_empty() { String::new() } else { format!(" (process {owner})") };
                return Err(PublishError::InUse { folder: folder.display().to_string(), owner });
            }
            Err(TryLockError::Error(e)) => return Err(failed(e)),
        }
        // The number is for people; the lock itself is what counts.
        let _ = file.set_len(0);
        let _ = file.rewind();
        let _ = write!(file, "{}", std::process::id());
        Ok(Self { _file: file })
    }
}

/// Passes when no process works on the data folder, which need not be one.
///
/// # Errors
/// [`PublishError::InUse`] naming the owner.
pub fn refuse_in_use(folder: &Path) -> Result<(), PublishError> {
    if folder.join("lock").exists() { DataLock::take(folder).map(drop) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_owner_and_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataLock::take(folder.path()).unwrap();
        let error = DataLock::take(folder.path()).unwrap_err().to_string();
        assert!(error.contains(&std::process::id().to_string()), "{error}");
        drop(first);
        DataLock::take(folder.path()).unwrap();
    }
}
