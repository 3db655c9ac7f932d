//! The time by which deliveries are due. In production the system's; a test moves its own forward, so
//! that a receiver may come back after a day within a millisecond.

use jiff::Timestamp;

/// Where the time comes from.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    #[default]
    System,
    #[cfg(test)]
    Manual(std::sync::Arc<std::sync::Mutex<Timestamp>>),
}

impl Clock {
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            #[cfg(test)]
            Self::Manual(now) => *now.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        }
    }

    #[cfg(test)]
    pub(crate) fn manual() -> Self {
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        Self::Manual(std::sync::Arc::new(std::sync::Mutex::new(now)))
    }

    #[cfg(test)]
    pub(crate) fn advance(&self, by: std::time::Duration) {
        if let Self::Manual(now) = self {
            let mut now = now.lock().unwrap();
            *now = now.checked_add(by).unwrap();
        }
    }
}
