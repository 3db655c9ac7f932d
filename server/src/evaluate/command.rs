//! The `eval` command: its flags, what goes with what, whether the gate holds.
//!
//! Called by `cli`, which reads the settings and prints what comes back: tables, or with `--json` one
//! object. Progress goes to standard error.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::set_run::Languages;
use super::sets::{SetFiles, Turns};
use super::{EvalError, against, golden, golden_run, output, report, set_run, sets};
use crate::settings::Settings;

/// Flags of `eval`.
#[derive(Debug, Clone, clap::Args)]
pub struct EvalArgs {
    /// Folder of golden cases (*.yaml) to ask against the knowledge base --kb
    #[arg(long, value_name = "DIR", conflicts_with_all = ["set", "corpus"])]
    pub golden: Option<PathBuf>,
    /// With --golden: what would change if this working copy of --kb were published; exit code 1 when
    /// a case would break
    #[arg(long, value_name = "DIR", requires = "golden")]
    pub against: Option<PathBuf>,
    /// Folder of a question set: corpus.jsonl, SPLIT/queries.jsonl, SPLIT/qrels.tsv
    #[arg(long, value_name = "DIR", conflicts_with = "corpus")]
    pub set: Option<PathBuf>,
    /// Part of the set to ask
    #[arg(long, default_value = "public")]
    pub split: String,
    /// Ask inside dialogues: queries_multiturn.jsonl and qrels_multiturn.tsv
    #[arg(long)]
    pub multiturn: bool,
    /// Documents of a set in another layout
    #[arg(long, value_name = "FILE", requires = "queries", requires = "qrels")]
    pub corpus: Option<PathBuf>,
    /// Questions of a set in another layout
    #[arg(long, value_name = "FILE", requires = "corpus")]
    pub queries: Option<PathBuf>,
    /// Which documents answer which question
    #[arg(long, value_name = "FILE", requires = "corpus")]
    pub qrels: Option<PathBuf>,
    /// Tell the assistant the language that the set notes for a question
    #[arg(long)]
    pub use_lang: bool,
    /// Write a ranking and a confidence for each question of the set
    #[arg(long, value_name = "FILE")]
    pub predictions: Option<PathBuf>,
    /// Write what the confidence is made of, with the truth, for each question or case
    #[arg(long, value_name = "FILE")]
    pub features: Option<PathBuf>,
    /// Fail when a figure of the set is lower, for instance ndcg10=0.75 (may be repeated)
    #[arg(long, value_name = "NAME=VALUE", value_parser = requirement)]
    pub require: Vec<(String, f64)>,
    /// Print one JSON object on the last line instead of tables
    #[arg(long)]
    pub json: bool,
}

/// What the command has to say.
#[derive(Debug, Clone, PartialEq)]
pub struct EvalOutcome {
    /// For standard output, with its line end.
    pub text: String,
    /// Whether everything reached what was asked of it.
    pub passed: bool,
}

/// Runs the command over the knowledge-base folder and the data folder.
///
/// # Errors
/// [`EvalError`] when something could not be read or run; the message says what to do.
pub async fn run(
    args: &EvalArgs,
    (kb, data): (&Path, &Path),
    settings: &Settings,
) -> Result<EvalOutcome, EvalError> {
    match &args.golden {
        Some(folder) => golden(args, folder, (kb, data), settings).await,
        None => set(args, data, settings).await,
    }
}

async fn golden(
    args: &EvalArgs,
    folder: &Path,
    (kb, data): (&Path, &Path),
    settings: &Settings,
) -> Result<EvalOutcome, EvalError> {
    if args.predictions.is_some() || !args.require.is_empty() {
        return Err(EvalError::Usage(
            "--predictions and --require go with --set; the gate of golden cases is \
             [eval.gate] of the configuration"
                .to_owned(),
        ));
    }
    let cases = golden::read(folder, kb)?;
    if let Some(copy) = &args.against {
        let differences = against::run(&cases, (kb, copy, data), settings).await?;
        let text = if args.json {
            format!("{}\n", against::json(cases.len(), &differences))
        } else {
            against::text(cases.len(), &differences)
        };
        return Ok(EvalOutcome { text, passed: against::passes(&differences) });
    }
    let result = golden_run::run(&cases, (kb, data), settings).await?;
    if let Some(file) = &args.features {
        output::features(file, &result.predictions)?;
    }
    let gate = &settings.eval.gate;
    let text = if args.json {
        format!("{}\n", report::golden_json(&result, gate))
    } else {
        report::golden_text(&result, gate)
    };
    Ok(EvalOutcome { text, passed: report::gates(&result, gate).iter().all(report::Gate::holds) })
}

