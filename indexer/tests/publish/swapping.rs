//! Another embedding model: the old index serves until the new one has answered its probes, no search
//! is ever mixed of both, and what a kill leaves is gone on with.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use indexer::embed::{
    EmbedError, Embedder, EmbedderIdentity, HashEmbedder, LostEmbedder, PassageInput,
};
use indexer::model::{Audience, Filter, Generation, Hit, Passage};
use indexer::publish::{Progress, PublishError, Publisher, Silent, Stage};
use indexer::search::{KnowledgeBase, SearchMode, SearchOutcome, SearchQuery, SearchSettings};
use jiff::civil::date;

use crate::fixture::{DIMENSIONS, Fixture, Open, returns, size};

/// Dimensions of models for large bases.
const WIDE: usize = 512;

/// An open folder with the base that serves and the publisher of another model beside it.
struct Both {
    open: Open,
    base: Arc<KnowledgeBase>,
    shadow: Publisher,
}

async fn both(fixture: &Fixture, other: Arc<dyn Embedder>) -> Both {
    let open = fixture.open().await;
    let serving = Arc::clone(&fixture.embedder) as Arc<dyn Embedder>;
    let base = base(&open, serving).await;
    let shadow = fixture.publisher_of(&open.data, other).await;
    Both { open, base: Arc::new(base), shadow }
}

async fn base(open: &Open, embedder: Arc<dyn Embedder>) -> KnowledgeBase {
    let settings = SearchSettings::default();
    KnowledgeBase::open(open.data.catalog(), embedder, open.indexes.clone(), settings)
        .await
        .unwrap()
}

fn query(words: &str) -> SearchQuery {
    let filter = Filter { audience: Audience::Public, ..Filter::public(date(2026, 6, 15)) };
    let (text, earlier) = (words.to_owned(), Vec::new());
    SearchQuery { text, earlier, rewrite: None, locale: None, filter, limit: 20 }
}

fn silent() -> Arc<dyn Progress> {
    Arc::new(Silent)
}

