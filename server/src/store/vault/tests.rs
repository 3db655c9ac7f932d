//! What the vault promises: originals come back to their conversation alone, never lie in clear, and are
//! gone with their key. In files, and in a database that several processes share.

mod at_once;

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::privacy::vault::key_line;
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
        self.redact_by(&self.vault, id, text).await
    }

    /// By another process.
    async fn redact_by(
        &self,
        vault: &Vault,
        id: Uuid,
        text: &str,
    ) -> Result<String, VaultStoreError> {
        let text = CustomerText::new(text);
        let redacted = vault.redact(&self.redactor, id, &text, Some("en")).await?;
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
    open_with(folder, settings, &VaultSettings::default()).await
}

async fn open_with(
    folder: &Path,
    settings: &ConversationSettings,
    keys: &VaultSettings,
) -> (Arc<dyn PrivacyRecords>, Result<Vault, VaultStoreError>) {
    let stores = Stores::open(folder, settings).await.unwrap();
    let side = stores.privacy_side().await.unwrap();
    let vault = Vault::open(&folder.join("keys"), (side.sealed, side.keys), keys).await;
    (side.records, vault)
}

/// Puts a key before those of a key file, as an operator does.
fn put_first(key: &MasterKey, file: &Path) {
    let older = fs_err::read_to_string(file).unwrap_or_default();
    fs_err::write(file, format!("{}\n{older}", key_line(key).as_str())).unwrap();
}

async fn restored_by(vault: &Vault, id: Uuid) -> String {
    vault.restorer(id).await.unwrap().restore("[EMAIL_1]")
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
    let f = Fixture::new().await;
    let id = Uuid::new_v4();
    f.redact(id, "I am anna@example.org").await.unwrap();
    let before = fs_err::read_to_string(f.folder.path().join("keys/master.key")).unwrap();
    // A server that runs meanwhile has the old key in memory.
    let running = f.beside().await.unwrap();
    let (_, sealed) = f.vault.rotate().await.unwrap();
    assert_eq!(sealed, 1);
    assert_ne!(fs_err::read_to_string(f.folder.path().join("keys/master.key")).unwrap(), before);
    assert_eq!(restored_by(&running, id).await, "anna@example.org");
    let fresh = Uuid::new_v4();
    f.redact_by(&running, fresh, "I am berta@example.org").await.unwrap();
    assert_eq!(f.restored(fresh, "[EMAIL_1]").await, "berta@example.org");
    // The old key opens nothing any more.
    fs_err::write(f.folder.path().join("keys/master.key"), before).unwrap();
    assert!(f.beside().await.is_err());
}

#[tokio::test]
async fn a_key_file_of_the_operators_is_rotated_by_the_operator_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (MasterKey::random(), MasterKey::random());
    let file = folder.path().join("mine");
    put_first(&old, &file);
    let keys = VaultSettings { key_file: Some(file.clone()), ..VaultSettings::default() };
    let open =
        async || open_with(folder.path(), &ConversationSettings::default(), &keys).await.1.unwrap();
    let redactor = Redactor::new(&RedactionSettings::default()).unwrap();
    let (id, text) = (Uuid::new_v4(), CustomerText::new("I am anna@example.org"));
    let vault = open().await;
    vault.redact(&redactor, id, &text, Some("en")).await.unwrap();
    let before = fs_err::read_to_string(&file).unwrap();
    let refused = vault.rotate().await.unwrap_err().to_string();
    assert!(refused.contains("put a new one"), "{refused}");
    assert_eq!(fs_err::read_to_string(&file).unwrap(), before);
    // With the new key before the old one, opening does it and rotating says so.
    put_first(&new, &file);
    let vault = open().await;
    assert_eq!(vault.rotate().await.unwrap(), (new.id().to_owned(), 1));
    assert_eq!(restored_by(&vault, id).await, "anna@example.org");
    fs_err::write(&file, key_line(&new).as_str()).unwrap();
    assert_eq!(restored_by(&open().await, id).await, "anna@example.org");
    assert!(open().await.rotate().await.is_err(), "there is no newer key");
}

