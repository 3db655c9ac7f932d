//! What the writer writes. Every transaction that changes what is live first makes sure that the
//! writer's place is still this process's, and holds it to its end: a writer that was taken for dead
//! and comes back cannot commit.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use sqlx::postgres::PgPool;
use sqlx::{Postgres, Row, Transaction};

use super::super::convert::{json_text, signed, vector_bytes};
use super::super::{CatalogError, Change, SkippedFile, StoredDocument, Unneeded, spaces, units};
use super::lock::refusal;
use super::read::id_list;
use super::{CHANNEL, PostgresCatalog};
use crate::model::{DocPath, EmbedHash, PassageId};

/// Rows in one statement.
const ROWS: usize = 500;

/// Vectors are keyed by what they are made of, so anybody may keep one.
pub(super) async fn store_vectors(
    pool: &PgPool,
    fingerprint: &str,
    vectors: &[(EmbedHash, Vec<f32>)],
) -> Result<(), CatalogError> {
    let unique: HashMap<&[u8], Vec<u8>> =
        vectors.iter().map(|(h, v)| (h.0.as_slice(), vector_bytes(v))).collect();
    // In one order everywhere, so that two processes cannot wait for each other.
    let mut rows: Vec<(&[u8], Vec<u8>)> = unique.into_iter().collect();
    rows.sort_unstable_by_key(|(hash, _)| *hash);
    let mut tx = pool.begin().await?;
    for part in rows.chunks(ROWS) {
        let (hashes, bytes): (Vec<&[u8]>, Vec<&[u8]>) =
            part.iter().map(|(hash, bytes)| (*hash, bytes.as_slice())).unzip();
        sqlx::query(
            "INSERT INTO kb_vectors (embed_hash, fingerprint, vector) \
             SELECT h, $1, v FROM unnest($2::bytea[], $3::bytea[]) AS new (h, v) \
             ON CONFLICT (embed_hash, fingerprint) DO UPDATE SET vector = excluded.vector",
        )
        .bind(fingerprint)
        .bind(hashes)
        .bind(bytes)
        .execute(&mut *tx)
        .await?;
    }
    Ok(tx.commit().await?)
}

pub(super) async fn commit(
    catalog: &PostgresCatalog,
    change: &Change<'_>,
) -> Result<(), CatalogError> {
    let mut tx = fenced(catalog).await?;
    let newest: i64 = sqlx::query("SELECT coalesce(max(generation), 0) AS g FROM kb_generations")
        .fetch_one(&mut *tx)
        .await?
        .try_get("g")?;
    if newest + 1 != signed(change.generation.0) {
        return Err(CatalogError::Superseded(change.generation));
    }
    write_documents(&mut tx, change).await?;
    write_passages(&mut tx, change).await?;
    sqlx::query("INSERT INTO kb_generations VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(signed(change.generation.0))
        .bind(jiff::Timestamp::now().to_string())
        .bind(change.fingerprint)
        .bind(signed(change.added))
        .bind(signed(change.changed))
        .bind(signed(change.retired))
        .bind(signed(change.embedded))
        .execute(&mut *tx)
        .await?;
    sqlx::query("SELECT pg_notify($1, $2)")
        .bind(CHANNEL)
        .bind(change.generation.0.to_string())
        .execute(&mut *tx)
        .await?;
    Ok(tx.commit().await?)
}

pub(super) async fn record_skipped(
    catalog: &PostgresCatalog,
    skipped: &[SkippedFile],
) -> Result<(), CatalogError> {
    let mut tx = fenced(catalog).await?;
    sqlx::query("DELETE FROM kb_skipped").execute(&mut *tx).await?;
    for part in skipped.chunks(ROWS) {
        let unique: HashMap<&str, &str> =
            part.iter().map(|s| (s.path.as_str(), s.reason.as_str())).collect();
        let (paths, reasons): (Vec<&str>, Vec<&str>) = unique.into_iter().unzip();
        sqlx::query(
            "INSERT INTO kb_skipped (path, reason) SELECT * FROM unnest($1::text[], $2::text[]) \
             ON CONFLICT (path) DO UPDATE SET reason = excluded.reason",
        )
        .bind(paths)
        .bind(reasons)
        .execute(&mut *tx)
        .await?;
    }
    Ok(tx.commit().await?)
}

pub(super) async fn purge(
    catalog: &PostgresCatalog,
    ids: &[PassageId],
) -> Result<(), CatalogError> {
    let mut tx = fenced(catalog).await?;
    for part in ids.chunks(ROWS) {
        sqlx::query("DELETE FROM kb_passages WHERE retired IS NOT NULL AND id = ANY($1)")
            .bind(id_list(part))
            .execute(&mut *tx)
            .await?;
    }
    Ok(tx.commit().await?)
}

pub(super) async fn forget_vectors(
    catalog: &PostgresCatalog,
    which: Unneeded<'_>,
    limit: u32,
) -> Result<u64, CatalogError> {
    let (fingerprint, all) = which.parts();
    let mut tx = fenced(catalog).await?;
    let done = sqlx::query(sqlx::AssertSqlSafe(spaces::deletion("kb_")))
        .bind(fingerprint)
        .bind(all)
        .bind(i64::from(limit))
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(done.rows_affected())
}

/// A transaction that holds the writer's place.
pub(super) async fn fenced(
    catalog: &PostgresCatalog,
) -> Result<Transaction<'static, Postgres>, CatalogError> {
    let own = catalog.epoch.load(Ordering::Acquire);
    let mut tx = catalog.pool.begin().await?;
    let row =
        sqlx::query("SELECT epoch, holder FROM kb_writer FOR SHARE").fetch_one(&mut *tx).await?;
    if own == 0 || row.try_get::<i64, _>("epoch")? != own {
        return Err(refusal(row.try_get("holder")?));
    }
    Ok(tx)
}

