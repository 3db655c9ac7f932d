//! The review queue of the content team: `/v1/admin/gaps` as JSON and CSV, the verdict on a subject, and
//! the page `/gaps`. What is shown and what is not is decided in `gaps`.
//!
//! Open to programs with a key of scope `operate`, to the operator's token, and to people whose role
//! lets them read figures; verdicts are for editors and admins.

use std::sync::Arc;

use actix_web::http::header::LOCATION;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use askama::Template;
use indexer::embed::EmbedError;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::State;
use super::admin::authorize;
use super::auth::{After, Maybe, Staff, StaffActing, bearer, header};
use super::body::{FormBody, JsonBody};
use super::caller::query_of;
use super::conversation_dto::stamp;
use super::conversations::fresh;
use super::dashboard::spans;
use super::error::{Code, Problem, ProblemBody};
use super::login::to_login;
use super::pages::{Site, private_page};
use crate::access::Gate;
use crate::domain::{Agent, AgentId, Permission};
use crate::gaps::{Gap, Gaps, GapsError, Look, MOST_DAYS};
use crate::locale::Pack;
use crate::store::KeyScope;
use crate::store::questions::{Judgement, Questions, Verdict};

/// How far to look, and in which form.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct GapsParams {
    /// Days to look back; `gaps.days` when left out.
    days: Option<u32>,
    /// Customers from which on a subject shows; not below `gaps.k`.
    k: Option<usize>,
    /// `json` or `csv`; else as `Accept` says.
    format: Option<String>,
}

/// What customers ask and the articles do not answer well.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GapsResponse {
    /// The most wanted first.
    gaps: Vec<GapDto>,
    /// Subjects of which an editor said that no article is wanted.
    dismissed: Vec<GapDto>,
    /// Customers from which on a subject shows.
    k: usize,
    /// Questions that were looked at.
    questions: usize,
    /// ... of subjects with fewer customers.
    hidden: usize,
    /// ... that an editor called resolved.
    resolved: usize,
}

/// Questions of one subject. All words are redacted, and used by at least `k` customers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GapDto {
    id: String,
    customers: usize,
    questions: usize,
    /// Customers who go without an answer, as far as the confidence tells.
    weight: f64,
    words: Vec<String>,
    /// A whole question; absent when none can be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<String>,
    /// Mean probability that the articles answer it, [0, 1].
    confidence: f64,
    /// The article that came nearest most often.
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<String>,
    /// What went wrong how often: reasons of hand-overs, `unhelpful`, `uncertain`.
    reasons: std::collections::BTreeMap<String, usize>,
    languages: std::collections::BTreeMap<String, usize>,
    first: String,
    last: String,
}

/// A decision about a subject.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VerdictRequest {
    /// `resolved` (the articles answer it now), `dismissed` (no article is wanted), or `open`.
    #[schema(example = "resolved")]
    verdict: String,
    /// `days` and `k` of the list that the subject was read in, where that asked for any.
    days: Option<u32>,
    k: Option<usize>,
}

impl From<&Gap> for GapDto {
    fn from(gap: &Gap) -> Self {
        Self {
            id: gap.id.clone(),
            customers: gap.askers,
            questions: gap.questions,
            weight: gap.weight,
            words: gap.words.clone(),
            example: gap.example.clone(),
            confidence: gap.confidence,
            nearest: gap.nearest.clone(),
            reasons: gap.reasons.clone(),
            languages: gap.languages.clone(),
            first: stamp(gap.first),
            last: stamp(gap.last),
        }
    }
}

impl From<GapsError> for Problem {
    fn from(error: GapsError) -> Self {
        match error {
            GapsError::Store(error) => error.into(),
            GapsError::Embed(EmbedError::Overloaded { .. }) => Self::new(
                Code::Overloaded,
                "customers' questions come first; ask again in a moment",
            ),
            error => Self::internal(&error),
        }
    }
}

