//! What every catalog promises, as one suite that each implementation passes.

use std::collections::{BTreeSet, HashMap};

use super::test_postgres::Database;
use super::*;
use crate::model::{Audience, DocumentMeta, Locale, Passage, Unit, UnitKind};
use crate::secret::Secret;

const SPACE: &str = "space-1";

/// Runs the suite on an empty catalog. `reopen` closes it and opens it again on the same storage.
async fn check<C: Opened>(opened: C, reopen: impl AsyncFn(C) -> C) {
    let one =
        document("en/returns.md", &["first text", "second \"text\" with 'quotes' and ünïcode 🧥"]);
    let two = document("lv/atgriesana.md", &["trešais teksts; DROP TABLE passages; --"]);
    an_empty_one_has_nothing(opened.catalog()).await;
    a_commit_makes_everything_visible_at_once(opened.catalog(), &[&one, &two]).await;
    let opened = reopen(opened).await;
    what_was_committed_survives(opened.catalog(), &[&one, &two]).await;
    another_writer_is_told(opened.catalog(), &two).await;
    vectors_are_kept_by_text_and_space(opened.catalog()).await;
    an_edit_retires_and_a_return_revives(opened.catalog(), &one).await;
    only_what_is_retired_is_purged(opened.catalog(), &one).await;
    skipped_files_are_replaced_as_a_list(opened.catalog()).await;
    let opened = reopen(opened).await;
    many_at_once(opened.catalog()).await;
    spaces_are_told_and_forgotten(opened.catalog()).await;
}

/// What is opened to have a catalog that may be written.
trait Opened {
    fn catalog(&self) -> &dyn Catalog;
}

impl Opened for SqliteCatalog {
    fn catalog(&self) -> &dyn Catalog {
        self
    }
}

/// A shared catalog with the writer's place.
struct Leading {
    catalog: PostgresCatalog,
    lock: WriterLock,
}

