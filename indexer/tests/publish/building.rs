//! What a build does after each kind of change.

use std::sync::Arc;

use crate::fixture::{Fixture, returns};
use indexer::embed::Embedder;
use indexer::model::{Audience, Generation};
use indexer::publish::{PublishError, Publisher, Silent};
use indexer::source::{AudienceRule, SourceRules};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_build_indexes_everything() {
    let fixture = Fixture::with_articles();
    let open = fixture.open().await;
    let report = open.build().await.unwrap();
    assert_eq!(report.generation, Generation(1));
    assert_eq!((report.documents, report.added, report.changed, report.retired), (3, 3, 0, 0));
    assert_eq!(report.passages, open.passage_ids().await.len() as u64);
    assert_eq!(report.embedded, report.passages);
    assert_eq!(report.embedded, fixture.embedder.passages_embedded());
    assert_eq!(
        open.find("parcels leave the warehouse", Audience::Public).await[0],
        "en/shipping.md"
    );
    open.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_folder_makes_no_generation_and_embeds_nothing() {
    let fixture = Fixture::with_articles();
    let first = fixture.open().await.build().await.unwrap();
    let embedded = fixture.embedder.passages_embedded();
    // A new process would look the same: everything is opened again.
    let again = fixture.open().await.build().await.unwrap();
    assert_eq!(again.generation, first.generation);
    assert_eq!((again.added, again.changed, again.retired, again.embedded), (0, 0, 0, 0));
    assert_eq!((again.documents, again.passages), (first.documents, first.passages));
    assert_eq!(fixture.embedder.passages_embedded(), embedded);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_embeds_only_the_passages_that_changed() {
    let fixture = Fixture::with_articles();
    let open = fixture.open().await;
    open.build().await.unwrap();
    let before = open.passage_ids().await;
    fixture.write("en/returns.md", &returns("within sixty days"));
    let report = open.build().await.unwrap();
    assert_eq!((report.generation, report.changed, report.added), (Generation(2), 1, 0));
    assert_eq!(report.embedded, 1, "one of three sections was edited");
    let after = open.passage_ids().await;
    assert_eq!(after.len(), before.len());
    assert_eq!(after.iter().filter(|id| !before.contains(id)).count(), 1);
    open.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_file_keeps_its_vectors() {
    let fixture = Fixture::with_articles();
    let open = fixture.open().await;
    open.build().await.unwrap();
    fs_err::rename(fixture.file("en/returns.md"), fixture.file("en/sending-back.md")).unwrap();
    let report = open.build().await.unwrap();
    assert_eq!((report.added, report.retired, report.embedded), (1, 1, 0));
    let found = open.find("refund the card", Audience::Public).await;
    assert_eq!(found[0], "en/sending-back.md");
    assert!(!found.contains(&"en/returns.md".to_owned()), "{found:?}");
    open.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_file_is_not_found_even_before_tidying() {
    let fixture = Fixture::with_articles();
    let open = fixture.open().await;
    open.build().await.unwrap();
    fixture.remove("en/returns.md");
    let report = open.publisher.sync(std::sync::Arc::new(indexer::publish::Silent)).await.unwrap();
    assert_eq!((report.retired, report.documents), (1, 2));
    let found = open.find("refund the card", Audience::Internal).await;
    assert!(!found.contains(&"en/returns.md".to_owned()), "{found:?}");
    open.publisher.tidy().await.unwrap();
    open.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_comes_back_is_live_again_without_embedding() {
    let fixture = Fixture::with_articles();
    let open = fixture.open().await;
    open.build().await.unwrap();
    fixture.write("en/returns.md", &returns("within sixty days"));
    open.build().await.unwrap();
    fixture.write("en/returns.md", &returns("within thirty days"));
    // Not tidied in between: the retired entry is still there when its id comes back.
    let report = open.publisher.sync(std::sync::Arc::new(indexer::publish::Silent)).await.unwrap();
    assert_eq!((report.generation, report.embedded), (Generation(3), 0));
    open.publisher.tidy().await.unwrap();
    open.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_builds_of_one_folder_give_equal_passages() {
    let fixture = Fixture::with_articles();
    let elsewhere = tempfile::tempdir().unwrap();
    let one = fixture.open().await;
    one.build().await.unwrap();
    let other = fixture.open_at(elsewhere.path()).await;
    other.build().await.unwrap();
    assert_eq!(one.passage_ids().await, other.passage_ids().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_folder_is_refused_while_documents_are_live() {
    let fixture = Fixture::with_articles();
    let open = fixture.open().await;
    open.build().await.unwrap();
    for path in ["en/returns.md", "en/shipping.md", "en/warranty.md"] {
        fixture.remove(path);
    }
    let error = open.build().await.unwrap_err();
    assert!(matches!(error, PublishError::Folder { .. }), "{error}");
    assert!(error.to_string().contains("--data"), "{error}");
    assert_eq!(open.find("parcels", Audience::Public).await[0], "en/shipping.md");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_read_keeps_its_last_version() {
    let fixture = Fixture::with_articles();
    let open = fixture.open().await;
    open.build().await.unwrap();
    fs_err::write(fixture.file("en/shipping.md"), b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0").unwrap();
    let report = open.build().await.unwrap();
    assert_eq!((report.documents, report.retired, report.changed), (3, 0, 0));
    assert_eq!(report.skipped[0].path, "en/shipping.md");
    assert!(report.skipped[0].reason.contains("last good version"), "{:?}", report.skipped);
    assert_eq!(
        open.find("parcels leave the warehouse", Audience::Public).await[0],
        "en/shipping.md"
    );
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_opened_keeps_its_documents() {
    use std::os::unix::fs::symlink;
    let fixture = Fixture::with_articles();
    fixture.write("lv/returns.md", "# Atgriešana\n\nPreci var atgriezt trīsdesmit dienu laikā.\n");
    let open = fixture.open().await;
    open.build().await.unwrap();
    // A link whose target is gone stands for a network folder that is not mounted; taking the
    // permission away would not stop root, who runs the tests in a container.
    fs_err::remove_dir_all(fixture.file("lv")).unwrap();
    symlink("/nonexistent/share", fixture.file("lv")).unwrap();
    let report = open.build().await.unwrap();
    assert_eq!((report.documents, report.retired), (4, 0), "{:?}", report.skipped);
    assert_eq!(report.skipped[0].path, "lv");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_matches_no_article_is_reported_by_every_sync() {
    let fixture = Fixture::with_articles();
    let open = fixture.open().await;
    let rule = |title: &str| AudienceRule {
        path: None,
        title: Some(title.to_owned()),
        audience: Audience::Internal,
    };
    let audience = ["Returns", "Retruns"].map(rule).to_vec();
    let rules = SourceRules { audience, ..SourceRules::default() };
    let embedder = Arc::clone(&fixture.embedder) as Arc<dyn Embedder>;
    let indexes = open.indexes.clone();
    let publisher = Publisher::new(&fixture.kb(), rules, open.data.catalog(), embedder, indexes);
    // The second one reads nothing anew.
    for added in [3, 0] {
        let report = publisher.sync(Arc::new(Silent)).await.unwrap();
        assert_eq!(report.added, added);
        let told = serde_json::to_value(&report.unmatched_rules).unwrap();
        assert_eq!(told.as_array().unwrap().len(), 1, "{told}");
        assert_eq!(told[0]["rule"], 2, "{told}");
        assert_eq!(told[0]["pattern"], "title = \"Retruns\"", "{told}");
    }
}
