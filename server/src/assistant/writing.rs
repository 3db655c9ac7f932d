//! Lets the generators of the chain write an answer and lets pass what the guard has proven.
//!
//! Called by the assistant once it has decided to answer. Sentences go out one by one as they are
//! proven; what fails the guard is counted by reason and gone. A generator that fails before its first
//! sentence is followed by the next one. [`Unwritten`] means that no generator gave an answer worth
//! sending: then the articles' own sentences answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indexer::model::{Audience, Hit, Locale};
use indexer::search::{KnowledgeBase, Meaning};
use tokio::sync::mpsc;

use super::briefing::{Bounds, brief};
use super::certainty::{Certainty, Tokens};
use super::guard::{
    Assembler, BUNDLED_LIKENESS, Doubt, Draft, DraftKind, Given, Guard, GuardSettings, Protected,
    Verdict, gives_orders_by_unit,
};
use super::prompt::{PromptError, PromptKind, Prompts};
use crate::domain::{AssistantEvent, Citation, GeneratorId, Said, Sentence, Visitor};
use crate::generate::extractive::{Drafted, citation};
use crate::generate::{
    GenerateError, GenerateRequest, Generator, GeneratorSettings, Piece, Pieces, Waiting,
};
use crate::privacy::RedactedText;

/// A generator that does not keep the deadline itself is left this much later.
const GRACE: Duration = Duration::from_secs(1);
/// Sentences of an answer that are compared with their sources in meaning, and how long one may take.
const COMPARED: u32 = 4;
const COMPARING: Duration = Duration::from_millis(250);

/// Writes with models, where there are any. Made by `startup`, which names them.
pub struct Writer {
    pub(super) chain: Vec<Arc<dyn Generator>>,
    pub(super) prompts: Prompts,
    protected: Protected,
    bounds: Bounds,
    deadline: Duration,
}

/// What there is to write about.
pub(super) struct Subject<'a> {
    pub(super) asked: &'a RedactedText,
    pub(super) turns: &'a [Said],
    pub(super) hits: &'a [Hit],
    pub(super) locale: &'a Locale,
    pub(super) guard: &'a GuardSettings,
    /// Measures likeness in meaning.
    pub(super) knowledge: &'a KnowledgeBase,
    pub(super) audience: Audience,
    pub(super) visitor: Visitor,
}

/// An answer that was sent already, sentence by sentence.
pub(super) struct Written {
    pub(super) drafted: Drafted,
    pub(super) generator: GeneratorId,
    /// How many sentences were withheld for which reason.
    pub(super) withheld: BTreeMap<&'static str, u32>,
    pub(super) certainty: Certainty,
}

/// Why no model's words were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unwritten {
    /// There is no model.
    NoModel,
    /// A model wrote, but nothing that holds.
    Unproven,
    /// No model could write now; there may be room after this time.
    Busy(Duration),
}

/// When to try again where a model is down and cannot say it.
const DOWN: Duration = Duration::from_secs(5);

impl Writer {
    /// `chain` is asked in order; an empty one leaves everything to the articles' own sentences.
    ///
    /// # Errors
    /// When a prompt cannot be read or is broken.
    pub fn new(
        chain: Vec<Arc<dyn Generator>>,
        settings: &GeneratorSettings,
    ) -> Result<Self, PromptError> {
        let prompts = Prompts::of(settings.prompts_dir.as_deref())?;
        let protected = Protected::new([prompts.rules(PromptKind::Answer)]);
        let max_tokens = settings.max_tokens as usize;
        let bounds = Bounds { passages: settings.passages, max_tokens };
        let deadline = Duration::from_secs(settings.deadline_s);
        Ok(Self { chain, prompts, protected, bounds, deadline })
    }

    /// Whether a model may write at all.
    pub(super) fn has_models(&self) -> bool {
        !self.chain.is_empty()
    }

    /// Returns when every generator can write, or has found out that it cannot.
    pub(super) async fn ready(&self) {
        for generator in &self.chain {
            generator.ready().await;
        }
    }

