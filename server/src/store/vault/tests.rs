//! What the vault promises: originals come back to their conversation alone, never lie in clear, and are
//! gone with their key.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::privacy::{RedactionSettings, Redactor};

struct Fixture {
    folder: tempfile::TempDir,
    privacy: PrivacyFile,
    vault: Arc<Vault>,
    redactor: Redactor,
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (privacy, vault) = open(folder.path()).await;
        let redactor = Redactor::new(&RedactionSettings::default()).unwrap();
        Self { folder, privacy, vault: Arc::new(vault.unwrap()), redactor }
    }

    async fn redact(&self, id: Uuid, text: &str) -> Result<String, VaultStoreError> {
        let text = CustomerText::new(text);
        let redacted = self.vault.redact(&self.redactor, id, &text, Some("en")).await?;
        Ok(redacted.into_string())
    }

    async fn restored(&self, id: Uuid, text: &str) -> String {
        self.vault.restorer(id).await.unwrap().restore(text)
    }
}

async fn open(folder: &Path) -> (PrivacyFile, Result<Vault, VaultStoreError>) {
    let privacy = PrivacyFile::open(folder).await.unwrap();
    let vault = Vault::open(folder, &privacy, &VaultSettings::default()).await;
    (privacy, vault)
}

/// Every file of the folder that holds `needle`.
fn holders(folder: &Path, needle: &[u8]) -> Vec<String> {
    walk(folder)
        .into_iter()
        .filter(|file| {
            fs_err::read(file).unwrap().windows(needle.len()).any(|window| window == needle)
        })
        .map(|file| file.display().to_string())
        .collect()
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}

#[tokio::test]
async fn a_value_keeps_its_number_and_comes_back_to_its_conversation_alone() {
    let f = Fixture::new().await;
    let (id, other) = (Uuid::new_v4(), Uuid::new_v4());
    assert_eq!(f.redact(id, "I am anna@example.org").await.unwrap(), "I am [EMAIL_1]");
    assert_eq!(f.redact(id, "not berta@example.org").await.unwrap(), "not [EMAIL_2]");
    assert_eq!(f.redact(id, "write to ANNA@example.org").await.unwrap(), "write to [EMAIL_1]");
    assert_eq!(
        f.restored(id, "[EMAIL_2] and [EMAIL_1]").await,
        "berta@example.org and anna@example.org"
    );
    assert_eq!(f.restored(other, "[EMAIL_1]").await, "[EMAIL_1]");
    let original = f.vault.original(id, "[EMAIL_1]").await.unwrap().unwrap();
    assert_eq!(*original, "anna@example.org");
    assert!(f.vault.original(id, "[EMAIL_9]").await.unwrap().is_none());
}

#[tokio::test]
async fn no_file_of_the_data_folder_holds_an_original() {
    let f = Fixture::new().await;
    f.redact(Uuid::new_v4(), "I am canary@example.org").await.unwrap();
    assert_eq!(holders(f.folder.path(), b"canary@example.org"), Vec::<String>::new());
    assert!(!holders(f.folder.path(), b"[EMAIL_1]").is_empty(), "the search finds what is there");
}

#[tokio::test]
async fn what_is_stored_opens_after_a_restart() {
    let f = Fixture::new().await;
    let id = Uuid::new_v4();
    f.redact(id, "I am anna@example.org").await.unwrap();
    f.vault.close().await;
    let (_privacy, vault) = open(f.folder.path()).await;
    let restorer = vault.unwrap().restorer(id).await.unwrap();
    assert_eq!(restorer.restore("[EMAIL_1]"), "anna@example.org");
}

#[tokio::test]
async fn a_destroyed_conversation_is_gone_and_gets_no_key_again() {
    let f = Fixture::new().await;
    let id = Uuid::new_v4();
    f.redact(id, "I am anna@example.org, call +371 2612 3456").await.unwrap();
    let gone = f.vault.destroy(id, Timestamp::now()).await.unwrap();
    assert_eq!(gone, Destroyed { originals: 2, keys: 1 });
    assert_eq!(f.restored(id, "[EMAIL_1]").await, "[EMAIL_1]");
    let again = f.redact(id, "I am anna@example.org").await;
    assert!(matches!(again, Err(VaultStoreError::Erased)), "{again:?}");
    let twice = f.vault.destroy(id, Timestamp::now()).await.unwrap();
    assert_eq!(twice, Destroyed { originals: 0, keys: 0 });
}

