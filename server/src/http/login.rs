//! `/login` and `/logout`: forms for people. What is wrong is said on the page, and never which half.

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::State;
use super::auth::{After, CSRF, Maybe, Staff, header};
use super::body::FormBody;
use super::error::{Code, Problem};
use super::pages::{Site, page as show};
use crate::access::{Gate, LoginError};
use crate::locale::Pack;
use crate::privacy::Secret;

/// Where agents go after the login.
const HOME: &str = "/inbox";

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    site: Site<'a>,
    words: &'a Pack,
    error: Option<&'a str>,
    login: &'a str,
}

/// The form.
#[derive(Deserialize)]
pub(super) struct LoginForm {
    login: String,
    password: String,
}

/// `GET /login`.
pub(super) async fn page(
    state: web::Data<State>,
    request: HttpRequest,
    Maybe(staff): Maybe,
) -> Result<HttpResponse, Problem> {
    if staff.is_some() {
        return Ok(go(HOME, None));
    }
    let words = state.speaks_to_staff(&request);
    show(&LoginPage { site: Site::of(&state), words, error: None, login: "" })
}

/// `POST /login`. A form of another site or of a neighbour (another name of the same domain) has no effect:
/// the browser says so in `Sec-Fetch-Site`. Else it could log somebody in as somebody else.
pub(super) async fn log_in(
    state: web::Data<State>,
    request: HttpRequest,
    FormBody(form): FormBody<LoginForm>,
) -> Result<HttpResponse, Problem> {
    let own = |site: &str| matches!(site, "same-origin" | "none");
    if header(&request, "sec-fetch-site").is_some_and(|site| !own(site)) {
        return Err(Problem::new(Code::Forbidden, "log in on this server's own page"));
    }
    let LoginForm { login, password } = form;
    let password = Secret::new(password);
    let address = state.client(&request);
    match state.doors.gate.log_in((&login, password), address).await {
        Ok(session) => {
            tracing::info!(agent = %session.agent.id, "login.done");
            Ok(go(HOME, Some(state.cookie(&request, session.token.expose()))))
        }
        Err(LoginError::Limited(limited)) => Err(limited.into()),
        Err(LoginError::Store(error)) => Err(error.into()),
        Err(LoginError::Wrong) => {
            tracing::warn!("login.refused");
            let words = state.speaks_to_staff(&request);
            let error = Some(words.text("inbox.log_in_wrong"));
            let login: String = login.chars().take(200).collect();
            let page = LoginPage { site: Site::of(&state), words, error, login: &login };
            let html = page.render().map_err(|e| Problem::internal(&e))?;
            Ok(HttpResponse::Unauthorized()
                .insert_header((CACHE_CONTROL, "no-store"))
                .content_type("text/html; charset=utf-8")
                .body(html))
        }
    }
}

/// The form of logging out.
#[derive(Deserialize)]
pub(super) struct LogoutForm {
    #[serde(default)]
    csrf: String,
}

/// `POST /logout`; the CSRF token comes as a field or as a header.
pub(super) async fn log_out(
    state: web::Data<State>,
    request: HttpRequest,
    After(staff, FormBody(form)): After<Staff, FormBody<LogoutForm>>,
) -> Result<HttpResponse, Problem> {
    let sent = header(&request, CSRF).unwrap_or(&form.csrf);
    if !Gate::csrf_matches(&staff.token, sent) {
        return Err(Problem::new(
            Code::Forbidden,
            "the CSRF token is missing or not this session's",
        ));
    }
    state.doors.gate.log_out(&staff.token).await?;
    Ok(go("/login", Some(state.cookie(&request, ""))))
}

/// On to another page of this server, with a cookie or without.
pub(super) fn go(to: &'static str, cookie: Option<(&'static str, String)>) -> HttpResponse {
    let mut response = HttpResponse::SeeOther();
    response.insert_header((LOCATION, to)).insert_header((CACHE_CONTROL, "no-store"));
    if let Some(cookie) = cookie {
        response.insert_header(cookie);
    }
    response.finish()
}
