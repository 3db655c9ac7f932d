//! A disk that is full stops writing for as long as it is full, and a file is not written anew in memory.
//!
//! `max_page_count` stands for the disk. It belongs to a connection, so the one that takes the place of a broken
//! one has room again.

use super::*;
use crate::store::{Conversations, PersonalData, Scrub, contract, file};

/// A transaction that the database ends by itself, as it does on a full disk.
async fn fill(pool: &SqlitePool) {
    let mut connection = pool.acquire().await.unwrap();
    for sql in ["CREATE TABLE filler (content BLOB)", "PRAGMA max_page_count = 1"] {
        sqlx::query(sql).execute(&mut *connection).await.unwrap();
    }
    let mut work = connection.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let full = sqlx::query("INSERT INTO filler VALUES (zeroblob(1000000))").execute(&mut *work);
    let full = full.await.unwrap_err().to_string();
    assert!(full.contains("full"), "{full}");
}

#[tokio::test]
async fn after_a_full_disk_conversations_are_stored_again_and_until_then_it_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("a.sqlite")).await.unwrap();
    let begun = contract::begin(&store).await;
    assert!(store.writable().await);
    fill(&store.writer).await;
    for second in 1..4 {
        store.post(begun.id, &contract::message("at last", second)).await.unwrap();
    }
    assert!(store.failing.load(Ordering::Relaxed), "nobody has tried since");
    assert!(store.writable().await);
    assert!(!store.failing.load(Ordering::Relaxed));
    assert_eq!(store.messages(begun.id, 0, 9).await.unwrap().len(), 3);

    // A store that cannot be written any more.
    store.failing.store(true, Ordering::Relaxed);
    store.writer.close().await;
    assert!(!store.writable().await);
    store.close().await;
}

#[tokio::test]
async fn after_a_full_disk_the_privacy_side_is_stored_again() {
    let folder = tempfile::tempdir().unwrap();
    for (name, journal) in
        [("log.sqlite", SqliteJournalMode::Wal), ("journal.sqlite", SqliteJournalMode::Delete)]
    {
        let tables = sqlx::migrate!("./migrations/keys");
        let pool = file::open(&folder.path().join(name), journal, &tables).await.unwrap();
        fill(&pool).await;
        // More often than it has connections.
        for _ in 0..8 {
            let work = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
            work.rollback().await.unwrap();
        }
        pool.close().await;
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_large_file_is_not_written_anew_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("a.sqlite")).await.unwrap();
    // More than a connection keeps in its cache.
    for sql in [
        "CREATE TABLE filler (content BLOB)",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000)
         INSERT INTO filler SELECT randomblob(1000) FROM n",
    ] {
        sqlx::query(sql).execute(&store.writer).await.unwrap();
    }
    let over = Arc::<AtomicBool>::default();
    let looking = tokio::task::spawn_blocking({
        let over = Arc::clone(&over);
        move || {
            let mut seen = false;
            while !over.load(Ordering::Relaxed) {
                let open = fs_err::read_dir("/proc/self/fd").unwrap().flatten();
                let mut files = open.filter_map(|entry| fs_err::read_link(entry.path()).ok());
                // What SQLite calls its temporary files.
                seen |= files.any(|file| file.to_string_lossy().contains("/etilqs_"));
            }
            seen
        }
    });
    assert!(store.scrub(Scrub::Whole).await.unwrap());
    over.store(true, Ordering::Relaxed);
    assert!(looking.await.unwrap());
    // All other temporary content stays in memory.
    let (place,): (i64,) =
        sqlx::query_as("PRAGMA temp_store").fetch_one(&store.writer).await.unwrap();
    assert_eq!(place, 2);
    store.close().await;
}
