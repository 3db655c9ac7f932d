//! The one table of error codes, and the answer that a caller gets for each: RFC 9457
//! `application/problem+json`, or the same object in the `error` event of a stream.
//!
//! Every handler fails with a [`Problem`]. What happened inside is logged where it happened; here
//! stands only what the caller may know and should do next.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{Failure, FailureKind, QuestionError};
use crate::store::StoreError;

/// Names an error for programs. Never renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    MalformedJson,
    InvalidParameter,
    Unauthorized,
    IdentityRefused,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    Conflict,
    BodyTooLarge,
    UnsupportedMediaType,
    InvalidField,
    RateLimited,
    Overloaded,
    Internal,
    NotReady,
    TimedOut,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct CodeRow {
    pub code: Code,
    pub name: &'static str,
    pub status: u16,
    pub title: &'static str,
    /// When it happens and what the caller does about it.
    pub meaning: &'static str,
}

const fn row(
    code: Code,
    name: &'static str,
    status: u16,
    title: &'static str,
    meaning: &'static str,
) -> CodeRow {
    CodeRow { code, name, status, title, meaning }
}

/// What stands for a code that the table lacks.
const INTERNAL: CodeRow = row(
    Code::Internal,
    "internal",
    500,
    "The server failed",
    "Something broke on the server; its log has the reason under the id in `X-Request-Id`. Try again, then \
     tell the operator that id.",
);

/// All error codes. The API page is made of it.
#[rustfmt::skip]
pub const CODES: [CodeRow; 17] = [
    row(Code::MalformedJson, "malformed_json", 400, "The body is not JSON",
        "The body does not parse; `detail` names line and column. Correct the body."),
    row(Code::InvalidParameter, "invalid_parameter", 400, "A query parameter is wrong",
        "A parameter is missing, unknown or out of its range; `detail` names it. Correct the address."),
    row(Code::Unauthorized, "unauthorized", 401, "The caller is not known",
        "The token, key or session is missing, wrong or has ended. Send `Authorization: Bearer` with the \
         conversation's token or an API key, or log in; `/v1/admin` takes `server.admin_token`."),
    row(Code::IdentityRefused, "identity_refused", 401, "The proof of identity is not good",
        "The token of `Atbilde-Identity` is missing, expired, of another site or not signed with \
         `identity.secret`; `detail` says which. Send a new one, or none."),
    row(Code::Forbidden, "forbidden", 403, "The caller may not do this",
        "The caller is known, but role, scope or CSRF token do not allow it; `detail` says which."),
    row(Code::NotFound, "not_found", 404, "There is nothing here",
        "The path is unknown, or the article does not exist or may not be seen. Check the address."),
    row(Code::MethodNotAllowed, "method_not_allowed", 405, "Another method is needed",
        "The path exists; the `Allow` header names the methods it takes."),
    row(Code::RequestTimeout, "request_timeout", 408, "The body did not arrive in time",
        "The body was not complete within the time limit. Send it again."),
    row(Code::Conflict, "conflict", 409, "Something else came first",
        "What the request starts from has changed meanwhile; `detail` says how. Read the present \
         state and decide anew."),
    row(Code::BodyTooLarge, "body_too_large", 413, "The body is too large",
        "The body is longer than the server reads; `detail` names the limit. Send less."),
    row(Code::UnsupportedMediaType, "unsupported_media_type", 415, "The body must be JSON",
        "Send the body as JSON with `Content-Type: application/json`."),
    row(Code::InvalidField, "invalid_field", 422, "A field is wrong",
        "The body is JSON, but a field is missing, unknown, of the wrong type or out of its range; \
         `detail` names it. Correct the field."),
    row(Code::RateLimited, "rate_limited", 429, "Too many requests",
        "The limit of requests a minute is used up (`[access.limits]`). Send it again after \
         `Retry-After` seconds."),
    row(Code::Overloaded, "overloaded", 429, "Too many questions are waiting",
        "The queue is full or the wait was too long. Send it again after `Retry-After` seconds."),
    INTERNAL,
    row(Code::NotReady, "not_ready", 503, "The server is not ready yet",
        "The first index is being built or the server is stopping. Send it again after \
         `Retry-After` seconds."),
    row(Code::TimedOut, "timed_out", 503, "The answer took too long",
        "The server is too slow at the moment. Send it again after `Retry-After` seconds."),
];

