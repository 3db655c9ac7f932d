//! One question from the front door to its last event, on a conversation that is kept.
//!
//! The customer's message is stored before anything is decided, the answer is stored before the last
//! event is sent, and only if the conversation has not gone on otherwise meanwhile: an answer on its way
//! when a person takes over is dropped in its middle, and its stream ends with the hand-over.

use indexer::model::{Audience, Locale};
use indexer::search::{SearchError, SearchOutcome};
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use uuid::Uuid;

use super::admission::Refused;
use super::clarify;
use super::condense::{self, Asking};
use super::handing_over::{Matter, is_with_people, turns};
use super::house_words::without_small_talk;
use super::quoting::quote;
use super::rules::{self, Situation, Trigger};
use super::small_talk;
use super::telling::{answered, missing};
use super::writing::{Subject, Unwritten};
use super::{Assessment, Assistant, LOOK_BACK, Path, TURNS, busy, internal, messages, summary};
use crate::domain::{
    AssistantEvent, Choice, Conversation, ConversationId, ConversationState, Disclosure, Failure,
    FailureKind, Fallback, GeneratorId, Message, Objections, Offer, Proof, Question, ReasonCode,
    Said, Visitor,
};
use crate::generate::extractive::Drafted;
use crate::locale::Locales;
use crate::privacy::RedactedText;
use crate::store::{
    Committed, Introduced, NewAnswer, NewConversation, NewMessage, Posted, StoreError,
};

enum Decision {
    Answer(Box<Ground>),
    /// Asks back which of these articles is meant.
    Clarify(Vec<Choice>),
    HandOff(Trigger),
}

/// How the wording went.
enum Worded {
    Answer(Drafted, GeneratorId),
    /// There is nothing to say; a person takes over for this reason.
    Nothing(ReasonCode),
    /// The caller wants a model's words or none.
    Refused(Failure),
}

/// Who asks, as far as an answer depends on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asker {
    pub(super) audience: Audience,
    pub(super) visitor: Visitor,
    pub(super) fallback: Fallback,
}

/// What an answer is made of.
struct Ground {
    found: SearchOutcome,
    /// Oldest first.
    turns: Vec<Said>,
}

impl Assistant {
    /// Everything up to the last event, which it returns.
    pub(super) async fn run(
        &self,
        question: Question,
        events: &mpsc::Sender<AssistantEvent>,
    ) -> AssistantEvent {
        let id = question.conversation.unwrap_or_else(ConversationId::random);
        let mut path = Path::new(id);
        let kept = |error: StoreError| {
            tracing::error!(conversation = %id, %error, "conversation.failed");
            AssistantEvent::Failed(internal("the message could not be kept; send it again"))
        };
        // Before the gate is only read: who is refused there leaves nothing behind.
        let known = match self.recall(&question).await {
            Ok(known) => known,
            Err(error) => return kept(error),
        };
        if let (Some(_), Some(identity)) = (&known, &question.identity) {
            match self.owner(id, identity).await {
                Ok(Some(Introduced::Foreign)) => return foreign(),
                Ok(Some(Introduced::Own) | None) => {}
                Err(error) => return kept(error),
            }
        }
        // A person's customer never waits for the assistant.
        let permit = if known.as_ref().is_some_and(is_with_people) {
            None
        } else {
            match self.admission.enter(events).await {
                Ok(permit) => Some(permit),
                Err(Refused { retry_after_s }) => {
                    return AssistantEvent::Failed(Failure {
                        kind: FailureKind::Overloaded { retry_after_s },
                        message: "too many questions are waiting; ask again in a moment".to_owned(),
                    });
                }
            }
        };
        let (conversation, told) = match known {
            Some(known) => (known, None),
            None if question.conversation.is_some() && !question.begins => return missing(),
            None => match self.create(id, &question).await {
                Ok((created, told)) => (created, Some(told)),
                Err(error) => return kept(error),
            },
        };
        path.told = told;
        if let Some(identity) = &question.identity {
            match self.introduce(id, identity).await {
                Ok(Introduced::Own) => {}
                Ok(Introduced::Foreign) => return foreign(),
                Err(error) => return kept(error),
            }
        }
        path.locale = self.locale_in(&question, &conversation);
        // Listening begins before the message is in, so that no take-over can be missed.
        let mut listener = self.hub.listen(id);
        // Here the customer's own words end; everything after works with the redacted ones.
        let asked = match self.redact(id, &question.text, &path.locale).await {
            Ok(asked) => asked,
            Err(error) => return kept(error),
        };
        let talk = small_talk::of(asked.as_str());
        if talk.is_some() && path.told.is_none() {
            // The language of "ok" is a guess.
            path.locale = question
                .locale
                .clone()
                .unwrap_or_else(|| super::locale_or_none(&conversation.locale));
        }
        let mut new = new_message(asked, question.message_id, (&self.locales, &path.locale));
        // "Thank you" opens nothing that is done.
        new.reopened = new.reopened.filter(|_| talk.is_none());
        let posted = match self.store.post(id, &new).await {
            Ok(posted) => posted,
            Err(error) => return kept(error),
        };
        if !posted.repeated {
            self.hub.changed(id, posted.conversation.epoch);
        }
        if let Some(reply) = &posted.reply {
            return self.told_again(reply, &posted, &path).await;
        }
        if is_with_people(&posted.conversation) {
            return self.accepted(posted, &path).await;
        }
        if posted.conversation.state == ConversationState::Resolved && talk.is_none() {
            // Sent again, unanswered, and closed since.
            return self.superseded(&posted.conversation, &path).await;
        }
        let epoch = posted.conversation.epoch;
        let asker = Asker {
            audience: question.audience,
            visitor: question.visitor,
            fallback: question.fallback,
        };
        tokio::select! {
            biased;
            () = listener.left(epoch) => {}
            last = Box::pin(self.reply((&posted, asker), permit, (&mut path, events))) => return last,
        }
        let path =
            Path { locale: self.locale_in(&question, &posted.conversation), ..Path::new(id) };
        match self.store.conversation(id).await {
            Ok(Some(now)) => self.ended_by_a_step(&now, &posted, &path).await,
            Ok(None) => missing(),
            Err(error) => kept(error),
        }
    }

