//! What a request says about who sends it, what they put up with, and what they want, for handlers that ask
//! first who it is.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use actix_web::{HttpRequest, web};
use indexer::model::Audience;
use serde::de::DeserializeOwned;

use super::State;
use super::error::{Code, Problem};
use crate::domain::{ConversationId, Fallback, Identity, Question, Visitor};

/// New in every process: a visitor's number says nothing about the address.
static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// `question` with what `request` says of its sender.
pub(super) fn sent_by(state: &State, request: &HttpRequest, question: Question) -> Question {
    let visitor = Visitor(KEY.hash_one(state.client(request)));
    Question { visitor, fallback: fallback(request), ..question }
}

/// What a reader may see: a proof of who they are opens what is for customers.
pub(super) fn audience(proven: Option<&Identity>) -> Audience {
    if proven.is_some() { Audience::Customer } else { Audience::Public }
}

impl State {
    /// What the customer of a conversation may see, for a caller who may speak in it: what is for customers
    /// once it is a known customer's, on any request.
    pub(super) async fn audience_in(&self, id: ConversationId) -> Result<Audience, Problem> {
        Ok(self.assistant.audience_in(id).await?)
    }
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

/// The parameters of the address, for a handler that has asked who calls: as an extractor they would come
/// first, and tell a stranger their names.
///
/// # Errors
/// `invalid_parameter`, naming what is wrong.
pub(super) fn query_of<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, Problem> {
    let query = web::Query::<T>::from_query(request.query_string());
    query.map(web::Query::into_inner).map_err(|error| {
        Problem::new(Code::InvalidParameter, format!("the query cannot be read: {error}"))
    })
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
