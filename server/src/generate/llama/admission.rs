//! Says at once whether a request can be served in time, instead of letting it wait until it cannot.
//!
//! Called by `handle` for every request, kept up to date by `worker` before and after every step. Pure. The queue is
//! bounded by work (prompt tokens still to compute), not by heads; what part of a shared prefix will be found in the cache
//! is learned.
//! A full queue still takes the request of a visitor who has at least two fewer waiting than somebody else; the worker
//! then sends the newest of that somebody away (see `line`). A request that never waits comes in where a sequence is free
//! and the estimate is in time, or not at all.

use std::collections::HashMap;
use std::time::Duration;

use crate::generate::Waiting;

/// Weight of a new observation.
const ALPHA: f64 = 0.1;

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
}

/// What a queued request was counted as; given back when it leaves the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    prefill: usize,
    decode: usize,
    visitor: u64,
    /// It came into a full queue: somebody else's request must go.
    pub(super) displaces: bool,
}

/// Requests that may be taken into a full queue before the worker has sent others away.
const MOST_DISPLACING: usize = 32;

/// Seconds of work that may wait when no bound is configured.
const DEFAULT_QUEUE_SECONDS: f64 = 30.0;

impl Meter {
    /// `max_tokens` 0: as many as are computed in [`DEFAULT_QUEUE_SECONDS`].
    pub(super) fn new(slots: usize, max_requests: usize, max_tokens: usize) -> Self {
        let running = Running { prefill_token: 0.004, decode_token: 0.02, ..Running::default() };
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
        }
    }

    /// Takes a request in, or says after how long to try again.
    pub(super) fn admit(&mut self, demand: Demand) -> Result<Ticket, Duration> {
        let missed = (demand.shared as f64 * self.miss_rate) as usize;
        let mut ticket = Ticket {
            prefill: demand.prompt.saturating_sub(demand.shared) + missed,
            decode: (demand.max_tokens as f64 * self.used_share).ceil() as usize,
            visitor: demand.visitor,
            displaces: false,
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
        let late = demand.patience.is_some_and(|patience| self.work_ahead() + own > patience);
        // An idle engine tries even what looks hopeless: its estimate may be wrong, and nobody else suffers.
        // Who does without anyway had better know at once.
        let busy = self.running.requests + self.queued_requests > 0;
        if late && (busy || never_waits) {
            return Err(self.work_ahead());
        }
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
        Ticket { prefill: 0, decode: 0, visitor: 0, displaces: false }
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

    /// A request is done: what of its shared prefix it computed, and how much of its allowance it used.
    pub(super) fn finished(
        &mut self,
        shared: usize,
        shared_computed: usize,
        max_tokens: usize,
        generated: usize,
    ) {
        if shared > 0 {
            self.miss_rate += ALPHA * (shared_computed as f64 / shared as f64 - self.miss_rate);
        }
        if max_tokens > 0 {
            self.used_share += ALPHA * (generated as f64 / max_tokens as f64 - self.used_share);
        }
    }

    /// Answer tokens to expect of a request that may have `max_tokens`.
    pub(super) fn expected(&self, max_tokens: usize) -> usize {
        (max_tokens as f64 * self.used_share).ceil() as usize
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
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(prompt: usize) -> Demand {
        Demand {
            prompt,
            shared: 0,
            max_tokens: 100,
            patience: None,
            visitor: 0,
            waiting: Waiting::InLine,
        }
    }

    fn busy(meter: &mut Meter, requests: usize) {
        meter.update(Running {
            requests,
            prefill: 1000,
            decode: 100,
            prefill_token: 0.01,
            decode_token: 0.02,
            ..Running::default()
        });
    }

    #[test]
    fn an_idle_engine_takes_any_request() {
        let mut meter = Meter::new(2, 1, 10);
        assert!(meter.admit(demand(1_000_000)).is_ok());
    }

    #[test]
    fn the_queue_is_bounded_by_tokens_and_by_requests() {
        let mut meter = Meter::new(1, 2, 500);
        busy(&mut meter, 1);
        let first = meter.admit(demand(400)).expect("fits");
        let wait = meter.admit(demand(200)).expect_err("too many tokens");
        assert!(wait >= Duration::from_secs(14), "{wait:?}");
        meter.admit(demand(50)).expect("fits");
        meter.admit(demand(1)).expect_err("too many requests");
        meter.leave(first);
        meter.admit(demand(100)).expect("there is room again");
    }

    #[test]
    fn a_deadline_that_cannot_be_kept_is_refused_at_once() {
        let mut meter = Meter::new(1, 10, 10_000);
        busy(&mut meter, 1);
        let hurried = Demand { patience: Some(Duration::from_secs(5)), ..demand(100) };
        meter.admit(hurried).expect_err("12 seconds of work are ahead");
        meter
            .admit(Demand { patience: Some(Duration::from_secs(60)), ..hurried })
            .expect("enough time");
    }

    #[test]
    fn what_never_waits_comes_in_at_once_or_not_at_all() {
        let never = Demand { waiting: Waiting::Never, visitor: 7, ..demand(10) };
        let mut meter = Meter::new(2, 10, 100_000);
        busy(&mut meter, 1);
        let ticket = meter.admit(never).expect("a sequence is free");
        meter.admit(never).expect_err("none is free");
        meter.leave(ticket);

        let mut full = Meter::new(1, 3, 100_000);
        busy(&mut full, 1);
        for _ in 0..3 {
            full.admit(demand(10)).expect("fits");
        }
        assert!(full.load().is_full() && !Meter::new(1, 3, 0).load().is_full());
        full.admit(never).expect_err("it takes nobody's place");
        assert!(full.admit(Demand { waiting: Waiting::InLine, ..never }).expect("in").displaces);
    }

    #[test]
    fn what_never_waits_is_refused_by_an_idle_engine_that_is_too_slow_for_it() {
        let mut meter = Meter::new(2, 10, 100_000);
        let slow = Running { prefill_token: 0.05, decode_token: 0.2, ..Running::default() };
        meter.update(slow);
        let hurried = Demand { patience: Some(Duration::from_secs(2)), ..demand(100) };
        let never = Demand { waiting: Waiting::Never, ..hurried };
        meter.admit(never).expect_err("15 seconds of work");
        meter.admit(hurried).expect("whoever waits for it may try");
    }

    #[test]
    fn leaving_gives_back_exactly_what_entering_took() {
        let mut meter = Meter::new(1, 100, 100_000);
        busy(&mut meter, 1);
        let tickets: Vec<_> = (1..50).map(|i| meter.admit(demand(i * 10)).expect("fits")).collect();
        for ticket in tickets {
            meter.leave(ticket);
        }
        let load = meter.load();
        assert_eq!((load.queued_requests, load.queued_tokens), (0, 0));
    }

    #[test]
    fn cached_prefixes_make_requests_count_less() {
        let mut meter = Meter::new(1, 100, 1000);
        busy(&mut meter, 1);
        for _ in 0..100 {
            meter.finished(1000, 0, 100, 50);
        }
        let shared = Demand { shared: 2000, ..demand(2100) };
        meter.admit(shared).expect("only 100 tokens are expected to be computed");
    }

    #[test]
    fn a_full_queue_takes_who_has_far_less_than_another() {
        let mut meter = Meter::new(1, 3, 100_000);
        busy(&mut meter, 1);
        for _ in 0..3 {
            meter.admit(demand(10)).expect("fits");
        }
        meter.admit(demand(10)).expect_err("its own queue is full");
        let other = Demand { visitor: 7, ..demand(10) };
        let ticket = meter.admit(other).expect("comes in beyond the bound");
        assert!(ticket.displaces);
        meter.admit(other).expect_err("nobody has gone yet");
        meter.displaced();
        meter.leave(ticket);
        assert!(meter.admit(other).expect("again").displaces);
    }
}
