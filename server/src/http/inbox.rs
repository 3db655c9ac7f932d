//! `/v1/inbox`: what the people of the company do. Every call has a session and a role that allows it;
//! what changes something also has the session's CSRF token.

use actix_web::{HttpRequest, HttpResponse, web};
use indexer::model::Locale;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::State;
use super::auth::{After, Staff, StaffActing};
use super::body::JsonBody;
use super::conversation_dto::{MessageDto, RatingDto, TypingRequest, stamp};
use super::conversations::{fresh, message_id};
use super::error::{Code, Problem};
use super::inbox_dto::{
    AssignRequest, ColleagueDto, CustomerDto, DetailResponse, ListParams, ListResponse,
    PresenceRequest, PresenceResponse, RowDto, SuggestionResponse, TicketDto, WordsRequest, may,
    present,
};
use crate::desk::{DeskError, Presence};
use crate::domain::{
    Agent, AgentId, Author, Conversation, ConversationId, ConversationState, Message, Permission,
};
use crate::privacy::CustomerText;
use crate::store::InboxFilter;

/// Conversations in one list.
const LISTED: u32 = 200;
/// Characters of a ticket's number that are read.
const LONGEST_NUMBER: usize = 40;

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

/// `GET /v1/inbox/conversations?state=…&mine=…&ticket=…`. `ticket` finds by the beginning of a ticket's
/// number, in every state unless `state` is named too.
pub(super) async fn list(
    state: web::Data<State>,
    After(staff, params): After<Staff, web::Query<ListParams>>,
) -> Result<HttpResponse, Problem> {
    let agent = staff.may(Permission::ReadConversations)?;
    let wanted = match params.state.as_deref() {
        None | Some("" | "open") => None,
        Some(name) => Some(ConversationState::parse(name).ok_or_else(|| {
            let detail = format!(
                "`state` is {name:?}; it is open, waiting, with_agent, assistant or resolved"
            );
            Problem::new(Code::InvalidParameter, detail)
        })?),
    };
    let filter = InboxFilter {
        state: wanted,
        agent: params.mine.unwrap_or(false).then_some(agent.id),
        ticket: params.ticket.as_deref().and_then(number_of),
        limit: LISTED,
    };
    let rows = state.store.inbox(&filter).await?;
    let now = Timestamp::now();
    Ok(fresh(HttpResponse::Ok()).json(ListResponse {
        conversations: rows.iter().map(|row| RowDto::listed(row, agent)).collect(),
        present: present(&state.desk.presences.at(now)),
        hours: state.hours.at(now).into(),
        may_reply: agent.role.may(Permission::Reply),
    }))
}

