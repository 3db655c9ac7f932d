//! How well a confidence tells answers that are right from those that are not: the figures that say
//! when to hand over to a person.
//!
//! Called by `figures`. Pure functions over [`Judgement`]s. Two questions are kept apart: AUROC asks
//! whether a question has an answer in the knowledge base at all; everything else asks whether what
//! would be answered is right (there is an answer, and a gold document was found).

/// Bins of [`Abstention::ece`].
const BINS: usize = 15;

/// One question with its confidence and the truth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Judgement {
    /// Probability that the passages answer the question, [0, 1].
    pub(super) confidence: f64,
    /// The knowledge base holds an answer.
    pub(super) answerable: bool,
    /// Answering it would be right. Never true of a question that is not answerable.
    pub(super) right: bool,
}

/// Figures over a set of questions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Abstention {
    /// Probability that an answerable question has a higher confidence than one without an answer
    /// (equal ones count half); `None` when one of the two kinds is missing. Hanley and McNeil: "The
    /// meaning and use of the area under a ROC curve", Radiology 1982.
    pub(super) auroc: Option<f64>,
    /// Largest share of all questions that can be answered, most confident first, while at most 5 %
    /// of the answers are wrong.
    pub(super) coverage_at_5pct: f64,
    /// The same at 10 %.
    pub(super) coverage_at_10pct: f64,
    /// Mean over all coverages of the share of wrong answers; lower is better. Geifman and El-Yaniv:
    /// "Selective classification for deep neural networks", NeurIPS 2017.
    pub(super) aurc: f64,
    /// Expected calibration error over 15 bins of equal size. Guo et al.: "On calibration of modern
    /// neural networks", ICML 2017; equal size after Nixon et al.: "Measuring calibration in deep
    /// learning", 2019.
    pub(super) ece: f64,
    /// Mean square of (confidence - right). Brier: "Verification of forecasts expressed in terms of
    /// probability", 1950.
    pub(super) brier: f64,
}

/// A point of the risk-coverage curve.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub(super) struct RiskPoint {
    /// Share of questions answered.
    pub(super) coverage: f64,
    /// Share of wrong ones among the answered.
    pub(super) risk: f64,
    /// Questions below this confidence are not answered.
    pub(super) threshold: f64,
}

impl Abstention {
    /// `None` without questions. Questions of equal confidence are taken in the order given.
    pub(super) fn of(judgements: &[Judgement]) -> Option<Self> {
        if judgements.is_empty() {
            return None;
        }
        let n = judgements.len() as f64;
        let falling = falling(judgements);
        let risks = risks(&falling);
        let brier = judgements.iter().map(|j| (j.confidence - truth(j)).powi(2)).sum::<f64>() / n;
        Some(Self {
            auroc: auroc(judgements),
            coverage_at_5pct: coverage(&falling, 0.05),
            coverage_at_10pct: coverage(&falling, 0.10),
            aurc: risks.iter().sum::<f64>() / n,
            ece: ece(judgements),
            brier,
        })
    }
}

/// The curve at up to `points` coverages, evenly spaced, the last one always full coverage.
pub(super) fn risk_coverage(judgements: &[Judgement], points: usize) -> Vec<RiskPoint> {
    let falling = falling(judgements);
    let risks = risks(&falling);
    let (n, points) = (risks.len(), points.min(risks.len()));
    (1..=points)
        .map(|p| {
            let i = p * n / points - 1;
            RiskPoint {
                coverage: (i + 1) as f64 / n as f64,
                risk: risks[i],
                threshold: falling[i].confidence,
            }
        })
        .collect()
}

fn falling(judgements: &[Judgement]) -> Vec<Judgement> {
    let mut sorted = judgements.to_vec();
    sorted.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    sorted
}

/// Share of wrong answers after each question.
fn risks(falling: &[Judgement]) -> Vec<f64> {
    let mut wrong = 0u32;
    (1u32..)
        .zip(falling)
        .map(|(i, j)| {
            wrong += u32::from(!j.right);
            f64::from(wrong) / f64::from(i)
        })
        .collect()
}

fn coverage(falling: &[Judgement], allowed: f64) -> f64 {
    let (mut wrong, mut best) = (0u32, 0u32);
    for (i, judgement) in (1u32..).zip(falling) {
        wrong += u32::from(!judgement.right);
        if f64::from(wrong) <= allowed * f64::from(i) {
            best = i;
        }
    }
    f64::from(best) / falling.len() as f64
}

