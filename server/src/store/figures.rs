//! Counts what became of conversations (`domain::figures` says what the words mean). For the dashboard and
//! for `/metrics`; nothing of a customer is in a count. Customers who object to such use are not counted,
//! but for what the desk needs: tickets by reason, conversations by state.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::sqlite::SqlitePool;

use super::{SqliteStore, StoreError};
use crate::domain::{Counts, ReasonCode};

/// Quiet for this long, a conversation counts as ended, milliseconds.
const QUIET_MS: i64 = 30 * 60 * 1000;

/// Reads figures.
#[derive(Clone)]
pub struct FiguresStore {
    readers: SqlitePool,
}

/// How many conversations are in each state now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct States {
    pub assistant: u64,
    pub waiting: u64,
    pub with_agent: u64,
    pub resolved: u64,
}

type Row = (i64, i64, i64, i64, i64, i64);

impl FiguresStore {
    pub fn new(store: &SqliteStore) -> Self {
        Self { readers: store.pools().1.clone() }
    }

    /// Counts the conversations that began from `from` on, as they are at `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn counts(&self, from: Timestamp, now: Timestamp) -> Result<Counts, StoreError> {
        let (from_ms, quiet) = (from.as_millisecond(), now.as_millisecond() - QUIET_MS);
        let row: Row = sqlx::query_as(
            "WITH c AS (
                SELECT id,
                    EXISTS (SELECT 1 FROM escalations e WHERE e.conversation = id) AS handed,
                    EXISTS (SELECT 1 FROM messages m WHERE m.conversation = id
                        AND m.author = 'assistant') AS answered,
                    EXISTS (SELECT 1 FROM messages m WHERE m.conversation = id
                        AND m.author = 'system' AND m.kind = 'reopened') AS reopened,
                    (state = 'resolved' OR active_at < ?2) AS ended,
                    EXISTS (SELECT 1 FROM feedback f WHERE f.conversation = id
                        AND (f.helpful = 1 OR f.stars >= 4)) AS praised,
                    EXISTS (SELECT 1 FROM feedback f WHERE f.conversation = id
                        AND (f.helpful = 0 OR f.stars <= 2)) AS blamed
                FROM conversations
                WHERE created_at >= ?1 AND id NOT IN
                    (SELECT conversation FROM objections WHERE analysis <> 0) AND EXISTS (SELECT 1 FROM messages m
                    WHERE m.conversation = id AND m.author = 'customer')
             ), d AS (SELECT *, answered AND ended AND NOT handed AS contained FROM c)
             SELECT count(*), coalesce(sum(contained), 0),
                 coalesce(sum(contained AND praised AND NOT blamed), 0),
                 coalesce(sum(contained AND NOT reopened AND NOT blamed), 0),
                 coalesce(sum(reopened), 0), coalesce(sum(handed), 0)
             FROM d",
        )
        .bind(from_ms)
        .bind(quiet)
        .fetch_one(&self.readers)
        .await?;
        let n = i64::unsigned_abs;
        let mut counts = Counts {
            conversations: n(row.0),
            contained: n(row.1),
            confirmed: n(row.2),
            deflected: n(row.3),
            reopened: n(row.4),
            handed_off: n(row.5),
            reasons: self.reasons(Some(from)).await?,
            ..Counts::default()
        };
        let stars: Vec<(i64, i64)> = sqlx::query_as(
            "SELECT stars, count(*) FROM feedback f JOIN conversations c ON c.id = f.conversation
             WHERE c.created_at >= ?1 AND stars IS NOT NULL AND c.id NOT IN
                 (SELECT conversation FROM objections WHERE analysis <> 0) GROUP BY stars",
        )
        .bind(from_ms)
        .fetch_all(&self.readers)
        .await?;
        for (stars, count) in stars {
            let place = usize::try_from(stars - 1).ok().and_then(|s| counts.stars.get_mut(s));
            if let Some(place) = place {
                *place = n(count);
            }
        }
        let (yes, no): (i64, i64) = sqlx::query_as(
            "SELECT count(*) FILTER (WHERE helpful = 1), count(*) FILTER (WHERE helpful = 0)
             FROM feedback f JOIN conversations c ON c.id = f.conversation WHERE c.created_at >= ?1
                 AND c.id NOT IN (SELECT conversation FROM objections WHERE analysis <> 0)",
        )
        .bind(from_ms)
        .fetch_one(&self.readers)
        .await?;
        counts.helpful = (n(yes), n(no));
        Ok(counts)
    }

    /// Tickets by reason; only names that this program knows, so that no label can grow without bound.
    async fn reasons(&self, from: Option<Timestamp>) -> Result<BTreeMap<String, u64>, StoreError> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT reason, count(*) FROM escalations WHERE at >= ?1 GROUP BY reason",
        )
        .bind(from.map(|from| from.to_string()).unwrap_or_default())
        .fetch_all(&self.readers)
        .await?;
        let known = rows.into_iter().filter(|(reason, _)| ReasonCode::parse(reason).is_some());
        Ok(known.map(|(reason, count)| (reason, count.unsigned_abs())).collect())
    }

    /// How many conversations are in each state.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn states(&self) -> Result<States, StoreError> {
        let rows: Vec<(String, i64)> =
            sqlx::query_as("SELECT state, count(*) FROM conversations GROUP BY state")
                .fetch_all(&self.readers)
                .await?;
        let of = |name: &str| {
            rows.iter().find(|(state, _)| state == name).map_or(0, |(_, n)| n.unsigned_abs())
        };
        Ok(States {
            assistant: of("assistant"),
            waiting: of("waiting"),
            with_agent: of("with_agent"),
            resolved: of("resolved"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Step;
    use crate::store::{Conversations, HandOvers, NewRating, contract};

    #[tokio::test]
    async fn conversations_are_counted_by_what_became_of_them() {
        let store = SqliteStore::in_memory().await.unwrap();
        // Silent: nobody said anything; counts as nothing.
        contract::begin(&store).await;
        let mut ids = Vec::new();
        for answered in [true, true, true, false] {
            let begun = contract::begin(&store).await;
            let posted = store.post(begun.id, &contract::message("hello", 1)).await.unwrap();
            if answered {
                store.commit_answer(begun.id, &contract::answer(&posted, "Hi.")).await.unwrap();
            } else {
                let step = Step::HandOver(contract::ticket(begun.id, 2));
                contract::done(&store, &posted.conversation, step, 2).await;
            }
            ids.push(begun.id);
        }
        let rate = |stars| NewRating { stars, comment: None, at: contract::at(3) };
        store.rate(ids[0], &rate(5)).await.unwrap();
        store.rate(ids[1], &rate(1)).await.unwrap();
        let figures = FiguresStore::new(&store);
        let now = contract::at(24 * 3600);
        let counts = figures.counts(contract::at(0), now).await.unwrap();
        assert_eq!(counts.conversations, 4);
        assert_eq!((counts.contained, counts.confirmed, counts.deflected), (3, 1, 2));
        assert_eq!((counts.handed_off, counts.reopened), (1, 0));
        assert_eq!(counts.reasons["low_confidence"], 1);
        assert_eq!(counts.stars, [1, 0, 0, 0, 1]);
        let open = figures.counts(contract::at(0), contract::at(60)).await.unwrap();
        assert_eq!(open.contained, 0, "a conversation that goes on is not contained");
        assert_eq!(figures.counts(contract::at(9), now).await.unwrap(), Counts::default());
        assert_eq!(figures.states().await.unwrap().waiting, 1);
        assert_eq!(store.escalations(9).await.unwrap().len(), 1);
    }
}
