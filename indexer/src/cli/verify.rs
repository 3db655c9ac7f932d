//! `atbilde-indexer verify`: do folder, catalog and indexes agree; with `--repair`, make them.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use indexer::embed::{Embedder, FastEmbedder};
use indexer::publish::{
    DataFolder, Drift, DriftKind, Drifts, Indexes, Place, Progress, PublishError, Publisher,
};
use indexer::settings::IndexerSettings;
use serde::Serialize;

use super::knowledge_base::{DataFlag, KbFlag};
use super::progress::{Show, Shown};
use super::signals::Stop;
use super::{Exit, explain, output};

/// Check that folder, catalog and both indexes agree
///
/// Compares everything by content and changes nothing, unless --repair is given: then the indexes
/// are made to follow the catalog, and only texts whose vector is lost are embedded again. Edits in
/// the folder are for `build`.
#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    kb: KbFlag,
    #[command(flatten)]
    data: DataFlag,
    /// Mend the indexes from the catalog
    #[arg(long)]
    repair: bool,
    /// Print the result as one line of JSON
    #[arg(long)]
    json: bool,
}

/// Contract of `verify --json`.
#[derive(Serialize)]
struct Outcome<'a> {
    ok: bool,
    drift: &'a [Drift],
    /// What `--repair` found and mended.
    repaired: &'a [Drift],
}

impl Verify {
    pub(super) async fn run(self, settings: IndexerSettings) -> anyhow::Result<Exit> {
        let kb = self.kb.existing()?;
        let data = self.data.open_existing(&settings).await?;
        let _right = if self.repair { data.right_to_write().await? } else { None };
        let embedder = Arc::new(FastEmbedder::start_lazy(settings.embedder.clone())?);
        let mut found = Drifts::default();
        let latest = data.catalog().latest().await?;
        if latest.is_some_and(|g| g.fingerprint == embedder.identity().fingerprint) {
            found.0.extend(data.absent(embedder.identity()).into_iter().map(absent));
        }
        if !found.is_empty() && !self.repair {
            // Opening would make an empty one: looking changes nothing.
            return self.tell(&found, &Drifts::default());
        }
        let indexes = match data.indexes(embedder.identity(), &settings.keyword).await {
            Ok(indexes) => indexes,
            Err(error) => {
                let Some(drift) = unusable(&error) else {
                    return Err(error.into());
                };
                output::note(&error);
                found.0.push(drift);
                if !self.repair {
                    return self.tell(&found, &Drifts::default());
                }
                reopen(&data, &*embedder, &settings, error).await?
            }
        };
        let publisher =
            Publisher::new(kb, settings.source.clone(), data.catalog(), embedder, indexes);
        found.0.extend(publisher.verify().await?.0);
        if !self.repair {
            return self.tell(&found, &Drifts::default());
        }

        let stop = Stop::default();
        let shown = Arc::new(Shown::new(Show::Progress, stop.clone()));
        let repaired = stop.guard(publisher.repair(Arc::clone(&shown) as Arc<dyn Progress>)).await;
        shown.finish();
        repaired?;
        let left = publisher.verify().await?;
        found.0.retain(|drift| !left.0.contains(drift));
        self.tell(&left, &found)
    }

    fn tell(&self, left: &Drifts, repaired: &Drifts) -> anyhow::Result<Exit> {
        if self.json {
            output::json_line(&Outcome {
                ok: left.is_empty(),
                drift: &left.0,
                repaired: &repaired.0,
            })?;
        } else {
            if !repaired.is_empty() {
                let count = output::counted(repaired.0.len() as u64, "difference");
                output::result(format!("Mended {count} between catalog and indexes."));
            }
            output::result(if left.is_empty() {
                "Folder, catalog and indexes agree.".to_owned()
            } else {
                explain::text(&left.0)
            });
        }
        Ok(if left.is_empty() { Exit::Done } else { Exit::Failed })
    }
}

/// The difference that a missing folder is.
fn absent(place: Place) -> Drift {
    Drift { place, kind: DriftKind::Absent, passage: None, path: None }
}

/// The difference that an index which does not open is.
fn unusable(error: &PublishError) -> Option<Drift> {
    let place = error.unusable_index()?;
    Some(Drift { place, kind: DriftKind::Unusable, passage: None, path: None })
}

/// Moves the broken index aside, as often as there are indexes, and opens fresh ones.
async fn reopen(
    data: &DataFolder,
    embedder: &dyn Embedder,
    settings: &IndexerSettings,
    mut error: PublishError,
) -> anyhow::Result<Indexes> {
    for _ in [Place::Keyword, Place::Vectors] {
        let Some(aside) = data.set_aside(embedder.identity(), &error)? else {
            break;
        };
        moved(&aside);
        match data.indexes(embedder.identity(), &settings.keyword).await {
            Ok(indexes) => return Ok(indexes),
            Err(next) => error = next,
        }
    }
    Err(error.into())
}

fn moved(aside: &Path) {
    output::note(format!(
        "the index that does not open was moved to {}; remove it when it is not needed any more",
        aside.display()
    ));
}
