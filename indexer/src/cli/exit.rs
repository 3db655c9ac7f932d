//! Exit codes, which scripts rely on.

use std::process::ExitCode;

use indexer::publish::PublishError;
use indexer::settings::SettingsError;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0
    Done,
    /// 1: failed, nothing indexed, or drift found.
    Failed,
    /// 2: the command line or the configuration is wrong; nothing was tried.
    Usage,
    /// 130: stopped on request (Ctrl-C, SIGTERM).
    Interrupted,
}

impl Exit {
    /// The code that belongs to an error.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        if error.is::<SettingsError>() {
            Self::Usage
        } else if matches!(error.downcast_ref(), Some(PublishError::Cancelled)) {
            Self::Interrupted
        } else {
            Self::Failed
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Interrupted => 130,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_knows_its_code() {
        let stopped = anyhow::Error::from(PublishError::Cancelled).context("build");
        assert_eq!(Exit::of(&stopped), Exit::Interrupted);
        let settings = anyhow::Error::from(SettingsError::Value("search.x".to_owned()));
        assert_eq!(Exit::of(&settings), Exit::Usage);
        assert_eq!(Exit::of(&anyhow::anyhow!("disk full")), Exit::Failed);
    }
}
