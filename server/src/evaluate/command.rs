//! The `eval` command: its flags, what goes with what, the exit code.
//!
//! Called by the command line of the server with settings that are read already. Figures go to
//! standard output (tables, or with `--json` one object on the last line), progress to standard error.
//! Exit code 0: measured and at or above the gate; 1: below it. Errors are the caller's to print.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use indexer::settings::IndexerSettings;
use serde_json::Value;

use super::set_run::Languages;
use super::sets::{SetFiles, Turns};
use super::{EvalError, EvalSettings, golden, golden_run, output, report, set_run, sets};
use crate::assistant::AssistantSettings;

/// Flags of `eval`.
#[derive(Debug, Clone, clap::Args)]
pub struct EvalArgs {
    /// Folder of golden cases (*.yaml) to ask against the knowledge base --kb
    #[arg(long, value_name = "DIR", conflicts_with_all = ["set", "corpus"])]
    pub golden: Option<PathBuf>,
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
    /// Write what the confidence is made of, with the truth, for each question of the set
    #[arg(long, value_name = "FILE")]
    pub features: Option<PathBuf>,
    /// Fail when a figure of the set is lower, for instance ndcg10=0.75 (may be repeated)
    #[arg(long, value_name = "NAME=VALUE", value_parser = requirement)]
    pub require: Vec<(String, f64)>,
    /// Print one JSON object on the last line instead of tables
    #[arg(long)]
    pub json: bool,
}

/// Settings that an evaluation uses.
#[derive(Debug, Clone, Copy)]
pub struct EvalParts<'a> {
    pub indexer: &'a IndexerSettings,
    pub assistant: &'a AssistantSettings,
    pub settings: &'a EvalSettings,
}

/// Runs the command over the knowledge-base folder and the data folder.
///
/// # Errors
/// [`EvalError`] when something could not be read or run; the message says what to do.
pub async fn run(
    args: &EvalArgs,
    (kb, data): (&Path, &Path),
    parts: &EvalParts<'_>,
) -> Result<ExitCode, EvalError> {
    match &args.golden {
        Some(folder) => golden(args, folder, (kb, data), parts).await,
        None => set(args, data, parts).await,
    }
}

async fn golden(
    args: &EvalArgs,
    folder: &Path,
    (kb, data): (&Path, &Path),
    parts: &EvalParts<'_>,
) -> Result<ExitCode, EvalError> {
    if args.predictions.is_some() || args.features.is_some() || !args.require.is_empty() {
        return Err(EvalError::Usage(
            "--predictions, --features and --require go with --set; the gate of golden cases is \
             [eval.gate] of the configuration"
                .to_owned(),
        ));
    }
    let cases = golden::read(folder, kb)?;
    let result = golden_run::run(&cases, (kb, data), parts).await?;
    let gate = &parts.settings.gate;
    if args.json {
        print(&format!("{}\n", report::golden_json(&result, gate)))?;
    } else {
        print(&report::golden_text(&result, gate))?;
    }
    Ok(code(report::gates(&result, gate).iter().all(report::Gate::holds)))
}

async fn set(args: &EvalArgs, data: &Path, parts: &EvalParts<'_>) -> Result<ExitCode, EvalError> {
    let turns = if args.multiturn { Turns::Multi } else { Turns::Single };
    let (name, files) = files(args, turns)?;
    let set = sets::read(&files, turns)?;
    let languages = if args.use_lang { Languages::Given } else { Languages::Detected };
    let result = set_run::run((&files, set), data, languages, parts).await?;
    if let Some(file) = &args.predictions {
        output::predictions(file, &result.predictions)?;
    }
    if let Some(file) = &args.features {
        output::features(file, &result.predictions)?;
    }
    let figures = report::set_json(&name, &args.split, &result);
    let gates = gates(&args.require, &figures)?;
    if args.json {
        print(&format!("{figures}\n"))?;
    } else {
        print(&report::set_text(&name, &args.split, &result))?;
        for gate in gates.iter().filter(|g| !g.holds()) {
            print(&report::gate_text(gate))?;
        }
    }
    Ok(code(gates.iter().all(report::Gate::holds)))
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

fn code(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Written here and not with `println!`, which panics when the reader has gone.
fn print(text: &str) -> Result<(), EvalError> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
