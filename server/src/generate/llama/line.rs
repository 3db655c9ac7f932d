//! Who is next among the waiting, and who goes when somebody with less has to come in. Pure.
//!
//! Called by `worker`. Visitors take turns: a visitor's first request comes before the second of
//! anybody, counting those that run already. Within that, first come, first served.

use std::collections::HashMap;

/// The waiting requests (their visitors in order of arrival) in the order in which they get sequences, as indices.
pub(super) fn order(running: impl Iterator<Item = u64>, waiting: &[u64]) -> Vec<usize> {
    let mut before: HashMap<u64, usize> = HashMap::new();
    for visitor in running {
        *before.entry(visitor).or_default() += 1;
    }
    let mut ranked: Vec<(usize, usize)> = waiting
        .iter()
        .enumerate()
        .map(|(index, visitor)| {
            let turn = before.entry(*visitor).or_default();
            let rank = *turn;
            *turn += 1;
            (rank, index)
        })
        .collect();
    ranked.sort_unstable();
    ranked.into_iter().map(|(_, index)| index).collect()
}

/// The newest request of the visitor who has the most waiting.
pub(super) fn dispensable(waiting: &[u64]) -> Option<usize> {
    let mut counts: HashMap<u64, usize> = HashMap::new();
    for visitor in waiting {
        *counts.entry(*visitor).or_default() += 1;
    }
    (0..waiting.len()).max_by_key(|&index| (counts[&waiting[index]], index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visitors_take_turns() {
        assert_eq!(order([].into_iter(), &[1, 1, 1, 2, 3, 2]), [0, 3, 4, 1, 5, 2]);
        assert_eq!(order([1, 1, 2].into_iter(), &[1, 2, 3]), [2, 1, 0]);
        assert_eq!(order([7].into_iter(), &[]), [0_usize; 0]);
    }

    #[test]
    fn alone_it_is_first_come_first_served() {
        assert_eq!(order([5].into_iter(), &[5, 5, 5]), [0, 1, 2]);
    }

    #[test]
    fn the_newest_of_whoever_has_most_goes() {
        assert_eq!(dispensable(&[1, 1, 2, 1, 2]), Some(3));
        assert_eq!(dispensable(&[]), None);
    }
}
