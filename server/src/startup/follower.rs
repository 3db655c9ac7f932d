//! The one background task that makes the knowledge base follow its folder: mends what a crash left,
//! looks at the folder at start and whenever [`FolderWatch`] says so, and publishes what has changed.
//!
//! A look is cheap: a hash over names, sizes and times. Where another embedding model is configured than
//! the live one, its index is built in the background ([`super::shadow`]) while edits go on to the live
//! one; taking over, and pruning what is not needed any more ([`super::taking_over`]), is done between
//! two syncs. Started by [`super::Application`], ended by its token; a sync under way is cancelled.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use indexer::catalog::SkippedFile;
use indexer::model::Generation;
use indexer::publish::{
    BuildReport, FolderWatch, Progress, Pruner, PublishError, Publisher, Stage, Stillness,
    WatchSettings,
};
use indexer::search::KnowledgeBase;
use indexer::source::{self, UnmatchedRule};
use tokio_util::sync::CancellationToken;

use super::shadow::Shadow;
use super::taking_over::Pruning;
use crate::http::{IndexStatus, Phase, Readiness};

/// After a failure the folder is looked at again after this long, also when nothing changed.
const RETRY: Duration = Duration::from_secs(30);

/// A sync that is told to stop may take this long to do so by itself; then it is dropped, which is as
/// safe as a crash: the next start mends what is half done.
const CANCEL_GRACE: Duration = Duration::from_secs(2);

/// Follows one folder.
#[derive(Clone)]
pub(super) struct Follower {
    /// The writing side of the space that serves.
    pub(super) publisher: Arc<ArcSwap<Publisher>>,
    /// That of the configured model, while another one serves.
    pub(super) shadow: Arc<ArcSwapOption<Publisher>>,
    pub(super) pruner: Arc<Pruner>,
    /// Vector space that the calibration in the data folder was fitted to.
    pub(super) calibrated_for: Option<String>,
    pub(super) knowledge: Arc<KnowledgeBase>,
    pub(super) readiness: Arc<Readiness>,
    pub(super) root: PathBuf,
    pub(super) watch: WatchSettings,
    pub(super) status: Arc<IndexStatus>,
    /// Whether what is searched is known to be whole: then it goes on answering while it is checked.
    pub(super) warm: bool,
    pub(super) stop: CancellationToken,
}

/// What the last round left for the next.
#[derive(Default)]
struct Memory {
    /// Signature of the folder that was published.
    signature: Option<u64>,
    /// When the folder is published anew even if its signature is the same: a file in it was taken for
    /// half written, or could not be read for a moment.
    look_again: Option<Instant>,
    /// The failure that was logged last, so that it is not repeated every two seconds.
    failure: Option<String>,
    recovered: bool,
    /// Files that were reported as skipped.
    skipped: HashSet<SkippedFile>,
    /// Rules that were reported because they match no document.
    unmatched: HashSet<UnmatchedRule>,
}

/// Why the follower goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Woken {
    /// Something may have changed in the folder.
    Folder,
    /// The index of the configured model is filled.
    Filled,
    /// It is time to remove what is not needed any more.
    Pruning,
}

impl Follower {
    /// Runs until the token is cancelled.
    pub(super) async fn run(self) {
        let stop = self.stop.clone();
        let mut memory = Memory::default();
        let mut watch = self.watched().await;
        self.status.following(self.watch.enabled, watch.has_events());
        let mut pruning = Pruning::default();
        let (mut shadow, mut begun, mut failed) = (None, false, false);
        let mut woken = Woken::Folder;
        while !stop.is_cancelled() {
            if woken != Woken::Pruning {
                failed = self.round(&mut memory, watch.stillness()).await.is_err();
            }
            // Once: what was refused is not tried again before the next start.
            if !begun && let Some(publisher) = self.shadow.load_full() {
                shadow = Some(Shadow::start(publisher, &self.status, &stop, Duration::ZERO));
                begun = true;
            }
            if failed || self.shadow.load().is_some() {
                pruning.put_off();
            } else {
                self.prune(&mut pruning).await;
            }
            let next = async {
                if failed {
                    tokio::select! {
                        _ = watch.next() => {}
                        () = tokio::time::sleep(RETRY) => {}
                    }
                } else if self.watch.enabled {
                    tokio::select! {
                        _ = watch.next() => {}
                        () = due(memory.look_again) => {}
                    }
                } else {
                    std::future::pending::<()>().await;
                }
            };
            woken = tokio::select! {
                () = stop.cancelled() => break,
                () = next => Woken::Folder,
                () = Shadow::filled(&mut shadow) => Woken::Filled,
                () = pruning.due() => Woken::Pruning,
            };
            if woken == Woken::Folder {
                self.status.woken();
            }
            // Taken only when it is filled: a look at the folder must not lose it.
            if woken == Woken::Filled
                && let Some(filled) = shadow.take()
            {
                shadow = self.take_over(filled, &mut pruning).await;
            }
        }
        if let Some(shadow) = shadow {
            shadow.end(CANCEL_GRACE).await;
        }
    }

