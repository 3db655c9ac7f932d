//! Waits out a file lock that is about to go: called where a file of the data folder is locked.
//!
//! The system's lock belongs to every copy of the open file. A thread that starts a program makes such
//! copies in the child until the program runs, so a file that was closed may stay locked for some
//! milliseconds, in this process or after it. An owner that stays is reported after [`PATIENCE`].

use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a lock is tried again.
const PATIENCE: Duration = Duration::from_secs(1);

const PAUSE: Duration = Duration::from_millis(10);

/// What `attempt` gives, which is repeated while its error `is_busy`. Blocks.
pub(crate) fn patiently<T, E>(
    mut attempt: impl FnMut() -> Result<T, E>,
    is_busy: impl Fn(&E) -> bool,
) -> Result<T, E> {
    let started = Instant::now();
    loop {
        match attempt() {
            Err(error) if is_busy(&error) && started.elapsed() < PATIENCE => sleep(PAUSE),
            done => return done,
        }
    }
}
