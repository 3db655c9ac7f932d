//! `/v1/conversations`: what customers do, each within the conversation that their token opens.

use actix_web::{HttpRequest, HttpResponse, web};
use indexer::model::Locale;
use jiff::Timestamp;
use uuid::Uuid;

use super::State;
use super::ask::wants_stream;
use super::auth::{After, Visitor, header};
use super::body::JsonBody;
use super::conversation_dto::{
    AcceptedResponse, BeginRequest, BeginResponse, ConversationResponse, FeedbackRequest,
    HandOffBody, HandOffResponse, MessageDto, PostRequest, RatingDto, StateDto, StateResponse,
    TypingRequest, stamp,
};
use super::dto::{AskResponse, DisclosureDto};
use super::error::{Code, Problem, ProblemBody};
use super::originals::with_originals;
use super::privacy::unknown;
use super::refusals;
use super::sse::{self, Form};
use crate::assistant::{Beginning, HandOffRequest};
use crate::domain::{
    AssistantEvent, Conversation, ConversationId, Failure, FailureKind, Message, Question,
};
use crate::privacy::CustomerText;

/// Most characters of what is no message: notes, comments, addresses.
const MAX_NOTE: usize = 2_000;
/// Messages read at once.
const PAGE: u32 = 500;
/// Messages among which one that is sent again is looked for, the last.
const RECENT: u32 = 50;

/// Begin a conversation.
#[utoipa::path(post, path = "/v1/conversations", tag = "Conversations", request_body = BeginRequest,
    params(("Atbilde-Identity" = Option<String>, Header, description = "The signed identity token")),
    responses(refusals::OfMyself, refusals::OfBodies,
        (status = 201, description = "It has begun", body = BeginResponse),
    ))]
pub(super) async fn begin(
    state: web::Data<State>,
    request: HttpRequest,
    JsonBody(body): JsonBody<BeginRequest>,
) -> Result<HttpResponse, Problem> {
    state.doors.limits.beginning(state.client(&request))?;
    let identity = state.identity(&request)?;
    let locale = match body.locale.as_deref() {
        None | Some("" | "auto") => accepted_language(&request),
        Some(tag) => Some(Locale::parse(tag).ok_or_else(|| {
            let detail =
                format!("`locale` is not a language tag: {tag:?}; send for instance \"en\"");
            Problem::new(Code::InvalidField, detail)
        })?),
    };
    let site = body.site.filter(|s| !s.trim().is_empty());
    if site.as_deref().is_some_and(|site| !is_site_id(site)) {
        let detail =
            "`site` is an id: up to 64 letters, digits and `-_.`, with fewer than 6 digits";
        return Err(Problem::new(Code::InvalidField, detail));
    }
    let page = body.page.map(|p| CustomerText::new(p.chars().take(MAX_NOTE).collect::<String>()));
    let begun = state.assistant.begin(Beginning { locale, site, page }).await?;
    state.introduce(begun.id, identity.as_ref()).await?;
    let told = Locale::parse(&begun.locale).unwrap_or_else(Locale::undetermined);
    let (token, ends) = state.doors.visitors.issue(begun.id, Timestamp::now());
    Ok(fresh(HttpResponse::Created()).json(BeginResponse {
        conversation_id: begun.id.to_string(),
        token,
        state: begun.state.as_str(),
        locale: begun.locale,
        expires_at: stamp(ends),
        disclosure: DisclosureDto::from(&state.assistant.disclosure(&told)),
    }))
}