/// Articles enough for titles to be told apart, and for several windows of vectors.
fn fill(fixture: &Fixture, articles: usize) {
    for i in 0..articles {
        let text =
            format!("# Article number {i}\n\nThe word{i} of article {i} is unlike{i} others.\n");
        fixture.write(&format!("en/{i:04}.md"), &text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_index_serves_and_takes_edits_until_the_new_one_takes_over() {
    let fixture = Fixture::with_articles();
    fill(&fixture, 30);
    fixture.open().await.build().await.unwrap();
    let second = Arc::new(HashEmbedder::new(DIMENSIONS, 2));
    let Both { open, base, shadow } = both(&fixture, second.clone()).await;
    assert!(shadow.moves().await.unwrap());
    shadow.fill_space(&silent()).await.unwrap();
    assert_eq!(base.snapshot().generation, Generation(1), "nothing has changed for searches");

    // An edit during the build is live at once in the old index, and in the new one when it serves.
    fixture.write("en/returns.md", &returns("within sixty days"));
    open.publisher.sync(silent()).await.unwrap();
    base.refresh().await.unwrap();
    open.publisher.tidy().await.unwrap();
    let found = base.search(&query("send it back within sixty days")).await.unwrap();
    assert_eq!(found.fingerprint, fixture.embedder.identity().fingerprint);
    assert!(found.retrieved.hits[0].text.contains("sixty days"));

    let embedded = second.passages_embedded();
    shadow.take_over(Some(&open.publisher), &silent()).await.unwrap();
    assert_eq!(second.passages_embedded(), embedded + 1, "only the edit was left to embed");
    base.refresh().await.unwrap();
    let still = base.search(&query("send it back within sixty days")).await.unwrap();
    assert_eq!(still.retrieved.generation, Generation(2), "a refresh never mixes");
    let indexes = shadow.indexes().clone();
    assert!(base.swap(Arc::clone(shadow.embedder()), indexes).await.unwrap());
    let found = base.search(&query("send it back within sixty days")).await.unwrap();
    assert_eq!(found.fingerprint, second.identity().fingerprint);
    assert_eq!(found.retrieved.generation, Generation(3));
    assert!(found.retrieved.hits[0].text.contains("sixty days"));
    assert!(shadow.verify().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_in_the_middle_serves_the_old_index_and_embeds_nothing_twice() {
    let fixture = Fixture::new();
    fill(&fixture, 700);
    fixture.open().await.build().await.unwrap();
    let second = Arc::new(HashEmbedder::new(DIMENSIONS, 2));
    let Both { open, base, shadow } = both(&fixture, second.clone()).await;
    let error = shadow.fill_space(&(Arc::new(StopAfter::new(1)) as _)).await.unwrap_err();
    assert!(matches!(error, PublishError::Cancelled), "{error}");
    let early = second.passages_embedded();
    assert!(0 < early && early < 700, "{early}");
    drop((open, base, shadow));

    let Both { open, base, shadow } = both(&fixture, second.clone()).await;
    assert_eq!(base.snapshot().passages(), 700);
    assert!(!base.search(&query("word5")).await.unwrap().retrieved.hits.is_empty());
    shadow.fill_space(&silent()).await.unwrap();
    shadow.take_over(Some(&open.publisher), &silent()).await.unwrap();
    assert_eq!(second.passages_embedded(), 700);
    assert!(base.swap(Arc::clone(shadow.embedder()), shadow.indexes().clone()).await.unwrap());
    assert!(shadow.verify().await.unwrap().is_empty());
}

/// Stops after some steps forward.
struct StopAfter(AtomicU64);

impl StopAfter {
    fn new(steps: u64) -> Self {
        Self(AtomicU64::new(steps))
    }
}

impl Progress for StopAfter {
    fn begin(&self, _: Stage, _: u64) {}
    fn advance(&self, _: u64) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
    fn cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

/// A model that finds all texts alike.
struct Blind(EmbedderIdentity);

#[async_trait]
impl Embedder for Blind {
    fn identity(&self) -> &EmbedderIdentity {
        &self.0
    }
    async fn embed_query(&self, _: &str) -> Result<Vec<f32>, EmbedError> {
        Ok(vec![(1.0 / DIMENSIONS as f32).sqrt(); DIMENSIONS])
    }
    async fn embed_passages(&self, texts: Vec<PassageInput>) -> Result<Vec<Vec<f32>>, EmbedError> {
        Ok(texts.iter().map(|_| vec![(1.0 / DIMENSIONS as f32).sqrt(); DIMENSIONS]).collect())
    }
}

/// A model whose questions and passages do not meet, as with a forgotten prefix.
struct Crossed(HashEmbedder, HashEmbedder);

#[async_trait]
impl Embedder for Crossed {
    fn identity(&self) -> &EmbedderIdentity {
        self.0.identity()
    }
    async fn embed_query(&self, text: &str) -> Result<Vec<f32>, EmbedError> {
        Ok(self.1.vector(text))
    }
    async fn embed_passages(&self, texts: Vec<PassageInput>) -> Result<Vec<Vec<f32>>, EmbedError> {
        Ok(texts.iter().map(|t| self.0.vector(&t.text)).collect())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_does_not_find_what_is_live_is_refused() {
    let fixture = Fixture::new();
    fill(&fixture, 60);
    fixture.open().await.build().await.unwrap();
    let blind = EmbedderIdentity {
        name: "blind".to_owned(),
        dimensions: DIMENSIONS,
        fingerprint: "b11d".to_owned(),
    };
    let crossed = Crossed(HashEmbedder::new(DIMENSIONS, 7), HashEmbedder::new(DIMENSIONS, 8));
    let models: [(Arc<dyn Embedder>, &str); 2] =
        [(Arc::new(Blind(blind)), "own vector"), (Arc::new(crossed), "by meaning")];
    for (model, reason) in models {
        let Both { open, base, shadow } = both(&fixture, model).await;
        shadow.fill_space(&silent()).await.unwrap();
        let error = shadow.take_over(Some(&open.publisher), &silent()).await.unwrap_err();
        assert!(matches!(error, PublishError::Refused { .. }), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
        let latest = open.data.catalog().latest().await.unwrap().unwrap();
        assert_eq!(latest.generation, Generation(1));
        let swapped = base.swap(Arc::clone(shadow.embedder()), shadow.indexes().clone()).await;
        assert!(!swapped.unwrap(), "a space that is not live cannot serve");
        let found = base.search(&query("word7")).await.unwrap();
        assert!(found.retrieved.hits[0].text.contains("word7"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_old_model_searches_go_by_keyword_and_edits_are_still_taken() {
    let fixture = Fixture::with_articles();
    fixture.open().await.build().await.unwrap();
    let lost = Arc::new(LostEmbedder::new(fixture.embedder.identity().clone()));
    let open = fixture.open().await;
    let base = base(&open, lost.clone()).await;
    assert_eq!(base.mode().1, SearchMode::KeywordOnly);
    let keyword_only = Publisher::new(
        &fixture.kb(),
        indexer::source::SourceRules::default(),
        open.data.catalog(),
        lost,
        open.indexes.clone(),
    );
    fixture.write("en/shipping.md", "# Shipping\n\nCouriers leave from Ventspils at noon.\n");
    keyword_only.sync(silent()).await.unwrap();
    base.refresh().await.unwrap();
    let found = base.search(&query("couriers Ventspils")).await.unwrap();
    let first: &Hit = &found.retrieved.hits[0];
    assert_eq!((first.path.as_str(), first.dense_score), ("en/shipping.md", None));
    assert!(first.score > 0.5, "{}", first.score);

    let second: Arc<dyn Embedder> = Arc::new(HashEmbedder::new(DIMENSIONS, 2));
    let shadow = fixture.publisher_of(&open.data, second).await;
    shadow.fill_space(&silent()).await.unwrap();
    shadow.take_over(Some(&keyword_only), &silent()).await.unwrap();
    assert!(base.swap(Arc::clone(shadow.embedder()), shadow.indexes().clone()).await.unwrap());
    assert_eq!(base.mode().1, SearchMode::Hybrid);
    let found = base.search(&query("couriers Ventspils")).await.unwrap();
    assert!(found.retrieved.hits[0].dense_score.is_some());
    assert!(shadow.verify().await.unwrap().is_empty());
}

/// Fails when a score of `outcome` was not made by the one model that the outcome names.
fn assert_unmixed(outcome: &SearchOutcome, models: &[Arc<HashEmbedder>]) {
    let model = models.iter().find(|m| m.identity().fingerprint == outcome.fingerprint).unwrap();
    let asked = model.vector(&outcome.query);
    for hit in &outcome.retrieved.hits {
        let Some(score) = hit.dense_score else { continue };
        let passage = Passage {
            ordinal: hit.ordinal,
            anchor: hit.anchor.clone(),
            heading_path: hit.heading_path.clone(),
            text: hit.text.clone(),
            units: Vec::new(),
        };
        let stored = model.vector(&passage.embed_text(&hit.meta.title));
        let cosine: f32 = asked.iter().zip(&stored).map(|(a, b)| a * b).sum();
        assert!(
            (cosine - score).abs() < 1e-3,
            "{score} is not {cosine} of {}",
            outcome.fingerprint
        );
    }
}

/// Swaps between two models there and back while questions and edits come.
async fn swap_under_load(articles: usize, swaps: usize) -> (u64, u64) {
    let mut fixture = Fixture::new();
    fill(&fixture, articles);
    // Wide enough to tell thousands of words apart; otherwise the probes refuse a swap, rightly.
    fixture.embedder = Arc::new(HashEmbedder::new(WIDE, 1));
    fixture.open().await.build().await.unwrap();
    let models = [Arc::clone(&fixture.embedder), Arc::new(HashEmbedder::new(WIDE, 2))];
    let open = fixture.open().await;
    let serving = Arc::clone(&models[0]) as Arc<dyn Embedder>;
    let base = Arc::new(base(&open, serving).await);
    let stop = Arc::new(AtomicBool::new(false));
    let (asked, second) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let askers: Vec<_> = (0..3u64)
        .map(|asker| {
            let (base, stop, models) = (Arc::clone(&base), Arc::clone(&stop), models.clone());
            let (asked, second) = (Arc::clone(&asked), Arc::clone(&second));
            tokio::spawn(async move {
                let mut number = asker;
                while !stop.load(Ordering::Relaxed) {
                    number = (number * 31 + 7) % articles as u64;
                    let words = format!("the word{number} of article");
                    let outcome = base.search(&query(&words)).await.unwrap();
                    assert!(!outcome.retrieved.hits.is_empty());
                    assert_unmixed(&outcome, &models);
                    asked.fetch_add(1, Ordering::Relaxed);
                    let new = outcome.fingerprint == models[1].identity().fingerprint;
                    second.fetch_add(u64::from(new), Ordering::Relaxed);
                }
            })
        })
        .collect();
    let Open { data, indexes, publisher: mut live, .. } = open;
    drop(indexes);
    for swap in 0..swaps {
        let to = Arc::clone(&models[(swap + 1) % 2]);
        let shadow = fixture.publisher_of(&data, to.clone()).await;
        shadow.fill_space(&silent()).await.unwrap();
        let text = format!("# Edited\n\nThe edition{swap} is new.\n");
        fixture.write("en/0001.md", &text);
        live.sync(silent()).await.unwrap();
        base.refresh().await.unwrap();
        live.tidy().await.unwrap();
        shadow.take_over(Some(&live), &silent()).await.unwrap();
        assert!(base.swap(to.clone(), shadow.indexes().clone()).await.unwrap());
        let old = live.indexes().closing();
        live = shadow;
        fixture.embedder = to;
        // Both models are asked for a while; the old index is opened again two swaps later.
        let before = asked.load(Ordering::Relaxed);
        while asked.load(Ordering::Relaxed) < before + 20 || !old.is_closed() {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        let found = base.search(&query(&format!("edition{swap}"))).await.unwrap();
        assert!(found.retrieved.hits[0].text.contains(&format!("edition{swap}")));
    }
    stop.store(true, Ordering::Relaxed);
    for asker in askers {
        asker.await.unwrap();
    }
    assert!(live.verify().await.unwrap().is_empty());
    (asked.load(Ordering::Relaxed), second.load(Ordering::Relaxed))
}

#[tokio::test(flavor = "multi_thread")]
async fn swaps_under_load_fail_no_search_and_mix_none() {
    let swaps = size(4, 20);
    let (asked, second) = swap_under_load(size(120, 3000), swaps).await;
    assert!(0 < second && second < asked, "{second} of {asked} in the second space");
    eprintln!("{asked} searches during {swaps} swaps, {second} of them in the second space");
}
