//! Lets the generators of the chain write an answer and lets pass what the guard has proven.
//!
//! Called by the assistant once it has decided to answer. Sentences go out one by one as they are
//! proven; what fails the guard is counted by reason and gone. A generator that fails before its first
//! sentence is followed by the next one. `None` means that no generator gave an answer worth sending:
//! then the articles' own sentences answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexer::model::{Hit, Locale};
use tokio::sync::mpsc;

use super::guard::{Assembler, Draft, DraftKind, Given, Guard, GuardSettings, Protected, Verdict};
use super::prompt::{AnswerParts, PromptError, PromptKind, PromptPassage, Prompts, Speaker, Tone};
use crate::domain::{AssistantEvent, Citation, GeneratorId, Said, Sentence};
use crate::generate::extractive::{Drafted, citation};
use crate::generate::{GenerateRequest, Generator, GeneratorSettings, Message, Pieces};
use crate::privacy::RedactedText;

/// Writes with models, where there are any. Made by `startup`, which names them.
pub struct Writer {
    chain: Vec<Arc<dyn Generator>>,
    prompts: Prompts,
    protected: Protected,
    max_tokens: u32,
    passages: usize,
}

/// What there is to write about.
pub(super) struct Subject<'a> {
    pub(super) asked: &'a RedactedText,
    pub(super) turns: &'a [Said],
    pub(super) hits: &'a [Hit],
    pub(super) locale: &'a Locale,
    pub(super) guard: &'a GuardSettings,
}

/// An answer that was sent already, sentence by sentence.
pub(super) struct Written {
    pub(super) drafted: Drafted,
    pub(super) generator: GeneratorId,
    /// How many sentences were withheld for which reason.
    pub(super) withheld: BTreeMap<&'static str, u32>,
}

impl Writer {
    /// `chain` is asked in order; an empty one leaves everything to the articles' own sentences.
    ///
    /// # Errors
    /// When a compiled-in prompt is broken.
    pub fn new(
        chain: Vec<Arc<dyn Generator>>,
        settings: &GeneratorSettings,
    ) -> Result<Self, PromptError> {
        let prompts = Prompts::built_in()?;
        let protected = Protected::new([prompts.rules(PromptKind::Answer)]);
        let (max_tokens, passages) = (settings.max_tokens, settings.passages);
        Ok(Self { chain, prompts, protected, max_tokens, passages })
    }

    /// Writes about `subject` and sends what is proven to `events`.
    pub(super) async fn write(
        &self,
        subject: &Subject<'_>,
        events: &mpsc::Sender<AssistantEvent>,
    ) -> Option<Written> {
        if self.chain.is_empty() {
            return None;
        }
        let hits: Vec<&Hit> = subject.hits.iter().take(self.passages).collect();
        let passages: Vec<PromptPassage> = hits.iter().map(|h| passage(h)).collect();
        let prompt = self
            .prompts
            .answer(&AnswerParts {
                passages: &passages,
                turns: subject.turns,
                question: subject.asked,
                locale: subject.locale,
                tone: Tone::Formal,
            })
            .inspect_err(|error| tracing::error!(%error, "prompt.failed"))
            .ok()?;
        // Numbered as in the prompt.
        let numbered: Vec<&Hit> = prompt
            .numbered
            .iter()
            .filter_map(|id| hits.iter().copied().find(|h| h.id == *id))
            .collect();
        let mut messages: Vec<Message> = Vec::new();
        for segment in prompt.segments {
            let role = if segment.speaker == Speaker::System { "system" } else { "user" };
            match messages.last_mut().filter(|m| m.role == role) {
                Some(message) => {
                    message.content = format!("{}\n\n{}", message.content, segment.text)
                }
                None => messages.push(Message { role, content: segment.text }),
            }
        }
        let request = GenerateRequest { messages, max_tokens: self.max_tokens };
        for generator in &self.chain {
            let pieces = match generator.generate(request.clone()).await {
                Ok(pieces) => pieces,
                Err(error) => {
                    tracing::warn!(generator = generator.id().as_str(), %error, "generator.refused");
                    continue;
                }
            };
            let Release { drafted, withheld } =
                self.release(pieces, &numbered, subject, events).await;
            if !drafted.sentences.is_empty() {
                return Some(Written { drafted, generator: generator.id(), withheld });
            }
        }
        None
    }

    /// Takes the pieces of one generator, checks sentence by sentence, sends what passes.
    async fn release(
        &self,
        mut pieces: Pieces,
        hits: &[&Hit],
        subject: &Subject<'_>,
        events: &mpsc::Sender<AssistantEvent>,
    ) -> Release {
        let given: Vec<Given<'_>> = (1..)
            .zip(hits)
            .map(|(number, hit)| Given {
                number,
                title: &hit.meta.title,
                heading_path: &hit.heading_path,
                text: &hit.text,
                units: &hit.units,
                locale: &hit.meta.locale,
            })
            .collect();
        let guard = Guard::new(subject.guard, &self.protected, &given, subject.locale);
        let mut assembler = Assembler::new(subject.locale);
        let mut release = Release::default();
        let mut whole = true;
        while let Some(piece) = pieces.recv().await {
            match piece {
                Ok(piece) => {
                    for draft in assembler.push(&piece) {
                        release.draft(&draft, &guard, hits, events).await;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "generator.broke_off");
                    whole = false;
                    break;
                }
            }
        }
        // A sentence that was broken off in its middle is not finished here.
        for draft in if whole { assembler.finish() } else { Vec::new() } {
            release.draft(&draft, &guard, hits, events).await;
        }
        if !release.withheld.is_empty() {
            tracing::info!(withheld = ?release.withheld, "guard.withheld");
        }
        release
    }
}

/// What was released of one answer so far.
#[derive(Default)]
struct Release {
    drafted: Drafted,
    /// How many sentences were withheld for which reason.
    withheld: BTreeMap<&'static str, u32>,
}

impl Release {
    async fn draft(
        &mut self,
        draft: &Draft,
        guard: &Guard<'_>,
        hits: &[&Hit],
        events: &mpsc::Sender<AssistantEvent>,
    ) {
        let (text, numbers) = match guard.check(&draft.text) {
            Verdict::Release { text, citations } => (text, citations),
            Verdict::Withhold(reason) => {
                if reason.is_loss() {
                    *self.withheld.entry(reason.as_str()).or_default() += 1;
                }
                return;
            }
        };
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

fn quoted(n: u32, hit: &Hit) -> Citation {
    Citation { quote: hit.text.clone(), ..citation(n, hit) }
}

fn passage(hit: &Hit) -> PromptPassage {
    PromptPassage {
        id: hit.id,
        title: hit.meta.title.clone(),
        heading_path: hit.heading_path.clone(),
        text: hit.text.clone(),
    }
}
