//! What only a shared catalog promises: one writer at a time, and news of commits.

use std::time::Duration;

use super::super::test_postgres::Database;
use super::*;

async fn open(database: &Database) -> PostgresCatalog {
    let url = Secret::new(database.url.clone());
    PostgresCatalog::open(&url, &CatalogSettings::default()).await.unwrap()
}

fn change(generation: u64) -> Change<'static> {
    Change {
        generation: Generation(generation),
        fingerprint: "space",
        upsert: Vec::new(),
        remove: Vec::new(),
        add: Vec::new(),
        retire: Vec::new(),
        added: 0,
        changed: 0,
        retired: 0,
        embedded: 0,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_writes_and_names_itself_to_the_others() {
    let Some(database) = Database::new() else { return };
    let (one, two) = tokio::join!(open(&database), open(&database));
    let error = one.commit(&change(1)).await.unwrap_err();
    assert!(matches!(error, CatalogError::NotWriter(_)), "{error}");

    let lock = one.try_lead().await.unwrap().unwrap();
    assert!(two.try_lead().await.unwrap().is_none());
    one.commit(&change(1)).await.unwrap();
    let error = two.commit(&change(2)).await.unwrap_err().to_string();
    assert!(error.contains(&std::process::id().to_string()), "{error}");

    lock.release().await;
    let lock = two.try_lead().await.unwrap().unwrap();
    two.commit(&change(2)).await.unwrap();
    drop(lock);
    assert!(two.commit(&change(3)).await.is_err(), "without the lock nothing is committed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_lost_its_connection_cannot_commit_after_another_took_over() {
    let Some(database) = Database::new() else { return };
    let (one, two) = tokio::join!(open(&database), open(&database));
    let lost = one.try_lead().await.unwrap().unwrap();
    one.commit(&change(1)).await.unwrap();
    database.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    );
    let taken = loop {
        match two.try_lead().await.unwrap() {
            Some(lock) => break lock,
            None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    let error = one.commit(&change(2)).await.unwrap_err();
    assert!(matches!(error, CatalogError::NotWriter(_)), "{error}");
    two.commit(&change(2)).await.unwrap();
    lost.lost().await;
    drop(taken);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_announced_and_a_wait_ends_without_one() {
    let Some(database) = Database::new() else { return };
    let (one, two) = tokio::join!(open(&database), open(&database));
    let _lock = one.try_lead().await.unwrap().unwrap();
    let mut news = two.announcements().await.unwrap();
    news.next(Duration::from_millis(1)).await.unwrap();
    one.commit(&change(1)).await.unwrap();
    // Only an announcement ends this wait within the life of a test.
    news.next(Duration::from_secs(3600)).await.unwrap();
    assert_eq!(two.latest().await.unwrap().unwrap().generation, Generation(1));

    database.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                  WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    // Whether a broken connection is an error or news, it is made again.
    while news.next(Duration::from_secs(3600)).await.is_err() {
        news = two.announcements().await.unwrap();
    }
    assert_eq!(two.latest().await.unwrap().unwrap().generation, Generation(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_or_absent_database_is_said_without_its_password() {
    for url in ["postgres://shop:pearl@127.0.0.1:1/shop", "postgres://shop:pearl@[/shop"] {
        let settings = CatalogSettings { connect_timeout_ms: 500, ..CatalogSettings::default() };
        let error = PostgresCatalog::open(&Secret::new(url), &settings).await.err().unwrap();
        let text = error.to_string();
        assert!(text.contains("catalog.url") && !text.contains("pearl"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_fills_an_empty_catalog_and_no_other() {
    let (Some(from), Some(to)) = (Database::new(), Database::new()) else { return };
    let (one, two) = tokio::join!(open(&from), open(&to));
    let _lock = one.try_lead().await.unwrap().unwrap();
    one.commit(&change(1)).await.unwrap();
    let odd = "a\ttab, a \\ and a line\nbreak".to_owned();
    let skipped = [SkippedFile { path: "a.md".to_owned(), reason: odd }];
    one.record_skipped(&skipped).await.unwrap();
    let vectors = [(EmbedHash([7; 32]), vec![0.25, -1.0e-7])];
    one.store_vectors("space", &vectors).await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let copy = one.copy_to(folder.path()).await.unwrap();
    assert_eq!(copy, CatalogCopy { generation: 1, documents: 0, passages: 0 });
    let wrong = CatalogCopy { documents: 3, ..copy };
    assert!(two.fill_from(folder.path(), wrong).await.is_err());
    two.check_empty().await.unwrap();
    two.fill_from(folder.path(), copy).await.unwrap();
    assert_eq!(two.latest().await.unwrap(), one.latest().await.unwrap());
    assert_eq!(two.skipped().await.unwrap(), skipped);
    assert_eq!(two.vectors("space", &[EmbedHash([7; 32])]).await.unwrap(), vectors);
    let error = two.fill_from(folder.path(), copy).await.unwrap_err().to_string();
    assert!(error.contains("not empty") && error.contains("kb_"), "{error}");
}
