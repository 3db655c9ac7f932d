//! A data folder made from a backup, or a database filled from it ([`moving`](super::moving) where it was in
//! files).
//!
//! A restore trusts nothing: names, sizes and SHA-256 are compared with the manifest and every database is
//! checked before anything appears in the data folder, which appears whole. Called by `cli::backup`.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use fs_err::os::unix::fs::OpenOptionsExt;
use indexer::catalog::{self, CatalogSettings, PostgresCatalog};
use indexer::publish::refuse_in_use;
use serde::Deserialize;

use super::manifest::{
    CATALOG_TABLES, CONVERSATIONS, Entry, FORMAT, MANIFEST, MASTER_KEY, MAX_MANIFEST, Manifest,
    Place, STORE_TABLES, is_database,
};
use super::moving::Move;
use super::{KEYS_FILE, Unfinished, beside, digest, sync_folder, tar};
use crate::privacy::vault::{KeySource, VaultSettings};
use crate::store::vault::KeyRows;
use crate::store::{
    ConversationSettings, Filled, KEYS_FOLDER, KeyFile, PostgresStore, SqliteStore, StoreCopy,
};

/// Half-done work within a folder that is a file system of its own.
const WORK: &str = "restore.unfinished";
/// What was there before is kept under this name, with a number behind it.
const REPLACED: &str = "replaced";

/// What is restored, and where to.
pub struct Restore<'a> {
    /// The archive.
    pub from: &'a Path,
    pub data: &'a Path,
    pub keys: Keys<'a>,
    pub occupied: Occupied,
    /// Where the catalog shall be: as it was, or in a database instead of a file.
    pub catalog: &'a CatalogSettings,
    /// Where conversations shall be: as they were, or in a database instead of files.
    pub conversations: &'a ConversationSettings,
    /// Where the master key is, for what moves into a database.
    pub vault: &'a VaultSettings,
}

/// Where the newest copy of the sealed data keys is.
#[derive(Debug, Clone, Copy)]
pub enum Keys<'a> {
    /// In the folder that is replaced, else beside the archive.
    Newest,
    File(&'a Path),
    /// There is none any more: originals stay unreadable, what was erased since comes back.
    Lost,
}

/// What is done about a data folder that holds something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occupied {
    Refuse,
    /// It is kept under another name.
    SetAside,
}

/// What was restored.
pub struct Restored {
    pub manifest: Manifest,
    /// Where the former content of the data folder is now.
    pub set_aside: Option<PathBuf>,
    /// The master key is neither in the archive nor was it in the folder.
    pub wants_master_key: bool,
    /// Rows of the tables of conversations in the database, counted there; empty for files.
    pub rows: Filled,
    /// Tickets of early versions that stayed behind in a move, because they have no conversation.
    pub left: u64,
}