    /// Writes about `subject` and sends what is proven to `events`.
    pub(super) async fn write(
        &self,
        subject: &Subject<'_>,
        events: &mpsc::Sender<AssistantEvent>,
    ) -> Result<Written, Unwritten> {
        let deadline = Instant::now() + self.deadline;
        let mut unwritten = Unwritten::NoModel;
        for generator in &self.chain {
            let briefing = brief(&self.prompts, generator, subject, self.bounds).await;
            let Some(briefing) = briefing else { continue };
            let request = GenerateRequest {
                messages: briefing.messages,
                private_from: briefing.private_from,
                audience: subject.audience,
                visitor: subject.visitor,
                max_tokens: self.bounds.max_tokens as u32,
                deadline: Some(deadline),
                waiting: Waiting::InLine,
            };
            let mut release = Release::default();
            let ended = match generator.generate(request).await {
                Ok(pieces) => {
                    let bounded = Bounded { pieces, deadline: deadline + GRACE };
                    self.release(bounded, &briefing.numbered, (subject, events), &mut release).await
                }
                Err(error) => Err(error),
            };
            release.log(generator.id(), &ended);
            if !release.drafted.sentences.is_empty() {
                let Release { drafted, withheld, certainty, .. } = release;
                return Ok(Written { drafted, generator: generator.id(), withheld, certainty });
            }
            unwritten = unwritten.and(&ended);
        }
        Err(unwritten)
    }

    /// Takes the pieces of one generator, checks sentence by sentence, sends what passes.
    async fn release(
        &self,
        mut pieces: Bounded,
        hits: &[&Hit],
        (subject, events): (&Subject<'_>, &mpsc::Sender<AssistantEvent>),
        release: &mut Release,
    ) -> Result<(), GenerateError> {
        let given: Vec<Given<'_>> =
            (1..).zip(hits).map(|(number, hit)| Given::of(number, hit)).collect();
        let guard = Guard::new(subject.guard, &self.protected, &given, subject.locale);
        let mut assembler = Assembler::new(subject.locale);
        while let Some(piece) = pieces.next().await {
            // A sentence that is broken off in its middle is not finished here.
            match piece? {
                Piece::Queued { position, wait } => {
                    let eta_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                    let _ = events.send(AssistantEvent::Queued { position, eta_ms }).await;
                }
                Piece::Text { text, logprobs } => {
                    release.tokens.came(&text, logprobs);
                    for draft in assembler.push(&text) {
                        release.draft(&draft, (&guard, subject), hits, events).await;
                    }
                }
            }
        }
        for draft in assembler.finish() {
            release.draft(&draft, (&guard, subject), hits, events).await;
        }
        Ok(())
    }
}

impl Unwritten {
    /// With one more generator that sent nothing.
    fn and(self, ended: &Result<(), GenerateError>) -> Self {
        let next = match ended {
            Ok(()) | Err(GenerateError::CutOff(_)) => Self::Unproven,
            Err(GenerateError::Overloaded { retry_after, .. }) => Self::Busy(*retry_after),
            Err(_) => Self::Busy(DOWN),
        };
        match (self, next) {
            (Self::Busy(one), Self::Busy(other)) => Self::Busy(one.min(other)),
            (Self::Unproven, _) => Self::Unproven,
            (_, next) => next,
        }
    }
}

/// Pieces up to a deadline.
struct Bounded {
    pieces: Pieces,
    deadline: Instant,
}

impl Bounded {
    async fn next(&mut self) -> Option<Result<Piece, GenerateError>> {
        let late = tokio::time::timeout_at(self.deadline.into(), self.pieces.recv()).await;
        late.unwrap_or(Some(Err(GenerateError::CutOff("its time was over"))))
    }
}

/// What was released of one answer so far.
#[derive(Default)]
struct Release {
    drafted: Drafted,
    /// How many sentences were withheld for which reason.
    withheld: BTreeMap<&'static str, u32>,
    tokens: Tokens,
    certainty: Certainty,
    /// Sentences that were compared with their sources in meaning.
    compared: u32,
}

impl Release {
    /// One line an answer: sizes and reasons, no words.
    fn log(&self, generator: GeneratorId, ended: &Result<(), GenerateError>) {
        let generator = generator.as_str();
        if let Err(error) = ended {
            tracing::warn!(generator, %error, "generator.failed");
        }
        tracing::info!(
            generator,
            sentences = self.drafted.sentences.len(),
            withheld = ?self.withheld,
            least_sure_mean_logprob = self.certainty.mean,
            least_logprob = self.certainty.least,
            "generator.wrote"
        );
    }

