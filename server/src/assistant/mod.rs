//! The product: from a question to a proven answer or a hand-over, decided by code.
//!
//! [`Assistant::ask`] runs the whole path: the stored conversation, a place in the bounded queue, rules
//! (asked for a person), the follow-up made a stand-alone query, search, confidence, decision, words,
//! and for a hand-over a stored ticket before any message. What a customer does beside asking is in
//! `talking`. Called by `http` and by the `ask` command; knows neither the web framework nor a database.

mod admission;
mod answering;
mod assessing;
mod breaker;
mod briefing;
pub mod calibration;
mod certainty;
mod clarify;
mod condense;
pub mod confidence;
mod errand;
mod explain;
mod finishing;
pub mod guard;
mod handing_over;
mod house_words;
mod introducing;
pub(crate) mod messages;
mod originals;
pub mod prompt;
mod quoting;
mod retelling;
mod rules;
#[cfg(test)]
mod sample;
mod settings;
mod small_talk;
mod suggesting;
mod summarising;
mod summary;
mod talking;
mod telling;
mod triggers;
mod writing;

use std::sync::Arc;
use std::time::Instant;

use indexer::model::{Generation, Hit, Locale};
use indexer::search::{KnowledgeBase, SearchOutcome};
use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::domain::{
    Answer, AssistantEvent, ConversationId, Disclosure, Failure, FailureKind, GeneratorId, Offer,
    Outcome, Question, Role, Said, SeenPassage, Timings, Turn,
};
use crate::generate::extractive::citation;
use crate::handoff::Hours;
use crate::live::Hub;
use crate::locale::Locales;
use crate::metrics::Metrics;
use crate::privacy::{CustomerText, RedactedText, Redactor};
use crate::store::{ConversationStore, NewConversation, StoreError};

use admission::Admission;
use condense::Condenser;
use summarising::Summaries;

pub use admission::AdmissionSettings;
pub use assessing::Assessment;
pub use certainty::Certainty;
pub use condense::CondenseSettings;
pub use explain::Explanation;
pub(crate) use handing_over::stepping_in;
pub use originals::Originals;
pub(crate) use retelling::{Told, reasoning_parts, summary_parts};
pub use settings::{AssistantSettings, ConversationSettings};
pub use suggesting::{SuggestError, Suggestion};
pub use summarising::SummarySettings;
pub use talking::{Beginning, CustomerAction, HandOffRequest, PersonCalled};
pub use writing::Writer;

/// Passages that a person who takes over is shown.
const SEEN: usize = 10;
/// Events that may wait for a slow reader.
const EVENTS: usize = 64;
/// Earlier messages that rules and summaries look at.
const LOOK_BACK: u32 = 200;
/// Earlier turns that a search and a model are given.
const TURNS: usize = 8;

/// What an assistant works with.
pub struct Parts {
    pub knowledge: Arc<KnowledgeBase>,
    pub store: Arc<dyn ConversationStore>,
    pub redactor: Arc<Redactor>,
    pub writer: Writer,
    pub hub: Arc<Hub>,
    pub hours: Arc<Hours>,
    pub originals: Originals,
    pub metrics: Arc<Metrics>,
    pub locales: Arc<Locales>,
    /// Whose assistant it is, for the disclosure; may be empty.
    pub company: String,
}

/// Answers questions over one knowledge base. Shared by all requests.
pub struct Assistant {
    knowledge: Arc<KnowledgeBase>,
    store: Arc<dyn ConversationStore>,
    redactor: Arc<Redactor>,
    writer: Writer,
    hub: Arc<Hub>,
    hours: Arc<Hours>,
    pub(crate) locales: Arc<Locales>,
    settings: AssistantSettings,
    admission: Admission,
    condenser: Condenser,
    summaries: Summaries,
    originals: Originals,
    metrics: Arc<Metrics>,
    company: String,
}

impl Assistant {
    pub fn new(parts: Parts, settings: AssistantSettings) -> Self {
        let admission = Admission::new(&settings.admission);
        let at_once = settings.admission.concurrent;
        let condenser = Condenser::new(&settings.condense, &parts.writer.prompts, at_once);
        let summaries = Summaries::new(&settings.summary);
        let Parts {
            knowledge,
            store,
            redactor,
            writer,
            hub,
            hours,
            originals,
            metrics,
            locales,
            company,
        } = parts;
        Self {
            knowledge,
            store,
            redactor,
            writer,
            hub,
            hours,
            locales,
            settings,
            admission,
            condenser,
            summaries,
            originals,
            metrics,
            company,
        }
    }

