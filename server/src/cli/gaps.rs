//! `atbilde gaps`: what customers ask and the articles do not answer well, for the content team. Works
//! while a server runs. Customers' words are stored redacted, and a subject shows only from `gaps.k`
//! customers on.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use indexer::embed::{Embedder, FastEmbedder, input};
use indexer::model::Locale;
use jiff::Timestamp;

use super::{ConfigFlag, block_on, print, stores};
use crate::gaps::{Gaps, Look, MOST_DAYS, read};
use crate::settings::Settings;
use crate::store::Stores;
use crate::store::questions::{Judgement, Verdict};

/// Flags of `gaps`.
#[derive(Debug, Args)]
pub(super) struct Gap {
    /// Folder that the server writes
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// Form of the list
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Look back this far; `gaps.days` by default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_DAYS)))]
    days: Option<u32>,
    /// The articles answer this subject now
    #[arg(long, value_name = "ID", group = "verdict")]
    resolve: Option<String>,
    /// No article is wanted for this subject
    #[arg(long, value_name = "ID", group = "verdict")]
    dismiss: Option<String>,
    /// Take either back
    #[arg(long, value_name = "ID", group = "verdict")]
    reopen: Option<String>,
    #[command(flatten)]
    config: ConfigFlag,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Csv,
    Json,
}

impl Gap {
    pub(super) fn run(self) -> Result<ExitCode> {
        let settings = self.config.load()?;
        let found = block_on(async {
            let stores = stores(&self.data, &settings).await?;
            let found = self.look(&stores, &settings).await;
            stores.close().await;
            found
        })?;
        print(&match self.format {
            Format::Table => found.table(),
            Format::Csv => found.csv(),
            Format::Json => serde_json::to_string_pretty(&found)? + "\n",
        })?;
        Ok(ExitCode::SUCCESS)
    }

    /// The list, after the decision that the flags name.
    async fn look(&self, stores: &Stores, settings: &Settings) -> Result<Gaps> {
        let store = stores.conversations();
        let look = Look {
            now: Timestamp::now(),
            days: self.days.unwrap_or(settings.gaps.days),
            k: settings.gaps.k,
        };
        let embedder = FastEmbedder::start_lazy(settings.indexer.embedder.clone())
            .context("the embedding model cannot be used")?;
        let embed = async |text: &str, locale: &Locale| {
            let vector = embedder.embed_query(&input(&embedder, locale, text)).await?;
            Ok(Arc::from(vector))
        };
        let found = read(&*store, (&settings.gaps, &look), &embed).await?;
        let decided = [
            (&self.resolve, Some(Verdict::Resolved)),
            (&self.dismiss, Some(Verdict::Dismissed)),
            (&self.reopen, None),
        ];
        let Some((id, verdict)) =
            decided.into_iter().find_map(|(id, verdict)| Some((id.as_ref()?, verdict)))
        else {
            return Ok(found);
        };
        let Some(gap) = found.gaps.iter().chain(&found.dismissed).find(|gap| gap.id == *id) else {
            bail!("there is no subject {id} now; `atbilde gaps` lists them with their ids");
        };
        let judgement = Judgement { verdict, agent: None, at: look.now };
        store.judge(&gap.members, &judgement).await?;
        Ok(read(&*store, (&settings.gaps, &look), &embed).await?)
    }
}
