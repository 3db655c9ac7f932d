//! The knowledge base follows its folder while the server runs.

use std::time::{Duration, Instant};

use crate::support::{TestApp, spawn_app};

async fn until_found(app: &TestApp, word: &str, found: bool) {
    let started = Instant::now();
    while app.search(&format!("q={word}")).await.to_string().contains(word) != found {
        assert!(started.elapsed() < Duration::from_secs(30), "{word}: waiting for {found}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_shows_and_a_deletion_hides() {
    let app = spawn_app(|_| {}).await;
    let file = app.folder.path().join("kb/help/en/gate.md");
    fs_err::write(&file, "# Gate\n\nThe code zyxqone opens the gate.\n").unwrap();
    until_found(&app, "zyxqone", true).await;
    fs_err::write(&file, "# Gate\n\nThe code zyxqtwo opens the gate.\n").unwrap();
    until_found(&app, "zyxqtwo", true).await;
    until_found(&app, "zyxqone", false).await;
    assert!(app.get("/kb/gate").await.text().await.unwrap().contains("zyxqtwo"));
    fs_err::remove_file(&file).unwrap();
    until_found(&app, "zyxqtwo", false).await;
    assert_eq!(app.get("/kb/gate").await.status(), 404);
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_vanishes_retires_nothing() {
    let app = spawn_app(|s| s.indexer.watch.rescan_s = 0.5).await;
    let kb = app.folder.path().join("kb");
    fs_err::rename(&kb, app.folder.path().join("away")).unwrap();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert!(app.search("q=zip+repair").await.to_string().contains("€18"));
    assert_eq!(app.get("/readyz").await.status(), 200);
    app.stop().await.unwrap();
}
