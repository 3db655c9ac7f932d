//! Ranking figures of one question: how high its gold documents stand.
//!
//! Called by `figures`, which averages them over questions. Pure functions over the first ten places
//! of a ranking; a document counts once. They give what the usual evaluation tools give for binary
//! relevance, so that figures can be compared with published ones. Confidence is measured in
//! `abstention`.

/// Places that are looked at.
pub(super) const DEPTH: usize = 10;

/// Which of the first [`DEPTH`] places hold a gold document, and how many gold documents there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Places {
    hits: Vec<bool>,
    gold: usize,
}

impl Places {
    /// Looks `gold` up in `ranking` (best first). A document that the ranking repeats counts at its
    /// first place alone. Every gold document must be named once.
    pub(super) fn of<T: PartialEq>(ranking: &[T], gold: &[T]) -> Self {
        let mut hits = Vec::with_capacity(DEPTH);
        for (i, document) in ranking.iter().enumerate() {
            if hits.len() == DEPTH {
                break;
            }
            if !ranking[..i].contains(document) {
                hits.push(gold.contains(document));
            }
        }
        Self { hits, gold: gold.len() }
    }

    /// From places counted from 1, as [`Self::taken`] gives them.
    pub(super) fn at(places: &[usize], gold: usize) -> Self {
        Self { hits: (1..=DEPTH).map(|place| places.contains(&place)).collect(), gold }
    }

    /// Places from 1 that gold documents take.
    pub(super) fn taken(&self) -> Vec<usize> {
        (1..).zip(&self.hits).filter(|(_, hit)| **hit).map(|(place, _)| place).collect()
    }

    /// nDCG@10 with binary gains and the discount log2(place + 1): 1 when all gold documents come
    /// first, 0 when none is among the ten. Järvelin and Kekäläinen: "Cumulated gain-based
    /// evaluation of IR techniques", TOIS 2002.
    pub(super) fn ndcg(&self) -> f64 {
        let ideal: f64 = (0..self.gold.min(DEPTH)).map(discount).sum();
        let gained: f64 =
            (0..).zip(&self.hits).filter(|(_, h)| **h).map(|(i, _)| discount(i)).sum();
        share(gained, ideal)
    }

    /// Share of the gold documents among the first `k` places, `k` at most [`DEPTH`].
    pub(super) fn recall(&self, k: usize) -> f64 {
        let found = self.hits.iter().take(k).filter(|h| **h).count();
        share(found as f64, self.gold as f64)
    }

    /// 1 when a gold document is among the first `k` places, else 0. With `k` = 1 this is what is
    /// reported as Recall@1: a question with two right pages can be served by either.
    pub(super) fn success(&self, k: usize) -> f64 {
        f64::from(u8::from(self.hits.iter().take(k).any(|h| *h)))
    }

    /// 1 / place of the first gold document, 0 beyond the tenth. Voorhees: "The TREC-8 Question
    /// Answering Track Report", 1999.
    pub(super) fn reciprocal_rank(&self) -> f64 {
        self.hits.iter().position(|h| *h).map_or(0.0, |i| 1.0 / (i as f64 + 1.0))
    }
}

/// `index` from 0.
fn discount(index: usize) -> f64 {
    1.0 / (index as f64 + 2.0).log2()
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    }

    #[test]
    fn gold_at_places_two_and_four_by_hand() {
        let places = Places::of(&["a", "g1", "b", "g2", "c"], &["g1", "g2"]);
        // (1/log2 3 + 1/log2 5) / (1/log2 2 + 1/log2 3)
        close(
            places.ndcg(),
            (0.630_929_753_571_457_4 + 0.430_676_558_073_393_05) / 1.630_929_753_571_457_4,
        );
        close(places.recall(1), 0.0);
        close(places.recall(2), 0.5);
        close(places.recall(5), 1.0);
        close(places.success(1), 0.0);
        close(places.success(5), 1.0);
        close(places.reciprocal_rank(), 0.5);
    }

    #[test]
    fn the_best_ranking_scores_one_and_an_empty_one_nothing() {
        let best = Places::of(&["g1", "g2"], &["g1", "g2"]);
        close(best.ndcg(), 1.0);
        close(best.recall(1), 0.5);
        close(best.success(1), 1.0);
        let empty = Places::of(&[], &["g1"]);
        close(empty.ndcg() + empty.recall(10) + empty.reciprocal_rank(), 0.0);
    }

    #[test]
    fn a_repeated_document_takes_one_place_and_the_eleventh_counts_no_more() {
        let places = Places::of(&["a", "a", "a", "g"], &["g"]);
        close(places.reciprocal_rank(), 0.5);
        let ranking: Vec<u32> = (0..20).collect();
        close(Places::of(&ranking, &[10]).ndcg(), 0.0);
        close(Places::of(&ranking, &[9]).ndcg(), 1.0 / 11f64.log2());
    }

    #[test]
    fn more_gold_than_places_can_still_be_perfect() {
        let ranking: Vec<u32> = (0..30).collect();
        close(Places::of(&ranking, &ranking[..15]).ndcg(), 1.0);
        close(Places::of(&ranking, &ranking[..20]).recall(10), 0.5);
    }
}
