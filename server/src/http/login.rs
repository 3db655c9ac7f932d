//! `/login` and `/logout`: forms for people. What is wrong is said on the page, and never which half. The
//! company's own log-in is in `sign_on`.

use actix_web::http::StatusCode;
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
/// Longer ones are not gone to.
const MAX_NEXT: usize = 300;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    site: Site<'a>,
    words: &'a Pack,
    error: Option<&'a str>,
    /// Whether login and password are what was wrong.
    wrong: bool,
    login: &'a str,
    /// Where to go then: a path of this server.
    next: &'a str,
    /// The button of the company's own log-in.
    button: Option<&'a str>,
    takes_passwords: bool,
}

/// The form.
#[derive(Deserialize)]
pub(super) struct LoginForm {
    login: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// What may stand behind `/login?`.
#[derive(Default, Deserialize)]
pub(super) struct LoginQuery {
    #[serde(default)]
    pub(super) next: String,
}

impl LoginQuery {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let query = web::Query::<Self>::from_query(request.query_string());
        query.map(web::Query::into_inner).unwrap_or_default()
    }
}

/// `GET /login`.
pub(super) async fn page(
    state: web::Data<State>,
    request: HttpRequest,
    Maybe(staff): Maybe,
) -> Result<HttpResponse, Problem> {
    let query = LoginQuery::of(&request);
    let next = own_path(&query.next);
    if staff.is_some() {
        return Ok(go(next, None));
    }
    show(&login_page(&state, &request, next))
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
    let LoginForm { login, password, next } = form;
    let (password, next) = (Secret::new(password), own_path(&next));
    let page = login_page(&state, &request, next);
    if !page.takes_passwords {
        let error = Some(page.words.text("inbox.no_passwords"));
        return refused(&LoginPage { error, ..page }, StatusCode::FORBIDDEN);
    }
    let address = state.client(&request);
    match state.doors.gate.log_in((&login, password), address).await {
        Ok(session) => {
            tracing::info!(agent = %session.agent.id, "login.done");
            Ok(go(next, Some(state.cookie(&request, session.token.expose()))))
        }
        Err(LoginError::Limited(limited)) => Err(limited.into()),
        Err(LoginError::Store(error)) => Err(error.into()),
        Err(LoginError::Wrong) => {
            tracing::warn!("login.refused");
            let error = Some(page.words.text("inbox.log_in_wrong"));
            let login: String = login.chars().take(200).collect();
            let page = LoginPage { error, wrong: true, login: &login, ..page };
            refused(&page, StatusCode::UNAUTHORIZED)
        }
    }
}

/// The page as it is before anything went wrong.
fn login_page<'a>(state: &'a State, request: &HttpRequest, next: &'a str) -> LoginPage<'a> {
    let words = state.speaks_to_staff(request);
    let oidc = state.doors.oidc.as_ref();
    let button = oidc.map(|oidc| oidc.button().unwrap_or_else(|| words.text("inbox.sso_button")));
    let takes_passwords = oidc.is_none_or(|oidc| oidc.takes_passwords());
    let site = Site::of(state);
    LoginPage { site, words, error: None, wrong: false, login: "", next, button, takes_passwords }
}

/// The page with what went wrong.
pub(super) fn with_error(
    state: &State,
    request: &HttpRequest,
    (error, status): (&str, StatusCode),
) -> Result<HttpResponse, Problem> {
    let page = login_page(state, request, HOME);
    refused(&LoginPage { error: Some(error), ..page }, status)
}

fn refused(page: &LoginPage<'_>, status: StatusCode) -> Result<HttpResponse, Problem> {
    let html = page.render().map_err(|e| Problem::internal(&e))?;
    Ok(HttpResponse::build(status)
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type("text/html; charset=utf-8")
        .body(html))
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

/// To the login page, and from there back to what was asked for.
pub(super) fn to_login(request: &HttpRequest) -> HttpResponse {
    let asked = request.uri().path_and_query().map_or(HOME, |asked| asked.as_str());
    match own_path(asked) {
        HOME => go("/login", None),
        next => {
            let next = next.replace('%', "%25").replace('&', "%26");
            go(&format!("/login?next={next}"), None)
        }
    }
}

/// Where a login leads: a path of this server as it was asked for, or the inbox. Whatever a browser could take
/// for another host is none.
pub(super) fn own_path(asked: &str) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.~?=&%".contains(c);
    let own = asked.starts_with('/') && !asked.contains("//") && asked.chars().all(plain);
    let again = ["/login", "/logout"].iter().any(|page| asked.starts_with(page));
    if own && !again && asked.len() <= MAX_NEXT { asked } else { HOME }
}

/// On to another page of this server, with a cookie or without.
pub(super) fn go(to: &str, cookie: Option<(&'static str, String)>) -> HttpResponse {
    let mut response = HttpResponse::SeeOther();
    response.insert_header((LOCATION, to)).insert_header((CACHE_CONTROL, "no-store"));
    if let Some(cookie) = cookie {
        response.insert_header(cookie);
    }
    response.finish()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_login_leads_to_a_path_of_this_server_alone() {
        for own in ["/inbox/7", "/dashboard?days=30&x=%C4%81", "/gaps", "/"] {
            assert_eq!(own_path(own), own);
        }
        let long = format!("/{}", "a".repeat(300));
        for other in [
            "",
            "inbox",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/.//evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/inbox\r\nSet-Cookie: a=b",
            "/inbox#x",
            "/inbox\"><script>",
            "/\t/evil.example",
            "/ā",
            "/login?next=/login",
            "/logout",
            &long,
        ] {
            assert_eq!(own_path(other), HOME, "{other}");
        }
    }

    #[test]
    fn who_is_sent_to_log_in_comes_back_to_what_they_asked_for() {
        let to = |uri: &str| {
            let response = to_login(&TestRequest::with_uri(uri).to_http_request());
            response.headers().get(LOCATION).unwrap().to_str().unwrap().to_owned()
        };
        assert_eq!(to("/inbox"), "/login");
        assert_eq!(to("/inbox/7"), "/login?next=/inbox/7");
        let sent = to("/dashboard?days=7&x=%41");
        let uri = TestRequest::with_uri(&sent).to_http_request();
        assert_eq!(LoginQuery::of(&uri).next, "/dashboard?days=7&x=%41");
    }
}
