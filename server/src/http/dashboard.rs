//! `GET /metrics` for Prometheus, and `/v1/admin/figures` and `/dashboard` for people: the same figures.
//!
//! `/metrics` holds counts alone. It is open on this machine; from elsewhere it wants the operator's token or
//! a key of scope `operate`.

use std::time::Duration;

use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::State;
use super::admin::authorize;
use super::auth::{Maybe, Staff, bearer};
use super::error::{Code, Problem};
use super::login::go;
use super::pages::{Site, private_page};
use crate::domain::{Counts, Figures, Permission, Share};
use crate::metrics::Readings;
use crate::store::KeyScope;

/// Days that the dashboard looks back by default, and at most.
const DAYS: u32 = 30;
const MOST_DAYS: u32 = 366;

/// Span of time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Span {
    days: Option<u32>,
}

/// `GET /metrics`.
pub(super) async fn metrics(
    state: web::Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let near = request.peer_addr().is_some_and(|peer| peer.ip().is_loopback())
        && !state.is_proxied(&request);
    if !near {
        authorize(&state, &request, KeyScope::Operate).await?;
    }
    let snapshot = state.knowledge.snapshot();
    let states = state.figures.states().await?;
    let counts = counts(&state, DAYS).await?;
    let (due, failed) = state.rights.outbox().depth().await?;
    let readings = Readings {
        generation: snapshot.generation.0,
        passages: snapshot.passages() as u64,
        index_lag_s: state.status.lag().as_ref().map(Duration::as_secs_f64),
        conversations: vec![
            ("assistant", states.assistant),
            ("waiting", states.waiting),
            ("with_agent", states.with_agent),
            ("resolved", states.resolved),
        ],
        outbox: vec![("due", due), ("failed", failed)],
        month: vec![
            ("all", counts.conversations),
            ("contained", counts.contained),
            ("confirmed", counts.confirmed),
            ("deflected", counts.deflected),
            ("reopened", counts.reopened),
            ("handed_off", counts.handed_off),
        ],
    };
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .body(state.metrics.text(&readings)))
}

/// `GET /v1/admin/figures?days=30`.
pub(super) async fn figures(
    state: web::Data<State>,
    request: HttpRequest,
    span: web::Query<Span>,
) -> Result<HttpResponse, Problem> {
    if bearer(&request).is_some() {
        authorize(&state, &request, KeyScope::Operate).await?;
    } else {
        Staff::extract(&request).await?.may(Permission::ReadFigures)?;
    }
    let figures = read(&state, &span).await?;
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(figures))
}

async fn counts(state: &State, days: u32) -> Result<Counts, Problem> {
    let now = Timestamp::now();
    let from = now - SignedDuration::from_hours(24 * i64::from(days));
    Ok(state.figures.counts(from, now).await?)
}

async fn read(state: &State, span: &Span) -> Result<Figures, Problem> {
    let days = days_of(span)?;
    Ok(Figures::new(&counts(state, days).await?, &state.all_settings.figures))
}

fn days_of(span: &Span) -> Result<u32, Problem> {
    let days = span.days.unwrap_or(DAYS);
    if (1..=MOST_DAYS).contains(&days) {
        return Ok(days);
    }
    let detail = format!("`days` is {days}; it may be 1 to {MOST_DAYS}");
    Err(Problem::new(Code::InvalidParameter, detail))
}

/// The dashboard's page.
#[derive(Template)]
#[template(path = "dashboard.html")]
struct DashboardPage<'a> {
    site: Site<'a>,
    days: u32,
    conversations: u64,
    rows: Vec<Row>,
    reasons: Vec<(String, u64)>,
    mean_stars: Option<String>,
    saving: Option<String>,
}

/// One share on the page.
struct Row {
    name: &'static str,
    meaning: &'static str,
    count: u64,
    of: u64,
    share: String,
    interval: String,
    /// For the `meter` element, percent.
    percent: u64,
}

/// `GET /dashboard`.
pub(super) async fn dashboard(
    state: web::Data<State>,
    Maybe(staff): Maybe,
    span: web::Query<Span>,
) -> Result<HttpResponse, Problem> {
    let Some(staff) = staff else { return Ok(go("/login", None)) };
    staff.may(Permission::ReadFigures)?;
    let (days, figures) = (days_of(&span)?, read(&state, &span).await?);
    let saving = figures
        .saving
        .as_ref()
        .map(|s| format!("{:.0} {} ({:.0} to {:.0})", s.amount, s.currency, s.low, s.high));
    private_page(&DashboardPage {
        site: Site::of(&state),
        days,
        conversations: figures.conversations,
        rows: rows(&figures),
        reasons: figures.reasons.clone().into_iter().collect(),
        mean_stars: figures.mean_stars.map(|mean| format!("{mean:.1}")),
        saving,
    })
}

fn rows(figures: &Figures) -> Vec<Row> {
    let row = |name, meaning, share: Share| Row {
        name,
        meaning,
        count: share.count,
        of: share.of,
        share: format!("{:.0} %", share.share * 100.0),
        interval: format!("{:.0} to {:.0} %", share.low * 100.0, share.high * 100.0),
        percent: (share.share * 100.0).round() as u64,
    };
    vec![
        row("Contained", "answered, ended, and no person was needed", figures.contained),
        row("Confirmed", "contained, and the customer said that it helped", figures.confirmed),
        row("Deflected", "contained, not reopened, and no word against it", figures.deflected),
        row("Reopened", "the customer came back", figures.reopened),
        row("Handed off", "a person was asked to take over", figures.handed_off),
        row("Satisfied", "four or five stars among the rated", figures.satisfied),
        row("Helpful", "helpful among the answers that were judged", figures.helpful),
    ]
}
