//! What a person may ask for of their data, over HTTP: a customer with the conversation's token, a privacy
//! officer with a session, an operator with the server's token. What is done stands in `rights`.

use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::admin::authorize;
use super::auth::{After, Staff, StaffActing, Visitor, bearer};
use super::body::JsonBody;
use super::caller::query_of;
use super::error::{Code, Problem, ProblemBody};
use super::refusals;
use crate::assistant::CustomerAction;
use crate::domain::{ConversationId, Permission};
use crate::privacy::Receipt;
use crate::privacy::audit::Actor;
use crate::rights::{Export, Revealer, RightsError, Run, processing_record, to_markdown};
use crate::store::KeyScope;

/// Form of an export.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportQuery {
    format: Option<String>,
}

/// What an agent wants to see.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RevealRequest {
    /// `[EMAIL_1]`
    placeholder: String,
}

/// What it stands for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RevealResponse {
    placeholder: String,
    original: String,
}

/// How retention runs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RetentionQuery {
    dry_run: Option<bool>,
}

/// Export a conversation.
///
/// Everything that is stored of it, with the customer's own words as they were written (GDPR Art. 15
/// and 20). `?format=html` gives a page for people.
#[utoipa::path(get, path = "/v1/conversations/{id}/export", tag = "Privacy",
    params(("id" = String, Path, description = "The conversation"),
        ("format" = Option<String>, Query, description = "`json` (default) or `html`")),
    responses(refusals::OfVisitors,
        (status = 200, description = "Everything stored", content_type = "application/json", body = String),
        (status = 400, description = "invalid_parameter", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn export(
    state: web::Data<State>,
    After(Visitor(id), query): After<Visitor, web::Query<ExportQuery>>,
) -> Result<HttpResponse, Problem> {
    state.doors.limits.visitor(id)?;
    match state.rights.export(id.0, Actor::Customer).await {
        Ok(export) => exported(&export, query.format.as_deref()),
        Err(error) => Err(state.not_done(id, CustomerAction::Export, error).await),
    }
}

/// Erase a conversation.
///
/// Everywhere, at once and for good (GDPR Art. 17). The answer is a signed receipt: keep it as it comes,
/// `atbilde privacy verify-receipt` checks every byte of it.
#[utoipa::path(delete, path = "/v1/conversations/{id}", tag = "Privacy",
    params(("id" = String, Path, description = "The conversation")),
    responses(refusals::OfVisitors,
        (status = 200, description = "The receipt; asked again, the same", content_type = "application/json", body = String),
        (status = 404, description = "not_found: the token opens another conversation, or nothing was ever stored of it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "conflict: a legal hold keeps it", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn erase(
    state: web::Data<State>,
    Visitor(id): Visitor,
) -> Result<HttpResponse, Problem> {
    state.doors.limits.visitor(id)?;
    match state.rights.erase(id.0, Actor::Customer).await {
        Ok(receipt) => Ok(erased(&receipt)),
        Err(error) => Err(state.not_done(id, CustomerAction::Erase, error).await),
    }
}

/// See what a placeholder stands for.
///
/// For the agent who has the conversation, or a privacy officer. Every look is recorded.
#[utoipa::path(post, path = "/v1/inbox/conversations/{id}/reveal", tag = "Inbox",
    request_body = RevealRequest,
    params(("id" = String, Path, description = "The conversation"),
        ("X-CSRF-Token" = String, Header, description = "The session's own: `data-csrf` of the page `/inbox`")),
    security(("session" = [])),
    responses(refusals::OfStaffActing, refusals::OfBodies,
        (status = 200, description = "What it stands for", body = RevealResponse),
        (status = 403, description = "forbidden: neither the agent who has the conversation nor a privacy officer, or `X-CSRF-Token` is not the session's", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "not_found: there is no such conversation or placeholder, or its original was erased", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn reveal(
    state: web::Data<State>,
    id: web::Path<String>,
    After(StaffActing(staff), JsonBody(body)): After<StaffActing, JsonBody<RevealRequest>>,
) -> Result<HttpResponse, Problem> {
    let agent = staff.may(Permission::Reveal)?;
    let id = Uuid::try_parse(&id).map_err(|_| unknown())?;
    let conversation = state.store.conversation(ConversationId(id)).await?.ok_or_else(unknown)?;
    let who = Revealer::check((agent.id, agent.role), &conversation)?;
    let original = state.rights.reveal(who, &body.placeholder).await?;
    let original = original.ok_or_else(|| {
        let detail = "there is no such placeholder, or its original was erased";
        Problem::new(Code::NotFound, detail)
    })?;
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .json(RevealResponse { placeholder: body.placeholder, original: original.to_string() }))
}

/// `GET /v1/admin/conversations/{id}/export`.
pub(super) async fn export_for_office(
    state: web::Data<State>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let actor = officer(&state, &request, Acts::Reads).await?;
    let query: ExportQuery = query_of(&request)?;
    let id = Uuid::try_parse(&id).map_err(|_| unknown())?;
    exported(&state.rights.export(id, actor).await?, query.format.as_deref())
}

/// `DELETE /v1/admin/conversations/{id}`.
pub(super) async fn erase_for_office(
    state: web::Data<State>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let actor = officer(&state, &request, Acts::Changes).await?;
    let id = Uuid::try_parse(&id).map_err(|_| unknown())?;
    Ok(erased(&state.rights.erase(id, actor).await?))
}

/// `GET /v1/admin/audit`: the newest entries, and whether the log is whole.
pub(super) async fn audit(
    state: web::Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    officer(&state, &request, Acts::Reads).await?;
    let audit = state.rights.audit();
    let (report, entries) = (audit.verify().await?, audit.newest(200).await?);
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .json(serde_json::json!({ "check": report, "entries": entries })))
}

/// `POST /v1/admin/retention`: erases what is older than its class allows; `?dry_run=true` counts alone.
pub(super) async fn retention(
    state: web::Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    officer(&state, &request, Acts::Changes).await?;
    let query: RetentionQuery = query_of(&request)?;
    let run = if query.dry_run == Some(true) { Run::Dry } else { Run::Real };
    let report = state.rights.retain(Timestamp::now(), run).await?;
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(report))
}

/// `GET /v1/admin/processing-record`: GDPR Art. 30; `?format=markdown` for people.
pub(super) async fn record(
    state: web::Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    officer(&state, &request, Acts::Reads).await?;
    let query: ExportQuery = query_of(&request)?;
    let record = processing_record(&state.all_settings);
    Ok(match query.format.as_deref() {
        Some("markdown") => HttpResponse::Ok()
            .insert_header(("Cache-Control", "no-store"))
            .content_type("text/markdown; charset=utf-8")
            .body(to_markdown(&record)),
        _ => HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(record),
    })
}

/// Whether a call changes something: then a session must prove that the page sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Acts {
    Reads,
    Changes,
}

/// Passes the operator's token, a key of scope `privacy`, or a person whose role grants it.
pub(super) async fn officer(
    state: &State,
    request: &HttpRequest,
    acts: Acts,
) -> Result<Actor, Problem> {
    if bearer(request).is_some() {
        authorize(state, request, KeyScope::Privacy).await?;
        return Ok(Actor::Operator);
    }
    let staff = match acts {
        Acts::Reads => Staff::extract(request).await?,
        Acts::Changes => StaffActing::extract(request).await?.0,
    };
    Ok(Actor::Account(staff.may(Permission::Privacy)?.id.0))
}

fn exported(export: &Export, format: Option<&str>) -> Result<HttpResponse, Problem> {
    let (kind, extension, text) = match format {
        None | Some("json") => ("application/json", "json", export.to_json()),
        Some("html") => ("text/html; charset=utf-8", "html", export.to_html()),
        Some(other) => {
            let detail = format!("`format` is {other:?}; it may be json or html");
            return Err(Problem::new(Code::InvalidParameter, detail));
        }
    };
    // The id is one of ours: letters and digits.
    let name =
        format!("attachment; filename=\"conversation-{}.{extension}\"", export.conversation_id);
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("Content-Disposition", name))
        .content_type(kind)
        .body(text))
}

