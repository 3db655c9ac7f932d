//! How long somebody in the queue will wait, made of how the queue has moved lately. A back end reads a
//! [`Movement`]; what follows from it is said here, once for both.

use jiff::Timestamp;

/// Takings that an estimate is made of, the last ones.
pub(super) const TAKINGS: u32 = 20;
/// How far back they count, milliseconds: a week.
pub(super) const SPAN_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// With fewer takings nobody can say.
const ENOUGH: usize = 5;
/// A queue out of which nobody was taken for so many usual gaps stands still.
const STANDS: i64 = 3;
/// Beyond it no figure is named: two hours, seconds.
const LONGEST_S: i64 = 2 * 60 * 60;
/// An estimate that is longer is given in whole minutes, so that it does not change every second.
const MINUTE_S: i64 = 60;

/// How the queue has moved. Times: milliseconds since 1970.
pub(super) struct Movement {
    /// When tickets came and when they were taken, the last taking first. Without those of agents who
    /// stepped in unasked: nobody waited for them.
    pub(super) taken: Vec<(i64, i64)>,
    /// Since when the longest waiting ticket has waited.
    pub(super) oldest: Option<i64>,
}

impl Movement {
    /// How long the ticket at `place` (from 1) will probably wait from `now` on, seconds: a usual gap for
    /// each place, and never less than the oldest ticket has waited while the queue stands still. `None`
    /// after too few takings, and where it would be so long that a figure helps nobody.
    pub(super) fn wait_s(&self, place: u32, now: Timestamp) -> Option<u64> {
        if self.taken.len() < ENOUGH {
            return None;
        }
        let now = now.as_millisecond();
        let (_, last) = *self.taken.first()?;
        let mut gaps = self.gaps();
        let usual = mean(&gaps)?;
        // The gap that is not over yet counts as soon as it is longer than usual.
        let present = self.oldest.map_or(0, |oldest| now - last.max(oldest));
        if present > usual {
            gaps.push(present);
        }
        let mut wait = mean(&gaps)?.saturating_mul(i64::from(place));
        if present > usual * STANDS {
            wait = wait.max(self.oldest.map_or(0, |oldest| now - oldest));
        }
        let seconds = wait / 1000;
        let rounded = match seconds {
            0..MINUTE_S => seconds,
            _ => (seconds + MINUTE_S - 1) / MINUTE_S * MINUTE_S,
        };
        u64::try_from(rounded).ok().filter(|_| rounded <= LONGEST_S)
    }

    /// How long somebody could have been taken before each taking, the longest tenth left out: a night
    /// and a lunch say nothing of a queue. A desk that only waits for customers is not slow: a gap begins
    /// when there was somebody to take.
    fn gaps(&self) -> Vec<i64> {
        let mut gaps: Vec<i64> = self
            .taken
            .windows(2)
            .map(|pair| {
                let ((came, taken), (_, before)) = (pair[0], pair[1]);
                (taken - came.max(before)).max(0)
            })
            .collect();
        gaps.sort_unstable();
        gaps.truncate(gaps.len() - gaps.len().div_ceil(10));
        gaps
    }
}

fn mean(gaps: &[i64]) -> Option<i64> {
    let count = i64::try_from(gaps.len()).ok().filter(|n| *n > 0)?;
    Some(gaps.iter().sum::<i64>() / count)
}

/// The place of a ticket before which so many wait.
pub(super) fn place_after(before: i64) -> u32 {
    u32::try_from(before.saturating_add(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    /// Tickets that came at minute 0 and were taken at these minutes.
    fn taken_at(minutes: &[i64], oldest: Option<i64>) -> Movement {
        let mut taken: Vec<_> = minutes.iter().map(|m| (0, m * MINUTE)).collect();
        taken.reverse();
        Movement { taken, oldest: oldest.map(|m| m * MINUTE) }
    }

    #[test]
    fn the_place_counts() {
        let moving = taken_at(&[10, 20, 30, 40, 50], Some(45));
        let wait = |place| moving.wait_s(place, at(51 * MINUTE));
        assert_eq!((wait(1), wait(2), wait(6)), (Some(600), Some(1200), Some(3600)));
        assert_eq!(wait(33), None, "hours are no estimate");
    }

    #[test]
    fn four_takings_say_nothing() {
        assert_eq!(taken_at(&[10, 20, 30, 40], None).wait_s(1, at(41 * MINUTE)), None);
        assert_eq!(taken_at(&[], Some(0)).wait_s(1, at(41 * MINUTE)), None);
    }

    #[test]
    fn a_quiet_desk_is_a_quick_one() {
        // One customer an hour, each taken within a minute.
        let taken = (0..8).rev().map(|h| (h * 60 * MINUTE, h * 60 * MINUTE + MINUTE)).collect();
        let quiet = Movement { taken, oldest: None };
        assert_eq!(quiet.wait_s(1, at(450 * MINUTE)), Some(60));
    }

    #[test]
    fn a_queue_that_stands_promises_no_less_than_it_takes_already() {
        // Taken in one go, then nobody for twenty minutes.
        let stands = taken_at(&[1, 1, 1, 1, 1, 1], Some(1));
        let wait = stands.wait_s(1, at(21 * MINUTE)).unwrap();
        assert!(wait >= 20 * 60, "{wait}");
        // The same queue just after it has moved.
        assert_eq!(stands.wait_s(1, at(MINUTE)), Some(0));
    }

    #[test]
    fn a_night_does_not_count() {
        let night = taken_at(&[10, 20, 30, 630, 640, 650], Some(650));
        assert_eq!(night.wait_s(1, at(651 * MINUTE)), Some(600));
    }
}
