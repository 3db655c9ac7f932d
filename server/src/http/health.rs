//! `GET /livez` and `GET /readyz`, and the state behind them.

use actix_web::{HttpResponse, web};
use arc_swap::ArcSwap;
use serde::Serialize;
use utoipa::ToSchema;

use super::State;
use super::error::{Code, Problem, ProblemBody};

/// Whether questions can be answered. Written by whoever follows the folder, read by requests.
pub struct Readiness(ArcSwap<Phase>);

/// One state of readiness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Not yet, with a sentence that says why.
    Starting(String),
    Ready,
    /// Requests in work are finished, nothing new should come.
    Stopping,
}

impl Readiness {
    pub fn new(phase: Phase) -> Self {
        Self(ArcSwap::from_pointee(phase))
    }

    pub fn set(&self, phase: Phase) {
        self.0.store(phase.into());
    }

    pub fn phase(&self) -> Phase {
        Phase::clone(&self.0.load())
    }

    /// Passes when questions can be answered, also those that came before a stop.
    ///
    /// # Errors
    /// `not_ready` with the reason.
    pub(super) fn check(&self) -> Result<(), Problem> {
        match &**self.0.load() {
            Phase::Starting(reason) => Err(Problem::new(Code::NotReady, reason.clone())),
            Phase::Ready | Phase::Stopping => Ok(()),
        }
    }
}

/// The process runs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Alive {
    #[schema(example = "alive")]
    status: &'static str,
}

/// Questions can be answered.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ready {
    #[schema(example = "ready")]
    status: &'static str,
    /// State of the knowledge base.
    index_generation: u64,
    /// Articles and passages that are live.
    documents: usize,
    passages: usize,
}

/// Is the process alive?
#[utoipa::path(get, path = "/livez", tag = "Health",
    responses((status = 200, description = "It is", body = Alive)))]
pub(super) async fn livez() -> HttpResponse {
    HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(Alive { status: "alive" })
}

/// Can it answer, and store what is said?
#[utoipa::path(get, path = "/readyz", tag = "Health", responses(
    (status = 200, description = "It can", body = Ready),
    (status = 503, description = "not_ready: the first index is being built, conversations cannot be stored, or the server is stopping; `detail` says which", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn readyz(state: web::Data<State>) -> Result<HttpResponse, Problem> {
    state.readiness.check()?;
    if state.readiness.phase() == Phase::Stopping {
        return Err(Problem::new(Code::NotReady, "the server is stopping"));
    }
    if !state.rights.writable().await {
        let why = "conversations cannot be stored; is the disk full? The log says more";
        return Err(Problem::new(Code::NotReady, why));
    }
    let snapshot = state.knowledge.snapshot();
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(Ready {
        status: "ready",
        index_generation: snapshot.generation.0,
        documents: snapshot.documents.len(),
        passages: snapshot.passages(),
    }))
}
