//! Is every file of the last commit what was written? The engine ends each file with a checksum and
//! never looks at it again: a damaged file opens, and searches fail or panic later.
//!
//! Called when an index is opened, and by `verify` of one that is open. Reads every file once, about a
//! second for each gigabyte. `meta.json` has no checksum; what is wrong there is found by opening.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use tantivy::directory::error::OpenReadError;
use tantivy::{Index, TantivyError};

use super::KeywordError;

/// How often a file that is gone is taken for one that was merged away a moment ago.
const AGAIN: usize = 3;

/// Compares every file of the last commit with its checksum. Changes nothing.
///
/// # Errors
/// [`KeywordError::Unusable`] naming the files that are not what was written.
pub(super) fn check(index: &Index, folder: &Path) -> Result<(), KeywordError> {
    guarded(folder, || {
        for _ in 0..AGAIN {
            let found = index.validate_checksum();
            if !matches!(
                found,
                Err(TantivyError::OpenReadError(OpenReadError::FileDoesNotExist(_)))
            ) {
                return judged(found, folder);
            }
        }
        judged(index.validate_checksum(), folder)
    })
}

fn judged(found: tantivy::Result<HashSet<PathBuf>>, folder: &Path) -> Result<(), KeywordError> {
    let damaged = found.map_err(|e| KeywordError::unusable(folder, e))?;
    if damaged.is_empty() {
        return Ok(());
    }
    let mut names: Vec<String> = damaged.iter().map(|file| file.display().to_string()).collect();
    names.sort();
    let reason = format!("damaged on the disk, by their checksums: {}", names.join(", "));
    Err(KeywordError::unusable(folder, reason))
}

/// Does `work`, which reads files that may be damaged: the engine panics over some of what it finds.
pub(super) fn guarded<T>(
    folder: &Path,
    work: impl FnOnce() -> Result<T, KeywordError>,
) -> Result<T, KeywordError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let said = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("for no reason that it gave");
        Err(KeywordError::unusable(folder, format!("the engine panicked: {said}")))
    })
}

#[cfg(test)]
mod tests {
    use tantivy::TantivyDocument;
    use tantivy::schema::{Schema, TEXT};

    use super::*;

    /// A small index, closed.
    fn built(folder: &Path) {
        let mut schema = Schema::builder();
        let text = schema.add_text_field("text", TEXT);
        let index = Index::create_in_dir(folder, schema.build()).unwrap();
        let mut writer = index.writer_with_num_threads(1, 15_000_000).unwrap();
        for word in ["tent", "boot", "stove"] {
            let mut document = TantivyDocument::default();
            document.add_text(text, word);
            writer.add_document(document).unwrap();
        }
        writer.commit().unwrap();
        writer.wait_merging_threads().unwrap();
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        fs_err::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    #[test]
    fn one_bit_of_any_file_is_found_and_the_file_is_named() {
        let mut seen = 0;
        for ending in ["term", "idx", "pos", "store", "fast", "fieldnorm"] {
            let folder = tempfile::tempdir().unwrap();
            built(folder.path());
            let index = Index::open_in_dir(folder.path()).unwrap();
            check(&index, folder.path()).unwrap();
            drop(index);
            for file in files(folder.path()) {
                if file.extension().is_none_or(|e| e != ending) {
                    continue;
                }
                seen += 1;
                let mut bytes = fs_err::read(&file).unwrap();
                bytes[0] ^= 1;
                fs_err::write(&file, bytes).unwrap();
                let index = Index::open_in_dir(folder.path()).unwrap();
                let error = check(&index, folder.path()).unwrap_err();
                assert!(matches!(error, KeywordError::Unusable { .. }), "{error}");
                let name = file.file_name().unwrap().to_string_lossy().into_owned();
                assert!(error.to_string().contains(&name), "{name}: {error}");
                assert!(error.to_string().contains("verify --repair"), "{error}");
            }
        }
        assert!(seen >= 4, "only {seen} kinds of files");
    }

    #[test]
    fn a_file_that_was_cut_short_or_is_gone_is_damage() {
        for gone in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            built(folder.path());
            let index = Index::open_in_dir(folder.path()).unwrap();
            let term = files(folder.path())
                .into_iter()
                .find(|f| f.extension().is_some_and(|e| e == "term"))
                .unwrap();
            if gone {
                fs_err::remove_file(&term).unwrap();
            } else {
                fs_err::write(&term, "short").unwrap();
            }
            let error = check(&index, folder.path()).unwrap_err();
            assert!(matches!(error, KeywordError::Unusable { .. }), "gone {gone}: {error}");
        }
    }

    #[test]
    fn a_panic_of_the_engine_is_an_index_that_does_not_open() {
        let error = guarded(Path::new("a"), || -> Result<(), KeywordError> {
            panic!("range start index 9 out of range")
        })
        .unwrap_err();
        assert!(matches!(error, KeywordError::Unusable { .. }), "{error}");
        assert!(error.to_string().contains("out of range"), "{error}");
    }
}
