//! Prompt-lookup drafting: a support answer often copies its passages word for word, so what followed the last few
//! tokens there is a good guess of what follows now (Saxena 2023, "prompt lookup decoding").
//!
//! Called by `step`. A guess costs rows of a step and saves whole steps when it is right; `costs` decides
//! whether it pays. Under greedy sampling the text is the same with and without.

use super::request::Token;

/// Longest and shortest run of tokens that must recur before its continuation is proposed.
const LONGEST: usize = 4;
const SHORTEST: usize = 2;

/// Up to `limit` tokens that may follow `history` (prompt and answer so far): what followed the latest
/// earlier occurrence of its longest recurring tail.
pub(super) fn draft(history: &[Token], limit: usize) -> &[Token] {
    for length in (SHORTEST..=LONGEST).rev() {
        if limit == 0 || history.len() <= length {
            continue;
        }
        let tail = &history[history.len() - length..];
        let earlier = &history[..history.len() - 1];
        if let Some(at) = earlier.windows(length).rposition(|window| window == tail) {
            let from = at + length;
            return &history[from..history.len().min(from + limit)];
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_followed_the_recurring_tail_is_proposed() {
        assert_eq!(draft(&[1, 2, 3, 4, 5, 9, 2, 3], 2), [4, 5]);
        assert_eq!(draft(&[1, 2, 3, 4, 9, 2, 3], 8), [4, 9, 2, 3]);
    }

    #[test]
    fn the_longest_tail_decides_and_then_the_latest_place() {
        assert_eq!(draft(&[5, 1, 2, 3, 7, 2, 3, 8, 1, 2, 3], 1), [7]);
        assert_eq!(draft(&[2, 3, 7, 2, 3, 8, 0, 2, 3], 1), [8]);
    }

    #[test]
    fn nothing_is_proposed_without_a_recurrence() {
        assert!(draft(&[1, 2, 3, 4], 4).is_empty());
        assert!(draft(&[1, 1], 4).is_empty());
        assert!(draft(&[], 4).is_empty());
        assert!(draft(&[1, 2, 1, 2], 0).is_empty());
    }
}
