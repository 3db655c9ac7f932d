//! Two candidate lists become one ranking: a convex combination of scores that mean the same in every
//! question.
//!
//! Over 18 BEIR sets convex combination beats reciprocal rank fusion (Bruch, Gai, Ingber: "An Analysis
//! of Fusion Functions for Hybrid Retrieval", TOIS 2023). Neither score is stretched to what the lists
//! happen to hold: a keyword search that finds little of the question then counts little, and likenesses
//! that hardly differ decide little. Pure functions, no I/O.

use std::collections::HashMap;

use crate::keyword::{KeywordHit, QueryTerm};
use crate::model::PassageId;
use crate::vector::VectorHit;

/// Brings BM25 over the root of the question's weight to the scale of a cosine: the lower, the more a
/// keyword match counts.
const KEYWORD_SCALE: f32 = 5.7;
/// A question of common words alone is weighed as if it had this weight: its words say little, however well
/// they are matched ("where is my order").
const LEAST_WEIGHT: f32 = 6.0;
/// What a term that the base does not know weighs of a rare one: it may just be a common word.
const UNKNOWN: f32 = 0.5;

/// A candidate with the evidence of both lists.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fused {
    pub id: PassageId,
    /// [0, 1]; 1 for the best candidate of a question.
    pub score: f32,
    /// Rank from 1 and BM25 score.
    pub keyword: Option<(u32, f32)>,
    /// Rank from 1 and cosine.
    pub dense: Option<(u32, f32)>,
}

/// Weight of a question: the inverse document frequencies of its terms.
pub fn question_weight(terms: &[QueryTerm]) -> f32 {
    let weight = |t: &QueryTerm| if t.passages == 0 { UNKNOWN * t.idf } else { t.idf };
    terms.iter().map(|t| t.share * weight(t)).sum()
}

/// Joins both lists, best first, equal scores by id.
///
/// `dense_weight` in [0, 1] is the share of the dense score; `question` is [`question_weight`]. BM25
/// grows with the number of terms and their rarity, and so is divided by the root of that: a long
/// question's keywords say more than a short one's, but not in proportion. A candidate that the dense
/// list lacks is taken to be like its worst one; one that the keyword list lacks has no word of the
/// question. At the end the scores are moved to [0, 1], which changes no order.
pub fn fuse(
    keyword: &[KeywordHit],
    dense: &[VectorHit],
    dense_weight: f32,
    question: f32,
) -> Vec<Fused> {
    let mut joined: HashMap<PassageId, Fused> = HashMap::with_capacity(keyword.len() + dense.len());
    let blank = |id| Fused { id, score: 0.0, keyword: None, dense: None };
    let worst = dense.last().map_or(0.0, |h| h.cosine);
    let scale = (1.0 - dense_weight) / (KEYWORD_SCALE * question.max(LEAST_WEIGHT).sqrt());
    for (rank, hit) in (1u32..).zip(keyword) {
        let entry = joined.entry(hit.id).or_insert_with(|| blank(hit.id));
        entry.keyword = Some((rank, hit.score));
        entry.score += scale * hit.score;
    }
    for (rank, hit) in (1u32..).zip(dense) {
        let entry = joined.entry(hit.id).or_insert_with(|| blank(hit.id));
        entry.dense = Some((rank, hit.cosine));
        entry.score += dense_weight * (hit.cosine - worst).max(0.0);
    }
    let mut out: Vec<Fused> = joined.into_values().collect();
    stretch(&mut out);
    sort(&mut out);
    out
}

/// Moves scores to [0, 1] with 1 for the best; changes no order.
pub(super) fn stretch(list: &mut [Fused]) {
    let best = list.iter().map(|f| f.score).fold(0.0, f32::max);
    for one in list {
        // Equal evidence without any distance (a single passage) is the best there is.
        one.score = if best > 0.0 { one.score / best } else { 1.0 };
    }
}

/// Best first, equal scores by id: the order never depends on a hash map.
pub(super) fn sort(list: &mut [Fused]) {
    list.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(n: u128) -> PassageId {
        PassageId(Uuid::from_u128(n))
    }

    fn words(list: &[(u128, f32)]) -> Vec<KeywordHit> {
        list.iter().map(|&(n, score)| KeywordHit { id: id(n), score }).collect()
    }

    fn likeness(list: &[(u128, f32)]) -> Vec<VectorHit> {
        list.iter().map(|&(n, cosine)| VectorHit { id: id(n), cosine }).collect()
    }

    fn order(fused: &[Fused]) -> Vec<u128> {
        fused.iter().map(|f| f.id.0.as_u128()).collect()
    }

    #[test]
    fn a_weak_keyword_match_does_not_count_as_much_as_a_strong_one() {
        let dense = likeness(&[(1, 0.60), (2, 0.50), (3, 0.20)]);
        let weak = fuse(&words(&[(2, 2.0)]), &dense, 0.7, 16.0);
        let strong = fuse(&words(&[(2, 20.0)]), &dense, 0.7, 16.0);
        assert_eq!((order(&weak), order(&strong)), (vec![1, 2, 3], vec![2, 1, 3]));
    }

    #[test]
    fn scores_lie_between_nothing_and_one_and_equal_ones_go_by_id() {
        let fused = fuse(&words(&[(4, 3.0)]), &likeness(&[(2, 0.5), (1, 0.5), (3, 0.1)]), 0.7, 9.0);
        assert_eq!(fused.first().map(|f| f.score), Some(1.0));
        assert!(fused.iter().all(|f| (0.0..=1.0).contains(&f.score)));
        assert_eq!(order(&fused)[..2], [1, 2]);
        assert_eq!(fuse(&[], &likeness(&[(1, 0.3)]), 0.7, 0.0)[0].score, 1.0);
        assert!(fuse(&[], &[], 0.7, 0.0).is_empty());
    }
}
