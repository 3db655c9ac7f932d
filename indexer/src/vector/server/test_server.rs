//! A small Qdrant server for tests: the client crate's own generated server traits over real gRPC, on
//! top of the embedded engine. As strict as a server in strict mode: a filter on a field without a
//! payload index is refused. Can be told to fail.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use qdrant_client::qdrant::collections_server::{Collections, CollectionsServer};
use qdrant_client::qdrant::points_server::{Points, PointsServer};
use qdrant_client::qdrant::qdrant_server::{Qdrant, QdrantServer};
use qdrant_client::qdrant::{self as q, vectors_config};
use qdrant_edge::{
    CreateIndex, DEFAULT_VECTOR_NAME, Distance, EdgeConfig, EdgeShard, EdgeVectorParamsBuilder,
    FieldIndexOperations, NamedQuery, PayloadFieldSchema, PayloadSchemaType, PointInsertOperations,
    PointOperations, PointStruct, QueryEnum, ScrollRequest, SearchParams, SearchRequest,
    UpdateOperation, VectorInternal, WithPayloadInterface, WithVector,
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::transport::{Identity, ServerTlsConfig};
use tonic::{Request, Response, Status};

use super::points::json;
use super::test_translate::{edge_filter, edge_id, fields_of, retrieved, server_id};

type Answer<T> = Result<Response<T>, Status>;

/// A running server; it ends with the value.
pub(crate) struct TestServer {
    pub(crate) url: String,
    state: Arc<State>,
    _stop: DropGuard,
}

#[derive(Default)]
struct State {
    collections: Mutex<HashMap<String, Collection>>,
    aliases: Mutex<HashMap<String, String>>,
    failures: Mutex<VecDeque<Status>>,
    calls: Mutex<u64>,
    api_key: Option<String>,
}

struct Collection {
    shard: EdgeShard,
    made: q::CreateCollection,
    fields: HashMap<String, i32>,
    _folder: tempfile::TempDir,
}

#[derive(Clone)]
struct Service(Arc<State>);

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::start_with(None).await
    }

    /// `api_key`: what every call must bring.
    pub(crate) async fn start_with(api_key: Option<&str>) -> Self {
        Self::start_as(api_key, None).await
    }

    /// Over TLS, with a certificate for `localhost`.
    pub(crate) async fn start_encrypted(api_key: &str) -> Self {
        let identity = Identity::from_pem(
            include_bytes!("../../../../server/src/generate/openai/test_tls/leaf.pem"),
            include_bytes!("../../../../server/src/generate/openai/test_tls/leaf.key"),
        );
        Self::start_as(Some(api_key), Some(ServerTlsConfig::new().identity(identity))).await
    }

    async fn start_as(api_key: Option<&str>, tls: Option<ServerTlsConfig>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = match &tls {
            Some(_) => format!("https://localhost:{port}"),
            None => format!("http://127.0.0.1:{port}"),
        };
        let state = Arc::new(State { api_key: api_key.map(str::to_owned), ..State::default() });
        let service = Service(Arc::clone(&state));
        let gate = {
            let state = Arc::clone(&state);
            move |request: Request<()>| state.gate(request)
        };
        let stop = CancellationToken::new();
        let mut builder = tonic::transport::Server::builder();
        if let Some(tls) = tls {
            builder = builder.tls_config(tls).unwrap();
        }
        let server = builder
            .add_service(QdrantServer::with_interceptor(service.clone(), gate.clone()))
            .add_service(CollectionsServer::with_interceptor(service.clone(), gate.clone()))
            .add_service(PointsServer::with_interceptor(service, gate))
            .serve_with_incoming_shutdown(
                tonic::transport::server::TcpIncoming::from(listener),
                stop.clone().cancelled_owned(),
            );
        tokio::spawn(server);
        Self { url, state, _stop: stop.drop_guard() }
    }

    /// The next calls fail with these, one each.
    pub(crate) fn fail(&self, with: impl IntoIterator<Item = Status>) {
        self.state.failures.lock().unwrap().extend(with);
    }

    /// Calls so far, failed ones too.
    pub(crate) fn calls(&self) -> u64 {
        *self.state.calls.lock().unwrap()
    }

    /// The collection behind an alias.
    pub(crate) fn alias(&self, name: &str) -> Option<String> {
        self.state.aliases.lock().unwrap().get(name).cloned()
    }

    /// The request that made a collection.
    pub(crate) fn made(&self, collection: &str) -> Option<q::CreateCollection> {
        self.state.collections.lock().unwrap().get(collection).map(|c| c.made.clone())
    }
}

