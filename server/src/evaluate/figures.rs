//! From results of single questions to figures of a set, with intervals, by language and by kind.
//!
//! Called by `set_run` and `golden_run`; `compare` measures two runs with the same functions. Keeps the definitions of the independent scorer that checks
//! releases: retrieval over answerable questions that have gold documents; confidence over those and
//! over questions without an answer; a question counts as right when a gold document is among the
//! first five.

use std::collections::BTreeMap;

use super::EvalSettings;
use super::abstention::{Abstention, Bin, Judgement, RiskPoint, reliability, risk_coverage};
use super::bootstrap::{Interval, intervals};
use super::metrics::Places;

/// Points of the risk-coverage curve that are reported.
const CURVE: usize = 50;

/// One question with what happened and the truth.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    pub(super) language: String,
    pub(super) kind: String,
    /// Questions of a group are resampled together.
    pub(super) group: String,
    pub(super) answerable: bool,
    /// `None` for questions without gold documents.
    pub(super) places: Option<Places>,
    pub(super) confidence: f64,
    /// Share of the evidence in the first 5 and 10 passages.
    pub(super) evidence: Option<[f64; 2]>,
}

impl Judged {
    /// A gold document is among the first five.
    fn hit_at_5(&self) -> bool {
        self.answerable && self.places.as_ref().is_some_and(|p| p.success(5) > 0.0)
    }

    fn judgement(&self) -> Option<Judgement> {
        (!self.answerable || self.places.is_some()).then(|| Judgement {
            confidence: self.confidence,
            answerable: self.answerable,
            right: self.hit_at_5(),
        })
    }
}

/// A figure of a set: name, value, 95 % interval.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) value: f64,
    pub(super) interval: Option<Interval>,
}

/// Figures of some questions.
#[derive(Debug, Clone, Default)]
pub(super) struct Figures {
    pub(super) questions: usize,
    /// Questions behind the retrieval figures.
    pub(super) retrieval: usize,
    pub(super) unanswerable: usize,
    /// In the order in which they are shown; what cannot be computed is left out.
    pub(super) list: Vec<Figure>,
}

impl Figures {
    pub(super) fn get(&self, name: &str) -> Option<&Figure> {
        self.list.iter().find(|f| f.name == name)
    }
}

/// All figures of a set.
#[derive(Debug, Clone, Default)]
pub(super) struct SetFigures {
    pub(super) all: Figures,
    pub(super) by_language: BTreeMap<String, Figures>,
    pub(super) by_kind: BTreeMap<String, Figures>,
    pub(super) curve: Vec<RiskPoint>,
    /// The reliability diagram.
    pub(super) bins: Vec<Bin>,
}

/// Names of the figures, in the order of [`measure`].
pub(super) const NAMES: [&str; 14] = [
    "ndcg10",
    "recall1",
    "recall5",
    "recall10",
    "mrr10",
    "evidence_recall5",
    "evidence_recall10",
    "auroc",
    "coverage_at_5pct",
    "coverage_at_10pct",
    "aurc",
    "ece",
    "brier",
    "mean_confidence",
];

impl SetFigures {
    /// Measures `questions`.
    pub(super) fn of(questions: &[Judged], settings: &EvalSettings) -> Self {
        let every: Vec<&Judged> = questions.iter().collect();
        let slices = |key: fn(&Judged) -> &str| {
            let mut slices: BTreeMap<String, Vec<&Judged>> = BTreeMap::new();
            for question in questions {
                slices.entry(key(question).to_owned()).or_default().push(question);
            }
            slices
        };
        let all = figures(&every, &[], settings);
        let by_language = slices(|q| &q.language)
            .into_iter()
            .map(|(name, slice)| {
                let whole = slice.len() == every.len();
                (name, if whole { all.clone() } else { figures(&slice, &[], settings) })
            })
            .collect();
        // Questions without an answer are compared with all that have one.
        let answerable: Vec<&Judged> = every.iter().copied().filter(|q| q.answerable).collect();
        let by_kind = slices(|q| &q.kind)
            .into_iter()
            .map(|(name, slice)| {
                let beside: &[&Judged] =
                    if slice.iter().any(|q| q.answerable) { &[] } else { &answerable };
                (name, figures(&slice, beside, settings))
            })
            .collect();
        let judgements: Vec<Judgement> = every.iter().filter_map(|q| q.judgement()).collect();
        let curve = risk_coverage(&judgements, CURVE);
        Self { all, by_language, by_kind, curve, bins: reliability(&judgements) }
    }
}

/// Figures of `slice`; the questions `beside` it take part in AUROC alone, and then nothing else is
/// measured of the confidence.
fn figures(slice: &[&Judged], beside: &[&Judged], settings: &EvalSettings) -> Figures {
    let own = slice.len();
    let joined: Vec<&Judged> = slice.iter().chain(beside).copied().collect();
    let statistic = |drawn: &[usize]| {
        let questions: Vec<&Judged> = drawn.iter().map(|i| joined[*i]).collect();
        let mut values = measure(&questions);
        if !beside.is_empty() {
            for (name, value) in NAMES.iter().zip(&mut values) {
                if *name != "auroc" {
                    *value = None;
                }
            }
        }
        values
    };
    let values = statistic(&(0..joined.len()).collect::<Vec<_>>());
    let clusters = clusters(joined.iter().map(|q| q.group.as_str()));
    let spread = intervals(&clusters, settings.resamples, settings.seed, statistic);
    let list = NAMES
        .into_iter()
        .zip(values)
        .enumerate()
        .filter_map(|(i, (name, value))| {
            Some(Figure { name, value: value?, interval: spread.get(i).copied().flatten() })
        })
        .collect();
    Figures {
        questions: own,
        retrieval: slice.iter().filter(|q| q.answerable && q.places.is_some()).count(),
        unanswerable: slice.iter().filter(|q| !q.answerable).count(),
        list,
    }
}

/// Positions of questions that belong together, by the group of each.
pub(super) fn clusters<'a>(groups: impl Iterator<Item = &'a str>) -> Vec<Vec<usize>> {
    let mut clusters: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, group) in groups.enumerate() {
        clusters.entry(group).or_default().push(i);
    }
    clusters.into_values().collect()
}

/// The figures of [`NAMES`]; `None` for what these questions do not tell.
pub(super) fn measure(questions: &[&Judged]) -> Vec<Option<f64>> {
    let found: Vec<&Places> =
        questions.iter().filter(|q| q.answerable).filter_map(|q| q.places.as_ref()).collect();
    let ranked = |f: fn(&Places) -> f64| mean(found.iter().map(|p| f(p)));
    let evidence = |i: usize| mean(questions.iter().filter_map(|q| Some(q.evidence?[i])));
    let judgements: Vec<Judgement> = questions.iter().filter_map(|q| q.judgement()).collect();
    let sure = Abstention::of(&judgements);
    vec![
        ranked(Places::ndcg),
        ranked(|p| p.success(1)),
        ranked(|p| p.recall(5)),
        ranked(|p| p.recall(10)),
        ranked(Places::reciprocal_rank),
        evidence(0),
        evidence(1),
        sure.and_then(|s| s.auroc),
        sure.map(|s| s.coverage_at_5pct),
        sure.map(|s| s.coverage_at_10pct),
        sure.map(|s| s.aurc),
        sure.map(|s| s.ece),
        sure.map(|s| s.brier),
        mean(judgements.iter().map(|j| j.confidence)),
    ]
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut n) = (0.0, 0u32);
    for value in values {
        sum += value;
        n += 1;
    }
    (n > 0).then(|| sum / f64::from(n))
}
