//! What is tried again, how often, and for how long.
//!
//! A reason that passes (no connection, a time-out, a busy or electing server) is worth another try;
//! a wrong key, a missing collection or a bad request is not. Every operation that is run here may be
//! repeated without harm.

use std::time::Duration;

use qdrant_client::QdrantError;
use qdrant_client::qdrant::{PointsOperationResponse, UpdateStatus};

use super::super::VectorError;

/// Pause before the first further try; doubled for each after it.
const PAUSE: Duration = Duration::from_millis(100);
/// No pause is longer, whatever the server asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// gRPC status codes of reasons that pass: cancelled, unknown (a broken connection), deadline
/// exceeded, resource exhausted, aborted, unavailable.
const PASSING: [i32; 6] = [1, 2, 4, 8, 10, 14];
/// Internal; the client also says so when it cannot connect.
const INTERNAL: i32 = 13;
const NO_CONNECTION: &str = "Failed to connect";

/// How long a call may take and how often it is tried.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience<'a> {
    pub url: &'a str,
    pub within: Duration,
    pub retries: u32,
}

/// Why one try failed.
#[derive(Debug, PartialEq)]
pub(super) struct Failure {
    passing: bool,
    reason: String,
    /// What the server asks to wait.
    pause: Option<Duration>,
}

impl From<QdrantError> for Failure {
    fn from(error: QdrantError) -> Self {
        match error {
            QdrantError::ResponseError { status } => {
                let code = i32::from(status.code());
                let lost = code == INTERNAL && status.message().starts_with(NO_CONNECTION);
                let passing = lost || PASSING.contains(&code);
                let reason = format!("{}: {}", status.code(), status.message());
                Self { passing, reason, pause: None }
            }
            QdrantError::ResourceExhaustedError { status, retry_after_seconds } => Self {
                passing: true,
                reason: format!("{}: {}", status.code(), status.message()),
                pause: Some(Duration::from_secs(retry_after_seconds)),
            },
            other => Self { passing: false, reason: other.to_string(), pause: None },
        }
    }
}

/// Whether a write that was waited for has come to its end.
pub(super) fn applied(response: PointsOperationResponse) -> Result<(), Failure> {
    let status = response.result.map_or(UpdateStatus::UnknownUpdateStatus, |r| r.status());
    if status == UpdateStatus::Completed {
        return Ok(());
    }
    Err(Failure {
        passing: true,
        reason: format!("the write was not applied in time ({})", status.as_str_name()),
        pause: None,
    })
}

impl Patience<'_> {
    /// Runs `call` until it succeeds, fails for good, or was tried often enough.
    pub(super) async fn run<T, E: Into<Failure>, F: Future<Output = Result<T, E>>>(
        self,
        what: &'static str,
        mut call: impl FnMut() -> F,
    ) -> Result<T, VectorError> {
        let mut pause = PAUSE;
        for tries in 1.. {
            let failure = match tokio::time::timeout(self.within, call()).await {
                Ok(Ok(done)) => return Ok(done),
                Ok(Err(error)) => error.into(),
                Err(_) => Failure {
                    passing: true,
                    reason: format!("no answer within {} ms", self.within.as_millis()),
                    pause: None,
                },
            };
            if !failure.passing || tries > self.retries {
                let advice = if failure.passing {
                    "; is the server up, and does vectors.url name its gRPC port?"
                } else {
                    ""
                };
                return Err(VectorError::Server {
                    url: self.url.to_owned(),
                    reason: format!("{what}: {}{advice}", failure.reason),
                });
            }
            tracing::debug!(what, tries, reason = %failure.reason, "vectors.again");
            tokio::time::sleep(failure.pause.unwrap_or(pause).min(LONGEST_PAUSE)).await;
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
        Err(VectorError::Operation(format!("{what}: never tried")))
    }
}
