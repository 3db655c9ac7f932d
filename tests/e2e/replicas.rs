//! Several applications over one Postgres: they answer the same, and when the one that publishes ends,
//! another takes over. Vectors are in process here, so each fills its own from the catalog.

use std::time::{Duration, Instant};

use indexer::secret::Secret;
use serde_json::Value;
use server::settings::Settings;

use crate::support::{TestApp, spawn_app};
use crate::test_postgres::Database;

/// A search whose connection to the catalog was cut says 503; the next one has another.
async fn until_found(app: &TestApp, word: &str, found: bool) {
    let started = Instant::now();
    let is_found = || async {
        let response = app.get(&format!("/v1/search?q={word}")).await;
        match response.status().as_u16() {
            503 => None,
            _ => Some(response.text().await.unwrap().contains(word)),
        }
    };
    while is_found().await != Some(found) {
        assert!(started.elapsed() < Duration::from_secs(60), "{word}: waiting for {found}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The folder of articles is the same for all.
fn write(apps: &[&TestApp], text: &str) {
    for app in apps {
        fs_err::write(app.folder.path().join("kb/help/en/gate.md"), text).unwrap();
    }
}

/// What is found, without the time it took.
async fn found(app: &TestApp, query: &str) -> Value {
    let mut found = app.search(query).await;
    if let Some(object) = found.as_object_mut() {
        object.retain(|key, _| !key.contains("timing"));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_answer_the_same_and_another_takes_over_when_the_writer_ends() {
    let Some(database) = Database::new() else { return };
    let shared = |settings: &mut Settings| {
        settings.indexer.catalog.url = Some(Secret::new(database.url.clone()));
        settings.indexer.watch.poll_s = 0.2;
    };
    let one = spawn_app(shared).await;
    let two = spawn_app(shared).await;
    write(&[&one, &two], "# Gate\n\nThe code zyxqone opens the gate.\n");
    until_found(&one, "zyxqone", true).await;
    until_found(&two, "zyxqone", true).await;
    for query in ["q=refund", "q=how+long+does+a+refund+take", "q=zip+repair", "q=preci+atgriezt"] {
        assert_eq!(found(&one, query).await, found(&two, query).await, "{query}");
    }
    assert_eq!(database.sql("SELECT count(*) FROM kb_writer WHERE epoch > 0"), "1");

    one.stop().await.unwrap();
    write(&[&two], "# Gate\n\nThe code zyxqtwo opens the gate.\n");
    until_found(&two, "zyxqtwo", true).await;
    until_found(&two, "zyxqone", false).await;

    // The writer's connections break: it takes its place again and goes on.
    database.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    write(&[&two], "# Gate\n\nThe code zyxqthree opens the gate.\n");
    until_found(&two, "zyxqthree", true).await;
    two.stop().await.unwrap();
}
