//! Removing what is retired: never what is live again, never for a process that may not write.

use std::sync::Arc;
use std::time::Duration;

use crate::failing::{Trouble, Troubled};
use crate::fixture::{Fixture, Open, returns};
use indexer::model::{Audience, Generation};
use indexer::publish::{PublishError, Silent};

/// The second generation is live; what it retired is not removed yet.
async fn edited(fixture: &Fixture) -> Open {
    let open = fixture.open().await;
    open.build().await.unwrap();
    fixture.write("en/returns.md", &returns("within sixty days"));
    open.publisher.sync(Arc::new(Silent)).await.unwrap();
    open
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_is_undone_while_it_is_tidied_is_not_lost() {
    let fixture = Fixture::with_articles();
    let open = edited(&fixture).await;
    let late = Trouble::LateList(Duration::from_millis(400));
    let catalog = Arc::new(Troubled(open.data.catalog(), late));
    let publisher = fixture.publisher(catalog, open.indexes.clone());
    fixture.write("en/returns.md", &returns("within thirty days"));
    let undone = async {
        // The list of what goes is made, and holds what comes back.
        tokio::time::sleep(Duration::from_millis(100)).await;
        publisher.sync(Arc::new(Silent)).await
    };
    let (tidied, report) = tokio::join!(publisher.tidy(), undone);
    tidied.unwrap();
    assert_eq!(report.unwrap().generation, Generation(3));
    let found = open.find("send it back within thirty days", Audience::Public).await;
    assert_eq!(found[0], "en/returns.md");
    // What the undone edit leaves behind goes as ever.
    open.publisher.tidy().await.unwrap();
    open.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_write_the_catalog_takes_nothing_from_the_vectors() {
    let fixture = Fixture::with_articles();
    let open = edited(&fixture).await;
    let catalog = Arc::new(Troubled(open.data.catalog(), Trouble::NoWrites));
    let deposed = fixture.publisher(catalog, open.indexes.clone());
    let before = open.indexes.vectors.ids().await.unwrap();
    let error = deposed.tidy().await.unwrap_err();
    assert!(matches!(error, PublishError::Catalog(_)), "{error}");
    assert_eq!(open.indexes.vectors.ids().await.unwrap(), before);
    open.publisher.tidy().await.unwrap();
    assert_eq!(open.indexes.vectors.ids().await.unwrap().len() + 1, before.len());
    open.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_catalog_and_vectors_is_mended_by_recover() {
    let fixture = Fixture::with_articles();
    let open = edited(&fixture).await;
    let catalog = open.data.catalog();
    let retired = catalog.retired_until(Generation(2)).await.unwrap();
    catalog.purge(&retired).await.unwrap();
    assert!(open.publisher.verify().await.unwrap().surplus() > 0, "the indexes hold it still");
    open.publisher.recover().await.unwrap();
    open.assert_consistent().await;
}