    /// The conversation that a question goes on with; `None` where it begins one.
    async fn recall(&self, question: &Question) -> Result<Option<Conversation>, StoreError> {
        match question.conversation {
            Some(id) => self.store.conversation(id).await,
            None => Ok(None),
        }
    }

    /// The conversation that a question begins, with what its customer is told.
    async fn create(
        &self,
        id: ConversationId,
        question: &Question,
    ) -> Result<(Conversation, Disclosure), StoreError> {
        let locale = self.locale_of(question);
        let told = self.disclosure(&locale);
        let new = NewConversation {
            id,
            locale: locale.as_str().to_owned(),
            site: None,
            page: None,
            told: Some(told.clone()),
            at: Timestamp::now(),
        };
        Ok((self.store.create(&new).await?, told))
    }

    /// The assistant's reply to a message that is kept: answer or hand-over.
    pub(super) async fn reply(
        &self,
        (posted, asker): (&Posted, Asker),
        permit: Option<OwnedSemaphorePermit>,
        (path, events): (&mut Path, &mpsc::Sender<AssistantEvent>),
    ) -> AssistantEvent {
        let id = posted.conversation.id;
        let before = match self.store.last_messages(id, LOOK_BACK).await {
            Ok(mut messages) => {
                messages.retain(|m| m.seq < posted.message.seq);
                without_small_talk(messages)
            }
            Err(error) => {
                tracing::error!(conversation = %id, %error, "conversation.failed");
                Vec::new()
            }
        };
        let matter = Matter {
            conversation: &posted.conversation,
            before: &before,
            asked: Some(&posted.message),
        };
        let objections = self.store.objections(id).await.unwrap_or_else(|error| {
            // Whether a machine may answer is not known: none does.
            tracing::error!(conversation = %id, %error, "choices.not_read");
            Objections { analysis: true, automation: true }
        });
        if objections.automation {
            let reasoning = summary::NO_MACHINE.to_owned();
            let trigger = Trigger::new(ReasonCode::CustomerRequested, reasoning);
            return self.hand_over(trigger, &matter, path).await;
        }
        if let Some(kind) = small_talk::of(posted.message.text.as_str()) {
            return self.reply_to_small_talk(kind, (posted, path)).await;
        }
        match self.decide(&posted.message.text, (asker, &before), path).await {
            Ok(Decision::Answer(ground)) => {
                if self.writer.has_models() {
                    // A model has a queue of its own; searching need not wait for it.
                    drop(permit);
                }
                let asked = &posted.message.text;
                match self.words(&ground, asker, (asked, path), events).await {
                    Worded::Answer(drafted, generator) => {
                        self.commit(drafted, generator, (posted, path)).await
                    }
                    Worded::Nothing(reason) => {
                        let reasoning = summary::plain(reason).to_owned();
                        self.hand_over(Trigger::new(reason, reasoning), &matter, path).await
                    }
                    Worded::Refused(failure) => AssistantEvent::Failed(failure),
                }
            }
            Ok(Decision::Clarify(choices)) => self.ask_back(choices, (posted, path)).await,
            Ok(Decision::HandOff(trigger)) => self.hand_over(trigger, &matter, path).await,
            Err(error) => {
                tracing::error!(conversation = %id, error = %error, "assistant.failed");
                let reason = ReasonCode::Error;
                let reasoning = summary::plain(reason).to_owned();
                self.hand_over(Trigger::new(reason, reasoning), &matter, path).await
            }
        }
    }

