//! What an evaluation says: tables for people, one JSON object for programs.
//!
//! Called by `command`. Builds strings and values alone, prints nothing. Names in the JSON are part of
//! the interface: fields may be added, none renamed or dropped.

use std::collections::BTreeMap;

use comfy_table::{Table, presets};
use serde_json::{Map, Value, json};

use super::compare::{Comparison, Effect, Verdict};
use super::figures::{Figure, Figures, SetFigures};
use super::golden::Expect;
use super::golden_run::{CaseResult, GoldenResult};
use super::set_run::SetResult;
use super::settings::GateSettings;

/// Failed cases that a terminal shows.
const SHOWN_FAILURES: usize = 40;

/// The JSON of a question set: all figures at the top, by their names.
pub(super) fn set_json((name, split): (&str, &str), result: &SetResult, threshold: f64) -> Value {
    let mut out = figures_json(&result.figures.all);
    let more = json!({
        "set": name,
        "split": split,
        "fingerprint": result.fingerprint,
        "documents": result.report.documents,
        "passages": result.report.passages,
        "embedded": result.report.embedded,
        "vague_left_out": result.vague,
        "refused": result.refused,
        "seconds": rounded(result.seconds),
        "by_language": slices_json(&result.figures.by_language),
        "by_kind": slices_json(&result.figures.by_kind),
        "risk_coverage": curve_json(&result.figures),
        "reliability": result.figures.bins,
        "threshold": threshold,
        "questions": result.rows,
    });
    extend(&mut out, more);
    Value::Object(out)
}

/// The JSON of golden cases (contract of `eval --golden --json`).
pub(super) fn golden_json(result: &GoldenResult, gate: &GateSettings, threshold: f64) -> Value {
    let cases = &result.cases;
    let by = |key: fn(&CaseResult) -> &str| -> Map<String, Value> {
        groups(cases, key).into_iter().map(|(k, v)| (k.to_owned(), tally_json(&v))).collect()
    };
    let mut by_expectation: Map<String, Value> =
        Expect::ALL.iter().map(|e| (e.as_str().to_owned(), tally_json(&[]))).collect();
    by_expectation.extend(by(|c| c.expect));
    let gates = gates(result, gate);
    let failures: Vec<&CaseResult> = cases.iter().filter(|c| c.problem.is_some()).collect();
    json!({
        "cases": cases.len(),
        "passed": cases.len() - failures.len(),
        "by_expectation": by_expectation,
        "by_kind": by(|c| &c.kind),
        "by_language": by(|c| &c.language),
        "gate": {
            "passed": gates.iter().all(Gate::holds),
            "needed": { "answer": gate.answer, "refuse": gate.refuse, "hand_over": gate.hand_over },
        },
        "figures": figures_json(&result.figures.all),
        "figures_by_language": slices_json(&result.figures.by_language),
        "figures_by_kind": slices_json(&result.figures.by_kind),
        "risk_coverage": curve_json(&result.figures),
        "fingerprint": result.fingerprint,
        "documents": result.report.documents,
        "passages": result.report.passages,
        "seconds": rounded(result.seconds),
        "reliability": result.figures.bins,
        "threshold": threshold,
        "questions": result.rows,
        "failures": failures,
    })
}

/// One condition of the gate.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Gate {
    pub(super) name: String,
    pub(super) needed: f64,
    pub(super) reached: f64,
}

impl Gate {
    pub(super) fn holds(&self) -> bool {
        self.reached >= self.needed
    }
}

/// The gate of golden cases; an expectation without cases has no condition.
pub(super) fn gates(result: &GoldenResult, gate: &GateSettings) -> Vec<Gate> {
    let needed = [gate.answer, gate.refuse, gate.hand_over];
    Expect::ALL
        .iter()
        .zip(needed)
        .filter_map(|(expect, needed)| {
            let name = expect.as_str();
            let of: Vec<_> = result.cases.iter().filter(|c| c.expect == name).collect();
            let reached = passed(&of) as f64 / of.len() as f64;
            (!of.is_empty()).then(|| Gate { name: name.to_owned(), needed, reached })
        })
        .collect()
}