/// Send a message.
///
/// In state `assistant` the answer is that of `/v1/ask`, as JSON or as a stream. In states `waiting`
/// and `with_agent` the message is kept for the person: 202, or a stream of one event `accepted`.
#[utoipa::path(post, path = "/v1/conversations/{id}/messages", tag = "Conversations",
    request_body = PostRequest, params(("id" = String, Path, description = "The conversation")),
    responses(refusals::OfVisitors, refusals::OfBodies,
        (status = 200, description = "An answer or a hand-over", content(
            (AskResponse = "application/json"), (String = "text/event-stream"))),
        (status = 202, description = "A person will answer", body = AcceptedResponse),
        (status = 409, description = "conflict: `message_id` is that of another message, or the conversation went on otherwise", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "rate_limited or overloaded; `Retry-After` in seconds", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "not_ready or timed_out; `Retry-After` in seconds", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn post(
    state: web::Data<State>,
    request: HttpRequest,
    After(Visitor(id), JsonBody(body)): After<Visitor, JsonBody<PostRequest>>,
) -> Result<HttpResponse, Problem> {
    state.doors.limits.visitor(id)?;
    state.readiness.check()?;
    let audience = state.audience_in(id).await?;
    let question = Question::message(&body.text, body.locale.as_deref(), id, audience);
    let mut question = question
        .map_err(|e| Problem::new(Code::InvalidField, e.to_string().replace("question", "text")))?;
    question.message_id = message_id(body.message_id.as_deref())?;
    existing(&state, id).await?;
    state.not_another(id, &question).await?;
    let mut events = with_originals(state.clone(), id, state.assistant.ask(question));
    if wants_stream(&request) {
        return Ok(sse::response(events, Form::Conversation(sse::Restoring(state, id))));
    }
    let last = async {
        while let Some(event) = events.recv().await {
            if event.is_last() {
                return Some(event);
            }
        }
        None
    };
    match state.in_time(last).await? {
        Some(AssistantEvent::Done(answer)) => {
            Ok(fresh(HttpResponse::Ok()).json(AskResponse::from(&*answer)))
        }
        Some(AssistantEvent::Accepted(accepted)) => {
            Ok(fresh(HttpResponse::Accepted()).json(AcceptedResponse {
                accepted: true,
                state: accepted.conversation.state.as_str(),
                message: MessageDto::from(&accepted.message).put_back(&state.originals(id).await),
            }))
        }
        Some(AssistantEvent::Failed(failure)) => Err(state.failed_in(id, failure).await),
        _ => Err(Problem::internal(&"the answer ended early")),
    }
}

/// Read a conversation.
#[utoipa::path(get, path = "/v1/conversations/{id}", tag = "Conversations",
    params(("id" = String, Path, description = "The conversation")),
    responses(refusals::OfVisitors,
        (status = 200, description = "State and messages", body = ConversationResponse),
    ))]
pub(super) async fn show(
    state: web::Data<State>,
    request: HttpRequest,
    Visitor(id): Visitor,
) -> Result<HttpResponse, Problem> {
    state.doors.limits.address(state.client(&request))?;
    let conversation = existing(&state, id).await?;
    let queue = state.store.queue_place(id, Timestamp::now()).await?;
    let messages = state.all_messages(id).await?;
    let originals = state.originals(id).await;
    Ok(fresh(HttpResponse::Ok()).json(ConversationResponse {
        conversation_id: id.to_string(),
        state: StateDto::of(&conversation, queue),
        locale: conversation.locale.clone(),
        objections: state.store.objections(id).await?.into(),
        created_at: stamp(conversation.created_at),
        hours: state.hours.at(Timestamp::now()).into(),
        rating: conversation.rating.as_ref().map(|r| RatingDto::from(r).put_back(&originals)),
        messages: messages
            .iter()
            .filter(|m| m.is_for_customer())
            .map(|m| MessageDto::from(m).put_back(&originals))
            .collect(),
    }))
}

/// Say that the customer types, or stopped.
#[utoipa::path(post, path = "/v1/conversations/{id}/typing", tag = "Conversations",
    request_body = TypingRequest, params(("id" = String, Path, description = "The conversation")),
    responses(refusals::OfVisitors, refusals::OfBodies, (status = 204, description = "Told")))]
pub(super) async fn typing(
    state: web::Data<State>,
    request: HttpRequest,
    After(Visitor(id), JsonBody(body)): After<Visitor, JsonBody<TypingRequest>>,
) -> Result<HttpResponse, Problem> {
    state.doors.limits.address(state.client(&request))?;
    state.assistant.typing(id, body.typing);
    Ok(HttpResponse::NoContent().finish())
}

/// Call a person. Called again it gives the same ticket, and the same note is kept once.
#[utoipa::path(post, path = "/v1/conversations/{id}/handoff", tag = "Conversations",
    request_body = HandOffBody, params(("id" = String, Path, description = "The conversation")),
    responses(refusals::OfVisitors, refusals::OfBodies,
        (status = 200, description = "A person was called", body = HandOffResponse)))]