/// What should be written next?
///
/// The least certain and the most frequent questions that were not answered well, by subject, with the
/// article that came nearest. A subject shows only when enough different customers asked.
#[utoipa::path(get, path = "/v1/admin/gaps", tag = "Operation", params(GapsParams), responses(
    (status = 200, description = "Subjects, the most wanted first", content(
        (GapsResponse = "application/json"), (String = "text/csv"))),
    (status = 400, description = "invalid_parameter", body = ProblemBody, content_type = "application/problem+json"),
    (status = 401, description = "unauthorized", body = ProblemBody, content_type = "application/problem+json"),
    (status = 403, description = "forbidden", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    state: web::Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    if bearer(&request).is_some() {
        authorize(&state, &request, KeyScope::Operate).await?;
    } else {
        Staff::extract(&request).await?.may(Permission::ReadFigures)?;
    }
    let params: GapsParams = query_of(&request)?;
    let csv = match params.format.as_deref() {
        Some("csv") => true,
        Some("json") => false,
        None => header(&request, "accept").is_some_and(|a| a.starts_with("text/csv")),
        Some(other) => {
            let detail = format!("`format` is {other:?}; it may be json or csv");
            return Err(Problem::new(Code::InvalidParameter, detail));
        }
    };
    let gaps = state.gaps(&params).await?;
    if csv {
        return Ok(fresh(HttpResponse::Ok())
            .insert_header(("Content-Disposition", "attachment; filename=\"gaps.csv\""))
            .content_type("text/csv; charset=utf-8")
            .body(gaps.csv()));
    }
    Ok(fresh(HttpResponse::Ok()).json(GapsResponse {
        gaps: gaps.gaps.iter().map(GapDto::from).collect(),
        dismissed: gaps.dismissed.iter().map(GapDto::from).collect(),
        k: gaps.k,
        questions: gaps.questions,
        hidden: gaps.hidden,
        resolved: gaps.resolved,
    }))
}

/// Decide about a subject.
///
/// `resolved`: its questions no longer count, later ones do. `dismissed`: it does not come back while
/// these questions are looked at. `open` takes a dismissal back.
#[utoipa::path(post, path = "/v1/admin/gaps/{id}", tag = "Operation", request_body = VerdictRequest,
    params(("id" = String, Path, description = "The subject's id in the list")),
    responses(
        (status = 204, description = "Remembered"),
        (status = 401, description = "unauthorized", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "forbidden", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "not_found: the list has changed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "invalid_field", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn judge(
    state: web::Data<State>,
    request: HttpRequest,
    id: web::Path<String>,
    body: Result<JsonBody<VerdictRequest>, Problem>,
) -> Result<HttpResponse, Problem> {
    let agent = if bearer(&request).is_some() {
        authorize(&state, &request, KeyScope::Operate).await?;
        None
    } else {
        Some(StaffActing::extract(&request).await?.0.may(Permission::Review)?.id)
    };
    let JsonBody(body) = body?;
    let params = GapsParams { days: body.days, k: body.k, format: None };
    state.judge(&id, (&body.verdict, &params), agent).await?;
    Ok(HttpResponse::NoContent().finish())
}

impl State {
    async fn gaps(&self, params: &GapsParams) -> Result<Gaps, Problem> {
        let settings = &self.all_settings.gaps;
        let wrong = |detail: String| Err(Problem::new(Code::InvalidParameter, detail));
        let days = params.days.unwrap_or(settings.days);
        if !(1..=MOST_DAYS).contains(&days) {
            return wrong(format!("`days` is {days}; it may be 1 to {MOST_DAYS}"));
        }
        let k = params.k.unwrap_or(settings.k);
        if k < settings.k {
            return wrong(format!("`k` is {k}; it may not be below `gaps.k`, {}", settings.k));
        }
        let look = Look { now: Timestamp::now(), days, k };
        // One at a time: it is work for a processor, and who waits gets the same.
        let knowledge = Arc::clone(&self.knowledge);
        let embed = async |text: &str, locale: &_| knowledge.vector_of(text, locale).await;
        let reading = async {
            let _one = self.reviewing.lock().await;
            crate::gaps::read(&*self.store, (settings, &look), embed).await
        };
        Ok(self.in_time(reading).await??)
    }

    /// `params` are those of the list that the subject was in: its id is of that list.
    async fn judge(
        &self,
        id: &str,
        (verdict, params): (&str, &GapsParams),
        agent: Option<AgentId>,
    ) -> Result<(), Problem> {
        let verdict = match verdict {
            "open" => None,
            name => Some(Verdict::parse(name).ok_or_else(|| {
                let detail = format!("`verdict` is {name:?}; it is resolved, dismissed or open");
                Problem::new(Code::InvalidField, detail)
            })?),
        };
        let gaps = self.gaps(params).await?;
        let found = gaps.gaps.iter().chain(&gaps.dismissed).find(|gap| gap.id == id);
        let gap = found.ok_or_else(|| {
            Problem::new(Code::NotFound, "there is no such subject any more")
                .with_next("Read the list anew: questions came or went.")
        })?;
        let judgement = Judgement { verdict, agent, at: Timestamp::now() };
        Questions::judge(&*self.store, &gap.members, &judgement).await?;
        Ok(())
    }
}

/// The review queue's page.
#[derive(Template)]
#[template(path = "gaps.html")]
struct GapsPage<'a> {
    site: Site<'a>,
    words: &'a Pack,
    agent: &'a Agent,
    csrf: String,
    may_judge: bool,
    days: u32,
    spans: Vec<(u32, String)>,
    about: String,
    /// Keys of the columns' names.
    columns: [&'static str; 7],
    gaps: Vec<GapRow<'a>>,
    dismissed: &'a [Gap],
    rest: String,
}

/// One subject on the page.
struct GapRow<'a> {
    gap: &'a Gap,
    /// What went wrong how often, in words.
    troubles: String,
}

