//! `/login/oidc` and `/login/oidc/callback`: logging in with the company's own account. The way there, the way
//! back, and what is said on the login page when it went wrong. Who may come in is decided in `access::oidc`.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue, LOCATION, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::State;
use super::auth::cookie_of;
use super::error::{Code, Problem};
use super::login::{LoginQuery, own_path, with_error};
use super::pages::{Site, not_found_page, private_page};
use crate::access::{Answer, FLOW_S, Oidc, Refused};
use crate::locale::Pack;

/// Binds the way back to the browser that went. Lax: the way back begins at the provider's page. Over HTTPS it has
/// the second name, which no neighbour can set (as the session's cookie): else somebody could be made to end a
/// login that another one began.
const FLOW: &str = "atbilde_oidc";
const SECURE_FLOW: &str = "__Host-atbilde_oidc";
const BEGIN: &str = "/login/oidc";

/// What the provider's answer holds; what else it holds is not read.
#[derive(Default, Deserialize)]
struct Parameters {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Says that it worked and goes on by itself. A page and not a redirect: the session's cookie is sent only with
/// what begins on this server's own pages (`SameSite=Strict`).
#[derive(Template)]
#[template(path = "signed_on.html")]
struct SignedOnPage<'a> {
    site: Site<'a>,
    words: &'a Pack,
    next: &'a str,
}

/// `GET /login/oidc`: on to the provider.
pub(super) async fn begin(
    state: web::Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let Some(oidc) = &state.doors.oidc else {
        return not_found_page(&state, &request, "page");
    };
    state.doors.limits.address(state.client(&request))?;
    let query = LoginQuery::of(&request);
    match oidc.begin(&back(&state, oidc, &request)?, own_path(&query.next)).await {
        Ok(begun) => Ok(HttpResponse::SeeOther()
            .insert_header((LOCATION, begun.url))
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header(flow_cookie(&state, &request, &begun.cookie))
            .finish()),
        Err(why) => refused(&state, &request, why),
    }
}

/// `GET /login/oidc/callback`: back from the provider.
pub(super) async fn finish(
    state: web::Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let Some(oidc) = &state.doors.oidc else {
        return not_found_page(&state, &request, "page");
    };
    let client = state.client(&request);
    state.doors.limits.address(client)?;
    let sent = web::Query::<Parameters>::from_query(request.query_string());
    let sent = sent.map(web::Query::into_inner).unwrap_or_default();
    let answer = Answer {
        cookie: cookie_of(&request, flow_place(&state, &request).0).unwrap_or_default(),
        state: &sent.state,
        code: sent.code.as_deref(),
        denied: sent.error.is_some(),
        issuer: sent.iss.as_deref(),
        redirect_uri: &back(&state, oidc, &request)?,
    };
    let come = match oidc.finish(answer).await {
        Ok(come) => come,
        Err(Refused::Stray) => {
            // Anybody can send one; those who come in with others behind one address are not held up.
            state.doors.limits.sign_on(client)?;
            tracing::warn!(reason = %Refused::Stray, "sign_on.refused");
            return refused(&state, &request, Refused::Stray);
        }
        Err(why) => return refused(&state, &request, why),
    };
    let session = state.doors.gate.open(come.agent).await?;
    if let Err(why) = oidc.still(session.agent.id, &come.person).await {
        state.doors.gate.log_out(session.token.expose()).await?;
        return refused(&state, &request, why);
    }
    tracing::info!(agent = %session.agent.id, "sign_on.done");
    let (words, next) = (state.speaks_to_staff(&request), own_path(&come.next));
    let mut response = private_page(&SignedOnPage { site: Site::of(&state), words, next })?;
    let cookies =
        [state.cookie(&request, session.token.expose()), flow_cookie(&state, &request, "")];
    for (name, value) in cookies {
        let value = HeaderValue::from_str(&value).map_err(|e| Problem::internal(&e))?;
        response.headers_mut().append(HeaderName::from_static(name), value);
    }
    Ok(response)
}

/// The address that the provider sends people back to.
fn back(state: &State, oidc: &Oidc, request: &HttpRequest) -> Result<String, Problem> {
    let base = oidc.base_url().map_or_else(|| state.base(request), str::to_owned);
    if base.is_empty() {
        let detail = "the request does not say by which name it reached this server";
        return Err(Problem::new(Code::InvalidParameter, detail)
            .with_next("Tell the operator to set `oidc.base_url`."));
    }
    Ok(format!("{base}{BEGIN}/callback"))
}

/// Name and path of the cookie of a login under way.
fn flow_place(state: &State, request: &HttpRequest) -> (&'static str, &'static str) {
    if state.wants_secure_cookie(request) { (SECURE_FLOW, "/") } else { (FLOW, BEGIN) }
}

/// Its value is of letters, digits and dots; an empty one takes the cookie back.
fn flow_cookie(state: &State, request: &HttpRequest, value: &str) -> (&'static str, String) {
    let seconds = if value.is_empty() { 0 } else { FLOW_S };
    let ((name, path), secure) = (flow_place(state, request), state.secure(request));
    let cookie =
        format!("{name}={value}; Path={path}; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    ("set-cookie", cookie)
}

/// The login page with what happened and what to do next; nothing of what the provider said.
fn refused(state: &State, request: &HttpRequest, why: Refused) -> Result<HttpResponse, Problem> {
    // A stray answer leaves the login in the other window alone.
    let over = !matches!(why, Refused::Stray);
    let (key, status, subject) = match why {
        Refused::Stray => ("inbox.sso_stray", StatusCode::BAD_REQUEST, String::new()),
        Refused::Denied => ("inbox.sso_denied", StatusCode::FORBIDDEN, String::new()),
        Refused::Provider(_) => ("inbox.sso_down", StatusCode::BAD_GATEWAY, String::new()),
        Refused::Elsewhere | Refused::Token(_) => {
            ("inbox.sso_untrusted", StatusCode::BAD_GATEWAY, String::new())
        }
        Refused::Domain(_) => ("inbox.sso_domain", StatusCode::FORBIDDEN, String::new()),
        Refused::Role(_) => ("inbox.sso_role", StatusCode::FORBIDDEN, String::new()),
        Refused::NoAccount(subject) | Refused::LoginTaken(subject) => {
            ("inbox.sso_no_account", StatusCode::FORBIDDEN, subject)
        }
        Refused::Closed(_) => ("inbox.sso_closed", StatusCode::FORBIDDEN, String::new()),
        Refused::Store(error) => return Err(error.into()),
    };
    let said = state.speaks_to_staff(request).fill(key, &[("subject", &subject)]);
    let mut response = with_error(state, request, (&said, status))?;
    if over {
        let (_, cookie) = flow_cookie(state, request, "");
        let cookie = HeaderValue::from_str(&cookie).map_err(|e| Problem::internal(&e))?;
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}
