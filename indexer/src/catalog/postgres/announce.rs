//! Hearing of new generations: `LISTEN`, and a look every so often for what was missed.

use std::time::Duration;

use sqlx::postgres::PgListener;

use super::super::CatalogError;
use super::{CHANNEL, PostgresCatalog};

/// A connection that hears of commits.
pub struct Announcements {
    listener: PgListener,
}

impl PostgresCatalog {
    /// Starts to listen, on a connection of its own.
    ///
    /// # Errors
    /// [`CatalogError::Database`] when the database cannot be reached.
    pub async fn announcements(&self) -> Result<Announcements, CatalogError> {
        self.within(self.settings.connect_timeout(), async {
            let mut listener = PgListener::connect_with(&self.pool).await?;
            listener.listen(CHANNEL).await?;
            Ok(Announcements { listener })
        })
        .await
    }
}

impl Announcements {
    /// Returns when a generation was committed, and after `at_most` in any case. An announcement may
    /// be about another schema, doubled, or lost with a broken connection: look at the catalog.
    ///
    /// # Errors
    /// [`CatalogError::Database`] when the connection is broken and cannot be made again.
    pub async fn next(&mut self, at_most: Duration) -> Result<(), CatalogError> {
        match tokio::time::timeout(at_most, self.listener.try_recv()).await {
            Ok(Err(error)) => Err(error.into()),
            Ok(Ok(_)) | Err(_) => Ok(()),
        }
    }
}
