//! `eval --compare RUN.json`: what changed since an earlier run of the same questions, question by
//! question, and whether it is more than chance.
//!
//! Called by `command` with the rows of both runs; prints nothing. Figures are compared on the questions
//! that both runs have, by a paired bootstrap (Efron and Tibshirani, 1993): each resample draws the same
//! questions for both runs. Yes-or-no outcomes are compared by McNemar's exact test. Several figures are
//! looked at, so their p-values are held against Holm's falling limits (Holm: "A simple sequentially
//! rejective multiple test procedure", 1979): one false alarm in twenty runs, not in every second one.

use std::collections::HashMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::bootstrap::{middle, resample};
use super::figures::{Judged, NAMES, clusters, measure};
use super::rows::Row;
use super::special::mcnemar;
use super::{EvalError, EvalSettings};

/// Chance of a false alarm over all figures together.
const ALPHA: f64 = 0.05;

/// An earlier run, as `--json` wrote it. Other keys of it are not needed.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Run {
    pub(super) questions: Vec<Row>,
    /// Probability below which a person took over.
    pub(super) threshold: Option<f64>,
}

/// What became of a figure or an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Better,
    Worse,
    /// No more than chance could do.
    Same,
    /// Neither direction is better.
    Neutral,
}

/// A figure in both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Change {
    pub(super) name: String,
    pub(super) before: f64,
    pub(super) after: f64,
    /// The middle 95 % of the resampled differences; for outcomes there is none.
    pub(super) interval: Option<[f64; 2]>,
    pub(super) p: f64,
    pub(super) verdict: Verdict,
}

/// How a question fares now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Effect {
    /// Was right (a golden case passed, a question was decided rightly), and is not.
    Broken,
    /// Was not, and is.
    Mended,
    /// Its first right page stands elsewhere.
    Moved,
}

/// A question that fares otherwise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Difference {
    pub(super) id: String,
    pub(super) effect: Effect,
    /// Place of the first right page, then and now.
    pub(super) rank: [Option<usize>; 2],
    pub(super) confidence: [f64; 2],
    #[serde(skip)]
    pub(super) question: String,
}

/// Everything that is known of two runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Comparison {
    /// Questions that both runs have.
    pub(super) questions: usize,
    /// Questions that only the earlier run has, and only this one.
    pub(super) only: [usize; 2],
    pub(super) changes: Vec<Change>,
    /// Broken ones first.
    pub(super) differences: Vec<Difference>,
}

impl Comparison {
    /// Whether nothing became worse by more than chance.
    pub(super) fn holds(&self) -> bool {
        self.changes.iter().all(|c| c.verdict != Verdict::Worse)
    }
}

/// Reads what `--json` wrote: its last line that is not empty.
///
/// # Errors
/// [`EvalError::Input`] when it is no such file, [`EvalError::File`] when it cannot be read.
pub(super) fn read(file: &Path) -> Result<Run, EvalError> {
    let text = fs_err::read_to_string(file)?;
    let line = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    // One object over several lines is as good.
    let run = serde_json::from_str(line).or_else(|_| serde_json::from_str(&text));
    run.map_err(|e| {
        let reason = format!(
            "this is no run that can be compared ({e}); make one with `atbilde eval ... --json > FILE`"
        );
        EvalError::input(file, "", reason)
    })
}

/// Compares the `now` rows, decided at `threshold`, with an earlier run.
///
/// # Errors
/// [`EvalError::Usage`] when the runs share no question.
pub(super) fn compare(
    before: &Run,
    (now, threshold): (&[Row], f64),
    settings: &EvalSettings,
) -> Result<Comparison, EvalError> {
    let earlier: HashMap<&str, &Row> =
        before.questions.iter().map(|r| (r.id.as_str(), r)).collect();
    let pairs: Vec<(&Row, &Row)> =
        now.iter().filter_map(|n| Some((*earlier.get(n.id.as_str())?, n))).collect();
    if pairs.is_empty() {
        return Err(EvalError::Usage(
            "--compare: the two runs have no question in common; compare runs of the same questions"
                .to_owned(),
        ));
    }
    let thresholds = [before.threshold.unwrap_or(threshold), threshold];
    let mut changes = outcomes(&pairs, thresholds);
    changes.extend(figures(&pairs, settings));
    judge(&mut changes);
    let mut differences: Vec<Difference> =
        pairs.iter().filter_map(|pair| difference(*pair, thresholds)).collect();
    differences.sort_by(|a, b| a.effect.cmp(&b.effect).then_with(|| a.id.cmp(&b.id)));
    Ok(Comparison {
        questions: pairs.len(),
        only: [before.questions.len() - pairs.len(), now.len() - pairs.len()],
        changes,
        differences,
    })
}

