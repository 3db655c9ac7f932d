//! The requests that wait for a sequence: who goes on, who is sent away, and what the others are told.
//!
//! Called by `worker` between two steps; `line` says who is next, `admission` keeps count.

use std::time::Instant;

use super::error::GenerateError;
use super::line;
use super::request::{Event, Request};
use super::slot::Ask;
use super::worker::{HOPELESS, Worker};
use crate::generate::Waiting;

impl Worker<'_> {
    /// A visitor with fewer waiting requests has come into the full queue.
    pub(super) fn send_one_away(&mut self) {
        self.shared.meter().displaced();
        let visitors: Vec<u64> = self.queue.iter().map(|ask| ask.request.visitor).collect();
        if let Some(ask) = line::dispensable(&visitors).and_then(|index| self.queue.remove(index)) {
            self.refuse(&ask);
        }
    }

    /// Sends a waiting request away; the caller has taken it out of the queue.
    fn refuse(&self, ask: &Ask) {
        let mut meter = self.shared.meter();
        meter.leave(ask.ticket);
        // Whoever asked may be gone.
        let refused = GenerateError::Refused { retry_after: meter.wait() };
        let _ = ask.events.try_send(Event::Failed(refused));
    }

    /// The queue in the order in which it is served, as indices.
    fn in_line(&self) -> Vec<usize> {
        let waiting: Vec<u64> = self.queue.iter().map(|ask| ask.request.visitor).collect();
        line::order(self.slots.iter().map(|slot| slot.request.visitor), &waiting)
    }

    /// Gives waiting requests sequences, visitor by visitor, while there are sequences and cells. Those
    /// that never wait are refused where they would have to.
    pub(super) fn start_waiting(&mut self) {
        let mut changed = false;
        while let Some(sequence) = self.free_sequences.last().copied() {
            let Some(next) = self.in_line().first().copied() else { break };
            let Some(ask) = self.queue.remove(next) else { break };
            if self.is_hopeless(&ask) {
                self.refuse(&ask);
                changed = true;
                continue;
            }
            let Some(found) = self.make_room(&ask.request) else {
                if self.slots.is_empty() {
                    self.give_up_waiting(&ask);
                    continue;
                }
                self.queue.insert(next, ask);
                break;
            };
            self.free_sequences.pop();
            self.shared.meter().leave(ask.ticket);
            self.start(ask, sequence, found);
            changed = true;
        }
        let hurried = |ask: &Ask| ask.request.waiting == Waiting::Never;
        while let Some(index) = self.queue.iter().position(hurried) {
            if let Some(ask) = self.queue.remove(index) {
                self.refuse(&ask);
            }
        }
        if changed && !self.queue.is_empty() {
            self.tell_positions();
        }
    }

    /// Beside what runs it would not be done by its deadline: whoever asked had better know now, and the time it would take
    /// goes to those who can be served.
    fn is_hopeless(&self, ask: &Ask) -> bool {
        let Some(deadline) = ask.request.deadline.filter(|_| !self.slots.is_empty()) else {
            return false;
        };
        let left = deadline.saturating_duration_since(Instant::now());
        self.shared.meter().comes_late(&ask.ticket, left.mul_f64(HOPELESS))
    }

    /// Nobody runs who will give cells back, so this request would wait for ever, and all behind it; the caller has taken it
    /// out of the queue. It is too long beside the prefixes that are kept for good.
    fn give_up_waiting(&self, ask: &Ask) {
        self.shared.meter().leave(ask.ticket);
        let Request { prompt, max_tokens, .. } = &ask.request;
        // Whoever asked may be gone.
        let _ = ask.events.try_send(Event::Failed(GenerateError::ContextTooLong {
            prompt: prompt.tokens.len(),
            max_tokens: *max_tokens,
            context: self.free_cells() + self.tree.evictable(),
        }));
    }

    /// Tells those who wait how many are before them.
    pub(super) fn tell_positions(&self) {
        let wait = self.shared.meter().wait();
        let line = self.in_line();
        for (ahead, ask) in line.iter().filter_map(|&index| self.queue.get(index)).enumerate() {
            let position = (ahead + 1).saturating_sub(self.free_sequences.len());
            // Positions may go unheard; the answer must not.
            if position > 0 && ask.events.capacity() > ask.request.max_tokens + 2 {
                let estimated_wait =
                    wait.mul_f64((ahead + 1) as f64 / (self.queue.len() + 1) as f64);
                let _ = ask.events.try_send(Event::Queued { position, estimated_wait });
            }
        }
    }
}