async fn write_documents(
    tx: &mut Transaction<'_, Postgres>,
    change: &Change<'_>,
) -> Result<(), CatalogError> {
    for part in change.remove.chunks(ROWS) {
        let paths: Vec<&str> = part.iter().map(DocPath::as_str).collect();
        sqlx::query("DELETE FROM kb_documents WHERE path = ANY($1)")
            .bind(paths)
            .execute(&mut **tx)
            .await?;
    }
    for part in change.upsert.chunks(ROWS) {
        let column =
            |of: fn(&StoredDocument) -> String| -> Vec<String> { part.iter().map(of).collect() };
        sqlx::query(
            "INSERT INTO kb_documents \
             (path, input_hash, slug, locale, meta, body, warnings, generation) \
             SELECT p, h, s, l, m, b, w, $8 FROM unnest($1::text[], $2::text[], $3::text[], \
             $4::text[], $5::text[], $6::text[], $7::text[]) AS new (p, h, s, l, m, b, w) \
             ON CONFLICT (path) DO UPDATE SET input_hash = excluded.input_hash, \
             slug = excluded.slug, locale = excluded.locale, meta = excluded.meta, \
             body = excluded.body, warnings = excluded.warnings, generation = excluded.generation",
        )
        .bind(column(|d| d.path.as_str().to_owned()))
        .bind(column(|d| d.input_hash.clone()))
        .bind(column(|d| d.meta.slug.clone()))
        .bind(column(|d| d.meta.locale.as_str().to_owned()))
        .bind(column(|d| json_text(&d.meta)))
        .bind(column(|d| d.body.clone()))
        .bind(column(|d| json_text(&d.warnings)))
        .bind(signed(change.generation.0))
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

async fn write_passages(
    tx: &mut Transaction<'_, Postgres>,
    change: &Change<'_>,
) -> Result<(), CatalogError> {
    for part in change.retire.chunks(ROWS) {
        sqlx::query("UPDATE kb_passages SET retired = $2 WHERE id = ANY($1) AND retired IS NULL")
            .bind(id_list(part))
            .bind(signed(change.generation.0))
            .execute(&mut **tx)
            .await?;
    }
    for part in change.add.chunks(ROWS) {
        // The same id means the same content; it may still be there as retired.
        sqlx::query(
            "INSERT INTO kb_passages \
             (id, path, ordinal, anchor, heading_path, text, units, embed_hash, added) \
             SELECT i, p, o, a, h, t, u, e, $9 FROM unnest($1::bytea[], $2::text[], $3::bigint[], \
             $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[]) \
             AS new (i, p, o, a, h, t, u, e) \
             ON CONFLICT (id) DO UPDATE SET retired = NULL, added = excluded.added",
        )
        .bind(part.iter().map(|n| n.id.0.as_bytes().as_slice()).collect::<Vec<_>>())
        .bind(part.iter().map(|n| n.path.as_str()).collect::<Vec<_>>())
        .bind(part.iter().map(|n| i64::from(n.passage.ordinal)).collect::<Vec<_>>())
        .bind(part.iter().map(|n| n.passage.anchor.as_str()).collect::<Vec<_>>())
        .bind(part.iter().map(|n| json_text(&n.passage.heading_path)).collect::<Vec<_>>())
        .bind(part.iter().map(|n| n.passage.text.as_str()).collect::<Vec<_>>())
        .bind(part.iter().map(|n| units::encode(&n.passage.units)).collect::<Vec<_>>())
        .bind(part.iter().map(|n| n.embed_hash.0.as_slice()).collect::<Vec<_>>())
        .bind(signed(change.generation.0))
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}
