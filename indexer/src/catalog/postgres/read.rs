//! What is read of the shared catalog; one function a question.

use std::collections::{HashMap, HashSet};

use sqlx::postgres::PgPool;
use sqlx::{PgExecutor, Row};

use super::super::convert::{json, signed, vector};
use super::super::decode::{hash, id, passage, unsigned};
use super::super::{
    CatalogDocument, CatalogError, GenerationRecord, LivePassage, SkippedFile, SnapshotRows,
    SpaceRow, StoredDocument, StoredPassage, spaces,
};
use crate::model::{DocPath, DocumentMeta, EmbedHash, Generation, PassageId};

/// Ids or hashes in one query.
const IDS_PER_QUERY: usize = 1000;

pub(super) async fn latest(
    db: impl PgExecutor<'_>,
) -> Result<Option<GenerationRecord>, CatalogError> {
    let row = sqlx::query("SELECT * FROM kb_generations ORDER BY generation DESC LIMIT 1")
        .fetch_optional(db)
        .await?;
    row.map(|r| {
        Ok(GenerationRecord {
            generation: Generation(unsigned(&r, "generation")?),
            committed_at: r.try_get("committed_at")?,
            fingerprint: r.try_get("fingerprint")?,
            added: unsigned(&r, "added")?,
            changed: unsigned(&r, "changed")?,
            retired: unsigned(&r, "retired")?,
            embedded: unsigned(&r, "embedded")?,
        })
    })
    .transpose()
}