/// Makes a data folder, and fills an empty Postgres with what was in one.
///
/// # Errors
/// When the folder holds anything and may not be set aside, is in use, or the backup is damaged, of another
/// version or not one; then the folder is as it was.
pub async fn restore(restore: &Restore<'_>) -> Result<Restored> {
    let Restore { from, data, .. } = *restore;
    let full = occupied_by(data)?;
    if let (Some(name), Occupied::Refuse) = (&full, restore.occupied) {
        bail!(
            "the folder {} is not empty (it holds {name}); restore into a new folder, or set what is \
             there aside with --replace",
            data.display()
        );
    }
    refuse_in_use(data)?;
    let file = fs_err::File::open(from).context("name the backup with --from")?;
    // A file system cannot be replaced as a whole: there the files are moved in.
    let volume = is_volume(data);
    let work = Unfinished::new(if volume { data.join(WORK) } else { beside(data)? })?;
    let unchanged = || format!("{} cannot be restored; nothing was changed", from.display());
    let mut tar = tar::Reader::new(std::io::BufReader::with_capacity(1 << 20, file));
    let manifest = unpack(&mut tar, &work.0).with_context(unchanged)?;
    for entry in manifest.files.iter().filter(|e| is_database(&e.name)) {
        catalog::check_database(&work.0.join(&entry.name)).await.with_context(unchanged)?;
    }
    let conversations = work.0.join(CONVERSATIONS);
    if conversations.is_file() {
        let store = SqliteStore::open(&conversations).await.with_context(unchanged)?;
        store.end_sessions().await?;
        store.close().await;
    }
    let moves = Move::of(restore, &manifest);
    let wants_master_key = restore_keys(restore, &manifest, &work.0).await? && !moves.conversations;
    let left = moves.prepare(restore, &work.0).await.with_context(unchanged)?;
    let store = free_store(restore, (&manifest, moves), &work.0).await.with_context(unchanged)?;
    restore_catalog(restore, (&manifest, moves), &work.0).await.with_context(unchanged)?;
    let mut rows = Filled::new();
    if let Some((store, there)) = store {
        let filled = restore_store(&store, (&manifest, there), &work.0).await;
        store.close().await;
        rows = filled.with_context(|| {
            let half = match (restore.catalog.server(), moves.catalog) {
                (None, _) => "",
                (_, true) => "; its catalog is, and the same command goes on from there",
                (_, false) => "; its catalog is: empty the database before the next try",
            };
            format!("the conversations of {} are not restored{half}", from.display())
        })?;
    }
    let set_aside = place(&work.0, (data, volume, full.is_some()))?;
    Ok(Restored { manifest, set_aside, wants_master_key, rows, left })
}

fn unpack<R: Read>(tar: &mut tar::Reader<R>, into: &Path) -> Result<Manifest> {
    let no_backup = "it is no backup of atbilde";
    let (name, bytes) = tar.next().context(no_backup)?.context(no_backup)?;
    ensure!(name == MANIFEST && bytes <= MAX_MANIFEST, no_backup);
    let mut text = Vec::new();
    tar.read_to_end(&mut text)?;
    #[derive(Deserialize)]
    struct Version {
        format: u32,
        program: String,
    }
    let version: Version = serde_json::from_slice(&text).context(no_backup)?;
    ensure!(
        version.format == FORMAT,
        "it was written by atbilde {}; use that version",
        version.program
    );
    let manifest: Manifest = serde_json::from_slice(&text).context(no_backup)?;
    manifest.check().map_err(anyhow::Error::msg)?;
    let mut missing: BTreeMap<&str, &Entry> =
        manifest.files.iter().map(|e| (e.name.as_str(), e)).collect();
    while let Some((name, bytes)) = tar.next()? {
        let entry = missing
            .remove(name.as_str())
            .with_context(|| format!("{name:?} is not in its manifest, or twice in it"))?;
        ensure!(bytes == entry.bytes, "{name} has {bytes} bytes instead of {}", entry.bytes);
        // A known name, so it leads nowhere else.
        let file = into.join(&name);
        fs_err::create_dir_all(file.parent().unwrap_or(into))?;
        let mut file =
            fs_err::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
        let (_, sha256) = digest(tar, &mut file)?;
        ensure!(sha256 == entry.sha256, "the checksum of {name} is wrong: the file is damaged");
        file.sync_all()?;
    }
    if let Some(name) = missing.keys().next() {
        bail!("{name} is missing in it");
    }
    Ok(manifest)
}

