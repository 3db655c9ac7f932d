//! Two candidate lists become one ranking: a convex combination of normalised scores.
//!
//! Over 18 BEIR sets this beats reciprocal rank fusion (Bruch, Gai, Ingber: "An Analysis of Fusion
//! Functions for Hybrid Retrieval", TOIS 2023), and its scores stay comparable between queries,
//! which confidence needs. Pure functions, no I/O.

use std::collections::HashMap;
use std::hash::Hash;

use crate::keyword::KeywordHit;
use crate::model::PassageId;
use crate::vector::VectorHit;

/// A candidate with the evidence of both lists.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fused {
    pub id: PassageId,
    /// [0, 1].
    pub score: f32,
    /// Rank from 1 and BM25 score.
    pub keyword: Option<(u32, f32)>,
    /// Rank from 1 and cosine.
    pub dense: Option<(u32, f32)>,
}

/// Joins both lists, best first, equal scores by id.
///
/// `dense_weight` in [0, 1] is the share of the dense score. BM25 is divided by the list's best
/// score (its least possible value is 0). A cosine is placed between the list's worst and best one:
/// unlike BM25 its distance to the theoretical least value says nothing. A candidate that a list
/// lacks gets 0 there.
pub fn fuse(keyword: &[KeywordHit], dense: &[VectorHit], dense_weight: f32) -> Vec<Fused> {
    let mut joined: HashMap<PassageId, Fused> = HashMap::with_capacity(keyword.len() + dense.len());
    let blank = |id| Fused { id, score: 0.0, keyword: None, dense: None };
    let best_bm25 = keyword.first().map_or(0.0, |h| h.score);
    for (rank, hit) in (1u32..).zip(keyword) {
        let entry = joined.entry(hit.id).or_insert_with(|| blank(hit.id));
        entry.keyword = Some((rank, hit.score));
        entry.score += (1.0 - dense_weight) * ratio(hit.score, best_bm25);
    }
    let best = dense.first().map_or(0.0, |h| h.cosine);
    let worst = dense.last().map_or(0.0, |h| h.cosine);
    for (rank, hit) in (1u32..).zip(dense) {
        let entry = joined.entry(hit.id).or_insert_with(|| blank(hit.id));
        entry.dense = Some((rank, hit.cosine));
        let place = if best > worst { (hit.cosine - worst) / (best - worst) } else { 1.0 };
        entry.score += dense_weight * place;
    }
    let mut out: Vec<Fused> = joined.into_values().collect();
    sort(&mut out);
    out
}

/// Lets every candidate's score take in those of its document's best two: a document with several
/// good passages is more likely the right one than a document with one.
///
/// `share` in [0, 1] is what the document's part counts; `document` names a candidate's document.
pub(super) fn join_siblings<D: Copy + Eq + Hash>(
    list: &mut [Fused],
    document: impl Fn(PassageId) -> Option<D>,
    share: f32,
) {
    let mut best: HashMap<D, [f32; 2]> = HashMap::new();
    for candidate in list.iter() {
        let Some(key) = document(candidate.id) else { continue };
        let two = best.entry(key).or_default();
        if candidate.score > two[0] {
            *two = [candidate.score, two[0]];
        } else if candidate.score > two[1] {
            two[1] = candidate.score;
        }
    }
    for candidate in list.iter_mut() {
        if let Some(two) = document(candidate.id).and_then(|key| best.get(&key)) {
            candidate.score = (1.0 - share) * candidate.score + share * (two[0] + two[1]) / 2.0;
        }
    }
    sort(list);
}

/// Best first, equal scores by id: the order never depends on a hash map.
pub(super) fn sort(list: &mut [Fused]) {
    list.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
}

fn ratio(part: f32, whole: f32) -> f32 {
    if whole > 0.0 { part / whole } else { 0.0 }
}
