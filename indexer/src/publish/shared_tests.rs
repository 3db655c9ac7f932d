//! The same behaviour on {SQLite, vectors in process} and {Postgres, Qdrant over gRPC}, and what several
//! processes over one catalog promise. Here and not in `tests/`, because the servers are test code of
//! this crate.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::catalog::test_postgres::Database;
use crate::catalog::{CatalogError, CatalogSettings, WriterLock};
use crate::embed::{Embedder, HashEmbedder};
use crate::keyword::KeywordSettings;
use crate::model::{Audience, Filter, Generation};
use crate::publish::{
    BuildReport, DataFolder, Indexes, Progress, PruneSettings, PublishError, Publisher, Silent,
    prepare,
};
use crate::search::{KnowledgeBase, SearchQuery, SearchSettings};
use crate::secret::Secret;
use crate::source::SourceRules;
use crate::vector::{TestServer, VectorSettings};

const WORDS: [&str; 24] = [
    "parcel",
    "refund",
    "warranty",
    "tent",
    "boots",
    "courier",
    "invoice",
    "voucher",
    "repair",
    "delivery",
    "return",
    "payment",
    "account",
    "password",
    "stove",
    "backpack",
    "size",
    "exchange",
    "customs",
    "pickup",
    "locker",
    "receipt",
    "discount",
    "subscription",
];

/// A folder of articles, and where a base of it lives.
struct Stack {
    folder: tempfile::TempDir,
    catalog: CatalogSettings,
    vectors: VectorSettings,
    server: Option<(TestServer, Database)>,
    state: u64,
}

/// What one process has open.
struct Process {
    data: DataFolder,
    indexes: Indexes,
    publisher: Publisher,
    knowledge: Arc<KnowledgeBase>,
}

impl Stack {
    fn in_one_folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs_err::create_dir(folder.path().join("kb")).unwrap();
        let (catalog, vectors) = (CatalogSettings::default(), VectorSettings::default());
        Self { folder, catalog, vectors, server: None, state: 1 }
    }

    /// `None` where Postgres is not installed.
    async fn on_servers() -> Option<Self> {
        let database = Database::new()?;
        let server = TestServer::start().await;
        let mut this = Self::in_one_folder();
        this.catalog.url = Some(Secret::new(database.url.clone()));
        this.vectors.url = server.url.clone();
        this.server = Some((server, database));
        Some(this)
    }

    fn database(&self) -> &Database {
        &self.server.as_ref().unwrap().1
    }

    fn kb(&self) -> PathBuf {
        self.folder.path().join("kb")
    }

    async fn process(&self, name: &str) -> Process {
        let embedder: Arc<dyn Embedder> = Arc::new(HashEmbedder::new(64, 1));
        let folder = self.folder.path().join(name);
        let data = DataFolder::open_with(&folder, &self.catalog, &self.vectors).await.unwrap();
        let indexes = data.indexes(embedder.identity(), &KeywordSettings::default()).await.unwrap();
        let publisher = Publisher::new(
            &self.kb(),
            SourceRules::default(),
            data.catalog(),
            Arc::clone(&embedder),
            indexes.clone(),
        );
        let publisher = if data.shared().is_some() { publisher.with_readers() } else { publisher };
        let knowledge = KnowledgeBase::open(
            data.catalog(),
            embedder,
            indexes.clone(),
            SearchSettings::default(),
        );
        let knowledge = Arc::new(knowledge.await.unwrap());
        Process { data, indexes, publisher, knowledge }
    }

    fn next(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.state >> 33) as usize % bound
    }

    fn words(&mut self, count: usize) -> String {
        (0..count).map(|_| WORDS[self.next(WORDS.len())]).collect::<Vec<_>>().join(" ")
    }

    /// An article of one to three sections; every fourth is for customers who are known.
    fn write(&mut self, number: usize) {
        let audience = if number.is_multiple_of(4) { "customer" } else { "public" };
        let sections: String = (0..=self.next(3))
            .map(|i| format!("## Part {i}\n\nAbout {}.\n\n", self.words(18)))
            .collect();
        let text = format!("---\naudience: {audience}\n---\n# Article {number}\n\n{sections}");
        fs_err::write(self.file(number), text).unwrap();
    }

    fn file(&self, number: usize) -> PathBuf {
        self.kb().join(format!("{number}.md"))
    }

    /// One edit of the folder: an article is written, gone, or has another name.
    fn edit(&mut self) {
        let number = self.next(30);
        let other = 30 + self.next(30);
        match self.next(4) {
            0 if self.file(number).exists() => fs_err::remove_file(self.file(number)).unwrap(),
            1 if self.file(number).exists() => {
                fs_err::rename(self.file(number), self.file(other)).unwrap();
            }
            _ => self.write(number),
        }
    }
}

