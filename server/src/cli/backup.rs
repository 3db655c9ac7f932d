//! `atbilde backup` and `atbilde restore`; what they do stands in [`crate::backup`].

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::{ConfigFlag, block_on, print};
use crate::backup::{self, KEYS_FILE, Keys, Manifest, MasterKey, Occupied};
use crate::store::KEYS_FOLDER;

/// Flags of `backup`.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// Folder that the server writes; a running server is no hindrance
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// File to write, a tar archive; must not exist
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// The newest copy of the sealed keys, which is replaced [default: keys.sqlite beside the archive]
    #[arg(long, value_name = "FILE")]
    keys_to: Option<PathBuf>,
    /// Put the vault's master key into the archive, too
    #[arg(long)]
    with_master_key: bool,
    /// Print the manifest as one line of JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigFlag,
}

impl Backup {
    pub(super) fn run(self) -> Result<ExitCode> {
        let settings = self.config.load()?;
        let keys_to = self.keys_to.unwrap_or_else(|| self.to.with_file_name(KEYS_FILE));
        let manifest = block_on(backup::backup(&backup::Backup {
            data: &self.data,
            to: &self.to,
            keys_to: &keys_to,
            master_key: if self.with_master_key { MasterKey::Included } else { MasterKey::Apart },
            catalog: &settings.indexer.catalog,
            conversations: &settings.conversations,
        }))?;
        let mut done = format!("Wrote {}", self.to.display());
        if manifest.keys {
            done.push_str(&format!(" and the newest keys to {}", keys_to.display()));
        }
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
    /// Keep what the folder holds under another name
    #[arg(long)]
    replace: bool,
    /// The newest copy of the sealed keys [default: in the replaced folder, else beside the archive]
    #[arg(long, value_name = "FILE", conflicts_with = "without_keys")]
    keys: Option<PathBuf>,
    /// There are no keys any more: originals stay unreadable, what was erased since comes back
    #[arg(long)]
    without_keys: bool,
    /// Print the manifest as one line of JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigFlag,
}

impl Restore {
    pub(super) fn run(self) -> Result<ExitCode> {
        let settings = self.config.load()?;
        let keys = match &self.keys {
            Some(file) => Keys::File(file),
            None if self.without_keys => Keys::Lost,
            None => Keys::Newest,
        };
        let restored = block_on(backup::restore(&backup::Restore {
            from: &self.from,
            data: &self.data,
            keys,
            occupied: if self.replace { Occupied::SetAside } else { Occupied::Refuse },
            catalog: &settings.indexer.catalog,
            conversations: &settings.conversations,
            vault: &settings.vault,
        }))?;
        let mut done = format!(
            "Restored {}; the first start makes the indexes from it, nothing is embedded again",
            self.data.display()
        );
        if !restored.rows.is_empty() {
            let rows: Vec<String> = restored.rows.iter().map(|(t, n)| format!("{t} {n}")).collect();
            done.push_str(&format!(
                "\nIn the database, counted there, as many as in the back-up: {}\nNext: `atbilde audit verify \
                 --data {} --config ...`, then start the processes",
                rows.join(", "),
                self.data.display()
            ));
        }
        if restored.left > 0 {
            done.push_str(&format!(
                "\n{} tickets of an early version have no conversation and stay behind in the back-up",
                restored.left
            ));
        }
        done.push_str(&format!(
            "\nEverybody logs in anew. Accounts, passwords and API keys are those of {}: who was shut out since \
             is to be shut out again",
            restored.manifest.created_at
        ));
        if let Some(aside) = &restored.set_aside {
            done.push_str(&format!("\nWhat was there is in {}", aside.display()));
        }
        if restored.wants_master_key {
            done.push_str(&format!(
                "\nPut the master key of the vault into {}/{KEYS_FOLDER}/master.key before the first \
                 start, unless [vault] has it from elsewhere",
                self.data.display()
            ));
        }
        print(&told(&restored.manifest, (&done, self.json))?)?;
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
