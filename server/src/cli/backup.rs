//! `atbilde backup` and `atbilde restore`; what they do stands in [`crate::backup`].

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::{block_on, print};
use crate::backup::{self, Manifest};

/// Flags of `backup`.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// Folder that the server writes; a running server is no hindrance
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// File to write, a tar archive; must not exist
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Print the manifest as one line of JSON
    #[arg(long)]
    json: bool,
}

impl Backup {
    pub(super) fn run(self) -> Result<ExitCode> {
        let manifest = block_on(backup::backup(&self.data, &self.to))?;
        let done = format!("Wrote {}", self.to.display());
        print(&told(&manifest, (&done, self.json))?)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Flags of `restore`.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The backup
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Folder to make; must not exist or be empty
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Print the manifest as one line of JSON
    #[arg(long)]
    json: bool,
}

impl Restore {
    pub(super) fn run(self) -> Result<ExitCode> {
        let manifest = block_on(backup::restore(&self.from, &self.data))?;
        let done = format!(
            "Restored {}; the first start makes the indexes from it, nothing is embedded again",
            self.data.display()
        );
        print(&told(&manifest, (&done, self.json))?)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn told(manifest: &Manifest, (done, json): (&str, bool)) -> Result<String> {
    if json {
        return Ok(format!("{}\n", serde_json::to_string(manifest)?));
    }
    let bytes: u64 = manifest.files.iter().map(|f| f.bytes).sum();
    let names: Vec<&str> = manifest.files.iter().map(|f| f.name.as_str()).collect();
    Ok(format!(
        "{done}\ngeneration {}, {} documents, {} passages; {} ({:.1} MB)\n",
        manifest.index_generation,
        manifest.documents,
        manifest.passages,
        names.join(", "),
        bytes as f64 / 1e6
    ))
}
