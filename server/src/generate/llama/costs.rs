//! What a step costs on this machine, learned while running, and what follows for the next one.
//!
//! Called by `step`; `worker` passes on to `admission` what it has learned. Pure. Three decisions hang on it: how many
//! prompt tokens a step may compute while streams run, whether drafts pay, and what to tell a caller who has to wait.

use std::time::Duration;

/// Weight of a new observation.
const ALPHA: f64 = 0.2;
/// Decoding steps of at most this many rows are remembered by their size.
const SIZES: usize = 64;

/// Depths (tokens before) at which a prompt token costs twice what it costs at the beginning: with whole tiles of rows
/// and with fewer, where attention takes a slower path. Measured on a CPU with a model of 213M parameters.
const TILE_DEPTH: f64 = 1400.0;
const ROW_DEPTH: f64 = 460.0;
/// So many times the prompts that wait are reckoned with: others come.
const MORE: f64 = 3.0;
/// A tile may take this much longer than the target before it is given up for fewer rows.
const SLACK: f64 = 1.2;

/// Learned costs, in seconds.
#[derive(Debug)]
pub(super) struct Costs {
    /// A prompt token at the beginning of a prompt, in whole tiles and in fewer rows.
    tile_token: f64,
    row_token: Option<f64>,
    tile: usize,
    decode: [Option<f64>; SIZES + 1],
}

impl Costs {
    /// `tile`: rows that are computed best together.
    pub(super) fn new(tile: usize) -> Self {
        // A guess for the first step only: a small model on two CPU cores.
        Self { tile_token: 0.004, row_token: None, tile, decode: [None; SIZES + 1] }
    }

    /// A call that computed `tokens` prompt tokens, the first of them `depth` tokens into its prompt, took `time`.
    pub(super) fn saw_prefill(&mut self, tokens: usize, depth: usize, time: Duration) {
        let cost = time.as_secs_f64() / tokens.max(1) as f64;
        let depth = (depth + tokens / 2) as f64;
        if tokens >= self.tile {
            self.tile_token += ALPHA * (cost / (1.0 + depth / TILE_DEPTH) - self.tile_token);
        } else if tokens >= 8 {
            // Smaller calls say more about the cost of a call than of a token.
            let cost = cost / (1.0 + depth / ROW_DEPTH);
            self.row_token = Some(self.row_token.map_or(cost, |old| old + ALPHA * (cost - old)));
        }
    }

    /// A call of `rows` decoding rows (choices and drafts) took `time`.
    pub(super) fn saw_decode(&mut self, rows: usize, time: Duration) {
        if let Some(slot) = self.decode.get_mut(rows) {
            let time = time.as_secs_f64();
            *slot = Some(slot.map_or(time, |old| old + ALPHA * (time - old)));
        }
    }

    /// Seconds to compute one prompt token, in the middle of an ordinary prompt.
    pub(super) fn prefill_token(&self) -> f64 {
        self.tile_token * 1.5
    }

    /// Seconds that a call of `rows` decoding rows takes: from the nearest sizes seen, a line between them.
    pub(super) fn decode(&self, rows: usize) -> f64 {
        let rows = rows.min(SIZES);
        let seen = |index: usize| self.decode[index].map(|cost| (index, cost));
        let below = (0..=rows).rev().find_map(seen);
        let above = (rows..=SIZES).find_map(seen);
        match (below, above) {
            (Some((low, cost)), Some((high, _))) if low == high => cost,
            (Some((low, a)), Some((high, b))) => {
                a + (b - a) * (rows - low) as f64 / (high - low) as f64
            }
            (Some((low, cost)), None) => cost + (rows - low) as f64 * self.prefill_token(),
            (None, Some((_, cost))) => cost,
            (None, None) => self.prefill_token() * (rows.max(1) as f64),
        }
    }

    /// Seconds that a tile takes, `depth` tokens into its prompt.
    pub(super) fn tile(&self, depth: usize) -> f64 {
        self.tile_token * (1.0 + depth as f64 / TILE_DEPTH) * self.tile as f64
    }

    /// Whether a stream has time `left` for its last `tokens` only while no prompt goes on beside it and the other `streams`.
    pub(super) fn is_pressed(
        &self,
        tokens: usize,
        left: Duration,
        streams: usize,
        prompts: Prompts,
    ) -> bool {
        let (left, alone) = (left.as_secs_f64(), tokens as f64 * self.decode(streams));
        let tile = self.tile(prompts.depth);
        // A tile in each step, or one step as long as steps may be; of prompts no more than wait, and may yet come.
        let all = MORE * prompts.tokens.div_ceil(self.tile) as f64 * tile;
        let beside = (tokens as f64 * tile).max(prompts.step.as_secs_f64()).min(all);
        tokens > 0 && alone <= left && alone + beside > left
    }

    /// Seconds until an answer of `tokens` is there, when `prompt` tokens before it are to be computed and `streams` share
    /// its steps.
    pub(super) fn until_answered(&self, prompt: usize, tokens: usize, streams: usize) -> f64 {
        prompt as f64 * self.prefill_token() + tokens as f64 * self.decode(streams)
    }

    /// Prompt tokens, `depth` tokens into their prompt, that fit into one step of `target` beside `decoding` rows: whole
    /// tiles where one fits nearly, else fewer rows; never less than `least`, never more than `most`.
    pub(super) fn prefill_budget(
        &self,
        target: Duration,
        decoding: usize,
        depth: usize,
        bounds: Bounds,
    ) -> usize {
        let left = target.as_secs_f64() - if decoding > 0 { self.decode(decoding) } else { 0.0 };
        let tile_cost = self.tile(depth);
        let tiles = (left / tile_cost).max(0.0) as usize;
        let tokens = if tiles > 0 {
            tiles * self.tile
        } else if tile_cost <= left * SLACK {
            self.tile
        } else {
            let row_token = self.row_token.unwrap_or(self.tile_token);
            let row_cost = row_token * (1.0 + depth as f64 / ROW_DEPTH);
            // As many rows as cost more than a tile are never right.
            ((left / row_cost).max(0.0) as usize).min(self.tile / 2)
        };
        tokens.clamp(bounds.least, bounds.most)
    }

