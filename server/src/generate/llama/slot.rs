//! One running request: where its sequence stands and how its answer is given out.
//!
//! Owned by `worker`. Knows no model: it gets choices and hands out events.

use std::time::Instant;

use tokio::sync::mpsc;

use super::admission::{Course, Ticket};
use super::error::GenerateError;
use super::prefix::{NodeId, SequenceId};
use super::request::{Done, Drafting, Event, FinishReason, Request, Token};
use super::sampling::{Choice, Sampler};
use super::settings::Drafts;
use super::stop::Verdict;
use super::text::TextStream;

/// A request on its way to the engine.
pub(super) struct Ask {
    pub(super) request: Request,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) ticket: Ticket,
    pub(super) asked: Instant,
}

impl Ask {
    /// Of one that its deadline found still waiting.
    pub(super) fn course(&self) -> Course {
        let Request { prompt, max_tokens, .. } = &self.request;
        Course {
            ticket: self.ticket,
            shared: prompt.shared,
            shared_computed: 0,
            max_tokens: *max_tokens,
            generated: 0,
            took: self.asked.elapsed(),
            late: true,
        }
    }
}

/// See the module's documentation.
pub(super) struct Slot {
    /// Rises with every request: the order of arrival.
    pub(super) number: u64,
    pub(super) sequence: SequenceId,
    pub(super) request: Request,
    pub(super) events: mpsc::Sender<Event>,
    /// Prompt and answer.
    pub(super) history: Vec<Token>,
    /// Tokens of `history` whose cells the sequence holds.
    pub(super) filled: usize,
    /// Prompt tokens that came from the cache.
    pub(super) cached: usize,
    /// The prompt tokens that the prefix tree has been told of.
    pub(super) published: usize,
    /// The prompt tokens up to the last one that came from the prefix tree.
    pub(super) borrowed: usize,
    pub(super) pin: Option<NodeId>,
    /// Cells that are set aside for it alone.
    pub(super) reserved: usize,
    /// Requests that came before it and share more than the cache holds yet: (number, shared tokens).
    pub(super) leaders: Vec<(u64, usize)>,
    pub(super) sampler: Sampler,
    pub(super) drafting: bool,
    /// How likely a draft token is right, learned.
    pub(super) acceptance: f64,
    pub(super) drafted: usize,
    pub(super) accepted: usize,
    text: TextStream,
    ticket: Ticket,
    asked: Instant,
    started: Instant,
    first_token: Option<Instant>,
}

impl Slot {
    pub(super) fn new(ask: Ask, number: u64, sequence: SequenceId, drafts: Drafts) -> Self {
        let Ask { request, events, ticket, asked } = ask;
        let sampler = Sampler::new(request.sampling.clone());
        let wanted = match request.drafting {
            Drafting::Off => false,
            Drafting::On => true,
            Drafting::Default => drafts != Drafts::Off,
        };
        Self {
            number,
            sequence,
            history: request.prompt.tokens.clone(),
            filled: 0,
            cached: 0,
            published: 0,
            borrowed: 0,
            pin: None,
            reserved: 0,
            leaders: Vec::new(),
            drafting: wanted && sampler.is_plain_greedy(),
            acceptance: 0.6,
            drafted: 0,
            accepted: 0,
            text: TextStream::new(request.thoughts, request.stop.clone()),
            sampler,
            request,
            events,
            ticket,
            asked,
            started: Instant::now(),
            first_token: None,
        }
    }

    pub(super) fn prompt_length(&self) -> usize {
        self.request.prompt.tokens.len()
    }

    /// Prompt tokens still to compute.
    pub(super) fn prefill_left(&self) -> usize {
        self.prompt_length().saturating_sub(self.filled)
    }

    /// Its next row is a choice that was made and not computed.
    pub(super) fn is_decoding(&self) -> bool {
        self.filled >= self.prompt_length()
    }

    pub(super) fn generated(&self) -> usize {
        self.history.len() - self.prompt_length()
    }

    /// Nobody listens any more.
    pub(super) fn is_abandoned(&self) -> bool {
        self.events.is_closed()
    }

    pub(super) fn is_late(&self, now: Instant) -> bool {
        self.request.deadline.is_some_and(|deadline| now >= deadline)
    }

    /// How it has gone until now.
    pub(super) fn course(&self) -> Course {
        let shared = self.request.prompt.shared;
        Course {
            ticket: self.ticket,
            shared,
            shared_computed: shared.saturating_sub(self.cached),
            max_tokens: self.request.max_tokens,
            generated: self.generated(),
            took: self.asked.elapsed(),
            late: false,
        }
    }

    /// Takes a choice in and gives its text out. Says how the answer ended, if it did.
    pub(super) fn take(
        &mut self,
        choice: Choice,
        piece: &[u8],
        ends: &[Token],
    ) -> Option<FinishReason> {
        self.first_token.get_or_insert_with(Instant::now);
        let is_end = ends.contains(&choice.token);
        if is_end && self.request.end_of_text == super::request::EndOfText::Stop {
            self.flush(choice.logprob);
            return Some(FinishReason::EndOfText);
        }
        self.history.push(choice.token);
        let (text, verdict) = self.text.push(piece);
        self.send(Event::Token { text, logprob: choice.logprob });
        if verdict == Verdict::Stopped {
            return Some(FinishReason::StopString);
        }
        if self.generated() >= self.request.max_tokens {
            self.flush(choice.logprob);
            return Some(FinishReason::Length);
        }
        None
    }

    /// Ends the stream well.
    pub(super) fn finish(&mut self, reason: FinishReason) {
        if reason == FinishReason::Deadline {
            self.flush(0.0);
        }
        let now = Instant::now();
        let first = self.first_token.unwrap_or(now);
        let done = Done {
            reason,
            prompt_tokens: self.prompt_length(),
            cached_tokens: self.cached,
            computed_tokens: self.filled.min(self.prompt_length()).saturating_sub(self.cached),
            generated_tokens: self.generated(),
            drafted_tokens: self.drafted,
            accepted_tokens: self.accepted,
            queued: self.started.duration_since(self.asked),
            prefill: first.duration_since(self.started),
            decode: now.duration_since(first),
        };
        self.send(Event::Done(done));
    }

    /// Ends the stream with an error.
    pub(super) fn fail(&mut self, error: GenerateError) {
        self.send(Event::Failed(error));
    }

    /// What the filters held back and now let go.
    fn flush(&mut self, logprob: f32) {
        let text = self.text.finish();
        if !text.is_empty() {
            self.send(Event::Token { text, logprob });
        }
    }

    /// The channel holds a whole answer, so a slow reader never makes the engine wait.
    fn send(&self, event: Event) {
        // A full or closed channel means that nobody will read it.
        let _ = self.events.try_send(event);
    }
}
