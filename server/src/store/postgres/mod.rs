//! Everything that is kept of conversations in a Postgres database that several processes share.
//!
//! A change of a conversation begins by locking its row, so that what is read is what is changed, whichever
//! process does it. Changes are announced by triggers ([`Changes`]); every call has a time-out. Chosen by
//! `database.url` or `conversations.url`; opened by [`Stores`](super::Stores).

mod accounts;
mod audit;
mod changes;
mod choices;
mod conversations;
mod copy;
mod customers;
mod duties;
mod figures;
mod hand_overs;
mod keys;
mod outbox;
mod personal;
mod privacy;
mod questions;
mod scrub;
mod sealed;
mod secrets;
mod selects;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tls_tests;

use std::time::Duration;

use indexer::catalog::PostgresAddress;
use indexer::secret::Secret;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};

use super::{ConversationSettings, StoreError};

pub use changes::{Changes, News};
pub use copy::{Filled, StoreCopy, copied_tables};
pub(in crate::store) use copy::{TABLES, file_of};

/// Beside the tables of others in the same database.
const MIGRATIONS: &str = "conv_migrations";
/// Where a statement that outlives its caller ends by itself: this much after the caller's time-out.
const STATEMENT_GRACE: Duration = Duration::from_secs(5);
/// A transaction whose process hangs gives its locks back after this.
const IDLE_IN_TRANSACTION: &str = "30s";

/// The shared store. Share it in an `Arc`.
pub struct PostgresStore {
    pool: PgPool,
    timeout: Duration,
    /// Host and database, for messages; never the password.
    location: String,
}

impl PostgresStore {
    /// Connects and brings the tables up to date; several processes may do so at the same time.
    ///
    /// # Errors
    /// [`StoreError::Open`] when the database cannot be reached, refuses, or is of a newer version.
    pub async fn open(url: &Secret, settings: &ConversationSettings) -> Result<Self, StoreError> {
        let address = address(url)?;
        let location = address.location().to_owned();
        let timeout = settings.timeout();
        let limit = (timeout + STATEMENT_GRACE).as_millis().to_string();
        let options = address.options().application_name("atbilde").options([
            ("statement_timeout", limit.as_str()),
            ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION),
            ("extra_float_digits", "2"),
        ]);
        let pool = PgPoolOptions::new()
            // One of them listens.
            .max_connections(settings.connections.saturating_add(1))
            .acquire_timeout(settings.connect_timeout())
            .connect_with(options)
            .await
            .map_err(|e| unreachable(&address, &e))?;
        let mut migrations = sqlx::migrate!("./migrations/postgres");
        migrations.dangerous_set_table_name(MIGRATIONS);
        migrations.run(&pool).await.map_err(|e| StoreError::Open {
            location: location.clone(),
            reason: format!("{e}; was it written by a newer atbilde? Use that version"),
        })?;
        Ok(Self { pool, timeout, location })
    }

    /// Closes all connections; pending writes are done.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// On the heap: what talks to a database over TLS is too large for the futures of all callers.
    fn within<'a, T>(
        &'a self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'a,
    ) -> impl Future<Output = Result<T, StoreError>> + Send + 'a {
        self.within_for(self.timeout, work)
    }

    fn within_for<'a, T>(
        &'a self,
        limit: Duration,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'a,
    ) -> impl Future<Output = Result<T, StoreError>> + Send + 'a {
        let work = Box::pin(work);
        async move {
            tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
                Err(StoreError::Database(format!(
                    "{} did not answer within {} ms",
                    self.location,
                    limit.as_millis()
                )))
            })
        }
    }
}

/// Connects, for a look at the configuration: the version of the server and where it is. Changes nothing.
///
/// # Errors
/// [`StoreError::Open`] when the database cannot be reached or refuses.
pub async fn database_version(url: &Secret, timeout_ms: u64) -> Result<String, StoreError> {
    let address = address(url)?;
    let location = address.location();
    let ask = async {
        let mut connection = address.options().connect().await?;
        let version: String =
            sqlx::query_scalar("SHOW server_version").fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(version)
    };
    match tokio::time::timeout(Duration::from_millis(timeout_ms), ask).await {
        Ok(Ok(version)) => Ok(format!("Postgres {version} at {location}")),
        Ok(Err(error)) => Err(unreachable(&address, &error)),
        Err(_) => {
            let reason = format!("no answer within {timeout_ms} ms; is the database up?");
            Err(StoreError::Open { location: location.to_owned(), reason })
        }
    }
}

fn address(url: &Secret) -> Result<PostgresAddress, StoreError> {
    PostgresAddress::parse(url).map_err(|reason| StoreError::Open {
        location: "database.url (or conversations.url)".to_owned(),
        reason,
    })
}

fn unreachable(address: &PostgresAddress, error: &sqlx::Error) -> StoreError {
    StoreError::Open { location: address.location().to_owned(), reason: address.reason(error) }
}
