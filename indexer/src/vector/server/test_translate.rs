//! From the server's types to the embedded engine's, for `test_server`.

use qdrant_client::qdrant::condition::ConditionOneOf;
use qdrant_client::qdrant::r#match::MatchValue;
use qdrant_client::qdrant::point_id::PointIdOptions;
use qdrant_client::qdrant::value::Kind;
use qdrant_client::qdrant::{Condition, Filter, PointId, Value};
use qdrant_edge::external::uuid::Uuid;
use qdrant_edge::{
    AnyVariants, Condition as EdgeCondition, FieldCondition, Filter as EdgeFilter, JsonPath, Match,
    PointId as EdgeId, Range,
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

pub(super) fn json(value: Value) -> serde_json::Value {
    match value.kind {
        Some(Kind::StringValue(text)) => text.into(),
        Some(Kind::IntegerValue(n)) => n.into(),
        Some(Kind::BoolValue(yes)) => yes.into(),
        Some(Kind::DoubleValue(x)) => x.into(),
        Some(Kind::ListValue(list)) => list.values.into_iter().map(json).collect(),
        _ => serde_json::Value::Null,
    }
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
