//! Seconds that a build of an unchanged folder takes, everything opened afresh as by a new process.
//!
//! `ATBILDE_BENCH_PASSAGES` (default 10000) chooses the size, `ATBILDE_BENCH_ROUNDS` (default 5) how
//! often; `ATBILDE_BENCH_KB` names a folder of real articles. Vectors are hashed words: none is made
//! in what is measured.

#[allow(dead_code, reason = "each benchmark uses a part of the shared code")]
mod bench;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use bench::{print_table, quantile, setting, write_articles};
use indexer::embed::{Embedder, HashEmbedder};
use indexer::keyword::KeywordSettings;
use indexer::publish::{BuildReport, DataFolder, Publisher, Silent};
use indexer::source::SourceRules;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let scratch = tempfile::tempdir()?;
    let kb = match std::env::var_os("ATBILDE_BENCH_KB") {
        Some(folder) => PathBuf::from(folder),
        None => {
            write_articles(scratch.path(), setting("ATBILDE_BENCH_PASSAGES", 10_000))?;
            scratch.path().to_owned()
        }
    };
    let data = tempfile::tempdir()?;
    let (first, _) = build(&kb, data.path()).await?;
    let mut parts: [Vec<f64>; 4] = Default::default();
    for _ in 0..setting("ATBILDE_BENCH_ROUNDS", 5) {
        let (report, seconds) = build(&kb, data.path()).await?;
        anyhow::ensure!(report.generation == first.generation, "the folder changed meanwhile");
        for (all, one) in parts.iter_mut().zip(seconds) {
            all.push(one);
        }
    }
    let rows = ["open", "recover", "compare with the folder", "total"]
        .iter()
        .zip(&mut parts)
        .map(|(name, seconds)| {
            vec![
                (*name).to_owned(),
                format!("{:.3}", quantile(seconds, 0.5)),
                format!("{:.3}", quantile(seconds, 1.0)),
            ]
        })
        .collect();
    print_table(
        &format!("Unchanged rebuild: {} documents, {} passages", first.documents, first.passages),
        &["seconds", "median", "most"],
        rows,
    );
    Ok(())
}

/// Builds and gives the seconds of opening, recovering, comparing, and of all.
async fn build(kb: &Path, data: &Path) -> anyhow::Result<(BuildReport, [f64; 4])> {
    let started = Instant::now();
    let embedder: Arc<dyn Embedder> = Arc::new(HashEmbedder::new(384, 1));
    let data = DataFolder::open(data).await?;
    let indexes = data.indexes(embedder.identity(), &KeywordSettings::default()).await?;
    let publisher = Publisher::new(kb, SourceRules::default(), data.catalog(), embedder, indexes);
    let opened = started.elapsed().as_secs_f64();
    publisher.recover().await?;
    let recovered = started.elapsed().as_secs_f64();
    let report = publisher.sync(Arc::new(Silent)).await?;
    publisher.tidy().await?;
    data.close().await;
    let total = started.elapsed().as_secs_f64();
    Ok((report, [opened, recovered - opened, total - recovered, total]))
}