    async fn decide(
        &self,
        asked: &RedactedText,
        (asker, before): (Asker, &[Message]),
        path: &mut Path,
    ) -> Result<Decision, SearchError> {
        path.generation = self.knowledge.snapshot().generation;
        let locale = path.locale.clone();
        let situation = Situation {
            asked,
            locale: &locale,
            before,
            settings: &self.settings.conversation,
            triggers: &self.settings.triggers,
        };
        if let Some(trigger) = rules::before(&situation) {
            return Ok(Decision::HandOff(trigger));
        }
        let turns = turns(before, TURNS);
        let offer = clarify::offered(before);
        let picked = offer.as_ref().and_then(|(offer, locale)| {
            Some((offer, locale, clarify::picked(asked.as_str(), &offer.choices, locale)?))
        });
        if let Some((_, locale, _)) = picked {
            path.locale = locale.clone();
        }
        let snapshot = self.knowledge.snapshot();
        let Asker { audience, visitor, .. } = asker;
        let Assessment { mut found, confidence, wording } = match picked {
            Some((offer, _, choice)) => {
                let text = format!("{} {}", offer.query, choice.label);
                self.search_for(self.query((text, audience), &path.locale), snapshot).await?
            }
            None => {
                let asking = Asking { asked, turns: &turns, audience, visitor };
                self.look_up(&asking, &path.locale, snapshot).await?
            }
        };
        path.wording = wording;
        if let Some((_, _, choice)) = picked {
            clarify::keep(&mut found, choice);
        }
        path.found(&found);
        let threshold = self.settings.confidence.threshold_in(&found.fingerprint);
        let doubt = |reason, confidence| {
            let reasoning = summary::doubt(reason, &found, (confidence, threshold));
            Ok(Decision::HandOff(Trigger::new(reason, reasoning)))
        };
        let Some(confidence) = confidence else {
            return doubt(ReasonCode::NoEvidence, None);
        };
        path.confidence = confidence.probability;
        if confidence.probability < threshold {
            let reason = if confidence.evidence {
                ReasonCode::LowConfidence
            } else {
                ReasonCode::NoEvidence
            };
            return doubt(reason, Some(&confidence));
        }
        // At most once in a row: an offer that was not taken up is not repeated.
        if offer.is_none()
            && let Some(choices) = clarify::choices(&found)
        {
            let query = condense::standing(asked, &turns);
            path.offer = Some(Offer { query, choices: choices.clone() });
            return Ok(Decision::Clarify(choices));
        }
        Ok(Decision::Answer(Box::new(Ground { found, turns })))
    }