    /// Does a draft of `length` tokens pay beside `rows` other rows, when each of its tokens is accepted with
    /// probability `acceptance` given that the one before was?
    pub(super) fn draft_pays(&self, rows: usize, length: usize, acceptance: f64) -> bool {
        let without = self.decode(rows + 1);
        let with = self.decode(rows + 1 + length);
        let mut expected = 0.0;
        let mut probability = 1.0;
        for _ in 0..length {
            probability *= acceptance;
            expected += probability;
        }
        // Tokens of all rows a second, with and without.
        let rows = rows as f64;
        (rows + 1.0 + expected) / with > (rows + 1.0) / without * 1.05
    }
}

/// The prompts that wait to go on, as [`Costs::is_pressed`] looks at them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prompts {
    /// Tokens before the next ones of the prompt that is furthest.
    pub(super) depth: usize,
    /// Tokens that are left to compute.
    pub(super) tokens: usize,
    /// How long a step may take for them.
    pub(super) step: Duration,
}

/// Bounds of [`Costs::prefill_budget`], in tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) least: usize,
    pub(super) most: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { least: 16, most: 512 };

    /// Learned that a token at the beginning of a prompt takes so long.
    fn costs(per_token_ms: f64) -> Costs {
        let mut costs = Costs::new(64);
        for _ in 0..100 {
            let time = per_token_ms * 128.0 * (1.0 + 64.0 / TILE_DEPTH) / 1000.0;
            costs.saw_prefill(128, 0, Duration::from_secs_f64(time));
        }
        costs
    }

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_budget_fills_the_time_in_whole_tiles() {
        assert_eq!(costs(2.0).prefill_budget(millis(300), 0, 0, BOUNDS), 128);
        assert_eq!(costs(2.0).prefill_budget(millis(115), 0, 0, BOUNDS), 64);
        assert_eq!(costs(2.0).prefill_budget(millis(60), 0, 0, BOUNDS), 30);
        assert_eq!(costs(20.0).prefill_budget(millis(100), 0, 0, BOUNDS), 16);
        assert_eq!(costs(1.0).prefill_budget(millis(9000), 0, 0, BOUNDS), 512);
    }

    #[test]
    fn deep_in_a_prompt_fewer_tokens_fit() {
        assert_eq!(costs(2.0).prefill_budget(millis(300), 0, 1400, BOUNDS), 64);
        assert_eq!(costs(2.0).prefill_budget(millis(150), 0, 1400, BOUNDS), 18);
    }

    #[test]
    fn running_streams_leave_less_time_for_prompts() {
        let mut costs = costs(2.0);
        costs.saw_decode(8, millis(150));
        assert_eq!(costs.prefill_budget(millis(300), 8, 0, BOUNDS), 64);
    }

    #[test]
    fn a_stream_is_pressed_while_hurrying_helps() {
        let mut costs = costs(1.0);
        costs.saw_decode(4, millis(40));
        let prompts = Prompts { depth: 0, tokens: 6400, step: millis(300) };
        let deep = Prompts { depth: 1400, ..prompts };
        // 50 tokens take 2 seconds, and 5.2 with a tile of 64 ms in each step; deep in a prompt 8.4.
        let pressed = |left, prompts| costs.is_pressed(50, millis(left), 4, prompts);
        let at = [1900, 2100, 5100, 5300].map(|left| pressed(left, prompts));
        assert_eq!(at, [false, true, true, false]);
        assert!(pressed(8300, deep) && !pressed(8500, deep));
        // A last prompt of a single tile is soon out of the way, ...
        let few = Prompts { tokens: 60, ..prompts };
        assert!(pressed(2150, few) && !pressed(2250, few));
        // ... and one step beside prompts may be too long for the last tokens.
        assert!(costs.is_pressed(2, millis(350), 4, prompts));
        assert!(!costs.is_pressed(2, millis(400), 4, prompts));
        assert!(!costs.is_pressed(0, Duration::ZERO, 4, prompts));
        // A prompt of 600 tokens before it: .9 seconds in its middle.
        assert!((costs.until_answered(600, 50, 4) - 2.9).abs() < 0.05);
    }

    #[test]
    fn the_cost_of_a_size_not_seen_lies_between_its_neighbours() {
        let mut costs = costs(2.0);
        costs.saw_decode(2, Duration::from_millis(10));
        costs.saw_decode(6, Duration::from_millis(30));
        assert!((costs.decode(4) - 0.020).abs() < 1e-9);
        assert!((costs.decode(1) - 0.010).abs() < 1e-9);
        assert!((costs.decode(7) - 0.033).abs() < 1e-3);
    }

    #[test]
    fn drafts_pay_where_rows_are_cheap_and_guesses_good() {
        let mut cheap = costs(2.0);
        cheap.saw_decode(1, Duration::from_millis(10));
        cheap.saw_decode(9, Duration::from_millis(12));
        assert!(cheap.draft_pays(0, 4, 0.8));
        assert!(!cheap.draft_pays(0, 4, 0.05));
        let mut dear = costs(2.0);
        dear.saw_decode(1, Duration::from_millis(4));
        dear.saw_decode(9, Duration::from_millis(36));
        assert!(!dear.draft_pays(0, 4, 0.8));
    }
}
