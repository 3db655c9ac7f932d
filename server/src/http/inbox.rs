//! `/v1/inbox`: what the people of the company see: a conversation, an answer that could be sent, who is at
//! the desk. The list is `inbox_list`, what they do with a conversation `inbox_actions`. Every call has a
//! session and a role that allows it; what changes something also has the session's CSRF token.

use actix_web::{HttpResponse, web};
use indexer::model::Locale;
use jiff::Timestamp;

use super::State;
use super::auth::{After, Staff, StaffActing};
use super::body::JsonBody;
use super::conversation_dto::{MessageDto, RatingDto, stamp};
use super::conversations::fresh;
use super::error::{Code, Problem, ProblemBody};
use super::inbox_dto::{
    ColleagueDto, CustomerDto, DetailResponse, PresenceRequest, PresenceResponse, RowDto,
    SuggestionResponse, TicketDto, may, present,
};
use super::refusals;
use crate::desk::{DeskError, Presence};
use crate::domain::{Agent, Author, Conversation, ConversationId, Message, Permission};

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Conflict(detail) => Self::new(Code::Conflict, detail),
            DeskError::Wrong(detail) => Self::new(Code::InvalidField, detail),
            DeskError::Store(error) => error.into(),
            DeskError::Suggest(error) => Self::internal(&error),
        }
    }
}

/// How often a conversation that keeps changing is read again.
const REREADS: usize = 3;

/// A conversation with everything that an agent sees.
///
/// Words are redacted: placeholders such as `[EMAIL_1]` stand for personal data.
#[utoipa::path(get, path = "/v1/inbox/conversations/{id}", tag = "Inbox",
    params(("id" = String, Path, description = "The conversation")),
    security(("session" = [])),
    responses(refusals::OfStaff, refusals::OfConversations,
        (status = 200, description = "The conversation", body = DetailResponse),
    ))]
pub(super) async fn show(
    state: web::Data<State>,
    staff: Staff,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let agent = staff.may(Permission::ReadConversations)?;
    let mut conversation = known(&state, &id).await?;
    let mut shown = detail(&state, agent, &conversation).await?;
    // A conversation that goes on while it is read is read again: state and messages fit.
    for _ in 0..REREADS {
        let now = known(&state, &id).await?;
        if now.epoch == conversation.epoch {
            break;
        }
        conversation = now;
        shown = detail(&state, agent, &conversation).await?;
    }
    Ok(fresh(HttpResponse::Ok()).json(shown))
}

/// How `conversation` looks to `agent`.
pub(super) async fn detail(
    state: &State,
    agent: &Agent,
    conversation: &Conversation,
) -> Result<DetailResponse, Problem> {
    let messages = state.all_messages(conversation.id).await?;
    let of_customer = |m: &&Message| m.author == Author::Customer;
    let preview = messages.iter().rev().find(of_customer).map(|m| &m.text);
    let tickets = state.store.tickets_of(conversation.id).await?;
    let now = Timestamp::now();
    let agents = state.store.agents().await?;
    let answering = agents.iter().filter(|a| !a.disabled && a.role.may(Permission::Reply));
    let colleague = |a: &Agent| ColleagueDto {
        id: a.id.to_string(),
        name: a.name.clone(),
        presence: state.desk.presences.of(a.id, now).as_str(),
    };
    let last = tickets.first().map(|t| (&t.ticket, &t.summary));
    let locale = Locale::parse(&conversation.locale).unwrap_or_else(Locale::undetermined);
    let mail_subject = last.map(|(ticket, _)| {
        state.locales.fill(&locale, "server.email_subject", &[("ticket", ticket.as_str())])
    });
    Ok(DetailResponse {
        row: RowDto::of(conversation, (preview, last), agent),
        created_at: stamp(conversation.created_at),
        page: conversation.page.as_ref().map(ToString::to_string),
        rating: conversation.rating.as_ref().map(RatingDto::from),
        customer: state.store.customer_of(conversation.id).await?.map(CustomerDto::from),
        mail_subject,
        people_only: state.store.objections(conversation.id).await?.automation,
        tickets: tickets.iter().map(TicketDto::from).collect(),
        messages: messages.iter().map(MessageDto::for_agent).collect(),
        may: may(agent, conversation),
        colleagues: answering.map(colleague).collect(),
    })
}

/// An answer that could be sent.
///
/// What the articles say to the customer's last message, however unsure. Nothing is sent.
#[utoipa::path(get, path = "/v1/inbox/conversations/{id}/suggestion", tag = "Inbox",
    params(("id" = String, Path, description = "The conversation")),
    security(("session" = [])),
    responses(refusals::OfStaff, refusals::OfConversations,
        (status = 200, description = "The answer, or `null` where the articles say nothing", body = SuggestionResponse),
        (status = 503, description = "timed_out; `Retry-After` in seconds", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn suggestion(
    state: web::Data<State>,
    staff: Staff,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    staff.may(Permission::Reply)?;
    let id = known(&state, &id).await?.id;
    let suggestion = state.in_time(state.desk.suggestion(id)).await??;
    let suggestion = suggestion.map(Into::into);
    Ok(fresh(HttpResponse::Ok()).json(SuggestionResponse { suggestion }))
}

/// Say whether the caller takes conversations.
///
/// Who says nothing for 90 seconds counts as gone.
#[utoipa::path(post, path = "/v1/inbox/presence", tag = "Inbox", request_body = PresenceRequest,
    params(("X-CSRF-Token" = String, Header, description = "The session's own: `data-csrf` of the page `/inbox`")),
    security(("session" = [])),
    responses(refusals::OfStaffActing, refusals::OfBodies,
        (status = 200, description = "Everybody at the desk now", body = PresenceResponse),
    ))]
pub(super) async fn presence(
    state: web::Data<State>,
    After(StaffActing(staff), body): After<StaffActing, Result<JsonBody<PresenceRequest>, Problem>>,
) -> Result<HttpResponse, Problem> {
    let agent = staff.may(Permission::Reply)?;
    let JsonBody(body) = body?;
    let presence = Presence::parse(&body.presence)
        .ok_or_else(|| Problem::new(Code::InvalidField, "`presence` is online, away or offline"))?;
    state.desk.present(agent, presence);
    let present = present(&state.desk.presences.at(Timestamp::now()));
    Ok(fresh(HttpResponse::Ok()).json(PresenceResponse { present }))
}

/// The conversation of an address.
///
/// # Errors
/// `not_found` without one.
pub(super) async fn known(state: &State, id: &str) -> Result<Conversation, Problem> {
    let missing = || Problem::new(Code::NotFound, "there is no such conversation");
    let id = uuid::Uuid::try_parse(id).map(ConversationId).map_err(|_| missing())?;
    state.store.conversation(id).await?.ok_or_else(missing)
}