pub(super) async fn hand_off(
    state: web::Data<State>,
    After(Visitor(id), JsonBody(body)): After<Visitor, JsonBody<HandOffBody>>,
) -> Result<HttpResponse, Problem> {
    state.doors.limits.visitor(id)?;
    let email = short("email", body.email)?;
    if email.as_ref().is_some_and(|e| !looks_like_email(e)) {
        let detail = "`email` is no e-mail address; send one, or leave it out";
        return Err(Problem::new(Code::InvalidField, detail));
    }
    let request = HandOffRequest {
        email: email.map(CustomerText::new),
        note: short("note", body.note)?.map(CustomerText::new),
    };
    let called = state.assistant.call_person(id, request).await?;
    Ok(fresh(HttpResponse::Ok()).json(HandOffResponse {
        state: called.conversation.state.as_str(),
        ticket: called.ticket.to_string(),
        reason: called.reason.as_str(),
        message: called.message,
    }))
}

/// Say what the customer thinks of an answer or of the conversation.
#[utoipa::path(post, path = "/v1/conversations/{id}/feedback", tag = "Conversations",
    request_body = FeedbackRequest, params(("id" = String, Path, description = "The conversation")),
    responses(refusals::OfVisitors, refusals::OfBodies, (status = 204, description = "Kept"),
        (status = 404, description = "not_found: `seq` is no answer, or the token opens another conversation", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn feedback(
    state: web::Data<State>,
    After(Visitor(id), JsonBody(body)): After<Visitor, JsonBody<FeedbackRequest>>,
) -> Result<HttpResponse, Problem> {
    state.doors.limits.visitor(id)?;
    let comment = short("comment", body.comment)?.map(CustomerText::new);
    match (body.seq, body.helpful, body.rating) {
        (Some(_), Some(_), None) if comment.is_some() => {
            let detail = "`comment` is of the whole conversation; send it with `rating`";
            return Err(Problem::new(Code::InvalidField, detail));
        }
        (Some(seq), Some(helpful), None) => state.assistant.helpful(id, (seq, helpful)).await?,
        (None, None, Some(stars @ 1..=5)) => {
            state.assistant.rate(id, (stars, comment.as_ref())).await?;
        }
        (None, None, Some(_)) => {
            return Err(Problem::new(Code::InvalidField, "`rating` must be from 1 to 5"));
        }
        _ => {
            let detail = "send `seq` with `helpful`, or `rating`";
            return Err(Problem::new(Code::InvalidField, detail));
        }
    }
    Ok(HttpResponse::NoContent().finish())
}

/// End a conversation. Writing again reopens it.
#[utoipa::path(post, path = "/v1/conversations/{id}/close", tag = "Conversations",
    params(("id" = String, Path, description = "The conversation")),
    responses(refusals::OfVisitors,
        (status = 200, description = "It is resolved", body = StateResponse)))]
pub(super) async fn close(
    state: web::Data<State>,
    Visitor(id): Visitor,
) -> Result<HttpResponse, Problem> {
    state.doors.limits.visitor(id)?;
    let conversation = state.assistant.close(id).await?;
    Ok(fresh(HttpResponse::Ok()).json(StateResponse { state: conversation.state.as_str() }))
}

impl State {
    /// The whole transcript, notes among it.
    pub(super) async fn all_messages(&self, id: ConversationId) -> Result<Vec<Message>, Problem> {
        let mut all: Vec<Message> = Vec::new();
        loop {
            let after = all.last().map_or(0, |m| m.seq);
            let page = self.store.messages(id, after, PAGE).await?;
            let more = page.len() as u32 == PAGE;
            all.extend(page);
            if !more {
                return Ok(all);
            }
        }
    }

