//! What every request passes: request id, security headers, access log.
//!
//! The log line has method, route pattern, status, milliseconds and sizes, never the address as it
//! was sent: a query string holds a customer's words.

use std::time::Instant;

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ALLOW, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse, ResponseError, web};
use uuid::Uuid;

use super::error::{Code, Problem};
use super::{State, cors};

/// On every response. Styles and scripts come from this server alone, so that nothing in an article
/// can run or load anything.
const HEADERS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ("x-frame-options", "SAMEORIGIN"),
];

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Middleware around all routes.
pub(super) async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let started = Instant::now();
    let state = request.app_data::<web::Data<State>>().cloned();
    let peer = request.peer_addr().map(|a| a.ip());
    let trusted = |state: &web::Data<State>| peer.is_some_and(|ip| state.doors.proxies.hold(ip));
    let id = request_id(request.headers(), state.as_ref().is_some_and(trusted));
    let method = request.method().clone();
    let bytes_in = content_length(request.headers());
    let metrics = state.as_ref().map(|state| std::sync::Arc::clone(&state.metrics));
    let preflight = state.as_ref().and_then(|s| cors::preflight(s, request.request()));
    let mut response = match preflight {
        Some(answer) => request.into_response(answer).map_into_right_body(),
        None => {
            let span = tracing::info_span!("request", id = %id);
            let called = tracing::Instrument::instrument(next.call(request), span).await;
            called?.map_into_left_body()
        }
    };

    if let Some(state) = state {
        let asked = response.request().clone();
        cors::mark(&state, &asked, response.headers_mut());
    }
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    let bytes_out = match response.response().body().size() {
        BodySize::Sized(bytes) => Some(bytes),
        BodySize::None => Some(0),
        BodySize::Stream => None,
    };
    if let Some(metrics) = metrics {
        let route = response.request().match_pattern();
        let status = response.status().as_u16();
        metrics.request(route.as_deref().unwrap_or("-"), status, started.elapsed());
    }
    tracing::info!(
        id = %id,
        method = %method,
        route = %response.request().match_pattern().as_deref().unwrap_or("-"),
        status = response.status().as_u16(),
        ms = started.elapsed().as_micros() as f64 / 1e3,
        bytes_in,
        bytes_out,
        "http.served"
    );
    Ok(response)
}

/// The answer to a method that a path does not take.
#[expect(clippy::unused_async, reason = "a handler")]
pub(super) async fn method_not_allowed(allow: &'static str) -> HttpResponse {
    let problem = Problem::new(Code::MethodNotAllowed, format!("this path takes {allow}"));
    let mut response = problem.error_response();
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    response
}

/// Whether the client prefers a page for people.
pub(super) fn wants_page(request: &HttpRequest) -> bool {
    request
        .headers()
        .get("accept")
        .and_then(|v| v.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// The id that came with the request, else a new one. It stands in the log, so from strangers only a UUID
/// is taken: anything freer could be a telephone number. A trusted proxy may send any harmless word.
fn request_id(headers: &HeaderMap, trusted: bool) -> String {
    let harmless = |id: &str| {
        (8..=64).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    headers
        .get(REQUEST_ID)
        .and_then(|v| v.to_str().ok())
        .filter(|id| Uuid::try_parse(id).is_ok() && harmless(id) || trusted && harmless(id))
        .map_or_else(|| Uuid::new_v4().simple().to_string(), str::to_owned)
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get("content-length")?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_from_outside_is_taken_only_when_harmless() {
        let id_of = |value: &'static str, trusted| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_static(value));
            request_id(&headers, trusted)
        };
        assert_eq!(id_of("0123-abcd_EF", true), "0123-abcd_EF");
        let uuid = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
        assert_eq!(id_of(uuid, false), uuid);
        for bad in ["short", "my card is 4111 1111", "a/b/c/d/e/f"] {
            assert_ne!(id_of(bad, true), bad);
        }
        for bad in ["4111111111111111", "anna-kalnina-26123456", "0123-abcd_EF"] {
            assert_ne!(id_of(bad, false), bad);
        }
    }

    #[test]
    fn the_policy_allows_no_inline_code() {
        assert!(!HEADERS[0].1.contains("unsafe"));
    }
}
