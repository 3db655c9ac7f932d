//! The engine's thread: takes requests in, gives them sequences, and lets `step` compute until nobody waits.
//!
//! Started by `handle`. This file is about who runs (sequences, cells, cached prefixes, the end of an answer), `waiting` about who comes next,
//! `step` about what one step computes.
//!
//! Cells. The cache has a fixed number of cells. A cell belongs to the prefix tree (counted by the tree) or is set aside for
//! one running request (`Slot::reserved`). Their sum never exceeds the cache, so the cache never runs full in mid-answer:
//! a request starts when everything that it may need is free, after evicting prefixes that nobody uses. Spare cells (`spare`)
//! are of those that are free, and are given up when a request needs them.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use super::admission::{Course, Running};
use super::backend::{Context, Model};
use super::costs::Costs;
use super::error::GenerateError;
use super::handle::{Audit, Command, Shared};
use super::keep::Keeping;
use super::load::Traits;
use super::prefix::{NodeId, PrefixTree, SequenceId, common_prefix};
use super::request::{Event, FinishReason, Prompt, Request, Token};
use super::sequences::SequencePlan;
use super::settings::EngineSettings;
use super::slot::{Ask, Slot};
use super::spare::Spare;
use super::state::StateStore;

/// It does not pay to wait for somebody else to compute fewer tokens than this.
const MIN_SHARED: usize = 32;

/// A request is given up when it is estimated to take so many times the time that it has left.
pub(super) const HOPELESS: f64 = 1.25;

/// What a worker is made of beside model and context.
pub(super) struct Setup {
    pub(super) settings: EngineSettings,
    pub(super) traits: Traits,
    pub(super) sequences: SequencePlan,
    pub(super) shared: Arc<Shared>,
    pub(super) model_path: PathBuf,
}

#[derive(PartialEq, Eq)]
enum Then {
    GoOn,
    Stop,
}

/// See the module's documentation.
pub(super) struct Worker<'model> {
    pub(super) context: Context<'model>,
    pub(super) model: Model,
    pub(super) settings: EngineSettings,
    pub(super) traits: Traits,
    pub(super) slots: Vec<Slot>,
    pub(super) tree: PrefixTree,
    pub(super) costs: Costs,
    pub(super) steps: u64,
    pub(super) free_sequences: Vec<SequenceId>,
    sequences: SequencePlan,
    pub(super) queue: VecDeque<Ask>,
    pub(super) keeping: Vec<Keeping>,
    pub(super) next_number: u64,
    cache_limit: usize,
    pub(super) spare: Spare,
    pub(super) states: Option<StateStore>,
    pub(super) shared: Arc<Shared>,
}

impl<'model> Worker<'model> {
    pub(super) fn new(context: Context<'model>, model: Model, setup: Setup) -> Self {
        let Setup { settings, traits, sequences, shared, model_path } = setup;
        let cache_limit = match settings.cache_tokens {
            // Every cell held is looked at by every row on a CPU.
            0 if traits.on_gpu => context.cells() / 2,
            0 => context.cells() / 4,
            limit => limit.min(context.cells()),
        };
        let states = settings
            .state_dir
            .as_ref()
            .map(|folder| StateStore::new(folder, &model_path, &settings));
        let spare = Spare::new(sequences.spare.clone(), settings.slots, context.cells());
        Self {
            tree: PrefixTree::new(sequences.holders.clone()),
            free_sequences: (0..sequences.slots).rev().collect(),
            slots: Vec::new(),
            queue: VecDeque::new(),
            keeping: Vec::new(),
            costs: Costs::new(super::step::TILE),
            steps: 0,
            next_number: 0,
            context,
            model,
            settings,
            traits,
            sequences,
            cache_limit,
            spare,
            states,
            shared,
        }
    }

