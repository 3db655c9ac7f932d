//! `POST /v1/chat/completions` and `GET /v1/models`: the interface that clients of OpenAI's know.
//!
//! The last message is the question, the earlier ones of user and assistant are the conversation;
//! instructions of the caller (`system`, `developer`) have no power over what is answered, and are left
//! out. Content is the proven sentences, or for a hand-over what the customer is told. Where they
//! come from stands in `annotations` of the message and in `citations`; what a caller of `/v1/ask` would
//! learn beyond that stands in `atbilde`.

mod stream;
mod wire;

use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use uuid::Uuid;

use super::body::JsonBody;
use super::error::Problem;
use super::{State, caller};
use crate::domain::{Question, Role, Turn};
use crate::privacy::CustomerText;
use crate::store::KeyScope;
use wire::{ChatChunk, ChatCompletion, ChatRequest, ErrorBody, Head, Model, Models};

/// The one model that this server has.
const MODEL: &str = "atbilde";

/// Ask as a client of OpenAI's.
///
/// The official clients work unchanged with `base_url` set to `/v1` of this server and any key.
/// `stream` and `stream_options` are honoured; `model` may be anything; parameters of sampling have no
/// effect, because every sentence is checked against the articles. With `stream` every chunk carries
/// whole, proven sentences; waiting is told in comments. Errors have OpenAI's form. With the header
/// `Atbilde-Identity` articles for customers answer too, and the conversation is that customer's.
#[utoipa::path(
    post,
    path = "/v1/chat/completions",
    tag = "Answers",
    request_body = ChatRequest,
    responses(
        (status = 200, description = "An answer or a hand-over; with `stream` chunks, then `[DONE]`", content(
            (ChatCompletion = "application/json"),
            (ChatChunk = "text/event-stream"),
        )),
        (status = 400, description = "malformed_json", body = ErrorBody),
        (status = 401, description = "unauthorized: a key is wanted or wrong; identity_refused", body = ErrorBody),
        (status = 403, description = "forbidden: the key has not the scope", body = ErrorBody),
        (status = 408, description = "request_timeout", body = ErrorBody),
        (status = 413, description = "body_too_large", body = ErrorBody),
        (status = 415, description = "unsupported_media_type", body = ErrorBody),
        (status = 422, description = "invalid_field", body = ErrorBody),
        (status = 429, description = "rate_limited or overloaded; `Retry-After` in seconds", body = ErrorBody),
        (status = 500, description = "internal", body = ErrorBody),
        (status = 503, description = "not_ready or timed_out; `Retry-After` in seconds", body = ErrorBody),
    )
)]
pub(super) async fn complete(
    state: web::Data<State>,
    request: HttpRequest,
    body: Result<JsonBody<ChatRequest>, Problem>,
) -> HttpResponse {
    match answer(&state, &request, body).await {
        Ok(response) => response,
        Err(problem) => refusal(&problem),
    }
}

/// The models: one, `atbilde`.
#[utoipa::path(get, path = "/v1/models", tag = "Answers",
    responses((status = 200, description = "OpenAI's list of models", body = Models)))]
pub(super) async fn models() -> HttpResponse {
    let model = Model { id: MODEL, object: "model", created: 0, owned_by: "atbilde" };
    HttpResponse::Ok().json(Models { object: "list", data: vec![model] })
}

async fn answer(
    state: &State,
    request: &HttpRequest,
    body: Result<JsonBody<ChatRequest>, Problem>,
) -> Result<HttpResponse, Problem> {
    state.admit(request, KeyScope::Ask).await?;
    let JsonBody(body) = body?;
    state.readiness.check()?;
    let (asked, turns) = body.conversation()?;
    let identity = state.identity(request)?;
    let audience = caller::audience(identity.as_ref());
    let question = Question::parse(&asked, body.locale(), None, audience)?;
    let question = caller::sent_by(state, request, Question { identity, ..question });
    let turns: Vec<Turn> = turns
        .into_iter()
        .map(|(role, text)| Turn { role, text: CustomerText::new(text) })
        .collect();
    let question = match turns.is_empty() {
        true => question,
        false => state.assistant.after_turns(question, &turns).await?,
    };
    let head = Head {
        id: format!("chatcmpl-{}", Uuid::new_v4().simple()),
        created: jiff::Timestamp::now().as_second(),
        base: state.base(request),
    };
    if body.stream == Some(true) {
        let usage = body.stream_options.and_then(|options| options.include_usage) == Some(true);
        return Ok(stream::response(state.assistant.ask(question), head, usage));
    }
    let answer = state.in_time(state.assistant.answer(question)).await??;
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .json(ChatCompletion::of(&answer, &head)))
}

/// A problem in the form that OpenAI's clients read.
fn refusal(problem: &Problem) -> HttpResponse {
    let mut response = HttpResponse::build(problem.status_code());
    response.insert_header(("Cache-Control", "no-store"));
    if let Some(seconds) = problem.retry_after_s {
        response.insert_header(("Retry-After", seconds.to_string()));
    }
    response.json(ErrorBody::of(problem))
}

/// The speakers that a conversation has.
fn role(name: &str) -> Option<Role> {
    match name {
        "user" => Some(Role::User),
        "assistant" => Some(Role::Assistant),
        _ => None,
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
