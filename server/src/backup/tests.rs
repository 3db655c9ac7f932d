//! What a backup must not do: overwrite, trust, leave halves, or bring back who was erased.

use indexer::publish::DataFolder;
use indexer::secret::Secret;
use jiff::Timestamp;
use uuid::Uuid;

use super::*;
use crate::domain::ConversationId;
use crate::privacy::audit::Actor;
use crate::privacy::vault::VaultSettings;
use crate::privacy::{CustomerText, RedactionSettings, Redactor};
use crate::rights::{PrivacySettings, Rights};
use crate::store::test_postgres::Database;
use crate::store::{NewConversation, NewMessage, Stores, contract};

const EMAIL: &str = "canary.kalnina@example.org";

fn in_files() -> ConversationSettings {
    ConversationSettings::default()
}

fn in_database(database: &Database) -> ConversationSettings {
    ConversationSettings { url: Some(Secret::new(database.url.clone())), ..in_files() }
}

async fn write_to(data: &Path, to: &Path) -> Result<Manifest> {
    write_from((data, &in_files()), to).await
}

async fn write_from(
    (data, conversations): (&Path, &ConversationSettings),
    to: &Path,
) -> Result<Manifest> {
    let (keys_to, catalog) = (&to.with_file_name(KEYS_FILE), &CatalogSettings::default());
    let master_key = MasterKey::Apart;
    backup(&Backup { data, to, keys_to, master_key, catalog, conversations }).await
}

async fn read_from(from: &Path, data: &Path, occupied: Occupied) -> Result<Restored> {
    read_to(from, (data, &in_files()), occupied).await
}

async fn read_to(
    from: &Path,
    (data, conversations): (&Path, &ConversationSettings),
    occupied: Occupied,
) -> Result<Restored> {
    let catalog = &CatalogSettings::default();
    let vault = &VaultSettings::default();
    let keys = Keys::Newest;
    restore(&Restore { from, data, keys, occupied, catalog, conversations, vault }).await
}

/// A data folder with an empty catalog, and a backup of it.
async fn backed_up() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let open = DataFolder::open(&data).await.unwrap();
    let file = folder.path().join("b.tar");
    // Its owner has it open.
    write_to(&data, &file).await.unwrap();
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
    let manifest = read_from(&file, &data, Occupied::Refuse).await.unwrap().manifest;
    assert_eq!((manifest.files.len(), manifest.keys), (1, false));
    assert_eq!(names(&data), [CATALOG, KEYS_FOLDER]);
    assert_eq!(names(folder.path()), ["b.tar", "data", "restored"]);
    DataFolder::open(&data).await.unwrap();
    // An empty folder is taken, too.
    let empty = folder.path().join("empty");
    fs_err::create_dir(&empty).unwrap();
    read_from(&file, &empty, Occupied::Refuse).await.unwrap();
    assert_eq!(names(&empty), [CATALOG, KEYS_FOLDER]);
}

#[tokio::test]
async fn nothing_is_overwritten_unless_told_and_then_it_is_kept() {
    let (folder, file) = backed_up().await;
    let data = folder.path().join("data");
    let error = write_to(&data, &file).await.unwrap_err().to_string();
    assert!(error.contains("exists already") && error.contains("--to"), "{error}");
    let error = read_from(&file, &data, Occupied::Refuse).await.err().unwrap().to_string();
    assert!(error.contains("not empty") && error.contains("--replace"), "{error}");
    let error = write_to(folder.path(), &folder.path().join("c.tar")).await.unwrap_err();
    assert!(error.to_string().contains("--data"), "{error}");
    assert_eq!(names(folder.path()), ["b.tar", "data"]);

    let open = DataFolder::open(&data).await.unwrap();
    let error = read_from(&file, &data, Occupied::SetAside).await.err().unwrap().to_string();
    assert!(error.contains("in use"), "{error}");
    open.close().await;
    drop(open);
    fs_err::write(data.join("a-note"), "mine").unwrap();
    let restored = read_from(&file, &data, Occupied::SetAside).await.unwrap();
    let aside = restored.set_aside.unwrap();
    assert_eq!(fs_err::read_to_string(aside.join("a-note")).unwrap(), "mine");
    assert_eq!(names(&data), [CATALOG, KEYS_FOLDER]);
}

