//! `POST /v1/ask`: a question to an answer or a hand-over, as one JSON object or as a stream.

use actix_web::{HttpRequest, HttpResponse, web};
use indexer::model::Audience;
use jiff::Timestamp;

use super::auth::bearer;
use super::body::JsonBody;
use super::conversations::{begun_by, existing};
use super::dto::{AskRequest, AskResponse};
use super::error::{Code, Problem, ProblemBody};
use super::refusals;
use super::sse::{self, Form};
use super::{State, caller};
use crate::access::key_hash;
use crate::domain::{ConversationId, Identity, Question};
use crate::store::KeyScope;

/// Ask a question.
///
/// With `Accept: text/event-stream` the answer comes as server-sent events in this order: `queued`
/// (none or more), `sources`, `sentence` (none or more), then exactly one of `done` and `handed_off`
/// (data: the object of the JSON response) or `error` (data: the problem object). Every sentence was
/// proven before it is sent. A comment line comes after ten seconds of silence. Closing the
/// connection cancels the answer.
///
/// Where a model is configured and has no time, the articles' own sentences answer. With the header
/// `Prefer: no-fallback` the question is refused instead: 429 with `Retry-After`, or an `error` event.
///
/// With the header `Atbilde-Identity`, and in a conversation of a known customer, articles for customers
/// answer too.
#[utoipa::path(
    post,
    path = "/v1/ask",
    tag = "Answers",
    request_body = AskRequest,
    params(("Atbilde-Identity" = Option<String>, Header, description = "The signed identity token")),
    responses(
        refusals::OfCallers,
        refusals::OfBodies,
        (status = 200, description = "An answer or a hand-over", content(
            (AskResponse = "application/json"),
            (String = "text/event-stream"),
        )),
        (status = 404, description = "not_found: there is no conversation of that id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "conflict: it is not this customer's conversation", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn ask(
    state: web::Data<State>,
    request: HttpRequest,
    body: Result<JsonBody<AskRequest>, Problem>,
) -> Result<HttpResponse, Problem> {
    state.admit(&request, KeyScope::Ask).await?;
    let JsonBody(body) = body?;
    state.readiness.check()?;
    let mut question = Question::parse(
        &body.question,
        body.locale.as_deref(),
        body.conversation_id.as_deref(),
        Audience::Public,
    )?;
    if let Some(id) = question.conversation {
        // Only the server names conversations; one that was erased stays erased.
        state.doors.limits.visitor(id)?;
        existing(&state, id).await?;
    }
    question.identity = state.identity(&request)?;
    question.audience = caller::audience(question.identity.as_ref());
    let known = question.conversation;
    if let Some(id) = known {
        state.not_taken_from_another(&request, id, question.identity.as_ref()).await?;
        question.audience = question.audience.max(state.audience_in(id).await?);
    }
    let conversation_token = begun_by(&state, &mut question);
    let question = caller::sent_by(&state, &request, question);
    if wants_stream(&request) {
        return Ok(sse::response(state.assistant.ask(question), Form::Ask(conversation_token)));
    }
    let answer = match (state.in_time(state.assistant.answer(question)).await?, known) {
        (Ok(answer), _) => answer,
        (Err(failure), Some(id)) => return Err(state.failed_in(id, failure).await),
        (Err(failure), None) => return Err(failure.into()),
    };
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .json(AskResponse { conversation_token, ..AskResponse::from(&answer) }))
}

impl State {
    /// An id that somebody only heard of goes on with a guest's conversation and with no other: a proof of who
    /// somebody is would make it theirs, and a known customer's takes that proof, its token or a program's
    /// key. A token that is sent is the one of this conversation.
    async fn not_taken_from_another(
        &self,
        request: &HttpRequest,
        id: ConversationId,
        who: Option<&Identity>,
    ) -> Result<(), Problem> {
        let sent = bearer(request);
        let is_key = sent.is_some_and(|token| key_hash(token).is_some());
        if let Some(token) = sent.filter(|_| !is_key) {
            let opened = self.doors.visitors.verify(token, Timestamp::now());
            return match opened {
                Ok(opened) if opened == id => Ok(()),
                Ok(_) => Err(Problem::new(Code::NotFound, "there is no such conversation")),
                Err(error) => Err(Problem::new(Code::Unauthorized, error.to_string())),
            };
        }
        let may = match (self.store.customer_of(id).await?, who) {
            (Some(known), Some(who)) => known.key == who.key,
            (Some(_), None) => is_key,
            (None, who) => who.is_none(),
        };
        if may {
            return Ok(());
        }
        let detail = "`conversation_id` is not this customer's conversation; begin a new one, or send its token";
        Err(Problem::new(Code::Conflict, detail))
    }

    /// Runs `work` within the time that a request may take. What takes longer is dropped.
    pub(super) async fn in_time<T>(&self, work: impl Future<Output = T>) -> Result<T, Problem> {
        let limit = self.settings.request_timeout();
        tokio::time::timeout(limit, work).await.map_err(|_| {
            Problem::new(Code::TimedOut, format!("there was no answer in {} ms", limit.as_millis()))
        })
    }
}

pub(super) fn wants_stream(request: &HttpRequest) -> bool {
    let accept = request.headers().get("accept").and_then(|v| v.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default();
        essence.eq_ignore_ascii_case("text/event-stream")
            && !parts.any(|p| matches!(p, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_stream_comes_only_when_asked_for() {
        for (accept, stream) in [
            ("text/event-stream", true),
            ("application/json, Text/Event-Stream;q=0.5", true),
            ("*/*", false),
            ("application/json", false),
            ("text/event-stream;q=0, application/json", false),
        ] {
            let request =
                TestRequest::default().insert_header(("Accept", accept)).to_http_request();
            assert_eq!(wants_stream(&request), stream, "{accept}");
        }
    }
}
