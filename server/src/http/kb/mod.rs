//! `GET /kb` and `GET /kb/{slug}`: the articles as pages, readable without JavaScript. What the
//! public may not see is not found.

mod index;
mod links;
mod render;
mod tags;
mod translations;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use indexer::model::Filter;
use indexer::search::{LiveDocument, Snapshot};
use jiff::Zoned;

use super::State;
use super::error::{Code, Problem};
use super::pages::{Site, not_found_page, page};
use links::Links;
use render::Heading;
use translations::Translation;

pub(super) use index::index;

/// From this many headings on, an article starts with a list of them.
const CONTENTS_FROM: usize = 4;

#[derive(Template)]
#[template(path = "article.html")]
struct ArticlePage<'a> {
    site: Site<'a>,
    document: &'a LiveDocument,
    language: &'a str,
    /// The body's own first heading; empty where it has none.
    title: &'a str,
    html: &'a str,
    contents: Vec<Heading>,
    translations: Vec<Translation>,
}

/// One article.
pub(super) async fn article(
    state: web::Data<State>,
    request: HttpRequest,
    slug: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    state.readiness.check()?;
    let snapshot = state.knowledge.snapshot();
    let filter = Filter::public(Zoned::now().date());
    let slug = slug.trim_end_matches('/');
    let live = snapshot.document_by_slug(slug).filter(|d| filter.admits(&d.meta));
    let Some(live) = live else {
        return not_found_page(&state, &request, "article");
    };
    let stored = state
        .in_time(state.knowledge.document(&live.path))
        .await?
        .map_err(|e| Problem::internal(&e))?
        // Retired between the two looks.
        .ok_or_else(|| Problem::new(Code::NotFound, "the article was removed a moment ago"))?;

    let links = Links { snapshot: &snapshot, from: &live.path, filter: &filter };
    let rendered = render::render(&stored.body, &|href| links.target(href));
    let contents: Vec<Heading> =
        rendered.headings.into_iter().filter(|h| (2..=3).contains(&h.level)).collect();
    page(&ArticlePage {
        site: Site::of(&state),
        document: live,
        language: shown_language(live),
        title: &rendered.title,
        html: &rendered.html,
        contents: if contents.len() < CONTENTS_FROM { Vec::new() } else { contents },
        translations: translations::of(live, &snapshot, &filter),
    })
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
