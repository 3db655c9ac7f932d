//! Qdrant in process (qdrant-edge): one shard in a folder of the data directory.
//!
//! Every call of the engine blocks, so each runs on tokio's blocking pool. Updates and flushes are
//! serialised here, because the engine's `flush` panics when it meets a concurrent update; panics of
//! the engine (a full disk) are caught and become errors. Below some 100,000 points an exact scan is
//! as fast as a graph and misses nothing, so no graph is built.

use std::collections::HashSet;
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
    ScrollRequest, SearchParams, SearchRequest, UpdateOperation, VectorInternal, WalOptions,
    WithPayloadInterface, WithVector,
};
use serde_json::json;
use uuid::Uuid;

use super::{VectorError, VectorHit, VectorIndex, VectorPoint};
use crate::model::{Audience, DocumentMeta, Filter, PassageId, Validity};

/// Points in one update of the engine.
const UPSERT_BATCH: usize = 512;
/// Small, because the catalog is the truth and replays what the log would lose.
const WAL_SEGMENT_BYTES: usize = 4 << 20;

/// Written by the engine into every shard.
const CONFIG_FILE: &str = "edge_config.json";

/// Payload keys. `view` joins audience, draft and "has dates", so that the usual filter is a single
/// keyword match.
const VIEW: &str = "view";
const LANGUAGE: &str = "lang";
const TAGS: &str = "tags";
const FROM_DAY: &str = "from";
const UNTIL_DAY: &str = "until";

/// An embedded shard. One process may have a folder open.
pub struct EdgeIndex {
    inner: Arc<Inner>,
}

struct Inner {
    shard: EdgeShard,
    writing: Mutex<()>,
}

impl EdgeIndex {
    /// Opens the shard in `folder`, or makes one for vectors of `dimensions` numbers where the
    /// folder holds none yet. Blocks; about 20 ms at 10,000 points.
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
        let shard =
            caught(|| EdgeShard::load(folder, Some(config(dimensions)))).map_err(open_error)?;
        Ok(Self { inner: Arc::new(Inner { shard, writing: Mutex::new(()) }) })
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
            .map(|p| PointStruct::new(edge_id(p.id), p.vector.clone(), payload(p.meta)).into())
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
        let request = SearchRequest {
            query: QueryEnum::Nearest(NamedQuery {
                query: VectorInternal::Dense(query.to_vec()),
                using: Some(DEFAULT_VECTOR_NAME.to_owned()),
            }),
            filter: edge_filter(filter),
            params: Some(SearchParams { exact: true, ..SearchParams::default() }),
            limit,
            offset: 0,
            with_payload: None,
            with_vector: None,
            score_threshold: None,
        };
        let mut hits = self
            .run(move |inner| caught(|| inner.shard.search(request)))
            .await?
            .into_iter()
            .filter_map(|p| Some(VectorHit { id: passage_id(p.id)?, cosine: p.score }))
            .collect::<Vec<_>>();
        hits.sort_by(|a, b| b.cosine.total_cmp(&a.cosine).then(a.id.cmp(&b.id)));
        Ok(hits)
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
}

impl Inner {
    fn update(&self, operation: UpdateOperation) -> Result<(), String> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        caught(|| self.shard.update(operation))
    }

    fn create_payload_indexes(&self) -> Result<(), String> {
        let fields = [
            (VIEW, PayloadSchemaType::Keyword),
            (LANGUAGE, PayloadSchemaType::Keyword),
            (TAGS, PayloadSchemaType::Keyword),
            (FROM_DAY, PayloadSchemaType::Integer),
            (UNTIL_DAY, PayloadSchemaType::Integer),
        ];
        for (field, schema) in fields {
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
    let inner = Inner { shard, writing: Mutex::new(()) };
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

/// `public`, `public+draft`, `public+dated`, `public+draft+dated` and so on.
fn view(audience: Audience, draft: bool, dated: bool) -> String {
    let mut out = audience.as_str().to_owned();
    if draft {
        out.push_str("+draft");
    }
    if dated {
        out.push_str("+dated");
    }
    out
}

fn payload(meta: &DocumentMeta) -> serde_json::Value {
    let validity = Validity::of(meta);
    json!({
        VIEW: view(meta.audience, meta.draft, validity != Validity::FOREVER),
        LANGUAGE: meta.locale.language(),
        TAGS: meta.tags,
        FROM_DAY: validity.from_day,
        UNTIL_DAY: validity.until_day,
    })
}

/// The engine's form of `filter`; agrees with [`Filter::admits`].
fn edge_filter(filter: &Filter) -> Option<EdgeFilter> {
    let drafts: &[bool] = if filter.drafts { &[false, true] } else { &[false] };
    let views = |dated: bool| -> Vec<String> {
        Audience::ALL
            .into_iter()
            .filter(|a| *a <= filter.audience)
            .flat_map(|a| drafts.iter().map(move |draft| view(a, *draft, dated)))
            .collect()
    };
    let day = filter.valid_on.map(crate::model::day_number);
    let mut must = Vec::new();
    match day {
        None => must.push(any_of(VIEW, views(false).into_iter().chain(views(true)))),
        Some(day) => {
            #[expect(clippy::cast_precision_loss, reason = "day numbers are far below 2^52")]
            let day = day as f64;
            let dated = EdgeFilter {
                must: Some(vec![
                    any_of(VIEW, views(true)),
                    range(FROM_DAY, Range { lte: Some(day.into()), ..Range::default() }),
                    range(UNTIL_DAY, Range { gte: Some(day.into()), ..Range::default() }),
                ]),
                ..EdgeFilter::default()
            };
            must.push(Condition::Filter(EdgeFilter {
                should: Some(vec![any_of(VIEW, views(false)), Condition::Filter(dated)]),
                ..EdgeFilter::default()
            }));
        }
    }
    if let Some(languages) = &filter.languages {
        must.push(any_of(LANGUAGE, languages.iter().map(|l| l.language().to_owned())));
    }
    if !filter.tags.is_empty() {
        must.push(any_of(TAGS, filter.tags.iter().cloned()));
    }
    Some(EdgeFilter { must: Some(must), ..EdgeFilter::default() })
}

fn any_of(field: &str, values: impl IntoIterator<Item = String>) -> Condition {
    let values = AnyVariants::Strings(values.into_iter().collect());
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
    use super::super::contract::{self, DIMENSIONS};
    use super::*;

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
    fn vectors_of_another_length_are_refused_and_nothing_is_deleted() {
        let folder = tempfile::tempdir().unwrap();
        drop(EdgeIndex::open_or_create(folder.path(), DIMENSIONS).unwrap());
        let error = EdgeIndex::open_or_create(folder.path(), DIMENSIONS + 1).err().unwrap();
        assert!(error.to_string().contains("verify --repair"), "{error}");
        EdgeIndex::open_or_create(folder.path(), DIMENSIONS).unwrap();
    }
}
