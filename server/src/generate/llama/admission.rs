//! Says at once whether a request can be served in time, instead of letting it wait until it cannot.
//!
//! Called by `handle` for every request, kept up to date by `worker` before and after every step. Pure. The queue is
//! bounded by work (prompt tokens still to compute), not by heads; what part of a shared prefix will be found in the cache,
//! how long answers are and by how much the estimates are wrong is learned.
//! A full queue still takes the request of a visitor who has at least two fewer waiting than somebody else; the worker
//! then sends the newest of that somebody away (see `line`). A request that never waits comes in where a sequence is free
//! and the estimate is in time, or not at all.

use std::collections::HashMap;
use std::time::Duration;

use crate::generate::Waiting;

/// Weight of a new observation.
const ALPHA: f64 = 0.1;
/// The same for how wrong the estimates are.
const STRETCH_ALPHA: f64 = 0.2;
/// Estimates are taken to be wrong by so many times at most.
const MOST_STRETCH: f64 = 2.0;
/// Part of its time that a request may be estimated to take.
const MARGIN: f64 = 0.9;

/// A snapshot of the engine's load, for health pages and metrics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    pub slots: usize,
    pub running: usize,
    pub queued_requests: usize,
    /// Estimated prompt tokens that the queued requests have to compute.
    pub queued_tokens: usize,
    /// What a request that came now would wait for a sequence.
    pub estimated_wait: Duration,
    pub cached_cells: usize,
    pub cells: usize,
}

impl Load {
    /// A request that came now would have to wait for a sequence.
    pub fn is_full(&self) -> bool {
        self.running + self.queued_requests >= self.slots
    }
}

/// How much of what a request is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demand {
    pub(super) prompt: usize,
    pub(super) shared: usize,
    pub(super) max_tokens: usize,
    /// Time left until its deadline.
    pub(super) patience: Option<Duration>,
    pub(super) visitor: u64,
    pub(super) waiting: Waiting,
}

/// What the meter knows of the running sequences.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Running {
    pub(super) requests: usize,
    /// Prompt tokens not computed yet.
    pub(super) prefill: usize,
    /// Answer tokens still expected.
    pub(super) decode: usize,
    pub(super) cached_cells: usize,
    pub(super) cells: usize,
    /// Learned costs in seconds: one prompt token, one answer token beside others.
    pub(super) prefill_token: f64,
    pub(super) decode_token: f64,
    /// Seconds of a step when one more than now is a stream.
    pub(super) step: f64,
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Meter {
    slots: usize,
    max_requests: usize,
    max_tokens: usize,
    queued_requests: usize,
    queued_prefill: usize,
    queued_decode: usize,
    /// Requests that wait, by visitor.
    waiting: HashMap<u64, usize>,
    /// Requests taken into a full queue for which none has gone yet.
    displacing: usize,
    running: Running,
    /// Share of shared prefix tokens that had to be computed.
    miss_rate: f64,
    /// Answer tokens as a share of `max_tokens`.
    used_share: f64,
    /// How many times longer than estimated requests take.
    stretch: f64,
    /// Requests that something was learned from.
    learned: u32,
}

/// What a queued request was counted as; given back when it leaves the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    prefill: usize,
    decode: usize,
    visitor: u64,
    /// It came into a full queue: somebody else's request must go.
    pub(super) displaces: bool,
    /// Time in which it was estimated to be done, by costs alone.
    estimate: Duration,
}

/// How a request went.
#[derive(Clone, Copy, Debug)]
pub(super) struct Course {
    pub(super) ticket: Ticket,
    /// Tokens of its prompt that others may share, and how many of them it had to compute.
    pub(super) shared: usize,
    pub(super) shared_computed: usize,
    pub(super) max_tokens: usize,
    pub(super) generated: usize,
    /// From the asking to the end; of one that was not finished, with what it would have taken.
    pub(super) took: Duration,
    /// It was not finished, for its deadline.
    pub(super) late: bool,
}