    /// Words an answer and sends it: by a model where one is configured and its words hold, else by
    /// the articles' own sentences.
    async fn words(
        &self,
        ground: &Ground,
        asker: Asker,
        (asked, path): (&RedactedText, &mut Path),
        events: &mpsc::Sender<AssistantEvent>,
    ) -> Worded {
        let writing = std::time::Instant::now();
        let subject = Subject {
            asked,
            turns: &ground.turns,
            hits: &ground.found.retrieved.hits,
            locale: &path.locale,
            guard: &self.settings.guard,
            knowledge: &self.knowledge,
            audience: asker.audience,
            visitor: asker.visitor,
        };
        let worded = match self.writer.write(&subject, events).await {
            Ok(written) => {
                path.confidence = written.certainty.applied(path.confidence);
                Worded::Answer(written.drafted, written.generator)
            }
            Err(Unwritten::Busy(wait)) if asker.fallback == Fallback::Refuse => {
                return Worded::Refused(busy(wait));
            }
            Err(unwritten) => {
                let drafted = quote(&ground.found, &self.settings.answer);
                if drafted.sentences.is_empty() {
                    return Worded::Nothing(match unwritten {
                        Unwritten::Busy(_) => ReasonCode::Overload,
                        Unwritten::NoModel | Unwritten::Unproven => ReasonCode::LowConfidence,
                    });
                }
                let _ = events.send(AssistantEvent::Sources(drafted.citations.clone())).await;
                for sentence in &drafted.sentences {
                    let _ = events.send(AssistantEvent::Sentence(sentence.clone())).await;
                }
                Worded::Answer(drafted, GeneratorId::Extractive)
            }
        };
        path.timings.generate_ms = writing.elapsed().as_micros() as f64 / 1e3;
        worded
    }

    /// Stores an answer, if the assistant still speaks, and ends the stream.
    pub(super) async fn commit(
        &self,
        drafted: Drafted,
        generator: GeneratorId,
        (posted, path): (&Posted, &Path),
    ) -> AssistantEvent {
        let id = posted.conversation.id;
        let answer = NewAnswer {
            epoch: posted.conversation.epoch,
            reply_to: posted.message.seq,
            text: RedactedText::of_the_house(drafted.text),
            proof: Proof {
                sentences: drafted.sentences,
                citations: drafted.citations,
                confidence: path.confidence,
                generation: path.generation,
                generator,
                locale: path.locale.as_str().to_owned(),
                offer: path.offer.clone(),
                wording: path.wording.clone(),
                small_talk: path.small_talk,
            },
            at: Timestamp::now(),
        };
        match self.store.commit_answer(id, &answer).await {
            Ok(Committed::Stored(message)) => {
                self.hub.changed(id, posted.conversation.epoch);
                AssistantEvent::Done(Box::new(answered(&message, path)))
            }
            Ok(Committed::Already(message)) => {
                AssistantEvent::Done(Box::new(answered(&message, path)))
            }
            Ok(Committed::Superseded(now)) => self.ended_by_a_step(&now, posted, path).await,
            Err(error) => {
                tracing::error!(conversation = %id, %error, "answer.not_kept");
                AssistantEvent::Failed(internal("the answer could not be kept; ask again"))
            }
        }
    }

    /// The language of a question within its conversation: asked for, else its own, else as before.
    fn locale_in(&self, question: &Question, conversation: &Conversation) -> Locale {
        let snapshot = self.knowledge.snapshot();
        let own =
            || indexer::language::detect_question(question.text.expose(), &snapshot.languages);
        let before = || super::locale_or_none(&conversation.locale);
        question.locale.clone().or_else(own).unwrap_or_else(before)
    }
}

fn foreign() -> AssistantEvent {
    let message = "the conversation is another customer's; begin a new one".to_owned();
    AssistantEvent::Failed(Failure { kind: FailureKind::Conflict, message })
}

/// A message of the customer that is about to be kept.
pub(super) fn new_message(
    text: RedactedText,
    message_id: Option<Uuid>,
    (locales, locale): (&Locales, &Locale),
) -> NewMessage {
    NewMessage {
        text,
        message_id,
        locale: Some(locale.as_str().to_owned()),
        at: Timestamp::now(),
        reopened: Some(messages::system(locales, locale, messages::Say::Reopened)),
    }
}

/// An answer that was given elsewhere.
pub(super) fn remembered(posted: &Posted, text: RedactedText) -> NewAnswer {
    NewAnswer {
        epoch: posted.conversation.epoch,
        reply_to: posted.message.seq,
        text,
        proof: Proof {
            sentences: Vec::new(),
            citations: Vec::new(),
            confidence: 0.0,
            generation: indexer::model::Generation(0),
            generator: GeneratorId::Extractive,
            locale: posted.conversation.locale.clone(),
            offer: None,
            wording: None,
            small_talk: small_talk::of(posted.message.text.as_str()).is_some(),
        },
        at: Timestamp::now(),
    }
}