pub(super) async fn snapshot(pool: &PgPool) -> Result<SnapshotRows, CatalogError> {
    let mut tx = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
    let head = sqlx::query(
        "SELECT generation, fingerprint FROM kb_generations ORDER BY generation DESC LIMIT 1",
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(head) = head else { return Ok(SnapshotRows::default()) };
    let mut out = SnapshotRows {
        generation: Generation(unsigned(&head, "generation")?),
        fingerprint: head.try_get("fingerprint")?,
        ..SnapshotRows::default()
    };
    let mut index = HashMap::new();
    let documents = sqlx::query("SELECT path, meta, generation FROM kb_documents ORDER BY path")
        .fetch_all(&mut *tx)
        .await?;
    for row in documents {
        let path: String = row.try_get("path")?;
        let meta: DocumentMeta = json(row.try_get("meta")?)?;
        index.insert(path.clone(), out.documents.len() as u32);
        let version = Generation(unsigned(&row, "generation")?);
        out.documents.push((DocPath::new(path), meta, version));
    }
    let passages =
        sqlx::query("SELECT id, path, embed_hash FROM kb_passages WHERE retired IS NULL")
            .fetch_all(&mut *tx)
            .await?;
    for row in passages {
        let path: &str = row.try_get("path")?;
        let document = *index.get(path).ok_or_else(|| {
            CatalogError::Damaged(format!("a live passage belongs to no document: {path}"))
        })?;
        out.passages.push(LivePassage { id: id(&row)?, document, embed_hash: hash(&row)? });
    }
    Ok(out)
}

pub(super) async fn counts(db: impl PgExecutor<'_>) -> Result<(u64, u64), CatalogError> {
    let row = sqlx::query(
        "SELECT (SELECT count(*) FROM kb_documents) AS documents, \
         (SELECT count(*) FROM kb_passages WHERE retired IS NULL) AS passages",
    )
    .fetch_one(db)
    .await?;
    Ok((unsigned(&row, "documents")?, unsigned(&row, "passages")?))
}

pub(super) async fn documents(pool: &PgPool) -> Result<Vec<CatalogDocument>, CatalogError> {
    sqlx::query("SELECT path, input_hash, slug, meta FROM kb_documents ORDER BY path")
        .fetch_all(pool)
        .await?
        .into_iter()
        .map(|r| {
            let meta: DocumentMeta = json(r.try_get("meta")?)?;
            Ok(CatalogDocument {
                path: DocPath::new(r.try_get::<String, _>("path")?),
                input_hash: r.try_get("input_hash")?,
                slug: r.try_get("slug")?,
                title: meta.title,
            })
        })
        .collect()
}

pub(super) async fn document(
    pool: &PgPool,
    path: &DocPath,
) -> Result<Option<StoredDocument>, CatalogError> {
    let row = sqlx::query("SELECT * FROM kb_documents WHERE path = $1")
        .bind(path.as_str())
        .fetch_optional(pool)
        .await?;
    row.map(|r| {
        Ok(StoredDocument {
            path: path.clone(),
            input_hash: r.try_get("input_hash")?,
            meta: json(r.try_get("meta")?)?,
            body: r.try_get("body")?,
            warnings: json(r.try_get("warnings")?)?,
            version: Generation(unsigned(&r, "generation")?),
        })
    })
    .transpose()
}

pub(super) async fn passage_ids(
    pool: &PgPool,
    paths: &[DocPath],
) -> Result<Vec<PassageId>, CatalogError> {
    let mut out = Vec::new();
    for part in paths.chunks(IDS_PER_QUERY) {
        let names: Vec<&str> = part.iter().map(DocPath::as_str).collect();
        let rows =
            sqlx::query("SELECT id FROM kb_passages WHERE retired IS NULL AND path = ANY($1)")
                .bind(names)
                .fetch_all(pool)
                .await?;
        for row in &rows {
            out.push(id(row)?);
        }
    }
    Ok(out)
}

pub(super) async fn passages(
    pool: &PgPool,
    ids: &[PassageId],
) -> Result<Vec<StoredPassage>, CatalogError> {
    let mut out = Vec::with_capacity(ids.len());
    for part in ids.chunks(IDS_PER_QUERY) {
        let rows = sqlx::query("SELECT * FROM kb_passages WHERE id = ANY($1)")
            .bind(id_list(part))
            .fetch_all(pool)
            .await?;
        for row in &rows {
            out.push(passage(row)?);
        }
    }
    Ok(out)
}

pub(super) async fn known_vectors(
    pool: &PgPool,
    fingerprint: &str,
    hashes: &[EmbedHash],
) -> Result<HashSet<EmbedHash>, CatalogError> {
    let mut out = HashSet::with_capacity(hashes.len());
    for part in hashes.chunks(IDS_PER_QUERY) {
        let rows = sqlx::query(
            "SELECT embed_hash FROM kb_vectors WHERE fingerprint = $2 AND embed_hash = ANY($1)",
        )
        .bind(hash_list(part))
        .bind(fingerprint)
        .fetch_all(pool)
        .await?;
        for row in &rows {
            out.insert(hash(row)?);
        }
    }
    Ok(out)
}

pub(super) async fn vectors(
    pool: &PgPool,
    fingerprint: &str,
    hashes: &[EmbedHash],
) -> Result<Vec<(EmbedHash, Vec<f32>)>, CatalogError> {
    let mut out = Vec::with_capacity(hashes.len());
    for part in hashes.chunks(IDS_PER_QUERY) {
        let rows = sqlx::query(
            "SELECT embed_hash, vector FROM kb_vectors \
             WHERE fingerprint = $2 AND embed_hash = ANY($1)",
        )
        .bind(hash_list(part))
        .bind(fingerprint)
        .fetch_all(pool)
        .await?;
        for row in &rows {
            out.push((hash(row)?, vector(row.try_get("vector")?)));
        }
    }
    Ok(out)
}

pub(super) async fn skipped(pool: &PgPool) -> Result<Vec<SkippedFile>, CatalogError> {
    sqlx::query("SELECT path, reason FROM kb_skipped ORDER BY path")
        .fetch_all(pool)
        .await?
        .into_iter()
        .map(|r| Ok(SkippedFile { path: r.try_get("path")?, reason: r.try_get("reason")? }))
        .collect()
}

pub(super) async fn retired_until(
    pool: &PgPool,
    generation: Generation,
) -> Result<Vec<PassageId>, CatalogError> {
    sqlx::query("SELECT id FROM kb_passages WHERE retired IS NOT NULL AND retired <= $1")
        .bind(signed(generation.0))
        .fetch_all(pool)
        .await?
        .iter()
        .map(id)
        .collect()
}

pub(super) async fn spaces(pool: &PgPool) -> Result<Vec<SpaceRow>, CatalogError> {
    sqlx::query(sqlx::AssertSqlSafe(spaces::question("kb_")))
        .fetch_all(pool)
        .await?
        .iter()
        .map(spaces::space)
        .collect()
}

pub(super) fn id_list(ids: &[PassageId]) -> Vec<&[u8]> {
    ids.iter().map(|id| id.0.as_bytes().as_slice()).collect()
}

fn hash_list(hashes: &[EmbedHash]) -> Vec<&[u8]> {
    hashes.iter().map(|hash| hash.0.as_slice()).collect()
}
