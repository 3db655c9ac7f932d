//! What is no longer needed goes: indexes and vectors of models that serve no more, vectors of texts
//! that no passage has.
//!
//! The rules. An index folder is a cache of the catalog: it goes as soon as its space is neither live
//! nor being built; a collection on a Qdrant server likewise, [`READERS`] after the swap where other
//! processes read along. The *vectors* of a space that was live stay [`PruneSettings::keep_days`] after it
//! was left, so that going back to the old model, configuration or program embeds nothing; the same for
//! a space that was begun and never live, from the last change of its folder. Vectors of texts that no
//! passage has stay until they outnumber those in use, because texts come back (an edit taken back,
//! another branch checked out). Every removal is a line in the log.
//!
//! Only the process that publishes prunes. Safe to kill at any moment: a folder is renamed before it is emptied, and what was renamed is never
//! opened again; vectors go in small transactions. Must not run beside a sync, whose vectors are in the
//! catalog before their passages are: the publishing task itself calls it, between two syncs.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{DataFolder, Indexes, PublishError};
use crate::catalog::{Catalog, SpaceRow, Unneeded};

/// End of the name of a folder that is being removed.
const REMOVING: &str = ".removing";
/// Vectors in one transaction, so that a commit never waits long for it.
const BATCH: u32 = 1000;
/// Fewer unused vectors than this are not worth the work.
const FEW: u64 = 1000;

/// Other processes may search the old space this long after another was taken into use.
pub const READERS: Duration = Duration::from_secs(60);

/// `[prune]` of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PruneSettings {
    /// How long the vectors of a model that is no longer used are kept, days.
    pub keep_days: u32,
}

impl Default for PruneSettings {
    fn default() -> Self {
        Self { keep_days: 7 }
    }
}

/// What was removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Vector spaces whose index folder is gone.
    pub folders: Vec<String>,
    /// Vector spaces whose collection is gone.
    pub collections: Vec<String>,
    pub vectors: u64,
    /// Something is left for a call after [`READERS`].
    pub later: bool,
}

/// Removes from one data folder. The owner of the folder makes it, with [`DataFolder::pruner`].
pub struct Pruner {
    folder: PathBuf,
    catalog: Arc<dyn Catalog>,
    settings: PruneSettings,
    /// How long others may still search what this process has left.
    readers: Duration,
}

impl DataFolder {
    pub fn pruner(&self, settings: &PruneSettings) -> Pruner {
        Pruner {
            folder: self.path().to_owned(),
            catalog: self.catalog(),
            settings: settings.clone(),
            readers: if self.shared().is_some() { READERS } else { Duration::ZERO },
        }
    }
}

impl Pruner {
    /// The same where other processes may search an old space for `readers` after a swap.
    #[must_use]
    pub fn with_readers(self, readers: Duration) -> Self {
        Self { readers, ..self }
    }

    /// Removes what neither the live generation nor the space of `configured` needs.
    ///
    /// # Errors
    /// When the catalog, the folder or a vector server fails; the next call goes on.
    pub async fn run(&self, configured: &Indexes) -> Result<Pruned, PublishError> {
        self.files(finish_removals).await?;
        let Some(latest) = self.catalog.latest().await? else { return Ok(Pruned::default()) };
        let in_use = |fingerprint: &str| {
            fingerprint == configured.fingerprint || fingerprint == latest.fingerprint
        };
        let spaces = self.catalog.spaces().await?;
        let now = Timestamp::now();
        let mut out = Pruned::default();
        for (fingerprint, folder) in self.files(index_folders).await? {
            let row = spaces.iter().find(|s| s.fingerprint == fingerprint);
            let begun = row.is_none_or(|s| s.left_at.is_none()) && self.is_young(&folder, now);
            if in_use(&fingerprint) || begun {
                continue;
            }
            self.files(move |_| remove(&folder)).await?;
            tracing::info!(
                %fingerprint,
                "prune.index_removed: no longer used; made again from its vectors if it is ever \
                 configured again"
            );
            out.folders.push(fingerprint);
        }
        if latest.fingerprint == configured.fingerprint {
            self.drop_collections(configured, &spaces, (now, &mut out)).await?;
        }
        for space in &spaces {
            let which = if !in_use(&space.fingerprint) {
                if self.keeps_vectors(space, now) {
                    continue;
                }
                Unneeded::Space(&space.fingerprint)
            } else if space.unused > space.live.max(FEW) {
                Unneeded::Unused(&space.fingerprint)
            } else {
                continue;
            };
            let mut gone = 0;
            loop {
                let some = self.catalog.forget_vectors(which, BATCH).await?;
                gone += some;
                if some == 0 {
                    break;
                }
            }
            tracing::info!(
                fingerprint = %space.fingerprint, vectors = gone, keep_days = self.settings.keep_days,
                "prune.vectors_removed: neither the live model nor a live text uses them"
            );
            out.vectors += gone;
        }
        Ok(out)
    }

