//! Spares whoever waits for an errand a model that is always too slow for it.
//!
//! Asked by `errand`; one is kept by each that sends errands (`condense`, `summarising`), because their
//! deadlines differ. After [`LATE`] errands in a row that ended by their deadline none is tried for a while, longer
//! after every further one and never longer than [`LONGEST`]; one that is done in time ends that. The caller
//! brings the time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Errands in a row that come too late before none is tried.
const LATE: u32 = 3;
/// The first while, doubled every time.
const FIRST: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Errands in a row that came too late.
    late: u32,
    rests_until: Option<Instant>,
}

impl State {
    fn rests(&self, now: Instant) -> bool {
        self.rests_until.is_some_and(|until| now < until)
    }
}

impl Breaker {
    /// Whether no errand is to be tried now.
    pub(super) fn rests(&self, now: Instant) -> bool {
        self.state().rests(now)
    }

    /// An errand ended by its deadline.
    pub(super) fn late(&self, now: Instant) {
        let mut state = self.state();
        // One that was on its way already when the rest began tells nothing new.
        if state.rests(now) {
            return;
        }
        state.late = state.late.saturating_add(1);
        if let Some(further) = state.late.checked_sub(LATE) {
            let rest = FIRST.saturating_mul(2_u32.saturating_pow(further)).min(LONGEST);
            state.rests_until = Some(now + rest);
        }
    }

    /// An errand was done in time.
    pub(super) fn in_time(&self) {
        *self.state() = State::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_is_always_late_is_tried_ever_more_rarely_and_one_success_ends_that() {
        let breaker = Breaker::default();
        let mut now = Instant::now();
        for _ in 1..LATE {
            breaker.late(now);
            assert!(!breaker.rests(now), "once or twice is no habit");
        }
        for times in [1, 2, 4, 8, 16, 30, 30, 30] {
            breaker.late(now);
            // Others that were on their way lengthen nothing.
            breaker.late(now + Duration::from_secs(1));
            let rest = FIRST * times;
            assert!(breaker.rests(now + rest - Duration::from_secs(1)), "{rest:?}");
            now += rest;
            assert!(!breaker.rests(now), "{rest:?}");
        }
        breaker.in_time();
        breaker.late(now);
        assert!(!breaker.rests(now), "it counts from the beginning");
    }
}
