//! From the files of a data folder to the tables of a database: each table as the copy that
//! [`PostgresStore::fill_from`](super::PostgresStore::fill_from) reads, and the secrets that lie in files of their own sealed beside the
//! keys. Called by `backup` for a restore that moves an installation; reads copies, never the source.

use std::path::Path;
use std::sync::Arc;

use indexer::catalog::{TableReader, TableRows};
use zeroize::Zeroizing;

use super::StoreError;
use super::postgres::{TABLES, file_of};
use super::sqlite::{KEYS_FILE, KeyFile, PRIVACY_FILE, PrivacyFile, STORE_FILE, SqliteStore};
use super::vault::{KEYS_FOLDER, Vault, VaultStoreError};
use crate::privacy::vault::VaultSettings;

/// Tickets of before conversations were kept have none that they could belong to.
const WITH_CONVERSATION: &str =
    "epoch IS NOT NULL AND conversation IN (SELECT id FROM conversations)";

/// What becomes of the tables.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Moving {
    /// Tickets that stay behind, because there is no conversation that they could belong to.
    pub left: u64,
}

/// Where a table of the database comes from: file and rows.
fn source(table: &'static str) -> (&'static str, TableRows<'static>) {
    let rows = |table| TableRows { table, times: &[], only: "" };
    match table {
        "conv_escalations" => {
            let times = &["at"];
            (STORE_FILE, TableRows { times, only: WITH_CONVERSATION, ..rows("escalations") })
        }
        "privacy_vault_entries" => {
            (PRIVACY_FILE, TableRows { times: &["at"], ..rows("vault_entries") })
        }
        "privacy_receipts" => (PRIVACY_FILE, rows("erasure_receipts")),
        _ => match table.strip_prefix("privacy_") {
            Some(name) => (PRIVACY_FILE, rows(name)),
            None => (STORE_FILE, rows(table.trim_start_matches("conv_"))),
        },
    }
}

/// Writes what the files in `folder` hold as tables into `into`. Files of an earlier version are brought up
/// to date, missing ones are made.
///
/// # Errors
/// When a file does not open or cannot be written.
pub async fn store_tables(folder: &Path, into: &Path) -> Result<Moving, StoreError> {
    SqliteStore::open(&folder.join(STORE_FILE)).await?.close().await;
    PrivacyFile::open(folder).await?.pool().close().await;
    let mut left = 0;
    for table in TABLES {
        let (file, rows) = source(table);
        let mut reader = TableReader::open(&folder.join(file)).await.map_err(unread)?;
        let columns = reader.columns(rows.table).await.map_err(unread)?;
        let head = format!("{}\n", columns.join(", "));
        let to = (head.as_str(), into.join(file_of(table)));
        let written = reader.write(rows, &columns, (to.0, to.1.as_path())).await.map_err(unread)?;
        left += reader.count(rows.table).await.map_err(unread)?.saturating_sub(written);
        reader.close().await.map_err(unread)?;
    }
    Ok(Moving { left })
}

/// Puts the installation's own secrets into the key file in `folder`, sealed by the master key that
/// `settings` lead to, as the processes over one database share them.
///
/// # Errors
/// [`VaultStoreError`] when the master key is not the one of these keys.
pub async fn seal_secrets(
    folder: &Path,
    settings: &VaultSettings,
    secrets: &[(&'static str, Zeroizing<String>)],
) -> Result<(), VaultStoreError> {
    let keys_folder = folder.join(KEYS_FOLDER);
    let originals = Arc::new(PrivacyFile::open(folder).await?);
    let keys = KeyFile::open(&keys_folder.join(KEYS_FILE)).await?;
    let rows = (originals.clone() as Arc<_>, Arc::new(keys.clone()) as Arc<_>);
    let vault = Vault::open(&keys_folder, rows, settings).await?;
    for (name, secret) in secrets {
        let sealed = vault.seal_own(name, secret).await?;
        keys.add_secret(name, &sealed).await?;
    }
    vault.close().await;
    originals.pool().close().await;
    Ok(())
}

fn unread(error: indexer::catalog::CatalogError) -> StoreError {
    StoreError::Database(error.to_string())
}

#[cfg(test)]
mod tests {
    use indexer::secret::Secret;

    use super::*;
    use crate::store::test_postgres::Database;
    use crate::store::{ConversationSettings, PostgresStore};

    #[tokio::test]
    async fn every_table_has_the_same_columns_in_files_and_in_the_database() {
        let Some(database) = Database::new() else { return };
        let settings = ConversationSettings::default();
        let url = Secret::new(database.url.clone());
        PostgresStore::open(&url, &settings).await.unwrap().close().await;
        let folder = tempfile::tempdir().unwrap();
        store_tables(folder.path(), folder.path()).await.unwrap();
        for table in TABLES {
            let copy = fs_err::read_to_string(folder.path().join(file_of(table))).unwrap();
            let mut here: Vec<&str> = copy.lines().next().unwrap().split(", ").collect();
            let there = database.sql(&format!(
                "SELECT column_name FROM information_schema.columns WHERE table_name = '{table}'"
            ));
            let mut there: Vec<&str> = there.lines().collect();
            here.sort_unstable();
            there.sort_unstable();
            assert_eq!(here, there, "{table}");
        }
    }
}