impl State {
    fn gate(&self, request: Request<()>) -> Result<Request<()>, Status> {
        *self.calls.lock().unwrap() += 1;
        let key = request.metadata().get("api-key").and_then(|v| v.to_str().ok());
        if self.api_key.is_some() && key != self.api_key.as_deref() {
            return Err(Status::unauthenticated("Must provide an API key"));
        }
        match self.failures.lock().unwrap().pop_front() {
            Some(failure) => Err(failure),
            None => Ok(request),
        }
    }

    fn on<T>(
        &self,
        name: &str,
        work: impl FnOnce(&mut Collection) -> Result<T, Status>,
    ) -> Result<T, Status> {
        let mut collections = self.collections.lock().unwrap();
        let found = collections.get_mut(name).ok_or_else(|| {
            Status::not_found(format!("Not found: Collection `{name}` doesn't exist!"))
        })?;
        work(found)
    }
}

impl Collection {
    fn new(made: q::CreateCollection) -> Result<Self, Status> {
        let Some(vectors_config::Config::Params(params)) =
            made.vectors_config.clone().and_then(|c| c.config)
        else {
            return Err(Status::invalid_argument("one unnamed vector was expected"));
        };
        let vectors = EdgeVectorParamsBuilder::new(params.size as usize, Distance::Cosine).build();
        let config = EdgeConfig::builder().vector(DEFAULT_VECTOR_NAME, vectors).build();
        let folder = tempfile::tempdir().unwrap();
        let shard = EdgeShard::new(folder.path(), config).map_err(failed)?;
        Ok(Self { shard, made, fields: HashMap::new(), _folder: folder })
    }

    fn update(&self, operation: UpdateOperation) -> Result<(), Status> {
        self.shard.update(operation).map_err(failed)
    }

    fn checked(&self, filter: Option<&q::Filter>) -> Result<(), Status> {
        let fields = filter.map(fields_of).unwrap_or_default();
        match fields.iter().find(|f| !self.fields.contains_key(*f)) {
            Some(field) => Err(Status::invalid_argument(format!("Index required for {field}"))),
            None => Ok(()),
        }
    }
}

fn failed(error: impl std::fmt::Display) -> Status {
    Status::internal(error.to_string())
}

fn done() -> Response<q::PointsOperationResponse> {
    let result = q::UpdateResult { operation_id: None, status: q::UpdateStatus::Completed.into() };
    Response::new(q::PointsOperationResponse { result: Some(result), ..Default::default() })
}

/// Implements a generated trait: the named methods are not served.
macro_rules! service {
    ($trait:ident; $($name:ident $request:ident $response:ident,)*; $($served:tt)*) => {
        #[tonic::async_trait]
        impl $trait for Service {
            $(async fn $name(&self, _: Request<q::$request>) -> Answer<q::$response> {
                Err(Status::unimplemented(stringify!($name)))
            })*
            $($served)*
        }
    };
}

service! {
    Qdrant;;
    async fn health_check(
        &self,
        _: Request<q::HealthCheckRequest>,
    ) -> Answer<q::HealthCheckReply> {
        Ok(Response::new(q::HealthCheckReply { version: "test".to_owned(), ..Default::default() }))
    }
}

