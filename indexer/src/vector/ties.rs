//! Equal cosines at the end of a list.
//!
//! Equal texts have equal vectors, so ties are common, and an engine that is asked for n points may
//! cut a tie anywhere. Here the list is read until the tie at its end is whole, then ordered by id:
//! every implementation, every replica and every run gives the same list.

use std::future::Future;

use super::{VectorError, VectorHit};

/// Points asked for beyond the wanted ones; enough where no long tie ends the list.
const SPARE: usize = 8;

/// The `limit` best points, equal cosines by id. `fetch(n)` gives the n best, those of equal cosine
/// in any order and any choice.
pub(super) async fn settled<F>(
    limit: usize,
    mut fetch: impl FnMut(usize) -> F,
) -> Result<Vec<VectorHit>, VectorError>
where
    F: Future<Output = Result<Vec<VectorHit>, VectorError>>,
{
    if limit == 0 {
        return Ok(Vec::new());
    }
    let mut wanted = limit.saturating_add(SPARE);
    loop {
        let mut hits = fetch(wanted).await?;
        hits.sort_by(|a, b| b.cosine.total_cmp(&a.cosine).then(a.id.cmp(&b.id)));
        let whole = hits.len() < wanted
            || hits.last().is_none_or(|last| last.cosine < hits[limit - 1].cosine);
        if whole {
            hits.truncate(limit);
            return Ok(hits);
        }
        wanted = wanted.saturating_mul(4);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::model::PassageId;

    #[tokio::test]
    async fn a_tie_at_the_end_is_cut_by_id_and_nowhere_else() {
        // One better point and a tie of a hundred, which the engine gives from the last to the first.
        let all: Vec<VectorHit> = std::iter::once((1000, 0.9))
            .chain((0..100).rev().map(|i| (i, 0.5)))
            .map(|(id, cosine)| VectorHit { id: PassageId(Uuid::from_u128(id)), cosine })
            .collect();
        for limit in [0, 1, 2, 50, 101, 200] {
            let found = settled(limit, |n| {
                let part = all.iter().take(n).copied().collect();
                async move { Ok(part) }
            })
            .await
            .unwrap();
            let ids: Vec<u128> = found.iter().map(|h| h.id.0.as_u128()).collect();
            let expected: Vec<u128> = std::iter::once(1000).chain(0..100).take(limit).collect();
            assert_eq!(ids, expected, "{limit}");
        }
    }
}
