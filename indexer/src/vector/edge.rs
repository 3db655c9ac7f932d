//! Qdrant in process (qdrant-edge): one shard in a folder of the data directory.
//!
//! Every call of the engine blocks, so each runs on tokio's blocking pool. Updates and flushes are
//! serialised here, because the engine's `flush` panics when it meets a concurrent update; panics of
//! the engine (a full disk) are caught and become errors. Below some 100,000 points an exact scan is
//! as fast as a graph and misses nothing, so no graph is built.

use std::collections::{HashMap, HashSet};
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use qdrant_edge::external::uuid::Uuid as EdgeUuid;
use qdrant_edge::{
    AnyVariants, Condition, CreateIndex, DEFAULT_VECTOR_NAME, Distance, EdgeConfig, EdgeShard,
    EdgeVectorParamsBuilder, FieldCondition, FieldIndexOperations, Filter as EdgeFilter, JsonPath,
    Match, NamedQuery, OperationError, PayloadFieldSchema, PayloadSchemaType, PointId,
    PointInsertOperations, PointOperations, PointStruct, PointStructPersisted, QueryEnum, Range,
    Record, ScrollRequest, SearchParams, SearchRequest, UpdateOperation, VectorInternal,
    VectorStructInternal, WalOptions, WithPayloadInterface, WithVector,
};
use uuid::Uuid;

use super::payload::{FIELDS, Kind, Rule, fields, rules};
use super::{StoredPoint, VectorError, VectorHit, VectorIndex, VectorPoint, ties};
use crate::model::{Filter, PassageId};
use crate::patience::patiently;

/// Points in one update of the engine.
const UPSERT_BATCH: usize = 512;
/// Small, because the catalog is the truth and replays what the log would lose.
const WAL_SEGMENT_BYTES: usize = 4 << 20;

/// How the engine says that the log of updates is locked; it has no error of its own for that.
const BUSY: &str = "WouldBlock";

/// Written by the engine into every shard.
const CONFIG_FILE: &str = "edge_config.json";

/// An embedded shard. One process may have a folder open.
pub struct EdgeIndex {
    inner: Arc<Inner>,
}

struct Inner {
    shard: Shard,
    writing: Mutex<()>,
}

/// The engine's shard, which flushes when it is dropped, and panics where it cannot.
struct Shard(Option<EdgeShard>);

impl Deref for Shard {
    type Target = EdgeShard;

    #[expect(clippy::expect_used, reason = "taken by `drop` alone")]
    fn deref(&self) -> &EdgeShard {
        self.0.as_ref().expect("taken by `drop` alone")
    }
}

impl Drop for Shard {
    fn drop(&mut self) {
        let shard = self.0.take();
        let dropped = caught(|| {
            drop(shard);
            Ok(())
        });
        if let Err(reason) = dropped {
            // Nothing is lost: what the catalog holds and the shard lacks is put there again.
            tracing::warn!(reason, "the vector index could not be flushed when it was closed");
        }
    }
}

impl EdgeIndex {
    /// Opens the shard in `folder`, or makes one for vectors of `dimensions` numbers where the
    /// folder holds none yet. Blocks; about 20 ms at 10,000 points, a second where another has it open.
    ///
    /// # Errors
    /// [`VectorError::Open`] when the folder is locked by another process, damaged, or holds
    /// vectors of another length.
    pub fn open_or_create(folder: &Path, dimensions: usize) -> Result<Self, VectorError> {
        let open_error = |reason: String| VectorError::Open {
            folder: folder.display().to_string(),
            reason: format!(
                "{reason}. If another atbilde process uses this data folder, stop it; if the \
                 folder is damaged, run `atbilde-indexer verify --repair`"
            ),
        };
        if !folder.join(CONFIG_FILE).exists() {
            create(folder, dimensions).map_err(open_error)?;
        }
        let load = || caught(|| EdgeShard::load(folder, Some(config(dimensions))));
        let shard = patiently(load, |reason| reason.contains(BUSY)).map_err(open_error)?;
        Ok(Self { inner: Arc::new(Inner { shard: Shard(Some(shard)), writing: Mutex::new(()) }) })
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, String> + Send + 'static,
    ) -> Result<T, VectorError> {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || work(&inner))
            .await
            .map_err(|e| VectorError::Operation(e.to_string()))?
            .map_err(VectorError::Operation)
    }
}

