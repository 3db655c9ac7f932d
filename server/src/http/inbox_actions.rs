//! `/v1/inbox/conversations/{id}/...`: what an agent does with a conversation. Every call has a session with
//! its CSRF token and a role that may reply; who may not is told so whatever the body says. What is possible
//! in which state is decided in `desk`.

use actix_web::{HttpResponse, web};

use super::State;
use super::auth::{After, StaffActing};
use super::body::JsonBody;
use super::conversation_dto::{MessageDto, TypingRequest};
use super::conversations::{fresh, message_id};
use super::error::{Code, Problem, ProblemBody};
use super::inbox::{detail, known};
use super::inbox_dto::{AssignRequest, DetailResponse, WordsRequest};
use super::refusals;
use crate::domain::{Agent, AgentId, Conversation, Permission};
use crate::privacy::CustomerText;

/// What was sent, read before it is known whether the caller may send it and looked at afterwards.
type Sent<T> = Result<JsonBody<T>, Problem>;

/// Take a conversation over.
///
/// One that waits, or one that the assistant has: then its answer that is on the way is dropped. What the
/// caller has already stays as it is.
#[utoipa::path(post, path = "/v1/inbox/conversations/{id}/take", tag = "Inbox",
    params(("id" = String, Path, description = "The conversation"),
        ("X-CSRF-Token" = String, Header, description = "The session's own: `data-csrf` of the page `/inbox`")),
    security(("session" = [])),
    responses(refusals::OfStaffActing, refusals::OfConversations,
        (status = 200, description = "The caller has it", body = DetailResponse),
        (status = 409, description = "conflict: a colleague has it, or it is resolved", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn take(
    state: web::Data<State>,
    StaffActing(staff): StaffActing,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let agent = staff.may(Permission::Reply)?;
    let id = known(&state, &id).await?.id;
    let taken = state.desk.take(id, agent).await?;
    shown(&state, agent, &taken).await
}

/// Give a conversation back to the assistant.
#[utoipa::path(post, path = "/v1/inbox/conversations/{id}/return", tag = "Inbox",
    params(("id" = String, Path, description = "The conversation"),
        ("X-CSRF-Token" = String, Header, description = "The session's own: `data-csrf` of the page `/inbox`")),
    security(("session" = [])),
    responses(refusals::OfStaffActing, refusals::OfConversations,
        (status = 200, description = "The assistant has it", body = DetailResponse),
        (status = 409, description = "conflict: a colleague has it, it is resolved, or it has changed meanwhile", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn give_back(
    state: web::Data<State>,
    StaffActing(staff): StaffActing,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let agent = staff.may(Permission::Reply)?;
    let id = known(&state, &id).await?.id;
    let returned = state.desk.give_back(id, agent).await?;
    shown(&state, agent, &returned).await
}

/// End a conversation. It opens again when the customer writes.
#[utoipa::path(post, path = "/v1/inbox/conversations/{id}/resolve", tag = "Inbox",
    params(("id" = String, Path, description = "The conversation"),
        ("X-CSRF-Token" = String, Header, description = "The session's own: `data-csrf` of the page `/inbox`")),
    security(("session" = [])),
    responses(refusals::OfStaffActing, refusals::OfConversations,
        (status = 200, description = "It is resolved", body = DetailResponse),
        (status = 409, description = "conflict: a colleague has it, or it has changed meanwhile", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn resolve(
    state: web::Data<State>,
    StaffActing(staff): StaffActing,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let agent = staff.may(Permission::Reply)?;
    let id = known(&state, &id).await?.id;
    let resolved = state.desk.resolve(id, agent).await?;
    shown(&state, agent, &resolved).await
}

/// Pass a conversation on, or mark whom it waits for.
///
/// Who has it passes it on; an administrator always may, and anybody who answers customers while its agent
/// is away.
#[utoipa::path(post, path = "/v1/inbox/conversations/{id}/assign", tag = "Inbox",
    request_body = AssignRequest,
    params(("id" = String, Path, description = "The conversation"),
        ("X-CSRF-Token" = String, Header, description = "The session's own: `data-csrf` of the page `/inbox`")),
    security(("session" = [])),
    responses(refusals::OfStaffActing, refusals::OfConversations, refusals::OfBodies,
        (status = 200, description = "The colleague has it, or it waits for them", body = DetailResponse),
        (status = 409, description = "conflict: another colleague has it, it neither waits nor is with a person, or it has changed meanwhile", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "invalid_field; `agent` is nobody who answers customers", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn assign(
    state: web::Data<State>,
    After(StaffActing(staff), body): After<StaffActing, Sent<AssignRequest>>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let agent = staff.may(Permission::Reply)?;
    let id = known(&state, &id).await?.id;
    let JsonBody(body) = body?;
    let assigned = state.desk.assign(id, agent, colleague(&body.agent)?).await?;
    shown(&state, agent, &assigned).await
}

/// Say that the agent types, or stopped.
///
/// The customer is told of the agent who has the conversation alone.
#[utoipa::path(post, path = "/v1/inbox/conversations/{id}/typing", tag = "Inbox",
    request_body = TypingRequest,
    params(("id" = String, Path, description = "The conversation"),
        ("X-CSRF-Token" = String, Header, description = "The session's own: `data-csrf` of the page `/inbox`")),
    security(("session" = [])),
    responses(refusals::OfStaffActing, refusals::OfConversations, refusals::OfBodies,
        (status = 204, description = "Taken note of"),
    ))]
pub(super) async fn typing(
    state: web::Data<State>,
    After(StaffActing(staff), body): After<StaffActing, Sent<TypingRequest>>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let agent = staff.may(Permission::Reply)?;
    let id = known(&state, &id).await?.id;
    let JsonBody(body) = body?;
    state.desk.typing(id, agent, body.typing).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Reply to the customer.
#[utoipa::path(post, path = "/v1/inbox/conversations/{id}/reply", tag = "Inbox",
    request_body = WordsRequest,
    params(("id" = String, Path, description = "The conversation"),
        ("X-CSRF-Token" = String, Header, description = "The session's own: `data-csrf` of the page `/inbox`")),
    security(("session" = [])),
    responses(refusals::OfStaffActing, refusals::OfConversations, refusals::OfBodies,
        (status = 200, description = "The reply as it is kept; sent again, the same", body = MessageDto),
        (status = 409, description = "conflict: the caller does not have the conversation", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn reply(
    state: web::Data<State>,
    After(StaffActing(staff), body): After<StaffActing, Sent<WordsRequest>>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let agent = staff.may(Permission::Reply)?;
    let id = known(&state, &id).await?.id;
    let JsonBody(words) = body?;
    let sent = message_id(words.message_id.as_deref())?;
    let reply = state.desk.reply(id, agent, (CustomerText::new(words.text), sent)).await?;
    Ok(fresh(HttpResponse::Ok()).json(MessageDto::from(&reply)))
}

/// Keep an internal note, which only colleagues read.
#[utoipa::path(post, path = "/v1/inbox/conversations/{id}/note", tag = "Inbox",
    request_body = WordsRequest,
    params(("id" = String, Path, description = "The conversation"),
        ("X-CSRF-Token" = String, Header, description = "The session's own: `data-csrf` of the page `/inbox`")),
    security(("session" = [])),
    responses(refusals::OfStaffActing, refusals::OfConversations, refusals::OfBodies,
        (status = 200, description = "The note as it is kept; sent again, the same", body = MessageDto),
    ))]
pub(super) async fn note(
    state: web::Data<State>,
    After(StaffActing(staff), body): After<StaffActing, Sent<WordsRequest>>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let agent = staff.may(Permission::Reply)?;
    let id = known(&state, &id).await?.id;
    let JsonBody(words) = body?;
    let sent = message_id(words.message_id.as_deref())?;
    let note = state.desk.note(id, agent, (CustomerText::note(words.text), sent)).await?;
    Ok(fresh(HttpResponse::Ok()).json(MessageDto::from(&note)))
}

/// How the conversation stands afterwards.
async fn shown(
    state: &State,
    agent: &Agent,
    conversation: &Conversation,
) -> Result<HttpResponse, Problem> {
    Ok(fresh(HttpResponse::Ok()).json(detail(state, agent, conversation).await?))
}

fn colleague(id: &str) -> Result<AgentId, Problem> {
    uuid::Uuid::try_parse(id).map(AgentId).map_err(|_| {
        Problem::new(Code::InvalidField, "`agent` is no account's id")
            .with_next("Send the `id` of one of the conversation's `colleagues`.")
    })
}
