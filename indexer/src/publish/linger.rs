//! How long a retired passage stays in a catalog and an index that others read too.
//!
//! Used by `Publisher::tidy`. Another process may be a moment behind: until it has the new generation it
//! still finds what the old one had, whole. Alone, nothing lingers.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::model::Generation;

/// Others follow within two seconds; a search that they began before may take some more.
const LINGER: Duration = Duration::from_secs(10);
/// Generations that are remembered; in a burst of more, the oldest linger longer.
const REMEMBERED: usize = 1024;

/// When this process first saw which generation.
#[derive(Debug, Default)]
pub(super) struct Linger(Mutex<VecDeque<(Generation, Instant)>>);

impl Linger {
    /// The newest generation whose retired passages may go now, when `newest` is live.
    pub(super) fn until(&self, newest: Generation, now: Instant) -> Option<Generation> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.back().is_none_or(|(generation, _)| *generation < newest) {
            if seen.len() >= REMEMBERED {
                seen.pop_back();
            }
            seen.push_back((newest, now));
        }
        let mut until = None;
        while let Some((generation, at)) = seen.front().copied() {
            if now.duration_since(at) < LINGER {
                break;
            }
            until = Some(generation);
            if seen.len() == 1 {
                break;
            }
            seen.pop_front();
        }
        until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_retired_goes_ten_seconds_after_the_generation_that_retired_it() {
        let linger = Linger::default();
        let start = Instant::now();
        let at = |generation: u64, seconds: u64| {
            let now = start + Duration::from_secs(seconds);
            linger.until(Generation(generation), now).map(|g| g.0)
        };
        assert_eq!(at(5, 0), None);
        assert_eq!(at(6, 4), None);
        assert_eq!(at(6, 9), None);
        assert_eq!(at(6, 10), Some(5));
        assert_eq!(at(6, 13), None);
        assert_eq!(at(6, 14), Some(6));
        assert_eq!(at(6, 99), Some(6));
        assert_eq!(at(7, 100), Some(6));
        assert_eq!(at(7, 110), Some(7));
    }

    #[test]
    fn a_burst_is_remembered_within_a_bound() {
        let linger = Linger::default();
        let start = Instant::now();
        for generation in 1..5000 {
            assert_eq!(linger.until(Generation(generation), start), None);
        }
        assert_eq!(linger.0.lock().unwrap().len(), REMEMBERED);
        let later = start + LINGER;
        assert_eq!(linger.until(Generation(4999), later), Some(Generation(4999)));
    }
}
