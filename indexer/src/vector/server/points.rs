//! Points, filters and ids in the server's types.

use std::collections::HashMap;

use qdrant_client::qdrant::value::Kind as Form;
use qdrant_client::qdrant::vector_output::Vector;
use qdrant_client::qdrant::{
    Condition, Filter as ServerFilter, ListValue, PointId, PointStruct, Range, RetrievedPoint,
    ScoredPoint, Value, point_id::PointIdOptions,
};
use uuid::Uuid;

use super::super::payload::{FROM_DAY, LANGUAGE, Payload, Rule, TAGS, UNTIL_DAY, VIEW, rules};
use super::super::{StoredPoint, VectorHit, VectorPoint};
use crate::model::{Filter, PassageId};

pub(super) fn point(point: &VectorPoint<'_>) -> PointStruct {
    let payload = Payload::of(point.meta);
    let word = |text: &str| Value { kind: Some(Form::StringValue(text.to_owned())) };
    let number = |n: i64| Value { kind: Some(Form::IntegerValue(n)) };
    let tags = ListValue { values: payload.tags.iter().map(|tag| word(tag)).collect() };
    let fields: HashMap<String, Value> = [
        (VIEW, word(&payload.view)),
        (LANGUAGE, word(payload.language)),
        (TAGS, Value { kind: Some(Form::ListValue(tags)) }),
        (FROM_DAY, number(payload.validity.from_day)),
        (UNTIL_DAY, number(payload.validity.until_day)),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect();
    PointStruct {
        id: Some(point_id(point.id)),
        payload: fields,
        vectors: Some(point.vector.clone().into()),
    }
}

/// A point with vector and payload, as the server gives it back.
pub(super) fn stored(point: RetrievedPoint) -> Option<(PassageId, StoredPoint)> {
    let vector = match point.vectors.and_then(|vectors| vectors.get_vector()) {
        Some(Vector::Dense(dense)) => dense.data,
        _ => Vec::new(),
    };
    let fields = point.payload.into_iter().map(|(field, value)| (field, json(value))).collect();
    Some((passage_id(point.id)?, StoredPoint { vector, fields }))
}

/// Nested objects become null: none of our fields holds one.
pub(super) fn json(value: Value) -> serde_json::Value {
    match value.kind {
        Some(Form::StringValue(text)) => text.into(),
        Some(Form::IntegerValue(n)) => n.into(),
        Some(Form::BoolValue(yes)) => yes.into(),
        Some(Form::DoubleValue(x)) => x.into(),
        Some(Form::ListValue(list)) => list.values.into_iter().map(json).collect(),
        _ => serde_json::Value::Null,
    }
}

pub(super) fn filter(filter: &Filter) -> ServerFilter {
    all(rules(filter))
}

fn all(rules: Vec<Rule>) -> ServerFilter {
    ServerFilter::must(rules.into_iter().map(condition))
}

fn condition(rule: Rule) -> Condition {
    #[expect(clippy::cast_precision_loss, reason = "day numbers are far below 2^52")]
    let number = |day: i64| Some(day as f64);
    match rule {
        Rule::AnyOf(field, words) => Condition::matches(field, words),
        Rule::AtMost(field, day) => {
            Condition::range(field, Range { lte: number(day), ..Range::default() })
        }
        Rule::AtLeast(field, day) => {
            Condition::range(field, Range { gte: number(day), ..Range::default() })
        }
        Rule::OneOf(groups) => {
            ServerFilter::should(groups.into_iter().map(|g| Condition::from(all(g)))).into()
        }
    }
}

pub(super) fn hit(point: ScoredPoint) -> Option<VectorHit> {
    Some(VectorHit { id: passage_id(point.id)?, cosine: point.score })
}

pub(super) fn point_id(id: PassageId) -> PointId {
    id.0.to_string().into()
}

/// `None` for a point that is not ours.
pub(super) fn passage_id(id: Option<PointId>) -> Option<PassageId> {
    match id?.point_id_options? {
        PointIdOptions::Uuid(text) => Uuid::parse_str(&text).ok().map(PassageId),
        PointIdOptions::Num(_) => None,
    }
}