    /// Drops what a vector server holds of spaces that were left, or that go with all their vectors.
    async fn drop_collections(
        &self,
        live: &Indexes,
        spaces: &[SpaceRow],
        (now, out): (Timestamp, &mut Pruned),
    ) -> Result<(), PublishError> {
        let mut led = false;
        for space in spaces.iter().filter(|s| s.fingerprint != live.fingerprint) {
            let Some(left) = &space.left_at else {
                if self.keeps_vectors(space, now) {
                    continue;
                }
                out.collections.extend(drop_one(live, space).await?);
                continue;
            };
            // An unreadable time, or one of a clock that was wrong, waits for the next look.
            let since = left.parse().ok().map(|left: Timestamp| now.duration_since(left));
            let age = since.and_then(|age| Duration::try_from(age).ok()).unwrap_or_default();
            if age < self.readers {
                out.later = true;
                continue;
            }
            if !led {
                live.vectors.went_live().await?;
                led = true;
            }
            out.collections.extend(drop_one(live, space).await?);
        }
        Ok(())
    }

    /// Whether the vectors of a space that is not in use stay.
    fn keeps_vectors(&self, space: &SpaceRow, now: Timestamp) -> bool {
        match space.left_at.as_deref().map(str::parse::<Timestamp>) {
            Some(Ok(left)) => self.is_recent(left, now),
            // An unreadable time deletes nothing.
            Some(Err(_)) => true,
            None => self.is_young(&self.folder.join(name(&space.fingerprint)), now),
        }
    }

    fn is_recent(&self, then: Timestamp, now: Timestamp) -> bool {
        let keep = Duration::from_secs(u64::from(self.settings.keep_days) * 86_400);
        Duration::try_from(now.duration_since(then)).map_or(true, |age| age < keep)
    }

    /// Whether a folder was changed within the time that is kept.
    fn is_young(&self, folder: &Path, now: Timestamp) -> bool {
        let changed = fs_err::metadata(folder).and_then(|m| m.modified()).ok();
        changed
            .and_then(|at| Timestamp::try_from(at).ok())
            .is_some_and(|at| self.is_recent(at, now))
    }

    /// Does `work` on the data folder, on a thread for blocking work: an index has many files.
    async fn files<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, PublishError> {
        let folder = self.folder.clone();
        let done = tokio::task::spawn_blocking(move || work(&folder)).await;
        done.unwrap_or_else(|e| Err(io::Error::other(e))).map_err(|error| {
            PublishError::DataFolder {
                folder: self.folder.display().to_string(),
                reason: format!("an old index cannot be removed: {error}"),
            }
        })
    }
}

fn index_folders(data: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut out = Vec::new();
    for entry in fs_err::read_dir(data)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let fingerprint = name
            .strip_prefix("index-")
            .filter(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_hexdigit()));
        if let Some(fingerprint) = fingerprint.filter(|_| entry.path().is_dir()) {
            out.push((fingerprint.to_owned(), entry.path()));
        }
    }
    out.sort();
    Ok(out)
}

fn remove(folder: &Path) -> io::Result<()> {
    let mut going = folder.as_os_str().to_owned();
    going.push(REMOVING);
    fs_err::rename(folder, &going)?;
    fs_err::remove_dir_all(&going)
}

/// Ends what a crash interrupted.
fn finish_removals(data: &Path) -> io::Result<()> {
    for entry in fs_err::read_dir(data)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("index-") && name.ends_with(REMOVING) {
            fs_err::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

async fn drop_one(live: &Indexes, space: &SpaceRow) -> Result<Option<String>, PublishError> {
    let gone = live.vectors.drop_space(&space.fingerprint).await?;
    Ok(gone.then(|| space.fingerprint.clone()))
}

fn name(fingerprint: &str) -> String {
    format!("index-{fingerprint}")
}