    /// One look, and a sync when something changed. `Err` when it has to be tried again; it is
    /// logged already.
    async fn round(&self, memory: &mut Memory, stillness: Stillness) -> Result<(), ()> {
        let result = self.try_round(memory, stillness).await;
        match result {
            Ok(()) => {
                if memory.failure.take().is_some() {
                    tracing::info!("follower.well_again");
                    self.status.failed(None);
                }
                self.set(Phase::Ready);
                Ok(())
            }
            Err(PublishError::Cancelled | PublishError::Unsettled) => Err(()),
            Err(error) => {
                let message = error.to_string();
                if memory.failure.as_ref() != Some(&message) {
                    tracing::error!(%error, "follower.failed: what was live stays live");
                    if !self.serves() {
                        self.set(Phase::Starting(format!("the first index failed: {message}")));
                    }
                    self.status.failed(Some(message.clone()));
                    memory.failure = Some(message);
                }
                memory.signature = None;
                Err(())
            }
        }
    }

    async fn try_round(
        &self,
        memory: &mut Memory,
        stillness: Stillness,
    ) -> Result<(), PublishError> {
        if !memory.recovered {
            if !self.warm {
                self.set(Phase::Starting("the index is being checked".to_owned()));
            }
            self.until_stopped(self.publisher.load_full().recover()).await?;
            memory.recovered = true;
            if self.serves() {
                self.set(Phase::Ready);
            }
        }
        let signature = self.signature().await;
        let again = memory.look_again.is_some_and(|at| at <= Instant::now());
        if signature.is_some() && signature == memory.signature && !again {
            return Ok(());
        }
        let publisher = self.publisher.load_full();
        let progress = Arc::new(Shown {
            status: Arc::clone(&self.status),
            readiness: (!self.serves()).then(|| Arc::clone(&self.readiness)),
            stop: self.stop.clone(),
            stillness,
            stage: std::sync::Mutex::new((Stage::Reading, 0)),
            done: AtomicU64::new(0),
        });
        let synced = self.until_stopped(publisher.sync(progress)).await;
        self.status.works(None);
        let report = synced?;
        self.knowledge.refresh().await?;
        self.status.published(&report, self.lag(&report).await);
        log(&report, memory);
        publisher.tidy().await?;
        // Taken before the sync: what changed meanwhile is seen in the next round.
        memory.signature = signature;
        memory.look_again = report.look_again.map(|after| Instant::now() + after);
        Ok(())
    }

    /// Runs `work`, which looks at the token itself between its steps; a step that takes too long is
    /// left behind.
    pub(super) async fn until_stopped<T>(
        &self,
        work: impl Future<Output = Result<T, PublishError>>,
    ) -> Result<T, PublishError> {
        tokio::select! {
            result = work => result,
            () = async {
                self.stop.cancelled().await;
                tokio::time::sleep(CANCEL_GRACE).await;
            } => Err(PublishError::Cancelled),
        }
    }

    /// Whether there is something to answer from.
    pub(super) fn serves(&self) -> bool {
        self.knowledge.snapshot().generation > Generation(0)
    }

    pub(super) fn set(&self, phase: Phase) {
        if !self.stop.is_cancelled() {
            self.readiness.set(phase);
        }
    }

    async fn signature(&self) -> Option<u64> {
        let root = self.root.clone();
        tokio::task::spawn_blocking(move || signature(&root)).await.ok()
    }

