//! An answer as server-sent events (contract C3s): `queued`*, `sources`, `sentence`*, then one of
//! `done`, `handed_off`, `error`. Dropping the stream drops the receiver, which cancels the answer.

use std::convert::Infallible;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes};
use futures::Stream;
use serde::Serialize;
use tokio::sync::mpsc;

use super::State;
use super::conversation_dto::{AcceptedResponse, MessageDto};
use super::dto::{AskResponse, CitationDto, QueuedEvent, SentenceEvent, SourcesEvent};
use super::error::{Code, Problem};
use crate::domain::{Answer, AssistantEvent, ConversationId, Outcome};

/// A comment is sent after this much silence, so that proxies keep the connection.
pub(super) const PING: Duration = Duration::from_secs(10);

/// Which endpoint streams: they differ in what is said where a person answers.
#[derive(Clone)]
pub(super) enum Form {
    /// `/v1/ask`; with the token of the conversation that the question began.
    Ask(Option<String>),
    /// A conversation's messages. What the customer is told of their own message has its originals.
    Conversation(Restoring),
}

/// Puts originals back into a message of one conversation, when there is one to be sent.
#[derive(Clone)]
pub(super) struct Restoring(pub(super) web::Data<State>, pub(super) ConversationId);

/// The response that streams `events`.
pub(super) fn response(events: mpsc::Receiver<AssistantEvent>, form: Form) -> HttpResponse {
    streaming(frames(events, PING, form))
}

/// A response of frames.
pub(super) fn streaming(
    frames: impl Stream<Item = Result<Bytes, Infallible>> + 'static,
) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("Content-Type", "text/event-stream; charset=utf-8"))
        .insert_header(("Cache-Control", "no-cache"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(frames)
}

/// Frames of `events` up to the last one, with a comment after every `ping` of silence.
fn frames(
    events: mpsc::Receiver<AssistantEvent>,
    ping: Duration,
    form: Form,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    futures::stream::unfold((Some(events), form), move |(events, form)| async move {
        let mut events = events?;
        let (frame, rest) = match tokio::time::timeout(ping, events.recv()).await {
            Err(_) => (Bytes::from_static(b": ping\n\n"), Some(events)),
            Ok(Some(event)) => {
                let last = event.is_last();
                (frame_of(event, &form).await, (!last).then_some(events))
            }
            Ok(None) => {
                let problem = Problem::new(Code::Internal, "the answer ended early");
                (frame("error", &problem.body()), None)
            }
        };
        Some((Ok(frame), (rest, form)))
    })
}

async fn frame_of(event: AssistantEvent, form: &Form) -> Bytes {
    let token = || if let Form::Ask(token) = form { token.clone() } else { None };
    let end =
        |answer: &Answer| AskResponse { conversation_token: token(), ..AskResponse::from(answer) };
    match event {
        AssistantEvent::Queued { position, eta_ms } => {
            frame("queued", &QueuedEvent { position, eta_ms })
        }
        AssistantEvent::Sources(citations) => {
            let citations = citations.iter().map(CitationDto::from).collect();
            frame("sources", &SourcesEvent { citations })
        }
        AssistantEvent::Sentence(s) => frame(
            "sentence",
            &SentenceEvent { index: s.index, text: s.text, citations: s.citations },
        ),
        AssistantEvent::Done(answer) => {
            let name = match answer.outcome {
                Outcome::Answered | Outcome::Clarify { .. } | Outcome::SmallTalk { .. } => "done",
                Outcome::HandedOff { .. } => "handed_off",
            };
            frame(name, &end(&answer))
        }
        AssistantEvent::Accepted(accepted) => match form {
            Form::Conversation(Restoring(state, id)) => {
                let originals = state.originals(*id).await;
                let message = MessageDto::from(&accepted.message).put_back(&originals);
                let state = accepted.conversation.state.as_str();
                frame("accepted", &AcceptedResponse { accepted: true, state, message })
            }
            Form::Ask(_) => frame("handed_off", &end(&accepted.answer)),
        },
        AssistantEvent::Failed(failure) => {
            let problem = match form {
                Form::Conversation(Restoring(state, id)) => state.failed_in(*id, failure).await,
                Form::Ask(_) => failure.into(),
            };
            frame("error", &problem.body())
        }
    }
}

/// JSON on one line is valid event data as it is.
pub(super) fn frame(name: &str, data: &impl Serialize) -> Bytes {
    let json = serde_json::to_string(data).unwrap_or_else(|_| "{}".to_owned());
    Bytes::from(format!("event: {name}\ndata: {json}\n\n"))
}

/// A frame that a client can go on behind: `id` is what it sends as `Last-Event-ID`.
pub(super) fn numbered(name: &str, id: u64, data: &impl Serialize) -> Bytes {
    let json = serde_json::to_string(data).unwrap_or_else(|_| "{}".to_owned());
    Bytes::from(format!("event: {name}\nid: {id}\ndata: {json}\n\n"))
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;

    use super::*;
    use crate::domain::{Failure, FailureKind};
    use crate::http::dto::tests::answer;

    async fn transcript(events: Vec<AssistantEvent>) -> Vec<String> {
        let (sender, receiver) = mpsc::channel(16);
        for event in events {
            sender.try_send(event).unwrap();
        }
        drop(sender);
        let frames: Vec<_> =
            frames(receiver, Duration::from_secs(9), Form::Ask(None)).collect().await;
        frames.into_iter().map(|f| String::from_utf8(f.unwrap().to_vec()).unwrap()).collect()
    }

    #[tokio::test]
    async fn an_answer_comes_in_order_and_each_frame_is_one_event() {
        let answer = answer();
        let frames = transcript(vec![
            AssistantEvent::Queued { position: 2, eta_ms: 40 },
            AssistantEvent::Sources(answer.citations.clone()),
            AssistantEvent::Sentence(answer.sentences[0].clone()),
            AssistantEvent::Done(Box::new(answer)),
        ])
        .await;
        let names: Vec<_> = frames.iter().map(|f| f.lines().next().unwrap()).collect();
        assert_eq!(names, ["event: queued", "event: sources", "event: sentence", "event: done"]);
        assert_eq!(frames[0], "event: queued\ndata: {\"position\":2,\"eta_ms\":40}\n\n");
        for frame in &frames {
            assert!(frame.ends_with("\n\n") && frame.matches('\n').count() == 3, "{frame}");
        }
    }

    #[tokio::test]
    async fn a_failure_and_an_early_end_are_errors() {
        let kind = FailureKind::Overloaded { retry_after_s: 2 };
        let failure = Failure { kind, message: "busy".to_owned() };
        for (events, code) in
            [(vec![AssistantEvent::Failed(failure)], "overloaded"), (vec![], "internal")]
        {
            let frames = transcript(events).await;
            assert_eq!(frames.len(), 1);
            assert!(frames[0].starts_with("event: error\n") && frames[0].contains(code));
        }
    }

    #[tokio::test]
    async fn silence_is_filled_with_comments() {
        let (sender, receiver) = mpsc::channel(1);
        let frames = frames(receiver, Duration::from_millis(5), Form::Ask(None));
        futures::pin_mut!(frames);
        assert_eq!(frames.next().await.unwrap().unwrap(), ": ping\n\n");
        sender.try_send(AssistantEvent::Done(Box::new(answer()))).unwrap();
        assert!(frames.next().await.unwrap().unwrap().starts_with(b"event: done"));
        assert!(frames.next().await.is_none());
    }
}