    /// Works until told to stop or until no handle is left.
    pub(super) fn run(mut self, commands: &Receiver<Command>) {
        loop {
            if self.slots.is_empty() && self.queue.is_empty() {
                let room = self.free_cells();
                self.spare.fill(&mut self.context, room);
                let Ok(command) = commands.recv() else { return };
                if self.obey(command) == Then::Stop {
                    return;
                }
            }
            loop {
                let command = match commands.try_recv() {
                    Ok(command) => command,
                    Err(TryRecvError::Disconnected) => return,
                    Err(TryRecvError::Empty) => break,
                };
                if self.obey(command) == Then::Stop {
                    return;
                }
            }
            self.cull();
            // Who waits is measured by what runs now. Before the step again: it takes long, and who comes meanwhile is, too.
            self.report();
            self.start_waiting();
            self.report();
            if !self.slots.is_empty() {
                self.step();
                self.steps += 1;
                self.report();
            }
        }
    }

    fn obey(&mut self, command: Command) -> Then {
        match command {
            Command::Ask(ask) => {
                if ask.ticket.displaces {
                    self.send_one_away();
                }
                self.queue.push_back(*ask);
                if self.queue.len() > self.free_sequences.len() {
                    self.tell_positions();
                }
            }
            Command::Keep { namespace, tokens } => self.keep(namespace, tokens),
            Command::Audit(reply) => {
                self.cull();
                self.report();
                self.start_waiting();
                self.report();
                // Whoever asked may be gone.
                let _ = reply.send(self.audit());
            }
            Command::Forget => {
                while let Some((_, change)) = self.tree.evict() {
                    self.context.apply(change);
                }
            }
            #[cfg(test)]
            Command::Panic => panic!("a test asked for it"),
            Command::Stop => return Then::Stop,
        }
        Then::GoOn
    }

    /// Ends what nobody waits for any more.
    fn cull(&mut self) {
        let now = Instant::now();
        let mut index = 0;
        while index < self.slots.len() {
            // Who waits for an answer may go at the deadline itself: that it was late is worth knowing all the same.
            if self.slots[index].is_late(now) {
                self.end_late(index, now);
            } else if self.slots[index].is_abandoned() {
                self.release(index);
            } else if self.comes_too_late(index, now) {
                self.end_late(index, now);
            } else {
                index += 1;
            }
        }
        let shared = Arc::clone(&self.shared);
        self.queue.retain(|ask| {
            let late = ask.request.deadline.is_some_and(|deadline| now >= deadline);
            if late {
                // Whoever asked may be gone.
                let _ = ask.events.try_send(Event::Failed(GenerateError::DeadlinePassed));
            }
            let stays = !late && !ask.events.is_closed();
            if !stays {
                let mut meter = shared.meter();
                meter.leave(ask.ticket);
                if late {
                    meter.learn(&ask.course());
                }
            }
            stays
        });
    }

    /// Ends an answer for its deadline, and learns how long it would have taken.
    fn end_late(&mut self, index: usize, now: Instant) {
        let slot = &self.slots[index];
        let tokens = self.shared.meter().expected(slot.request.max_tokens, slot.generated());
        let rest = self.costs.until_answered(slot.prefill_left(), tokens, self.slots.len());
        let rest = Duration::try_from_secs_f64(rest).unwrap_or_default();
        let course = slot.course();
        let took = course.took.saturating_add(rest);
        self.shared.meter().learn(&Course { late: true, took, ..course });
        let retry_after = self.shared.meter().wait();
        let slot = &mut self.slots[index];
        if slot.generated() > 0 {
            slot.finish(FinishReason::Deadline);
        } else if slot.is_late(now) {
            slot.fail(GenerateError::DeadlinePassed);
        } else {
            slot.fail(GenerateError::Refused { retry_after });
        }
        self.release(index);
    }

    /// Whether a prompt is still so far from its answer that the answer would come after its deadline, with a margin for
    /// estimates: the time that it would take goes to those who can be served.
    fn comes_too_late(&self, index: usize, now: Instant) -> bool {
        let slot = &self.slots[index];
        let Some(deadline) = slot.request.deadline.filter(|_| !slot.is_decoding()) else {
            return false;
        };
        let tokens = self.shared.meter().expected(slot.request.max_tokens, 0);
        let running = self.slots.len();
        let seconds = self.costs.until_answered(slot.prefill_left(), tokens, running);
        running > 1 && seconds > HOPELESS * (deadline - now).as_secs_f64()
    }