    /// What a customer is told of the machine that answers, in a language.
    pub fn disclosure(&self, locale: &Locale) -> Disclosure {
        let pack = self.locales.pack(locale);
        let text = if self.company.is_empty() {
            pack.text("server.disclosure_plain").to_owned()
        } else {
            pack.fill("server.disclosure", &[("company", &self.company)])
        };
        Disclosure::new(pack.tag.clone(), text)
    }

    /// Starts answering; the events come in the order that [`AssistantEvent`] states. Dropping the
    /// receiver cancels.
    pub fn ask(self: &Arc<Self>, question: Question) -> mpsc::Receiver<AssistantEvent> {
        let (events, receiver) = mpsc::channel(EVENTS);
        let this = Arc::clone(self);
        tokio::spawn(async move {
            tokio::select! {
                () = events.closed() => {}
                last = this.run(question, &events) => {
                    this.count(&last);
                    let _ = events.send(last).await;
                }
            }
        });
        receiver
    }

    /// Counts how a question ended.
    fn count(&self, last: &AssistantEvent) {
        let AssistantEvent::Done(answer) = last else { return };
        let end = match &answer.outcome {
            Outcome::HandedOff { reason, .. } => ("handed_off", reason.as_str()),
            Outcome::Answered | Outcome::Clarify { .. } => ("answered", ""),
            Outcome::SmallTalk { .. } => ("small_talk", ""),
        };
        let time = std::time::Duration::from_secs_f64(answer.timings.total_ms.max(0.0) / 1e3);
        let weighed = !matches!(answer.outcome, Outcome::SmallTalk { .. });
        self.metrics.answer(end, weighed.then_some(answer.confidence), time);
    }

    /// Answers and waits for the end.
    ///
    /// # Errors
    /// [`Failure`] when there is neither an answer nor a ticket.
    pub async fn answer(self: &Arc<Self>, question: Question) -> Result<Answer, Failure> {
        let mut events = self.ask(question);
        while let Some(event) = events.recv().await {
            match event {
                AssistantEvent::Done(answer) => return Ok(*answer),
                AssistantEvent::Accepted(accepted) => return Ok(accepted.answer),
                AssistantEvent::Failed(failure) => return Err(failure),
                AssistantEvent::Queued { .. }
                | AssistantEvent::Sources(_)
                | AssistantEvent::Sentence(_) => {}
            }
        }
        Err(internal("the answer ended early"))
    }

    /// Like [`Assistant::answer`] in a conversation of its own whose earlier turns the caller knows:
    /// for evaluation and for channels that keep their conversations themselves.
    ///
    /// # Errors
    /// [`Failure`] when there is neither an answer nor a ticket.
    pub async fn answer_with_history(
        self: &Arc<Self>,
        question: Question,
        turns: Vec<Turn>,
    ) -> Result<Answer, Failure> {
        self.answer(self.after_turns(question, &turns).await?).await
    }

    /// Puts `question` into a new conversation in which `turns` were said, oldest first.
    ///
    /// # Errors
    /// [`Failure`] when they cannot be kept.
    pub async fn after_turns(
        &self,
        mut question: Question,
        turns: &[Turn],
    ) -> Result<Question, Failure> {
        let conversation = ConversationId::random();
        let locale = self.locale_of(&question);
        self.remember(conversation, turns, &locale).await.map_err(|error| {
            tracing::error!(%error, "conversation.failed");
            internal("the earlier turns could not be kept")
        })?;
        question.conversation = Some(conversation);
        Ok(question)
    }

    /// Returns when every model of the chain can write, or has found out that it cannot.
    pub async fn ready(&self) {
        self.writer.ready().await;
    }

    /// The language to search and reply in: the one asked for, else the question's own among those
    /// of the base.
    fn locale_of(&self, question: &Question) -> Locale {
        let snapshot = self.knowledge.snapshot();
        let detected = || {
            indexer::language::detect_question(question.text.expose(), &snapshot.languages)
                .or_else(|| snapshot.languages.first().cloned())
                .unwrap_or_else(Locale::undetermined)
        };
        question.locale.clone().unwrap_or_else(detected)
    }

