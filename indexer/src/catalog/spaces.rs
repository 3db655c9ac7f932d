//! What the catalog file holds of each vector space, and forgetting it. Part of [`SqliteCatalog`],
//! used by `publish::prune` and by `inspect`.

use sqlx::Row;

use super::{CatalogError, SpaceRow, SqliteCatalog, Unneeded};

const SPACES: &str = "\
SELECT f.fingerprint AS fingerprint, \
  (SELECT g.committed_at FROM generations g WHERE g.generation = 1 + \
    (SELECT max(h.generation) FROM generations h WHERE h.fingerprint = f.fingerprint)) AS left_at, \
  coalesce(v.vectors, 0) AS vectors, coalesce(v.live, 0) AS live, coalesce(v.unused, 0) AS unused \
FROM (SELECT fingerprint FROM generations UNION SELECT fingerprint FROM vectors) f \
LEFT JOIN (SELECT fingerprint, count(*) AS vectors, \
    sum(embed_hash IN (SELECT embed_hash FROM passages WHERE retired IS NULL)) AS live, \
    sum(embed_hash NOT IN (SELECT embed_hash FROM passages)) AS unused \
  FROM vectors GROUP BY fingerprint) v ON v.fingerprint = f.fingerprint \
ORDER BY f.fingerprint";

impl SqliteCatalog {
    pub(super) async fn read_spaces(&self) -> Result<Vec<SpaceRow>, CatalogError> {
        let count = |row: &sqlx::sqlite::SqliteRow, column: &str| -> Result<u64, CatalogError> {
            Ok(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or(0))
        };
        sqlx::query(SPACES)
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(|row| {
                Ok(SpaceRow {
                    fingerprint: row.try_get("fingerprint")?,
                    left_at: row.try_get("left_at")?,
                    vectors: count(row, "vectors")?,
                    live: count(row, "live")?,
                    unused: count(row, "unused")?,
                })
            })
            .collect()
    }

    pub(super) async fn delete_vectors(
        &self,
        which: Unneeded<'_>,
        limit: u32,
    ) -> Result<u64, CatalogError> {
        let (fingerprint, all) = match which {
            Unneeded::Space(fingerprint) => (fingerprint, true),
            Unneeded::Unused(fingerprint) => (fingerprint, false),
        };
        let done = sqlx::query(
            "DELETE FROM vectors WHERE fingerprint = ?1 AND embed_hash IN ( \
               SELECT embed_hash FROM vectors WHERE fingerprint = ?1 \
               AND (?2 OR embed_hash NOT IN (SELECT embed_hash FROM passages)) LIMIT ?3)",
        )
        .bind(fingerprint)
        .bind(all)
        .bind(limit)
        .execute(&self.writer)
        .await?;
        Ok(done.rows_affected())
    }
}