    /// Frees the cells that a request may need; what of its prompt is cached, pinned. `None` when it has to wait.
    pub(super) fn make_room(&mut self, request: &Request) -> Option<(usize, Option<NodeId>)> {
        let prompt = &request.prompt;
        let found = self.tree.find(request.namespace, sharable(prompt));
        let cached = found.map_or(0, |found| found.length);
        let pin = found.map(|found| self.tree.pin(found.node, found.length));
        let needed = prompt.tokens.len() - cached + request.max_tokens;
        let free = self.free_cells();
        // Nothing is evicted in vain.
        if free < needed && free + self.tree.evictable() < needed {
            if let Some(pin) = pin {
                self.tree.unpin(pin);
            }
            return None;
        }
        while self.free_cells() < needed {
            let (_, change) = self.tree.evict()?;
            self.context.apply(change);
        }
        let most = self.free_cells() - needed;
        self.spare.shrink_to(&mut self.context, most);
        Some((cached, pin))
    }

    pub(super) fn start(
        &mut self,
        ask: Ask,
        sequence: SequenceId,
        (cached, pin): (usize, Option<NodeId>),
    ) {
        let number = self.next_number;
        self.next_number += 1;
        let mut slot = Slot::new(ask, number, sequence, self.settings.drafts);
        slot.drafting &= self.traits.prefixes;
        slot.reserved = slot.prompt_length() - cached + slot.request.max_tokens;
        if let Some(found) = self.tree.find(slot.request.namespace, sharable(&slot.request.prompt))
            && cached > 0
        {
            self.context.copy(found.holder, sequence, 0, cached);
            slot.filled = cached;
            slot.cached = cached;
            slot.published = cached;
            slot.borrowed = cached;
            slot.pin = pin;
        }
        for leader in &self.slots {
            if leader.is_decoding()
                || leader.request.namespace != slot.request.namespace
                || !self.traits.prefixes
            {
                continue;
            }
            let both =
                common_prefix(shared_part(&leader.request.prompt), sharable(&slot.request.prompt));
            if both > slot.filled + MIN_SHARED {
                slot.leaders.push((leader.number, both));
            }
        }
        self.slots.push(slot);
    }

    /// Takes over what others have published since of a prompt that is being computed.
    pub(super) fn adopt(&mut self, index: usize) {
        let slot = &mut self.slots[index];
        let sharable = sharable(&slot.request.prompt);
        if slot.filled >= sharable.len() {
            return;
        }
        let Some(found) = self.tree.find(slot.request.namespace, sharable) else { return };
        if found.length <= slot.filled {
            return;
        }
        self.context.copy(found.holder, slot.sequence, slot.filled, found.length);
        let adopted = found.length - slot.filled;
        slot.filled = found.length;
        slot.cached += adopted;
        slot.published = found.length;
        slot.borrowed = found.length;
        slot.reserved = slot.reserved.saturating_sub(adopted);
        let pin = self.tree.pin(found.node, found.length);
        if let Some(old) = slot.pin.replace(pin) {
            self.tree.unpin(old);
        }
    }

    /// Somebody who came earlier is computing what this prompt needs next.
    pub(super) fn waits_for_leader(&self, index: usize) -> bool {
        let slot = &self.slots[index];
        slot.leaders.iter().any(|&(number, both)| {
            both > slot.filled
                && self.slots.iter().any(|leader| leader.number == number && leader.filled < both)
        })
    }

