//! Secrets that all processes of the installation share, sealed by the vault before they come here.

use super::PostgresStore;
use crate::store::StoreError;

impl PostgresStore {
    /// The sealed secret of this name.
    pub(in crate::store) async fn secret(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.within(async {
            Ok(sqlx::query_scalar("SELECT sealed FROM keys_secrets WHERE name = $1")
                .bind(name)
                .fetch_optional(&self.pool)
                .await?)
        })
        .await
    }

    /// Keeps a secret unless another process was first; gives the one that counts.
    pub(in crate::store) async fn add_secret(
        &self,
        name: &str,
        sealed: Vec<u8>,
    ) -> Result<Vec<u8>, StoreError> {
        self.within(async {
            sqlx::query(
                "INSERT INTO keys_secrets (name, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            )
            .bind(name)
            .bind(sealed)
            .execute(&self.pool)
            .await?;
            Ok(sqlx::query_scalar("SELECT sealed FROM keys_secrets WHERE name = $1")
                .bind(name)
                .fetch_one(&self.pool)
                .await?)
        })
        .await
    }
}
