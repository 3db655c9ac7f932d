//! Lets ingestion step back behind answering: called by whoever starts the threads that read files, embed
//! passages and analyse them for the keyword index.
//!
//! Every thread of a process has a niceness of its own on Linux, and the threads it starts inherit it:
//! the ingestion session's workers, too. So a question that arrives while thousands of passages are
//! embedded gets a core at once, and an idle machine still embeds at full speed. Level 10 leaves
//! ingestion about a tenth of a core that questions fill completely, which keeps a single edit within
//! its two seconds.

use std::sync::atomic::{AtomicBool, Ordering};

/// Lower priority, as `nice(1)` counts.
const NICE: i32 = 10;

/// Whether this process has something to answer from.
static ANSWERS: AtomicBool = AtomicBool::new(false);

/// From now on there is somebody to step back behind: until then the first index has the whole machine.
pub(crate) fn answers() {
    ANSWERS.store(true, Ordering::Relaxed);
}

/// Lowers the priority of the calling thread and of those that it will start, once there is something to
/// answer from; gives whether that is so. Where the system does not allow it, nothing changes.
pub(crate) fn step_back() -> bool {
    let wanted = ANSWERS.load(Ordering::Relaxed);
    if wanted {
        lower();
    }
    wanted
}

#[cfg(target_os = "linux")]
fn lower() {
    // No process named: on Linux that is the calling thread.
    if rustix::process::setpriority_process(None, NICE).is_err() {
        tracing::debug!("embed.priority: the system keeps the ingestion thread at full priority");
    }
}

#[cfg(not(target_os = "linux"))]
fn lower() {}

/// Runs `work` on a thread of this name that has stepped back, and waits for it. Blocks.
///
/// # Errors
/// When no thread can be started.
pub(crate) fn behind<T: Send>(name: &str, work: impl FnOnce() -> T + Send) -> std::io::Result<T> {
    std::thread::scope(|scope| {
        let thread =
            std::thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, || {
                step_back();
                work()
            })?;
        // A panic of the work is the caller's.
        Ok(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// Niceness of the calling thread.
    #[expect(clippy::unwrap_used, reason = "a test")]
    fn niceness() -> i32 {
        let stat = fs_err::read_to_string("/proc/thread-self/stat").unwrap();
        // The name of the thread, in brackets, may hold blanks.
        let rest = stat.rsplit_once(") ").unwrap().1;
        rest.split(' ').nth(16).unwrap().parse().unwrap()
    }

    #[test]
    fn a_thread_and_those_it_starts_step_back_and_others_do_not() {
        let before = niceness();
        answers();
        let (own, child) = std::thread::spawn(|| {
            step_back();
            (niceness(), std::thread::spawn(niceness).join().unwrap())
        })
        .join()
        .unwrap();
        let expected = before.max(NICE);
        assert_eq!((own, child, niceness()), (expected, expected, before));
        assert_eq!(behind("test", niceness).unwrap(), expected);
    }
}