/// Puts the newest keys beside what they open. Gives whether the master key has to be brought.
async fn restore_keys(restore: &Restore<'_>, manifest: &Manifest, work: &Path) -> Result<bool> {
    let (own, folder) = (restore.data.join(KEYS_FOLDER), work.join(KEYS_FOLDER));
    fs_err::create_dir_all(&folder)?;
    fs_err::set_permissions(&folder, Permissions::from_mode(0o700))?;
    let (master, own_master) = (work.join(MASTER_KEY), restore.data.join(MASTER_KEY));
    let newest = match restore.keys {
        Keys::File(file) => Some(file.to_owned()),
        Keys::Newest => {
            let own = Some(own.join(KEYS_FILE));
            let own = own.filter(|f| manifest.conversations == Place::Sqlite && f.is_file());
            let beside = Some(restore.from.with_file_name(KEYS_FILE)).filter(|f| f.is_file());
            newer_of(own, beside).await?
        }
        Keys::Lost => None,
    };
    let Some(newest) = newest else {
        ensure!(
            !manifest.keys || matches!(restore.keys, Keys::Lost),
            "the newest copy of {KEYS_FILE} is not beside {}: without it the originals cannot be read, \
             and people who were erased since the backup come back. Name it with --keys, or say \
             --without-keys when there is none any more",
            restore.from.display()
        );
        return Ok(false);
    };
    catalog::copy_database(&newest, &folder.join(KEYS_FILE))
        .await
        .with_context(|| format!("{} cannot be used", newest.display()))?;
    let copy = folder.join(KEYS_FILE);
    catalog::check_database(&copy).await?;
    fs_err::set_permissions(&copy, Permissions::from_mode(0o600))?;
    // The folder's own master key goes along where it is the one that opens these keys.
    if own_master.is_file() && !master.exists() && opens(&own_master, &copy).await? {
        fs_err::copy(own_master, &master)?;
    }
    Ok(!master.exists())
}

/// Of the folder's keys and those beside the archive the later state: an erasure since then must hold, and
/// a folder that was only tried out has keys that open nothing.
async fn newer_of(own: Option<PathBuf>, beside: Option<PathBuf>) -> Result<Option<PathBuf>> {
    let (own, beside) = match (own, beside) {
        (Some(own), Some(beside)) => (own, beside),
        (own, beside) => return Ok(own.or(beside)),
    };
    if KeyFile::follows(&own, &beside).await? {
        return Ok(Some(own));
    }
    ensure!(
        KeyFile::follows(&beside, &own).await?,
        "{} and {} are keys of different installations; name the right one with --keys",
        own.display(),
        beside.display()
    );
    Ok(Some(beside))
}

/// Whether the master key in `file` seals the keys in `keys`.
async fn opens(file: &Path, keys: &Path) -> Result<bool> {
    let ring = KeySource::File { file: file.to_owned(), made: false }.read().await?;
    let keys = KeyFile::open(keys).await?;
    let wanted = keys.master().await?;
    keys.close().await;
    let mut known = std::iter::once(ring.current()).chain(ring.older());
    Ok(wanted.is_none_or(|wanted| known.any(|key| key.id() == wanted)))
}

async fn restore_catalog(
    restore: &Restore<'_>,
    (manifest, moves): (&Manifest, Move),
    work: &Path,
) -> Result<()> {
    let url = match (manifest.catalog, restore.catalog.server()) {
        (Place::Sqlite, None) => return Ok(()),
        (Place::Postgres, None) => bail!(
            "its catalog was in Postgres; name the configuration with --config, in which catalog.url \
             leads to an empty database"
        ),
        (_, Some(url)) => url,
    };
    let catalog = PostgresCatalog::open(url, restore.catalog).await?;
    let tables = work.join(CATALOG_TABLES);
    let there = moves.catalog && catalog.holds(&tables, manifest.held()).await?;
    let filled = if there { Ok(()) } else { catalog.fill_from(&tables, manifest.held()).await };
    catalog.close().await;
    filled?;
    Ok(fs_err::remove_dir_all(tables)?)
}

