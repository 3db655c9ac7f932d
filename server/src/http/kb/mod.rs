//! `GET /kb` and `GET /kb/{slug}`: the articles as pages, readable without JavaScript. What the
//! public may not see is not found. `GET /v1/articles/{slug}`: one of them for the widget.

mod index;
mod links;
mod render;
mod tags;
mod translations;
mod tree;

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use indexer::model::{Filter, Locale};
use indexer::search::{LiveDocument, Snapshot};
use jiff::Zoned;
use serde::Serialize;
use utoipa::ToSchema;

use super::State;
use super::dto::article_url;
use super::error::{Code, Problem, ProblemBody};
use super::pages::{Site, not_found_page, page};
use crate::locale::Pack;
use links::Links;
use render::{Heading, Rendered};
use translations::Translation;

pub(super) use index::index;

/// From this many headings on, an article starts with a list of them.
const CONTENTS_FROM: usize = 4;

#[derive(Template)]
#[template(path = "article.html")]
struct ArticlePage<'a> {
    site: Site<'a>,
    words: &'a Pack,
    /// Day of the last change, for programs and for people.
    updated: Option<(String, String)>,
    document: &'a LiveDocument,
    language: &'a str,
    /// The body's own first heading; empty where it has none.
    title: &'a str,
    html: &'a str,
    contents: Vec<Heading>,
    translations: Vec<Translation>,
}

/// An article that the public may see, with its stored text.
struct Found {
    snapshot: Arc<Snapshot>,
    at: usize,
    body: String,
    filter: Filter,
}

impl Found {
    fn live(&self) -> &LiveDocument {
        &self.snapshot.documents[self.at]
    }

    fn rendered(&self) -> Rendered {
        let from = &self.live().path;
        let links = Links { snapshot: &self.snapshot, from, filter: &self.filter };
        render::render(&self.body, &|href| links.target(href))
    }
}

async fn find(state: &State, slug: &str) -> Result<Option<Found>, Problem> {
    state.readiness.check()?;
    let snapshot = state.knowledge.snapshot();
    let filter = Filter::public(Zoned::now().date());
    let live = snapshot
        .document_by_slug(slug.trim_end_matches('/'))
        .filter(|d| filter.admits(&d.meta))
        .and_then(|live| snapshot.documents.iter().position(|d| d.path == live.path));
    let Some(at) = live else {
        return Ok(None);
    };
    let stored = state
        .in_time(state.knowledge.document(&snapshot.documents[at].path))
        .await?
        .map_err(|e| Problem::internal(&e))?
        // Retired between the two looks.
        .ok_or_else(|| Problem::new(Code::NotFound, "the article was removed a moment ago"))?;
    Ok(Some(Found { snapshot, at, body: stored.body, filter }))
}

/// One article.
pub(super) async fn article(
    state: web::Data<State>,
    request: HttpRequest,
    slug: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let Some(found) = find(&state, &slug).await? else {
        return not_found_page(&state, &request, "article");
    };
    let (live, rendered) = (found.live(), found.rendered());
    let contents: Vec<Heading> =
        rendered.headings.into_iter().filter(|h| (2..=3).contains(&h.level)).collect();
    let shown = Locale::parse(shown_language(live)).unwrap_or_else(Locale::undetermined);
    let pack = state.locales.pack(&shown);
    let updated = live.meta.last_updated.map(|date| (date.to_string(), pack.format.date(date)));
    page(&ArticlePage {
        site: Site::of(&state),
        words: pack,
        document: live,
        language: shown_language(live),
        updated,
        title: &rendered.title,
        html: &rendered.html,
        contents: if contents.len() < CONTENTS_FROM { Vec::new() } else { contents },
        translations: translations::of(live, &found.snapshot, &found.filter),
    })
}

/// An article for the widget.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ArticleResponse {
    title: String,
    /// Language tag; empty where it is not known.
    locale: String,
    /// The article's page, relative to this server.
    url: String,
    /// Day of the last change, `2026-10-20`.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated: Option<String>,
    /// Nodes: a text, or `[name, attributes, children]`.
    #[schema(value_type = Vec<Object>)]
    body: Vec<tree::Node>,
}

/// One article as a tree.
#[utoipa::path(get, path = "/v1/articles/{slug}", tag = "Answers",
    params(("slug" = String, Path, description = "The article's name in its address")),
    responses(
        (status = 200, description = "Title and body", body = ArticleResponse),
        (status = 404, description = "not_found", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "not_ready", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn json(
    state: web::Data<State>,
    slug: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let found = find(&state, &slug).await?;
    let found = found.ok_or_else(|| Problem::new(Code::NotFound, "there is no such article"))?;
    let live = found.live();
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-cache")).json(ArticleResponse {
        title: live.meta.title.clone(),
        locale: shown_language(live).to_owned(),
        url: article_url(&live.meta.slug, ""),
        updated: live.meta.last_updated.map(|d| d.to_string()),
        body: tree::tree(&found.rendered().html),
    }))
}

/// Language tag for the page; empty where it is not known.
fn shown_language(document: &LiveDocument) -> &str {
    let locale = &document.meta.locale;
    if locale.is_undetermined() { "" } else { locale.as_str() }
}

/// The live documents that `filter` admits, by path.
fn admitted<'a>(
    snapshot: &'a Snapshot,
    filter: &'a Filter,
) -> impl Iterator<Item = &'a LiveDocument> {
    snapshot.documents.iter().filter(|d| filter.admits(&d.meta))
}
