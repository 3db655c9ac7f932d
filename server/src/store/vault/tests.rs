//! What the vault promises: originals come back to their conversation alone, never lie in clear, and are
//! gone with their key. In files, and in a database that several processes share.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::privacy::{RedactionSettings, Redactor};
use crate::store::test_postgres::Database;
use crate::store::{ConversationSettings, PrivacyRecords, Stores};

struct Fixture {
    folder: tempfile::TempDir,
    settings: ConversationSettings,
    database: Option<Database>,
    privacy: Arc<dyn PrivacyRecords>,
    vault: Arc<Vault>,
    redactor: Redactor,
}

impl Fixture {
    async fn new() -> Self {
        Self::over(None).await
    }

    /// In files, and in Postgres where it is installed.
    async fn all() -> Vec<Self> {
        let mut all = vec![Self::new().await];
        if let Some(database) = Database::new() {
            all.push(Self::over(Some(database)).await);
        }
        all
    }

    async fn over(database: Option<Database>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = database.as_ref().map(|d| crate::privacy::Secret::new(d.url.clone()));
        let settings = ConversationSettings { url, ..ConversationSettings::default() };
        let (privacy, vault) = open_in(folder.path(), &settings).await;
        let redactor = Redactor::new(&RedactionSettings::default()).unwrap();
        Self { folder, settings, database, privacy, vault: Arc::new(vault.unwrap()), redactor }
    }