/// The database that conversations go to, which must hold none yet, or these very ones: then their number.
async fn free_store(
    restore: &Restore<'_>,
    (manifest, moves): (&Manifest, Move),
    work: &Path,
) -> Result<Option<(PostgresStore, Option<Filled>)>> {
    let url = match (manifest.conversations, restore.conversations.server()) {
        (Place::Sqlite, None) => return Ok(None),
        (Place::Postgres, None) => bail!(
            "its conversations were in Postgres; name the configuration with --config, in which \
             database.url (or conversations.url) leads to an empty database"
        ),
        (_, Some(url)) => url,
    };
    let store = PostgresStore::open(url, restore.conversations).await?;
    let there = if moves.conversations {
        let (tables, keys, archive) =
            (work.join(STORE_TABLES), key_file(work), manifest.fingerprint());
        let copy = StoreCopy { tables: &tables, keys: keys.as_deref(), archive: &archive };
        store.check_free(&copy).await?
    } else {
        store.check_empty().await?;
        None
    };
    Ok(Some((store, there)))
}

fn key_file(work: &Path) -> Option<PathBuf> {
    Some(work.join(KEYS_FOLDER).join(KEYS_FILE)).filter(|file| file.is_file())
}

/// Keys and what they open, in one transaction, unless they are there.
async fn restore_store(
    store: &PostgresStore,
    (manifest, there): (&Manifest, Option<Filled>),
    work: &Path,
) -> Result<Filled> {
    let (tables, keys, archive) = (work.join(STORE_TABLES), key_file(work), manifest.fingerprint());
    let copy = StoreCopy { tables: &tables, keys: keys.as_deref(), archive: &archive };
    let rows = match there {
        Some(rows) => rows,
        None => store.fill_from(&copy).await?,
    };
    if let Some(file) = keys {
        fs_err::remove_file(file)?;
    }
    fs_err::remove_dir_all(tables)?;
    Ok(rows)
}

/// Moves what was restored to where it belongs. Gives where the former content is.
fn place(work: &Path, (data, volume, full): (&Path, bool, bool)) -> Result<Option<PathBuf>> {
    sync_folder(Some(work))?;
    let mut set_aside = None;
    if volume {
        if full {
            let aside = free_name(&data.join(REPLACED));
            fs_err::create_dir(&aside)?;
            for name in names(data)?.iter().filter(|name| !is_ours(name)) {
                fs_err::rename(data.join(name), aside.join(name))?;
            }
            set_aside = Some(aside);
        }
        // The catalog last: a folder without one is no knowledge base yet.
        let (last, first): (Vec<_>, Vec<_>) =
            names(work)?.into_iter().partition(|name| name == super::CATALOG);
        for name in first.into_iter().chain(last) {
            fs_err::rename(work.join(&name), data.join(&name))?;
        }
        sync_folder(Some(data))?;
    } else {
        if full {
            let mut name = data.as_os_str().to_owned();
            name.push(".");
            name.push(REPLACED);
            let aside = free_name(Path::new(&name));
            fs_err::rename(data, &aside)?;
            set_aside = Some(aside);
        }
        fs_err::rename(work, data)?;
        sync_folder(data.parent())?;
    }
    Ok(set_aside)
}

fn free_name(path: &Path) -> PathBuf {
    let with = |n: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!("-{n}"));
        PathBuf::from(name)
    };
    (1..).map(with).find(|path| !path.exists()).unwrap_or_else(|| path.to_owned())
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let entries = fs_err::read_dir(folder)?;
    Ok(entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect())
}

/// What an interrupted restore left; `lost+found` belongs to the file system.
fn is_ours(name: &str) -> bool {
    matches!(name, WORK | "lost+found") || name.starts_with(&format!("{REPLACED}-"))
}

/// Something that the folder holds; `None` when it is free.
fn occupied_by(data: &Path) -> Result<Option<String>> {
    if !data.exists() {
        return Ok(None);
    }
    Ok(names(data)?.into_iter().find(|name| !is_ours(name)))
}

/// Whether the folder exists and is a file system of its own.
fn is_volume(data: &Path) -> bool {
    let device = |path: &Path| fs_err::metadata(path).ok().map(|m| m.dev());
    let parent = fs_err::canonicalize(data).ok().and_then(|p| p.parent().map(Path::to_owned));
    device(data).is_some_and(|own| parent.as_deref().and_then(device) != Some(own))
}