#[async_trait]
impl VectorIndex for EdgeIndex {
    async fn upsert(&self, points: &[VectorPoint<'_>]) -> Result<(), VectorError> {
        let points: Vec<PointStructPersisted> = points
            .iter()
            .map(|p| {
                let payload = fields(p.meta).into();
                PointStruct::new(edge_id(p.id), p.vector.clone(), payload).into()
            })
            .collect();
        self.run(move |inner| {
            for batch in points.chunks(UPSERT_BATCH) {
                inner.update(UpdateOperation::PointOperation(PointOperations::UpsertPoints(
                    PointInsertOperations::PointsList(batch.to_vec()),
                )))?;
            }
            Ok(())
        })
        .await
    }

    async fn delete(&self, ids: &[PassageId]) -> Result<(), VectorError> {
        let ids: Vec<PointId> = ids.iter().copied().map(edge_id).collect();
        self.run(move |inner| {
            for batch in ids.chunks(UPSERT_BATCH) {
                inner.update(UpdateOperation::PointOperation(PointOperations::DeletePoints {
                    ids: batch.to_vec(),
                }))?;
            }
            Ok(())
        })
        .await
    }

    async fn flush(&self) -> Result<(), VectorError> {
        self.run(|inner| {
            let _writing = inner.writing.lock().unwrap_or_else(PoisonError::into_inner);
            caught(|| {
                inner.shard.flush();
                Ok(())
            })
        })
        .await
    }

    async fn search(
        &self,
        query: &[f32],
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<VectorHit>, VectorError> {
        let filter = edge_filter(filter);
        ties::settled(limit, |wanted| {
            let request = SearchRequest {
                query: QueryEnum::Nearest(NamedQuery {
                    query: VectorInternal::Dense(query.to_vec()),
                    using: Some(DEFAULT_VECTOR_NAME.to_owned()),
                }),
                filter: Some(filter.clone()),
                params: Some(SearchParams { exact: true, ..SearchParams::default() }),
                limit: wanted,
                offset: 0,
                with_payload: None,
                with_vector: None,
                score_threshold: None,
            };
            async move {
                let found = self.run(move |inner| caught(|| inner.shard.search(request))).await?;
                Ok(found
                    .into_iter()
                    .filter_map(|p| Some(VectorHit { id: passage_id(p.id)?, cosine: p.score }))
                    .collect())
            }
        })
        .await
    }

    async fn ids(&self) -> Result<HashSet<PassageId>, VectorError> {
        self.run(|inner| {
            let mut out = HashSet::new();
            let mut offset = None;
            loop {
                let request = ScrollRequest {
                    offset,
                    limit: Some(10_000),
                    filter: None,
                    with_payload: Some(WithPayloadInterface::Bool(false)),
                    with_vector: WithVector::Bool(false),
                    order_by: None,
                };
                let (records, next) = caught(|| inner.shard.scroll(request))?;
                out.extend(records.into_iter().filter_map(|r| passage_id(r.id)));
                match next {
                    Some(next) => offset = Some(next),
                    None => return Ok(out),
                }
            }
        })
        .await
    }

    async fn stored(
        &self,
        ids: &[PassageId],
    ) -> Result<HashMap<PassageId, StoredPoint>, VectorError> {
        let ids: Vec<PointId> = ids.iter().copied().map(edge_id).collect();
        self.run(move |inner| {
            let (payload, vector) = (WithPayloadInterface::Bool(true), WithVector::Bool(true));
            let found = caught(|| inner.shard.retrieve(&ids, Some(payload), Some(vector)))?;
            Ok(found.into_iter().filter_map(stored).collect())
        })
        .await
    }
}

impl Inner {
    fn update(&self, operation: UpdateOperation) -> Result<(), String> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        caught(|| self.shard.update(operation))
    }

    fn create_payload_indexes(&self) -> Result<(), String> {
        for (field, kind) in FIELDS {
            let schema = match kind {
                Kind::Word => PayloadSchemaType::Keyword,
                Kind::Number => PayloadSchemaType::Integer,
            };
            self.update(UpdateOperation::FieldIndexOperation(FieldIndexOperations::CreateIndex(
                CreateIndex {
                    field_name: key(field),
                    field_schema: Some(PayloadFieldSchema::FieldType(schema)),
                },
            )))?;
        }
        caught(|| {
            self.shard.flush();
            Ok(())
        })
    }
}

/// Makes an empty shard with its payload indexes beside `folder` and moves it there whole, so that a
/// crash leaves either nothing or a complete shard.
fn create(folder: &Path, dimensions: usize) -> Result<(), String> {
    let text = |e: std::io::Error| e.to_string();
    let unfinished = folder.with_extension("unfinished");
    if unfinished.exists() {
        fs_err::remove_dir_all(&unfinished).map_err(text)?;
    }
    fs_err::create_dir_all(&unfinished).map_err(text)?;
    let shard = caught(|| EdgeShard::new(&unfinished, config(dimensions)))?;
    let inner = Inner { shard: Shard(Some(shard)), writing: Mutex::new(()) };
    inner.create_payload_indexes()?;
    drop(inner);
    // Fails where the folder holds files of something else: they are not ours to replace.
    fs_err::rename(&unfinished, folder).map_err(text)
}

fn config(dimensions: usize) -> EdgeConfig {
    EdgeConfig::builder()
        .vector(
            DEFAULT_VECTOR_NAME,
            EdgeVectorParamsBuilder::new(dimensions, Distance::Cosine).build(),
        )
        .on_disk_payload(true)
        .wal_options(WalOptions { segment_capacity: WAL_SEGMENT_BYTES, ..WalOptions::default() })
        .build()
}

/// Runs an engine call, turning its errors and its panics into text.
fn caught<T>(work: impl FnOnce() -> Result<T, OperationError>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|e| e.to_string()),
        Err(panic) => Err(panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()))
            .unwrap_or_else(|| "the engine panicked".to_owned())),
    }
}

