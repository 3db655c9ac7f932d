//! `atbilde-indexer build`: makes the data folder follow the folder of Markdown files.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use clap::Args;
use indexer::publish::{BuildReport, DataFolder, Progress, Pruner, PublishError, Publisher};
use indexer::settings::IndexerSettings;

use super::knowledge_base::{DataFlag, KbFlag, publisher};
use super::progress::{Show, Shown};
use super::signals::Stop;
use super::{Exit, output, summary};

/// Build or update the knowledge base from a folder of Markdown files
///
/// Only what has changed since the last build is read, embedded and indexed. A change becomes
/// visible all at once; a build that is stopped or killed leaves the old state and loses no vector
/// that was made.
#[derive(Debug, Args)]
pub(super) struct Build {
    #[command(flatten)]
    kb: KbFlag,
    #[command(flatten)]
    data: DataFlag,
    /// Print the result as one line of JSON
    #[arg(long)]
    json: bool,
    /// Show no progress and no summary
    #[arg(long, short)]
    quiet: bool,
}

impl Build {
    pub(super) async fn run(self, settings: IndexerSettings) -> anyhow::Result<Exit> {
        let started = Instant::now();
        let kb = self.kb.existing()?;
        let data = self.data.open(&settings).await?;
        let _right = data.right_to_write().await?;
        let publisher = publisher(kb, &data, &settings).await?;

        let stop = Stop::default();
        let show = if self.quiet { Show::Nothing } else { Show::Progress };
        let shown = Arc::new(Shown::new(show, stop.clone()));
        let pruner = data.pruner(&settings.prune);
        let work = sync((&publisher, &pruner), Arc::clone(&shown) as Arc<dyn Progress>);
        let synced = stop.guard(work).await;
        shown.finish();
        let mut report = match synced {
            Ok(report) => report,
            Err(PublishError::Cancelled) => {
                output::note(kept(&data).await?);
                return Ok(Exit::Interrupted);
            }
            Err(error) => return Err(error.into()),
        };
        data.close().await;
        report.seconds = started.elapsed().as_secs_f64();

        if self.json {
            output::json_line(&report)?;
        } else if !self.quiet {
            output::result(summary::text(&report));
        }
        if report.documents == 0 {
            output::note(summary::nothing_indexed(kb, &report));
            return Ok(Exit::Failed);
        }
        Ok(Exit::Done)
    }
}

async fn sync(
    (publisher, pruner): (&Publisher, &Pruner),
    progress: Arc<dyn Progress>,
) -> Result<BuildReport, PublishError> {
    publisher.recover().await?;
    let report = publisher.sync(progress).await?;
    publisher.tidy().await?;
    pruner.run(publisher.indexes()).await?;
    Ok(report)
}

/// What a stopped build leaves.
async fn kept(data: &DataFolder) -> anyhow::Result<String> {
    let latest = data.catalog().latest().await.context("the build was stopped")?;
    let live = latest.map_or_else(
        || "nothing is live yet".to_owned(),
        |g| format!("generation {} stays live as it was", g.generation.0),
    );
    Ok(format!(
        "stopped on request: {live}; vectors made so far are kept, and the next build goes on from \
         there"
    ))
}
