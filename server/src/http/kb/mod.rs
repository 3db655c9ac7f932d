//! `GET /kb` and `GET /kb/{slug}`: the articles as pages, readable without JavaScript. What the
//! public may not see is not found. `GET /v1/articles/{slug}`: one of them for the widget; there a customer
//! who proves who they are finds those for customers too.

mod drawn;
mod index;
mod links;
mod render;
mod tags;
mod translations;
mod tree;

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use indexer::catalog::StoredDocument;
use indexer::model::{Audience, Filter, Locale};
use indexer::search::{LiveDocument, Snapshot};
use jiff::Zoned;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::error::{Code, Problem, ProblemBody};
use super::pages::{Site, not_found_page, page};
use super::refusals;
use super::{State, caller};
use crate::domain::page_url;
use crate::locale::Pack;
use drawn::Drawn;
use render::Heading;
use translations::Translation;

pub(super) use drawn::Drawings;
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
    contents: Vec<&'a Heading>,
    translations: &'a [Translation],
}

/// An article that its reader may see, as it is stored now.
struct Found {
    /// What its links are resolved in; may be a generation behind the article.
    snapshot: Arc<Snapshot>,
    document: LiveDocument,
    body: String,
    filter: Filter,
}

impl Found {
    /// What `audience` finds under `slug`; `None` for what is not there and for what others alone may see.
    async fn of(state: &State, slug: &str, audience: Audience) -> Result<Option<Self>, Problem> {
        state.readiness.check()?;
        let snapshot = state.knowledge.snapshot();
        let filter = Filter { audience, ..Filter::public(Zoned::now().date()) };
        let live = snapshot.document_by_slug(slug.trim_end_matches('/'));
        let Some(path) = live.filter(|d| filter.admits(&d.meta)).map(|d| d.path.clone()) else {
            return Ok(None);
        };
        let stored = state
            .in_time(state.knowledge.document(&path))
            .await?
            .map_err(|e| Problem::internal(&e))?;
        // The catalog may be ahead of the snapshot: retired since, or no longer for this reader.
        let Some(StoredDocument { path, meta, body, version, .. }) =
            stored.filter(|s| filter.admits(&s.meta))
        else {
            return Ok(None);
        };
        let document = LiveDocument { path, meta: Arc::new(meta), version };
        Ok(Some(Self { snapshot, document, body, filter }))
    }
}

/// One article.
pub(super) async fn article(
    state: web::Data<State>,
    request: HttpRequest,
    drawings: web::Data<Drawings>,
    slug: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    state.doors.limits.address(state.client(&request))?;
    // A page is read without a proof of who reads it.
    let Some(found) = Found::of(&state, &slug, Audience::Public).await?.map(Arc::new) else {
        return not_found_page(&state, &request, "article");
    };
    let drawn = drawings.of(&found).await?;
    let live = &found.document;
    let contents: Vec<&Heading> =
        drawn.rendered.headings.iter().filter(|h| (2..=3).contains(&h.level)).collect();
    let shown = Locale::parse(shown_language(live)).unwrap_or_else(Locale::undetermined);
    let pack = state.locales.pack(&shown);
    let updated = live.meta.last_updated.map(|date| (date.to_string(), pack.format.date(date)));
    page(&ArticlePage {
        site: Site::of(&state),
        words: pack,
        document: live,
        language: shown_language(live),
        updated,
        title: &drawn.rendered.title,
        html: &drawn.rendered.html,
        contents: if contents.len() < CONTENTS_FROM { Vec::new() } else { contents },
        translations: &drawn.translations,
    })
}

/// An article for the widget.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ArticleResponse {
    title: String,
    /// Language tag; empty where it is not known.
    locale: String,
    /// The article's page, relative to this server; empty for one that is for customers alone.
    url: String,
    /// Day of the last change, `2026-10-20`.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated: Option<String>,
    /// Nodes: a text, or `[name, attributes, children]`.
    #[schema(value_type = Vec<Object>)]
    body: Tree,
}

/// The tree of a drawn article.
#[derive(Debug)]
struct Tree(Arc<Drawn>);

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.tree.serialize(serializer)
    }
}

/// One article as a tree.
///
/// With the header `Atbilde-Identity` articles for customers are found too.
#[utoipa::path(get, path = "/v1/articles/{slug}", tag = "Answers",
    params(("slug" = String, Path, description = "The article's name in its address"),
        ("Atbilde-Identity" = Option<String>, Header, description = "The signed identity token")),
    responses(
        refusals::OfReaders,
        (status = 200, description = "Title and body", body = ArticleResponse),
        (status = 404, description = "not_found", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn json(
    state: web::Data<State>,
    request: HttpRequest,
    drawings: web::Data<Drawings>,
    slug: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    state.doors.limits.address(state.client(&request))?;
    let audience = caller::audience(state.identity(&request)?.as_ref());
    let found = Found::of(&state, &slug, audience).await?.map(Arc::new);
    let found = found.ok_or_else(|| Problem::new(Code::NotFound, "there is no such article"))?;
    let live = &found.document;
    // Nothing between may keep for everybody what a proof has opened.
    let kept = if audience == Audience::Public { "no-cache" } else { "no-store" };
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", kept))
        .insert_header(("Vary", "Atbilde-Identity"))
        .json(ArticleResponse {
            title: live.meta.title.clone(),
            locale: shown_language(live).to_owned(),
            url: page_url(&live.meta, ""),
            updated: live.meta.last_updated.map(|d| d.to_string()),
            body: Tree(drawings.of(&found).await?),
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