fn edge_id(id: PassageId) -> PointId {
    PointId::Uuid(EdgeUuid::from_u128(id.0.as_u128()))
}

fn passage_id(id: PointId) -> Option<PassageId> {
    match id {
        PointId::Uuid(uuid) => Some(PassageId(Uuid::from_u128(uuid.as_u128()))),
        PointId::NumId(_) => None,
    }
}

fn stored(record: Record) -> Option<(PassageId, StoredPoint)> {
    let vector = match record.vector {
        Some(VectorStructInternal::Single(vector)) => vector,
        _ => Vec::new(),
    };
    let fields = record.payload.map(|payload| payload.0).unwrap_or_default();
    Some((passage_id(record.id)?, StoredPoint { vector, fields }))
}

/// The engine's form of `filter`.
fn edge_filter(filter: &Filter) -> EdgeFilter {
    all(rules(filter))
}

fn all(rules: Vec<Rule>) -> EdgeFilter {
    EdgeFilter { must: Some(rules.into_iter().map(condition).collect()), ..EdgeFilter::default() }
}

fn condition(rule: Rule) -> Condition {
    #[expect(clippy::cast_precision_loss, reason = "day numbers are far below 2^52")]
    let number = |day: i64| Some((day as f64).into());
    match rule {
        Rule::AnyOf(field, words) => any_of(field, words),
        Rule::AtMost(field, day) => range(field, Range { lte: number(day), ..Range::default() }),
        Rule::AtLeast(field, day) => range(field, Range { gte: number(day), ..Range::default() }),
        Rule::OneOf(groups) => Condition::Filter(EdgeFilter {
            should: Some(groups.into_iter().map(|g| Condition::Filter(all(g))).collect()),
            ..EdgeFilter::default()
        }),
    }
}

fn any_of(field: &str, words: Vec<String>) -> Condition {
    let values = AnyVariants::Strings(words.into_iter().collect());
    Condition::Field(FieldCondition::new_match(
        key(field),
        Match::Any(qdrant_edge::MatchAny { any: values }),
    ))
}

fn range(
    field: &str,
    range: Range<qdrant_edge::external::ordered_float::OrderedFloat<f64>>,
) -> Condition {
    Condition::Field(FieldCondition::new_range(key(field), range))
}

/// A top-level payload key.
fn key(field: &str) -> JsonPath {
    JsonPath { first_key: field.to_owned(), rest: Vec::new() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::contract::{self, DIMENSIONS};
    use super::*;

    /// The folder is gone, as on a disk that was pulled: closing is no reason to fall.
    #[test]
    fn closing_a_shard_that_cannot_be_flushed_does_not_panic() {
        let folder = tempfile::tempdir().unwrap();
        let index = EdgeIndex::open_or_create(folder.path(), DIMENSIONS).unwrap();
        let id = PassageId(Uuid::from_u128(7));
        let vector = vec![0.5; DIMENSIONS];
        let point = PointStruct::new(edge_id(id), vector, json!({}));
        let points = PointInsertOperations::PointsList(vec![point.into()]);
        let upsert = PointOperations::UpsertPoints(points);
        index.inner.update(UpdateOperation::PointOperation(upsert)).unwrap();
        folder.close().unwrap();
        drop(index);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn keeps_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        let index = EdgeIndex::open_or_create(folder.path(), DIMENSIONS).unwrap();
        contract::check(index, async |index| {
            drop(index);
            EdgeIndex::open_or_create(folder.path(), DIMENSIONS).unwrap()
        })
        .await;
    }

    #[test]
    fn a_shard_that_is_about_to_be_closed_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let first = EdgeIndex::open_or_create(folder.path(), DIMENSIONS).unwrap();
        let error = EdgeIndex::open_or_create(folder.path(), DIMENSIONS).err().unwrap();
        assert!(error.to_string().contains("another atbilde process"), "{error}");
        let closing = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(100));
            drop(first);
        });
        EdgeIndex::open_or_create(folder.path(), DIMENSIONS).unwrap();
        closing.join().unwrap();
    }

    #[test]
    fn vectors_of_another_length_are_refused_and_nothing_is_deleted() {
        let folder = tempfile::tempdir().unwrap();
        drop(EdgeIndex::open_or_create(folder.path(), DIMENSIONS).unwrap());
        let error = EdgeIndex::open_or_create(folder.path(), DIMENSIONS + 1).err().unwrap();
        assert!(error.to_string().contains("verify --repair"), "{error}");
        EdgeIndex::open_or_create(folder.path(), DIMENSIONS).unwrap();
    }
}
