//! Tells when the folder has changed and has come to rest: [`FolderWatch::next`].
//!
//! The file system's own events where there are any, a look at regular times beside them (network
//! mounts and some containers deliver none, and a lost event must not leave an article stale). Bursts
//! are gathered: an editor's temp-and-rename is one change, a checkout of thousands of files is one
//! change, and while git works in the folder nothing is read. Called by the server's follower and by
//! `atbilde-indexer watch`; reads no file.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// Longest that a few edits in a row are gathered.
const EDITS: Duration = Duration::from_millis(800);
/// Longest that a burst of many files is gathered.
const BURST: Duration = Duration::from_secs(5);
/// Events that make a burst.
const MANY: u64 = 64;
/// Reads in a row that are thrown away because the folder was written to meanwhile; the next one is
/// published all the same.
const RESTLESS: u64 = 4;
/// Longest that a lock file of git is respected: a crashed git leaves its lock behind.
const GIT: Duration = Duration::from_secs(120);

/// `[watch]` of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WatchSettings {
    /// Whether the folder is followed at all after the look at start.
    pub enabled: bool,
    pub mode: WatchMode,
    /// Quiet time after the last event before the folder is read, milliseconds.
    pub settle_ms: u64,
    /// Time between looks where events come, seconds.
    pub rescan_s: f64,
    /// Time between looks where none come, seconds.
    pub poll_s: f64,
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self { enabled: true, mode: WatchMode::Auto, settle_ms: 120, rescan_s: 15.0, poll_s: 1.0 }
    }
}

/// How changes are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WatchMode {
    /// Events of the file system where it is a local one that gives them, else looks.
    Auto,
    /// Events and looks.
    Events,
    /// Looks alone.
    Poll,
}

/// Why [`FolderWatch::next`] returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// Something was written, and the folder has come to rest.
    Changed,
    /// It is time for a look.
    Look,
}

/// Watches one folder. Dropping it ends the watch.
pub struct FolderWatch {
    folder: Folder,
    /// Shared with the thread that makes the watch, so that a [`FolderWatch::next`] which is dropped
    /// loses none.
    watching: Arc<Mutex<Watching>>,
}

/// What is watched, and how.
#[derive(Clone)]
struct Folder {
    root: PathBuf,
    settings: WatchSettings,
    pulse: Arc<Pulse>,
}

/// The watch itself.
#[derive(Default)]
struct Watching {
    watcher: Option<RecommendedWatcher>,
    /// Device and inode of the folder that is watched: a mount that comes back is another one.
    watched: Option<(u64, u64)>,
    /// What was said of events that do not work, so that it is said once.
    complaint: Option<String>,
}

/// Events since the start, and when the last one came.
#[derive(Default)]
struct Pulse {
    events: AtomicU64,
    last: Mutex<Option<Instant>>,
    /// Reads in a row that were thrown away.
    restless: AtomicU64,
    woken: Notify,
}

impl Pulse {
    fn beat(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.events.fetch_add(1, Ordering::SeqCst);
        self.woken.notify_one();
    }

    fn events(&self) -> u64 {
        self.events.load(Ordering::SeqCst)
    }

    fn quiet_for(&self) -> Duration {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.map_or(Duration::MAX, |at| at.elapsed())
    }
}

/// Tells whether the folder was written to since it was made. Of a folder that is never still it says
/// yes after a few reads: late is better than never.
#[derive(Clone)]
pub struct Stillness {
    pulse: Arc<Pulse>,
    events: u64,
    root: PathBuf,
}

impl Stillness {
    /// Whether what was read may be published: nothing has changed, and git is not at work. Looks at
    /// files: not for an async worker.
    pub fn holds(&self) -> bool {
        let still = self.pulse.events() == self.events && !git_at_work(&self.root);
        let thrown_away = self.pulse.restless.load(Ordering::SeqCst);
        let publish = still || thrown_away >= RESTLESS;
        self.pulse.restless.store(if publish { 0 } else { thrown_away + 1 }, Ordering::SeqCst);
        publish
    }
}

impl FolderWatch {
    /// Looks at the folder and registers all folders in it, which takes a while where they are many.
    pub fn new(root: &Path, settings: &WatchSettings) -> Self {
        let (root, settings) = (root.to_owned(), settings.clone());
        let folder = Folder { root, settings, pulse: Arc::default() };
        let mut watching = Watching::default();
        watching.attend(&folder);
        Self { folder, watching: Arc::new(Mutex::new(watching)) }
    }

    /// Whether events of the file system come.
    pub fn has_events(&self) -> bool {
        self.watching.lock().unwrap_or_else(PoisonError::into_inner).watcher.is_some()
    }

    /// From now on: whether the folder stays as it is.
    pub fn stillness(&self) -> Stillness {
        let (pulse, root) = (Arc::clone(&self.folder.pulse), self.folder.root.clone());
        Stillness { events: pulse.events(), pulse, root }
    }