    /// Tells the tree what has been computed of a prompt's shared part.
    pub(super) fn publish(&mut self, index: usize) {
        if !self.traits.prefixes {
            return;
        }
        let slot = &self.slots[index];
        let end = slot.filled.min(slot.request.prompt.shared);
        if end <= slot.published {
            return;
        }
        let tokens = &slot.request.prompt.tokens[..end];
        let mut inserted = self.tree.insert(slot.request.namespace, tokens, slot.sequence);
        if inserted.is_none()
            && let Some((_, change)) = self.tree.evict()
        {
            self.context.apply(change);
            inserted = self.tree.insert(slot.request.namespace, tokens, slot.sequence);
        }
        // Without a free holder the prefix is just not cached.
        let Some((added, node, changes)) = inserted else { return };
        for change in changes {
            self.context.apply(change);
        }
        let slot = &mut self.slots[index];
        slot.published = end;
        slot.reserved = slot.reserved.saturating_sub(added);
        let pin = self.tree.pin(node, end);
        if let Some(old) = slot.pin.replace(pin) {
            self.tree.unpin(old);
        }
    }

    /// An answer is over: its stream gets the end, its sequence and cells are free.
    pub(super) fn end(&mut self, index: usize, reason: FinishReason) {
        let slot = &mut self.slots[index];
        slot.finish(reason);
        let (number, course) = (slot.number, slot.course());
        let kept = self.keeping.iter().position(|keeping| keeping.number == number);
        let kept = kept.map(|place| self.keeping.swap_remove(place));
        self.release(index);
        if let Some(Keeping { namespace, tokens, .. }) = kept {
            self.keep_for_good(namespace, &tokens);
        } else {
            self.shared.meter().learn(&course);
        }
    }

    /// Frees the sequence and cells of a request.
    pub(super) fn release(&mut self, index: usize) {
        let slot = self.slots.remove(index);
        let answer = slot.prompt_length()..slot.filled.max(slot.prompt_length());
        self.spare.take_back(&mut self.context, slot.sequence, answer);
        self.context.remove(slot.sequence, 0);
        self.free_sequences.push(slot.sequence);
        self.keeping.retain(|keeping| keeping.number != slot.number);
        if let Some(pin) = slot.pin {
            self.tree.unpin(pin);
        }
        while self.tree.cells() > self.cache_limit {
            let Some((_, change)) = self.tree.evict() else { break };
            self.context.apply(change);
        }
    }

    pub(super) fn free_cells(&self) -> usize {
        let reserved: usize = self.slots.iter().map(|slot| slot.reserved).sum();
        self.context.cells().saturating_sub(self.tree.cells() + reserved)
    }

    fn report(&self) {
        let mut meter = self.shared.meter();
        let decoding = self.slots.iter().filter(|slot| slot.is_decoding()).count().max(1);
        let expected = |slot: &Slot| meter.expected(slot.request.max_tokens, slot.generated());
        let running = Running {
            requests: self.slots.len(),
            prefill: self.slots.iter().map(Slot::prefill_left).sum(),
            decode: self.slots.iter().map(expected).sum(),
            cached_cells: self.tree.cells(),
            cells: self.context.cells(),
            prefill_token: self.costs.prefill_token(),
            decode_token: self.costs.decode(decoding) / decoding as f64,
            step: self.costs.decode((self.slots.len() + 1).min(self.settings.slots)),
        };
        meter.update(running);
    }

    fn audit(&self) -> Audit {
        let has_cells = |sequence: &SequenceId| self.context.length(*sequence) > 0;
        Audit {
            running: self.slots.len(),
            queued: self.queue.len(),
            cached_cells: self.tree.cells(),
            reserved_cells: self.slots.iter().map(|slot| slot.reserved).sum(),
            sequences_with_cells: (0..self.sequences.slots).filter(has_cells).count(),
            all_sequences_with_cells: self.sequences.all_but_spare().filter(has_cells).count(),
            spare_cells: self.spare.cells(),
            steps: self.steps,
        }
    }
}

/// The part of a prompt that others may use.
fn shared_part(prompt: &Prompt) -> &[Token] {
    &prompt.tokens[..prompt.shared]
}

/// The part that may come from the cache: the last token is always computed, for its logits.
fn sharable(prompt: &Prompt) -> &[Token] {
    &prompt.tokens[..prompt.shared.min(prompt.tokens.len().saturating_sub(1))]
}