    /// Whether a sentence that its words alone do not support says what its source says.
    async fn says_the_same(&mut self, doubt: &Doubt, subject: &Subject<'_>) -> bool {
        let meaning = subject.knowledge.meaning();
        let Some(border) = border(subject.guard, &meaning) else { return false };
        if self.compared >= COMPARED {
            return false;
        }
        self.compared += 1;
        let of_source = Locale::parse(&doubt.language).unwrap_or_else(Locale::undetermined);
        let likeness =
            meaning.likeness((&doubt.claim, subject.locale), (&doubt.source, &of_source));
        let measured = tokio::time::timeout(COMPARING, likeness).await;
        matches!(measured, Ok(Ok(likeness)) if likeness >= border)
    }

    async fn draft(
        &mut self,
        draft: &Draft,
        (guard, subject): (&Guard<'_>, &Subject<'_>),
        hits: &[&Hit],
        events: &mpsc::Sender<AssistantEvent>,
    ) {
        let tally = self.tokens.of(&draft.text);
        let (mut verdict, doubt) = guard.judge(&draft.text);
        if let Some(doubt) = doubt
            && self.says_the_same(&doubt, subject).await
        {
            verdict = guard.check_alike(&draft.text);
        }
        let (text, numbers) = match verdict {
            Verdict::Release { text, citations } => (text, citations),
            Verdict::Withhold(reason) => {
                if reason.is_loss() {
                    self.certainty.withheld();
                    *self.withheld.entry(reason.as_str()).or_default() += 1;
                }
                return;
            }
        };
        self.certainty.released(tally);
        if self.drafted.sentences.is_empty() {
            // The order of events is fixed: all that may be cited comes before the first sentence.
            self.drafted.citations = (1..).zip(hits).map(|(n, hit)| quoted(n, hit)).collect();
            let sources = AssistantEvent::Sources(self.drafted.citations.clone());
            let _ = events.send(sources).await;
        } else {
            let line = draft.new_line || draft.kind != DraftKind::Sentence;
            self.drafted.text.push(if line { '\n' } else { ' ' });
        }
        self.drafted.text.push_str(&text);
        let index = self.drafted.sentences.len() as u32;
        let sentence = Sentence { index, text, citations: numbers };
        let _ = events.send(AssistantEvent::Sentence(sentence.clone())).await;
        self.drafted.sentences.push(sentence);
    }
}

/// The cosine from which a sentence says what its source says; `None` where no cosine tells that.
fn border(settings: &GuardSettings, meaning: &Meaning) -> Option<f32> {
    settings.min_likeness.or_else(|| meaning.is_bundled().then_some(BUNDLED_LIKENESS))
}

/// The passage as a source, without what gives orders in it.
fn quoted(n: u32, hit: &Hit) -> Citation {
    let orders = gives_orders_by_unit(&Given::of(n, hit));
    let quote = if orders.contains(&true) {
        let kept = hit.units.iter().zip(orders).filter(|(_, order)| !order);
        kept.map(|(unit, _)| unit.text(&hit.text)).collect::<Vec<_>>().join("\n")
    } else {
        hit.text.clone()
    };
    Citation { quote, ..citation(n, hit) }
}
