//! `atbilde-indexer watch`: keeps the data folder in step with the folder of Markdown files.
//!
//! For a knowledge base that no server follows. A server follows its own folder and owns the data
//! folder while it runs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use indexer::catalog::{CatalogError, WriterLock};
use indexer::publish::{
    BuildReport, FolderWatch, Progress, Pruner, PublishError, Publisher, Stage, Stillness,
};
use indexer::settings::IndexerSettings;

use super::knowledge_base::{DataFlag, KbFlag, publisher};
use super::signals::Stop;
use super::{Exit, output};

/// A failed look is repeated after this long.
const RETRY: Duration = Duration::from_secs(10);
/// Time between two looks for what is not needed any more.
const PRUNE: Duration = Duration::from_secs(6 * 3600);
/// How often a wait looks whether it was told to stop.
const STOP: Duration = Duration::from_millis(200);

/// Follow the folder: publish every change as soon as the folder has come to rest
///
/// Ends with Ctrl-C or SIGTERM. One line of JSON per published generation with --json.
#[derive(Debug, Args)]
pub(super) struct Watch {
    #[command(flatten)]
    kb: KbFlag,
    #[command(flatten)]
    data: DataFlag,
    /// Print each generation as one line of JSON
    #[arg(long)]
    json: bool,
}

impl Watch {
    pub(super) async fn run(self, settings: IndexerSettings) -> anyhow::Result<Exit> {
        let kb = self.kb.existing()?;
        let data = self.data.open(&settings).await?;
        let right = data.right_to_write().await?;
        let publisher = publisher(kb, &data, &settings).await?;
        publisher.recover().await?;
        let mut watch = FolderWatch::new(kb, &settings.watch);
        let stop = Stop::default();
        let pruner = data.pruner(&settings.prune);
        let sides = (&publisher, &pruner);
        let follow = async {
            tokio::select! {
                followed = follow(sides, &mut watch, &stop, |r| self.tell(r)) => followed,
                () = lost(right.as_ref()) => Err(CatalogError::NotWriter(String::new()).into()),
            }
        };
        let followed = stop.guard(follow).await;
        data.close().await;
        match followed {
            Ok(()) | Err(PublishError::Cancelled) => Ok(Exit::Interrupted),
            Err(error) => Err(error.into()),
        }
    }

    fn tell(&self, report: &BuildReport) {
        if self.json {
            if let Err(error) = output::json_line(report) {
                output::note(format!("error: {error}"));
            }
            return;
        }
        output::result(format!(
            "generation {}: {} added, {} changed, {} retired, {} texts embedded, {:.2} s",
            report.generation.0,
            report.added,
            report.changed,
            report.retired,
            report.embedded,
            report.seconds
        ));
        for skipped in &report.skipped {
            output::note(format!("skipped {}: {}", skipped.path, skipped.reason));
        }
    }
}

async fn follow(
    (publisher, pruner): (&Publisher, &Pruner),
    watch: &mut FolderWatch,
    stop: &Stop,
    tell: impl Fn(&BuildReport),
) -> Result<(), PublishError> {
    let (mut failure, mut pruned) = (None, None::<Instant>);
    let mut unmatched = Vec::new();
    loop {
        let quiet = Quiet { stop: stop.clone(), stillness: watch.stillness() };
        let mut retry = None;
        match publisher.sync(Arc::new(quiet)).await {
            Ok(report) => {
                failure = None;
                for rule in report.unmatched_rules.iter().filter(|r| !unmatched.contains(*r)) {
                    output::note(format!("warning: {rule}; {}", rule.hint));
                }
                unmatched.clone_from(&report.unmatched_rules);
                if report.added + report.changed + report.retired > 0 {
                    tell(&report);
                }
                publisher.tidy().await?;
                if pruned.is_none_or(|at| at.elapsed() >= PRUNE) {
                    pruner.run(publisher.indexes()).await?;
                    pruned = Some(Instant::now());
                }
            }
            Err(PublishError::Unsettled) => {}
            Err(PublishError::Cancelled) => return Err(PublishError::Cancelled),
            Err(error) => {
                let message = error.to_string();
                if failure.as_ref() != Some(&message) {
                    output::note(format!("{message}; what was live stays live"));
                    failure = Some(message);
                }
                retry = Some(RETRY);
            }
        }
        let wake = async {
            match retry {
                Some(pause) => tokio::time::sleep(pause).await,
                None => drop(watch.next().await),
            }
        };
        tokio::select! {
            () = wake => {}
            () = asked(stop) => return Err(PublishError::Cancelled),
        }
    }
}

/// Returns when another process may write a shared catalog.
async fn lost(right: Option<&WriterLock>) {
    match right {
        Some(right) => right.lost().await,
        None => std::future::pending().await,
    }
}

/// Returns when somebody asked for the end.
async fn asked(stop: &Stop) {
    while !stop.asked() {
        tokio::time::sleep(STOP).await;
    }
}

/// Shows no progress; ends a sync that is told to stop or saw a folder in motion.
struct Quiet {
    stop: Stop,
    stillness: Stillness,
}

impl Progress for Quiet {
    fn begin(&self, _: Stage, _: u64) {}

    fn advance(&self, _: u64) {}

    fn cancelled(&self) -> bool {
        self.stop.asked()
    }

    fn unsettled(&self) -> bool {
        !self.stillness.holds()
    }
}