impl<'a> GapRow<'a> {
    fn of(gap: &'a Gap, words: &Pack) -> Self {
        let troubles: Vec<String> = gap
            .reasons
            .iter()
            .map(|(reason, n)| format!("{}: {n}", words.text(&format!("inbox.reason_{reason}"))))
            .collect();
        Self { gap, troubles: troubles.join("; ") }
    }
}

/// `GET /gaps`.
pub(super) async fn show(
    state: web::Data<State>,
    request: HttpRequest,
    Maybe(staff): Maybe,
) -> Result<HttpResponse, Problem> {
    let Some(staff) = staff else { return Ok(to_login(&request)) };
    let agent = staff.may(Permission::ReadFigures)?;
    let may_judge = agent.role.may(Permission::Review);
    let params: GapsParams = query_of(&request).unwrap_or_default();
    let days = params.days.unwrap_or(state.all_settings.gaps.days);
    let found = state.gaps(&params).await?;
    let words = state.speaks_to_staff(&request);
    let [n, hidden, k, resolved, dismissed] =
        [found.questions, found.hidden, found.k, found.resolved, found.dismissed.len()]
            .map(|n| n.to_string());
    private_page(&GapsPage {
        site: Site::of(&state),
        words,
        agent,
        csrf: staff.csrf(),
        may_judge,
        days,
        spans: spans(words),
        about: words.fill("inbox.gaps_about", &[("days", &days.to_string())]),
        columns: [
            "inbox.gaps_subject",
            "inbox.gaps_customers",
            "inbox.gaps_questions",
            "inbox.gaps_confidence",
            "inbox.gaps_nearest",
            "inbox.gaps_troubles",
            "inbox.gaps_last",
        ],
        gaps: found.gaps.iter().map(|gap| GapRow::of(gap, words)).collect(),
        dismissed: &found.dismissed,
        rest: words.fill(
            "inbox.gaps_rest",
            &[
                ("n", &n),
                ("hidden", &hidden),
                ("k", &k),
                ("resolved", &resolved),
                ("dismissed", &dismissed),
            ],
        ),
    })
}

/// A button of the page.
#[derive(Deserialize)]
pub(super) struct VerdictForm {
    #[serde(default)]
    csrf: String,
    id: String,
    verdict: String,
    /// Of the list that was looked at.
    days: Option<u32>,
}

/// `POST /gaps`.
pub(super) async fn decide(
    state: web::Data<State>,
    After(staff, FormBody(form)): After<Staff, FormBody<VerdictForm>>,
) -> Result<HttpResponse, Problem> {
    if !Gate::csrf_matches(&staff.token, &form.csrf) {
        let detail = "the CSRF token is missing or not this session's";
        return Err(Problem::new(Code::Forbidden, detail));
    }
    let agent = staff.may(Permission::Review)?.id;
    let params = GapsParams { days: form.days, ..GapsParams::default() };
    state.judge(&form.id, (&form.verdict, &params), Some(agent)).await?;
    let back = form.days.map_or_else(|| "/gaps".to_owned(), |days| format!("/gaps?days={days}"));
    Ok(fresh(HttpResponse::SeeOther()).insert_header((LOCATION, back)).finish())
}
