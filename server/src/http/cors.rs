//! Browsers on other sites: the widget's endpoints answer pages of `access.allowed_origins`, and no
//! others. No cookie is ever accepted from there; customers come with their token.

use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, VARY};
use actix_web::{HttpRequest, HttpResponse};

use super::State;
use super::auth::header;

/// What pages of other sites may call.
const OPEN: [&str; 6] =
    ["/v1/conversations", "/v1/ask", "/v1/site", "/v1/search", "/v1/articles", "/v1/me"];

const ALLOW: [(&str, &str); 3] = [
    ("access-control-allow-methods", "GET, POST, DELETE"),
    (
        "access-control-allow-headers",
        "authorization, content-type, accept, last-event-id, x-request-id, atbilde-identity",
    ),
    ("access-control-max-age", "7200"),
];

/// The answer to a browser that asks whether it may call.
pub(super) fn preflight(state: &State, request: &HttpRequest) -> Option<HttpResponse> {
    let asks = request.method() == Method::OPTIONS
        && request.headers().contains_key("access-control-request-method");
    if !asks || !is_open(request.path()) {
        return None;
    }
    let mut response = HttpResponse::NoContent().finish();
    if allowed(state, request) {
        for (name, value) in ALLOW {
            let name = HeaderName::from_static(name);
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
    }
    Some(response)
}

/// Marks a response as readable by the page that called, where it may.
pub(super) fn mark(state: &State, request: &HttpRequest, headers: &mut HeaderMap) {
    if !is_open(request.path()) {
        return;
    }
    headers.append(VARY, HeaderValue::from_static("Origin"));
    let origin = request.headers().get("origin").filter(|_| allowed(state, request));
    if let Some(origin) = origin {
        headers.insert(HeaderName::from_static("access-control-allow-origin"), origin.clone());
        let exposed = HeaderValue::from_static("retry-after, x-request-id");
        headers.insert(HeaderName::from_static("access-control-expose-headers"), exposed);
    }
}

fn allowed(state: &State, request: &HttpRequest) -> bool {
    header(request, "origin").is_some_and(|origin| state.doors.settings.allows(origin))
}

fn is_open(path: &str) -> bool {
    OPEN.iter().any(|open| {
        path.strip_prefix(open).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_widgets_endpoints_are_open() {
        for open in ["/v1/ask", "/v1/conversations", "/v1/conversations/x/events", "/v1/site"] {
            assert!(is_open(open), "{open}");
        }
        for closed in ["/", "/v1/inbox/events", "/v1/asking", "/v1/admin/index", "/login"] {
            assert!(!is_open(closed), "{closed}");
        }
    }
}