/// Requests that may be taken into a full queue before the worker has sent others away.
const MOST_DISPLACING: usize = 32;

/// Seconds of work that may wait when no bound is configured.
const DEFAULT_QUEUE_SECONDS: f64 = 30.0;

impl Meter {
    /// `max_tokens` 0: as many as are computed in [`DEFAULT_QUEUE_SECONDS`].
    pub(super) fn new(slots: usize, max_requests: usize, max_tokens: usize) -> Self {
        let running =
            Running { prefill_token: 0.004, decode_token: 0.02, step: 0.02, ..Running::default() };
        Self {
            slots,
            max_requests,
            max_tokens,
            queued_requests: 0,
            queued_prefill: 0,
            queued_decode: 0,
            waiting: HashMap::new(),
            displacing: 0,
            running,
            miss_rate: 1.0,
            used_share: 0.5,
            stretch: 1.0,
            learned: 0,
        }
    }

    /// Takes a request in, or says after how long to try again.
    pub(super) fn admit(&mut self, demand: Demand) -> Result<Ticket, Duration> {
        let missed = (demand.shared as f64 * self.miss_rate) as usize;
        let mut ticket = Ticket {
            prefill: demand.prompt.saturating_sub(demand.shared) + missed,
            decode: self.expected(demand.max_tokens, 0),
            visitor: demand.visitor,
            displaces: false,
            estimate: Duration::ZERO,
        };
        let idle = self.has_free_sequence();
        let never_waits = demand.waiting == Waiting::Never;
        if never_waits && !idle {
            return Err(self.work_ahead());
        }
        let bound = match self.max_tokens {
            0 => (DEFAULT_QUEUE_SECONDS / self.running.prefill_token) as usize,
            bound => bound,
        };
        let full = self.queued_requests >= self.max_requests
            || self.queued_prefill + ticket.prefill > bound;
        if !idle && full {
            if !self.may_displace(demand.visitor) {
                return Err(self.work_ahead());
            }
            ticket.displaces = true;
        }
        let own = self.seconds(ticket.prefill, ticket.decode);
        let done_in = self.work_ahead() + own;
        let late = demand.patience.is_some_and(|patience| {
            done_in > patience.mul_f64(MARGIN) || self.comes_late(&ticket, patience)
        });
        // An idle engine tries even what looks hopeless: its estimate may be wrong, and nobody else suffers.
        // Who does without anyway had better know at once.
        let busy = self.running.requests + self.queued_requests > 0;
        if late && (busy || never_waits) {
            return Err(self.work_ahead());
        }
        ticket.estimate = done_in.div_f64(self.stretch);
        self.queued_requests += 1;
        self.queued_prefill += ticket.prefill;
        self.queued_decode += ticket.decode;
        *self.waiting.entry(ticket.visitor).or_default() += 1;
        self.displacing += usize::from(ticket.displaces);
        Ok(ticket)
    }

    fn has_free_sequence(&self) -> bool {
        self.running.requests + self.queued_requests < self.slots
    }

    /// A visitor who has far fewer waiting than another may come in beyond the bound.
    fn may_displace(&self, visitor: u64) -> bool {
        let own = self.waiting.get(&visitor).copied().unwrap_or(0);
        let most = self.waiting.values().copied().max().unwrap_or(0);
        self.displacing < MOST_DISPLACING && most > own + 1 + self.displacing
    }

    /// A request that [`Ticket::displaces`] is in the queue, and another one has gone for it.
    pub(super) fn displaced(&mut self) {
        self.displacing = self.displacing.saturating_sub(1);
    }

    /// For work that the engine gives itself.
    pub(super) fn ticket_for_own_use(&self) -> Ticket {
        let estimate = Duration::ZERO;
        Ticket { prefill: 0, decode: 0, visitor: 0, displaces: false, estimate }
    }

