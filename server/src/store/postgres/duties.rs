//! Which process does what one does for all: a lease by the clock of the database.

use std::time::Duration;

use async_trait::async_trait;

use super::PostgresStore;
use crate::store::{Duties, Duty, StoreError};

#[async_trait]
impl Duties for PostgresStore {
    async fn take(&self, duty: Duty, lease: Duration) -> Result<bool, StoreError> {
        self.within(async {
            let lease = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
            let taken = sqlx::query(
                "WITH now AS (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms) \
                 INSERT INTO conv_duties (name, until) SELECT $1, ms + $2 FROM now \
                 ON CONFLICT (name) DO UPDATE SET until = excluded.until \
                 WHERE conv_duties.until <= excluded.until - $2",
            )
            .bind(duty.as_str())
            .bind(lease)
            .execute(&self.pool)
            .await?;
            Ok(taken.rows_affected() > 0)
        })
        .await
    }
}
