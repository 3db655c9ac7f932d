//! Live events of one conversation as server-sent events (`GET /v1/conversations/{id}/events`), and of
//! the agents' desk.
//!
//! The hub says that something is new, the store says what: each message goes out once and in order,
//! whatever was missed between, and `Last-Event-ID` goes on where a connection broke off.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Instant;

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::sync::broadcast::{self, error::RecvError};
use utoipa::ToSchema;

use super::State;
use super::auth::{Staff, Visitor, header};
use super::conversation_dto::{MessageDto, StateDto};
use super::error::{Code, Problem, ProblemBody};
use super::refusals;
use super::sse::{self, PING};
use crate::access::Place;
use crate::domain::{Conversation, ConversationId, ConversationState, Epoch, Permission};
use crate::live::{DeskLive, Listener, Live, Typist};
use crate::privacy::vault::Restorer;
use crate::store::QueuePlace;

/// A stream that nothing happens in asks the store anew with every so manieth comment: the hub tells of
/// all that happens in this process. One whose customer waits asks every time, for the place in the queue.
const ASK_EVERY: u32 = 6;
/// Messages read at once.
const PAGE: u32 = 100;
/// Streams that read at once. They share the store's few readers with all requests, and thousands may
/// open or wake in the same second; those take turns, and requests find a reader free.
static READING: Semaphore = Semaphore::const_new(2);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct After {
    after: Option<u64>,
}

/// Follow a conversation live.
///
/// Events: `message` (a message; `id` is its number), `state` (how the conversation stands), `typing`.
/// `Last-Event-ID` or `?after=` names the last number that the client has; without, all messages come.
#[utoipa::path(get, path = "/v1/conversations/{id}/events", tag = "Conversations",
    params(("id" = String, Path, description = "The conversation"),
        ("after" = Option<u64>, Query, description = "Number of the last message that the client has")),
    responses(refusals::OfVisitors,
        (status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream"),
        (status = 400, description = "invalid_parameter", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn events(
    state: web::Data<State>,
    request: HttpRequest,
    Visitor(id): Visitor,
    query: web::Query<After>,
) -> Result<HttpResponse, Problem> {
    let client = state.client(&request);
    state.doors.limits.address(client)?;
    let place = state.doors.limits.stream(id, client).map_err(|limited| Problem {
        detail: "too many live streams of this conversation or address are open".to_owned(),
        next: Some("Close one, or open it again after `Retry-After` seconds.".to_owned()),
        ..limited.into()
    })?;
    let last = header(&request, "last-event-id").and_then(|v| v.trim().parse().ok());
    let after = last.or(query.after).unwrap_or(0);
    // Listening begins before the first reading, so that nothing falls between.
    let listener = state.hub.listen(id);
    let known = {
        let _turn = READING.acquire().await;
        state.store.conversation(id).await?
    };
    if known.is_none() {
        return Err(Problem::new(Code::NotFound, "there is no such conversation"));
    }
    let follow = Follow {
        state,
        id,
        after,
        listener,
        shown: None,
        frames: VecDeque::new(),
        waiting: false,
        silences: 0,
        over: false,
        _place: place,
    };
    let stream = futures::stream::unfold(follow, |mut follow| async move {
        follow.next().await.map(|frame| (Ok::<_, Infallible>(frame), follow))
    });
    Ok(private(sse::streaming(stream)))
}

/// What one customer or the desk is told is kept by no cache.
fn private(mut response: HttpResponse) -> HttpResponse {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// One client that follows one conversation.
struct Follow {
    state: web::Data<State>,
    id: ConversationId,
    /// The last number that was sent.
    after: u64,
    listener: Listener,
    /// What the last `state` event said.
    shown: Option<(Epoch, Option<String>, Option<QueuePlace>)>,
    frames: VecDeque<Bytes>,
    /// Whether the customer waits for a person.
    waiting: bool,
    /// Comments since the last reading.
    silences: u32,
    over: bool,
    _place: Place,
}

/// Data of the `typing` event.
#[derive(Debug, Serialize)]
struct TypingEvent {
    author: &'static str,
    typing: bool,
}

impl Follow {
    /// The next frame; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        if self.shown.is_none() {
            self.read().await;
        }
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Some(frame);
            }
            if self.over || self.state.stopping.is_cancelled() {
                return None;
            }
            let happened = tokio::select! {
                happened = tokio::time::timeout(PING, self.listener.next()) => happened,
                () = self.state.stopping.cancelled() => return None,
            };
            match happened {
                Ok(Some(Live::Typing { by: Typist::Agent, typing })) => {
                    let event = TypingEvent { author: "agent", typing };
                    self.frames.push_back(sse::frame("typing", &event));
                }
                Ok(Some(Live::Typing { by: Typist::Customer, .. })) => {}
                Ok(Some(Live::Changed(_)) | None) => self.read().await,
                Err(_) => {
                    self.silences += 1;
                    if self.waiting || self.silences >= ASK_EVERY {
                        self.read().await;
                    }
                    self.frames.push_back(Bytes::from_static(b": ping\n\n"));
                }
            }
        }
    }

    /// Queues what the client does not have yet.
    async fn read(&mut self) {
        if let Err(problem) = self.try_read().await {
            self.frames.push_back(sse::frame("error", &problem.body()));
            self.over = true;
        }
    }

    async fn try_read(&mut self) -> Result<(), Problem> {
        // Never closed, so there is always a turn.
        let _turn = READING.acquire().await;
        self.silences = 0;
        loop {
            let messages = self.state.store.messages(self.id, self.after, PAGE).await?;
            let originals = if messages.iter().any(|m| m.text.as_str().contains('[')) {
                self.state.originals(self.id).await
            } else {
                Restorer::default()
            };
            for message in &messages {
                self.after = message.seq;
                if message.is_for_customer() {
                    let frame = sse::numbered(
                        "message",
                        message.seq,
                        &MessageDto::from(message).put_back(&originals),
                    );
                    self.frames.push_back(frame);
                }
            }
            if (messages.len() as u32) < PAGE {
                break;
            }
        }
        // Erased: there is nothing more to follow.
        let Some(conversation) = self.state.store.conversation(self.id).await? else {
            self.over = true;
            return Ok(());
        };
        self.waiting = conversation.state == ConversationState::Waiting;
        let queue = match self.waiting {
            true => self.state.store.queue_place(self.id, Timestamp::now()).await?,
            false => None,
        };
        let says = (conversation.epoch, agent_of(&conversation), queue);
        if self.shown.as_ref() != Some(&says) {
            let state = StateDto::of(&conversation, queue);
            self.frames.push_back(sse::numbered("state", self.after, &state));
            self.shown = Some(says);
        }
        Ok(())
    }
}