    /// A request has left the queue, to run or for good.
    pub(super) fn leave(&mut self, ticket: Ticket) {
        self.queued_requests = self.queued_requests.saturating_sub(1);
        self.queued_prefill = self.queued_prefill.saturating_sub(ticket.prefill);
        self.queued_decode = self.queued_decode.saturating_sub(ticket.decode);
        if let Some(count) = self.waiting.get_mut(&ticket.visitor) {
            *count -= 1;
            if *count == 0 {
                self.waiting.remove(&ticket.visitor);
            }
        }
    }

    /// The engine's state before or after a step.
    pub(super) fn update(&mut self, running: Running) {
        self.running = running;
    }

    /// Whether a request could not be done in the time that is `left`, even if its turn were now and nobody else came:
    /// a step serves all streams, so it takes as long for one as for all.
    pub(super) fn comes_late(&self, ticket: &Ticket, left: Duration) -> bool {
        let seconds = ticket.prefill as f64 * self.running.prefill_token
            + ticket.decode as f64 * self.running.step;
        seconds > left.as_secs_f64()
    }

    /// Learns from a request that is over.
    pub(super) fn learn(&mut self, course: &Course) {
        let Course { shared, max_tokens, generated, .. } = *course;
        let used = generated as f64 / max_tokens.max(1) as f64;
        // The first ones tell much, where nothing is known.
        let alpha = ALPHA.max(1.0 / (f64::from(self.learned) + 2.0));
        self.learned = self.learned.saturating_add(1);
        let estimate = course.ticket.estimate.as_secs_f64();
        if estimate > 0.0 {
            let stretch = course.took.as_secs_f64() / estimate;
            let stretch = stretch.clamp(1.0 / MOST_STRETCH, MOST_STRETCH);
            self.stretch += STRETCH_ALPHA * (stretch - self.stretch);
        }
        if shared > 0 && generated > 0 {
            let missed = course.shared_computed as f64 / shared as f64;
            self.miss_rate += alpha * (missed - self.miss_rate);
        }
        if max_tokens > 0 && (!course.late || used > self.used_share) {
            self.used_share += alpha * (used - self.used_share);
        }
    }

    /// Answer tokens still to expect of a request that may have `max_tokens`: what is missing to an answer of usual
    /// length, and of one that is longer already a part of what it may still have.
    pub(super) fn expected(&self, max_tokens: usize, generated: usize) -> usize {
        let usual = (max_tokens as f64 * self.used_share).ceil() as usize;
        let left = max_tokens.saturating_sub(generated);
        usual.saturating_sub(generated).max(left.div_ceil(8)).min(left)
    }

    /// What a request that came now would wait for a sequence.
    pub(super) fn wait(&self) -> Duration {
        if self.has_free_sequence() {
            return Duration::ZERO;
        }
        // Work that is ahead, less what the sequences do beside each other at the end.
        let all = self.work_ahead();
        let share = (self.queued_requests + 1) as f64 / (self.queued_requests + self.slots) as f64;
        all.mul_f64(share)
    }

    pub(super) fn load(&self) -> Load {
        Load {
            slots: self.slots,
            running: self.running.requests,
            queued_requests: self.queued_requests,
            queued_tokens: self.queued_prefill,
            estimated_wait: self.wait(),
            cached_cells: self.running.cached_cells,
            cells: self.running.cells,
        }
    }

    /// Time for everything that has been taken in.
    fn work_ahead(&self) -> Duration {
        self.seconds(
            self.running.prefill + self.queued_prefill,
            self.running.decode + self.queued_decode,
        )
    }

    fn seconds(&self, prefill: usize, decode: usize) -> Duration {
        let seconds =
            prefill as f64 * self.running.prefill_token + decode as f64 * self.running.decode_token;
        Duration::try_from_secs_f64(seconds * self.stretch).unwrap_or(Duration::MAX)
    }
}
