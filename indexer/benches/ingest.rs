//! Rate of the whole pipeline, from a folder to a committed generation, against a bare embedding
//! loop over exactly the same passage texts: in one process, in turns, so that both see the same
//! machine.
//!
//! `ATBILDE_BENCH_PASSAGES` (default 1000) and `ATBILDE_BENCH_ROUNDS` (default 3) choose the size;
//! `ATBILDE_BENCH_KB` names a folder of real articles instead of generated ones.

#[allow(dead_code, reason = "each benchmark uses a part of the shared code")]
mod bench;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use bench::{print_table, quantile, setting, write_articles};
use fastembed::{InitOptionsUserDefined, TextEmbedding, UserDefinedEmbeddingModel};
use indexer::embed::{Embedder, EmbedderSettings, FastEmbedder, PassageInput};
use indexer::keyword::KeywordSettings;
use indexer::onnx::{self, ModelFiles};
use indexer::publish::{DataFolder, Publisher, Silent};
use indexer::source::{self, SourceRules};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let scratch = tempfile::tempdir()?;
    let kb = match std::env::var_os("ATBILDE_BENCH_KB") {
        Some(folder) => PathBuf::from(folder),
        None => {
            write_articles(scratch.path(), setting("ATBILDE_BENCH_PASSAGES", 1000))?;
            scratch.path().to_owned()
        }
    };
    let texts = texts(&kb);
    let settings = EmbedderSettings::default();
    // Loads ONNX Runtime for the bare loop too, and both models before the first round.
    let embedder: Arc<dyn Embedder> = Arc::new(FastEmbedder::start(settings.clone()).await?);
    embedder
        .embed_passages(vec![PassageInput { text: "warm up".to_owned(), ..Default::default() }])
        .await?;
    let mut bare = bare_model(&settings)?;

    let (mut pipeline, mut loops) = (Vec::new(), Vec::new());
    for _ in 0..setting("ATBILDE_BENCH_ROUNDS", 3) {
        pipeline.push(build(&kb, Arc::clone(&embedder)).await?);
        let started = Instant::now();
        let vectors = tokio::task::block_in_place(|| {
            bare.embed(&texts, Some(settings.batch_size)).map_err(anyhow::Error::msg)
        })?;
        loops.push(vectors.len() as f64 / started.elapsed().as_secs_f64());
    }
    let (a, b) = (quantile(&mut pipeline, 0.5), quantile(&mut loops, 0.5));
    let row = |name: &str, rates: &[f64], median: f64| {
        let (least, most) = (rates.first().copied(), rates.last().copied());
        vec![
            name.to_owned(),
            format!("{median:.1}"),
            format!("{:.1}", least.unwrap_or(f64::NAN)),
            format!("{:.1}", most.unwrap_or(f64::NAN)),
        ]
    };
    print_table(
        &format!("Ingestion of {} passages, rounds in turns", texts.len()),
        &["passages a second", "median", "least", "most"],
        vec![
            row("folder to committed generation", &pipeline, a),
            row("bare embedding loop, same texts in folder order", &loops, b),
            vec!["ratio of the medians".to_owned(), format!("{:.3}", a / b)],
        ],
    );
    Ok(())
}

/// Passages a second of a first build.
async fn build(kb: &Path, embedder: Arc<dyn Embedder>) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    let started = Instant::now();
    let data = DataFolder::open(folder.path()).await?;
    let indexes = data.indexes(embedder.identity(), &KeywordSettings::default()).await?;
    let publisher = Publisher::new(kb, SourceRules::default(), data.catalog(), embedder, indexes);
    let report = publisher.sync(Arc::new(Silent)).await?;
    Ok(report.embedded as f64 / started.elapsed().as_secs_f64())
}

/// The texts that the pipeline embeds, each once, in the order of the files.
fn texts(kb: &Path) -> Vec<String> {
    let rules = SourceRules::default();
    let mut seen = std::collections::HashSet::new();
    source::walk(kb)
        .files
        .iter()
        .filter_map(|file| source::read_document(file, &rules).ok())
        .flat_map(|document| {
            document.passages.iter().map(|p| p.embed_text(&document.meta.title)).collect::<Vec<_>>()
        })
        .filter(|text| seen.insert(text.clone()))
        .collect()
}

fn bare_model(settings: &EmbedderSettings) -> anyhow::Result<TextEmbedding> {
    let (model, tokenizer) = ModelFiles::bundled_embedder().into_parts();
    let model =
        UserDefinedEmbeddingModel::new(model, tokenizer).with_pooling(fastembed::Pooling::Mean);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let options = InitOptionsUserDefined::new()
        .with_environment(onnx::environment()?)
        .with_max_length(settings.max_tokens)
        .with_intra_threads(threads);
    TextEmbedding::try_new_from_user_defined(model, options).map_err(anyhow::Error::msg)
}