    /// Waits for a change and for the folder to come to rest after it, or until it is time to look.
    /// Dropping it loses no change.
    pub async fn next(&mut self) -> Wake {
        let (folder, watching) = (self.folder.clone(), Arc::clone(&self.watching));
        let has_events = away(move || {
            let mut watching = watching.lock().unwrap_or_else(PoisonError::into_inner);
            watching.attend(&folder);
            watching.watcher.is_some()
        });
        let Folder { root, settings, pulse } = &self.folder;
        let pause = if has_events.await { settings.rescan_s } else { settings.poll_s };
        let pause = Duration::from_secs_f64(pause.clamp(0.05, 86_400.0));
        let woken = tokio::time::timeout(pause, pulse.woken.notified()).await.is_ok();
        if !woken && !git_works(root).await {
            return Wake::Look;
        }
        let again = Again(&pulse.woken);
        self.folder.settle().await;
        std::mem::forget(again);
        Wake::Changed
    }
}

/// Wakes the next wait when this one is dropped before the folder has come to rest.
struct Again<'a>(&'a Notify);

impl Drop for Again<'_> {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl Folder {
    /// Returns when the folder has been quiet for the settling time, or is never quiet.
    async fn settle(&self) {
        let settle = Duration::from_millis(self.settings.settle_ms.max(1));
        let (started, first) = (Instant::now(), self.pulse.events());
        loop {
            let gathered = started.elapsed();
            let git = gathered < GIT && git_works(&self.root).await;
            let burst = self.pulse.events() - first > MANY;
            let longest = if burst { BURST } else { EDITS };
            let quiet = self.pulse.quiet_for();
            if !git && (quiet >= settle || gathered >= longest) {
                return;
            }
            tokio::time::sleep(settle.saturating_sub(quiet).max(Duration::from_millis(10))).await;
        }
    }
}

impl Watching {
    /// Makes the watch, or makes it again for a folder that was replaced.
    fn attend(&mut self, folder: &Folder) {
        let Folder { root, settings, pulse } = folder;
        if settings.mode == WatchMode::Poll {
            return;
        }
        let identity = fs_err::metadata(root).ok().map(|m| (m.dev(), m.ino()));
        if identity.is_none() || identity == self.watched {
            return;
        }
        if settings.mode == WatchMode::Auto && is_remote(root) {
            self.watched = identity;
            self.complain(folder, "it lies on a network or shared file system".to_owned());
            return;
        }
        let (beating, inside) = (Arc::clone(pulse), root.clone());
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.map_or(true, |event| matters(&inside, &event)) {
                beating.beat();
            }
        });
        let watching = watcher.and_then(|mut watcher| {
            watcher.watch(root, RecursiveMode::Recursive)?;
            Ok(watcher)
        });
        match watching {
            Ok(watcher) => {
                // What was written between two watches is found by a look.
                pulse.beat();
                (self.watcher, self.watched) = (Some(watcher), identity);
                self.complaint = None;
            }
            Err(error) => {
                self.watcher = None;
                let reason = match error.kind {
                    notify::ErrorKind::MaxFilesWatch => {
                        "the system's limit of watched folders is reached; raise \
                         fs.inotify.max_user_watches"
                            .to_owned()
                    }
                    _ => error.to_string(),
                };
                self.complain(folder, reason);
            }
        }
    }

    fn complain(&mut self, folder: &Folder, reason: String) {
        if self.complaint.as_ref() != Some(&reason) {
            tracing::warn!(
                folder = %folder.root.display(), %reason, poll_s = folder.settings.poll_s,
                "watch.polling: no events of the file system, the folder is looked at instead"
            );
            self.complaint = Some(reason);
        }
    }
}

/// Whether an event can mean that a document has changed.
fn matters(root: &Path, event: &notify::Event) -> bool {
    let written = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    };
    // Hidden files and folders hold no documents; git's own would wake us all the time.
    let hidden = |path: &PathBuf| {
        path.strip_prefix(root).is_ok_and(|inner| {
            inner.components().any(|c| c.as_os_str().as_encoded_bytes().starts_with(b"."))
        })
    };
    written && (event.paths.is_empty() || !event.paths.iter().all(hidden))
}

/// Does what may block on a thread for that.
async fn away<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime ends, and with it whoever waits.
            Err(_) => std::future::pending().await,
        },
    }
}

async fn git_works(root: &Path) -> bool {
    let root = root.to_owned();
    away(move || git_at_work(&root)).await
}

/// Whether git holds the lock of the work tree that the folder is in: it is writing files.
fn git_at_work(root: &Path) -> bool {
    root.ancestors().any(|folder| {
        let lock = folder.join(".git/index.lock");
        let age = fs_err::metadata(lock).and_then(|m| m.modified()).ok();
        age.is_some_and(|at| at.elapsed().map_or(true, |age| age < GIT))
    })
}