/// Tables of a question set.
pub(super) fn set_text(name: &str, split: &str, result: &SetResult) -> String {
    let report = &result.report;
    let mut out = format!(
        "{name} {split}: {} questions ({} without an answer, {} vague ones left out), {} documents, \
         {} passages ({} embedded now), {:.1} s\n",
        result.figures.all.questions,
        result.figures.all.unanswerable,
        result.vague,
        report.documents,
        report.passages,
        report.embedded,
        result.seconds,
    );
    out.push_str(&figures_text(&result.figures));
    out
}

/// Tables of golden cases, failed ones last.
pub(super) fn golden_text(result: &GoldenResult, gate: &GateSettings) -> String {
    let cases = &result.cases;
    let mut table = table(["", "cases", "passed", "share"]);
    let mut rows = |title: &str, key: fn(&CaseResult) -> &str| {
        for (name, of) in groups(cases, key) {
            let share = passed(&of) as f64 / of.len() as f64;
            table.add_row([
                format!("{title} {name}"),
                of.len().to_string(),
                passed(&of).to_string(),
                format!("{share:.3}"),
            ]);
        }
    };
    rows("all", |_| "");
    rows("expect", |c| c.expect);
    rows("language", |c| &c.language);
    rows("kind", |c| &c.kind);
    let mut out = format!("{table}\n{}", figures_text(&result.figures));
    let failures: Vec<_> = cases.iter().filter(|c| c.problem.is_some()).collect();
    for case in failures.iter().take(SHOWN_FAILURES) {
        let rank = case.gold_rank.map_or_else(|| "-".to_owned(), |r| r.to_string());
        let problem = case.problem.as_deref().unwrap_or_default();
        out.push_str(&format!(
            "failed {}: {problem} (confidence {:.2}, right page at {rank})\n",
            case.id, case.confidence
        ));
    }
    if failures.len() > SHOWN_FAILURES {
        out.push_str(&format!("... and {} more\n", failures.len() - SHOWN_FAILURES));
    }
    for gate in gates(result, gate).iter().filter(|g| !g.holds()) {
        out.push_str(&gate_text(gate));
    }
    out
}

/// Tables of a comparison with an earlier run: figures, then the questions that fare otherwise.
pub(super) fn comparison_text(comparison: &Comparison) -> String {
    let mut figures = table(["compared", "before", "now", "difference, 95 %", "p", ""]);
    for change in &comparison.changes {
        let interval = change
            .interval
            .map_or_else(String::new, |[low, high]| format!("{low:+.3} to {high:+.3}"));
        let verdict = match change.verdict {
            Verdict::Better => "better",
            Verdict::Worse => "WORSE",
            Verdict::Same | Verdict::Neutral => "",
        };
        figures.add_row([
            change.name.clone(),
            format!("{:.3}", change.before),
            format!("{:.3}", change.after),
            interval,
            format!("{:.3}", change.p),
            verdict.to_owned(),
        ]);
    }
    let [gone, new] = comparison.only;
    let mut out = format!(
        "{figures}\n{} questions in both runs ({gone} only in the earlier one, {new} only in this one), \
         {} fare otherwise\n",
        comparison.questions,
        comparison.differences.len()
    );
    for d in comparison.differences.iter().take(SHOWN_FAILURES) {
        let place = |rank: Option<usize>| rank.map_or_else(|| "-".to_owned(), |r| r.to_string());
        let effect = match d.effect {
            Effect::Broken => "broken",
            Effect::Mended => "mended",
            Effect::Moved => "moved",
        };
        out.push_str(&format!(
            "{effect} {}: right page {} to {}, confidence {:.2} to {:.2}\n",
            d.id,
            place(d.rank[0]),
            place(d.rank[1]),
            d.confidence[0],
            d.confidence[1]
        ));
    }
    if comparison.differences.len() > SHOWN_FAILURES {
        out.push_str(&format!("... and {} more\n", comparison.differences.len() - SHOWN_FAILURES));
    }
    if !comparison.holds() {
        out.push_str("worse than the earlier run by more than chance\n");
    }
    out
}

