//! `eval --golden ... --against FOLDER`: which golden cases would be answered otherwise if a working
//! copy of the articles were published.
//!
//! Called by `command`, prints nothing. Both folders are asked the same cases one after the other; the
//! working copy has a data folder of its own inside the live one's, which starts with its vectors, so
//! that only edited texts are embedded.

use std::path::Path;

use comfy_table::{Table, presets};
use serde::Serialize;
use serde_json::{Value, json};

use super::EvalError;
use super::golden::Case;
use super::golden_run::{self, CaseResult};
use crate::assistant::calibration;
use crate::settings::Settings;

/// The working copy's data folder within the live one's.
const FOLDER: &str = "against";
/// Characters of an answer that a table shows.
const SHOWN: usize = 160;

/// What publishing would do to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Effect {
    /// Passed, and would fail.
    Broken,
    /// Fails, and would pass.
    Mended,
    /// Another outcome or other sources, right or wrong as before.
    Moved,
    /// The same sources in other words.
    Reworded,
}

/// A case that would change.
#[derive(Debug, Serialize)]
pub(super) struct Difference {
    id: String,
    question: String,
    effect: Effect,
    before: Side,
    after: Side,
}

/// What happens to a case in one of the folders.
#[derive(Debug, Serialize)]
struct Side {
    outcome: &'static str,
    confidence: f64,
    cited: Vec<String>,
    answer: String,
    problem: Option<String>,
}

/// Asks `cases` of the live folder and of the working copy.
///
/// # Errors
/// When one of the bases cannot be made or a search fails.
pub(super) async fn run(
    cases: &[Case],
    (kb, against, data): (&Path, &Path, &Path),
    settings: &Settings,
) -> Result<Vec<Difference>, EvalError> {
    let before = golden_run::run(cases, (kb, data), settings).await?;
    let copy = data.join(FOLDER);
    start_with_vectors(data, &copy)?;
    let after = golden_run::run(cases, (against, &copy), settings).await?;
    Ok(compare(before.cases, after.cases))
}

/// Gives a new data folder the catalog of another one, whose connections are closed, and the
/// calibration that is in effect there.
fn start_with_vectors(data: &Path, copy: &Path) -> Result<(), EvalError> {
    const CATALOG: &str = "catalog.sqlite";
    let work = || -> std::io::Result<()> {
        fs_err::create_dir_all(copy)?;
        if data.join(calibration::FILE).exists() {
            fs_err::copy(data.join(calibration::FILE), copy.join(calibration::FILE))?;
        } else if copy.join(calibration::FILE).exists() {
            fs_err::remove_file(copy.join(calibration::FILE))?;
        }
        if copy.join(CATALOG).exists() {
            return Ok(());
        }
        let draft = copy.join("catalog.sqlite.new");
        fs_err::copy(data.join(CATALOG), &draft)?;
        fs_err::rename(draft, copy.join(CATALOG))
    };
    work().map_err(|e| EvalError::Usage(format!("the working copy's data folder: {e}")))
}

fn compare(before: Vec<CaseResult>, after: Vec<CaseResult>) -> Vec<Difference> {
    before.into_iter().zip(after).filter_map(|(b, a)| difference(b, a)).collect()
}

fn difference(before: CaseResult, after: CaseResult) -> Option<Difference> {
    let effect = match (&before.problem, &after.problem) {
        (None, Some(_)) => Effect::Broken,
        (Some(_), None) => Effect::Mended,
        _ if before.outcome != after.outcome || before.cited != after.cited => Effect::Moved,
        _ if before.answer != after.answer => Effect::Reworded,
        _ => return None,
    };
    let (id, question) = (before.id.clone(), before.question.clone());
    Some(Difference { id, question, effect, before: side(before), after: side(after) })
}

fn side(case: CaseResult) -> Side {
    let CaseResult { outcome, confidence, cited, answer, problem, .. } = case;
    Side { outcome, confidence, cited, answer, problem }
}

/// Whether no case would break.
pub(super) fn passes(differences: &[Difference]) -> bool {
    differences.iter().all(|d| d.effect != Effect::Broken)
}

/// The contract of `--json`.
pub(super) fn json(cases: usize, differences: &[Difference]) -> Value {
    let count = |effect| differences.iter().filter(|d| d.effect == effect).count();
    json!({
        "cases": cases,
        "changed": differences.len(),
        "broken": count(Effect::Broken),
        "mended": count(Effect::Mended),
        "moved": count(Effect::Moved),
        "reworded": count(Effect::Reworded),
        "changes": differences,
    })
}

/// The same for people.
pub(super) fn text(cases: usize, differences: &[Difference]) -> String {
    if differences.is_empty() {
        return format!("{cases} cases: no answer would change\n");
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header(["case", "effect", "now", "then"]);
    for d in differences {
        let effect = match d.effect {
            Effect::Broken => "BROKEN",
            Effect::Mended => "mended",
            Effect::Moved => "moved",
            Effect::Reworded => "reworded",
        };
        table.add_row([
            format!("{}\n{}", d.id, d.question),
            effect.to_owned(),
            cell(&d.before),
            cell(&d.after),
        ]);
    }
    let broken = differences.iter().filter(|d| d.effect == Effect::Broken).count();
    format!("{table}\n{cases} cases, {} would change, {broken} would break\n", differences.len())
}

fn cell(side: &Side) -> String {
    let mut lines = vec![format!("{} ({:.2})", side.outcome, side.confidence)];
    lines.extend(side.cited.iter().cloned());
    let answer: String = side.answer.chars().take(SHOWN).collect();
    if !answer.is_empty() {
        lines.push(answer);
    }
    lines.extend(side.problem.iter().map(|p| format!("wrong: {p}")));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(answer: &str, cited: &str, problem: Option<&str>) -> CaseResult {
        CaseResult {
            id: "a".into(),
            question: "q".into(),
            expect: "answer",
            kind: "short".into(),
            language: "en".into(),
            outcome: "answered",
            reason: None,
            confidence: 0.9,
            cited: vec![cited.into()],
            answer: answer.into(),
            gold_rank: Some(1),
            problem: problem.map(str::to_owned),
        }
    }

    fn effect(before: CaseResult, after: CaseResult) -> Option<Effect> {
        difference(before, after).map(|d| d.effect)
    }

    #[test]
    fn every_kind_of_change_is_told_apart() {
        let good = || case("60 days", "a.md", None);
        assert_eq!(effect(good(), good()), None);
        assert_eq!(effect(good(), case("9 days", "a.md", Some("x"))), Some(Effect::Broken));
        assert_eq!(effect(case("9", "a.md", Some("x")), good()), Some(Effect::Mended));
        assert_eq!(effect(good(), case("60 days", "b.md", None)), Some(Effect::Moved));
        assert_eq!(effect(good(), case("60 days, yes", "a.md", None)), Some(Effect::Reworded));
    }

    #[test]
    fn only_a_broken_case_fails_the_gate() {
        let good = || case("60 days", "a.md", None);
        let moved = compare(vec![good()], vec![case("60 days", "b.md", None)]);
        let broken = compare(vec![good()], vec![case("", "b.md", Some("x"))]);
        assert!(passes(&moved) && !passes(&broken));
        assert_eq!(json(1, &broken)["broken"], 1);
        assert!(text(1, &broken).contains("BROKEN"));
    }
}
