//! Hundreds of random edits, deletions and renames while questions are asked, and a checkout of
//! thousands of files: no search ever sees what is gone, or half of a change.

use std::collections::{BTreeMap, HashSet};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use indexer::embed::Embedder;
use indexer::model::{Audience, Filter, Generation};
use indexer::publish::{
    FolderWatch, Progress, PublishError, Silent, Stage, Stillness, WatchSettings,
};
use indexer::search::{KnowledgeBase, SearchQuery, SearchSettings};
use jiff::civil::date;

use crate::fixture::{Fixture, Moments, Open, size};

/// What is live in a generation: paths, each with the one word that only its text has.
type Live = BTreeMap<String, String>;

async fn base(fixture: &Fixture, open: &Open) -> Arc<KnowledgeBase> {
    let embedder = Arc::clone(&fixture.embedder) as Arc<dyn Embedder>;
    let settings = SearchSettings::default();
    let indexes = open.indexes.clone();
    Arc::new(KnowledgeBase::open(open.data.catalog(), embedder, indexes, settings).await.unwrap())
}

fn query(words: String) -> SearchQuery {
    let filter = Filter { audience: Audience::Public, ..Filter::public(date(2026, 6, 15)) };
    let earlier = Vec::new();
    SearchQuery { text: words, earlier, rewrite: None, locale: None, filter, limit: 20 }
}

fn article(word: &str) -> String {
    format!("# About {word}\n\nThe thing called {word} is kept in the warehouse of {word}.\n")
}

/// One random change of the folder; `live` follows it.
fn change(fixture: &Fixture, live: &mut Live, (moments, step): (&mut Moments, u64)) {
    let some = |live: &Live, moments: &mut Moments| {
        live.keys().nth(moments.below(live.len() as u64) as usize).cloned().unwrap()
    };
    let word = format!("zyxq{step}w");
    match moments.below(10) {
        // Deleted, unless few are left.
        0 | 1 if live.len() > 5 => {
            let path = some(live, moments);
            fixture.remove(&path);
            live.remove(&path);
        }
        // Renamed: the text stays.
        2 | 3 => {
            let (from, to) = (some(live, moments), format!("en/moved-{step}.md"));
            fs_err::rename(fixture.file(&from), fixture.file(&to)).unwrap();
            let kept = live.remove(&from).unwrap();
            live.insert(to, kept);
        }
        4 | 5 => {
            let path = format!("en/new-{step}.md");
            fixture.write(&path, &article(&word));
            live.insert(path, word);
        }
        _ => {
            let path = some(live, moments);
            fixture.write(&path, &article(&word));
            live.insert(path, word);
        }
    }
}

