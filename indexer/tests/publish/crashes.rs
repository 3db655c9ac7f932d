//! What a crash or a stop leaves, and that the next start mends it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::failing::{Trouble, Troubled};
use crate::fixture::{Fixture, returns};
use indexer::model::{Audience, Generation};
use indexer::publish::{DriftKind, Progress, PublishError, Silent, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_index_flush_and_commit_is_mended_by_recover() {
    let fixture = Fixture::with_articles();
    let open = fixture.open().await;
    open.build().await.unwrap();
    fixture.write("en/returns.md", &returns("within sixty days"));
    let catalog = Arc::new(Troubled(open.data.catalog(), Trouble::NoWrites));
    let crashing = fixture.publisher(catalog, open.indexes.clone());
    crashing.sync(Arc::new(Silent)).await.unwrap_err();
    let embedded = fixture.embedder.passages_embedded();
    drop((open, crashing));

    let open = fixture.open().await;
    let drifts = open.publisher.verify().await.unwrap();
    assert_eq!((drifts.missing(), drifts.surplus()), (0, 2), "an entry in each index: {drifts:?}");
    let found = open.find("send it back within sixty days", Audience::Public).await;
    assert_eq!(found[0], "en/returns.md");
    open.publisher.recover().await.unwrap();
    let left = open.publisher.verify().await.unwrap();
    assert!(left.0.iter().all(|d| d.kind == DriftKind::Changed), "{left:?}");
    let report = open.build().await.unwrap();
    assert_eq!((report.generation, report.embedded), (Generation(2), 0));
    assert_eq!(fixture.embedder.passages_embedded(), embedded, "the vector was kept");
    open.assert_consistent().await;
}

/// Asks for the end as soon as a stage begins.
struct StopAt(Stage, AtomicBool);

impl Progress for StopAt {
    fn begin(&self, stage: Stage, _: u64) {
        if stage == self.0 {
            self.1.store(true, Ordering::Relaxed);
        }
    }
    fn advance(&self, _: u64) {}
    fn cancelled(&self) -> bool {
        self.1.load(Ordering::Relaxed)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_build_leaves_the_old_generation_and_the_next_one_goes_on() {
    let fixture = Fixture::with_articles();
    let open = fixture.open().await;
    open.build().await.unwrap();
    fixture.write("en/new.md", "# Gift cards\n\nA gift card never expires.\n");
    for stage in [Stage::Reading, Stage::Embedding, Stage::Indexing] {
        let stop = Arc::new(StopAt(stage, AtomicBool::new(false)));
        let error = open.publisher.sync(stop).await.unwrap_err();
        assert!(matches!(error, PublishError::Cancelled), "{stage:?}: {error}");
        let latest = open.data.catalog().latest().await.unwrap().unwrap();
        assert_eq!(latest.generation, Generation(1), "{stage:?}");
        let found = open.find("gift card", Audience::Public).await;
        assert!(!found.contains(&"en/new.md".to_owned()), "{stage:?}: {found:?}");
    }
    let report = open.build().await.unwrap();
    assert_eq!((report.generation, report.added), (Generation(2), 1));
    assert_eq!(report.embedded, 0, "the third stop came after embedding");
    open.assert_consistent().await;
}