impl Code {
    /// The code's row in the table.
    pub fn row(self) -> &'static CodeRow {
        // The table holds every code, which a test proves.
        CODES.iter().find(|row| row.code == self).unwrap_or(&INTERNAL)
    }
}

/// An error on its way to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub code: Code,
    /// What is wrong with this request.
    pub detail: String,
    /// What the caller does next, where it is more than the code's meaning.
    pub next: Option<String>,
    pub retry_after_s: Option<u32>,
}

/// The object on the wire (RFC 9457), as a body and as data of the stream's `error` event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Where the code is explained: `/docs#error-<code>`.
    #[serde(rename = "type")]
    #[schema(example = "/docs#error-invalid_field")]
    pub kind: String,
    /// The code in words, the same for every occurrence.
    pub title: &'static str,
    /// The HTTP status, also where the object comes in a stream.
    #[schema(example = 422)]
    pub status: u16,
    /// What is wrong with this request.
    pub detail: String,
    /// The code for programs; see the table of error codes.
    #[schema(example = "invalid_field")]
    pub code: &'static str,
    /// What to do next.
    pub next_step: String,
    /// Seconds to wait before the same request is worth sending again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let retry_after_s = match code {
            Code::Overloaded | Code::TimedOut => Some(1),
            Code::NotReady => Some(2),
            _ => None,
        };
        Self { code, detail: detail.into(), next: None, retry_after_s }
    }

    /// A failure that is the server's own; `error` is logged, the caller gets none of it.
    pub fn internal(error: &dyn fmt::Display) -> Self {
        tracing::error!(%error, "request.failed");
        Self::new(Code::Internal, "the request could not be served")
    }

    pub fn with_next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    pub fn body(&self) -> ProblemBody {
        let row = self.code.row();
        ProblemBody {
            kind: format!("/docs#error-{}", row.name),
            title: row.title,
            status: row.status,
            detail: self.detail.clone(),
            code: row.name,
            next_step: self.next.clone().unwrap_or_else(|| row.meaning.to_owned()),
            retry_after_s: self.retry_after_s,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.row().name, self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.row().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header(("Content-Type", "application/problem+json"));
        response.insert_header(("Cache-Control", "no-store"));
        if let Some(seconds) = self.retry_after_s {
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        match serde_json::to_vec(&self.body()) {
            Ok(json) => response.body(json),
            Err(_) => response.content_type(ContentType::plaintext()).body(self.to_string()),
        }
    }
}

impl From<QuestionError> for Problem {
    fn from(error: QuestionError) -> Self {
        Self::new(Code::InvalidField, error.to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing(_) => Self::new(Code::NotFound, error.to_string()),
            StoreError::Taken(_) => Self::new(Code::Conflict, error.to_string()),
            StoreError::Open { .. } | StoreError::Database(_) => Self::internal(&error),
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure.kind {
            FailureKind::Overloaded { retry_after_s } => Self {
                retry_after_s: Some(retry_after_s),
                ..Self::new(Code::Overloaded, failure.message)
            },
            FailureKind::Conflict => Self::new(Code::Conflict, failure.message),
            FailureKind::Missing => Self::new(Code::NotFound, failure.message),
            FailureKind::Internal => Self::new(Code::Internal, failure.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_table_names_every_code_once() {
        let names: HashSet<_> = CODES.iter().map(|r| r.name).collect();
        assert_eq!(names.len(), CODES.len());
        for row in &CODES {
            assert_eq!(row.code.row().name, row.name);
            assert!(row.meaning.ends_with('.'), "{}", row.name);
            assert!(StatusCode::from_u16(row.status).unwrap().as_u16() >= 400);
        }
    }

    #[test]
    fn a_problem_on_the_wire() {
        let failure = Failure {
            kind: FailureKind::Overloaded { retry_after_s: 3 },
            message: "too many questions are waiting".to_owned(),
        };
        let problem = Problem::from(failure);
        let response = problem.error_response();
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers().get("retry-after").unwrap(), "3");
        assert_eq!(response.headers().get("content-type").unwrap(), "application/problem+json");
        insta::assert_json_snapshot!(problem.body(), @r#"
        {
          "type": "/docs#error-overloaded",
          "title": "Too many questions are waiting",
          "status": 429,
          "detail": "too many questions are waiting",
          "code": "overloaded",
          "next_step": "The queue is full or the wait was too long. Send it again after `Retry-After` seconds.",
          "retry_after_s": 3
        }
        "#);
    }
}