#[tokio::test]
async fn the_folder_that_backups_go_to_keeps_its_mode() {
    let (folder, _) = backed_up().await;
    let (data, shelf) = (folder.path().join("data"), folder.path().join("shelf"));
    People::open(&data).await.close().await;
    fs_err::create_dir(&shelf).unwrap();
    fs_err::set_permissions(&shelf, Permissions::from_mode(0o755)).unwrap();
    let mode = || fs_err::metadata(&shelf).unwrap().permissions().mode() & 0o7777;
    for name in ["a.tar", "b.tar"] {
        assert!(write_to(&data, &shelf.join(name)).await.unwrap().keys);
        assert_eq!(mode(), 0o755, "{name}");
    }
    // Its keys are compared with the folder's own ones.
    read_from(&shelf.join("b.tar"), &data, Occupied::SetAside).await.unwrap();
    assert_eq!(mode(), 0o755);
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
        assert!(read_from(&bad, &data, Occupied::Refuse).await.is_err(), "byte {at}");
        assert!(!data.exists(), "byte {at}");
    }
    for length in [0, 512, 1024, whole.len() / 2, whole.len() - 1025] {
        fs_err::write(&bad, &whole[..length]).unwrap();
        assert!(read_from(&bad, &data, Occupied::Refuse).await.is_err(), "{length} bytes");
        assert!(!data.exists(), "{length} bytes");
    }
    assert_eq!(names(folder.path()), ["b.tar", "bad.tar", "data"]);
}

/// A data folder with its privacy side open.
struct People {
    stores: Stores,
    rights: Rights,
}

impl People {
    async fn open(data: &Path) -> Self {
        Self::open_in(data, &in_files()).await
    }

    async fn open_in(data: &Path, place: &ConversationSettings) -> Self {
        let stores = Stores::open(data, place).await.unwrap();
        let (vault, privacy) = (VaultSettings::default(), PrivacySettings::default());
        let rights = Rights::open(data, &stores, &vault, &privacy).await.unwrap();
        Self { stores, rights }
    }

    /// A conversation in which somebody says who they are.
    async fn canary(&self) -> Uuid {
        let redactor = Redactor::new(&RedactionSettings::default()).unwrap();
        let (id, at) = (ConversationId::random(), Timestamp::now());
        let words = CustomerText::new(format!("I am {EMAIL}, where is my parcel?"));
        let text = self.rights.vault().redact(&redactor, id.0, &words, Some("en")).await.unwrap();
        let new =
            NewConversation { id, locale: "en".to_owned(), site: None, page: None, told: None, at };
        self.stores.conversations().create(&new).await.unwrap();
        let reopened = Some(contract::words("Again."));
        let message = NewMessage { text, message_id: None, locale: None, at, reopened };
        self.stores.conversations().post(id, &message).await.unwrap();
        id.0
    }

    async fn original(&self, id: Uuid) -> String {
        self.rights.vault().restorer(id).await.unwrap().restore("[EMAIL_1]")
    }

    async fn close(self) {
        self.rights.close().await;
        self.stores.close().await;
    }
}

