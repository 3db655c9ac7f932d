//! Back-up and restore of an embedded data folder: one tar file with every database and a manifest.
//!
//! A backup is taken beside a running server: each database is copied as it stood at one commit, without
//! the folder's lock. Indexes are caches and are not in it; the first start after a restore makes them
//! again from the catalog's vectors, and nothing is embedded. A restore trusts nothing: names, sizes and
//! SHA-256 are compared with the manifest and every database is checked before anything appears in the
//! data folder, which appears whole. Called by `cli::backup` and `cli::restore`.

mod tar;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use fs_err::os::unix::fs::OpenOptionsExt;
use indexer::catalog::{self, Catalog, SqliteCatalog};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Raised when an older program cannot restore what this one writes.
const FORMAT: u32 = 1;
const MANIFEST: &str = "manifest.json";
const CATALOG: &str = "catalog.sqlite";
/// Half-done work within an empty volume.
const RESTORE: &str = "restore.unfinished";
/// A manifest is a few hundred bytes.
const MAX_MANIFEST: u64 = 1 << 20;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// Version of the program that wrote it.
    pub program: String,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// The live generation, and what is live in it.
    pub index_generation: u64,
    pub documents: u64,
    pub passages: u64,
    pub files: Vec<Entry>,
}

/// One database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub name: String,
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
}

/// Writes a backup of the data folder `data` to the file `to`, which must not exist. Whole or not at
/// all; readable for this user alone, because it holds what customers wrote.
///
/// # Errors
/// When `data` is no data folder, `to` exists, or reading or writing fails.
pub async fn backup(data: &Path, to: &Path) -> Result<Manifest> {
    ensure!(!to.exists(), "{} exists already; name another file with --to", to.display());
    let names = databases(data)?;
    ensure!(
        names.iter().any(|n| n == CATALOG),
        "data folder {}: there is no {CATALOG}; name the folder of a knowledge base with --data",
        data.display()
    );
    let work = Unfinished::new(beside(to)?)?;
    let mut files = Vec::new();
    for name in names {
        let copy = work.0.join(&name);
        catalog::copy_database(&data.join(&name), &copy)
            .await
            .with_context(|| format!("{name} cannot be copied"))?;
        let (bytes, sha256) = digest(&mut fs_err::File::open(&copy)?, &mut std::io::sink())?;
        files.push(Entry { name, bytes, sha256 });
    }
    let catalog = SqliteCatalog::open_read_only(&work.0.join(CATALOG)).await?;
    let latest = catalog.latest().await?;
    let (documents, passages) = catalog.counts().await?;
    catalog.close().await;
    let manifest = Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        created_at: jiff::Timestamp::now().to_string(),
        index_generation: latest.map_or(0, |g| g.generation.0),
        documents,
        passages,
        files,
    };
    let archive = work.0.join("archive");
    write(&archive, &work.0, &manifest)
        .with_context(|| format!("the backup beside {} cannot be written", to.display()))?;
    fs_err::rename(archive, to)?;
    sync_folder(to.parent())?;
    Ok(manifest)
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

/// Makes the data folder `data` from the backup `from`. `data` must not exist or be empty.
///
/// # Errors
/// When `data` holds anything, or the backup is damaged, of a newer program, or not one; then `data` is
/// as it was.
pub async fn restore(from: &Path, data: &Path) -> Result<Manifest> {
    refuse_full(data)?;
    let file = fs_err::File::open(from).context("name the backup with --from")?;
    // An empty volume cannot be replaced as a whole: there the files are moved in, the catalog last.
    let volume = is_volume(data);
    let place = if volume { data.join(RESTORE) } else { beside(data)? };
    let work = Unfinished::new(place)?;
    let mut tar = tar::Reader::new(std::io::BufReader::with_capacity(1 << 20, file));
    let manifest = unpack(&mut tar, &work.0)
        .with_context(|| format!("{} cannot be restored; nothing was changed", from.display()))?;
    for entry in &manifest.files {
        catalog::check_database(&work.0.join(&entry.name)).await.with_context(|| {
            format!("{} cannot be restored; nothing was changed", from.display())
        })?;
    }
    sync_folder(Some(&work.0))?;
    if volume {
        let (last, first): (Vec<_>, Vec<_>) =
            manifest.files.iter().partition(|e| e.name == CATALOG);
        for entry in first.into_iter().chain(last) {
            fs_err::rename(work.0.join(&entry.name), data.join(&entry.name))?;
        }
        sync_folder(Some(data))?;
    } else {
        fs_err::rename(&work.0, data)?;
        sync_folder(data.parent())?;
    }
    Ok(manifest)
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
    let mut missing: BTreeMap<&str, &Entry> =
        manifest.files.iter().map(|e| (e.name.as_str(), e)).collect();
    ensure!(missing.contains_key(CATALOG), "it holds no {CATALOG}");
    ensure!(missing.keys().all(|n| is_database(n)), "it holds files that are no databases");
    while let Some((name, bytes)) = tar.next()? {
        let entry = missing
            .remove(name.as_str())
            .with_context(|| format!("{name} is not in its manifest, or twice in it"))?;
        ensure!(bytes == entry.bytes, "{name} has {bytes} bytes instead of {}", entry.bytes);
        let mut file = fs_err::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(into.join(&name))?;
        let (_, sha256) = digest(tar, &mut file)?;
        ensure!(sha256 == entry.sha256, "the checksum of {name} is wrong: the file is damaged");
        file.sync_all()?;
    }
    if let Some(name) = missing.keys().next() {
        bail!("{name} is missing in it");
    }
    Ok(manifest)
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

/// Names of the databases in a data folder.
fn databases(data: &Path) -> Result<Vec<String>> {
    let entries = fs_err::read_dir(data).context("name the data folder with --data")?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|e| e.path().is_file())
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .filter(|name| is_database(name))
        .collect();
    names.sort();
    Ok(names)
}

/// A plain file name of a database: nothing that leads out of a folder.
fn is_database(name: &str) -> bool {
    name.strip_suffix(".sqlite").is_some_and(|stem| {
        !stem.is_empty()
            && stem.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    })
}

fn refuse_full(data: &Path) -> Result<()> {
    let Ok(mut entries) = fs_err::read_dir(data) else { return Ok(()) };
    // What an interrupted restore left is ours; `lost+found` belongs to the file system.
    let other = entries.find_map(|entry| {
        let name = entry.ok()?.file_name().to_string_lossy().into_owned();
        (!matches!(name.as_str(), RESTORE | "lost+found")).then_some(name)
    });
    match other {
        None => Ok(()),
        Some(name) => bail!(
            "the folder {} is not empty (it holds {name}); restore into a new folder, or move what \
             is there away first",
            data.display()
        ),
    }
}

/// Whether the folder exists and is a file system of its own.
fn is_volume(data: &Path) -> bool {
    let device = |path: &Path| fs_err::metadata(path).ok().map(|m| m.dev());
    let parent = fs_err::canonicalize(data).ok().and_then(|p| p.parent().map(Path::to_owned));
    device(data).is_some_and(|own| parent.as_deref().and_then(device) != Some(own))
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