/// One line about a gate that does not hold.
pub(super) fn gate_text(gate: &Gate) -> String {
    format!("below the gate: {} is {:.3}, needed {:.3}\n", gate.name, gate.reached, gate.needed)
}

fn figures_text(figures: &SetFigures) -> String {
    let mut table = table(["", "all", "95 %"]);
    for figure in &figures.all.list {
        let interval =
            figure.interval.map_or_else(String::new, |i| format!("{:.3} to {:.3}", i.low, i.high));
        table.add_row([figure.name.to_owned(), format!("{:.3}", figure.value), interval]);
    }
    let mut out = format!("{table}\n");
    for (title, slices) in [("language", &figures.by_language), ("kind", &figures.by_kind)] {
        if slices.len() > 1 {
            out.push_str(&format!("{}\n", slices_table(title, slices)));
        }
    }
    out
}

fn slices_table(title: &str, slices: &BTreeMap<String, Figures>) -> Table {
    const COLUMNS: [&str; 5] = ["ndcg10", "recall1", "recall5", "auroc", "coverage_at_5pct"];
    let mut table = table([title, "questions"].into_iter().chain(COLUMNS));
    for (name, figures) in slices {
        let cells = COLUMNS
            .iter()
            .map(|c| figures.get(c).map_or_else(|| "-".to_owned(), |f| format!("{:.3}", f.value)));
        table.add_row([name.clone(), figures.questions.to_string()].into_iter().chain(cells));
    }
    table
}

fn table<'a>(header: impl IntoIterator<Item = &'a str>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(header);
    table
}

fn figures_json(figures: &Figures) -> Map<String, Value> {
    let mut out = Map::new();
    extend(
        &mut out,
        json!({
            "queries": figures.questions,
            "n": figures.retrieval,
            "unanswerable": figures.unanswerable,
        }),
    );
    let mut intervals = Map::new();
    for Figure { name, value, interval } in &figures.list {
        out.insert((*name).to_owned(), rounded(*value));
        if let Some(i) = interval {
            intervals.insert((*name).to_owned(), json!([rounded(i.low), rounded(i.high)]));
        }
    }
    out.insert("ci95".to_owned(), Value::Object(intervals));
    out
}

fn slices_json(slices: &BTreeMap<String, Figures>) -> Value {
    slices.iter().map(|(k, v)| (k.clone(), Value::Object(figures_json(v)))).collect()
}

fn curve_json(figures: &SetFigures) -> Value {
    let point = |p: &super::abstention::RiskPoint| {
        json!({
            "coverage": rounded(p.coverage),
            "risk": rounded(p.risk),
            "threshold": rounded(p.threshold),
        })
    };
    figures.curve.iter().map(point).collect()
}

fn groups(cases: &[CaseResult], key: fn(&CaseResult) -> &str) -> BTreeMap<&str, Vec<&CaseResult>> {
    let mut groups: BTreeMap<&str, Vec<&CaseResult>> = BTreeMap::new();
    for case in cases {
        groups.entry(key(case)).or_default().push(case);
    }
    groups
}

fn tally_json(cases: &[&CaseResult]) -> Value {
    json!({ "cases": cases.len(), "passed": passed(cases) })
}

fn passed(cases: &[&CaseResult]) -> usize {
    cases.iter().filter(|c| c.problem.is_none()).count()
}

fn extend(map: &mut Map<String, Value>, more: Value) {
    if let Value::Object(more) = more {
        map.extend(more);
    }
}

/// Six decimals: enough for any comparison, short enough to read.
fn rounded(value: f64) -> Value {
    json!((value * 1e6).round() / 1e6)
}
