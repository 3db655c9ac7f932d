//! What is not needed goes, what may be needed stays, and a kill in between does no harm.

use std::sync::Arc;

use indexer::catalog::Catalog;
use indexer::embed::{Embedder, HashEmbedder};
use indexer::publish::{PruneSettings, Pruned, Silent};

use crate::fixture::{DIMENSIONS, Fixture, returns};

const KEEP: PruneSettings = PruneSettings { keep_days: 7 };
const DROP: PruneSettings = PruneSettings { keep_days: 0 };

/// A base that has moved from one model to another.
async fn moved() -> (Fixture, String, String) {
    let mut fixture = Fixture::with_articles();
    fixture.open().await.build().await.unwrap();
    let old = fixture.embedder.identity().fingerprint.clone();
    fixture.embedder = Arc::new(HashEmbedder::new(DIMENSIONS, 2));
    fixture.open().await.build().await.unwrap();
    let new = fixture.embedder.identity().fingerprint.clone();
    (fixture, old, new)
}

async fn vectors(catalog: &dyn Catalog, fingerprint: &str) -> u64 {
    let spaces = catalog.spaces().await.unwrap();
    spaces.iter().find(|s| s.fingerprint == fingerprint).map_or(0, |s| s.vectors)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_of_an_old_model_goes_and_its_vectors_stay_for_the_way_back() {
    let (mut fixture, old, _) = moved().await;
    let open = fixture.open().await;
    let pruned = open.data.pruner(&KEEP).run(&open.indexes).await.unwrap();
    assert_eq!(pruned, Pruned { folders: vec![old.clone()], ..Pruned::default() });
    assert!(!open.data.index_folder(&old).exists());
    assert!(vectors(&*open.data.catalog(), &old).await > 0);
    open.assert_consistent().await;
    assert_eq!(open.data.pruner(&KEEP).run(&open.indexes).await.unwrap(), Pruned::default());
    drop(open);

    // Back to the old model: filled from its vectors.
    let first = Arc::new(HashEmbedder::new(DIMENSIONS, 1));
    fixture.embedder = Arc::clone(&first);
    let open = fixture.open().await;
    let report = open.build().await.unwrap();
    assert_eq!((report.embedded, first.passages_embedded()), (0, 0));
    open.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vectors_of_an_old_model_go_when_their_time_is_over() {
    let (fixture, old, new) = moved().await;
    let open = fixture.open().await;
    let before = vectors(&*open.data.catalog(), &old).await;
    let pruned = open.data.pruner(&DROP).run(&open.indexes).await.unwrap();
    assert_eq!(pruned.vectors, before);
    assert_eq!(vectors(&*open.data.catalog(), &old).await, 0);
    assert!(vectors(&*open.data.catalog(), &new).await > 0);
    open.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_space_that_is_being_built_or_was_begun_just_now_stays() {
    let fixture = Fixture::with_articles();
    let open = fixture.open().await;
    open.build().await.unwrap();
    let second: Arc<dyn Embedder> = Arc::new(HashEmbedder::new(DIMENSIONS, 2));
    let space = second.identity().fingerprint.clone();
    let shadow = fixture.publisher_of(&open.data, second).await;
    shadow.fill_space(&(Arc::new(Silent) as _)).await.unwrap();
    // Configured: never. Not configured any more: after its time.
    let configured = shadow.indexes().clone();
    assert_eq!(open.data.pruner(&DROP).run(&configured).await.unwrap(), Pruned::default());
    drop((shadow, configured));
    assert_eq!(open.data.pruner(&KEEP).run(&open.indexes).await.unwrap(), Pruned::default());
    let pruned = open.data.pruner(&DROP).run(&open.indexes).await.unwrap();
    assert_eq!(pruned.folders, std::slice::from_ref(&space));
    assert_eq!((pruned.vectors > 0, vectors(&*open.data.catalog(), &space).await), (true, 0));
    open.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_that_was_killed_is_ended_and_other_folders_are_left_alone() {
    let (fixture, old, _) = moved().await;
    let open = fixture.open().await;
    let folder = open.data.index_folder(&old);
    // Killed after the renaming: half of it is gone.
    let going = folder.with_file_name(format!("index-{old}.removing"));
    fs_err::rename(&folder, &going).unwrap();
    fs_err::remove_dir_all(going.join("vectors")).unwrap();
    for other in ["index-of-somebody", "backup", "index-"] {
        fs_err::create_dir(open.data.path().join(other)).unwrap();
    }
    open.data.pruner(&KEEP).run(&open.indexes).await.unwrap();
    assert!(!going.exists());
    for other in ["index-of-somebody", "backup", "index-"] {
        assert!(open.data.path().join(other).is_dir(), "{other}");
    }
    open.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vectors_of_texts_that_may_come_back_stay_until_they_outnumber_those_in_use() {
    let fixture = Fixture::with_articles();
    let open = fixture.open().await;
    open.build().await.unwrap();
    fixture.write("en/returns.md", &returns("within sixty days"));
    open.build().await.unwrap();
    let (catalog, space) = (open.data.catalog(), open.indexes.fingerprint.clone());
    assert_eq!(
        open.data.pruner(&DROP).run(&open.indexes).await.unwrap().vectors,
        0,
        "one text is unused"
    );
    let many: Vec<_> = (0..1500u32)
        .map(|i| {
            let mut hash = [0; 32];
            hash[..4].copy_from_slice(&i.to_le_bytes());
            (indexer::model::EmbedHash(hash), vec![0.0; DIMENSIONS])
        })
        .collect();
    catalog.store_vectors(&space, &many).await.unwrap();
    assert_eq!(open.data.pruner(&DROP).run(&open.indexes).await.unwrap().vectors, 1501);
    assert_eq!(vectors(&*catalog, &space).await, open.passage_ids().await.len() as u64);
    open.assert_consistent().await;
}
