//! Back-up and restore of a data folder: one tar file with everything that cannot be made again, and a
//! manifest with checksums.
//!
//! A backup is taken beside a running server: each database is copied as it stood at one commit, without
//! the folder's lock; what is in Postgres is copied table by table, catalog and conversations in one transaction
//! each. Indexes are
//! caches and are not in it; the first start after a restore makes them again from the catalog's vectors,
//! and nothing is embedded.
//!
//! The sealed data keys (`keys/keys.sqlite`) are never in the archive. They are copied to a file of their
//! own (also those of a database), which each backup replaces: so of an erased conversation no backup, however old, gives the
//! originals. The master key is in the archive only when asked for. Called by `cli::backup`.

mod manifest;
mod moving;
mod restore;
mod tar;
#[cfg(test)]
mod tests;

use std::fs::Permissions;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use fs_err::os::unix::fs::OpenOptionsExt;
use indexer::catalog::{
    self, Catalog, CatalogCopy, CatalogSettings, PostgresCatalog, SqliteCatalog,
};
use sha2::{Digest, Sha256};

use crate::store::{ConversationSettings, KEYS_FOLDER, KeyFile, PostgresStore};

use manifest::{
    CATALOG, CATALOG_TABLES, DATABASES, FILES, FORMAT, MANIFEST, MASTER_KEY, STORE_TABLES,
};
pub use manifest::{Entry, Manifest, Place};
pub use restore::{Keys, Occupied, Restore, Restored, restore};

/// The sealed data keys, in the folder of keys and beside an archive.
pub const KEYS_FILE: &str = "keys.sqlite";

/// Whether the master key goes with the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MasterKey {
    Apart,
    Included,
}

/// What is backed up, and where to.
pub struct Backup<'a> {
    pub data: &'a Path,
    /// The archive; must not exist.
    pub to: &'a Path,
    /// The newest copy of the sealed data keys; replaced.
    pub keys_to: &'a Path,
    pub master_key: MasterKey,
    /// Where the catalog is.
    pub catalog: &'a CatalogSettings,
    /// Where conversations are.
    pub conversations: &'a ConversationSettings,
}

/// Writes a backup. Whole or not at all; readable for this user alone, because it holds what customers
/// wrote.
///
/// # Errors
/// When `data` is no data folder, `to` exists, `keys_to` is of another installation, or reading or writing
/// fails.
pub async fn backup(backup: &Backup<'_>) -> Result<Manifest> {
    let Backup { data, to, .. } = *backup;
    ensure!(!to.exists(), "{} exists already; name another file with --to", to.display());
    let work = Unfinished::new(beside(to)?)?;
    let place = &work.0;
    fs_err::create_dir_all(place.join(KEYS_FOLDER))?;
    let (catalog, held) = copy_catalog(backup, place).await?;
    let shared = match backup.conversations.server() {
        Some(url) => Some(PostgresStore::open(url, backup.conversations).await?),
        None => None,
    };
    if let Some(store) = &shared {
        let tables = place.join(STORE_TABLES);
        fs_err::create_dir_all(&tables)?;
        store.copy_to(&tables).await.context("the conversations cannot be copied")?;
    } else {
        for name in DATABASES.iter().filter(|name| **name != CATALOG && data.join(name).is_file()) {
            copy_database(&data.join(name), &place.join(name)).await?;
        }
    }
    for name in FILES.iter().filter(|name| data.join(name).is_file()) {
        fs_err::copy(data.join(name), place.join(name))?;
    }
    if backup.master_key == MasterKey::Included {
        fs_err::copy(data.join(MASTER_KEY), place.join(MASTER_KEY)).context(
            "the master key is no file of the data folder; back it up where [vault] has it from, and \
             leave --with-master-key out",
        )?;
    }
    // Last: what was sealed until now has its key in this copy, and what was erased has none.
    let keys = keep_keys(backup, shared.as_ref()).await?;
    if let Some(store) = &shared {
        store.close().await;
    }
    let mut files = Vec::new();
    let names = DATABASES.iter().chain(&FILES).map(|n| (*n).to_owned());
    for name in names.chain([MASTER_KEY.to_owned()]).chain(manifest::table_files()) {
        if let Ok(mut file) = fs_err::File::open(place.join(&name)) {
            let (bytes, sha256) = digest(&mut file, &mut std::io::sink())?;
            files.push(Entry { name, bytes, sha256 });
        }
    }
    let manifest = Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        created_at: jiff::Timestamp::now().to_string(),
        catalog,
        conversations: if shared.is_some() { Place::Postgres } else { Place::Sqlite },
        index_generation: held.generation,
        documents: held.documents,
        passages: held.passages,
        keys,
        files,
    };
    let archive = place.join("archive");
    write(&archive, place, &manifest)
        .with_context(|| format!("the backup beside {} cannot be written", to.display()))?;
    fs_err::rename(archive, to)?;
    sync_folder(to.parent())?;
    Ok(manifest)
}