async fn set(args: &EvalArgs, data: &Path, settings: &Settings) -> Result<EvalOutcome, EvalError> {
    let turns = if args.multiturn { Turns::Multi } else { Turns::Single };
    let (name, files) = files(args, turns)?;
    let set = sets::read(&files, turns)?;
    let languages = if args.use_lang { Languages::Given } else { Languages::Detected };
    let result = set_run::run((&files, set), data, languages, settings).await?;
    if let Some(file) = &args.predictions {
        output::predictions(file, &result.predictions)?;
    }
    if let Some(file) = &args.features {
        output::features(file, &result.predictions)?;
    }
    let figures = report::set_json(&name, &args.split, &result);
    let gates = gates(&args.require, &figures)?;
    let text = if args.json {
        format!("{figures}\n")
    } else {
        let below = gates.iter().filter(|g| !g.holds()).map(report::gate_text);
        report::set_text(&name, &args.split, &result) + &below.collect::<String>()
    };
    Ok(EvalOutcome { text, passed: gates.iter().all(report::Gate::holds) })
}

/// Name and files of the set that `args` ask for.
fn files(args: &EvalArgs, turns: Turns) -> Result<(String, SetFiles), EvalError> {
    let named = |path: &Path| {
        let absolute = fs_err::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        absolute.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
    };
    match (&args.set, &args.corpus, &args.queries, &args.qrels) {
        (Some(set), ..) => Ok((named(set), SetFiles::of(set, &args.split, turns))),
        (None, Some(corpus), Some(queries), Some(qrels)) => {
            let files = SetFiles {
                corpus: corpus.clone(),
                queries: queries.clone(),
                qrels: qrels.clone(),
            };
            Ok((named(corpus), files))
        }
        _ => Err(EvalError::Usage(
            "name what to ask: --golden DIR (golden cases), --set DIR (a question set), or --corpus, \
             --queries and --qrels"
                .to_owned(),
        )),
    }
}

fn gates(required: &[(String, f64)], figures: &Value) -> Result<Vec<report::Gate>, EvalError> {
    required
        .iter()
        .map(|(name, needed)| {
            let reached = figures.get(name).and_then(Value::as_f64).ok_or_else(|| {
                EvalError::Usage(format!("--require {name}: this set has no such figure"))
            })?;
            Ok(report::Gate { name: name.clone(), needed: *needed, reached })
        })
        .collect()
}

fn requirement(text: &str) -> Result<(String, f64), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, for instance ndcg10=0.75")?;
    let value = value.parse().map_err(|e| format!("{value:?}: {e}"))?;
    Ok((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: EvalArgs,
    }

    fn parse(line: &str) -> Result<EvalArgs, String> {
        Line::try_parse_from(std::iter::once("eval").chain(line.split_whitespace()))
            .map(|l| l.args)
            .map_err(|e| e.to_string())
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        for line in ["--set a --golden b", "--corpus a", "--set a --queries b", "--require ndcg10"]
        {
            assert!(parse(line).is_err(), "{line}");
        }
        let nothing = files(&parse("").unwrap(), Turns::Single).unwrap_err().to_string();
        assert!(nothing.contains("--golden DIR"), "{nothing}");
    }

    #[test]
    fn the_parts_of_a_set_can_be_named_apart() {
        let args = parse("--corpus x/c.jsonl --queries q.jsonl --qrels r.tsv").unwrap();
        let (name, files) = files(&args, Turns::Single).unwrap();
        assert_eq!((name.as_str(), files.qrels), ("c.jsonl", PathBuf::from("r.tsv")));
    }

    #[test]
    fn a_requirement_names_a_figure_and_its_least_value() {
        let figures = serde_json::json!({ "ndcg10": 0.7, "ci95": {} });
        let required = |line: &str| gates(&parse(line).unwrap().require, &figures);
        let gates = required("--require ndcg10=0.7 --require ndcg10=0.71").unwrap();
        assert!(gates[0].holds() && !gates[1].holds());
        assert!(required("--require ci95=1").is_err());
    }
}