    /// The words as everything after the front door may know them.
    async fn redact(
        &self,
        conversation: ConversationId,
        text: &CustomerText,
        locale: &Locale,
    ) -> Result<RedactedText, StoreError> {
        let words = (text, Some(locale.as_str()));
        self.originals.redact(&self.redactor, conversation, words).await
    }

    /// Keeps turns that were said elsewhere.
    async fn remember(
        &self,
        id: ConversationId,
        turns: &[Turn],
        locale: &Locale,
    ) -> Result<(), StoreError> {
        let at = Timestamp::now();
        // Who leads a conversation elsewhere tells their customers of the machine themselves.
        let new = NewConversation {
            id,
            locale: locale.as_str().to_owned(),
            site: None,
            page: None,
            told: None,
            at,
        };
        self.store.create(&new).await?;
        let mut last = None;
        for turn in turns {
            let text = self.redact(id, &turn.text, locale).await?;
            match (turn.role, &last) {
                (Role::Assistant, Some(posted)) => {
                    let answer = answering::remembered(posted, text);
                    self.store.commit_answer(id, &answer).await?;
                }
                // An assistant that speaks first has said nothing that a question leans on.
                (Role::Assistant, None) => {}
                (Role::User, _) => {
                    let new = answering::new_message(text, None, (&self.locales, locale));
                    last = Some(self.store.post(id, &new).await?);
                }
            }
        }
        Ok(())
    }
}

/// What is known of a question on its way.
struct Path {
    started: Instant,
    conversation: ConversationId,
    locale: Locale,
    /// What the customer is told with the first answer of a conversation.
    told: Option<Disclosure>,
    /// What a question back offers.
    offer: Option<Offer>,
    generation: Generation,
    confidence: f64,
    /// A model's wording of the question that was searched beside it.
    wording: Option<String>,
    /// Nothing was asked.
    small_talk: bool,
    seen: Vec<SeenPassage>,
    timings: Timings,
}

impl Path {
    fn new(conversation: ConversationId) -> Self {
        Self {
            started: Instant::now(),
            conversation,
            locale: Locale::undetermined(),
            told: None,
            offer: None,
            generation: Generation(0),
            confidence: 0.0,
            wording: None,
            small_talk: false,
            seen: Vec::new(),
            timings: Timings::default(),
        }
    }

    fn found(&mut self, found: &SearchOutcome) {
        let times = found.retrieved.timings;
        self.generation = found.retrieved.generation;
        self.timings.embed_ms = times.embed_ms;
        self.timings.keyword_ms = times.keyword_ms;
        self.timings.dense_ms = times.dense_ms;
        self.timings.search_ms = times.total_ms;
        let seen = |h: &Hit| SeenPassage {
            path: h.path.as_str().to_owned(),
            anchor: h.anchor.clone(),
            score: h.score,
            title: h.meta.title.clone(),
            url: citation(1, h).url,
        };
        self.seen = found.retrieved.hits.iter().take(SEEN).map(seen).collect();
    }

    /// The answer with everything but outcome and words.
    fn answer(&self) -> Answer {
        let total_ms = self.started.elapsed().as_micros() as f64 / 1e3;
        Answer {
            outcome: Outcome::Answered,
            text: String::new(),
            sentences: Vec::new(),
            citations: Vec::new(),
            confidence: self.confidence,
            conversation: self.conversation,
            seq: None,
            generation: self.generation,
            generator: GeneratorId::Extractive,
            locale: self.locale.as_str().to_owned(),
            disclosure: self.told.clone(),
            timings: Timings { total_ms, ..self.timings },
        }
    }
}

/// The language tag of a stored conversation.
fn locale_or_none(tag: &str) -> Locale {
    Locale::parse(tag).unwrap_or_else(Locale::undetermined)
}

fn busy(wait: std::time::Duration) -> Failure {
    let retry_after_s = u32::try_from(wait.as_secs().max(1)).unwrap_or(u32::MAX);
    Failure {
        kind: FailureKind::Overloaded { retry_after_s },
        message: "the model has no time for this question now".to_owned(),
    }
}

fn internal(message: &str) -> Failure {
    Failure { kind: FailureKind::Internal, message: message.to_owned() }
}