impl Process {
    /// What a writer does after a change of the folder.
    async fn publish(&self) -> Result<BuildReport, PublishError> {
        let report = self.publisher.sync(Arc::new(Silent)).await?;
        self.knowledge.refresh().await?;
        self.publisher.tidy().await?;
        Ok(report)
    }

    async fn lead(&self) -> WriterLock {
        let catalog = self.data.shared().unwrap();
        loop {
            match catalog.try_lead().await.unwrap() {
                Some(lock) => return lock,
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Follows until the generation is there, as a reading process does.
    async fn follow_to(&self, generation: Generation) {
        let catalog = self.data.shared().unwrap();
        let mut news = catalog.announcements().await.unwrap();
        while self.knowledge.follow().await.unwrap() < generation {
            news.next(Duration::from_secs(1)).await.unwrap();
        }
    }

    /// Everything that a search gives, scores as bits.
    async fn found(&self, words: &str, audience: Audience) -> Vec<(String, String, u32)> {
        let filter = Filter { audience, ..Filter::public(jiff::civil::date(2026, 6, 15)) };
        let query = SearchQuery {
            text: words.to_owned(),
            earlier: Vec::new(),
            rewrite: None,
            locale: None,
            filter,
            limit: 12,
        };
        let outcome = self.knowledge.search(&query).await.unwrap();
        outcome
            .retrieved
            .hits
            .into_iter()
            .map(|h| (format!("{}#{}", h.path, h.anchor), h.text, h.score.to_bits()))
            .collect()
    }

    async fn assert_clean(&self) {
        let drifts = self.publisher.verify().await.unwrap();
        assert!(drifts.is_empty(), "{drifts:?}");
    }
}

/// Searches of every kind, the same for every stack.
fn questions(count: usize) -> Vec<(String, Audience)> {
    let mut stack = Stack::in_one_folder();
    stack.state = 99;
    (0..count).map(|i| (stack.words(1 + i % 5), Audience::ALL[i % Audience::ALL.len()])).collect()
}

/// Builds, edits, deletes and searches; gives all that was reported and found.
async fn told(stack: &mut Stack) -> Vec<String> {
    let process = stack.process("data").await;
    let _lock = process.data.right_to_write().await.unwrap();
    let mut told = Vec::new();
    for number in 0..20 {
        stack.write(number);
    }
    process.publisher.recover().await.unwrap();
    for round in 0..12 {
        for _ in 0..round {
            stack.edit();
        }
        let report = process.publish().await.unwrap();
        told.push(format!(
            "{:?} +{} ~{} -{} embedded {} of {} documents, {} passages",
            report.generation,
            report.added,
            report.changed,
            report.retired,
            report.embedded,
            report.documents,
            report.passages
        ));
        process.assert_clean().await;
        for (words, audience) in questions(12) {
            told.push(format!("{words}: {:?}", process.found(&words, audience).await));
        }
    }
    // A crash between the indexes and the catalog leaves entries that nobody has committed.
    let live = process.data.catalog().snapshot().await.unwrap();
    let lost: Vec<_> = live.passages.iter().step_by(3).map(|p| p.id).collect();
    process.indexes.vectors.delete(&lost).await.unwrap();
    let drifts = process.publisher.verify().await.unwrap();
    assert_eq!(drifts.missing(), lost.len());
    process.publisher.repair(Arc::new(Silent)).await.unwrap();
    process.assert_clean().await;
    process.data.close().await;
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn both_stacks_build_edit_delete_verify_and_find_the_same() {
    let Some(mut servers) = Stack::on_servers().await else { return };
    let mut folder = Stack::in_one_folder();
    let (one, two) = (told(&mut folder).await, told(&mut servers).await);
    assert!(one.len() > 100);
    for (one, two) in one.iter().zip(&two) {
        assert_eq!(one, two);
    }
    assert_eq!(one.len(), two.len());
    let (server, _) = servers.server.as_ref().unwrap();
    assert!(server.alias("atbilde").is_some_and(|name| name.starts_with("atbilde-")));
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_agree_after_a_burst_of_edits_and_never_show_half_of_one() {
    let Some(mut stack) = Stack::on_servers().await else { return };
    let writer = stack.process("writer").await;
    let readers = [Arc::new(stack.process("one").await), Arc::new(stack.process("two").await)];
    let _lock = writer.lead().await;
    for number in 0..24 {
        stack.write(number);
    }
    let pair = |kb: &Path, round: usize| {
        for name in ["left", "right"] {
            let text = format!("# Zebra crossing {name}\n\nZebra number {round}.\n");
            fs_err::write(kb.join(format!("zebra-{name}.md")), text).unwrap();
        }
    };
    pair(&stack.kb(), 0);
    let first = writer.publish().await.unwrap().generation;
    let done = tokio_util::sync::CancellationToken::new();
    let mut reading = tokio::task::JoinSet::new();
    for reader in &readers {
        reader.follow_to(first).await;
        let (following, asking) = (Arc::clone(reader), Arc::clone(reader));
        let (stop, stopped) = (done.clone(), done.clone());
        reading.spawn(async move {
            let mut newest = first;
            while !stop.is_cancelled() {
                newest = following.knowledge.follow().await.unwrap().max(newest);
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
        });
        reading.spawn(async move {
            while !stopped.is_cancelled() {
                let found = asking.found("zebra crossing", Audience::Public).await;
                let numbers: Vec<&str> = found
                    .iter()
                    .filter(|hit| hit.0.starts_with("zebra"))
                    .map(|hit| hit.1.as_str())
                    .collect();
                assert_eq!(numbers.len(), 2, "{numbers:?}");
                assert_eq!(numbers[0], numbers[1], "both articles are of one generation");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
    }
    let mut last = first;
    for round in 1..20 {
        stack.edit();
        stack.edit();
        pair(&stack.kb(), round);
        last = writer.publish().await.unwrap().generation;
    }
    done.cancel();
    while let Some(joined) = reading.join_next().await {
        joined.unwrap();
    }
    assert!(last > first);

    let late = Arc::new(stack.process("late").await);
    for reader in readers.iter().chain([&late]) {
        reader.follow_to(last).await;
    }
    for (words, audience) in questions(300) {
        let expected = writer.found(&words, audience).await;
        for reader in readers.iter().chain([&late]) {
            assert_eq!(reader.found(&words, audience).await, expected, "{words}");
        }
    }
    writer.assert_clean().await;
    late.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_writer_is_cut_off_another_takes_over_and_nothing_is_written_twice() {
    let Some(mut stack) = Stack::on_servers().await else { return };
    let (one, two) = tokio::join!(stack.process("one"), stack.process("two"));
    let lost = one.lead().await;
    for number in 0..6 {
        stack.write(number);
    }
    one.publish().await.unwrap();
    stack.write(6);
    let error = two.publish().await.unwrap_err();
    assert!(matches!(error, PublishError::Catalog(CatalogError::NotWriter(_))), "{error}");
    assert!(two.data.right_to_write().await.is_err());

    stack.database().sql(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    );
    let _lock = two.lead().await;
    two.publisher.recover().await.unwrap();
    stack.write(3);
    stack.write(7);
    // The former writer goes on with what it was doing.
    let error = one.publish().await.unwrap_err();
    assert!(matches!(error, PublishError::Catalog(CatalogError::NotWriter(_))), "{error}");
    lost.lost().await;
    let report = two.publish().await.unwrap();
    assert_eq!((report.added, report.changed, report.retired), (2, 1, 0));
    assert_eq!(report.embedded, 0, "whoever could not commit has kept its vectors");

    one.follow_to(report.generation).await;
    for (words, audience) in questions(40) {
        assert_eq!(one.found(&words, audience).await, two.found(&words, audience).await);
    }
    two.publisher.recover().await.unwrap();
    two.assert_clean().await;
    one.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_another_model_says_so_and_keeps_what_it_shows() {
    let Some(mut stack) = Stack::on_servers().await else { return };
    let writer = stack.process("writer").await;
    let _lock = writer.lead().await;
    stack.write(1);
    writer.publish().await.unwrap();
    let embedder: Arc<dyn Embedder> = Arc::new(HashEmbedder::new(64, 2));
    let folder = stack.folder.path().join("other");
    let data = DataFolder::open_with(&folder, &stack.catalog, &stack.vectors).await.unwrap();
    let indexes = data.indexes(embedder.identity(), &KeywordSettings::default()).await.unwrap();
    let other = KnowledgeBase::open(data.catalog(), embedder, indexes, SearchSettings::default())
        .await
        .unwrap();
    let error = other.follow().await.unwrap_err();
    assert!(matches!(error, PublishError::OtherSpace { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swap_of_the_writer_is_followed_and_the_old_collection_goes_after_the_readers() {
    let Some(mut stack) = Stack::on_servers().await else { return };
    let writer = stack.process("writer").await;
    let reader = stack.process("reader").await;
    let _lock = writer.lead().await;
    for number in 0..20 {
        stack.write(number);
    }
    let first = writer.publish().await.unwrap().generation;
    reader.follow_to(first).await;

    let second: Arc<dyn Embedder> = Arc::new(HashEmbedder::new(64, 2));
    let keyword = KeywordSettings::default();
    let indexes = writer.data.indexes(second.identity(), &keyword).await.unwrap();
    let (rules, catalog) = (SourceRules::default(), writer.data.catalog());
    let shadow = Publisher::new(&stack.kb(), rules, catalog, Arc::clone(&second), indexes);
    let shadow = shadow.with_readers();
    let progress: Arc<dyn Progress> = Arc::new(Silent);
    shadow.fill_space(&progress).await.unwrap();
    let beside = reader.data.indexes(second.identity(), &keyword).await.unwrap();
    prepare(&*reader.data.catalog(), &beside).await.unwrap();
    // An edit after that goes to the space that is live, and with it to the next one.
    stack.write(3);
    writer.publish().await.unwrap();
    shadow.take_over(Some(&writer.publisher), &progress).await.unwrap();
    let swapped = writer.knowledge.swap(Arc::clone(&second), shadow.indexes().clone()).await;
    assert!(swapped.unwrap());

    let error = reader.knowledge.follow().await.unwrap_err();
    assert!(matches!(error, PublishError::OtherSpace { .. }), "{error}");
    let shown = reader.knowledge.follow_into(Arc::clone(&second), beside).await.unwrap();
    assert_eq!(shown, Generation(first.0 + 2));
    for (words, audience) in questions(60) {
        let expected = writer.found(&words, audience).await;
        assert_eq!(reader.found(&words, audience).await, expected, "{words}");
    }
    assert!(shadow.verify().await.unwrap().is_empty());

    let (old, new) = (&writer.indexes.fingerprint, &shadow.indexes().fingerprint);
    let (server, _) = stack.server.as_ref().unwrap();
    let collection = |space: &str| format!("atbilde-{space}");
    assert_eq!(server.alias("atbilde"), Some(collection(new)));
    let pruner = || writer.data.pruner(&PruneSettings::default());
    let pruned = pruner().run(shadow.indexes()).await.unwrap();
    assert!(pruned.later && pruned.collections.is_empty(), "readers may be behind: {pruned:?}");
    assert!(server.made(&collection(old)).is_some());
    let pruned = pruner().with_readers(Duration::ZERO).run(shadow.indexes()).await.unwrap();
    assert_eq!(pruned.collections, std::slice::from_ref(old));
    assert!(server.made(&collection(old)).is_none() && server.made(&collection(new)).is_some());
    // Its vectors are kept for the way back.
    let spaces = writer.data.catalog().spaces().await.unwrap();
    assert!(spaces.iter().any(|s| s.fingerprint == *old && s.vectors > 0), "{spaces:?}");
}
