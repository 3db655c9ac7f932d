//! `GET /v1/search`: passages for a query, without an answer (contract C4). What the public may see
//! today, of a customer who proves who they are also what is for customers; never drafts or internal articles.

use actix_web::{HttpRequest, HttpResponse, web};
use indexer::embed::EmbedError;
use indexer::model::{Filter, Locale};
use indexer::search::{SearchError, SearchOutcome, SearchQuery};
use jiff::Zoned;

use super::dto::{HitDto, SearchParams, SearchResponse};
use super::error::{Code, Problem, ProblemBody};
use super::refusals;
use super::{State, caller};
use crate::domain::MAX_CHARS;
use crate::privacy::CustomerText;
use crate::store::KeyScope;

const DEFAULT_LIMIT: usize = 10;
const MAX_LIMIT: usize = 50;

/// Find passages.
///
/// Keyword and dense search joined, best first. Only what the public may see today; with the header
/// `Atbilde-Identity` also what is for customers.
#[utoipa::path(
    get,
    path = "/v1/search",
    tag = "Answers",
    params(SearchParams,
        ("Atbilde-Identity" = Option<String>, Header, description = "The signed identity token")),
    responses(
        refusals::OfCallers,
        (status = 200, description = "Passages, best first", body = SearchResponse),
        (status = 400, description = "invalid_parameter", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn search(
    state: web::Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    state.admit(&request, KeyScope::Search).await?;
    state.readiness.check()?;
    let audience = caller::audience(state.identity(&request)?.as_ref());
    let mut query = state.unnamed(parse(request.query_string())?);
    query.filter.audience = audience;
    let found = state.find(query).await?;
    let response = SearchResponse {
        hits: found.retrieved.hits.iter().map(HitDto::from).collect(),
        index_generation: found.retrieved.generation.0,
        locale: found.locale.as_str().to_owned(),
    };
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(response))
}

impl State {
    /// The query without personal data: no vector is made of it.
    pub(super) fn unnamed(&self, query: SearchQuery) -> SearchQuery {
        let text = CustomerText::new(query.text);
        let text = self.assistant.searchable(&text, query.locale.as_ref());
        SearchQuery { text, ..query }
    }

    /// Searches within the time of a request.
    pub(super) async fn find(&self, query: SearchQuery) -> Result<SearchOutcome, Problem> {
        self.in_time(self.knowledge.search(&query)).await?.map_err(|error| match error {
            SearchError::Embed(EmbedError::Overloaded { .. }) => {
                Problem::new(Code::Overloaded, "too many searches are waiting")
            }
            error => Problem::internal(&error),
        })
    }
}

fn parse(query: &str) -> Result<SearchQuery, Problem> {
    let params = web::Query::<SearchParams>::from_query(query)
        .map_err(|e| invalid(e.to_string()))?
        .into_inner();
    let text = params.q.as_deref().unwrap_or_default();
    let locale = params
        .locale
        .filter(|l| !l.is_empty() && l != "auto")
        .map(|l| {
            Locale::parse(&l).ok_or_else(|| invalid(format!("`locale` is no language tag: {l:?}")))
        })
        .transpose()?;
    let limit = match params.limit.as_deref() {
        None => DEFAULT_LIMIT,
        Some(limit) => {
            limit.parse().ok().filter(|n| (1..=MAX_LIMIT).contains(n)).ok_or_else(|| {
                invalid(format!("`limit` is {limit:?}; it is a number from 1 to {MAX_LIMIT}"))
            })?
        }
    };
    query_of(text, locale, limit)
}

/// A search of the public for `text`.
pub(super) fn query_of(
    text: &str,
    locale: Option<Locale>,
    limit: usize,
) -> Result<SearchQuery, Problem> {
    let text: String =
        text.chars().take(MAX_CHARS + 1).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = text.trim().to_owned();
    if !text.chars().any(char::is_alphanumeric) {
        return Err(invalid("`q` is missing or empty; send what to look for"));
    }
    if text.chars().count() > MAX_CHARS {
        return Err(invalid(format!("`q` has more than {MAX_CHARS} characters")));
    }
    Ok(SearchQuery {
        text,
        earlier: Vec::new(),
        rewrite: None,
        locale,
        filter: Filter::public(Zoned::now().date()),
        limit,
    })
}

fn invalid(detail: impl Into<String>) -> Problem {
    Problem::new(Code::InvalidParameter, detail)
}

#[cfg(test)]
mod tests {
    use indexer::model::Audience;

    use super::*;

    #[test]
    fn parameters_are_checked_by_name() {
        for (query, named) in [
            ("", "`q`"),
            ("q=%20%3F", "`q`"),
            ("q=a&limit=0", "`limit`"),
            ("q=a&limit=51", "`limit`"),
            ("q=a&limit=ten", "`limit`"),
            ("q=a&locale=english!", "`locale`"),
            ("q=a&audience=internal", "`audience`"),
        ] {
            let problem = parse(query).unwrap_err();
            assert_eq!(problem.code, Code::InvalidParameter);
            assert!(problem.detail.contains(named), "{query}: {}", problem.detail);
        }
        let query = parse("q=r%C4%93%C4%B7ins%20x&locale=auto").unwrap();
        assert_eq!((query.text.as_str(), query.limit, query.locale), ("rēķins x", 10, None));
        assert_eq!(query.filter.audience, Audience::Public);
        assert!(!query.filter.drafts && query.filter.valid_on.is_some());
    }
}
