//! Latency of searches at several sizes of the base, each part apart.
//!
//! Passages are texts of a word model with random vectors, put straight into catalog and indexes;
//! questions are embedded by the real model where ONNX Runtime is installed, else by hashed words.
//! `ATBILDE_BENCH_SIZES` (default `1000,10000,100000`) and `ATBILDE_BENCH_QUERIES` (default 300)
//! choose what is run.

#[allow(dead_code, reason = "each benchmark uses a part of the shared code")]
mod bench;

use std::sync::Arc;

use bench::{Words, print_table, quantile, say, setting};
use indexer::catalog::{Catalog, Change, NewPassage, StoredDocument};
use indexer::embed::{Embedder, EmbedderSettings, FastEmbedder, HashEmbedder};
use indexer::keyword::{KeywordPassage, KeywordSettings};
use indexer::model::{
    Audience, DocPath, DocumentMeta, Filter, Generation, Locale, Passage, SearchTimings,
};
use indexer::publish::{DataFolder, Indexes};
use indexer::random::SplitMix64;
use indexer::search::{KnowledgeBase, SearchQuery, SearchSettings};
use indexer::vector::VectorPoint;
use jiff::civil::date;

/// Passages put in at a time.
const WINDOW: usize = 1000;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let embedder: Arc<dyn Embedder> = match FastEmbedder::start(EmbedderSettings::default()).await {
        Ok(model) => Arc::new(model),
        Err(error) => {
            say(format!("Questions are embedded as hashed words: {error}"));
            Arc::new(HashEmbedder::new(384, 1))
        }
    };
    let sizes = std::env::var("ATBILDE_BENCH_SIZES").unwrap_or("1000,10000,100000".to_owned());
    let queries = setting("ATBILDE_BENCH_QUERIES", 300);
    let mut rows = Vec::new();
    for size in sizes.split(',') {
        let size: usize = size.trim().parse()?;
        rows.extend(measure(size, queries, Arc::clone(&embedder)).await?);
    }
    print_table(
        &format!("Search, {queries} different questions one after the other, p50 / p99 in ms"),
        &["passages", "embed", "keyword", "dense", "fetch", "total"],
        rows,
    );
    Ok(())
}

async fn measure(
    size: usize,
    queries: usize,
    embedder: Arc<dyn Embedder>,
) -> anyhow::Result<Vec<Vec<String>>> {
    let folder = tempfile::tempdir()?;
    let data = DataFolder::open(folder.path()).await?;
    let indexes = data.indexes(embedder.identity(), &KeywordSettings::default()).await?;
    fill(size, &*data.catalog(), &indexes, embedder.identity().dimensions).await?;
    let base =
        KnowledgeBase::open(data.catalog(), embedder, indexes, SearchSettings::default()).await?;
    let mut words = Words::new(99);
    let mut timings: Vec<SearchTimings> = Vec::new();
    // The first tenth warms up.
    for number in 0..queries + queries / 10 {
        let query = SearchQuery {
            text: words.sentence(5 + number % 6),
            earlier: Vec::new(),
            rewrite: None,
            locale: Locale::parse("en"),
            filter: Filter::public(date(2026, 6, 15)),
            limit: 10,
        };
        let outcome = base.search(&query).await?;
        if number >= queries / 10 {
            timings.push(outcome.retrieved.timings);
        }
    }
    let parts: [fn(&SearchTimings) -> f64; 5] =
        [|t| t.embed_ms, |t| t.keyword_ms, |t| t.dense_ms, |t| t.fetch_ms, |t| t.total_ms];
    let mut row = vec![size.to_string()];
    row.extend(parts.iter().map(|part| {
        let mut values: Vec<f64> = timings.iter().map(part).collect();
        format!("{:.1} / {:.1}", quantile(&mut values, 0.5), quantile(&mut values, 0.99))
    }));
    Ok(vec![row])
}

/// Puts `size` passages, ten to a document, into catalog and indexes as generation after generation.
async fn fill(
    size: usize,
    catalog: &dyn Catalog,
    indexes: &Indexes,
    dimensions: usize,
) -> anyhow::Result<()> {
    let (mut words, mut random) = (Words::new(5), SplitMix64::new(6));
    for (generation, start) in (1..).zip((0..size).step_by(WINDOW)) {
        let documents: Vec<(DocPath, DocumentMeta, Vec<Passage>)> = (start
            ..size.min(start + WINDOW))
            .step_by(10)
            .map(|number| document(number, size, &mut words))
            .collect();
        let all = || documents.iter().flat_map(|(p, m, ps)| ps.iter().map(move |x| (p, m, x)));
        let points: Vec<VectorPoint<'_>> = all()
            .map(|(path, meta, passage)| VectorPoint {
                id: passage.id(path, meta),
                vector: direction(&mut random, dimensions),
                meta,
            })
            .collect();
        indexes.vectors.upsert(&points).await?;
        let keyword: Vec<KeywordPassage<'_>> = all()
            .map(|(path, meta, passage)| KeywordPassage {
                id: passage.id(path, meta),
                meta,
                passage,
            })
            .collect();
        tokio::task::block_in_place(|| indexes.keyword.add(&keyword))?;
        catalog.commit(&change(Generation(generation), &indexes.fingerprint, &documents)).await?;
    }
    indexes.vectors.flush().await?;
    tokio::task::block_in_place(|| indexes.keyword.commit(Generation(1)))?;
    Ok(())
}

fn change<'a>(
    generation: Generation,
    fingerprint: &'a str,
    documents: &'a [(DocPath, DocumentMeta, Vec<Passage>)],
) -> Change<'a> {
    Change {
        generation,
        fingerprint,
        upsert: documents
            .iter()
            .map(|(path, meta, _)| StoredDocument {
                path: path.clone(),
                input_hash: String::new(),
                meta: meta.clone(),
                body: String::new(),
                warnings: Vec::new(),
                version: generation,
            })
            .collect(),
        remove: Vec::new(),
        add: documents
            .iter()
            .flat_map(|(path, meta, passages)| {
                passages.iter().map(move |passage| NewPassage {
                    id: passage.id(path, meta),
                    path,
                    passage,
                    embed_hash: passage.embed_hash(meta),
                })
            })
            .collect(),
        retire: Vec::new(),
        added: documents.len() as u64,
        changed: 0,
        retired: 0,
        embedded: 0,
    }
}

fn document(first: usize, size: usize, words: &mut Words) -> (DocPath, DocumentMeta, Vec<Passage>) {
    let passages = (0..10.min(size - first) as u32)
        .map(|ordinal| Passage {
            ordinal,
            anchor: format!("section-{ordinal}"),
            heading_path: vec![words.sentence(4)],
            text: words.paragraph(150),
            units: Vec::new(),
        })
        .collect();
    let meta = DocumentMeta {
        title: words.sentence(5),
        description: None,
        slug: format!("article-{first}"),
        locale: Locale::parse("en").unwrap_or_else(Locale::undetermined),
        tags: Vec::new(),
        product: None,
        audience: Audience::Public,
        draft: false,
        last_updated: None,
        valid_from: None,
        valid_until: None,
        canonical_url: None,
    };
    (DocPath::new(format!("en/article-{first}.md")), meta, passages)
}

/// A random unit vector.
fn direction(random: &mut SplitMix64, dimensions: usize) -> Vec<f32> {
    let mut vector: Vec<f32> = (0..dimensions).map(|_| random.share() as f32 - 0.5).collect();
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|x| *x /= length);
    vector
}
