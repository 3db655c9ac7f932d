//! The room of figures: what became of conversations (`domain::figures` says what the words mean). For the
//! dashboard and for `/metrics`; nothing of a customer is in a count. Customers who object to such use are
//! not counted, but for what the desk needs: tickets by reason, conversations by state.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::domain::{Counts, ReasonCode};

/// Quiet for this long, a conversation counts as ended, milliseconds.
pub(super) const QUIET_MS: i64 = 30 * 60 * 1000;

/// Reads figures.
#[async_trait]
pub trait FiguresStore: Send + Sync {
    /// Counts the conversations that began from `from` on, as they are at `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn counts(&self, from: Timestamp, now: Timestamp) -> Result<Counts, StoreError>;

    /// How many conversations are in each state.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn states(&self) -> Result<States, StoreError>;
}

/// How many conversations are in each state now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct States {
    pub assistant: u64,
    pub waiting: u64,
    pub with_agent: u64,
    pub resolved: u64,
}

impl States {
    pub(super) fn of(rows: &[(String, i64)]) -> Self {
        let of = |name: &str| {
            rows.iter().find(|(state, _)| state == name).map_or(0, |(_, n)| n.unsigned_abs())
        };
        Self {
            assistant: of("assistant"),
            waiting: of("waiting"),
            with_agent: of("with_agent"),
            resolved: of("resolved"),
        }
    }
}

/// What the queries of either database give.
pub(super) struct Found {
    /// All, contained, confirmed, deflected, reopened, handed off.
    pub(super) conversations: (i64, i64, i64, i64, i64, i64),
    pub(super) reasons: Vec<(String, i64)>,
    pub(super) stars: Vec<(i64, i64)>,
    /// Answers that helped, and that did not.
    pub(super) helpful: (i64, i64),
}

impl Found {
    pub(super) fn counts(self) -> Counts {
        let n = i64::unsigned_abs;
        let all = self.conversations;
        // Only names that this program knows, so that no label can grow without bound.
        let known = self.reasons.into_iter().filter(|(name, _)| ReasonCode::parse(name).is_some());
        let mut counts = Counts {
            conversations: n(all.0),
            contained: n(all.1),
            confirmed: n(all.2),
            deflected: n(all.3),
            reopened: n(all.4),
            handed_off: n(all.5),
            reasons: known.map(|(reason, count)| (reason, n(count))).collect(),
            helpful: (n(self.helpful.0), n(self.helpful.1)),
            ..Counts::default()
        };
        for (stars, count) in self.stars {
            let place = usize::try_from(stars - 1).ok().and_then(|s| counts.stars.get_mut(s));
            if let Some(place) = place {
                *place = n(count);
            }
        }
        counts
    }
}