#[tokio::test]
async fn a_back_up_with_the_newest_key_file_gives_nothing_of_what_was_erased() {
    let f = Fixture::new().await;
    let (erased, kept) = (Uuid::new_v4(), Uuid::new_v4());
    f.redact(erased, "I am anna@example.org").await.unwrap();
    f.redact(kept, "I am berta@example.org").await.unwrap();
    let backup = tempfile::tempdir().unwrap();
    f.privacy.close().await;
    fs_err::copy(f.folder.path().join("privacy.sqlite"), backup.path().join("privacy.sqlite"))
        .unwrap();
    let (_p, _v) = open(f.folder.path()).await;
    f.vault.keys.destroy(erased, Timestamp::now()).await.unwrap();
    f.vault.close().await;
    fs_err::create_dir_all(backup.path().join("keys")).unwrap();
    for name in ["keys/keys.sqlite", "keys/master.key"] {
        fs_err::copy(f.folder.path().join(name), backup.path().join(name)).unwrap();
    }
    let (_privacy, vault) = open(backup.path()).await;
    let vault = vault.unwrap();
    assert_eq!(vault.restorer(erased).await.unwrap().restore("[EMAIL_1]"), "[EMAIL_1]");
    assert_eq!(vault.restorer(kept).await.unwrap().restore("[EMAIL_1]"), "berta@example.org");
    assert_eq!(vault.keys.erased().await.unwrap(), vec![erased]);
}

#[tokio::test]
async fn rotation_changes_the_master_key_and_no_original() {
    let f = Fixture::new().await;
    let id = Uuid::new_v4();
    f.redact(id, "I am anna@example.org").await.unwrap();
    let before = fs_err::read_to_string(f.folder.path().join("keys/master.key")).unwrap();
    // A server that runs meanwhile has the old key in memory.
    let (_privacy, running) = open(f.folder.path()).await;
    let running = running.unwrap();
    let (_, sealed) = f.vault.rotate().await.unwrap();
    assert_eq!(sealed, 1);
    assert_ne!(fs_err::read_to_string(f.folder.path().join("keys/master.key")).unwrap(), before);
    assert_eq!(running.restorer(id).await.unwrap().restore("[EMAIL_1]"), "anna@example.org");
    let fresh = Uuid::new_v4();
    let text = CustomerText::new("I am berta@example.org");
    running.redact(&f.redactor, fresh, &text, None).await.unwrap();
    assert_eq!(f.restored(fresh, "[EMAIL_1]").await, "berta@example.org");
    // The old key opens nothing any more.
    fs_err::write(f.folder.path().join("keys/master.key"), before).unwrap();
    let (_privacy, with_old) = open(f.folder.path()).await;
    assert!(with_old.is_err());
}

#[tokio::test]
async fn a_lost_key_file_is_an_error_and_never_made_anew() {
    let f = Fixture::new().await;
    f.redact(Uuid::new_v4(), "I am anna@example.org").await.unwrap();
    fs_err::remove_file(f.folder.path().join("keys/master.key")).unwrap();
    let (_privacy, vault) = open(f.folder.path()).await;
    assert!(vault.is_err());
    assert!(!f.folder.path().join("keys/master.key").exists());
}

#[tokio::test]
async fn messages_at_once_never_give_one_number_to_two_values() {
    let f = Arc::new(Fixture::new().await);
    let id = Uuid::new_v4();
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..8 {
        let f = Arc::clone(&f);
        tasks.spawn(async move { f.redact(id, &format!("I am person{n}@example.org")).await });
    }
    let mut placeholders: Vec<String> =
        tasks.join_all().await.into_iter().map(|text| text.unwrap()).collect();
    placeholders.sort();
    placeholders.dedup();
    assert_eq!(placeholders.len(), 8);
}

#[tokio::test]
async fn the_time_of_originals_runs_from_their_last_use() {
    let f = Fixture::new().await;
    let id = Uuid::new_v4();
    f.redact(id, "I am anna@example.org").await.unwrap();
    let now = Timestamp::now();
    assert!(
        f.vault.older_than(now - jiff::SignedDuration::from_hours(1)).await.unwrap().is_empty()
    );
    let later = now + jiff::SignedDuration::from_hours(1);
    assert_eq!(f.vault.older_than(later).await.unwrap(), vec![id]);
    f.vault.expire(&[id]).await.unwrap();
    assert_eq!(f.restored(id, "[EMAIL_1]").await, "[EMAIL_1]");
    // The conversation goes on: it is not erased, only its old originals are.
    // A number that stands in the old transcript is not given out again.
    assert_eq!(f.redact(id, "I am berta@example.org").await.unwrap(), "I am [EMAIL_2]");
    assert_eq!(f.restored(id, "[EMAIL_1], [EMAIL_2]").await, "[EMAIL_1], berta@example.org");
}
