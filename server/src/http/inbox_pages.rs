//! `/inbox` and `/inbox/{id}`: the page of the agents. The server renders the frame and who is logged
//! in; `inbox.js` fills it from `/v1/inbox` and keeps it live.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::State;
use super::auth::{Maybe, Staff};
use super::error::Problem;
use super::login::go;
use super::pages::{Site, private_page};
use crate::domain::{Agent, Permission};

#[derive(Template)]
#[template(path = "inbox.html")]
struct InboxPage<'a> {
    site: Site<'a>,
    agent: &'a Agent,
    csrf: String,
    may_reply: bool,
    /// The conversation that is shown first.
    opened: &'a str,
}

/// `GET /inbox`.
pub(super) async fn list(
    state: web::Data<State>,
    Maybe(staff): Maybe,
) -> Result<HttpResponse, Problem> {
    show(&state, staff, "")
}

/// `GET /inbox/{id}`: the same page, opened at a conversation.
pub(super) async fn conversation(
    state: web::Data<State>,
    Maybe(staff): Maybe,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = uuid::Uuid::try_parse(&id).map(|id| id.simple().to_string()).unwrap_or_default();
    show(&state, staff, &id)
}

fn show(state: &State, staff: Option<Staff>, opened: &str) -> Result<HttpResponse, Problem> {
    let Some(staff) = staff else { return Ok(go("/login", None)) };
    let agent = staff.may(Permission::ReadConversations)?;
    let may_reply = agent.role.may(Permission::Reply);
    private_page(&InboxPage {
        site: Site::of_inbox(state),
        agent,
        csrf: staff.csrf(),
        may_reply,
        opened,
    })
}
