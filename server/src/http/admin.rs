//! `GET /v1/admin/index`: what is live, how old it is, and what is wrong with which file.
//!
//! [`IndexStatus`] is written by whoever follows the folder. Needs `server.admin_token`.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use indexer::publish::BuildReport;
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::State;
use super::auth::bearer;
use super::error::{Code, Problem, ProblemBody};
use crate::access::key_hash;
use crate::store::KeyScope;

/// What the follower of the folder did last.
#[derive(Default)]
pub struct IndexStatus(Mutex<Status>);

#[derive(Debug, Clone, Default)]
struct Status {
    follows: &'static str,
    looked_at: Option<Timestamp>,
    published_at: Option<Timestamp>,
    lag: Option<Duration>,
    seconds: f64,
    skipped: Vec<FileRemark>,
    remarks: Vec<FileRemark>,
    error: Option<String>,
}

impl IndexStatus {
    /// How changes are noticed.
    pub fn following(&self, enabled: bool, events: bool) {
        self.change(|s| {
            s.follows = match (enabled, events) {
                (false, _) => "at_start",
                (true, true) => "events",
                (true, false) => "poll",
            }
        });
    }

    /// The folder is looked at.
    pub fn woken(&self) {
        self.change(|s| s.looked_at = Some(Timestamp::now()));
    }

    /// A sync has ended; `lag` is the time from the newest write to live.
    pub fn published(&self, report: &BuildReport, lag: Option<Duration>) {
        let list = |files: &[indexer::catalog::SkippedFile]| {
            files
                .iter()
                .map(|f| FileRemark { path: f.path.clone(), reason: f.reason.clone() })
                .collect()
        };
        self.change(|s| {
            s.looked_at = Some(Timestamp::now());
            s.skipped = list(&report.skipped);
            if report.added + report.changed + report.retired > 0 {
                s.published_at = Some(Timestamp::now());
                s.seconds = report.seconds;
                s.lag = lag;
                // Remarks are made of what was read anew; the others stand.
                let read = |path: &String| {
                    report.changed_paths.contains(path) || report.added_paths.contains(path)
                };
                s.remarks.retain(|r| !read(&r.path) && !report.retired_paths.contains(&r.path));
                s.remarks.extend::<Vec<_>>(list(&report.warnings));
            }
        });
    }

    /// The last look failed, or is well again.
    pub fn failed(&self, error: Option<String>) {
        self.change(|s| s.error = error);
    }

    /// From the newest write to live, of the last change.
    pub(super) fn lag(&self) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).lag
    }

    fn change(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// State of the knowledge base.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IndexResponse {
    /// The generation that answers come from.
    index_generation: u64,
    /// Live articles and passages.
    documents: usize,
    passages: usize,
    /// Vector space of the index.
    fingerprint: String,
    /// `events`, `poll` or `at_start`.
    follows: &'static str,
    /// When the folder was looked at last.
    looked_at: Option<String>,
    /// When a change became live last.
    published_at: Option<String>,
    /// From the newest write among the files of that change to live, milliseconds.
    lag_ms: Option<u64>,
    /// How long publishing it took, seconds.
    publish_seconds: f64,
    /// Why the last look failed; what was live stays live.
    error: Option<String>,
    /// Files that are not indexed.
    skipped: Vec<FileRemark>,
    /// Files that are indexed with a remark for the content team.
    remarks: Vec<FileRemark>,
}

/// A file and what is to be said of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct FileRemark {
    path: String,
    reason: String,
}

/// What is live, and how fresh?
#[utoipa::path(get, path = "/v1/admin/index", tag = "Operation", responses(
    (status = 200, description = "State of the index", body = IndexResponse),
    (status = 401, description = "unauthorized", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn index(
    state: web::Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    authorize(&state, &request, KeyScope::Operate).await?;
    let snapshot = state.knowledge.snapshot();
    let status = state.status.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(IndexResponse {
        index_generation: snapshot.generation.0,
        documents: snapshot.documents.len(),
        passages: snapshot.passages(),
        fingerprint: snapshot.fingerprint.clone(),
        follows: status.follows,
        looked_at: status.looked_at.map(|t| t.to_string()),
        published_at: status.published_at.map(|t| t.to_string()),
        lag_ms: status.lag.map(|l| l.as_millis() as u64),
        publish_seconds: status.seconds,
        error: status.error,
        skipped: status.skipped,
        remarks: status.remarks,
    }))
}

/// Passes a caller with the operator's token, or with an API key of `scope`. The token is compared by
/// hash, so that the time taken tells nothing.
pub(super) async fn authorize(
    state: &State,
    request: &HttpRequest,
    scope: KeyScope,
) -> Result<(), Problem> {
    if bearer(request).is_some_and(|token| key_hash(token).is_some()) {
        return state.admit(request, scope).await;
    }
    let refused = |detail: &str| Problem::new(Code::Unauthorized, detail);
    let token = state.settings.admin_token.as_ref().filter(|t| !t.is_empty());
    let token = token.ok_or_else(|| refused("no `server.admin_token` is configured"))?;
    let Some(sent) = bearer(request) else {
        return Err(refused("the token is missing or wrong"));
    };
    let client = state.client(request);
    state.doors.limits.may_guess(client)?;
    if Sha256::digest(sent) == Sha256::digest(token.expose()) {
        return Ok(());
    }
    state.doors.limits.guessed_wrong(client);
    Err(refused("the token is missing or wrong"))
}
