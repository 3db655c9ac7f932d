//! The product: from a question to a proven answer or a hand-over, decided by code.
//!
//! [`Assistant::ask`] runs the whole path: a place in the bounded queue, rules (asked for a person),
//! the follow-up made a stand-alone query, search, confidence, decision, words, and for a hand-over
//! a stored ticket before any message. Called by `http` and by the `ask` command; knows neither the
//! web framework nor a database.

mod admission;
pub mod calibration;
mod clarify;
mod condense;
pub mod confidence;
pub mod guard;
mod history;
mod messages;
mod person_request;
pub mod prompt;
mod writing;

use std::sync::Arc;
use std::time::Instant;

use indexer::model::{Audience, Filter, Generation, Hit, Locale};
use indexer::search::{KnowledgeBase, SearchOutcome, SearchQuery, Snapshot};
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::domain::{
    Answer, AssistantEvent, Choice, ConversationId, Escalation, Failure, FailureKind, GeneratorId,
    Outcome, Question, ReasonCode, Role, Said, SeenPassage, Ticket, Timings, Turn,
};
use crate::generate::extractive;
use crate::privacy::{CustomerText, Numbering, RedactedText, Redactor};
use crate::store::ConversationStore;

use admission::{Admission, Refused};
use clarify::{Offer, Offers};
use confidence::{Confidence, ConfidenceSettings};
use guard::GuardSettings;
use history::History;
use writing::Subject;

pub use writing::Writer;

pub use admission::AdmissionSettings;

/// Passages that are looked at for an answer.
const HITS: usize = 12;
/// Passages that a person who takes over is shown.
const SEEN: usize = 10;
/// Events that may wait for a slow reader.
const EVENTS: usize = 64;

/// `[assistant]` of the configuration.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AssistantSettings {
    pub admission: AdmissionSettings,
    pub confidence: ConfidenceSettings,
    pub answer: extractive::ExtractiveSettings,
    pub guard: GuardSettings,
}

/// What was found for a question and how sure that makes: everything before the decision.
#[derive(Debug)]
pub struct Assessment {
    pub found: SearchOutcome,
    /// `None` when nothing was found.
    pub confidence: Option<Confidence>,
}

/// Answers questions over one knowledge base. Shared by all requests.
pub struct Assistant {
    knowledge: Arc<KnowledgeBase>,
    store: Arc<dyn ConversationStore>,
    redactor: Arc<Redactor>,
    writer: Writer,
    settings: AssistantSettings,
    admission: Admission,
    history: History,
    offers: Offers,
}

impl Assistant {
    pub fn new(
        knowledge: Arc<KnowledgeBase>,
        store: Arc<dyn ConversationStore>,
        redactor: Arc<Redactor>,
        writer: Writer,
        settings: AssistantSettings,
    ) -> Self {
        let admission = Admission::new(&settings.admission);
        let (history, offers) = (History::default(), Offers::default());
        Self { knowledge, store, redactor, writer, settings, admission, history, offers }
    }

    /// Starts answering; the events come in the order that [`AssistantEvent`] states. Dropping the
    /// receiver cancels.
    pub fn ask(self: &Arc<Self>, question: Question) -> mpsc::Receiver<AssistantEvent> {
        let (events, receiver) = mpsc::channel(EVENTS);
        let this = Arc::clone(self);
        tokio::spawn(async move {
            tokio::select! {
                () = events.closed() => {}
                last = this.run(question, &events) => { let _ = events.send(last).await; }
            }
        });
        receiver
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
        mut question: Question,
        turns: Vec<Turn>,
    ) -> Result<Answer, Failure> {
        let conversation = ConversationId::random();
        let locale = self.locale_of(&question);
        for turn in turns {
            let said = self.redact(conversation, &turn.text, &locale);
            self.history.push(conversation, turn.role, said);
        }
        question.conversation = Some(conversation);
        self.answer(question).await
    }

    /// Looks for passages and weighs them, and goes no further: nothing is decided, stored or
    /// remembered. What [`Assistant::ask`] decides by, so that evaluation measures the same.
    ///
    /// # Errors
    /// When the search fails.
    pub async fn assess(
        &self,
        question: &Question,
        turns: &[Turn],
    ) -> Result<Assessment, indexer::search::SearchError> {
        self.assess_in(question, turns, self.knowledge.snapshot()).await
    }

    /// As [`Self::assess`], in a snapshot that the caller holds.
    ///
    /// # Errors
    /// When the search fails.
    pub async fn assess_in(
        &self,
        question: &Question,
        turns: &[Turn],
        snapshot: Arc<Snapshot>,
    ) -> Result<Assessment, indexer::search::SearchError> {
        let locale = self.locale_of(question);
        let mut numbering = Numbering::default();
        let mut redact =
            |text: &CustomerText| self.redactor.redact(text, Some(locale.as_str()), &mut numbering);
        let turns: Vec<Said> =
            turns.iter().map(|t| Said { role: t.role, text: redact(&t.text) }).collect();
        let text = redact(&question.text);
        self.look_up((&text, question.audience), &locale, &turns, snapshot).await
    }