    /// Begins to watch the folder, which registers all folders in it.
    async fn watched(&self) -> FolderWatch {
        let (root, settings) = (self.root.clone(), self.watch.clone());
        match tokio::task::spawn_blocking(move || FolderWatch::new(&root, &settings)).await {
            Ok(watch) => watch,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime ends, and this task with it.
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// Time from the newest write among the published files to now; `None` when none was written to.
    async fn lag(&self, report: &BuildReport) -> Option<Duration> {
        let paths = report.added_paths.iter().chain(&report.changed_paths);
        let files: Vec<PathBuf> = paths.map(|path| self.root.join(path)).collect();
        let newest = move || {
            let written = |file: &PathBuf| fs_err::metadata(file).ok()?.modified().ok();
            files.iter().filter_map(written).max()
        };
        tokio::task::spawn_blocking(newest).await.ok()??.elapsed().ok()
    }
}

/// Returns when it is time; never without a time.
async fn due(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// Hash over everything that tells an edit: names, sizes, times and inodes of all documents, and the
/// entries that are skipped.
fn signature(root: &Path) -> u64 {
    let walk = source::walk(root);
    let mut hash = DefaultHasher::new();
    for file in &walk.files {
        file.path.hash(&mut hash);
        if let Ok(meta) = fs_err::metadata(&file.absolute) {
            (
                meta.len(),
                meta.mtime(),
                meta.mtime_nsec(),
                meta.ctime(),
                meta.ctime_nsec(),
                meta.ino(),
            )
                .hash(&mut hash);
        }
    }
    for skipped in &walk.skipped {
        (&skipped.path, &skipped.reason).hash(&mut hash);
    }
    hash.finish()
}

/// What a sync did; a skipped file and a rule that matches nothing are reported once.
fn log(report: &BuildReport, memory: &mut Memory) {
    if report.added + report.changed + report.retired > 0 {
        tracing::info!(
            generation = report.generation.0,
            documents = report.documents,
            passages = report.passages,
            added = report.added,
            changed = report.changed,
            retired = report.retired,
            embedded = report.embedded,
            skipped = report.skipped.len(),
            seconds = report.seconds,
            "follower.published"
        );
    }
    for SkippedFile { path, reason } in news(&report.skipped, &mut memory.skipped) {
        tracing::warn!(%path, %reason, "follower.skipped");
    }
    for rule in news(&report.unmatched_rules, &mut memory.unmatched) {
        tracing::warn!(
            rule = rule.rule,
            pattern = %rule.pattern,
            hint = %rule.hint,
            "follower.unmatched_rule: this rule of source.audience matches no document and hides nothing"
        );
    }
    for warning in &report.warnings {
        tracing::warn!(path = %warning.path, remark = %warning.reason, "follower.remark");
    }
    if report.documents == 0 {
        tracing::warn!("follower.empty: no article is live, so every question goes to a person");
    }
}

/// What of `now` was not told in the last round. What is gone meanwhile is told again when it comes back.
fn news<'r, T: Clone + Eq + Hash>(now: &'r [T], told: &mut HashSet<T>) -> Vec<&'r T> {
    let news = now.iter().filter(|one| !told.contains(*one)).collect();
    *told = now.iter().cloned().collect();
    news
}

/// Tells who asks `/readyz` how far the first index is, and the sync when to stop.
struct Shown {
    stillness: Stillness,
    status: Arc<IndexStatus>,
    /// `None` when an older generation serves meanwhile.
    readiness: Option<Arc<Readiness>>,
    stop: CancellationToken,
    /// The stage and its total.
    stage: std::sync::Mutex<(Stage, u64)>,
    done: AtomicU64,
}

impl Shown {
    fn show(&self) {
        let (stage, total) = *self.stage.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.status.works(Some((stage, self.done.load(Ordering::Relaxed), total)));
        let Some(readiness) = self.readiness.as_ref().filter(|_| !self.stop.is_cancelled()) else {
            return;
        };
        let what = match stage {
            Stage::Reading => "reading the articles",
            Stage::Embedding => "embedding their passages",
            Stage::Indexing => "writing the indexes",
            Stage::Committing => "committing",
        };
        let percent = (self.done.load(Ordering::Relaxed) * 100).checked_div(total);
        let percent = percent.map_or_else(String::new, |p| format!(", {} %", p.min(100)));
        readiness.set(Phase::Starting(format!("the first index is being built: {what}{percent}")));
    }
}

impl Progress for Shown {
    fn begin(&self, stage: Stage, total: u64) {
        *self.stage.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = (stage, total);
        self.done.store(0, Ordering::Relaxed);
        self.show();
    }

    fn advance(&self, units: u64) {
        self.done.fetch_add(units, Ordering::Relaxed);
        self.show();
    }

    fn cancelled(&self) -> bool {
        self.stop.is_cancelled()
    }

    fn unsettled(&self) -> bool {
        !self.stillness.holds()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_wrong_is_told_once() {
        let mut told = HashSet::new();
        assert_eq!(news(&["a", "b"], &mut told), [&"a", &"b"]);
        assert_eq!(news(&["a", "b", "c"], &mut told), [&"c"]);
        assert_eq!(news(&["a"], &mut told), [&""; 0]);
        assert_eq!(news(&["b", "a"], &mut told), [&"b"]);
    }

    #[test]
    fn the_signature_changes_with_edits_renames_and_deletions() {
        let folder = tempfile::tempdir().unwrap();
        let now = || signature(folder.path());
        let file = folder.path().join("a.md");
        let mut seen = vec![now()];
        fs_err::write(&file, "one").unwrap();
        seen.push(now());
        assert_eq!(now(), now());
        fs_err::write(&file, "two").unwrap();
        seen.push(now());
        fs_err::rename(&file, folder.path().join("b.md")).unwrap();
        seen.push(now());
        let distinct: std::collections::HashSet<_> = seen.iter().collect();
        assert_eq!(distinct.len(), seen.len());
        fs_err::remove_file(folder.path().join("b.md")).unwrap();
        assert_eq!(now(), seen[0]);
    }
}
