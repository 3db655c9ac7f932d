//! `verify` finds every kind of drift, and `repair` mends what the catalog can mend.

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::Arc;

use crate::fixture::{DIMENSIONS, Fixture, returns};
use indexer::catalog::LivePassage;
use indexer::embed::{Embedder, HashEmbedder};
use indexer::keyword::KeywordSettings;
use indexer::model::{Audience, DocumentMeta};
use indexer::publish::{DataFolder, DriftKind, Place, Silent};
use indexer::vector::VectorPoint;

#[tokio::test(flavor = "multi_thread")]
async fn edits_in_the_folder_are_drift_until_they_are_built() {
    let fixture = Fixture::with_articles();
    let open = fixture.open().await;
    open.build().await.unwrap();
    fixture.write("en/returns.md", &returns("within sixty days"));
    fixture.write("en/new.md", "# Gift cards\n\nA gift card never expires.\n");
    fixture.remove("en/warranty.md");
    let drifts = open.publisher.verify().await.unwrap().0;
    let seen: Vec<_> =
        drifts.iter().map(|d| (d.place, d.kind, d.path.as_deref().unwrap())).collect();
    assert_eq!(
        seen,
        [
            (Place::Folder, DriftKind::Added, "en/new.md"),
            (Place::Folder, DriftKind::Changed, "en/returns.md"),
            (Place::Folder, DriftKind::Retired, "en/warranty.md"),
        ]
    );
    let pending = open.publisher.pending_changes().await.unwrap();
    assert_eq!((pending.added.len(), pending.changed.len(), pending.retired.len()), (1, 1, 1));
    open.build().await.unwrap();
    open.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_index_entries_are_put_back_without_embedding() {
    let fixture = Fixture::with_articles();
    let open = fixture.open().await;
    open.build().await.unwrap();
    let ids = open.passage_ids().await;
    let embedded = fixture.embedder.passages_embedded();
    open.indexes.vectors.delete(&ids[..2]).await.unwrap();
    open.indexes.vectors.flush().await.unwrap();
    open.indexes.keyword.delete(&ids[1..2]).unwrap();
    open.indexes.keyword.commit(indexer::model::Generation(1)).unwrap();
    let drifts = open.publisher.verify().await.unwrap();
    assert_eq!((drifts.missing(), drifts.surplus()), (3, 0), "{drifts:?}");
    open.publisher.repair(Arc::new(Silent)).await.unwrap();
    open.assert_consistent().await;
    assert_eq!(fixture.embedder.passages_embedded(), embedded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vector_of_the_wrong_length_is_found_and_made_again() {
    let fixture = Fixture::with_articles();
    let open = fixture.open().await;
    open.build().await.unwrap();
    let catalog = open.data.catalog();
    let hash = catalog.snapshot().await.unwrap().passages[0].embed_hash;
    catalog.store_vectors(&open.indexes.fingerprint, &[(hash, vec![1.0; 3])]).await.unwrap();
    let drifts = open.publisher.verify().await.unwrap().0;
    assert_eq!(drifts.len(), 1, "{drifts:?}");
    assert_eq!((drifts[0].place, drifts[0].kind), (Place::Catalog, DriftKind::WrongLength));
    let before = fixture.embedder.passages_embedded();
    open.publisher.repair(Arc::new(Silent)).await.unwrap();
    open.assert_consistent().await;
    assert_eq!(fixture.embedder.passages_embedded(), before + 1);
}

/// Overwrites every description file (JSON) below `folder`.
fn damage(folder: &Path) {
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            damage(&path);
        } else if path.extension().is_some_and(|e| e == "json") {
            fs_err::write(path, "not an index").unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_index_is_refused_then_set_aside_and_filled_again() {
    for name in ["keyword", "vectors"] {
        let fixture = Fixture::with_articles();
        let open = fixture.open().await;
        open.build().await.unwrap();
        let folder = fixture.data().join(format!("index-{}", open.indexes.fingerprint)).join(name);
        drop(open);
        damage(&folder);
        let data = DataFolder::open(&fixture.data()).await.unwrap();
        let identity = fixture.embedder.identity();
        let error = data
            .indexes(identity, &KeywordSettings::default())
            .await
            .err()
            .unwrap_or_else(|| panic!("the damaged {name} index opens"));
        assert!(error.to_string().contains("verify --repair"), "{name}: {error}");
        assert!(error.unusable_index().is_some(), "{name}");
        let aside = data.set_aside(identity, &error).unwrap().unwrap();
        assert!(aside.is_dir() && !folder.exists(), "{name}");
        drop(data);

        let open = fixture.open().await;
        let before = fixture.embedder.passages_embedded();
        open.publisher.repair(Arc::new(Silent)).await.unwrap();
        open.assert_consistent().await;
        assert_eq!(fixture.embedder.passages_embedded(), before, "{name}");
        assert_eq!(open.find("parcels", Audience::Public).await[0], "en/shipping.md");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_model_is_one_drift_and_a_build_moves_to_it() {
    let mut fixture = Fixture::with_articles();
    fixture.open().await.build().await.unwrap();
    fixture.embedder = Arc::new(HashEmbedder::new(DIMENSIONS, 2));
    let open = fixture.open().await;
    let drifts = open.publisher.verify().await.unwrap().0;
    assert_eq!(drifts.len(), 1, "{drifts:?}");
    assert_eq!(drifts[0].kind, DriftKind::OtherModel);
    let report = open.build().await.unwrap();
    assert_eq!((report.changed, report.embedded), (0, report.passages));
    open.assert_consistent().await;
    assert_eq!(
        open.find("parcels leave the warehouse", Audience::Public).await[0],
        "en/shipping.md"
    );
}

/// Flips one bit of every file in `folder` with this ending, as a failing disk does: in place. Gives
/// the number of files.
pub(crate) fn flip(folder: &Path, ending: &str) -> usize {
    let mut flipped = 0;
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != ending) {
            continue;
        }
        let mut file = fs_err::OpenOptions::new().read(true).write(true).open(path).unwrap();
        let mut first = [0];
        file.read_exact(&mut first).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.write_all(&[first[0] ^ 1]).unwrap();
        flipped += 1;
    }
    flipped
}

#[tokio::test(flavor = "multi_thread")]
async fn one_wrong_bit_in_the_keyword_index_is_found_and_the_index_is_filled_again() {
    for ending in ["idx", "term", "fast", "fieldnorm"] {
        let fixture = Fixture::with_articles();
        let open = fixture.open().await;
        open.build().await.unwrap();
        let parent = fixture.data().join(format!("index-{}", open.indexes.fingerprint));
        let folder = parent.join("keyword");
        drop(open);
        assert!(flip(&folder, ending) > 0, "{ending}");

        let data = DataFolder::open(&fixture.data()).await.unwrap();
        let identity = fixture.embedder.identity();
        let settings = KeywordSettings::default();
        let error = data.indexes(identity, &settings).await.err().unwrap();
        assert_eq!(error.unusable_index(), Some(Place::Keyword), "{ending}: {error}");
        assert!(error.to_string().contains(&format!(".{ending}")), "{ending}: {error}");
        let aside = data.set_aside(identity, &error).unwrap().unwrap();
        assert!(aside.starts_with(&parent) && aside.is_dir(), "{ending}: nothing is deleted");
        drop(data);

        let open = fixture.open().await;
        let before = fixture.embedder.passages_embedded();
        open.publisher.repair(Arc::new(Silent)).await.unwrap();
        open.assert_consistent().await;
        assert_eq!(fixture.embedder.passages_embedded(), before, "{ending}");
        assert_eq!(open.find("parcels", Audience::Public).await[0], "en/shipping.md", "{ending}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bit_that_turns_while_the_index_is_open_is_found() {
    let fixture = Fixture::with_articles();
    let open = fixture.open().await;
    open.build().await.unwrap();
    let folder = fixture.data().join(format!("index-{}", open.indexes.fingerprint)).join("keyword");
    open.assert_consistent().await;
    assert!(flip(&folder, "term") > 0);
    let drifts = open.publisher.verify().await.unwrap().0;
    assert_eq!(drifts.len(), 1, "{drifts:?}");
    assert_eq!((drifts[0].place, drifts[0].kind), (Place::Keyword, DriftKind::Unusable));
    assert_eq!(drifts[0].path.as_deref(), folder.to_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vector_that_is_not_the_catalogs_is_found_and_put_back() {
    let fixture = Fixture::with_articles();
    let open = fixture.open().await;
    open.build().await.unwrap();
    let rows = open.data.catalog().snapshot().await.unwrap();
    let (passage, ids) = (rows.passages[0], [rows.passages[0].id]);
    let right = open.indexes.vectors.stored(&ids).await.unwrap();
    let vector: Vec<f32> = right[&passage.id].vector.iter().map(|number| -number).collect();
    let meta = &rows.documents[passage.document as usize].1;
    let point = VectorPoint { id: passage.id, vector, meta };
    open.indexes.vectors.upsert(&[point]).await.unwrap();
    open.indexes.vectors.flush().await.unwrap();

    let drifts = open.publisher.verify().await.unwrap().0;
    assert_eq!(drifts.len(), 1, "{drifts:?}");
    assert_eq!((drifts[0].place, drifts[0].kind), (Place::Vectors, DriftKind::NoVector));
    assert_eq!(drifts[0].passage, Some(passage.id));
    let before = fixture.embedder.passages_embedded();
    open.publisher.repair(Arc::new(Silent)).await.unwrap();
    open.assert_consistent().await;
    assert_eq!(fixture.embedder.passages_embedded(), before);
    assert_eq!(open.indexes.vectors.stored(&ids).await.unwrap(), right);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_for_other_readers_than_its_article_is_found_and_put_back() {
    let fixture = Fixture::with_articles();
    fixture.write("en/secret.md", "---\naudience: internal\n---\n\nThe safe opens at nine.\n");
    let open = fixture.open().await;
    open.build().await.unwrap();
    let rows = open.data.catalog().snapshot().await.unwrap();
    let of_secret =
        |p: &&LivePassage| rows.documents[p.document as usize].1.audience != Audience::Public;
    let passage = *rows.passages.iter().find(of_secret).unwrap();
    let ids = [passage.id];
    let right = open.indexes.vectors.stored(&ids).await.unwrap();
    let meta = &rows.documents[passage.document as usize].1;
    let public = DocumentMeta { audience: Audience::Public, ..meta.clone() };
    let vector = right[&passage.id].vector.clone();
    let point = VectorPoint { id: passage.id, vector, meta: &public };
    open.indexes.vectors.upsert(&[point]).await.unwrap();
    open.indexes.vectors.flush().await.unwrap();

    // Before anybody looks: what the catalog says of the article counts.
    let found = open.find("safe opens at nine", Audience::Public).await;
    assert!(!found.is_empty() && !found.contains(&"en/secret.md".to_owned()), "{found:?}");
    assert!(
        open.find("safe opens at nine", Audience::Internal)
            .await
            .contains(&"en/secret.md".to_owned())
    );

    let drifts = open.publisher.verify().await.unwrap().0;
    assert_eq!(drifts.len(), 1, "{drifts:?}");
    assert_eq!((drifts[0].place, drifts[0].kind), (Place::Vectors, DriftKind::Misfiled));
    assert_eq!(drifts[0].path.as_deref(), Some("en/secret.md"));
    open.publisher.repair(Arc::new(Silent)).await.unwrap();
    open.assert_consistent().await;
    assert_eq!(open.indexes.vectors.stored(&ids).await.unwrap(), right);
}