fn erased(receipt: &Receipt) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .content_type("application/json")
        .body(receipt.to_text())
}

impl State {
    /// What a customer is told whose right could not be fulfilled. What broke is a person's matter from then
    /// on: there is a ticket, and the conversation says so.
    pub(super) async fn not_done(
        &self,
        id: ConversationId,
        action: CustomerAction,
        error: RightsError,
    ) -> Problem {
        if !matches!(error, RightsError::Store(_) | RightsError::Vault(_)) {
            return error.into();
        }
        let problem = Problem::from(error);
        match self.assistant.action_failed(id, action).await {
            Ok(called) => problem.with_next(called.message),
            Err(error) => {
                tracing::error!(conversation = %id, %error, "escalation.failed");
                problem
            }
        }
    }
}

pub(super) fn unknown() -> Problem {
    Problem::new(Code::NotFound, "there is no such conversation")
}

impl From<RightsError> for Problem {
    fn from(error: RightsError) -> Self {
        match error {
            RightsError::Unknown(_) => unknown(),
            RightsError::Held(_) => Self::new(
                Code::Conflict,
                "the conversation is under a legal hold and is kept for now",
            )
            .with_next("Ask the company; it must tell you why and for how long."),
            RightsError::Forbidden => Self::new(
                Code::Forbidden,
                "only the agent who has the conversation or a privacy officer may see this",
            ),
            other => Self::internal(&other),
        }
    }
}
