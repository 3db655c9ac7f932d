//! `GET /v1/admin/index`: what is live, how old it is, and what is wrong with which file or rule.
//!
//! [`IndexStatus`](super::IndexStatus) is written by whoever follows the folder. Needs
//! `server.admin_token`.

use actix_web::{HttpRequest, HttpResponse, web};
use indexer::search::SearchMode;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::State;
use super::auth::bearer;
use super::error::{Code, Problem, ProblemBody};
use super::index_status::{FileRemark, Role, RuleRemark, Shadow, Work};
use crate::access::key_hash;
use crate::store::KeyScope;

/// State of the knowledge base.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IndexResponse {
    /// The generation that answers come from.
    index_generation: u64,
    /// `alone`, or with a shared catalog `writer` (publishes) or `follower` (follows the writer).
    role: Role,
    /// Live articles and passages.
    documents: usize,
    passages: usize,
    /// Vector space of the index, and the embedding model that it belongs to.
    fingerprint: String,
    model: String,
    /// `hybrid`, or `keyword_only` while the model of the live index is gone and the index of the
    /// configured one is being built.
    search: &'static str,
    /// The index of another embedding model that is built in the background; it takes over by itself.
    shadow: Option<Shadow>,
    /// What is being published now.
    publishing: Option<Work>,
    /// Why the calibration of the data folder is not used; absent when it is, or when there is none.
    calibration: Option<String>,
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
    /// Rules of `source.audience` that match no article: mistyped, or for another folder. They hide nothing.
    /// Empty, like `skipped` and `remarks`, where another process publishes.
    unmatched_rules: Vec<RuleRemark>,
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
    let status = state.status.read();
    let (model, mode) = state.knowledge.mode();
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(IndexResponse {
        index_generation: snapshot.generation.0,
        role: status.role,
        documents: snapshot.documents.len(),
        passages: snapshot.passages(),
        fingerprint: snapshot.fingerprint.clone(),
        model,
        search: match mode {
            SearchMode::Hybrid => "hybrid",
            SearchMode::KeywordOnly => "keyword_only",
        },
        shadow: status.shadow,
        publishing: status.publishing,
        calibration: status.calibration,
        follows: status.follows,
        looked_at: status.looked_at.map(|t| t.to_string()),
        published_at: status.published_at.map(|t| t.to_string()),
        lag_ms: status.lag.map(|l| l.as_millis() as u64),
        publish_seconds: status.seconds,
        error: status.error,
        skipped: status.skipped,
        remarks: status.remarks,
        unmatched_rules: status.unmatched_rules,
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
