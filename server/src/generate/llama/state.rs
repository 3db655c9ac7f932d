//! Keeps the computed system prompt on disk, so that a restart need not compute it again.
//!
//! Called by `worker`. A file is used only when model, settings and tokens are those it was made with (they name it) and its
//! content is what was written (a checksum lies beside it): llama.cpp would take damaged numbers for good ones.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::request::Token;
use super::settings::EngineSettings;

/// Changes when the meaning of the files does, with llama.cpp too.
const FORMAT: &str = "1 llama-cpp-2 0.1.160";

/// See the module's documentation.
pub(super) struct StateStore {
    folder: PathBuf,
    fingerprint: Vec<u8>,
}

impl StateStore {
    pub(super) fn new(folder: &Path, model: &Path, settings: &EngineSettings) -> Self {
        let mut hash = Sha256::new();
        hash.update(FORMAT);
        hash.update(model.as_os_str().as_encoded_bytes());
        if let Ok(metadata) = fs_err::metadata(model) {
            hash.update(metadata.len().to_le_bytes());
            let changed = metadata
                .modified()
                .ok()
                .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
            hash.update(changed.unwrap_or_default().as_nanos().to_le_bytes());
        }
        hash.update(format!(
            "{:?} {:?} {:?}",
            settings.kv_type_k, settings.kv_type_v, settings.flash_attention
        ));
        Self { folder: folder.to_path_buf(), fingerprint: hash.finalize().to_vec() }
    }

    /// The file with the state of these tokens, if there is one and it is whole.
    pub(super) fn usable(&self, tokens: &[Token]) -> Option<PathBuf> {
        let path = self.path(tokens);
        let expected = fs_err::read_to_string(checksum_path(&path)).ok()?;
        (expected == checksum(&path)?).then_some(path)
    }

    /// Lets `write` make the file. What went wrong is logged: without the file all is well but the next start slower.
    pub(super) fn save(&self, tokens: &[Token], write: impl FnOnce(&Path) -> bool) {
        let path = self.path(tokens);
        let partial = path.with_extension("part");
        let result = fs_err::create_dir_all(&self.folder).and_then(|()| {
            if !write(&partial) {
                return Err(std::io::Error::other("llama.cpp could not write the state"));
            }
            let sum = checksum(&partial)
                .ok_or_else(|| std::io::Error::other("the state cannot be read back"))?;
            self.drop_others();
            fs_err::rename(&partial, &path)?;
            fs_err::write(checksum_path(&path), sum)
        });
        if let Err(error) = result {
            tracing::warn!(%error, "the system prompt's state was not saved");
        }
    }

    /// States of other models or prompts are of no use any more.
    fn drop_others(&self) {
        let Ok(entries) = fs_err::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "kv" || extension == "sum") {
                // What cannot be deleted only takes room.
                let _ = fs_err::remove_file(path);
            }
        }
    }

    fn path(&self, tokens: &[Token]) -> PathBuf {
        let mut hash = Sha256::new();
        hash.update(&self.fingerprint);
        for token in tokens {
            hash.update(token.to_le_bytes());
        }
        self.folder.join(format!("{}.kv", hex(&hash.finalize()[..16])))
    }
}

fn checksum_path(path: &Path) -> PathBuf {
    path.with_extension("sum")
}

fn checksum(path: &Path) -> Option<String> {
    let mut file = fs_err::File::open(path).ok()?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match std::io::Read::read(&mut file, &mut buffer).ok()? {
            0 => return Some(hex(&hash.finalize())),
            read => hash.update(&buffer[..read]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(folder: &Path, settings: &EngineSettings) -> StateStore {
        StateStore::new(folder, Path::new("model.gguf"), settings)
    }

    fn write(content: &'static str) -> impl FnOnce(&Path) -> bool {
        move |path| fs_err::write(path, content).is_ok()
    }

    #[test]
    fn a_state_is_found_again_by_its_tokens_and_settings_only() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let settings = EngineSettings::default();
        store(folder.path(), &settings).save(&[1, 2, 3], write("state"));
        let path = store(folder.path(), &settings).usable(&[1, 2, 3]).expect("saved");
        assert_eq!(fs_err::read_to_string(path).expect("readable"), "state");
        assert!(store(folder.path(), &settings).usable(&[1, 2]).is_none());
        let other = EngineSettings { kv_type_k: super::super::settings::KvType::Q8_0, ..settings };
        assert!(store(folder.path(), &other).usable(&[1, 2, 3]).is_none());
    }

    #[test]
    fn a_damaged_state_is_not_used() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let store = store(folder.path(), &EngineSettings::default());
        store.save(&[1], write("state"));
        let path = store.usable(&[1]).expect("saved");
        fs_err::write(path, "stats").expect("writable");
        assert!(store.usable(&[1]).is_none());
    }

    #[test]
    fn a_new_state_replaces_the_old_and_a_failed_one_does_not() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let store = store(folder.path(), &EngineSettings::default());
        store.save(&[1], write("one"));
        store.save(&[2], |_| false);
        assert!(store.usable(&[1]).is_some());
        store.save(&[2], write("two"));
        assert!(store.usable(&[1]).is_none());
        assert!(store.usable(&[2]).is_some());
    }
}
