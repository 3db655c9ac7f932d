//! Which prompts a step goes on with, and by how many tokens.
//!
//! Called by `step`. Pure. Half of the turns belong to the prompt that came first, so that none starves; the other half to the
//! one that is nearest to its answer, so that a short question need not wait for a long prompt.

/// Turns after which the other half has its turn. A prompt that goes on for some tiles in a row lies together in the cache, and attention
/// over it is cheap.
const TURNS: u64 = 4;

/// A prompt that can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    /// The caller's index.
    pub(super) index: usize,
    /// Rises with arrival.
    pub(super) number: u64,
    /// Tokens left, at least one.
    pub(super) left: usize,
}

/// How many tokens of which prompts (index, tokens) a step computes: at most `budget` in all.
pub(super) fn share(
    mut waiting: Vec<Waiting>,
    turn: u64,
    budget: usize,
    tile: usize,
) -> Vec<(usize, usize)> {
    waiting.sort_by_key(|prompt| prompt.number);
    if !(turn / TURNS).is_multiple_of(2) && waiting.len() > 1 {
        let oldest = waiting[0].number;
        waiting.sort_by_key(|prompt| (prompt.left, prompt.number != oldest, prompt.number));
    }
    let mut parts = Vec::new();
    let mut room = budget;
    for prompt in waiting {
        if room == 0 {
            break;
        }
        let tokens = portion(prompt.left, room, tile);
        // The rows of two prompts do not share a tile.
        room = room.saturating_sub(tokens.next_multiple_of(tile));
        parts.push((prompt.index, tokens));
    }
    parts
}

/// How far to go with a prompt of `left` tokens where there is room for `room`. What does not fill a tile comes first: a tile costs
/// the same however few rows it has, and the deeper in the prompt the more.
fn portion(left: usize, room: usize, tile: usize) -> usize {
    if left <= room {
        return left;
    }
    match left % tile {
        0 if room >= tile => room - room % tile,
        odd if odd > 0 && odd <= room => odd + (room - odd) / tile * tile,
        _ => room,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(lefts: &[usize]) -> Vec<Waiting> {
        lefts
            .iter()
            .enumerate()
            .map(|(index, &left)| Waiting { index, number: index as u64, left })
            .collect()
    }

    #[test]
    fn turns_alternate_between_the_first_and_the_shortest() {
        assert_eq!(share(waiting(&[900, 500, 300]), 0, 64, 64), [(0, 4)]);
        assert_eq!(share(waiting(&[900, 500, 300]), TURNS - 1, 64, 64), [(0, 4)]);
        assert_eq!(share(waiting(&[900, 500, 300]), TURNS, 64, 64), [(2, 44)]);
    }

    #[test]
    fn what_one_prompt_leaves_goes_to_the_next() {
        assert_eq!(share(waiting(&[100, 900]), 0, 256, 64), [(0, 100), (1, 68)]);
    }

    #[test]
    fn what_fills_no_tile_comes_first() {
        assert_eq!(share(waiting(&[100]), 0, 64, 64), [(0, 36)]);
        assert_eq!(share(waiting(&[64]), 0, 64, 64), [(0, 64)]);
        assert_eq!(share(waiting(&[300]), 0, 256, 64), [(0, 236)]);
        assert_eq!(share(waiting(&[300]), 0, 16, 64), [(0, 16)]);
        assert_eq!(share(waiting(&[40]), 0, 64, 64), [(0, 40)]);
    }

    #[test]
    fn never_more_than_the_budget_and_never_nothing() {
        for turn in 0..4 {
            for budget in 1..200 {
                let parts = share(waiting(&[70, 3, 500, 64, 1]), turn, budget, 64);
                let total: usize = parts.iter().map(|(_, tokens)| tokens).sum();
                assert!((1..=budget).contains(&total), "{parts:?}");
                assert!(parts.iter().all(|&(_, tokens)| tokens > 0));
            }
        }
    }

    #[test]
    fn every_prompt_finishes_though_short_ones_keep_coming() {
        let mut long = 2000;
        let mut steps = 0;
        while long > 0 {
            let both = vec![
                Waiting { index: 0, number: 0, left: long },
                Waiting { index: 1, number: 1 + steps, left: 64 },
            ];
            for (index, tokens) in share(both, steps, 64, 64) {
                if index == 0 {
                    long -= tokens;
                }
            }
            steps += 1;
            assert!(steps < 100);
        }
    }
}