impl Opened for Leading {
    fn catalog(&self) -> &dyn Catalog {
        &self.catalog
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("catalog.sqlite");
    check(SqliteCatalog::open(&file).await.unwrap(), async |catalog| {
        catalog.close().await;
        SqliteCatalog::open(&file).await.unwrap()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_keeps_the_contract() {
    let Some(database) = Database::new() else { return };
    let url = Secret::new(database.url.clone());
    let open = || async {
        let catalog = PostgresCatalog::open(&url, &CatalogSettings::default()).await.unwrap();
        let lock = catalog.try_lead().await.unwrap().expect("nobody else writes");
        Leading { catalog, lock }
    };
    check(open().await, async |leading| {
        leading.lock.release().await;
        leading.catalog.close().await;
        open().await
    })
    .await;
}

async fn an_empty_one_has_nothing(catalog: &dyn Catalog) {
    assert_eq!(catalog.latest().await.unwrap(), None);
    let rows = catalog.snapshot().await.unwrap();
    assert_eq!((rows.generation, rows.documents.len(), rows.passages.len()), (Generation(0), 0, 0));
    assert_eq!(catalog.counts().await.unwrap(), (0, 0));
    assert!(catalog.documents().await.unwrap().is_empty());
    assert!(catalog.document(&DocPath::new("en/returns.md")).await.unwrap().is_none());
    assert!(catalog.passages(&[]).await.unwrap().is_empty());
}

async fn a_commit_makes_everything_visible_at_once(catalog: &dyn Catalog, all: &[&Document]) {
    commit(catalog, 1, all, &[], &[]).await.unwrap();
    what_was_committed_survives(catalog, all).await;
}

async fn what_was_committed_survives(catalog: &dyn Catalog, all: &[&Document]) {
    let latest = catalog.latest().await.unwrap().unwrap();
    assert_eq!((latest.generation, latest.fingerprint.as_str()), (Generation(1), SPACE));
    assert_eq!((latest.added, latest.changed, latest.retired, latest.embedded), (1, 2, 3, 4));
    assert!(latest.committed_at.parse::<jiff::Timestamp>().is_ok(), "{}", latest.committed_at);

    let rows = catalog.snapshot().await.unwrap();
    assert_eq!((rows.generation, rows.fingerprint.as_str()), (Generation(1), SPACE));
    let found: Vec<_> =
        rows.documents.iter().map(|(p, m, v)| (p.clone(), m.clone(), v.0)).collect();
    let expected: Vec<_> = all.iter().map(|d| (d.path.clone(), d.meta.clone(), 1)).collect();
    assert_eq!(found, expected, "in the order of their paths");
    let mut live: Vec<_> = rows
        .passages
        .iter()
        .map(|p| (p.id, &rows.documents[p.document as usize].0, p.embed_hash))
        .collect();
    live.sort();
    let mut expected: Vec<_> = all
        .iter()
        .flat_map(|d| d.ids().into_iter().zip(d.hashes()).map(|(id, h)| (id, &d.path, h)))
        .collect();
    expected.sort();
    assert_eq!(live, expected);
    assert_eq!(catalog.counts().await.unwrap(), (all.len() as u64, live.len() as u64));

    for document in all {
        let stored = catalog.document(&document.path).await.unwrap().unwrap();
        assert_eq!(stored.meta, document.meta);
        assert_eq!((stored.body.as_str(), stored.warnings.len()), (document.body.as_str(), 1));
        assert_eq!(stored.input_hash, format!("hash of {}", document.path));
        let ids = catalog.passage_ids(std::slice::from_ref(&document.path)).await.unwrap();
        assert_eq!(sorted(ids.clone()), sorted(document.ids()));
        let texts: HashMap<PassageId, StoredPassage> =
            catalog.passages(&ids).await.unwrap().into_iter().map(|p| (p.id, p)).collect();
        for (id, passage) in document.ids().iter().zip(&document.passages) {
            assert_eq!(&texts[id].passage, passage);
            assert_eq!(texts[id].path, document.path);
        }
    }
    let known: Vec<String> =
        catalog.documents().await.unwrap().into_iter().map(|d| d.slug).collect();
    assert_eq!(known, all.iter().map(|d| d.meta.slug.clone()).collect::<Vec<_>>());
}

async fn another_writer_is_told(catalog: &dyn Catalog, document: &Document) {
    for generation in [1, 3] {
        let error = commit(catalog, generation, &[document], &[], &[]).await.unwrap_err();
        assert!(matches!(error, CatalogError::Superseded(_)), "{error}");
    }
    assert_eq!(catalog.latest().await.unwrap().unwrap().generation, Generation(1));
}

async fn vectors_are_kept_by_text_and_space(catalog: &dyn Catalog) {
    let hash = |n: u8| EmbedHash([n; 32]);
    let vector = |x: f32| vec![x, -1.5, f32::MIN_POSITIVE];
    let first = [(hash(1), vector(0.25)), (hash(2), vector(0.5)), (hash(1), vector(0.75))];
    catalog.store_vectors(SPACE, &first).await.unwrap();
    catalog.store_vectors("space-2", &[(hash(1), vector(9.0))]).await.unwrap();
    let asked = [hash(1), hash(2), hash(3)];
    let known = catalog.known_vectors(SPACE, &asked).await.unwrap();
    assert_eq!(known, HashSet::from([hash(1), hash(2)]));
    let read: HashMap<_, _> = catalog.vectors(SPACE, &asked).await.unwrap().into_iter().collect();
    assert_eq!(read.len(), 2);
    assert_eq!(read[&hash(1)], vector(0.75), "the last one counts");
    catalog.store_vectors(SPACE, &[(hash(2), vec![1.0])]).await.unwrap();
    assert_eq!(catalog.vectors(SPACE, &[hash(2)]).await.unwrap()[0].1, vec![1.0]);
    assert_eq!(catalog.vectors("space-2", &asked).await.unwrap()[0].1, vector(9.0));
    assert!(catalog.known_vectors("space-3", &asked).await.unwrap().is_empty());
}

async fn an_edit_retires_and_a_return_revives(catalog: &dyn Catalog, old: &Document) {
    let path = old.path.clone();
    let new = document(path.as_str(), &["first text", "another second text"]);
    let gone = vec![old.ids()[1]];
    commit(catalog, 2, &[&new], &[], &gone).await.unwrap();
    let live = catalog.passage_ids(std::slice::from_ref(&path)).await.unwrap();
    assert_eq!(sorted(live), sorted(new.ids()));
    assert_eq!(catalog.passages(&gone).await.unwrap().len(), 1, "kept until it is purged");
    assert_eq!(catalog.retired_until(Generation(1)).await.unwrap(), []);
    assert_eq!(catalog.retired_until(Generation(2)).await.unwrap(), gone);
    assert_eq!(catalog.document(&path).await.unwrap().unwrap().version, Generation(2));

    commit(catalog, 3, &[old], &[], &[new.ids()[1]]).await.unwrap();
    assert_eq!(catalog.retired_until(Generation(9)).await.unwrap(), [new.ids()[1]]);
    let live = catalog.passage_ids(std::slice::from_ref(&path)).await.unwrap();
    assert_eq!(sorted(live), sorted(old.ids()));

    commit(catalog, 4, &[], std::slice::from_ref(&path), &old.ids()).await.unwrap();
    assert!(catalog.document(&path).await.unwrap().is_none());
    assert!(catalog.passage_ids(&[path]).await.unwrap().is_empty());
}

async fn only_what_is_retired_is_purged(catalog: &dyn Catalog, gone: &Document) {
    let live: Vec<PassageId> =
        catalog.snapshot().await.unwrap().passages.iter().map(|p| p.id).collect();
    assert_eq!(live.len(), 1);
    let all: Vec<PassageId> = gone.ids().into_iter().chain(live.clone()).collect();
    catalog.purge(&all).await.unwrap();
    assert!(catalog.passages(&gone.ids()).await.unwrap().is_empty());
    assert_eq!(catalog.passages(&live).await.unwrap().len(), 1, "live ones stay");
}

async fn skipped_files_are_replaced_as_a_list(catalog: &dyn Catalog) {
    let file =
        |path: &str, reason: &str| SkippedFile { path: path.to_owned(), reason: reason.to_owned() };
    let first = [file("b.md", "binary"), file("a.md", "a link")];
    catalog.record_skipped(&first).await.unwrap();
    assert_eq!(catalog.skipped().await.unwrap(), [first[1].clone(), first[0].clone()]);
    let second = [file("a.md", "unreadable"), file("Z.md", "too large")];
    catalog.record_skipped(&second).await.unwrap();
    assert_eq!(catalog.skipped().await.unwrap(), [second[1].clone(), second[0].clone()]);
    catalog.record_skipped(&[]).await.unwrap();
    assert_eq!(catalog.skipped().await.unwrap(), []);
}

/// More rows than any statement takes.
async fn many_at_once(catalog: &dyn Catalog) {
    let texts: Vec<String> = (0..4).map(|i| format!("text {i}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let all: Vec<Document> = (0..600).map(|i| document(&format!("many/{i}.md"), &texts)).collect();
    let all: Vec<&Document> = all.iter().collect();
    commit(catalog, 5, &all, &[], &[]).await.unwrap();
    let ids: Vec<PassageId> = all.iter().flat_map(|d| d.ids()).collect();
    let found: BTreeSet<PassageId> =
        catalog.passages(&ids).await.unwrap().into_iter().map(|p| p.id).collect();
    assert_eq!(found.len(), 2400);
    let paths: Vec<DocPath> = all.iter().map(|d| d.path.clone()).collect();
    assert_eq!(catalog.passage_ids(&paths).await.unwrap().len(), 2400);
    let vectors: Vec<(EmbedHash, Vec<f32>)> = (0..2100_u32)
        .map(|i| {
            let mut hash = [7; 32];
            hash[..4].copy_from_slice(&i.to_le_bytes());
            (EmbedHash(hash), vec![i as f32])
        })
        .collect();
    catalog.store_vectors(SPACE, &vectors).await.unwrap();
    let hashes: Vec<EmbedHash> = vectors.iter().map(|v| v.0).collect();
    assert_eq!(catalog.known_vectors(SPACE, &hashes).await.unwrap().len(), 2100);
    assert_eq!(catalog.vectors(SPACE, &hashes).await.unwrap().len(), 2100);

    commit(catalog, 6, &[], &paths, &ids).await.unwrap();
    assert_eq!(catalog.counts().await.unwrap(), (1, 1));
    catalog.purge(&catalog.retired_until(Generation(6)).await.unwrap()).await.unwrap();
    assert!(catalog.passages(&ids).await.unwrap().is_empty());
}

/// A document with its passages.
struct Document {
    path: DocPath,
    meta: DocumentMeta,
    body: String,
    passages: Vec<Passage>,
}

impl Document {
    fn ids(&self) -> Vec<PassageId> {
        self.passages.iter().map(|p| p.id(&self.path, &self.meta)).collect()
    }

    fn hashes(&self) -> Vec<EmbedHash> {
        self.passages.iter().map(|p| p.embed_hash(&self.meta)).collect()
    }
}

fn document(path: &str, texts: &[&str]) -> Document {
    let passages = texts.iter().zip(0..).map(|(text, ordinal)| Passage {
        ordinal,
        anchor: format!("part-{ordinal}"),
        heading_path: vec!["Küche".to_owned(), format!("Part {ordinal}")],
        text: (*text).to_owned(),
        units: vec![Unit {
            kind: UnitKind::Sentence,
            range: 0..text.len() as u32,
            header: None,
            block: 0,
        }],
    });
    Document {
        path: DocPath::new(path),
        meta: DocumentMeta {
            title: format!("Title of {path}"),
            description: None,
            slug: path.replace('/', "-"),
            locale: Locale::parse(path.split('/').next().unwrap())
                .unwrap_or(Locale::undetermined()),
            tags: vec!["a \"tag\"".to_owned()],
            product: None,
            audience: Audience::Customer,
            draft: false,
            last_updated: None,
            valid_from: Some(jiff::civil::date(2026, 1, 2)),
            valid_until: None,
            canonical_url: None,
        },
        body: texts.join("\n\n"),
        passages: passages.collect(),
    }
}

async fn commit(
    catalog: &dyn Catalog,
    generation: u64,
    upsert: &[&Document],
    remove: &[DocPath],
    retire: &[PassageId],
) -> Result<(), CatalogError> {
    let stored = |d: &&Document| StoredDocument {
        path: d.path.clone(),
        input_hash: format!("hash of {}", d.path),
        meta: d.meta.clone(),
        body: d.body.clone(),
        warnings: vec!["a remark".to_owned()],
        version: Generation(generation),
    };
    let add = upsert.iter().flat_map(|d| {
        d.ids().into_iter().zip(d.hashes()).zip(&d.passages).map(|((id, embed_hash), passage)| {
            NewPassage { id, path: &d.path, passage, embed_hash }
        })
    });
    catalog
        .commit(&Change {
            generation: Generation(generation),
            fingerprint: SPACE,
            upsert: upsert.iter().map(stored).collect(),
            remove: remove.to_vec(),
            add: add.collect(),
            retire: retire.to_vec(),
            added: 1,
            changed: 2,
            retired: 3,
            embedded: 4,
        })
        .await
}

fn sorted(mut ids: Vec<PassageId>) -> Vec<PassageId> {
    ids.sort();
    ids
}

async fn spaces_are_told_and_forgotten(catalog: &dyn Catalog) {
    let space = async |name: &str| {
        catalog.spaces().await.unwrap().into_iter().find(|s| s.fingerprint == name)
    };
    let vectors: Vec<_> = (0..3).map(|i| (EmbedHash([200 + i; 32]), vec![0.5])).collect();
    catalog.store_vectors("space-9", &vectors).await.unwrap();
    let told = space("space-9").await.unwrap();
    assert_eq!((told.left_at, told.vectors, told.live, told.unused), (None, 3, 0, 3));
    assert_eq!(space(SPACE).await.unwrap().left_at, None, "it is live");
    assert_eq!(catalog.forget_vectors(Unneeded::Unused("space-9"), 2).await.unwrap(), 2);
    assert_eq!(catalog.forget_vectors(Unneeded::Space("space-9"), 9).await.unwrap(), 1);
    assert_eq!(space("space-9").await, None);

    let latest = catalog.latest().await.unwrap().unwrap();
    let change = Change {
        generation: Generation(latest.generation.0 + 1),
        fingerprint: "space-2",
        upsert: Vec::new(),
        remove: Vec::new(),
        add: Vec::new(),
        retire: Vec::new(),
        added: 0,
        changed: 0,
        retired: 0,
        embedded: 0,
    };
    catalog.commit(&change).await.unwrap();
    let committed = catalog.latest().await.unwrap().unwrap().committed_at;
    assert_eq!(space(SPACE).await.unwrap().left_at, Some(committed));
    assert_eq!(space("space-2").await.unwrap().left_at, None);
}
