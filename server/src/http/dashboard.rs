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
use super::caller::query_of;
use super::error::{Code, Problem};
use super::login::to_login;
use super::pages::{Site, private_page};
use crate::domain::{Agent, Counts, Figures, Permission};
use crate::locale::Pack;
use crate::metrics::Readings;
use crate::store::KeyScope;

/// Days that the dashboard looks back by default, and at most.
const DAYS: u32 = 30;
const MOST_DAYS: u32 = 366;
/// Days that the page offers.
const SPANS: [u32; 3] = [7, 30, 90];

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
) -> Result<HttpResponse, Problem> {
    if bearer(&request).is_some() {
        authorize(&state, &request, KeyScope::Operate).await?;
    } else {
        Staff::extract(&request).await?.may(Permission::ReadFigures)?;
    }
    let figures = read(&state, &query_of(&request)?).await?;
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
    words: &'a Pack,
    agent: &'a Agent,
    csrf: String,
    days: u32,
    spans: Vec<(u32, String)>,
    conversations: u64,
    since: String,
    rows: Vec<Row>,
    reasons: Vec<Reason>,
    mean_stars: Option<String>,
    saving: Option<String>,
}

/// One share on the page.
struct Row {
    name: String,
    meaning: String,
    /// Empty where there is nothing to count yet.
    share: String,
    counted: String,
    interval: String,
    /// In percent: the share, and its interval from where and how wide.
    percent: u64,
    low: u64,
    width: u64,
}

/// Why people were asked, most frequent first.
struct Reason {
    name: String,
    tickets: u64,
    /// Of the most frequent reason, in percent.
    percent: u64,
}

/// `GET /dashboard`.
pub(super) async fn dashboard(
    state: web::Data<State>,
    request: HttpRequest,
    Maybe(staff): Maybe,
) -> Result<HttpResponse, Problem> {
    let Some(staff) = staff else { return Ok(to_login(&request)) };
    let agent = staff.may(Permission::ReadFigures)?;
    let span: Span = query_of(&request)?;
    let words = state.speaks_to_staff(&request);
    let (days, figures) = (days_of(&span)?, read(&state, &span).await?);
    let saving = figures
        .saving
        .as_ref()
        .map(|s| format!("{:.0} {} ({:.0}–{:.0})", s.amount, s.currency, s.low, s.high));
    let (span, begun) = (days.to_string(), words.format.number(figures.conversations));
    private_page(&DashboardPage {
        site: Site::of(&state),
        words,
        agent,
        csrf: staff.csrf(),
        days,
        spans: spans(words),
        conversations: figures.conversations,
        since: words.fill("inbox.figures_since", &[("days", &span), ("n", &begun)]),
        rows: rows(&figures, words),
        reasons: reasons(&figures, words),
        mean_stars: figures.mean_stars.map(|mean| words.format.tenths(mean)),
        saving,
    })
}

/// Days to look back, with their names.
pub(super) fn spans(words: &Pack) -> Vec<(u32, String)> {
    let name = |n: u32| words.fill("inbox.figures_days", &[("n", n.to_string().as_str())]);
    SPANS.map(|n| (n, name(n))).to_vec()
}

fn rows(figures: &Figures, words: &Pack) -> Vec<Row> {
    [
        ("contained", figures.contained),
        ("confirmed", figures.confirmed),
        ("deflected", figures.deflected),
        ("reopened", figures.reopened),
        ("handed_off", figures.handed_off),
        ("satisfied", figures.satisfied),
        ("judged", figures.helpful),
    ]
    .map(|(key, share)| {
        let [percent, low, high] =
            [share.share, share.low, share.high].map(|s| (s * 100.0).round() as u64);
        let [count, of] = [share.count, share.of].map(|n| words.format.number(n));
        let [from, to] = [low, high].map(|n| n.to_string());
        Row {
            name: words.text(&format!("inbox.{key}")).to_owned(),
            meaning: words.text(&format!("inbox.{key}_means")).to_owned(),
            share: if share.of == 0 { String::new() } else { format!("{percent}\u{a0}%") },
            counted: words.fill("inbox.figures_of", &[("count", &count), ("of", &of)]),
            interval: words.fill("inbox.figures_interval", &[("low", &from), ("high", &to)]),
            percent,
            low,
            width: high.saturating_sub(low),
        }
    })
    .into()
}

fn reasons(figures: &Figures, words: &Pack) -> Vec<Reason> {
    let most = figures.reasons.values().copied().max().unwrap_or_default().max(1);
    let mut found: Vec<Reason> = figures
        .reasons
        .iter()
        .map(|(reason, tickets)| Reason {
            name: words.text(&format!("inbox.reason_{reason}")).to_owned(),
            tickets: *tickets,
            percent: tickets * 100 / most,
        })
        .collect();
    found.sort_by_key(|r| std::cmp::Reverse(r.tickets));
    found
}