async fn copy_catalog(backup: &Backup<'_>, place: &Path) -> Result<(Place, CatalogCopy)> {
    if let Some(url) = backup.catalog.server() {
        let tables = place.join(CATALOG_TABLES);
        fs_err::create_dir_all(&tables)?;
        let catalog = PostgresCatalog::open(url, backup.catalog).await?;
        let held = catalog.copy_to(&tables).await.context("the catalog cannot be copied")?;
        catalog.close().await;
        return Ok((Place::Postgres, held));
    }
    let file = backup.data.join(CATALOG);
    if !file.is_file() {
        bail!(
            "data folder {}: there is no {CATALOG}; name the folder of a knowledge base with --data, \
             or its configuration with --config when the catalog is in Postgres",
            backup.data.display()
        );
    }
    let copy = place.join(CATALOG);
    copy_database(&file, &copy).await?;
    let catalog = SqliteCatalog::open_read_only(&copy).await?;
    let generation = catalog.latest().await?.map_or(0, |g| g.generation.0);
    let (documents, passages) = catalog.counts().await?;
    catalog.close().await;
    Ok((Place::Sqlite, CatalogCopy { generation, documents, passages }))
}

async fn copy_database(from: &Path, to: &Path) -> Result<()> {
    catalog::copy_database(from, to)
        .await
        .with_context(|| format!("{} cannot be copied", from.display()))
}

/// Replaces the newest copy of the keys, which must be an older state of the same ones. Gives whether there
/// are any.
async fn keep_keys(backup: &Backup<'_>, shared: Option<&PostgresStore>) -> Result<bool> {
    let to = backup.keys_to;
    let file = backup.data.join(KEYS_FOLDER).join(KEYS_FILE);
    if shared.is_none() && !file.is_file() {
        return Ok(false);
    }
    let work = Unfinished::new(beside(to)?)?;
    let copy = work.0.join(KEYS_FILE);
    match shared {
        Some(store) => store.keys_to(&copy).await.context("the sealed keys cannot be copied")?,
        None => copy_database(&file, &copy).await?,
    }
    fs_err::set_permissions(&copy, Permissions::from_mode(0o600))?;
    if to.exists() && !KeyFile::follows(&copy, to).await? {
        bail!(
            "{} holds keys of another data folder, or newer ones than this folder has; name another \
             file with --keys-to",
            to.display()
        );
    }
    fs_err::rename(copy, to)?;
    sync_folder(to.parent())?;
    Ok(true)
}

fn write(archive: &Path, copies: &Path, manifest: &Manifest) -> Result<()> {
    let file = fs_err::OpenOptions::new().write(true).create_new(true).mode(0o600).open(archive)?;
    let mut tar = tar::Writer::new(std::io::BufWriter::with_capacity(1 << 20, file));
    let text = serde_json::to_vec_pretty(manifest)?;
    tar.add(MANIFEST, text.len() as u64, &mut text.as_slice())?;
    for entry in &manifest.files {
        tar.add(&entry.name, entry.bytes, &mut fs_err::File::open(copies.join(&entry.name))?)?;
    }
    let file = tar.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(())
}

/// Copies and gives length and SHA-256.
fn digest(from: &mut dyn Read, to: &mut dyn Write) -> std::io::Result<(u64, String)> {
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 18];
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            let hex = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
            return Ok((bytes, hex));
        }
        hash.update(&buffer[..read]);
        to.write_all(&buffer[..read])?;
        bytes += read as u64;
    }
}

/// Where half-done work on `path` lies: on the same file system, under a name of its own.
fn beside(path: &Path) -> Result<PathBuf> {
    let name = path.file_name().with_context(|| format!("{} has no name", path.display()))?;
    let mut name = name.to_owned();
    name.push(".unfinished");
    Ok(path.with_file_name(name))
}

fn sync_folder(folder: Option<&Path>) -> Result<()> {
    let folder = folder.filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(fs_err::File::open(folder)?.sync_all()?)
}

/// A folder for half-done work, empty at first and gone with the value.
struct Unfinished(PathBuf);

impl Unfinished {
    fn new(folder: PathBuf) -> Result<Self> {
        if folder.exists() {
            fs_err::remove_dir_all(&folder)?;
        }
        fs_err::create_dir_all(&folder)?;
        fs_err::set_permissions(&folder, Permissions::from_mode(0o700))?;
        Ok(Self(folder))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Nothing is lost when it stays: the next run begins with removing it.
        let _ = fs_err::remove_dir_all(&self.0);
    }
}
