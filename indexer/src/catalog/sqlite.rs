//! The catalog in one SQLite file (WAL mode): the default on a single machine.
//!
//! One connection writes, a few read; readers see the last commit and are never blocked by the
//! writer. `synchronous = FULL`: a committed generation survives a power failure.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection as _, Row, Sqlite, Transaction};

use super::convert::{json, json_text, signed, vector, vector_bytes};
use super::decode::{hash, id, passage, unsigned};
use super::{
    Catalog, CatalogDocument, CatalogError, Change, GenerationRecord, LivePassage, SkippedFile,
    SnapshotRows, SpaceRow, StoredDocument, StoredPassage, Unneeded, spaces, units,
};
use crate::model::{DocPath, DocumentMeta, EmbedHash, Generation, PassageId};
use crate::private;

/// Ids or hashes in one query.
const IDS_PER_QUERY: usize = 500;

/// A catalog file. Cheap to clone is not needed: share it in an `Arc`.
pub struct SqliteCatalog {
    pub(super) readers: SqlitePool,
    pub(super) writer: SqlitePool,
}

impl SqliteCatalog {
    /// Opens or creates the catalog in `file` and brings its tables up to date.
    ///
    /// # Errors
    /// [`CatalogError::Open`] when the file is no catalog, is of a newer version, or cannot be
    /// written.
    pub async fn open(file: &Path) -> Result<Self, CatalogError> {
        let open_error =
            |reason: String| CatalogError::Open { location: file.display().to_string(), reason };
        private::file(file).map_err(|e| open_error(e.to_string()))?;
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            .pragma("cache_size", "-4000")
            .pragma("journal_size_limit", "16777216");
        // A transaction that SQLite ended by itself, because the disk is full, is still counted by sqlx: the
        // connection would never commit again. It is replaced.
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .after_release(|connection, _| {
                Box::pin(async move {
                    connection.ping().await?;
                    Ok(!connection.is_in_transaction())
                })
            })
            .connect_with(options.clone())
            .await
            .map_err(|e| open_error(e.to_string()))?;
        sqlx::migrate!("./migrations/sqlite").run(&writer).await.map_err(|e| {
            open_error(format!("{e}; was it written by a newer atbilde? Use that version"))
        })?;
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options.read_only(true).create_if_missing(false))
            .await
            .map_err(|e| open_error(e.to_string()))?;
        Ok(Self { readers, writer })
    }

    /// Closes all connections; pending writes are done.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

