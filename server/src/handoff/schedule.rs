//! When a delivery that failed is tried again.

use std::time::Duration;

/// After the first, second, ... failed try. What Standard Webhooks recommends: about three days in all.
const STEPS_S: [u64; 9] =
    [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600];
/// A receiver may ask for a longer wait, but not for ever.
const LONGEST_S: u64 = 24 * 3600;
/// Share by which a wait may be longer, so that not all come back at once.
const JITTER: f64 = 0.2;

/// The wait after `failed` tries (from 1), with `random` in [0, 1) as jitter and what the receiver asked
/// for (`Retry-After`). `None` when it is given up.
pub(crate) fn wait(failed: u32, random: f64, asked: Option<Duration>) -> Option<Duration> {
    let step = STEPS_S.get(failed.saturating_sub(1) as usize)?;
    let ours = Duration::from_secs(*step).mul_f64(1.0 + JITTER * random.clamp(0.0, 1.0));
    let asked = asked.unwrap_or_default().min(Duration::from_secs(LONGEST_S));
    Some(ours.max(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end_after_about_three_days() {
        let all: Vec<u64> = (1..).map_while(|n| wait(n, 0.0, None)).map(|w| w.as_secs()).collect();
        assert_eq!(all, STEPS_S);
        assert!(all.is_sorted());
        let days = all.iter().sum::<u64>() as f64 / 86_400.0;
        assert!((3.0..3.5).contains(&days), "{days}");
        assert_eq!(wait(1, 0.5, None), Some(Duration::from_millis(5_500)));
    }

    #[test]
    fn a_receiver_may_ask_for_more_time_within_a_day() {
        let asked = |s| wait(1, 0.0, Some(Duration::from_secs(s))).unwrap().as_secs();
        assert_eq!((asked(2), asked(90), asked(10_000_000)), (5, 90, 86_400));
    }
}
