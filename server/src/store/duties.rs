//! What one of several processes does for all: the housekeeper's rounds and retention.

use std::time::Duration;

use async_trait::async_trait;

use super::StoreError;

/// A task that needs one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Conversations that nobody goes on with.
    Housekeeping,
    /// Questions without an answer.
    Finishing,
    /// What is older than it may be.
    Retention,
}

impl Duty {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Housekeeping => "housekeeping",
            Self::Finishing => "finishing",
            Self::Retention => "retention",
        }
    }
}

/// Who does it.
#[async_trait]
pub trait Duties: Send + Sync {
    /// Whether this process does it now; then no other may for `lease`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn take(&self, duty: Duty, lease: Duration) -> Result<bool, StoreError>;
}