#[tokio::test]
async fn who_was_erased_after_a_backup_does_not_come_back_with_it() {
    let (folder, _) = backed_up().await;
    let data = folder.path().join("data");
    let people = People::open(&data).await;
    let (erased, kept) = (people.canary().await, people.canary().await);
    let old = folder.path().join("old.tar");
    // Beside the open folder, as everything here.
    let manifest = write_to(&data, &old).await.unwrap();
    let held: Vec<&str> = manifest.files.iter().map(|f| f.name.as_str()).collect();
    let whole = [CATALOG, "conversations.sqlite", "privacy.sqlite"];
    assert_eq!(held, [&whole[..], &["keys/signing.key", "keys/signing.pub"]].concat());
    people.rights.erase(erased, Actor::Operator).await.unwrap();
    write_to(&data, &folder.path().join("new.tar")).await.unwrap();
    people.close().await;
    let master = fs_err::read(data.join("keys/master.key")).unwrap();
    let bytes = fs_err::read(&old).unwrap();
    assert!(!bytes.windows(master.len()).any(|w| w == master), "the master key is in the archive");

    let restored = folder.path().join("restored");
    let told = read_from(&old, &restored, Occupied::Refuse).await.unwrap();
    assert!(told.wants_master_key);
    fs_err::write(restored.join("keys/master.key"), &master).unwrap();
    let people = People::open(&restored).await;
    assert_eq!(people.original(erased).await, "[EMAIL_1]", "an original came back");
    assert_eq!(people.original(kept).await, EMAIL);
    assert_eq!(people.rights.erase_again().await.unwrap(), 1);
    assert!(
        people.stores.conversations().conversation(ConversationId(erased)).await.unwrap().is_none()
    );
    assert!(
        people.stores.conversations().conversation(ConversationId(kept)).await.unwrap().is_some()
    );
    people.close().await;

    // Without the newest keys nothing is restored by mistake.
    fs_err::remove_file(folder.path().join(KEYS_FILE)).unwrap();
    let other = folder.path().join("other");
    let error = read_from(&old, &other, Occupied::Refuse).await.err().unwrap().to_string();
    assert!(error.contains("--keys") && !other.exists(), "{error}");
    // Into the folder itself: its own keys are the newest, and its master key stays.
    let told = read_from(&old, &data, Occupied::SetAside).await.unwrap();
    assert!(!told.wants_master_key);
    let people = People::open(&data).await;
    assert_eq!(people.rights.erase_again().await.unwrap(), 1);
    assert_eq!(people.original(kept).await, EMAIL);
    people.close().await;
}

#[tokio::test]
async fn what_was_in_postgres_is_restored_into_an_empty_one_without_who_was_erased() {
    let (Some(first), Some(second)) = (Database::new(), Database::new()) else { return };
    let (from, to) = (in_database(&first), in_database(&second));
    let (folder, _) = backed_up().await;
    let (data, restored) = (folder.path().join("data"), folder.path().join("restored"));
    let people = People::open_in(&data, &from).await;
    let (erased, kept) = (people.canary().await, people.canary().await);
    let old = folder.path().join("old.tar");
    let manifest = write_from((&data, &from), &old).await.unwrap();
    assert_eq!((manifest.conversations, manifest.keys), (Place::Postgres, true));
    people.rights.erase(erased, Actor::Operator).await.unwrap();
    write_from((&data, &from), &folder.path().join("new.tar")).await.unwrap();
    people.close().await;

    // Into files it does not go, nor over what is there; and nothing is left of the try.
    let error = format!("{:#}", read_from(&old, &restored, Occupied::Refuse).await.err().unwrap());
    assert!(error.contains("database.url") && !restored.exists(), "{error}");
    let full = read_to(&old, (&restored, &from), Occupied::Refuse).await.err().unwrap();
    assert!(format!("{full:#}").contains("not empty") && !restored.exists(), "{full:#}");

    read_to(&old, (&restored, &to), Occupied::Refuse).await.unwrap();
    assert!(!restored.join(KEYS_FOLDER).join(KEYS_FILE).exists());
    let master = data.join(MASTER_KEY);
    fs_err::copy(master, restored.join(MASTER_KEY)).unwrap();
    let people = People::open_in(&restored, &to).await;
    assert_eq!(people.original(erased).await, "[EMAIL_1]", "an original came back");
    assert_eq!(people.original(kept).await, EMAIL);
    assert_eq!(people.rights.erase_again().await.unwrap(), 1);
    let store = people.stores.conversations();
    assert!(store.conversation(ConversationId(erased)).await.unwrap().is_none());
    assert!(store.conversation(ConversationId(kept)).await.unwrap().is_some());
    // The numbers of events go on behind those that were brought.
    people.canary().await;
    people.close().await;
}