    /// Everything up to the last event, which it returns.
    async fn run(
        &self,
        question: Question,
        events: &mpsc::Sender<AssistantEvent>,
    ) -> AssistantEvent {
        let started = Instant::now();
        let conversation = question.conversation.unwrap_or_else(ConversationId::random);
        let _permit = match self.admission.enter(events).await {
            Ok(permit) => permit,
            Err(Refused { retry_after_s }) => {
                return AssistantEvent::Failed(Failure {
                    kind: FailureKind::Overloaded { retry_after_s },
                    message: "too many questions are waiting; ask again in a moment".to_owned(),
                });
            }
        };
        let mut path = Path { started, conversation, ..Path::new(conversation) };
        path.locale = self.locale_of(&question);
        // Here the customer's own words end; everything after works with the redacted ones.
        let asked = self.redact(conversation, &question.text, &path.locale);
        match self.decide((&asked, question.audience), &mut path).await {
            Ok(Decision::Answer(ground)) => {
                let Some((drafted, generator)) =
                    self.words(&ground, (&asked, &mut path), events).await
                else {
                    self.history.push(conversation, Role::User, asked);
                    return self.hand_over(ReasonCode::LowConfidence, &path).await;
                };
                self.history.push(conversation, Role::User, asked);
                let answer = CustomerText::new(drafted.text.clone());
                let answer = self.redact(conversation, &answer, &path.locale);
                self.history.push(conversation, Role::Assistant, answer);
                AssistantEvent::Done(Box::new(Answer {
                    outcome: Outcome::Answered,
                    text: drafted.text,
                    sentences: drafted.sentences,
                    citations: drafted.citations,
                    generator,
                    ..path.answer()
                }))
            }
            Ok(Decision::Clarify(choices)) => {
                self.history.push(conversation, Role::User, asked);
                let message = messages::clarify(&path.locale, &choices);
                let said = CustomerText::new(message.clone());
                let said = self.redact(conversation, &said, &path.locale);
                self.history.push(conversation, Role::Assistant, said);
                let outcome = Outcome::Clarify { message, choices };
                AssistantEvent::Done(Box::new(Answer { outcome, ..path.answer() }))
            }
            Ok(Decision::HandOff(reason)) => {
                self.history.push(conversation, Role::User, asked);
                self.hand_over(reason, &path).await
            }
            Err(error) => {
                tracing::error!(%conversation, error = %error, "assistant.failed");
                self.hand_over(ReasonCode::Error, &path).await
            }
        }
    }

    async fn decide(
        &self,
        (asked, audience): (&RedactedText, Audience),
        path: &mut Path,
    ) -> Result<Decision, indexer::search::SearchError> {
        path.generation = self.knowledge.snapshot().generation;
        if person_request::asks_for_person(asked.as_str()) {
            return Ok(Decision::HandOff(ReasonCode::CustomerRequested));
        }

        let turns: Vec<Said> = self.history.turns(path.conversation);
        let offer = self.offers.take(path.conversation);
        let picked = offer.as_ref().and_then(|offer| {
            Some((offer, clarify::picked(asked.as_str(), &offer.choices, &offer.locale)?))
        });
        if let Some((offer, _)) = picked {
            path.locale = offer.locale.clone();
        }
        let snapshot = self.knowledge.snapshot();
        let Assessment { mut found, confidence } = match picked {
            Some((offer, choice)) => {
                let query = format!("{} {}", offer.query, choice.label);
                self.search_for((query, audience), &path.locale, snapshot).await?
            }
            None => self.look_up((asked, audience), &path.locale, &turns, snapshot).await?,
        };
        if let Some((_, choice)) = picked {
            clarify::keep(&mut found, choice);
        }
        path.found(&found);
        let Some(confidence) = confidence else {
            return Ok(Decision::HandOff(ReasonCode::NoEvidence));
        };
        path.confidence = confidence.probability;
        if confidence.probability < self.settings.confidence.threshold() {
            let reason = if confidence.evidence {
                ReasonCode::LowConfidence
            } else {
                ReasonCode::NoEvidence
            };
            return Ok(Decision::HandOff(reason));
        }

        // At most once in a row: an offer that was not taken up is not repeated.
        if offer.is_none()
            && let Some(choices) = clarify::choices(&found)
        {
            let (query, locale) = (found.query.clone(), path.locale.clone());
            let offer = Offer { query, locale, choices: choices.clone() };
            self.offers.put(path.conversation, offer);
            return Ok(Decision::Clarify(choices));
        }
        Ok(Decision::Answer(Box::new(Ground { found, turns })))
    }

