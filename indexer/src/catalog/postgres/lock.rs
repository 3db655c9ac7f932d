//! The writer's place: one process of those that share a catalog publishes.
//!
//! A session-level advisory lock on a connection of its own, kept by a task that looks at it every
//! second. The server gives the place free when the connection ends, however it ends; one whose
//! process hangs or whose machine is gone is ended by the server after [`SILENCE`]. Taking the place
//! raises the epoch, which every commit checks (`write::fenced`), so that two writers at once are
//! impossible and not just unlikely.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions, Connection, Row};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::super::CatalogError;
use super::PostgresCatalog;

/// First half of the lock's key ("Atbi"); the second is the schema, so that several knowledge bases
/// may live in one database.
const KEY: i32 = 0x4174_6269;
/// A holder that was silent for this long has lost the place, seconds.
const SILENCE: u32 = 15;
/// Between two looks at the connection.
const BEAT: Duration = Duration::from_secs(1);
/// A look that takes longer has failed.
const LOOK: Duration = Duration::from_secs(3);

/// The writer's place, held. Dropping it gives the place up.
pub struct WriterLock {
    place: Arc<Place>,
    stop: CancellationToken,
    lost: CancellationToken,
    keeper: Option<JoinHandle<()>>,
}

/// What the catalog's commits go by.
struct Place {
    shared: Arc<AtomicI64>,
    own: i64,
}

impl Place {
    fn give_up(&self) {
        let _ = self.shared.compare_exchange(self.own, 0, Ordering::AcqRel, Ordering::Acquire);
    }
}

impl PostgresCatalog {
    /// Takes the writer's place when it is free; `None` when another process has it. Waits for
    /// nobody.
    ///
    /// # Errors
    /// [`CatalogError::Database`] when the database cannot be asked.
    pub async fn try_lead(&self) -> Result<Option<WriterLock>, CatalogError> {
        let limit = self.settings.connect_timeout();
        let mut connection =
            self.within(limit, async { Ok(self.options.connect().await?) }).await?;
        let Some(epoch) = self.within(limit, take(&mut connection)).await? else {
            let _ = connection.close().await;
            return Ok(None);
        };
        self.epoch.store(epoch, Ordering::Release);
        let place = Arc::new(Place { shared: Arc::clone(&self.epoch), own: epoch });
        let (stop, lost) = (CancellationToken::new(), CancellationToken::new());
        let keeper =
            tokio::spawn(keep(connection, Arc::clone(&place), (stop.clone(), lost.clone())));
        Ok(Some(WriterLock { place, stop, lost, keeper: Some(keeper) }))
    }

    /// The error that names who has the writer's place.
    ///
    /// # Errors
    /// [`CatalogError::Database`] when the database cannot be asked.
    pub async fn not_writer(&self) -> Result<CatalogError, CatalogError> {
        self.reading(async {
            let row = sqlx::query("SELECT holder FROM kb_writer").fetch_one(&self.pool).await?;
            Ok(refusal(row.try_get("holder")?))
        })
        .await
    }
}

async fn take(connection: &mut PgConnection) -> Result<Option<i64>, CatalogError> {
    for setting in
        [format!("SET idle_session_timeout = '{SILENCE}s'"), "SET lock_timeout = '4s'".to_owned()]
    {
        // An older server knows no idle_session_timeout; then its own defaults hold.
        let known = sqlx::query(sqlx::AssertSqlSafe(setting)).execute(&mut *connection).await;
        if let Err(error) = known {
            tracing::debug!(%error, "catalog.session_setting");
        }
    }
    let row = sqlx::query("SELECT pg_try_advisory_lock($1, hashtext(current_schema())) AS taken")
        .bind(KEY)
        .fetch_one(&mut *connection)
        .await?;
    if !row.try_get::<bool, _>("taken")? {
        return Ok(None);
    }
    // Waits for a commit of the former writer that is under way.
    let row = sqlx::query("UPDATE kb_writer SET epoch = epoch + 1, holder = $1 RETURNING epoch")
        .bind(holder())
        .fetch_one(&mut *connection)
        .await?;
    Ok(Some(row.try_get("epoch")?))
}

/// Holds the connection until told to stop or until it breaks.
async fn keep(
    mut connection: PgConnection,
    place: Arc<Place>,
    (stop, lost): (CancellationToken, CancellationToken),
) {
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(BEAT) => {}
        }
        if !matches!(tokio::time::timeout(LOOK, connection.ping()).await, Ok(Ok(()))) {
            place.give_up();
            lost.cancel();
            return;
        }
    }
    let _ = tokio::time::timeout(LOOK, connection.close()).await;
}

impl WriterLock {
    /// Returns when the place is lost, a few seconds at most after it was.
    pub async fn lost(&self) {
        self.lost.cancelled().await;
    }

    /// Gives the place up; the server has heard of it when this returns.
    pub async fn release(mut self) {
        self.place.give_up();
        self.stop.cancel();
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.await;
        }
    }
}

impl Drop for WriterLock {
    fn drop(&mut self) {
        self.place.give_up();
        self.stop.cancel();
    }
}

/// Says who the writer is.
pub(super) fn refusal(holder: &str) -> CatalogError {
    let holder =
        if holder.is_empty() { String::new() } else { format!(" (the writer is {holder})") };
    CatalogError::NotWriter(holder)
}

/// Process and machine.
fn holder() -> String {
    let machine = fs_err::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("process {} on {}", std::process::id(), machine.trim())
}