    /// Another process over the same.
    async fn beside(&self) -> Result<Vault, VaultStoreError> {
        open_in(self.folder.path(), &self.settings).await.1
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

async fn open(folder: &Path) -> (Arc<dyn PrivacyRecords>, Result<Vault, VaultStoreError>) {
    open_in(folder, &ConversationSettings::default()).await
}

async fn open_in(
    folder: &Path,
    settings: &ConversationSettings,
) -> (Arc<dyn PrivacyRecords>, Result<Vault, VaultStoreError>) {
    let stores = Stores::open(folder, settings).await.unwrap();
    let side = stores.privacy_side().await.unwrap();
    let vault = (side.sealed, side.keys);
    let vault = Vault::open(&folder.join("keys"), vault, &VaultSettings::default()).await;
    (side.records, vault)
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
    for f in Fixture::all().await {
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
    for f in Fixture::all().await {
        let id = Uuid::new_v4();
        f.redact(id, "I am anna@example.org").await.unwrap();
        f.vault.close().await;
        let vault = f.beside().await;
        let restorer = vault.unwrap().restorer(id).await.unwrap();
        assert_eq!(restorer.restore("[EMAIL_1]"), "anna@example.org");
    }
}

#[tokio::test]
async fn a_destroyed_conversation_is_gone_and_gets_no_key_again() {
    for f in Fixture::all().await {
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
    f.vault.keys().destroy(erased, Timestamp::now()).await.unwrap();
    f.vault.close().await;
    fs_err::create_dir_all(backup.path().join("keys")).unwrap();
    for name in ["keys/keys.sqlite", "keys/master.key"] {
        fs_err::copy(f.folder.path().join(name), backup.path().join(name)).unwrap();
    }
    let (_privacy, vault) = open(backup.path()).await;
    let vault = vault.unwrap();
    assert_eq!(vault.restorer(erased).await.unwrap().restore("[EMAIL_1]"), "[EMAIL_1]");
    assert_eq!(vault.restorer(kept).await.unwrap().restore("[EMAIL_1]"), "berta@example.org");
    assert_eq!(vault.keys().erased().await.unwrap(), vec![erased]);
}

#[tokio::test]
async fn rotation_changes_the_master_key_and_no_original() {
    for f in Fixture::all().await {
        let id = Uuid::new_v4();
        f.redact(id, "I am anna@example.org").await.unwrap();
        let before = fs_err::read_to_string(f.folder.path().join("keys/master.key")).unwrap();
        // A server that runs meanwhile has the old key in memory.
        let running = f.beside().await.unwrap();
        let (_, sealed) = f.vault.rotate().await.unwrap();
        assert_eq!(sealed, 1);
        assert_ne!(
            fs_err::read_to_string(f.folder.path().join("keys/master.key")).unwrap(),
            before
        );
        assert_eq!(running.restorer(id).await.unwrap().restore("[EMAIL_1]"), "anna@example.org");
        let fresh = Uuid::new_v4();
        let text = CustomerText::new("I am berta@example.org");
        running.redact(&f.redactor, fresh, &text, None).await.unwrap();
        assert_eq!(f.restored(fresh, "[EMAIL_1]").await, "berta@example.org");
        // The old key opens nothing any more.
        fs_err::write(f.folder.path().join("keys/master.key"), before).unwrap();
        assert!(f.beside().await.is_err());
    }
}

#[tokio::test]
async fn a_lost_key_file_is_an_error_and_never_made_anew() {
    for f in Fixture::all().await {
        f.redact(Uuid::new_v4(), "I am anna@example.org").await.unwrap();
        fs_err::remove_file(f.folder.path().join("keys/master.key")).unwrap();
        let vault = f.beside().await;
        assert!(vault.is_err());
        assert!(!f.folder.path().join("keys/master.key").exists());
    }
}

#[tokio::test]
async fn messages_at_once_never_give_one_number_to_two_values() {
    for f in Fixture::all().await {
        let beside = Arc::new(f.beside().await.unwrap());
        let f = Arc::new(f);
        let id = Uuid::new_v4();
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..8 {
            let vault = Arc::clone(if n % 2 == 0 { &f.vault } else { &beside });
            let f = Arc::clone(&f);
            tasks.spawn(async move {
                let text = CustomerText::new(format!("I am person{n}@example.org"));
                vault.redact(&f.redactor, id, &text, Some("en")).await.unwrap().into_string()
            });
        }
        let mut placeholders = tasks.join_all().await;
        placeholders.sort();
        placeholders.dedup();
        assert_eq!(placeholders.len(), 8);
    }
}

#[tokio::test]
async fn the_time_of_originals_runs_from_their_last_use() {
    for f in Fixture::all().await {
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
}

#[tokio::test]
async fn a_process_with_another_master_key_is_refused_and_changes_nothing() {
    let Some(database) = Database::new() else { return };
    let f = Fixture::over(Some(database)).await;
    let other = tempfile::tempdir().unwrap();
    // Also before the first original: the key in use is that of the first process.
    let refused = open_in(other.path(), &f.settings).await.1.err().unwrap();
    assert!(matches!(&refused, VaultStoreError::Vault(VaultError::UnknownMaster(_))), "{refused}");
    let id = Uuid::new_v4();
    f.redact(id, "I am anna@example.org").await.unwrap();
    assert!(open_in(other.path(), &f.settings).await.1.is_err());
    assert_eq!(f.restored(id, "[EMAIL_1]").await, "anna@example.org");
    // With the same key it opens what the other sealed, and shares its secrets.
    fs_err::copy(f.folder.path().join("keys/master.key"), other.path().join("keys/master.key"))
        .unwrap();
    let beside = open_in(other.path(), &f.settings).await.1.unwrap();
    assert_eq!(beside.restorer(id).await.unwrap().restore("[EMAIL_1]"), "anna@example.org");
    let sealed = f.vault.seal_own("visitor", "pearl").await.unwrap();
    assert_eq!(*beside.open_own("visitor", &sealed).await.unwrap(), "pearl");
    assert!(beside.open_own("signing", &sealed).await.is_err());
}

#[tokio::test]
async fn what_is_redacted_while_another_process_erases_leaves_nothing() {
    let Some(database) = Database::new() else { return };
    let f = Fixture::over(Some(database)).await;
    let beside = f.beside().await.unwrap();
    for n in 0..20 {
        let id = Uuid::new_v4();
        f.redact(id, "I am anna@example.org").await.unwrap();
        let text = format!("I am berta{n}@example.org");
        let (redacted, _) = tokio::join!(f.redact(id, &text), beside.destroy(id, Timestamp::now()));
        assert!(redacted.is_ok() || matches!(redacted, Err(VaultStoreError::Erased)));
        assert!(!f.vault.knows(id).await.unwrap());
    }
    let database = f.database.as_ref().unwrap();
    assert_eq!(database.sql("SELECT count(*) FROM privacy_vault_entries"), "0");
    assert_eq!(database.sql("SELECT count(*) FROM keys_data"), "0");
}
