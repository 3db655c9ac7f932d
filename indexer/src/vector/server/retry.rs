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
/// Permission denied, unauthenticated.
const REFUSING: [i32; 2] = [7, 16];
/// Internal; the client also says so when it cannot connect.
const INTERNAL: i32 = 13;
const NO_CONNECTION: &str = "Failed to connect";
const UNTRUSTED: &str = "the server's certificate is not good";
/// Of a server's own words so much is repeated, characters.
const WORDS: usize = 300;

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
    /// The key was not taken.
    refused: bool,
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
                if let Some(what) = certificate(status.message()).filter(|_| lost) {
                    let reason = format!("{NO_CONNECTION}: {UNTRUSTED} ({what})");
                    return Self { passing: false, refused: false, reason, pause: None };
                }
                let passing = lost || PASSING.contains(&code);
                let reason = format!("{}: {}", status.code(), line(status.message()));
                Self { passing, refused: REFUSING.contains(&code), reason, pause: None }
            }
            QdrantError::ResourceExhaustedError { status, retry_after_seconds } => Self {
                passing: true,
                refused: false,
                reason: format!("{}: {}", status.code(), line(status.message())),
                pause: Some(Duration::from_secs(retry_after_seconds)),
            },
            other => {
                Self { passing: false, refused: false, reason: other.to_string(), pause: None }
            }
        }
    }
}

/// A server's words as a bounded part of one line.
fn line(message: &str) -> String {
    message.chars().take(WORDS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// What is wrong with the server's certificate, when that is why a connection failed.
fn certificate(message: &str) -> Option<&str> {
    let (_, what) = message.split_once("InvalidCertificate(")?;
    let end = what.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(what.len());
    Some(&what[..end])
}

impl Failure {
    /// What to do about it.
    fn advice(&self) -> &'static str {
        if self.reason.contains(UNTRUSTED) {
            if self.reason.contains("NotValidForName") {
                "; vectors.url must have the name that its certificate is for"
            } else if self.reason.contains("Expired") || self.reason.contains("NotValidYet") {
                "; renew the server's certificate, or set this machine's clock"
            } else {
                "; add its CA to those that this machine trusts, or name in SSL_CERT_FILE a file that holds \
                 the machine's CAs and yours: it replaces them for every connection"
            }
        } else if self.refused {
            "; vectors.api_key must be the server's key (or ATBILDE__VECTORS__API_KEY_FILE hold it)"
        } else if self.passing {
            "; is the server up, and does vectors.url name its gRPC port?"
        } else {
            ""
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
        refused: false,
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
                    refused: false,
                    reason: format!("no answer within {} ms", self.within.as_millis()),
                    pause: None,
                },
            };
            if !failure.passing || tries > self.retries {
                let advice = failure.advice();
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

#[cfg(test)]
mod tests {
    use tonic::Status;

    use super::*;

    fn failed(status: Status) -> Failure {
        QdrantError::ResponseError { status }.into()
    }

    #[test]
    fn a_certificate_is_advised_on_by_what_is_wrong_with_it() {
        for (what, advice) in [
            ("Expired", "renew"),
            ("ExpiredContext { time: UnixTime(2), not_after: UnixTime(1) }", "renew"),
            ("NotValidYet", "clock"),
            ("NotValidYetContext { time: UnixTime(1), not_before: UnixTime(2) }", "clock"),
            ("NotValidForNameContext { expected: x }", "the name that its certificate is for"),
            ("UnknownIssuer", "SSL_CERT_FILE"),
        ] {
            let message = format!("{NO_CONNECTION}: InvalidCertificate({what})");
            let failure = failed(Status::internal(message));
            assert!(failure.advice().contains(advice), "{what}: {}", failure.advice());
        }
    }

    #[test]
    fn a_servers_words_are_a_bounded_part_of_one_line() {
        let message = format!("busy\r\nERROR forged {}", "x".repeat(1000));
        let reason = failed(Status::internal(message)).reason;
        assert!(reason.contains("busy  ERROR forged"), "{reason}");
        assert!(reason.chars().count() < 400 && !reason.contains(char::is_control), "{reason}");
    }
}
