//! `GET /`: the page to ask on, and what pages share. The words of an article or a setting reach a
//! page through the templates alone, which escape them.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use askama::Template;

use super::State;
use super::assets::ASSETS;
use super::edge::wants_page;
use super::error::{Code, Problem};

/// What every page shows and links.
pub(super) struct Site<'a> {
    pub(super) name: &'a str,
    pub(super) style: String,
    pub(super) script: String,
    pub(super) icon: String,
}

impl<'a> Site<'a> {
    pub(super) fn of(state: &'a State) -> Self {
        Self {
            name: &state.settings.site_name,
            style: ASSETS.style.url(),
            script: ASSETS.script.url(),
            icon: ASSETS.icon.url(),
        }
    }

    /// With the script of the agents' page.
    pub(super) fn of_inbox(state: &'a State) -> Self {
        Self { script: ASSETS.inbox.url(), ..Self::of(state) }
    }
}

#[derive(Template)]
#[template(path = "ask.html")]
struct AskPage<'a> {
    site: Site<'a>,
    suggestions: &'a [String],
}

#[derive(Template)]
#[template(path = "not_found.html")]
struct NotFoundPage<'a> {
    site: Site<'a>,
    what: &'a str,
}

/// The page to ask on.
pub(super) async fn ask(state: web::Data<State>) -> Result<HttpResponse, Problem> {
    page(&AskPage { site: Site::of(&state), suggestions: &state.settings.suggestions })
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
    let html =
        NotFoundPage { site: Site::of(state), what }.render().map_err(|e| Problem::internal(&e))?;
    Ok(HttpResponse::build(problem.status_code())
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type("text/html; charset=utf-8")
        .body(html))
}

/// The response that shows `template`. Browsers ask again each time, so that an edit shows at once.
pub(super) fn page(template: &impl Template) -> Result<HttpResponse, Problem> {
    let html = template.render().map_err(|e| Problem::internal(&e))?;
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-cache"))
        .content_type("text/html; charset=utf-8")
        .body(html))
}
