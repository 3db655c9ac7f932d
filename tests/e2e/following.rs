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

/// Article `n` of a folder that git writes as a whole.
fn article(n: usize, word: &str) -> String {
    format!("# Gadget {n}\n\nGadget {n} is delivered with a {word} key.\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkout_of_many_files_is_one_generation_and_never_seen_by_halves() {
    const FILES: usize = 60;
    let app = spawn_app(|s| s.indexer.watch.settle_ms = 50).await;
    let folder = app.folder.path().join("kb/help/en/gadgets");
    let git = app.folder.path().join(".git");
    let lock = git.join("index.lock");
    fs_err::create_dir_all(&folder).unwrap();
    fs_err::create_dir(&git).unwrap();
    let checkout = async |word: &str| {
        fs_err::write(&lock, "").unwrap();
        for n in 0..FILES {
            fs_err::write(folder.join(format!("g{n}.md")), article(n, word)).unwrap();
            if n % 20 == 0 {
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
        }
        fs_err::remove_file(&lock).unwrap();
    };
    let generation =
        async || app.search("q=zip").await["index_generation"].as_u64().expect("a generation");
    // One search, so that both words are counted in one view.
    let found = async || {
        let hits = app.search("q=gadget+delivered+key&limit=50").await.to_string();
        (hits.contains("brasszyx"), hits.contains("ironqwv"))
    };

    checkout("brasszyx").await;
    until_found(&app, "brasszyx", true).await;
    let before = generation().await;
    let writing = checkout("ironqwv");
    tokio::pin!(writing);
    let (mut written, started) = (false, Instant::now());
    loop {
        tokio::select! {
            () = &mut writing, if !written => written = true,
            () = tokio::time::sleep(Duration::from_millis(20)) => {}
        }
        let (old, new) = found().await;
        assert!(old != new, "a search sees the old texts or the new ones: {old}, {new}");
        if new {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "the checkout becomes live");
    }
    assert_eq!(generation().await, before + 1);
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_folder_keeps_its_vectors_and_changes_its_paths() {
    let app = spawn_app(|_| {}).await;
    let old = app.folder.path().join("kb/help/en/old-place");
    fs_err::create_dir_all(&old).unwrap();
    fs_err::write(old.join("lamp.md"), "# Lamp\n\nThe lamp zyxlamp shines for 9 hours.\n").unwrap();
    until_found(&app, "old-place/lamp.md", true).await;
    fs_err::rename(&old, app.folder.path().join("kb/help/en/new-place")).unwrap();
    let started = Instant::now();
    loop {
        let hits = app.search("q=zyxlamp").await.to_string();
        if hits.contains("new-place/lamp.md") && !hits.contains("old-place") {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "{hits}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_article_that_is_emptied_and_stays_so_is_gone_though_nothing_else_changes() {
    // No look at regular times within the test: the follower has to come back by itself.
    let app = spawn_app(|s| s.indexer.watch.rescan_s = 3600.0).await;
    let file = app.folder.path().join("kb/help/en/gate.md");
    fs_err::write(&file, "# Gate\n\nThe code zyxqone opens the gate.\n").unwrap();
    until_found(&app, "zyxqone", true).await;
    fs_err::write(&file, "").unwrap();
    until_found(&app, "zyxqone", false).await;
    fs_err::write(&file, "# Gate\n\nThe code zyxqtwo opens the gate.\n").unwrap();
    until_found(&app, "zyxqtwo", true).await;
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_emptied_and_filled_again_never_vanishes() {
    let app = spawn_app(|s| s.indexer.watch.settle_ms = 20).await;
    let file = app.folder.path().join("kb/help/en/gate.md");
    fs_err::write(&file, "# Gate\n\nThe code zyxqone opens the gate.\n").unwrap();
    until_found(&app, "zyxqone", true).await;
    fs_err::write(&file, "").unwrap();
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(1500) {
        assert!(app.search("q=zyxqone").await.to_string().contains("opens the gate"));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    fs_err::write(&file, "# Gate\n\nThe code zyxqtwo opens the gate.\n").unwrap();
    until_found(&app, "zyxqtwo", true).await;
    app.stop().await.unwrap();
}