#[tokio::test]
async fn a_move_makes_up_no_master_key_for_secrets_that_all_processes_share() {
    let (folder, _) = backed_up().await;
    let (data, file) = (folder.path().join("data"), folder.path().join("c.tar"));
    // Nobody has said anything yet: no data key tells which master key it was.
    People::open(&data).await.close().await;
    write_to(&data, &file).await.unwrap();
    let nowhere = Some(Secret::new("postgres://atbilde@127.0.0.1:1/shop"));
    let to = ConversationSettings { url: nowhere, ..in_files() };
    let restored = folder.path().join("restored");
    let error = read_to(&file, (&restored, &to), Occupied::Refuse).await.err().unwrap();
    let error = format!("{error:#}");
    assert!(error.contains(MASTER_KEY) && error.contains("vault.key_file"), "{error}");
    assert!(!restored.exists());
}

#[test]
fn every_table_is_copied_or_left_out_on_purpose() {
    let Some(database) = Database::new() else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        PostgresStore::open(&Secret::new(database.url.clone()), &in_files())
            .await
            .unwrap()
            .close()
            .await
    });
    let tables = database.sql(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()",
    );
    for table in tables.split_whitespace() {
        let file = format!("{STORE_TABLES}/{table}.copy");
        let copied = manifest::table_files().any(|name| name == file);
        let apart = table.starts_with("keys_")
            || ["conv_duties", "conv_migrations", "conv_restored"].contains(&table);
        assert!(copied != apart, "{table}");
    }
}

#[tokio::test]
async fn the_newest_keys_are_not_replaced_by_older_or_foreign_ones() {
    let (folder, _) = backed_up().await;
    let data = folder.path().join("data");
    let people = People::open(&data).await;
    let id = people.canary().await;
    let older = folder.path().join("older");
    fs_err::create_dir(&older).unwrap();
    write_to(&data, &older.join("a.tar")).await.unwrap();
    people.rights.erase(id, Actor::Operator).await.unwrap();
    write_to(&data, &folder.path().join("new.tar")).await.unwrap();
    people.close().await;
    // The folder as it was is not newer than the copy.
    let back = folder.path().join("back");
    read_from(&older.join("a.tar"), &back, Occupied::Refuse).await.unwrap();
    let error = write_to(&back, &folder.path().join("x.tar")).await.unwrap_err().to_string();
    assert!(error.contains("--keys-to"), "{error}");
    assert!(!folder.path().join("x.tar").exists());
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
    archive(&file, &serde_json::json!({ "format": 99, "program": "9.9.9" }), &[]);
    let error = format!("{:#}", read_from(&file, &data, Occupied::Refuse).await.err().unwrap());
    assert!(error.contains("9.9.9"), "{error}");
    for name in ["../evil.sqlite", "/evil.sqlite", "a/b.sqlite", ".sqlite", "evil.txt"] {
        let entry = |name: &str| serde_json::json!({ "name": name, "bytes": 1, "sha256": "00" });
        let manifest = serde_json::json!({
            "format": FORMAT, "program": "0.1.0", "created_at": "", "catalog": "sqlite",
            "conversations": "sqlite", "keys": false, "index_generation": 0,
            "documents": 0, "passages": 0, "files": [entry(CATALOG), entry(name)],
        });
        archive(&file, &manifest, &[(name, b"x")]);
        assert!(read_from(&file, &data, Occupied::Refuse).await.is_err(), "{name}");
        assert_eq!(names(folder.path()), ["x.tar"], "{name}");
    }
}