/// Whether the folder is on a file system whose changes other machines make.
fn is_remote(root: &Path) -> bool {
    let Ok(root) = fs_err::canonicalize(root) else { return false };
    let mounts = fs_err::read_to_string("/proc/self/mounts").unwrap_or_default();
    let longest = mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            Some((fields.next()?.replace("\\040", " "), fields.next()?))
        })
        .filter(|(place, _)| root.starts_with(place))
        .max_by_key(|(place, _)| place.len());
    const REMOTE: [&str; 10] =
        ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "afs", "virtiofs", "vboxsf"];
    longest.is_some_and(|(_, kind)| REMOTE.contains(&kind) || kind.starts_with("fuse"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> WatchSettings {
        WatchSettings { rescan_s: 60.0, ..WatchSettings::default() }
    }

    async fn rested(watch: &mut FolderWatch) {
        // The watch's own first beat.
        assert_eq!(watch.next().await, Wake::Changed);
    }

    #[tokio::test]
    async fn an_edit_wakes_and_a_hidden_file_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let mut watch = FolderWatch::new(folder.path(), &settings());
        rested(&mut watch).await;
        let still = watch.stillness();
        fs_err::write(folder.path().join(".a.md.swp"), "x").unwrap();
        let hidden = tokio::time::timeout(Duration::from_millis(400), watch.next()).await;
        assert!(hidden.is_err() && still.holds());
        fs_err::write(folder.path().join("a.md"), "x").unwrap();
        let seen = tokio::time::timeout(Duration::from_secs(10), watch.next()).await;
        assert_eq!(seen.unwrap(), Wake::Changed);
        assert!(!still.holds());
    }

    #[tokio::test]
    async fn a_wait_that_is_dropped_while_the_folder_settles_loses_no_change() {
        let folder = tempfile::tempdir().unwrap();
        let settings = WatchSettings { settle_ms: 700, ..settings() };
        let mut watch = FolderWatch::new(folder.path(), &settings);
        rested(&mut watch).await;
        // One event, which wakes once.
        watch.folder.pulse.beat();
        let dropped = tokio::time::timeout(Duration::from_millis(300), watch.next()).await;
        assert!(dropped.is_err(), "it settles still");
        let seen = tokio::time::timeout(Duration::from_secs(10), watch.next()).await;
        assert_eq!(seen.unwrap(), Wake::Changed);
    }

    #[tokio::test]
    async fn nothing_is_read_while_git_holds_its_lock() {
        let folder = tempfile::tempdir().unwrap();
        let kb = folder.path().join("docs/kb");
        fs_err::create_dir_all(&kb).unwrap();
        fs_err::create_dir(folder.path().join(".git")).unwrap();
        let mut watch = FolderWatch::new(&kb, &settings());
        rested(&mut watch).await;
        let lock = folder.path().join(".git/index.lock");
        fs_err::write(&lock, "").unwrap();
        fs_err::write(kb.join("a.md"), "x").unwrap();
        let early = tokio::time::timeout(Duration::from_millis(500), watch.next()).await;
        assert!(early.is_err(), "it waits for git");
        fs_err::write(kb.join("b.md"), "x").unwrap();
        fs_err::remove_file(lock).unwrap();
        assert_eq!(watch.next().await, Wake::Changed);
    }

    #[tokio::test]
    async fn a_folder_that_comes_back_is_watched_again() {
        let parent = tempfile::tempdir().unwrap();
        let kb = parent.path().join("kb");
        fs_err::create_dir(&kb).unwrap();
        let mut watch =
            FolderWatch::new(&kb, &WatchSettings { rescan_s: 0.05, ..WatchSettings::default() });
        rested(&mut watch).await;
        fs_err::rename(&kb, parent.path().join("old")).unwrap();
        fs_err::create_dir(&kb).unwrap();
        let mut woken = false;
        for _ in 0..200 {
            watch.next().await;
            let still = watch.stillness();
            fs_err::write(kb.join("new.md"), "x").unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            woken |= !still.holds();
            if woken {
                break;
            }
        }
        assert!(woken, "events of the new folder come");
    }

    #[tokio::test]
    async fn a_folder_that_is_never_still_is_published_in_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut watch = FolderWatch::new(folder.path(), &settings());
        rested(&mut watch).await;
        let mut reads = 0;
        loop {
            let still = watch.stillness();
            fs_err::write(folder.path().join("a.md"), reads.to_string()).unwrap();
            while watch.folder.pulse.events() == still.events {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            reads += 1;
            if still.holds() {
                break;
            }
        }
        assert_eq!(reads, RESTLESS + 1);
        assert!(watch.stillness().holds(), "it counts anew");
    }

    #[tokio::test]
    async fn without_events_it_looks_at_regular_times() {
        let folder = tempfile::tempdir().unwrap();
        let settings =
            WatchSettings { mode: WatchMode::Poll, poll_s: 0.05, ..WatchSettings::default() };
        let mut watch = FolderWatch::new(folder.path(), &settings);
        assert!(!watch.has_events());
        assert_eq!(watch.next().await, Wake::Look);
    }
}
