//! Collects the best passages of a search by score, then id.
//!
//! The engine's own collector breaks ties by where a passage happens to lie, which changes with
//! every merge; results of equal score must not swap places between two searches.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::Arc;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::ColumnValues;
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};
use uuid::Uuid;

use super::admit::Admit;
use super::schema::{ID_HIGH, ID_LOW};
use crate::model::{Filter, PassageId};

/// A passage with its score; greater is better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ranked {
    pub(super) score: f32,
    pub(super) id: PassageId,
}

impl Eq for Ranked {}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then_with(|| other.id.cmp(&self.id))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The `limit` best passages that `filter` admits, best first.
pub(super) struct TopPassages<'a> {
    pub(super) filter: &'a Filter,
    pub(super) limit: usize,
}

impl Collector for TopPassages<'_> {
    type Fruit = Vec<Ranked>;
    type Child = TopOfSegment;

    fn for_segment(
        &self,
        _: SegmentOrdinal,
        segment: &SegmentReader,
    ) -> tantivy::Result<Self::Child> {
        Ok(TopOfSegment {
            limit: self.limit,
            ids: Ids::of(segment)?,
            admit: Admit::new(self.filter, segment)?,
            best: BinaryHeap::with_capacity(self.limit.min(1024) + 1),
        })
    }

    fn requires_scoring(&self) -> bool {
        true
    }

    fn merge_fruits(&self, segments: Vec<Vec<Ranked>>) -> tantivy::Result<Vec<Ranked>> {
        let mut all: Vec<Ranked> = segments.into_iter().flatten().collect();
        all.sort_unstable_by(|a, b| b.cmp(a));
        all.truncate(self.limit);
        Ok(all)
    }
}

pub(super) struct TopOfSegment {
    limit: usize,
    ids: Ids,
    admit: Admit,
    /// The worst of the best on top.
    best: BinaryHeap<Reverse<Ranked>>,
}

impl SegmentCollector for TopOfSegment {
    type Fruit = Vec<Ranked>;

    fn collect(&mut self, doc: DocId, score: Score) {
        let score = rounded(score);
        let full = self.best.len() >= self.limit;
        if full && self.best.peek().is_none_or(|worst| score < worst.0.score) {
            return;
        }
        if !self.admit.admits(doc) {
            return;
        }
        let id = self.ids.get(doc);
        self.best.push(Reverse(Ranked { score, id }));
        if full {
            self.best.pop();
        }
    }

    fn harvest(self) -> Vec<Ranked> {
        self.best.into_iter().map(|r| r.0).collect()
    }
}

/// The score without its last seven bits: the engine sums a passage's terms in an order that depends
/// on its neighbours, so that equal passages may differ in the last bits and a tie would not be one.
fn rounded(score: Score) -> Score {
    const LAST: u32 = 7;
    f32::from_bits(score.to_bits().saturating_add(1 << (LAST - 1)) >> LAST << LAST)
}

/// Ids of one segment's passages.
pub(super) struct Ids {
    high: Arc<dyn ColumnValues<u64>>,
    low: Arc<dyn ColumnValues<u64>>,
}

impl Ids {
    pub(super) fn of(segment: &SegmentReader) -> tantivy::Result<Self> {
        let fast = segment.fast_fields();
        Ok(Self {
            high: fast.u64(ID_HIGH)?.first_or_default_col(0),
            low: fast.u64(ID_LOW)?.first_or_default_col(0),
        })
    }

    pub(super) fn get(&self, doc: DocId) -> PassageId {
        PassageId(Uuid::from_u64_pair(self.high.get_val(doc), self.low.get_val(doc)))
    }
}
