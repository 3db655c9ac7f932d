//! An answer as chunks of OpenAI's stream: one for the role, one for each sentence, one for the end.

use std::convert::Infallible;

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use futures::Stream;
use serde::Serialize;
use tokio::sync::mpsc;

use super::MODEL;
use super::wire::{ChatChunk, ChunkChoice, Composer, Delta, ErrorBody, Head, Usage, Vendor, cited};
use crate::domain::{Answer, AssistantEvent, Citation, Outcome};
use crate::http::error::{Code, Problem};
use crate::http::sse::{PING, streaming};

/// The response that streams `events`; with `usage` a last chunk tells it.
pub(super) fn response(
    events: mpsc::Receiver<AssistantEvent>,
    head: Head,
    usage: bool,
) -> HttpResponse {
    streaming(frames(events, Chunks::new(head, usage)))
}

/// What has been streamed so far.
pub(super) struct Chunks {
    head: Head,
    usage: bool,
    sources: Vec<Citation>,
    composer: Composer,
    content: String,
}

/// Frames of `events` up to the last one, with a comment after every silence.
pub(super) fn frames(
    events: mpsc::Receiver<AssistantEvent>,
    chunks: Chunks,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let begin = chunks.delta(Delta {
        role: Some("assistant"),
        content: Some(String::new()),
        ..Delta::default()
    });
    let rest = futures::stream::unfold(Some((events, chunks)), |state| async move {
        let (mut events, mut chunks) = state?;
        let (frame, goes_on) = match tokio::time::timeout(PING, events.recv()).await {
            Err(_) => (": ping\n\n".to_owned(), true),
            Ok(event) => chunks.frame(event),
        };
        Some((Ok(Bytes::from(frame)), goes_on.then_some((events, chunks))))
    });
    futures::StreamExt::chain(futures::stream::iter([Ok(Bytes::from(begin))]), rest)
}

impl Chunks {
    pub(super) fn new(head: Head, usage: bool) -> Self {
        let (composer, content) = (Composer::default(), String::new());
        Self { head, usage, sources: Vec::new(), composer, content }
    }

    /// What `event` becomes, and whether more comes after it.
    fn frame(&mut self, event: Option<AssistantEvent>) -> (String, bool) {
        match event {
            Some(AssistantEvent::Queued { position, eta_ms }) => {
                (format!(": queued position={position} eta_ms={eta_ms}\n\n"), true)
            }
            Some(AssistantEvent::Sources(citations)) => {
                let frame = format!(": sources {}\n\n", citations.len());
                self.sources = citations;
                (frame, true)
            }
            Some(AssistantEvent::Sentence(sentence)) => {
                let (text, annotations) = self.composer.add(&sentence, &self.sources, &self.head);
                self.content.push_str(&text);
                (self.delta(Delta { role: None, content: Some(text), annotations }), true)
            }
            Some(AssistantEvent::Done(answer)) => (self.end(&answer), false),
            Some(AssistantEvent::Accepted(accepted)) => (self.end(&accepted.answer), false),
            Some(AssistantEvent::Failed(failure)) => (error(&Problem::from(failure)), false),
            None => (error(&Problem::new(Code::Internal, "the answer ended early")), false),
        }
    }

    fn end(&mut self, answer: &Answer) -> String {
        let mut frames = String::new();
        if let Outcome::HandedOff { message, .. }
        | Outcome::Clarify { message, .. }
        | Outcome::SmallTalk { message } = &answer.outcome
        {
            let content =
                if self.content.is_empty() { message.clone() } else { format!("\n\n{message}") };
            self.content.push_str(&content);
            frames.push_str(&self.delta(Delta { content: Some(content), ..Delta::default() }));
        }
        let last = ChunkChoice { index: 0, delta: Delta::default(), finish_reason: Some("stop") };
        frames.push_str(&data(&ChatChunk {
            citations: Some(cited(answer, &self.head)),
            atbilde: Some(Vendor::of(answer)),
            ..self.chunk(vec![last])
        }));
        if self.usage {
            let usage = Some(Usage::of(&self.content));
            frames.push_str(&data(&ChatChunk { usage, ..self.chunk(Vec::new()) }));
        }
        frames + "data: [DONE]\n\n"
    }

    fn delta(&self, delta: Delta) -> String {
        data(&self.chunk(vec![ChunkChoice { index: 0, delta, finish_reason: None }]))
    }

    fn chunk(&self, choices: Vec<ChunkChoice>) -> ChatChunk {
        ChatChunk {
            id: self.head.id.clone(),
            object: "chat.completion.chunk",
            created: self.head.created,
            model: MODEL,
            choices,
            usage: None,
            citations: None,
            atbilde: None,
        }
    }
}

/// OpenAI's clients raise an error that comes in a stream.
fn error(problem: &Problem) -> String {
    data(&ErrorBody::of(problem)) + "data: [DONE]\n\n"
}

/// JSON on one line is valid event data as it is.
fn data(object: &impl Serialize) -> String {
    let json = serde_json::to_string(object).unwrap_or_else(|_| "{}".to_owned());
    format!("data: {json}\n\n")
}
