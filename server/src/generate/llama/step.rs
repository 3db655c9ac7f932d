//! What one step computes.
//!
//! Called by `worker`, again and again while requests run. A step is kept short, because a step is how long a new request, a
//! cancelled one and every stream may have to wait. It goes on with some prompts (`plan` says which, `costs` how far) and
//! gives every stream its next token.
//!
//! On a CPU prompts and streams are computed in two calls: attention there works on tiles of 64 rows, skipping cells that no
//! row of a tile sees, so a tile of one prompt is cheap, and a tile into which other streams are mixed has to look at all
//! their cells for all its rows. On a GPU the second pass over the weights costs more than it saves: one call.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::backend::{CallError, Row};
use super::costs::{Bounds, Prompts};
use super::error::GenerateError;
use super::lookup;
use super::plan::{self, Waiting};
use super::request::{EndOfText, FinishReason, Token};
use super::settings::Drafts;
use super::slot::Slot;
use super::worker::Worker;

/// Rows of a tile of llama.cpp's CPU attention (`GGML_FA_TILE_Q`).
pub(super) const TILE: usize = 64;
/// Prompt tokens that a step computes even on the slowest GPU. On a CPU it is a whole tile: fewer rows take a slower path
/// through attention; measured, half a tile costs as much.
pub(super) const LEAST_ON_GPU: usize = 16;
/// A step may take so many times its target where more prompts wait than streams run.
const MOST_PATIENCE: usize = 4;
/// Weight of a new observation of how often drafts are right.
const ALPHA: f64 = 0.2;

/// The rows of one request in a call.
struct Part {
    number: u64,
    rows: Range<usize>,
    draft: Vec<Token>,
}