service! {
    Collections;
    list ListCollectionsRequest ListCollectionsResponse,
    update UpdateCollection CollectionOperationResponse,
    list_collection_aliases ListCollectionAliasesRequest ListAliasesResponse,
    collection_cluster_info CollectionClusterInfoRequest CollectionClusterInfoResponse,
    update_collection_cluster_setup UpdateCollectionClusterSetupRequest
        UpdateCollectionClusterSetupResponse,
    create_shard_key CreateShardKeyRequest CreateShardKeyResponse,
    delete_shard_key DeleteShardKeyRequest DeleteShardKeyResponse,
    list_shard_keys ListShardKeysRequest ListShardKeysResponse,
    ;
    async fn get(
        &self,
        request: Request<q::GetCollectionInfoRequest>,
    ) -> Answer<q::GetCollectionInfoResponse> {
        let info = self.0.on(&request.into_inner().collection_name, |collection| {
            let params = q::CollectionParams {
                vectors_config: collection.made.vectors_config.clone(),
                ..Default::default()
            };
            let config = q::CollectionConfig { params: Some(params), ..Default::default() };
            let schema = collection.fields.iter().map(|(field, kind)| {
                (field.clone(), q::PayloadSchemaInfo { data_type: *kind, ..Default::default() })
            });
            Ok(q::CollectionInfo {
                config: Some(config),
                payload_schema: schema.collect(),
                ..Default::default()
            })
        })?;
        Ok(Response::new(q::GetCollectionInfoResponse { result: Some(info), time: 0.0 }))
    }

    async fn create(
        &self,
        request: Request<q::CreateCollection>,
    ) -> Answer<q::CollectionOperationResponse> {
        let made = request.into_inner();
        let mut collections = self.0.collections.lock().unwrap();
        let name = made.collection_name.clone();
        if collections.contains_key(&name) {
            return Err(Status::already_exists(format!("Collection `{name}` already exists!")));
        }
        collections.insert(name, Collection::new(made)?);
        Ok(Response::new(q::CollectionOperationResponse { result: true, time: 0.0 }))
    }

    async fn delete(
        &self,
        request: Request<q::DeleteCollection>,
    ) -> Answer<q::CollectionOperationResponse> {
        let name = request.into_inner().collection_name;
        let result = self.0.collections.lock().unwrap().remove(&name).is_some();
        Ok(Response::new(q::CollectionOperationResponse { result, time: 0.0 }))
    }

    async fn collection_exists(
        &self,
        request: Request<q::CollectionExistsRequest>,
    ) -> Answer<q::CollectionExistsResponse> {
        let name = request.into_inner().collection_name;
        let exists = self.0.collections.lock().unwrap().contains_key(&name);
        let result = Some(q::CollectionExists { exists });
        Ok(Response::new(q::CollectionExistsResponse { result, time: 0.0 }))
    }

    async fn update_aliases(
        &self,
        request: Request<q::ChangeAliases>,
    ) -> Answer<q::CollectionOperationResponse> {
        for action in request.into_inner().actions {
            let Some(q::alias_operations::Action::CreateAlias(new)) = action.action else {
                return Err(Status::unimplemented("alias operation"));
            };
            self.0.on(&new.collection_name, |_| Ok(()))?;
            self.0.aliases.lock().unwrap().insert(new.alias_name, new.collection_name);
        }
        Ok(Response::new(q::CollectionOperationResponse { result: true, time: 0.0 }))
    }

    async fn list_aliases(
        &self,
        _: Request<q::ListAliasesRequest>,
    ) -> Answer<q::ListAliasesResponse> {
        let all = self.0.aliases.lock().unwrap().clone();
        let aliases = all
            .into_iter()
            .map(|(alias_name, collection_name)| q::AliasDescription {
                alias_name,
                collection_name,
            })
            .collect();
        Ok(Response::new(q::ListAliasesResponse { aliases, time: 0.0 }))
    }
}

