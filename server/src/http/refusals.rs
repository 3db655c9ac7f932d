//! What all routes of a kind may answer beside what they are for, said once for the OpenAPI document. A route
//! names its kinds first; what it says itself of a status counts.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{ContentBuilder, Ref, RefOr};

/// Routes that read JSON.
pub(super) enum OfBodies {}
/// Routes that anybody may call, programs with a key.
pub(super) enum OfCallers {}
/// Routes that a customer calls with the conversation's token.
pub(super) enum OfVisitors {}
/// Routes that a customer calls with a proof of who they are.
pub(super) enum OfMyself {}
/// Routes that anybody reads, customers with a proof more of it.
pub(super) enum OfReaders {}
/// Routes that people of the company read, with a session.
pub(super) enum OfStaff {}
/// Routes by which people of the company change something.
pub(super) enum OfStaffActing {}
/// Routes of one conversation, for people of the company.
pub(super) enum OfConversations {}

const BUSY: (&str, &str) = ("503", "not_ready or timed_out; `Retry-After` in seconds");
const INTERNAL: (&str, &str) = ("500", "internal");
const NO_SESSION: (&str, &str) =
    ("401", "unauthorized: there is no session's cookie, or the session has ended");
const LIMITED: (&str, &str) = ("429", "rate_limited; `Retry-After` in seconds");

impl IntoResponses for OfBodies {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        described(&[
            ("400", "malformed_json"),
            ("408", "request_timeout"),
            ("413", "body_too_large"),
            ("415", "unsupported_media_type"),
            ("422", "invalid_field"),
        ])
    }
}

impl IntoResponses for OfCallers {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        described(&[
            ("401", "unauthorized: a key is wanted or wrong; identity_refused"),
            ("403", "forbidden: the key has not the scope"),
            ("429", "rate_limited or overloaded; `Retry-After` in seconds"),
            INTERNAL,
            BUSY,
        ])
    }
}

impl IntoResponses for OfVisitors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        described(&[
            ("401", "unauthorized or identity_refused"),
            ("403", "forbidden: the conversation is another customer's"),
            ("404", "not_found: the token opens another conversation, or it was erased"),
            LIMITED,
            INTERNAL,
        ])
    }
}

impl IntoResponses for OfMyself {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        described(&[("401", "identity_refused"), LIMITED, INTERNAL])
    }
}

impl IntoResponses for OfReaders {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        described(&[("401", "identity_refused"), LIMITED, INTERNAL, BUSY])
    }
}

impl IntoResponses for OfStaff {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        described(&[NO_SESSION, ("403", "forbidden: the role does not allow it"), INTERNAL])
    }
}

impl IntoResponses for OfStaffActing {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        described(&[
            NO_SESSION,
            (
                "403",
                "forbidden: the role does not allow it, or `X-CSRF-Token` is not the session's",
            ),
            INTERNAL,
        ])
    }
}

impl IntoResponses for OfConversations {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        described(&[("404", "not_found: there is no such conversation")])
    }
}

/// Problems by status, each with its description.
fn described(rows: &[(&str, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let problem = |what: &str| {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        ResponseBuilder::new()
            .description(what)
            .content("application/problem+json", content)
            .build()
    };
    rows.iter().map(|(status, what)| ((*status).to_owned(), RefOr::T(problem(what)))).collect()
}