/// The beginning of a ticket's number as it is stored, of what somebody typed: `4f gh` is `T-4FGH`. Letters
/// that numbers never have are read as the digits that they were taken for. `None` of nothing.
fn number_of(typed: &str) -> Option<String> {
    let typed: String = typed.trim().to_uppercase().chars().take(LONGEST_NUMBER).collect();
    let number = typed.strip_prefix("T-").unwrap_or(&typed);
    let digit = |c: char| match c {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let said = |c: &char| !c.is_whitespace() && !c.is_control();
    let number: String = number.chars().filter(said).map(digit).collect();
    (!typed.is_empty()).then(|| format!("T-{number}"))
}

/// How often a conversation that keeps changing is read again.
const REREADS: usize = 3;

/// `GET /v1/inbox/conversations/{id}`.
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

async fn detail(
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

/// `POST /v1/inbox/conversations/{id}/{action}`: `take`, `reply`, `note`, `return`, `resolve`,
/// `assign`, `typing`.
pub(super) async fn act(
    state: web::Data<State>,
    path: web::Path<(String, String)>,
    After(StaffActing(staff), body): After<StaffActing, Body>,
) -> Result<HttpResponse, Problem> {
    let agent = staff.may(Permission::Reply)?;
    let (id, action) = path.into_inner();
    let id = known(&state, &id).await?.id;
    let desk = &state.desk;
    let conversation = match action.as_str() {
        "take" => desk.take(id, agent).await?,
        "return" => desk.give_back(id, agent).await?,
        "resolve" => desk.resolve(id, agent).await?,
        "assign" => {
            let to = colleague(&body.parse::<AssignRequest>()?.agent)?;
            desk.assign(id, agent, to).await?
        }
        "typing" => {
            desk.typing(id, agent, body.parse::<TypingRequest>()?.typing).await?;
            return Ok(HttpResponse::NoContent().finish());
        }
        "reply" | "note" => {
            let words: WordsRequest = body.parse()?;
            let sent = message_id(words.message_id.as_deref())?;
            let message = match action.as_str() {
                "reply" => desk.reply(id, agent, (CustomerText::new(words.text), sent)).await?,
                _ => desk.note(id, agent, (CustomerText::note(words.text), sent)).await?,
            };
            return Ok(fresh(HttpResponse::Ok()).json(MessageDto::from(&message)));
        }
        _ => return Err(Problem::new(Code::NotFound, "there is no such action")),
    };
    Ok(fresh(HttpResponse::Ok()).json(detail(&state, agent, &conversation).await?))
}

/// `GET /v1/inbox/conversations/{id}/suggestion`.
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

/// `POST /v1/inbox/presence`.
pub(super) async fn presence(
    state: web::Data<State>,
    After(StaffActing(staff), body): After<StaffActing, Body>,
) -> Result<HttpResponse, Problem> {
    let agent = staff.may(Permission::Reply)?;
    let presence = Presence::parse(&body.parse::<PresenceRequest>()?.presence)
        .ok_or_else(|| Problem::new(Code::InvalidField, "`presence` is online, away or offline"))?;
    state.desk.present(agent, presence);
    let present = present(&state.desk.presences.at(Timestamp::now()));
    Ok(fresh(HttpResponse::Ok()).json(PresenceResponse { present }))
}

async fn known(state: &State, id: &str) -> Result<Conversation, Problem> {
    let missing = || Problem::new(Code::NotFound, "there is no such conversation");
    let id = uuid::Uuid::try_parse(id).map(ConversationId).map_err(|_| missing())?;
    state.store.conversation(id).await?.ok_or_else(missing)
}

fn colleague(id: &str) -> Result<AgentId, Problem> {
    uuid::Uuid::try_parse(id)
        .map(AgentId)
        .map_err(|_| Problem::new(Code::InvalidField, "`agent` is no account's id"))
}

/// The JSON of an action, whose form the action decides. Actions without fields take an empty object.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Fields(serde_json::Value);

pub(super) struct Body(serde_json::Value);

impl Body {
    fn parse<T: DeserializeOwned>(self) -> Result<T, Problem> {
        serde_json::from_value(self.0).map_err(|e| Problem::new(Code::InvalidField, e.to_string()))
    }
}

impl actix_web::FromRequest for Body {
    type Error = Problem;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut actix_web::dev::Payload) -> Self::Future {
        let empty = request.headers().get("content-length").is_some_and(|l| l == "0");
        let read = JsonBody::<Fields>::from_request(request, payload);
        Box::pin(async move {
            if empty {
                return Ok(Self(json!({})));
            }
            let JsonBody(Fields(value)) = read.await?;
            Ok(Self(value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_as_people_type_it() {
        for (typed, number) in [
            ("T-4FGH", Some("T-4FGH")),
            (" t-4fgh ", Some("T-4FGH")),
            ("4f gh", Some("T-4FGH")),
            ("t-oil", Some("T-011")),
            ("T-", Some("T-")),
            ("", None),
            ("  ", None),
        ] {
            assert_eq!(number_of(typed).as_deref(), number, "{typed:?}");
        }
        assert!(number_of(&"9".repeat(5000)).unwrap().len() < 50);
    }
}