service! {
    Points;
    update_vectors UpdatePointVectors PointsOperationResponse,
    delete_vectors DeletePointVectors PointsOperationResponse,
    set_payload SetPayloadPoints PointsOperationResponse,
    overwrite_payload SetPayloadPoints PointsOperationResponse,
    delete_payload DeletePayloadPoints PointsOperationResponse,
    clear_payload ClearPayloadPoints PointsOperationResponse,
    delete_field_index DeleteFieldIndexCollection PointsOperationResponse,
    create_vector_name CreateVectorNameRequest PointsOperationResponse,
    delete_vector_name DeleteVectorNameRequest PointsOperationResponse,
    search SearchPoints SearchResponse,
    search_batch SearchBatchPoints SearchBatchResponse,
    search_groups SearchPointGroups SearchGroupsResponse,
    recommend RecommendPoints RecommendResponse,
    recommend_batch RecommendBatchPoints RecommendBatchResponse,
    recommend_groups RecommendPointGroups RecommendGroupsResponse,
    discover DiscoverPoints DiscoverResponse,
    discover_batch DiscoverBatchPoints DiscoverBatchResponse,
    count CountPoints CountResponse,
    update_batch UpdateBatchPoints UpdateBatchResponse,
    query_batch QueryBatchPoints QueryBatchResponse,
    query_groups QueryPointGroups QueryGroupsResponse,
    facet FacetCounts FacetResponse,
    search_matrix_pairs SearchMatrixPoints SearchMatrixPairsResponse,
    search_matrix_offsets SearchMatrixPoints SearchMatrixOffsetsResponse,
    ;
    async fn upsert(&self, request: Request<q::UpsertPoints>) -> Answer<q::PointsOperationResponse> {
        let request = request.into_inner();
        let points = request
            .points
            .into_iter()
            .map(|p| {
                let vector = match p.vectors.and_then(|v| v.vectors_options) {
                    Some(q::vectors::VectorsOptions::Vector(q::Vector {
                        vector: Some(q::vector::Vector::Dense(dense)),
                        ..
                    })) => dense.data,
                    _ => return Err(Status::invalid_argument("one dense vector was expected")),
                };
                let payload = p.payload.into_iter().map(|(k, v)| (k, json(v))).collect();
                let payload = serde_json::Value::Object(payload);
                Ok(PointStruct::new(edge_id(p.id)?, vector, payload).into())
            })
            .collect::<Result<Vec<_>, Status>>()?;
        self.0.on(&request.collection_name, |collection| {
            collection.update(UpdateOperation::PointOperation(PointOperations::UpsertPoints(
                PointInsertOperations::PointsList(points),
            )))
        })?;
        Ok(done())
    }

    async fn delete(&self, request: Request<q::DeletePoints>) -> Answer<q::PointsOperationResponse> {
        let request = request.into_inner();
        let Some(q::points_selector::PointsSelectorOneOf::Points(list)) =
            request.points.and_then(|p| p.points_selector_one_of)
        else {
            return Err(Status::unimplemented("deleting by a filter"));
        };
        let ids = list.ids.into_iter().map(|id| edge_id(Some(id))).collect::<Result<_, _>>()?;
        self.0.on(&request.collection_name, |collection| {
            collection.update(UpdateOperation::PointOperation(PointOperations::DeletePoints { ids }))
        })?;
        Ok(done())
    }

    async fn create_field_index(
        &self,
        request: Request<q::CreateFieldIndexCollection>,
    ) -> Answer<q::PointsOperationResponse> {
        let request = request.into_inner();
        let kind = request.field_type();
        let schema = match kind {
            q::FieldType::Keyword => PayloadSchemaType::Keyword,
            q::FieldType::Integer => PayloadSchemaType::Integer,
            _ => return Err(Status::unimplemented("kind of payload index")),
        };
        self.0.on(&request.collection_name, |collection| {
            collection.fields.insert(request.field_name.clone(), kind.into());
            collection.update(UpdateOperation::FieldIndexOperation(
                FieldIndexOperations::CreateIndex(CreateIndex {
                    field_name: super::test_translate::path(&request.field_name),
                    field_schema: Some(PayloadFieldSchema::FieldType(schema)),
                }),
            ))
        })?;
        Ok(done())
    }

    /// Without being asked for them a server gives neither payload nor vectors.
    async fn get(&self, request: Request<q::GetPoints>) -> Answer<q::GetResponse> {
        use q::with_payload_selector::SelectorOptions as Payload;
        use q::with_vectors_selector::SelectorOptions as Vectors;
        let request = request.into_inner();
        let payload = request.with_payload.and_then(|with| with.selector_options);
        let vectors = request.with_vectors.and_then(|with| with.selector_options);
        let payload = WithPayloadInterface::Bool(payload == Some(Payload::Enable(true)));
        let vectors = WithVector::Bool(vectors == Some(Vectors::Enable(true)));
        let ids: Vec<_> =
            request.ids.into_iter().map(|id| edge_id(Some(id))).collect::<Result<_, _>>()?;
        let records = self.0.on(&request.collection_name, |collection| {
            collection.shard.retrieve(&ids, Some(payload), Some(vectors)).map_err(failed)
        })?;
        let result = records.into_iter().map(retrieved).collect();
        Ok(Response::new(q::GetResponse { result, ..Default::default() }))
    }

    async fn scroll(&self, request: Request<q::ScrollPoints>) -> Answer<q::ScrollResponse> {
        let request = request.into_inner();
        let offset = request.offset.map(|id| edge_id(Some(id))).transpose()?;
        let (records, next) = self.0.on(&request.collection_name, |collection| {
            let request = ScrollRequest {
                offset,
                limit: request.limit.map(|n| n as usize),
                filter: None,
                with_payload: Some(WithPayloadInterface::Bool(false)),
                with_vector: WithVector::Bool(false),
                order_by: None,
            };
            collection.shard.scroll(request).map_err(failed)
        })?;
        let point = |id| q::RetrievedPoint { id: Some(server_id(id)), ..Default::default() };
        Ok(Response::new(q::ScrollResponse {
            next_page_offset: next.map(server_id),
            result: records.into_iter().map(|r| point(r.id)).collect(),
            ..Default::default()
        }))
    }

    async fn query(&self, request: Request<q::QueryPoints>) -> Answer<q::QueryResponse> {
        let request = request.into_inner();
        let Some(q::query::Variant::Nearest(q::VectorInput {
            variant: Some(q::vector_input::Variant::Dense(dense)),
        })) = request.query.and_then(|query| query.variant)
        else {
            return Err(Status::unimplemented("kind of query"));
        };
        let filter = request.filter.as_ref().map(edge_filter).transpose()?;
        let found = self.0.on(&request.collection_name, |collection| {
            collection.checked(request.filter.as_ref())?;
            let search = SearchRequest {
                query: QueryEnum::Nearest(NamedQuery {
                    query: VectorInternal::Dense(dense.data),
                    using: Some(DEFAULT_VECTOR_NAME.to_owned()),
                }),
                filter,
                params: Some(SearchParams { exact: true, ..SearchParams::default() }),
                limit: request.limit.unwrap_or(10) as usize,
                offset: 0,
                with_payload: None,
                with_vector: None,
                score_threshold: None,
            };
            collection.shard.search(search).map_err(failed)
        })?;
        let result = found
            .into_iter()
            .map(|p| q::ScoredPoint {
                id: Some(server_id(p.id)),
                score: p.score,
                ..Default::default()
            })
            .collect();
        Ok(Response::new(q::QueryResponse { result, ..Default::default() }))
    }
}