#[async_trait]
impl Catalog for SqliteCatalog {
    async fn latest(&self) -> Result<Option<GenerationRecord>, CatalogError> {
        let row = sqlx::query("SELECT * FROM generations ORDER BY generation DESC LIMIT 1")
            .fetch_optional(&self.readers)
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

    async fn snapshot(&self) -> Result<SnapshotRows, CatalogError> {
        let mut tx = self.readers.begin().await?;
        let head = sqlx::query(
            "SELECT generation, fingerprint FROM generations ORDER BY generation DESC LIMIT 1",
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(head) = head else { return Ok(SnapshotRows::default()) };
        let mut out = SnapshotRows {
            generation: Generation(unsigned(&head, "generation")?),
            fingerprint: head.try_get("fingerprint")?,
            ..SnapshotRows::default()
        };
        let mut index = std::collections::HashMap::new();
        let documents = sqlx::query("SELECT path, meta, generation FROM documents ORDER BY path")
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
            sqlx::query("SELECT id, path, embed_hash FROM passages WHERE retired IS NULL")
                .fetch_all(&mut *tx)
                .await?;
        for row in passages {
            let path: String = row.try_get("path")?;
            let document = *index.get(&path).ok_or_else(|| {
                CatalogError::Damaged(format!("a live passage belongs to no document: {path}"))
            })?;
            out.passages.push(LivePassage { id: id(&row)?, document, embed_hash: hash(&row)? });
        }
        Ok(out)
    }

    async fn counts(&self) -> Result<(u64, u64), CatalogError> {
        let row = sqlx::query(
            "SELECT (SELECT count(*) FROM documents) AS documents, \
             (SELECT count(*) FROM passages WHERE retired IS NULL) AS passages",
        )
        .fetch_one(&self.readers)
        .await?;
        Ok((unsigned(&row, "documents")?, unsigned(&row, "passages")?))
    }

    async fn documents(&self) -> Result<Vec<CatalogDocument>, CatalogError> {
        sqlx::query("SELECT path, input_hash, slug, meta FROM documents ORDER BY path")
            .fetch_all(&self.readers)
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

    async fn document(&self, path: &DocPath) -> Result<Option<StoredDocument>, CatalogError> {
        let row = sqlx::query("SELECT * FROM documents WHERE path = ?1")
            .bind(path.as_str())
            .fetch_optional(&self.readers)
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

    async fn passage_ids(&self, paths: &[DocPath]) -> Result<Vec<PassageId>, CatalogError> {
        let mut out = Vec::new();
        for part in paths.chunks(IDS_PER_QUERY) {
            let names: Vec<&str> = part.iter().map(DocPath::as_str).collect();
            let rows = sqlx::query(
                "SELECT id FROM passages WHERE retired IS NULL \
                 AND path IN (SELECT value FROM json_each(?1))",
            )
            .bind(json_text(&names))
            .fetch_all(&self.readers)
            .await?;
            for row in &rows {
                out.push(id(row)?);
            }
        }
        Ok(out)
    }

    async fn passages(&self, ids: &[PassageId]) -> Result<Vec<StoredPassage>, CatalogError> {
        let mut out = Vec::with_capacity(ids.len());
        for part in ids.chunks(IDS_PER_QUERY) {
            let rows = sqlx::query(
                "SELECT * FROM passages WHERE id IN (SELECT unhex(value) FROM json_each(?1))",
            )
            .bind(hex_list(part.iter().map(|i| i.0.as_bytes().as_slice())))
            .fetch_all(&self.readers)
            .await?;
            for row in &rows {
                out.push(passage(row)?);
            }
        }
        Ok(out)
    }

    async fn known_vectors(
        &self,
        fingerprint: &str,
        hashes: &[EmbedHash],
    ) -> Result<HashSet<EmbedHash>, CatalogError> {
        let mut out = HashSet::with_capacity(hashes.len());
        for part in hashes.chunks(IDS_PER_QUERY) {
            let rows = sqlx::query(
                "SELECT embed_hash FROM vectors WHERE fingerprint = ?2 \
                 AND embed_hash IN (SELECT unhex(value) FROM json_each(?1))",
            )
            .bind(hex_list(part.iter().map(|h| h.0.as_slice())))
            .bind(fingerprint)
            .fetch_all(&self.readers)
            .await?;
            for row in &rows {
                out.insert(hash(row)?);
            }
        }
        Ok(out)
    }

    async fn vectors(
        &self,
        fingerprint: &str,
        hashes: &[EmbedHash],
    ) -> Result<Vec<(EmbedHash, Vec<f32>)>, CatalogError> {
        let mut out = Vec::with_capacity(hashes.len());
        for part in hashes.chunks(IDS_PER_QUERY) {
            let rows = sqlx::query(
                "SELECT embed_hash, vector FROM vectors WHERE fingerprint = ?2 \
                 AND embed_hash IN (SELECT unhex(value) FROM json_each(?1))",
            )
            .bind(hex_list(part.iter().map(|h| h.0.as_slice())))
            .bind(fingerprint)
            .fetch_all(&self.readers)
            .await?;
            for row in &rows {
                out.push((hash(row)?, vector(row.try_get("vector")?)));
            }
        }
        Ok(out)
    }

    async fn store_vectors(
        &self,
        fingerprint: &str,
        vectors: &[(EmbedHash, Vec<f32>)],
    ) -> Result<(), CatalogError> {
        let mut tx = self.writer.begin().await?;
        for (hash, vector) in vectors {
            sqlx::query(
                "INSERT OR REPLACE INTO vectors (embed_hash, fingerprint, vector) VALUES (?1, ?2, ?3)",
            )
            .bind(hash.0.as_slice())
            .bind(fingerprint)
            .bind(vector_bytes(vector))
            .execute(&mut *tx)
            .await?;
        }
        Ok(tx.commit().await?)
    }

    async fn commit(&self, change: &Change<'_>) -> Result<(), CatalogError> {
        let mut tx = self.writer.begin().await?;
        let newest: i64 = sqlx::query("SELECT coalesce(max(generation), 0) AS g FROM generations")
            .fetch_one(&mut *tx)
            .await?
            .try_get("g")?;
        if newest + 1 != signed(change.generation.0) {
            return Err(CatalogError::Superseded(change.generation));
        }
        write_documents(&mut tx, change).await?;
        write_passages(&mut tx, change).await?;
        sqlx::query("INSERT INTO generations VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
            .bind(signed(change.generation.0))
            .bind(jiff::Timestamp::now().to_string())
            .bind(change.fingerprint)
            .bind(signed(change.added))
            .bind(signed(change.changed))
            .bind(signed(change.retired))
            .bind(signed(change.embedded))
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    async fn record_skipped(&self, skipped: &[SkippedFile]) -> Result<(), CatalogError> {
        let mut tx = self.writer.begin().await?;
        sqlx::query("DELETE FROM skipped").execute(&mut *tx).await?;
        for file in skipped {
            sqlx::query("INSERT OR REPLACE INTO skipped (path, reason) VALUES (?1, ?2)")
                .bind(&file.path)
                .bind(&file.reason)
                .execute(&mut *tx)
                .await?;
        }
        Ok(tx.commit().await?)
    }

    async fn skipped(&self) -> Result<Vec<SkippedFile>, CatalogError> {
        sqlx::query("SELECT path, reason FROM skipped ORDER BY path")
            .fetch_all(&self.readers)
            .await?
            .into_iter()
            .map(|r| Ok(SkippedFile { path: r.try_get("path")?, reason: r.try_get("reason")? }))
            .collect()
    }

    async fn retired_until(&self, generation: Generation) -> Result<Vec<PassageId>, CatalogError> {
        sqlx::query("SELECT id FROM passages WHERE retired IS NOT NULL AND retired <= ?1")
            .bind(signed(generation.0))
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(id)
            .collect()
    }

    async fn purge(&self, ids: &[PassageId]) -> Result<(), CatalogError> {
        let mut tx = self.writer.begin().await?;
        for part in ids.chunks(IDS_PER_QUERY) {
            sqlx::query(
                "DELETE FROM passages WHERE retired IS NOT NULL \
                 AND id IN (SELECT unhex(value) FROM json_each(?1))",
            )
            .bind(hex_list(part.iter().map(|i| i.0.as_bytes().as_slice())))
            .execute(&mut *tx)
            .await?;
        }
        Ok(tx.commit().await?)
    }

    async fn spaces(&self) -> Result<Vec<SpaceRow>, CatalogError> {
        sqlx::query(sqlx::AssertSqlSafe(spaces::question("")))
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(spaces::space)
            .collect()
    }

    async fn forget_vectors(&self, which: Unneeded<'_>, limit: u32) -> Result<u64, CatalogError> {
        let (fingerprint, all) = which.parts();
        let done = sqlx::query(sqlx::AssertSqlSafe(spaces::deletion("")))
            .bind(fingerprint)
            .bind(all)
            .bind(limit)
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected())
    }
}

async fn write_documents(
    tx: &mut Transaction<'_, Sqlite>,
    change: &Change<'_>,
) -> Result<(), CatalogError> {
    for path in &change.remove {
        sqlx::query("DELETE FROM documents WHERE path = ?1")
            .bind(path.as_str())
            .execute(&mut **tx)
            .await?;
    }
    for document in &change.upsert {
        sqlx::query("INSERT OR REPLACE INTO documents VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
            .bind(document.path.as_str())
            .bind(&document.input_hash)
            .bind(&document.meta.slug)
            .bind(document.meta.locale.as_str())
            .bind(json_text(&document.meta))
            .bind(&document.body)
            .bind(json_text(&document.warnings))
            .bind(signed(change.generation.0))
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

async fn write_passages(
    tx: &mut Transaction<'_, Sqlite>,
    change: &Change<'_>,
) -> Result<(), CatalogError> {
    for id in &change.retire {
        sqlx::query("UPDATE passages SET retired = ?2 WHERE id = ?1 AND retired IS NULL")
            .bind(id.0.as_bytes().as_slice())
            .bind(signed(change.generation.0))
            .execute(&mut **tx)
            .await?;
    }
    for new in &change.add {
        // The same id means the same content; it may still be there as retired.
        sqlx::query(
            "INSERT INTO passages VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, NULL) \
             ON CONFLICT (id) DO UPDATE SET retired = NULL, added = excluded.added",
        )
        .bind(new.id.0.as_bytes().as_slice())
        .bind(new.path.as_str())
        .bind(i64::from(new.passage.ordinal))
        .bind(&new.passage.anchor)
        .bind(json_text(&new.passage.heading_path))
        .bind(&new.passage.text)
        .bind(units::encode(&new.passage.units))
        .bind(new.embed_hash.0.as_slice())
        .bind(signed(change.generation.0))
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

fn hex_list<'a>(items: impl Iterator<Item = &'a [u8]>) -> String {
    let mut out = String::from("[");
    for bytes in items {
        out.push_str(if out.len() > 1 { ",\"" } else { "\"" });
        for byte in bytes {
            out.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
            out.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        }
        out.push('"');
    }
    out.push(']');
    out
}