    /// Refuses other words under the id of an earlier message: they would be lost, and answered by its
    /// answer.
    async fn not_another(&self, id: ConversationId, question: &Question) -> Result<(), Problem> {
        let Some(message_id) = question.message_id else { return Ok(()) };
        let said = self.store.last_messages(id, RECENT).await?;
        let Some(earlier) = said.iter().find(|m| m.message_id == Some(message_id)) else {
            return Ok(());
        };
        let words = self.originals(id).await.restore(earlier.text.as_str());
        // Where an original is gone, nobody can tell.
        if words == question.text.expose() || words.contains('[') {
            return Ok(());
        }
        let detail = "`message_id` is that of an earlier message with other words";
        Err(Problem::new(Code::Conflict, detail)
            .with_next("Send other words with a `message_id` of their own."))
    }

    /// What is told of a message that failed in a conversation that was there before it: where it was erased
    /// meanwhile, that is why.
    pub(super) async fn failed_in(&self, id: ConversationId, failure: Failure) -> Problem {
        let broke = failure.kind == FailureKind::Internal;
        if broke && matches!(self.store.conversation(id).await, Ok(None)) {
            return unknown();
        }
        failure.into()
    }
}

/// The conversation of a good token; it may have been erased since.
pub(super) async fn existing(state: &State, id: ConversationId) -> Result<Conversation, Problem> {
    let known = state.store.conversation(id).await?;
    known.ok_or_else(|| Problem::new(Code::NotFound, "there is no such conversation"))
}

pub(super) fn message_id(sent: Option<&str>) -> Result<Option<Uuid>, Problem> {
    let parse = |text: &str| {
        Uuid::try_parse(text).map_err(|_| {
            Problem::new(Code::InvalidField, "`message_id` is no UUID; send one or none")
        })
    };
    sent.map(parse).transpose()
}

/// Words that are no message: trimmed, `None` when empty.
fn short(name: &str, text: Option<String>) -> Result<Option<String>, Problem> {
    let text = text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
    match &text {
        Some(t) if t.chars().count() > MAX_NOTE => {
            let detail = format!("`{name}` has more than {MAX_NOTE} characters; send fewer");
            Err(Problem::new(Code::InvalidField, detail))
        }
        _ => Ok(text),
    }
}

/// The id of a site is stored as it is, so there must be no room in it for what a person is found by.
fn is_site_id(text: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    text.len() <= 64
        && text.bytes().all(legal)
        && text.bytes().filter(u8::is_ascii_digit).count() < 6
}

/// Enough to catch a slip; whether it exists only a letter can tell.
fn looks_like_email(text: &str) -> bool {
    let bad =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"');
    text.chars().count() <= 254
        && !text.contains(bad)
        && text.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty()
                && host.contains('.')
                && !host.starts_with('.')
                && !host.ends_with('.')
                && !host.contains('@')
        })
}

/// The first language that the browser names.
fn accepted_language(request: &HttpRequest) -> Option<Locale> {
    let first = header(request, "accept-language")?.split([',', ';']).next()?.trim();
    Locale::parse(first)
}

/// No cache may keep what belongs to one customer.
pub(super) fn fresh(mut builder: actix_web::HttpResponseBuilder) -> actix_web::HttpResponseBuilder {
    builder.insert_header(("Cache-Control", "no-store"));
    builder
}

/// A conversation that a question of `/v1/ask` begins, with its token.
pub(super) fn begun_by(state: &State, question: &mut Question) -> Option<String> {
    if question.conversation.is_some() {
        return None;
    }
    let id = ConversationId::random();
    question.conversation = Some(id);
    question.begins = true;
    Some(state.doors.visitors.issue(id, Timestamp::now()).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_site_names_nobody() {
        for good in ["shop", "shop-2.example_LV", "2026"] {
            assert!(is_site_id(good), "{good}");
        }
        for bad in ["a@b.co", "shop 26123456", "26123456", "a\nb", "ā", &"x".repeat(65)] {
            assert!(!is_site_id(bad), "{bad}");
        }
    }

    #[test]
    fn an_email_address_is_told_from_a_slip() {
        for good in ["a@b.co", "jane.doe+x@mail.example"] {
            assert!(looks_like_email(good), "{good}");
        }
        for bad in
            ["", "a", "a@b", "@b.co", "a@.co", "a@b.co.", "a b@c.de", "a@b@c.de", "a@b.co,c@d.ef"]
        {
            assert!(!looks_like_email(bad), "{bad}");
        }
    }
}
