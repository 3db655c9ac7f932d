//! What a backup must not do: overwrite, trust, or leave halves.

use indexer::publish::DataFolder;

use super::*;

/// A data folder with an empty catalog, and a backup of it.
async fn backed_up() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let open = DataFolder::open(&data).await.unwrap();
    let file = folder.path().join("b.tar");
    // Its owner has it open.
    backup(&data, &file).await.unwrap();
    open.close().await;
    (folder, file)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs_err::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_restored_folder_opens_and_nothing_half_done_is_left() {
    let (folder, file) = backed_up().await;
    let data = folder.path().join("restored");
    let manifest = restore(&file, &data).await.unwrap();
    assert_eq!(manifest.files.len(), 1);
    assert_eq!(names(&data), [CATALOG]);
    assert_eq!(names(folder.path()), ["b.tar", "data", "restored"]);
    DataFolder::open(&data).await.unwrap();
    // An empty folder is taken, too.
    let empty = folder.path().join("empty");
    fs_err::create_dir(&empty).unwrap();
    restore(&file, &empty).await.unwrap();
    assert_eq!(names(&empty), [CATALOG]);
}

#[tokio::test]
async fn nothing_is_overwritten() {
    let (folder, file) = backed_up().await;
    let data = folder.path().join("data");
    let error = backup(&data, &file).await.unwrap_err().to_string();
    assert!(error.contains("exists already") && error.contains("--to"), "{error}");
    let error = restore(&file, &data).await.unwrap_err().to_string();
    assert!(error.contains("not empty"), "{error}");
    let error = backup(folder.path(), &folder.path().join("c.tar")).await.unwrap_err().to_string();
    assert!(error.contains("--data"), "{error}");
    assert_eq!(names(folder.path()), ["b.tar", "data"]);
}

#[tokio::test]
async fn a_damaged_backup_changes_nothing() {
    let (folder, file) = backed_up().await;
    let whole = fs_err::read(&file).unwrap();
    let data = folder.path().join("restored");
    let bad = folder.path().join("bad.tar");
    for at in [10, 600, whole.len() / 2, whole.len() - 1500] {
        let mut changed = whole.clone();
        changed[at] ^= 0x15;
        fs_err::write(&bad, changed).unwrap();
        assert!(restore(&bad, &data).await.is_err(), "byte {at}");
        assert!(!data.exists(), "byte {at}");
    }
    for length in [0, 512, 1024, whole.len() / 2, whole.len() - 1025] {
        fs_err::write(&bad, &whole[..length]).unwrap();
        assert!(restore(&bad, &data).await.is_err(), "{length} bytes");
        assert!(!data.exists(), "{length} bytes");
    }
    assert_eq!(names(folder.path()), ["b.tar", "bad.tar", "data"]);
}

/// An archive with this manifest and these entries.
fn archive(file: &Path, manifest: &serde_json::Value, entries: &[(&str, &[u8])]) {
    let mut tar = tar::Writer::new(fs_err::File::create(file).unwrap());
    let text = serde_json::to_vec(manifest).unwrap();
    tar.add(MANIFEST, text.len() as u64, &mut text.as_slice()).unwrap();
    for (name, content) in entries {
        tar.add(name, content.len() as u64, &mut &**content).unwrap();
    }
    tar.finish().unwrap();
}

#[tokio::test]
async fn a_backup_of_a_newer_program_or_with_foreign_names_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (file, data) = (folder.path().join("x.tar"), folder.path().join("data"));
    archive(&file, &serde_json::json!({ "format": 2, "program": "9.9.9" }), &[]);
    let error = format!("{:#}", restore(&file, &data).await.unwrap_err());
    assert!(error.contains("9.9.9"), "{error}");
    for name in ["../evil.sqlite", "/evil.sqlite", "a/b.sqlite", ".sqlite", "evil.txt"] {
        let entry = |name: &str| serde_json::json!({ "name": name, "bytes": 1, "sha256": "00" });
        let manifest = serde_json::json!({
            "format": 1, "program": "0.1.0", "created_at": "", "index_generation": 0,
            "documents": 0, "passages": 0, "files": [entry(CATALOG), entry(name)],
        });
        archive(&file, &manifest, &[(name, b"x")]);
        assert!(restore(&file, &data).await.is_err(), "{name}");
        assert_eq!(names(folder.path()), ["x.tar"], "{name}");
    }
}
