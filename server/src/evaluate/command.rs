//! The `eval` command: its flags, what goes with what, whether the gate holds.
//!
//! Called by `cli`, which reads the settings and prints what comes back: tables, or with `--json` one
//! object. Progress goes to standard error.

use std::path::{Path, PathBuf};

use indexer::publish::BuildReport;
use jiff::Zoned;
use serde_json::Value;

use super::figures::SetFigures;
use super::rows::Row;
use super::set_run::Languages;
use super::sets::{SetFiles, Turns};
use super::{EvalError, against, compare, golden, golden_run, html, output, report, set_run, sets};
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
    /// Write each question with the passages that were found for it, all their words and the truth
    #[arg(long, value_name = "FILE", conflicts_with = "against")]
    pub passages: Option<PathBuf>,
    /// Fail when a figure of the set is lower, for instance ndcg10=0.75 (may be repeated)
    #[arg(long, value_name = "NAME=VALUE", value_parser = requirement)]
    pub require: Vec<(String, f64)>,
    /// Write the report as one HTML file with plots and the worst questions
    #[arg(long, value_name = "FILE", conflicts_with = "against")]
    pub html: Option<PathBuf>,
    /// Compare with an earlier run of the same questions, a file that --json wrote
    #[arg(long, value_name = "RUN.json", conflicts_with = "against")]
    pub compare: Option<PathBuf>,
    /// With --compare: exit code 1 when something became worse by more than chance
    #[arg(long, requires = "compare")]
    pub fail_on_worse: bool,
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
    let earlier = args.compare.as_deref().map(compare::read).transpose()?;
    let result = golden_run::run(&cases, (kb, data), settings).await?;
    if let Some(file) = &args.features {
        output::features(file, &result.predictions)?;
    }
    if let Some(file) = &args.passages {
        output::passages(file, &result.predictions)?;
    }
    let threshold = result.threshold;
    let gate = &settings.eval.gate;
    let gates = report::gates(&result, gate);
    let name = folder.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let told = Told {
        name: &name,
        build: &result.report,
        figures: &result.figures,
        rows: &result.rows,
        gates: &gates,
        threshold,
    };
    told.tell(args, earlier.as_ref(), settings, |json| {
        if json {
            Form::Json(report::golden_json(&result, gate, threshold))
        } else {
            Form::Text(report::golden_text(&result, gate))
        }
    })
}

async fn set(args: &EvalArgs, data: &Path, settings: &Settings) -> Result<EvalOutcome, EvalError> {
    let turns = if args.multiturn { Turns::Multi } else { Turns::Single };
    let (name, files) = files(args, turns)?;
    let set = sets::read(&files, turns)?;
    let earlier = args.compare.as_deref().map(compare::read).transpose()?;
    let languages = if args.use_lang { Languages::Given } else { Languages::Detected };
    let result = set_run::run((&files, set), data, languages, settings).await?;
    if let Some(file) = &args.predictions {
        output::predictions(file, &result.predictions)?;
    }
    if let Some(file) = &args.features {
        output::features(file, &result.predictions)?;
    }
    if let Some(file) = &args.passages {
        output::passages(file, &result.predictions)?;
    }
    let threshold = result.threshold;
    let figures = report::set_json((&name, &args.split), &result, threshold);
    let gates = gates(&args.require, &figures)?;
    let told = Told {
        name: &name,
        build: &result.report,
        figures: &result.figures,
        rows: &result.rows,
        gates: &gates,
        threshold,
    };
    told.tell(args, earlier.as_ref(), settings, |json| {
        if json {
            Form::Json(figures)
        } else {
            let below = gates.iter().filter(|g| !g.holds()).map(report::gate_text);
            let text = report::set_text(&name, &args.split, &result);
            Form::Text(text + &below.collect::<String>())
        }
    })
}

/// What was measured, ready to be told.
struct Told<'a> {
    name: &'a str,
    build: &'a BuildReport,
    figures: &'a SetFigures,
    rows: &'a [Row],
    gates: &'a [report::Gate],
    threshold: f64,
}

/// The same for a program or for people.
enum Form {
    Json(Value),
    Text(String),
}

impl Told<'_> {
    /// Compares with an `earlier` run, writes the page, and joins everything to what `form` gives.
    fn tell(
        &self,
        args: &EvalArgs,
        earlier: Option<&compare::Run>,
        settings: &Settings,
        form: impl FnOnce(bool) -> Form,
    ) -> Result<EvalOutcome, EvalError> {
        let now = (self.rows, self.threshold);
        let comparison =
            earlier.map(|run| compare::compare(run, now, &settings.eval)).transpose()?;
        if let Some(file) = &args.html {
            let page = html::page(&html::Page {
                name: self.name,
                day: &Zoned::now().date().to_string(),
                size: (self.build.documents, self.build.passages),
                figures: self.figures,
                rows: self.rows,
                gates: self.gates,
                threshold: self.threshold,
                comparison: comparison.as_ref(),
            });
            fs_err::write(file, page)?;
        }
        let mut text = match form(args.json) {
            Form::Json(mut json) => {
                if let Some(comparison) = &comparison {
                    json["comparison"] = serde_json::json!(comparison);
                }
                format!("{json}\n")
            }
            Form::Text(text) => text,
        };
        if !args.json
            && let Some(comparison) = &comparison
        {
            text.push_str(&report::comparison_text(comparison));
        }
        let holds = comparison.is_none_or(|c| c.holds()) || !args.fail_on_worse;
        Ok(EvalOutcome { text, passed: holds && self.gates.iter().all(report::Gate::holds) })
    }
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
        for line in [
            "--set a --golden b",
            "--corpus a",
            "--set a --queries b",
            "--require ndcg10",
            "--set a --fail-on-worse",
            "--golden a --against b --html c",
        ] {
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