impl Worker<'_> {
    pub(super) fn step(&mut self) {
        for index in 0..self.slots.len() {
            if !self.slots[index].is_decoding() {
                self.adopt(index);
            }
        }
        let streams = self.slots.iter().filter(|slot| slot.is_decoding()).count();
        let prompts =
            if self.streams_are_pressed(streams) { Vec::new() } else { self.plan_prompts(streams) };
        let mut rows = Vec::new();
        let mut parts = Vec::new();
        for &(index, tokens) in &prompts {
            self.add_prompt(index, tokens, &mut rows, &mut parts);
        }
        if self.traits.on_gpu || streams == 0 {
            self.add_streams(&mut rows, &mut parts);
            self.compute(&rows, &parts, streams);
            return;
        }
        let (mut stream_rows, mut stream_parts) = (Vec::new(), Vec::new());
        self.add_streams(&mut stream_rows, &mut stream_parts);
        self.spare.lend(&mut self.context, stream_rows.len());
        self.compute(&stream_rows, &stream_parts, streams);
        self.compute(&rows, &parts, 0);
    }

    /// Whether a stream would miss its deadline if prompts went on beside it, and keeps it if they do not. So answers that
    /// are nearly there are not lost for such as have hardly begun.
    fn streams_are_pressed(&self, streams: usize) -> bool {
        let waiting = self.slots.iter().filter(|slot| !slot.is_decoding());
        let prompts = Prompts {
            depth: self.deepest(),
            tokens: waiting.map(Slot::prefill_left).sum(),
            step: self.step_target(streams),
        };
        let meter = self.shared.meter();
        let now = Instant::now();
        self.slots.iter().filter(|slot| slot.is_decoding()).any(|slot| {
            let Some(deadline) = slot.request.deadline else { return false };
            let left = deadline.saturating_duration_since(now);
            let tokens = meter.expected(slot.request.max_tokens, slot.generated());
            self.costs.is_pressed(tokens, left, streams, prompts)
        })
    }

    /// How long a step may take.
    fn step_target(&self, streams: usize) -> Duration {
        Duration::from_millis(if streams == 0 {
            self.settings.idle_step_target_ms
        } else {
            // A customer who waits for a first word counts as much as one who waits for the next.
            let prompts = self.slots.len() - streams;
            let patience = (prompts / streams).clamp(1, MOST_PATIENCE);
            self.settings.step_target_ms * patience as u64
        })
    }

    /// Tokens before the next ones of the prompt that is furthest.
    fn deepest(&self) -> usize {
        let prompts = self.slots.iter().filter(|slot| !slot.is_decoding());
        prompts.map(|slot| slot.filled).max().unwrap_or(0)
    }

    fn plan_prompts(&self, streams: usize) -> Vec<(usize, usize)> {
        let able =
            |index: &usize| !self.slots[*index].is_decoding() && !self.waits_for_leader(*index);
        let waiting = (0..self.slots.len()).filter(able).map(|index| Waiting {
            index,
            number: self.slots[index].number,
            left: self.slots[index].prefill_left(),
        });
        let waiting: Vec<Waiting> = waiting.collect();
        let drafts = self.settings.slots * (1 + self.settings.max_draft);
        let beside = if self.traits.on_gpu { drafts } else { 0 };
        let most = self.context.capacity().saturating_sub(beside);
        let target = self.step_target(streams);
        let least = if self.traits.on_gpu { LEAST_ON_GPU } else { TILE };
        let bounds = Bounds { least: least.min(most), most };
        let budget = self.costs.prefill_budget(target, streams, self.deepest(), bounds);
        plan::share(waiting, self.steps, budget, TILE)
    }

    fn add_prompt(&self, index: usize, tokens: usize, rows: &mut Vec<Row>, parts: &mut Vec<Part>) {
        let slot = &self.slots[index];
        let start = rows.len();
        let end = slot.filled + tokens;
        for position in slot.filled..end {
            let wanted = position + 1 == slot.prompt_length();
            rows.push(Row {
                token: slot.history[position],
                position,
                sequence: slot.sequence,
                wanted,
            });
        }
        parts.push(Part { number: slot.number, rows: start..rows.len(), draft: Vec::new() });
    }

    fn add_streams(&self, rows: &mut Vec<Row>, parts: &mut Vec<Part>) {
        let streams = self.slots.iter().filter(|slot| slot.is_decoding()).count();
        for slot in self.slots.iter().filter(|slot| slot.is_decoding()) {
            let start = rows.len();
            let draft = if slot.drafting {
                let left = slot.request.max_tokens.saturating_sub(slot.generated() + 1);
                let draft = lookup::draft(&slot.history, self.settings.max_draft.min(left));
                let pays = self.settings.drafts == Drafts::On
                    || slot.request.drafting == super::request::Drafting::On
                    || self.costs.draft_pays(streams - 1, draft.len(), slot.acceptance);
                if pays { draft.to_vec() } else { Vec::new() }
            } else {
                Vec::new()
            };
            let tokens = slot.history[slot.filled..].iter().chain(&draft);
            for (offset, &token) in tokens.enumerate() {
                rows.push(Row {
                    token,
                    position: slot.filled + offset,
                    sequence: slot.sequence,
                    wanted: true,
                });
            }
            parts.push(Part { number: slot.number, rows: start..rows.len(), draft });
        }
    }

    /// One call, and what follows from it. `streams`: how many of its parts are streams.
    fn compute(&mut self, rows: &[Row], parts: &[Part], streams: usize) {
        if rows.is_empty() {
            return;
        }
        let begun = Instant::now();
        let result = self.context.decode(rows);
        let time = begun.elapsed();
        if let Err(error) = result {
            self.give_up(parts, error);
            return;
        }
        let depth = rows.iter().find(|row| !row.wanted).map_or(0, |row| row.position);
        tracing::trace!(rows = rows.len(), requests = parts.len(), streams, depth, ?time, "step");
        if streams == 0 {
            self.costs.saw_prefill(rows.len(), depth, time);
        } else if streams == parts.len() {
            self.costs.saw_decode(rows.len(), time);
        } else {
            // One call for both, on a GPU: what the streams alone would have taken is not prompt time.
            let alone = Duration::try_from_secs_f64(self.costs.decode(streams)).unwrap_or_default();
            self.costs.saw_prefill(rows.len() - streams, depth, time.saturating_sub(alone));
        }
        for part in parts {
            let Some(index) = self.slots.iter().position(|slot| slot.number == part.number) else {
                continue;
            };
            let ended = if self.slots[index].is_decoding() {
                self.advance_stream(index, part)
            } else {
                self.advance_prompt(index, part)
            };
            match ended {
                Ok(None) => {}
                Ok(Some(reason)) => self.end(index, reason),
                Err(()) => {
                    let reason = "it gave no usable number".to_owned();
                    self.slots[index].fail(GenerateError::Model { reason });
                    self.release(index);
                }
            }
        }
    }

    fn advance_prompt(&mut self, index: usize, part: &Part) -> Result<Option<FinishReason>, ()> {
        self.slots[index].filled += part.rows.len();
        self.publish(index);
        if self.slots[index].prefill_left() > 0 {
            return Ok(None);
        }
        // Once for each request, however many portions it took.
        let slot = &self.slots[index];
        if let Some(pin) = slot.pin.filter(|_| slot.borrowed > 0) {
            self.tree.touch(pin, slot.borrowed);
        }
        self.choose(index, part.rows.end - 1)
    }

    fn advance_stream(&mut self, index: usize, part: &Part) -> Result<Option<FinishReason>, ()> {
        self.slots[index].filled += 1;
        let mut ended = self.choose(index, part.rows.start)?;
        let mut right = 0;
        // A draft token is right when it is what the model has just chosen; then the row after it counts.
        while ended.is_none()
            && right < part.draft.len()
            && self.slots[index].history.last() == part.draft.get(right)
        {
            right += 1;
            self.slots[index].filled += 1;
            ended = self.choose(index, part.rows.start + right)?;
        }
        let slot = &mut self.slots[index];
        if !part.draft.is_empty() {
            slot.drafted += part.draft.len();
            slot.accepted += right;
            let judged = part.draft.len().min(right + 1);
            slot.acceptance += ALPHA * (right as f64 / judged as f64 - slot.acceptance);
            if right < part.draft.len() {
                let wrong = slot.filled..slot.filled + part.draft.len() - right;
                self.spare.take_back(&mut self.context, slot.sequence, wrong);
                self.context.remove(slot.sequence, slot.filled);
            }
        }
        Ok(ended)
    }

    fn choose(&mut self, index: usize, row: usize) -> Result<Option<FinishReason>, ()> {
        let slot = &mut self.slots[index];
        let banned =
            if slot.request.end_of_text == EndOfText::Ignore { self.model.ends() } else { &[] };
        #[cfg(test)]
        if slot.generated() == 0
            && let Some(probe) = &slot.request.probe
        {
            let _ = probe.send(self.context.logits(row).to_vec());
        }
        let choice = slot.sampler.choose(self.context.logits(row), banned).ok_or(())?;
        Ok(slot.take(choice, self.model.piece(choice.token), self.model.ends()))
    }

    /// A call failed: its requests end with an error, their sequences are cleared, the others go on.
    fn give_up(&mut self, parts: &[Part], error: CallError) {
        tracing::error!(?error, requests = parts.len(), "llama.cpp could not compute a step");
        for part in parts {
            if let Some(index) = self.slots.iter().position(|slot| slot.number == part.number) {
                let reason = match error {
                    CallError::Full => "its cache is full".to_owned(),
                    CallError::Failed(code) => format!("llama.cpp returned {code}"),
                };
                self.slots[index].fail(GenerateError::Model { reason });
                self.release(index);
            }
        }
    }
}