#[tokio::test]
async fn in_a_shared_database_a_new_key_is_used_when_every_process_has_it() {
    let Some(database) = Database::new() else { return };
    let f = Fixture::over(Some(database)).await;
    let database = f.database.as_ref().unwrap();
    let masters = || database.sql("SELECT string_agg(DISTINCT master, ' ') FROM keys_data");
    let first = Uuid::new_v4();
    f.redact(first, "I am anna@example.org").await.unwrap();
    let old = masters();
    let file = f.folder.path().join("keys/master.key");
    let elsewhere = tempfile::tempdir().unwrap();
    let other_file = elsewhere.path().join("keys/master.key");
    fs_err::create_dir_all(elsewhere.path().join("keys")).unwrap();
    fs_err::copy(&file, &other_file).unwrap();
    let other = open_in(elsewhere.path(), &f.settings).await.1.unwrap();

    // No process makes a key that the others do not have, not even in a file that it made.
    let before = fs_err::read_to_string(&file).unwrap();
    let refused = f.vault.rotate().await.unwrap_err().to_string();
    assert!(refused.contains("every") && refused.contains("one by one"), "{refused}");
    assert_eq!(fs_err::read_to_string(&file).unwrap(), before);

    // One process has the new key: it goes on with the old one, which the other has, too.
    let new = MasterKey::random();
    put_first(&new, &file);
    let ahead = f.beside().await.unwrap();
    assert_eq!(restored_by(&ahead, first).await, "anna@example.org");
    let second = Uuid::new_v4();
    f.redact_by(&ahead, second, "I am berta@example.org").await.unwrap();
    assert_eq!(masters(), old);
    assert_eq!(restored_by(&other, second).await, "berta@example.org");

    // All have both: the command seals with the new one, in more than one statement. `other` was not even
    // started anew; it reads its file when it meets a key that it does not know.
    put_first(&new, &other_file);
    let restarted = open_in(elsewhere.path(), &f.settings).await.1.unwrap();
    let ring = ahead.ring.load_full();
    for _ in 0..1000 {
        let id = Uuid::new_v4();
        let wrapped = ring.wrap(id, &DataKey::random()).unwrap();
        assert_eq!(ahead.keys().add(id, &wrapped).await.unwrap(), Added::Stored);
    }
    let command = f.beside().await.unwrap();
    assert_eq!(command.rotate().await.unwrap(), (new.id().to_owned(), 1002));
    assert_eq!(masters(), new.id());
    for process in [&*f.vault, &ahead, &other, &restarted] {
        assert_eq!(restored_by(process, first).await, "anna@example.org");
        let fresh = Uuid::new_v4();
        f.redact_by(process, fresh, "I am clara@example.org").await.unwrap();
        assert_eq!(restored_by(&ahead, fresh).await, "clara@example.org");
    }
    assert_eq!(masters(), new.id());
    assert!(command.rotate().await.is_err(), "there is no newer key");

    // The old key is needed no more, and alone it opens nothing.
    fs_err::write(&file, key_line(&new).as_str()).unwrap();
    assert_eq!(restored_by(&f.beside().await.unwrap(), second).await, "berta@example.org");
    fs_err::write(&file, before).unwrap();
    let refused = f.beside().await.err().unwrap();
    assert!(matches!(&refused, VaultStoreError::Vault(VaultError::UnknownMaster(_))), "{refused}");
}

#[tokio::test]
async fn a_conversation_whose_key_is_lost_goes_on_and_gives_no_number_out_again() {
    for f in Fixture::all().await {
        let id = Uuid::new_v4();
        f.redact(id, "I am anna@example.org").await.unwrap();
        let (read, _) = f.vault.rows.numbers(id).await.unwrap().unwrap();
        // As after a restore without the keys, or when a process died while the originals expired.
        assert_eq!(f.vault.keys().expire(&[id]).await.unwrap(), 1);
        let vault = f.beside().await.unwrap();
        assert_eq!(restored_by(&vault, id).await, "[EMAIL_1]");
        // As long as no new key is needed the old one may still be brought back.
        assert_eq!(f.redact_by(&vault, id, "hello").await.unwrap(), "hello");
        assert!(f.vault.rows.numbers(id).await.unwrap().is_some());
        let redacted = f.redact_by(&vault, id, "I am berta@example.org").await.unwrap();
        assert_eq!(redacted, "I am [EMAIL_2]");
        assert_eq!(f.redact(id, "and clara@example.org").await.unwrap(), "and [EMAIL_3]");
        let expected = "[EMAIL_1], berta@example.org, clara@example.org";
        assert_eq!(f.restored(id, "[EMAIL_1], [EMAIL_2], [EMAIL_3]").await, expected);
        // Whoever still holds the numbering of before removes nothing of what is there now.
        assert_eq!(f.vault.rows.expire(&[(id, read)]).await.unwrap(), 0);
        assert_eq!(f.restored(id, "[EMAIL_1], [EMAIL_2], [EMAIL_3]").await, expected);
    }
}

#[tokio::test]
async fn originals_of_many_conversations_expire_part_by_part() {
    for f in Fixture::all().await {
        let mut ids = Vec::new();
        for n in 0..EXPIRED_AT_ONCE + 3 {
            let id = Uuid::new_v4();
            f.redact(id, &format!("I am person{n}@example.org, call +371 2612 3456"))
                .await
                .unwrap();
            ids.push(id);
        }
        let (kept, over) = ids.split_last().unwrap();
        let many = over.len() as u64;
        let later = Timestamp::now() + jiff::SignedDuration::from_hours(1);
        let gone = f.vault.expire(over, later).await.unwrap();
        assert_eq!(gone, Destroyed { originals: 2 * many, keys: many });
        let again = f.vault.expire(over, later).await.unwrap();
        assert_eq!(again, Destroyed { originals: 0, keys: 0 });
        assert!(f.restored(*kept, "[EMAIL_1]").await.contains('@'));
        for id in [over[0], over[over.len() - 1]] {
            assert_eq!(f.redact(id, "I am dora@example.org").await.unwrap(), "I am [EMAIL_2]");
            assert_eq!(f.redact(id, "call +371 2612 3457").await.unwrap(), "call [PHONE_2]");
        }
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
        f.vault.expire(&[id], later).await.unwrap();
        assert_eq!(f.restored(id, "[EMAIL_1]").await, "[EMAIL_1]");
        assert!(!f.vault.older_than(later).await.unwrap().contains(&id));
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