    /// Words an answer and sends it: by a model where one is configured and its words hold, else by
    /// the articles' own sentences. `None` when there is nothing to say.
    async fn words(
        &self,
        ground: &Ground,
        (asked, path): (&RedactedText, &mut Path),
        events: &mpsc::Sender<AssistantEvent>,
    ) -> Option<(extractive::Drafted, GeneratorId)> {
        let writing = Instant::now();
        let subject = Subject {
            asked,
            turns: &ground.turns,
            hits: &ground.found.retrieved.hits,
            locale: &path.locale,
            guard: &self.settings.guard,
        };
        let written = self.writer.write(&subject, events).await;
        let worded = match written {
            Some(written) => Some((written.drafted, written.generator)),
            None => {
                let drafted = extractive::answer(&ground.found, &self.settings.answer);
                if drafted.sentences.is_empty() {
                    return None;
                }
                let _ = events.send(AssistantEvent::Sources(drafted.citations.clone())).await;
                for sentence in &drafted.sentences {
                    let _ = events.send(AssistantEvent::Sentence(sentence.clone())).await;
                }
                Some((drafted, GeneratorId::Extractive))
            }
        };
        path.timings.generate_ms = writing.elapsed().as_secs_f64() * 1e3;
        worded
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
    fn redact(
        &self,
        conversation: ConversationId,
        text: &CustomerText,
        locale: &Locale,
    ) -> RedactedText {
        let locale = Some(locale.as_str());
        self.history.redact(conversation, |numbers| self.redactor.redact(text, locale, numbers))
    }

    async fn look_up(
        &self,
        (asked, audience): (&RedactedText, Audience),
        locale: &Locale,
        turns: &[Said],
        snapshot: Arc<Snapshot>,
    ) -> Result<Assessment, indexer::search::SearchError> {
        let query = condense::stand_alone(asked, turns);
        self.search_for((query, audience), locale, snapshot).await
    }

    async fn search_for(
        &self,
        (text, audience): (String, Audience),
        locale: &Locale,
        snapshot: Arc<Snapshot>,
    ) -> Result<Assessment, indexer::search::SearchError> {
        let query = SearchQuery {
            text,
            locale: Some(locale.clone()),
            filter: Filter { audience, ..Filter::public(Zoned::now().date()) },
            limit: HITS,
        };
        let found = self.knowledge.search_in(&query, snapshot).await?;
        let confidence = (!found.retrieved.hits.is_empty())
            .then(|| Confidence::of(&found, &self.settings.confidence));
        Ok(Assessment { found, confidence })
    }

    /// Stores the ticket, then tells the customer. Without a stored ticket nothing is promised.
    async fn hand_over(&self, reason: ReasonCode, path: &Path) -> AssistantEvent {
        let escalation = Escalation {
            ticket: Ticket::random(),
            at: Timestamp::now(),
            conversation: path.conversation,
            reason,
            confidence: path.confidence,
            locale: path.locale.as_str().to_owned(),
            generation: path.generation,
            passages: path.seen.clone(),
        };
        if let Err(error) = self.store.add_escalation(&escalation).await {
            tracing::error!(conversation = %path.conversation, error = %error, "escalation.failed");
            return AssistantEvent::Failed(internal(
                "the question could be neither answered nor handed over; try again",
            ));
        }
        tracing::info!(
            ticket = %escalation.ticket,
            reason = reason.as_str(),
            confidence = escalation.confidence,
            "escalation.stored"
        );
        let message = messages::hand_over(&path.locale, reason, &escalation.ticket);
        let outcome = Outcome::HandedOff { reason, ticket: escalation.ticket, message };
        AssistantEvent::Done(Box::new(Answer { outcome, ..path.answer() }))
    }
}

enum Decision {
    Answer(Box<Ground>),
    /// Asks back which of these articles is meant.
    Clarify(Vec<Choice>),
    HandOff(ReasonCode),
}

/// What an answer is made of.
struct Ground {
    found: SearchOutcome,
    /// Oldest first.
    turns: Vec<Said>,
}

/// What is known of a question on its way.
struct Path {
    started: Instant,
    conversation: ConversationId,
    locale: Locale,
    generation: Generation,
    confidence: f64,
    seen: Vec<SeenPassage>,
    timings: Timings,
}

impl Path {
    fn new(conversation: ConversationId) -> Self {
        Self {
            started: Instant::now(),
            conversation,
            locale: Locale::undetermined(),
            generation: Generation(0),
            confidence: 0.0,
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
        };
        self.seen = found.retrieved.hits.iter().take(SEEN).map(seen).collect();
    }

    /// The answer with everything but outcome and words.
    fn answer(&self) -> Answer {
        let total_ms = self.started.elapsed().as_secs_f64() * 1e3;
        Answer {
            outcome: Outcome::Answered,
            text: String::new(),
            sentences: Vec::new(),
            citations: Vec::new(),
            confidence: self.confidence,
            conversation: self.conversation,
            generation: self.generation,
            generator: GeneratorId::Extractive,
            locale: self.locale.as_str().to_owned(),
            timings: Timings { total_ms, ..self.timings },
        }
    }
}

fn internal(message: &str) -> Failure {
    Failure { kind: FailureKind::Internal, message: message.to_owned() }
}
