//! A back-up of files restored into a Postgres: what was in the data folder becomes tables, as if they had
//! been copied from a database. Called by `restore`, which fills the database from them.
//!
//! A move that was broken off is finished by the same command: catalog and conversations are filled in one
//! transaction each, and what is there already, unchanged, is left as it is.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use indexer::catalog;
use zeroize::Zeroizing;

use super::manifest::{
    CATALOG, CATALOG_TABLES, DATABASES, MASTER_KEY, Manifest, Place, STORE_TABLES,
};
use super::restore::Restore;
use crate::privacy::Signer;
use crate::privacy::vault::{KeySource, VaultError};
use crate::rights::SIGNING_SECRET;
use crate::startup::{VISITOR_KEY, VISITOR_SECRET};
use crate::store::{self, KEYS_FOLDER, VaultStoreError};

const SIGNING_KEY: &str = "keys/signing.key";

/// Which parts go from files into a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) catalog: bool,
    pub(super) conversations: bool,
}

impl Move {
    pub(super) fn of(restore: &Restore<'_>, manifest: &Manifest) -> Self {
        let moves = |was, to: bool| was == Place::Sqlite && to;
        Self {
            catalog: moves(manifest.catalog, restore.catalog.server().is_some()),
            conversations: moves(manifest.conversations, restore.conversations.server().is_some()),
        }
    }

    /// Makes tables of the files in `work`, which go. Gives how many tickets have no conversation and stay
    /// behind.
    pub(super) async fn prepare(self, restore: &Restore<'_>, work: &Path) -> Result<u64> {
        if self.catalog {
            let (file, tables) = (work.join(CATALOG), work.join(CATALOG_TABLES));
            fs_err::create_dir_all(&tables)?;
            catalog::catalog_tables(&file, &tables).await?;
            fs_err::remove_file(file)?;
        }
        if !self.conversations {
            return Ok(0);
        }
        let tables = work.join(STORE_TABLES);
        fs_err::create_dir_all(&tables)?;
        let moving = store::store_tables(work, &tables).await?;
        let mut secrets = Vec::new();
        let signing = work.join(SIGNING_KEY);
        if signing.is_file() {
            let signer = Signer::open(&work.join(KEYS_FOLDER))?;
            secrets.push((SIGNING_SECRET, signer.line()));
        }
        let visitor = work.join(VISITOR_KEY);
        if visitor.is_file() {
            let key = Zeroizing::new(fs_err::read_to_string(&visitor)?);
            secrets.push((VISITOR_SECRET, Zeroizing::new(key.trim().to_owned())));
        }
        let wanted = || {
            format!(
                "the database needs the master key of the installation that moves: copy {MASTER_KEY} of its \
                 data folder to where vault.key_file of the configuration leads (every process needs it)"
            )
        };
        // A key made up here would be known to this folder alone, and open what all processes share.
        let source = KeySource::new(restore.vault, &work.join(KEYS_FOLDER))?;
        let made_up = matches!(&source, KeySource::File { file, made: true } if !file.exists());
        ensure!(secrets.is_empty() || !made_up, wanted());
        match store::seal_secrets(work, restore.vault, &secrets).await {
            Err(VaultStoreError::Vault(
                error @ (VaultError::UnknownMaster(_) | VaultError::NoKey { .. }),
            )) => return Err(anyhow::Error::new(error).context(wanted())),
            done => done.context("the keys of the installation cannot be sealed")?,
        }
        for name in [signing, visitor] {
            remove(&name)?;
        }
        for name in DATABASES.iter().filter(|name| **name != CATALOG) {
            for end in ["", "-wal", "-shm"] {
                remove(&work.join(format!("{name}{end}")))?;
            }
        }
        Ok(moving.left)
    }
}

fn remove(file: &Path) -> Result<()> {
    match fs_err::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
