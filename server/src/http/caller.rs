//! What a request says about who sends it and what they put up with.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use actix_web::HttpRequest;

use crate::domain::{Fallback, Question, Visitor};

/// New in every process: a visitor's number says nothing about the address.
static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// `question` with what `request` says of its sender.
pub(super) fn sent_by(request: &HttpRequest, question: Question) -> Question {
    Question { visitor: visitor(request), fallback: fallback(request), ..question }
}

/// Visitors take turns where requests wait. Behind a proxy that hides addresses all are one.
fn visitor(request: &HttpRequest) -> Visitor {
    request.peer_addr().map_or(Visitor::default(), |peer| Visitor(KEY.hash_one(peer.ip())))
}

/// `Prefer: no-fallback` (RFC 7240) asks for a refusal instead of the articles' own sentences where a
/// model is configured and has no time.
fn fallback(request: &HttpRequest) -> Fallback {
    let values = request.headers().get_all("prefer").filter_map(|v| v.to_str().ok());
    let refuses = values
        .flat_map(|value| value.split(','))
        .any(|preference| preference.trim().eq_ignore_ascii_case("no-fallback"));
    if refuses { Fallback::Refuse } else { Fallback::Articles }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_caller_without_patience_says_so() {
        for (value, refuses) in [
            ("no-fallback", true),
            ("wait=3, No-Fallback", true),
            ("no-fallbacks", false),
            ("wait=3", false),
        ] {
            let request = TestRequest::default().insert_header(("Prefer", value)).to_http_request();
            assert_eq!(fallback(&request) == Fallback::Refuse, refuses, "{value}");
        }
        assert_eq!(fallback(&TestRequest::default().to_http_request()), Fallback::Articles);
    }

    #[test]
    fn a_visitor_is_an_address_and_not_a_connection() {
        let from = |address: &str| {
            let peer = address.parse().unwrap();
            visitor(&TestRequest::default().peer_addr(peer).to_http_request())
        };
        assert_eq!(from("10.0.0.1:1000"), from("10.0.0.1:2000"));
        assert_ne!(from("10.0.0.1:1000"), from("10.0.0.2:1000"));
    }
}
