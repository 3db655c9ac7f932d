//! Chooses the threshold for a stated share of wrong answers, and says in plain words how sure that is.
//!
//! Called by `calibrate` with probabilities that were not fitted on the questions they belong to.
//! Thresholds are tested from strict to loose and the first failure ends a row of tests, so that looking
//! at many of them does not spoil the certainty (fixed-sequence testing; Angelopoulos et al.: "Learn
//! then test", 2021). Three rows start at places that are chosen without looking at the outcomes; each
//! gets a third of the doubt.

use crate::evaluate::special::{trials_needed, upper_bound};

/// Rows of tests.
const ROWS: usize = 3;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Wish {
    /// Share of wrong ones among the answers, at most.
    pub(super) max_error: f64,
    /// Certainty of that, below 1.
    pub(super) certainty: f64,
    /// Share of the questions without an answer that must not be answered, at least.
    pub(super) refuse: f64,
}

/// A judged question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Judged {
    /// Probability by a model that was fitted without this question.
    pub(super) honest: f64,
    /// Probability by the model that will be used.
    pub(super) used: f64,
    /// Answering it would be right.
    pub(super) right: bool,
    /// The knowledge base holds an answer.
    pub(super) answerable: bool,
}

/// A threshold with what is known of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Choice {
    pub(super) threshold: f64,
    /// Judged questions above it, and wrong ones among them.
    pub(super) answered: usize,
    pub(super) wrong: usize,
    /// Upper bound of the share of wrong answers, [0, 1].
    pub(super) bound: f64,
    /// Whether the bound keeps the wish.
    pub(super) promised: bool,
}

impl Wish {
    /// Certainty of a single row of tests.
    fn row(&self) -> f64 {
        1.0 - (1.0 - self.certainty) / ROWS as f64
    }
}

/// The loosest threshold that keeps the wish. When too little is known to promise it, the loosest that
/// kept it on these very questions. Both never answer more of the questions without an answer than the
/// wish allows.
pub(super) fn choose(judged: &[Judged], wish: &Wish) -> Choice {
    let mut falling = judged.to_vec();
    falling.sort_by(|a, b| b.honest.total_cmp(&a.honest));
    let n = falling.len();
    let wrong: Vec<usize> = falling
        .iter()
        .scan(0, |wrong, j| {
            *wrong += usize::from(!j.right);
            Some(*wrong)
        })
        .collect();
    // A cut after k questions; equal ones stay together.
    let cut = |k: usize| k == n || falling[k - 1].honest > falling[k].honest;
    let holds = |k: usize| upper_bound(wrong[k - 1], k, wish.row()) <= wish.max_error;

    let least = trials_needed(0, wish.max_error, wish.row()).unwrap_or(usize::MAX);
    let mut kept: Option<usize> = None;
    for row in 1..=ROWS {
        let start = (n * row / (ROWS + 1)).max(least);
        let mut k = start;
        while k <= n && holds(k) {
            if cut(k) {
                kept = kept.max(Some(k));
            }
            k += 1;
        }
    }
    let seen =
        || (1..=n).rev().find(|k| cut(*k) && wrong[k - 1] as f64 <= wish.max_error * *k as f64);
    let k = kept.or_else(seen);
    let loosest = match k {
        Some(k) if k < n => f64::midpoint(falling[k - 1].honest, falling[k].honest),
        Some(k) => falling[k - 1].honest,
        // Not even the surest question was right.
        None => 1.0,
    };
    let threshold = loosest.max(refusing(judged, wish.refuse));
    let above = || judged.iter().filter(|j| j.honest >= threshold);
    let (answered, wrong) = (above().count(), above().filter(|j| !j.right).count());
    let bound = upper_bound(wrong, answered, wish.row());
    let promised = kept.is_some() && bound <= wish.max_error;
    Choice { threshold, answered, wrong, bound, promised }
}