/// Shares of questions with a yes-or-no outcome.
fn outcomes(pairs: &[(&Row, &Row)], thresholds: [f64; 2]) -> Vec<Change> {
    type Outcome = fn(&Row, f64) -> Option<bool>;
    let kinds: [(&str, Outcome); 4] = [
        ("passed", |row, _| row.passed),
        ("decided_right", Row::decided_right),
        ("right_page_first", |row, _| {
            (row.answerable && row.gold.is_some()).then(|| row.rank() == Some(1))
        }),
        ("right_page_in_five", |row, _| {
            (row.answerable && row.gold.is_some()).then(|| row.right())
        }),
    ];
    kinds
        .into_iter()
        .filter_map(|(name, outcome)| {
            let both: Vec<(bool, bool)> = pairs
                .iter()
                .filter_map(|(b, a)| outcome(b, thresholds[0]).zip(outcome(a, thresholds[1])))
                .collect();
            let share = |side: fn(&(bool, bool)) -> bool| {
                both.iter().filter(|pair| side(pair)).count() as f64 / both.len() as f64
            };
            let count = |pair: (bool, bool)| both.iter().filter(|p| **p == pair).count();
            (!both.is_empty()).then(|| Change {
                name: name.to_owned(),
                before: share(|p| p.0),
                after: share(|p| p.1),
                interval: None,
                p: mcnemar(count((true, false)), count((false, true))),
                verdict: Verdict::Same,
            })
        })
        .collect()
}

fn figures(pairs: &[(&Row, &Row)], settings: &EvalSettings) -> Vec<Change> {
    let both: Vec<(Judged, Judged)> =
        pairs.iter().filter_map(|(b, a)| b.judged().zip(a.judged())).collect();
    let side = |drawn: &[usize], pick: fn(&(Judged, Judged)) -> &Judged| {
        measure(&drawn.iter().map(|i| pick(&both[*i])).collect::<Vec<_>>())
    };
    let all: Vec<usize> = (0..both.len()).collect();
    let (before, after) = (side(&all, |p| &p.0), side(&all, |p| &p.1));
    let groups = clusters(both.iter().map(|p| p.1.group.as_str()));
    let samples = resample(&groups, settings.resamples, settings.seed, |drawn| {
        let (before, after) = (side(drawn, |p| &p.0), side(drawn, |p| &p.1));
        before.into_iter().zip(after).map(|(b, a)| Some(a? - b?)).collect()
    });
    NAMES
        .into_iter()
        .enumerate()
        .filter_map(|(i, name)| {
            let (before, after) = (before[i]?, after[i]?);
            let sample = samples.get(i).filter(|s| !s.is_empty());
            let interval = sample.map(|s| {
                let i = middle(s);
                [i.low, i.high]
            });
            Some(Change {
                name: name.to_owned(),
                before,
                after,
                interval,
                p: sample.map_or(1.0, |s| chance(s)),
                verdict: Verdict::Same,
            })
        })
        .collect()
}

/// Two-sided chance that the differences of `sample` (rising) come from none.
fn chance(sample: &[f64]) -> f64 {
    let down = sample.partition_point(|d| *d <= 0.0);
    let up = sample.len() - sample.partition_point(|d| *d < 0.0);
    // One is added so that a finite number of resamples never claims certainty.
    (2.0 * (down.min(up) + 1) as f64 / (sample.len() + 1) as f64).min(1.0)
}

/// Sets the verdicts, by Holm's procedure over the figures that have a better direction.
fn judge(changes: &mut [Change]) {
    let direction = |name: &str| match name {
        "aurc" | "ece" | "brier" => -1.0,
        "mean_confidence" => 0.0,
        _ => 1.0,
    };
    let mut order: Vec<usize> = Vec::new();
    for (i, change) in changes.iter_mut().enumerate() {
        if direction(&change.name) == 0.0 {
            change.verdict = Verdict::Neutral;
        } else {
            order.push(i);
        }
    }
    order.sort_by(|a, b| changes[*a].p.total_cmp(&changes[*b].p));
    let tests = order.len();
    for (rank, i) in order.into_iter().enumerate() {
        let change = &mut changes[i];
        if change.p > ALPHA / (tests - rank) as f64 {
            break;
        }
        let gain = (change.after - change.before) * direction(&change.name);
        change.verdict = match gain.total_cmp(&0.0) {
            std::cmp::Ordering::Greater => Verdict::Better,
            std::cmp::Ordering::Less => Verdict::Worse,
            std::cmp::Ordering::Equal => Verdict::Same,
        };
    }
}