fn agent_of(conversation: &Conversation) -> Option<String> {
    conversation.agent.as_ref().map(|a| a.name.clone())
}

/// Data of the desk's events.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeskEvent {
    /// Of `conversation` and `typing`.
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation_id: Option<String>,
    /// Of `typing`: whether the customer types, or stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    typing: Option<bool>,
}

/// Follow the desk live.
///
/// Events: `conversation` (one changed), `typing` (its customer types, or stopped), `presence` (somebody came
/// or went), `reload` (the first one, and where something was missed: read everything anew). Their data is a
/// `DeskEvent`. The stream ends with the session.
#[utoipa::path(get, path = "/v1/inbox/events", tag = "Inbox", security(("session" = [])),
    responses(refusals::OfStaff,
        (status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream"),
    ))]
pub(super) async fn desk(state: web::Data<State>, staff: Staff) -> Result<HttpResponse, Problem> {
    staff.may(Permission::ReadConversations)?;
    let receiver = state.hub.listen_at_desk();
    let first = Some(sse::frame("reload", &DeskEvent { conversation_id: None, typing: None }));
    let stream = futures::stream::unfold(
        (state, staff, receiver, first, Instant::now()),
        |(state, staff, mut receiver, first, mut checked)| async move {
            let frame = match first {
                Some(frame) => frame,
                None => next_of_desk(&state, &mut receiver).await?,
            };
            // A session that was ended meanwhile hears no more, however busy the desk is.
            if checked.elapsed() >= PING {
                state.doors.gate.session(&staff.token).await.ok().flatten()?;
                checked = Instant::now();
            }
            Some((Ok::<_, Infallible>(frame), (state, staff, receiver, None, checked)))
        },
    );
    Ok(private(sse::streaming(stream)))
}

async fn next_of_desk(
    state: &State,
    receiver: &mut broadcast::Receiver<DeskLive>,
) -> Option<Bytes> {
    let event = |name, id: Option<ConversationId>, typing| {
        let conversation_id = id.map(|id| id.to_string());
        Some(sse::frame(name, &DeskEvent { conversation_id, typing }))
    };
    let happened = tokio::select! {
        happened = tokio::time::timeout(PING, receiver.recv()) => happened,
        () = state.stopping.cancelled() => return None,
    };
    match happened {
        Ok(Ok(DeskLive::Conversation(id))) => event("conversation", Some(id), None),
        Ok(Ok(DeskLive::Typing(id, typing))) => event("typing", Some(id), Some(typing)),
        Ok(Ok(DeskLive::Presence)) => event("presence", None, None),
        Ok(Ok(DeskLive::Missed) | Err(RecvError::Lagged(_))) => event("reload", None, None),
        Ok(Err(RecvError::Closed)) => None,
        Err(_) => Some(Bytes::from_static(b": ping\n\n")),
    }
}