fn auroc(judgements: &[Judgement]) -> Option<f64> {
    let confidences = |answerable: bool| {
        judgements.iter().filter(move |j| j.answerable == answerable).map(|j| j.confidence)
    };
    let mut negative: Vec<f64> = confidences(false).collect();
    negative.sort_by(f64::total_cmp);
    let positive = confidences(true).count();
    if positive == 0 || negative.is_empty() {
        return None;
    }
    let wins: f64 = confidences(true)
        .map(|c| {
            let below = negative.partition_point(|n| *n < c);
            let equal = negative.partition_point(|n| *n <= c) - below;
            below as f64 + 0.5 * equal as f64
        })
        .sum();
    Some(wins / (positive as f64 * negative.len() as f64))
}

/// A bar of the reliability diagram: questions of about one confidence.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub(super) struct Bin {
    pub(super) questions: usize,
    /// Mean confidence, [0, 1].
    pub(super) confidence: f64,
    /// Share of right ones, [0, 1].
    pub(super) right: f64,
}

/// The reliability diagram: up to 15 bins of equal size by rising confidence, none of them empty.
/// DeGroot and Fienberg: "The comparison and evaluation of forecasters", 1983.
pub(super) fn reliability(judgements: &[Judgement]) -> Vec<Bin> {
    let mut rising = judgements.to_vec();
    rising.sort_by(|a, b| a.confidence.total_cmp(&b.confidence));
    let n = rising.len();
    (0..BINS)
        .map(|b| &rising[b * n / BINS..(b + 1) * n / BINS])
        .filter(|bin| !bin.is_empty())
        .map(|bin| {
            let size = bin.len() as f64;
            Bin {
                questions: bin.len(),
                confidence: bin.iter().map(|j| j.confidence).sum::<f64>() / size,
                right: bin.iter().map(truth).sum::<f64>() / size,
            }
        })
        .collect()
}

fn ece(judgements: &[Judgement]) -> f64 {
    let weighted = |b: &Bin| (b.confidence - b.right).abs() * b.questions as f64;
    reliability(judgements).iter().map(weighted).sum::<f64>() / judgements.len() as f64
}

fn truth(judgement: &Judgement) -> f64 {
    f64::from(u8::from(judgement.right))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(rows: &[(f64, u8)]) -> Vec<Judgement> {
        // 0: no answer, 1: answerable but not found, 2: right
        rows.iter()
            .map(|(c, t)| Judgement { confidence: *c, answerable: *t > 0, right: *t == 2 })
            .collect()
    }

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    }

    #[test]
    fn four_questions_by_hand() {
        let set = judged(&[(0.2, 0), (0.9, 2), (0.6, 1), (0.6, 0)]);
        let got = Abstention::of(&set).unwrap();
        // pairs: 0.9 > 0.2, 0.9 > 0.6, 0.6 > 0.2, 0.6 = 0.6
        close(got.auroc.unwrap(), 3.5 / 4.0);
        // risks 0, 1/2, 2/3, 3/4
        close(got.aurc, (0.0 + 0.5 + 2.0 / 3.0 + 0.75) / 4.0);
        close(got.coverage_at_5pct, 0.25);
        close(got.brier, (0.04 + 0.01 + 0.36 + 0.36) / 4.0);
        // each question is a bin of its own
        close(got.ece, (0.2 + 0.6 + 0.6 + 0.1) / 4.0);
    }

    #[test]
    fn coverage_may_recover_after_an_early_error() {
        let mut rows = vec![(1.0, 0)];
        rows.extend((0..19).map(|i| (0.9 - f64::from(i) / 100.0, 2)));
        let got = Abstention::of(&judged(&rows)).unwrap();
        close(got.coverage_at_5pct, 1.0);
        let got = Abstention::of(&judged(&rows[..10])).unwrap();
        close(got.coverage_at_5pct, 0.0);
        close(got.coverage_at_10pct, 1.0);
    }

    #[test]
    fn a_calibrated_confidence_has_no_error_and_one_kind_has_no_auroc() {
        let rows: Vec<_> = (0..30).map(|i| (0.5, if i % 2 == 0 { 2 } else { 1 })).collect();
        let got = Abstention::of(&judged(&rows)).unwrap();
        close(got.ece, 0.0);
        assert_eq!(got.auroc, None);
        assert_eq!(Abstention::of(&[]), None);
    }

    #[test]
    fn the_curve_ends_at_full_coverage() {
        let rows: Vec<_> = (0..7).map(|i| (f64::from(i) / 10.0, 2)).collect();
        let curve = risk_coverage(&judged(&rows), 3);
        assert_eq!(curve.len(), 3);
        close(curve[2].coverage, 1.0);
        close(curve[2].threshold, 0.0);
        assert!(risk_coverage(&[], 3).is_empty());
    }
}