/// `steps` random changes, each a generation. Gives the searches that were made beside them.
async fn storm(articles: u64, steps: u64) -> u64 {
    let fixture = Fixture::new();
    let mut live = Live::new();
    for i in 0..articles {
        let (path, word) = (format!("en/{i}.md"), format!("zyxqfirst{i}w"));
        fixture.write(&path, &article(&word));
        live.insert(path, word);
    }
    let open = fixture.open().await;
    open.build().await.unwrap();
    let base = base(&fixture, &open).await;
    // Pushed before a generation can be seen; the index is the generation's number less one.
    let history = Arc::new(RwLock::new(vec![live.clone()]));
    let mut texts: HashSet<String> = live.values().cloned().collect();
    let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let askers: Vec<_> = (0..2)
        .map(|asker| {
            let (base, history) = (Arc::clone(&base), Arc::clone(&history));
            let (stop, asked) = (Arc::clone(&stop), Arc::clone(&asked));
            tokio::spawn(async move {
                let mut moments = Moments::new(100 + asker);
                while !stop.load(Ordering::Relaxed) {
                    // A word that is or was somewhere.
                    let words = {
                        let history = history.read().unwrap();
                        let then = &history[moments.below(history.len() as u64) as usize];
                        let word = then.values().nth(moments.below(then.len() as u64) as usize);
                        format!("where is {} kept", word.unwrap())
                    };
                    let found = base.search(&query(words.clone())).await.unwrap().retrieved;
                    let history = history.read().unwrap();
                    let now = &history[found.generation.0 as usize - 1];
                    for hit in &found.hits {
                        let path = hit.path.as_str();
                        let word = now.get(path);
                        assert!(
                            word.is_some_and(|w| hit.text.contains(&format!("called {w} "))),
                            "{words}: generation {} has {path} with {word:?}, found {}",
                            found.generation.0,
                            hit.text
                        );
                        assert!(hit.document_version <= found.generation);
                    }
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();

    let mut moments = Moments::new(11);
    for step in 0..steps {
        change(&fixture, &mut live, (&mut moments, step));
        texts.extend(live.values().cloned());
        let report = open.publisher.sync(Arc::new(Silent)).await.unwrap();
        assert_eq!(report.generation, Generation(step + 2));
        history.write().unwrap().push(live.clone());
        base.refresh().await.unwrap();
        open.publisher.tidy().await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    for asker in askers {
        asker.await.unwrap();
    }
    open.assert_consistent().await;
    assert_eq!(fixture.embedder.passages_embedded(), texts.len() as u64, "new texts alone");
    asked.load(Ordering::Relaxed)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_search_sees_what_is_gone_after_its_generation() {
    let changes = size(40, 1000);
    let asked = storm(size(40, 300), changes).await;
    assert!(asked > 0);
    eprintln!("{changes} changes, {asked} searches beside them: nothing gone was seen");
}

/// Throws away a reading of a folder that was written to meanwhile.
struct Still(Stillness);

impl Progress for Still {
    fn begin(&self, _: Stage, _: u64) {}
    fn advance(&self, _: u64) {}
    fn unsettled(&self) -> bool {
        !self.0.holds()
    }
}

fn git(fixture: &Fixture, arguments: &[&str]) -> bool {
    let run = Command::new("git")
        .current_dir(fixture.kb())
        .args([
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.com",
            "-c",
            "init.defaultBranch=one",
        ])
        .args(arguments)
        .output();
    run.is_ok_and(|output| output.status.success())
}

/// A checkout that replaces `files` files while the folder is followed and questions are asked.
#[expect(clippy::print_stderr, reason = "figures for whoever runs it")]
async fn checkout(files: usize) {
    let fixture = Fixture::new();
    if !git(&fixture, &["init", "-q"]) {
        eprintln!("SKIPPED: there is no git");
        return;
    }
    for branch in ["one", "two"] {
        assert!(git(&fixture, &["checkout", "-q", "-B", branch]));
        for i in 0..files {
            fixture
                .write(&format!("en/{i}.md"), &article(&format!("edition-{branch} of zyxq{i}w")));
        }
        assert!(git(&fixture, &["add", "-A"]) && git(&fixture, &["commit", "-q", "-m", branch]));
    }
    let open = fixture.open().await;
    let first = open.build().await.unwrap().generation;
    let base = base(&fixture, &open).await;
    let stop = Arc::new(AtomicBool::new(false));
    let asker = tokio::spawn({
        let (base, stop) = (Arc::clone(&base), Arc::clone(&stop));
        async move {
            let mut seen = HashSet::new();
            while !stop.load(Ordering::Relaxed) {
                let found = base.search(&query("the edition of the warehouse".to_owned())).await;
                let hits = found.unwrap().retrieved.hits;
                let of = |branch: &str| {
                    hits.iter().filter(|h| h.text.contains(&format!("edition-{branch}"))).count()
                };
                let (one, two) = (of("one"), of("two"));
                assert!(!hits.is_empty() && (one == 0 || two == 0), "{one} old and {two} new");
                seen.insert(two > 0);
            }
            seen
        }
    });
    let mut watch = FolderWatch::new(&fixture.kb(), &WatchSettings::default());
    let follow = async {
        let started = Instant::now();
        loop {
            watch.next().await;
            let progress = Arc::new(Still(watch.stillness()));
            match open.publisher.sync(progress).await {
                Ok(report) => {
                    base.refresh().await.unwrap();
                    if report.generation > first {
                        return report;
                    }
                }
                Err(PublishError::Unsettled) => {}
                Err(error) => panic!("{error}"),
            }
            assert!(started.elapsed() < Duration::from_secs(300), "the checkout was never seen");
        }
    };
    let git = async {
        // `two` is live; the whole of it is replaced.
        let root = fixture.kb();
        let run = || Command::new("git").current_dir(root).args(["checkout", "-q", "one"]).status();
        assert!(tokio::task::spawn_blocking(run).await.unwrap().unwrap().success());
    };
    let (report, ()) = tokio::join!(follow, git);
    assert_eq!(report.generation, Generation(first.0 + 1), "one generation");
    assert_eq!(report.changed, files as u64, "and it holds all of the checkout");
    let settled = open.publisher.sync(Arc::new(Silent)).await.unwrap();
    assert_eq!(settled.generation, report.generation);
    // The new generation is seen before the end.
    let found = base.search(&query("the edition of the warehouse".to_owned())).await.unwrap();
    assert!(found.retrieved.hits.iter().all(|h| h.text.contains("edition-one")));
    stop.store(true, Ordering::Relaxed);
    assert!(asker.await.unwrap().contains(&true), "searches were made before the checkout");
    open.publisher.tidy().await.unwrap();
    open.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkout_is_one_generation() {
    let (files, started) = (size(200, 2000), Instant::now());
    checkout(files).await;
    let seconds = started.elapsed().as_secs_f64();
    eprintln!("{files} files replaced: one generation; {seconds:.1} s in all");
}
