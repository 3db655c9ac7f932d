//! Spare cells for answers: a part of the cache in which all streams write, kept apart from the prompts.
//!
//! Owned by `worker`, on a CPU alone. llama.cpp takes the first free cells for whatever it computes. Streams take one cell a step
//! each and give all of them back at their end, so prompts that are computed later would be scattered over hundreds of holes; and
//! CPU attention works on tiles of 64 cells, of which it can only skip whole ones. Measured with a model of 213M parameters, a
//! prompt token in a scattered prompt costs two to three times as much.
//!
//! So the cells at the beginning of the cache are occupied from the start, by the state of a text that nobody asks for
//! ([`Spare::fill`]). Before streams are computed as many cells are freed as they need ([`Spare::lend`]): the first free ones, so
//! llama.cpp takes them. What an answer wrote is not freed at its end but kept as spare again ([`Spare::take_back`]).

use super::backend::{Context, Row, Saved};
use super::prefix::SequenceId;

/// Cells that are filled at once: a tile of attention.
const BLOCK: usize = 64;
/// Cells for each answer that may be written at the same time; longer ones take cells where they are.
const CELLS_PER_ANSWER: usize = 96;
/// Most of the cache that may be spare.
const MOST_OF_CACHE: usize = 8;

/// Cells that one sequence holds: its positions from `start` to `end`.
#[derive(Clone, Copy, Debug)]
struct Run {
    sequence: SequenceId,
    start: usize,
    end: usize,
}

/// See the module's documentation.
pub(super) struct Spare {
    /// What fills a block.
    state: Option<Saved>,
    free_ids: Vec<SequenceId>,
    runs: Vec<Run>,
    cells: usize,
    most: usize,
}

impl Spare {
    /// `ids`: the sequences that it may use; none turns it off.
    pub(super) fn new(ids: std::ops::Range<SequenceId>, slots: usize, cache: usize) -> Self {
        // A block is held by one sequence.
        let most = (slots * CELLS_PER_ANSWER).min(cache / MOST_OF_CACHE).min(ids.len() * BLOCK);
        Self {
            most: most / BLOCK * BLOCK,
            state: None,
            free_ids: ids.rev().collect(),
            runs: Vec::new(),
            cells: 0,
        }
    }

    /// Cells that are spare now.
    pub(super) fn cells(&self) -> usize {
        self.cells
    }

    /// Occupies the first free cells, at most `room`, where it holds fewer than it should. For a time when nobody is served. Without
    /// spare cells all works, but slower.
    pub(super) fn fill(&mut self, context: &mut Context<'_>, room: usize) {
        if self.cells >= self.most.min(room) / BLOCK * BLOCK {
            return;
        }
        self.drop_cells(context, self.cells);
        if self.state.is_none() {
            self.state = Self::block(context);
        }
        let Some(state) = &self.state else { return };
        while self.cells + BLOCK <= self.most.min(room)
            && let Some(sequence) = self.free_ids.pop()
        {
            if !context.replay(state, sequence) {
                context.remove(sequence, 0);
                self.free_ids.push(sequence);
                return;
            }
            self.cells += BLOCK;
            self.runs.push(Run { sequence, start: 0, end: BLOCK });
        }
    }

    /// The state of a text of one block, computed in a request's sequence: llama.cpp computes in no other.
    fn block(context: &mut Context<'_>) -> Option<Saved> {
        let sequence = 0;
        let row = |position| Row { token: 0, position, sequence, wanted: false };
        let rows: Vec<Row> = (0..BLOCK).map(row).collect();

        if context.capacity() < BLOCK {
            return None;
        }
        let state = context.decode(&rows).ok().and_then(|()| context.save_in_memory(sequence));
        context.remove(sequence, 0);
        state
    }

    /// Frees cells for a call of `rows` rows.
    pub(super) fn lend(&mut self, context: &mut Context<'_>, rows: usize) {
        self.drop_cells(context, rows);
    }

    /// Gives cells up until at most `most` are spare.
    pub(super) fn shrink_to(&mut self, context: &mut Context<'_>, most: usize) {
        self.drop_cells(context, self.cells.saturating_sub(most));
    }

    /// Keeps the cells that `sequence` has from position `start` to `end`, as far as there is a place for them; the caller removes
    /// them from `sequence` afterwards.
    pub(super) fn take_back(
        &mut self,
        context: &mut Context<'_>,
        sequence: SequenceId,
        positions: std::ops::Range<usize>,
    ) {
        let end = positions.end.min(positions.start + (self.most - self.cells.min(self.most)));
        if positions.start >= end {
            return;
        }
        let Some(id) = self.free_ids.pop() else { return };
        context.copy(sequence, id, positions.start, end);
        self.cells += end - positions.start;
        self.runs.push(Run { sequence: id, start: positions.start, end });
    }

    /// The last ones first: short runs come and go, and their sequences are free again soon.
    fn drop_cells(&mut self, context: &mut Context<'_>, mut count: usize) {
        while count > 0
            && let Some(run) = self.runs.last_mut()
        {
            let here = count.min(run.end - run.start);
            run.end -= here;
            count -= here;
            self.cells -= here;
            context.remove(run.sequence, run.end);
            if run.end == run.start {
                self.free_ids.push(run.sequence);
                self.runs.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_wants_no_more_cells_than_it_can_hold() {
        assert_eq!(Spare::new(0..0, 8, 1 << 20).most, 0);
        assert_eq!(Spare::new(192..256, 64, 1 << 20).most, 64 * BLOCK);
        assert_eq!(Spare::new(224..256, 8, 1 << 20).most, 8 * CELLS_PER_ANSWER);
        assert_eq!(Spare::new(224..256, 8, 4096).most, 512);
    }
}
