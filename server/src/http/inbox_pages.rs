//! `/inbox` and `/inbox/{id}`: the page of the agents. The server renders the frame and who is logged
//! in; `inbox.js` fills it from `/v1/inbox` and keeps it live.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::State;
use super::auth::{Maybe, Staff};
use super::error::Problem;
use super::login::to_login;
use super::pages::{Site, private_page};
use crate::domain::{Agent, Permission};
use crate::locale::Pack;

#[derive(Template)]
#[template(path = "inbox.html")]
struct InboxPage<'a> {
    site: Site<'a>,
    words: &'a Pack,
    /// What the script says, as a JSON object.
    said: String,
    /// Whether the dashboard is open to this agent.
    may_count: bool,
    agent: &'a Agent,
    csrf: String,
    may_reply: bool,
    /// The conversation that is shown first.
    opened: &'a str,
}

/// `GET /inbox`.
pub(super) async fn list(
    state: web::Data<State>,
    request: HttpRequest,
    Maybe(staff): Maybe,
) -> Result<HttpResponse, Problem> {
    show(&state, &request, staff, "")
}

/// `GET /inbox/{id}`: the same page, opened at a conversation.
pub(super) async fn conversation(
    state: web::Data<State>,
    request: HttpRequest,
    Maybe(staff): Maybe,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = uuid::Uuid::try_parse(&id).map(|id| id.simple().to_string()).unwrap_or_default();
    show(&state, &request, staff, &id)
}

fn show(
    state: &State,
    request: &HttpRequest,
    staff: Option<Staff>,
    opened: &str,
) -> Result<HttpResponse, Problem> {
    let Some(staff) = staff else { return Ok(to_login(request)) };
    let agent = staff.may(Permission::ReadConversations)?;
    let may_reply = agent.role.may(Permission::Reply);
    let words = state.speaks_to_staff(request);
    let said: BTreeMap<_, _> = words.section(&["inbox"]).collect();
    private_page(&InboxPage {
        site: Site::of_inbox(state),
        words,
        said: serde_json::to_string(&said).map_err(|e| Problem::internal(&e))?,
        may_count: agent.role.may(Permission::ReadFigures),
        agent,
        csrf: staff.csrf(),
        may_reply,
        opened,
    })
}
