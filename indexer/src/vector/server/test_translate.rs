//! From the server's types to the embedded engine's and back, for `test_server`.

use qdrant_client::qdrant::condition::ConditionOneOf;
use qdrant_client::qdrant::r#match::MatchValue;
use qdrant_client::qdrant::point_id::PointIdOptions;
use qdrant_client::qdrant::value::Kind;
use qdrant_client::qdrant::vector_output::Vector;
use qdrant_client::qdrant::vectors_output::VectorsOptions;
use qdrant_client::qdrant::{
    Condition, DenseVector, Filter, ListValue, PointId, RetrievedPoint, Value, VectorOutput,
    VectorsOutput,
};
use qdrant_edge::external::uuid::Uuid;
use qdrant_edge::{
    AnyVariants, Condition as EdgeCondition, FieldCondition, Filter as EdgeFilter, JsonPath, Match,
    PointId as EdgeId, Range, Record, VectorStructInternal,
};
use tonic::Status;

pub(super) fn edge_id(id: Option<PointId>) -> Result<EdgeId, Status> {
    match id.and_then(|id| id.point_id_options) {
        Some(PointIdOptions::Uuid(text)) => Uuid::parse_str(&text)
            .map(EdgeId::Uuid)
            .map_err(|e| Status::invalid_argument(e.to_string())),
        Some(PointIdOptions::Num(n)) => Ok(EdgeId::NumId(n)),
        None => Err(Status::invalid_argument("a point without an id")),
    }
}

pub(super) fn server_id(id: EdgeId) -> PointId {
    match id {
        EdgeId::Uuid(uuid) => uuid.to_string().into(),
        EdgeId::NumId(n) => n.into(),
    }
}

/// A point with all that is stored of it.
pub(super) fn retrieved(record: Record) -> RetrievedPoint {
    let dense = |data| VectorOutput {
        vector: Some(Vector::Dense(DenseVector { data })),
        ..VectorOutput::default()
    };
    let vectors = match record.vector {
        Some(VectorStructInternal::Single(data)) => {
            Some(VectorsOutput { vectors_options: Some(VectorsOptions::Vector(dense(data))) })
        }
        _ => None,
    };
    let payload = record.payload.map(|payload| payload.0).unwrap_or_default();
    RetrievedPoint {
        id: Some(server_id(record.id)),
        payload: payload.into_iter().map(|(field, json)| (field, value(json))).collect(),
        vectors,
        ..RetrievedPoint::default()
    }
}

fn value(json: serde_json::Value) -> Value {
    let kind = match json {
        serde_json::Value::String(text) => Kind::StringValue(text),
        serde_json::Value::Bool(yes) => Kind::BoolValue(yes),
        serde_json::Value::Number(n) => match n.as_i64() {
            Some(whole) => Kind::IntegerValue(whole),
            None => Kind::DoubleValue(n.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::Array(values) => {
            Kind::ListValue(ListValue { values: values.into_iter().map(value).collect() })
        }
        serde_json::Value::Null | serde_json::Value::Object(_) => Kind::NullValue(0),
    };
    Value { kind: Some(kind) }
}

pub(super) fn path(field: &str) -> JsonPath {
    JsonPath { first_key: field.to_owned(), rest: Vec::new() }
}

/// Every field that the filter looks at.
pub(super) fn fields_of(filter: &Filter) -> Vec<String> {
    filter
        .must
        .iter()
        .chain(&filter.should)
        .chain(&filter.must_not)
        .flat_map(|condition| match &condition.condition_one_of {
            Some(ConditionOneOf::Field(field)) => vec![field.key.clone()],
            Some(ConditionOneOf::Filter(inner)) => fields_of(inner),
            _ => Vec::new(),
        })
        .collect()
}

pub(super) fn edge_filter(filter: &Filter) -> Result<EdgeFilter, Status> {
    let all = |conditions: &[Condition]| -> Result<Option<Vec<EdgeCondition>>, Status> {
        if conditions.is_empty() {
            return Ok(None);
        }
        conditions.iter().map(condition).collect::<Result<_, _>>().map(Some)
    };
    if !filter.must_not.is_empty() || filter.min_should.is_some() {
        return Err(Status::unimplemented("kind of filter"));
    }
    Ok(EdgeFilter {
        must: all(&filter.must)?,
        should: all(&filter.should)?,
        ..EdgeFilter::default()
    })
}

fn condition(condition: &Condition) -> Result<EdgeCondition, Status> {
    match &condition.condition_one_of {
        Some(ConditionOneOf::Filter(inner)) => Ok(EdgeCondition::Filter(edge_filter(inner)?)),
        Some(ConditionOneOf::Field(field)) => {
            if let Some(range) = &field.range {
                let range = Range {
                    lt: range.lt.map(Into::into),
                    gt: range.gt.map(Into::into),
                    gte: range.gte.map(Into::into),
                    lte: range.lte.map(Into::into),
                };
                return Ok(EdgeCondition::Field(FieldCondition::new_range(
                    path(&field.key),
                    range,
                )));
            }
            let words = match field.r#match.as_ref().and_then(|m| m.match_value.as_ref()) {
                Some(MatchValue::Keywords(words)) => words.strings.clone(),
                Some(MatchValue::Keyword(word)) => vec![word.clone()],
                _ => return Err(Status::unimplemented("kind of match")),
            };
            let any = AnyVariants::Strings(words.into_iter().collect());
            Ok(EdgeCondition::Field(FieldCondition::new_match(
                path(&field.key),
                Match::Any(qdrant_edge::MatchAny { any }),
            )))
        }
        _ => Err(Status::unimplemented("kind of condition")),
    }
}