fn difference((before, after): (&Row, &Row), thresholds: [f64; 2]) -> Option<Difference> {
    let good =
        |row: &Row, threshold| row.passed.or_else(|| row.decided_right(threshold)).unwrap_or(true);
    let rank = [before.rank(), after.rank()];
    let effect = match (good(before, thresholds[0]), good(after, thresholds[1])) {
        (true, false) => Effect::Broken,
        (false, true) => Effect::Mended,
        _ if rank[0] != rank[1] => Effect::Moved,
        _ => return None,
    };
    Some(Difference {
        id: after.id.clone(),
        effect,
        rank,
        confidence: [before.confidence, after.confidence],
        question: after.shown.question.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: usize, rank: usize, confidence: f64) -> Row {
        Row {
            id: id.to_string(),
            group: id.to_string(),
            answerable: true,
            gold: Some(1),
            places: if rank <= 10 { vec![rank] } else { Vec::new() },
            confidence,
            ..Row::default()
        }
    }

    fn run(rows: Vec<Row>) -> Run {
        Run { questions: rows, threshold: Some(0.5) }
    }

    fn change<'a>(comparison: &'a Comparison, name: &str) -> &'a Change {
        comparison.changes.iter().find(|c| c.name == name).unwrap()
    }

    #[test]
    fn the_same_run_twice_changes_nothing() {
        let rows: Vec<Row> = (0..40).map(|i| row(i, 1 + i % 7, 0.5)).collect();
        let same = compare(&run(rows.clone()), (&rows, 0.5), &EvalSettings::default()).unwrap();
        assert!(same.holds() && same.differences.is_empty());
        assert!(same.changes.iter().all(|c| c.p > 0.99 && c.verdict != Verdict::Better));
    }

    #[test]
    fn a_clear_loss_is_worse_and_a_small_one_is_chance() {
        let before: Vec<Row> = (0..60).map(|i| row(i, 1, 0.9)).collect();
        let after = |worse: usize| -> Vec<Row> {
            (0..60).map(|i| row(i, if i < worse { 3 } else { 1 }, 0.9)).collect()
        };
        let settings = EvalSettings::default();
        let clear = compare(&run(before.clone()), (&after(30), 0.5), &settings).unwrap();
        assert!(!clear.holds());
        assert_eq!(change(&clear, "mrr10").verdict, Verdict::Worse);
        assert_eq!(change(&clear, "recall5").verdict, Verdict::Same);
        let chance = compare(&run(before.clone()), (&after(2), 0.5), &settings).unwrap();
        assert!(chance.holds(), "{chance:?}");
        assert_eq!(chance.differences.len(), 2);
        assert_eq!(chance.differences[0].effect, Effect::Moved);
        let back = compare(&run(after(30)), (&before, 0.5), &settings).unwrap();
        assert_eq!(change(&back, "right_page_first").verdict, Verdict::Better);
    }

    #[test]
    fn a_decision_that_turned_wrong_is_broken() {
        let comparison = compare(
            &run(vec![row(1, 1, 0.9), row(2, 1, 0.2), row(9, 1, 0.9)]),
            (&[row(1, 1, 0.3), row(2, 1, 0.6), row(3, 1, 0.9)], 0.5),
            &EvalSettings::default(),
        )
        .unwrap();
        let effects: Vec<_> = comparison.differences.iter().map(|d| (&*d.id, d.effect)).collect();
        assert_eq!(effects, [("1", Effect::Broken), ("2", Effect::Mended)]);
        assert_eq!((comparison.questions, comparison.only), (2, [1, 1]));
    }

    #[test]
    fn what_is_no_run_is_refused_with_the_way_to_make_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.json");
        for text in ["", "{}", "no"] {
            fs_err::write(&file, text).unwrap();
            let error = read(&file).unwrap_err().to_string();
            assert!(error.contains("--json"), "{error}");
        }
        fs_err::write(&file, "progress\n{\"questions\":[{\"id\":\"a\"}],\"more\":1}\n\n").unwrap();
        assert_eq!(read(&file).unwrap().questions[0].id, "a");
        let none =
            compare(&read(&file).unwrap(), (&[row(7, 1, 0.1)], 0.5), &EvalSettings::default());
        assert!(none.unwrap_err().to_string().contains("no question in common"));
    }
}
