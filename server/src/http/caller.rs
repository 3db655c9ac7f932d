//! What a request says about who sends it and what they put up with.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use actix_web::HttpRequest;

use super::State;
use crate::domain::{Fallback, Question, Visitor};

/// New in every process: a visitor's number says nothing about the address.
static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// `question` with what `request` says of its sender.
pub(super) fn sent_by(state: &State, request: &HttpRequest, question: Question) -> Question {
    let visitor = Visitor(KEY.hash_one(state.client(request)));
    Question { visitor, fallback: fallback(request), ..question }
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
}
