//! `GET /`: the front page, and what pages share. The words of an article or a setting reach a
//! page through the templates alone, which escape them.

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use askama::Template;
use indexer::model::Locale;

use super::State;
use super::assets::ASSETS;
use super::edge::wants_page;
use super::error::{Code, Problem};
use crate::locale::Pack;

/// What every page shows and links.
pub(super) struct Site<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    /// Whether this is a demonstration, with an open playground.
    pub(super) demo: bool,
    pub(super) style: String,
    pub(super) page: String,
    /// The script of the page.
    pub(super) script: String,
    pub(super) widget: String,
    pub(super) shop: String,
    pub(super) icon: String,
}

impl<'a> Site<'a> {
    pub(super) fn of(state: &'a State) -> Self {
        Self {
            id: &state.site.id,
            name: &state.site.name,
            demo: state.site.demo,
            style: ASSETS.style.url(),
            page: ASSETS.page.url(),
            script: ASSETS.playground.url(),
            widget: ASSETS.widget.url(),
            shop: ASSETS.shop.url(),
            icon: ASSETS.icon.url(),
        }
    }

    /// With the script of the agents' page.
    pub(super) fn of_inbox(state: &'a State) -> Self {
        Self { script: ASSETS.inbox.url(), ..Self::of(state) }
    }
}

/// The front page of a company's help center.
#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    site: Site<'a>,
    words: &'a Pack,
    suggestions: &'a [String],
}

/// The sample company's shop.
#[derive(Template)]
#[template(path = "shop.html")]
struct ShopPage<'a> {
    site: Site<'a>,
    suggestions: &'a [String],
}

#[derive(Template)]
#[template(path = "not_found.html")]
struct NotFoundPage<'a> {
    site: Site<'a>,
    words: &'a Pack,
}

/// The front page: a shop to try things out on in demo mode, else the help center's.
pub(super) async fn home(
    state: web::Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let locale = state.speaks("auto", &request);
    let words = state.locales.pack(&locale);
    let site = Site::of(&state);
    if state.site.demo {
        let english = Locale::parse("en").unwrap_or_else(Locale::undetermined);
        return page(&ShopPage { site, suggestions: state.site.suggestions(&english) });
    }
    page(&HomePage { site, words, suggestions: state.site.suggestions(&locale) })
}

/// Every path that no route knows.
pub(super) async fn not_found(
    state: web::Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    not_found_page(&state, &request, "page")
}

/// A page for people, the problem object for programs.
pub(super) fn not_found_page(
    state: &State,
    request: &HttpRequest,
    what: &str,
) -> Result<HttpResponse, Problem> {
    let problem = Problem::new(Code::NotFound, format!("there is no such {what}"));
    if !wants_page(request) {
        return Err(problem);
    }
    let words = state.locales.pack(&state.speaks("auto", request));
    let page = NotFoundPage { site: Site::of(state), words };
    let html = page.render().map_err(|e| Problem::internal(&e))?;
    Ok(HttpResponse::build(problem.status_code())
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type("text/html; charset=utf-8")
        .body(html))
}

/// A page for somebody who is logged in: kept nowhere, not even behind the browser's back button.
pub(super) fn private_page(template: &impl Template) -> Result<HttpResponse, Problem> {
    let mut response = page(template)?;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The response that shows `template`. Browsers ask again each time, so that an edit shows at once.
pub(super) fn page(template: &impl Template) -> Result<HttpResponse, Problem> {
    let html = template.render().map_err(|e| Problem::internal(&e))?;
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-cache"))
        .content_type("text/html; charset=utf-8")
        .body(html))
}
