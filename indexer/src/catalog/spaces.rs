//! What a catalog holds of each vector space, and forgetting it: the questions that both databases are
//! asked in the same words. Used by their implementations of `Catalog::spaces` and `forget_vectors`.

use sqlx::{ColumnIndex, Decode, Row, Type};

use super::decode::unsigned;
use super::{CatalogError, SpaceRow};

/// One row for each space that was ever live or has vectors. `prefix` of the tables: `""` or `"kb_"`.
pub(super) fn question(prefix: &str) -> String {
    format!(
        "SELECT f.fingerprint AS fingerprint, \
           (SELECT g.committed_at FROM {prefix}generations g WHERE g.generation = 1 + \
             (SELECT max(h.generation) FROM {prefix}generations h \
               WHERE h.fingerprint = f.fingerprint)) AS left_at, \
           coalesce(v.vectors, 0) AS vectors, coalesce(v.live, 0) AS live, \
           coalesce(v.unused, 0) AS unused \
         FROM (SELECT fingerprint FROM {prefix}generations \
               UNION SELECT fingerprint FROM {prefix}vectors) f \
         LEFT JOIN (SELECT fingerprint, count(*) AS vectors, \
             count(*) FILTER (WHERE embed_hash IN \
               (SELECT embed_hash FROM {prefix}passages WHERE retired IS NULL)) AS live, \
             count(*) FILTER (WHERE embed_hash NOT IN \
               (SELECT embed_hash FROM {prefix}passages)) AS unused \
           FROM {prefix}vectors GROUP BY fingerprint) v ON v.fingerprint = f.fingerprint \
         ORDER BY f.fingerprint"
    )
}

/// Deletes at most `$3` vectors of the space `$1`: all where `$2`, else those whose text no passage has.
pub(super) fn deletion(prefix: &str) -> String {
    format!(
        "DELETE FROM {prefix}vectors WHERE fingerprint = $1 AND embed_hash IN ( \
           SELECT embed_hash FROM {prefix}vectors WHERE fingerprint = $1 \
           AND ($2 OR embed_hash NOT IN (SELECT embed_hash FROM {prefix}passages)) LIMIT $3)"
    )
}

pub(super) fn space<'r, R>(row: &'r R) -> Result<SpaceRow, CatalogError>
where
    R: Row,
    for<'c> &'c str: ColumnIndex<R>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    Option<String>: Decode<'r, R::Database> + Type<R::Database>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
{
    Ok(SpaceRow {
        fingerprint: row.try_get("fingerprint")?,
        left_at: row.try_get("left_at")?,
        vectors: unsigned(row, "vectors")?,
        live: unsigned(row, "live")?,
        unused: unsigned(row, "unused")?,
    })
}
