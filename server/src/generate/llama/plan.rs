//! Which prompts a step goes on with, and by how many tokens.
//!
//! Called by `step`. Pure. Half of the turns belong to the prompt that came first, so that none starves; the other half to the
//! one that is nearest to its answer, so that a short question need not wait for a long prompt.

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

/// How many tokens of which prompts (index, tokens) a step computes: `budget` in all, and up to `tile - 1` more where they
/// finish a prompt, because a call for such a tail costs as much as for a whole tile. Never more than `most`.
pub(super) fn share(
    mut waiting: Vec<Waiting>,
    turn: u64,
    budget: usize,
    tile: usize,
    most: usize,
) -> Vec<(usize, usize)> {
    waiting.sort_by_key(|prompt| prompt.number);
    if !turn.is_multiple_of(2) && waiting.len() > 1 {
        let oldest = waiting[0].number;
        waiting.sort_by_key(|prompt| (prompt.left, prompt.number != oldest, prompt.number));
    }
    let mut parts = Vec::new();
    let mut used = 0;
    for prompt in waiting {
        if used >= budget.min(most) {
            break;
        }
        let room = budget.min(most) - used;
        let mut tokens = prompt.left.min(room);
        if prompt.left - tokens < tile && used + prompt.left <= most {
            tokens = prompt.left;
        }
        used += tokens;
        parts.push((prompt.index, tokens));
    }
    parts
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
        assert_eq!(share(waiting(&[900, 500, 300]), 0, 64, 64, 512), [(0, 64)]);
        assert_eq!(share(waiting(&[900, 500, 300]), 1, 64, 64, 512), [(2, 64)]);
    }

    #[test]
    fn what_one_prompt_leaves_goes_to_the_next() {
        assert_eq!(share(waiting(&[100, 900]), 0, 256, 64, 512), [(0, 100), (1, 156)]);
    }

    #[test]
    fn a_tail_shorter_than_a_tile_is_taken_along() {
        assert_eq!(share(waiting(&[100]), 0, 64, 64, 512), [(0, 100)]);
        assert_eq!(share(waiting(&[128]), 0, 64, 64, 512), [(0, 64)]);
        assert_eq!(share(waiting(&[100]), 0, 64, 64, 80), [(0, 64)]);
    }

    #[test]
    fn never_more_than_the_most_and_never_nothing() {
        for turn in 0..4 {
            for budget in 1..200 {
                let parts = share(waiting(&[70, 3, 500, 64, 1]), turn, budget, 64, 128);
                let total: usize = parts.iter().map(|(_, tokens)| tokens).sum();
                assert!((1..=128).contains(&total), "{parts:?}");
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
            for (index, tokens) in share(both, steps, 64, 64, 512) {
                if index == 0 {
                    long -= tokens;
                }
            }
            steps += 1;
            assert!(steps < 100);
        }
    }
}
