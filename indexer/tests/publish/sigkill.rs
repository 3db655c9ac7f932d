//! A writer that is killed at random moments, many times: nothing drifts, no known text is embedded
//! again, no committed generation is lost. The writer is this very test program, started anew.

use std::collections::HashSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use indexer::catalog::CatalogSettings;
use indexer::embed::{EmbedError, Embedder, EmbedderIdentity, HashEmbedder, PassageInput};
use indexer::keyword::KeywordSettings;
use indexer::publish::{Publisher, Silent};
use indexer::secret::Secret;
use indexer::source::SourceRules;

use crate::fixture::{DIMENSIONS, Fixture, Moments, open_to_write, size};
use crate::test_postgres::Database;

/// Tells the child where to work, and the address of a shared catalog.
const FOLDER: &str = "ATBILDE_TEST_WRITER";
/// What the child runs; it is the writer there.
const CHILD: &str = "sigkill::a_killed_writer_loses_nothing_that_was_committed";
const CATALOG: &str = "ATBILDE_TEST_WRITER_CATALOG";
const ARTICLES: u64 = 60;

/// Writes down every text that it embeds, before it is kept anywhere.
struct Recorded {
    inner: HashEmbedder,
    log: PathBuf,
}

#[async_trait]
impl Embedder for Recorded {
    fn identity(&self) -> &EmbedderIdentity {
        self.inner.identity()
    }
    async fn embed_query(&self, text: &str) -> Result<Vec<f32>, EmbedError> {
        self.inner.embed_query(text).await
    }
    async fn embed_passages(&self, texts: Vec<PassageInput>) -> Result<Vec<Vec<f32>>, EmbedError> {
        for text in &texts {
            note(&self.log, &format!("embed {}", text.text.replace('\n', " ")));
        }
        self.inner.embed_passages(texts).await
    }
}

fn note(log: &Path, line: &str) {
    let mut file = fs_err::OpenOptions::new().append(true).create(true).open(log).unwrap();
    writeln!(file, "{line}").unwrap();
}

/// The writer: edits the folder and publishes, until it is killed.
async fn writer(folder: &Path) {
    let (kb, log) = (folder.join("kb"), folder.join("log"));
    let (data, _right) =
        open_to_write(&folder.join("data"), &shared(std::env::var(CATALOG).ok())).await;
    let embedder: Arc<dyn Embedder> =
        Arc::new(Recorded { inner: HashEmbedder::new(DIMENSIONS, 1), log: log.clone() });
    let indexes = data.indexes(embedder.identity(), &KeywordSettings::default()).await.unwrap();
    let publisher = Publisher::new(&kb, SourceRules::default(), data.catalog(), embedder, indexes);
    publisher.recover().await.unwrap();
    note(&log, "ready");
    let mut moments = Moments::new(u64::from(std::process::id()));
    for edition in 0.. {
        for _ in 0..=moments.below(6) {
            let file = kb.join(format!("{}.md", moments.below(ARTICLES)));
            if moments.below(5) == 0 {
                let _ = fs_err::remove_file(file);
            } else {
                let word = format!("zyxq{}w{edition}", std::process::id());
                fs_err::write(file, format!("# The {word}\n\nThis is said of {word}.\n")).unwrap();
            }
        }
        let report = publisher.sync(Arc::new(Silent)).await.unwrap();
        note(&log, &format!("generation {}", report.generation.0));
        publisher.tidy().await.unwrap();
    }
}

fn shared(url: Option<String>) -> CatalogSettings {
    CatalogSettings { url: url.map(Secret::new), ..CatalogSettings::default() }
}

fn start(folder: &Path, url: Option<&str>) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", CHILD, "--test-threads", "1"])
        .env(FOLDER, folder)
        .envs(url.map(|url| (CATALOG, url)))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[expect(clippy::print_stderr, reason = "figures for whoever runs it")]
async fn kill(times: u64, database: Option<&Database>) {
    let mut fixture = Fixture::new();
    let url = database.map(|d| d.url.as_str());
    fixture.catalog = shared(url.map(str::to_owned));
    for i in 0..ARTICLES {
        fixture.write(&format!("{i}.md"), &format!("# First {i}\n\nThe first text of {i}.\n"));
    }
    fixture.open().await.build().await.unwrap();
    let folder = fixture.kb().parent().unwrap().to_owned();
    let log = folder.join("log");
    let mut moments = Moments::new(5);
    let mut newest = 1;
    for round in 0..times {
        let known = {
            let open = fixture.open().await;
            let catalog = open.data.catalog();
            let rows = catalog.snapshot().await.unwrap();
            let ids: Vec<_> = rows.passages.iter().map(|p| p.id).collect();
            let stored = catalog.passages(&ids).await.unwrap();
            let title = |id| {
                let place = rows.passages.iter().find(|p| p.id == id).unwrap().document;
                rows.documents[place as usize].1.title.clone()
            };
            let texts =
                stored.iter().map(|s| s.passage.embed_text(&title(s.id)).replace('\n', " "));
            texts.collect::<HashSet<String>>()
        };
        fs_err::write(&log, "").unwrap();
        let mut child = start(&folder, url);
        let started = Instant::now();
        while !fs_err::read_to_string(&log).unwrap().contains("ready") {
            assert!(started.elapsed() < Duration::from_secs(60), "the writer does not start");
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(Duration::from_millis(moments.below(160)));
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().code(), None, "it was killed, it did not fail");

        let said = fs_err::read_to_string(&log).unwrap();
        for line in said.lines() {
            if let Some(text) = line.strip_prefix("embed ") {
                assert!(!known.contains(text), "kill {round}: known and embedded again: {text}");
            }
            if let Some(generation) = line.strip_prefix("generation ") {
                newest = newest.max(generation.parse::<u64>().unwrap());
            }
        }
        let open = fixture.open().await;
        open.publisher.recover().await.unwrap();
        let latest = open.data.catalog().latest().await.unwrap().unwrap().generation.0;
        assert!(latest >= newest, "kill {round}: generation {newest} was lost, {latest} is left");
        open.build().await.unwrap();
        let drifts = open.publisher.verify().await.unwrap();
        assert!(drifts.is_empty(), "kill {round}: {drifts:?}");
    }
    let catalog = match database {
        None => "SQLite".to_owned(),
        Some(database) => {
            format!("Postgres ({} writers)", database.sql("SELECT epoch FROM kb_writer"))
        }
    };
    eprintln!(
        "{times} kills on {catalog}, generation {newest}: no drift, nothing lost, nothing embedded again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_writer_loses_nothing_that_was_committed() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return writer(Path::new(&folder)).await;
    }
    kill(size(8, 200), None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_writer_of_a_shared_catalog_loses_nothing_that_was_committed() {
    let Some(database) = Database::new() else { return };
    kill(size(6, 200), Some(&database)).await;
}