/// The lowest threshold at which this share of the questions without an answer is not answered, by the
/// model that will be used; 0 when there are none.
fn refusing(judged: &[Judged], share: f64) -> f64 {
    let mut rising: Vec<f64> = judged.iter().filter(|j| !j.answerable).map(|j| j.used).collect();
    rising.sort_by(f64::total_cmp);
    let needed = (0..=rising.len()).find(|k| *k as f64 >= share * rising.len() as f64);
    let Some(last) = needed.and_then(|k| rising.get(k.checked_sub(1)?)).copied() else {
        return 0.0;
    };
    // Half-way to the next question above, so that the last digit decides nothing.
    let next = judged.iter().map(|j| j.used).filter(|p| *p > last).fold(1.0, f64::min);
    f64::midpoint(last, next)
}

/// How many more judged answers would let the bound keep `max_error` if they went as those so far did;
/// `None` when they go too badly for that.
pub(super) fn more_needed(choice: &Choice, wish: &Wish) -> Option<usize> {
    const MOST: usize = 100_000;
    let rate =
        if choice.answered == 0 { 0.0 } else { choice.wrong as f64 / choice.answered as f64 };
    let mut n = choice.answered.max(1);
    while n <= MOST {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a count is a count"
        )]
        let wrong = (rate * n as f64).ceil() as usize;
        if upper_bound(wrong, n, wish.row()) <= wish.max_error {
            return Some(n - choice.answered);
        }
        n += (n / 50).max(1);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const WISH: Wish = Wish { max_error: 0.05, certainty: 0.95, refuse: 0.0 };

    /// `n` questions of falling probability; those at `wrong` (from 0) are wrong.
    fn judged(n: usize, wrong: &[usize]) -> Vec<Judged> {
        (0..n)
            .map(|i| {
                let p = 1.0 - (i as f64 + 0.5) / n as f64;
                let right = !wrong.contains(&i);
                Judged { honest: p, used: p, right, answerable: right }
            })
            .collect()
    }

    #[test]
    fn without_errors_all_are_answered_and_the_bound_is_the_known_one() {
        let got = choose(&judged(200, &[]), &WISH);
        assert_eq!((got.answered, got.wrong, got.promised), (200, 0, true));
        let known = 1.0 - (0.05f64 / 3.0).powf(1.0 / 200.0);
        assert!((got.bound - known).abs() < 1e-9, "{got:?}");
    }

    #[test]
    fn the_threshold_stands_above_where_errors_gather() {
        let wrong: Vec<usize> = (230..300).collect();
        let got = choose(&judged(300, &wrong), &WISH);
        assert!(got.promised && got.answered >= 225 && got.answered < 245, "{got:?}");
        assert!(got.bound <= 0.05);
    }

    #[test]
    fn too_few_questions_promise_nothing_and_say_how_many_are_missing() {
        let got = choose(&judged(30, &[29]), &WISH);
        assert!(!got.promised && got.bound > 0.05, "{got:?}");
        assert_eq!(got.answered, 30, "1 of 30 is within 5 % on what was seen");
        let clean = Choice { answered: 30, wrong: 0, ..got };
        let more = more_needed(&clean, &WISH).unwrap();
        assert!((50..=56).contains(&more), "80 are needed in all: {more}");
        let bad = Choice { answered: 100, wrong: 10, ..got };
        assert_eq!(more_needed(&bad, &WISH), None);
    }

    #[test]
    fn questions_without_an_answer_stay_unanswered_as_the_gate_asks() {
        let mut all = judged(200, &[100, 120, 140, 199]);
        for j in &mut all {
            j.honest = j.used;
        }
        let free = choose(&all, &Wish { max_error: 0.2, ..WISH });
        assert_eq!(free.wrong, 4);
        let gated = choose(&all, &Wish { max_error: 0.2, refuse: 0.75, ..WISH });
        assert_eq!(gated.wrong, 1, "three of four are refused: {gated:?}");
        assert!(gated.threshold > free.threshold);
    }

    #[test]
    fn nothing_judged_is_no_panic() {
        let got = choose(&[], &WISH);
        assert!(!got.promised && got.answered == 0);
        let all_wrong = choose(&judged(100, &(0..100).collect::<Vec<_>>()), &WISH);
        assert_eq!((all_wrong.answered, all_wrong.promised), (0, false));
    }
}
