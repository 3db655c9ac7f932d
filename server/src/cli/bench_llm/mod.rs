//! `atbilde bench-llm`: plays a workload against the local engine and prints its figures (contract C7).
//!
//! The workload has a JSON object a line: `id`, `arrival_ms` (null: the next free client takes it), `system`, `passages`,
//! `question`, `max_tokens`, `deadline_ms`. Greedy, and the end-of-text token is ignored, so that every run computes the
//! same. The figures carry the names that the load generator for other servers uses, so that both can be compared.

mod workload;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;

use super::print;
use crate::generate::llama::{
    Drafts, EndOfText, EngineHandle, EngineSettings, Event, LlamaEngine, ModelSettings, Namespace,
    RandomModel, Request, Thoughts,
};
use crate::settings::{LogLevel, LogSettings};
use crate::telemetry;
use workload::{Make, Row, workload};

/// Flags of `bench-llm`.
#[derive(Debug, Args)]
pub(super) struct BenchLlm {
    /// The model, a GGUF file
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// Write a model with random weights (213 million parameters) to FILE first, if it is not there
    #[arg(long)]
    random: bool,
    /// The workload: a file of JSON lines, or W1, W2, W3, W4 or W5 to make one
    #[arg(long, value_name = "FILE")]
    workload: String,
    /// Requests of a workload that is made
    #[arg(long, default_value_t = 24)]
    requests: usize,
    /// Seed of a workload that is made
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Tokens of an answer of a workload that is made
    #[arg(long, default_value_t = 64)]
    max_tokens: usize,
    /// Requests a second of W5
    #[arg(long, default_value_t = 0.5)]
    rate: f64,
    /// Answers generated at the same time
    #[arg(long, default_value_t = 8)]
    slots: usize,
    /// CPU threads; 0: one for each physical core
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Tokens of the KV cache
    #[arg(long, default_value_t = 16_384)]
    ctx: usize,
    /// Clients of the requests without an arrival time
    #[arg(long, default_value_t = 8)]
    clients: usize,
    /// Milliseconds that a step may take while answers stream
    #[arg(long)]
    step_ms: Option<u64>,
    /// Tokens of unused prefixes that may stay cached
    #[arg(long)]
    cache_tokens: Option<usize>,
    /// Layers on the GPU
    #[arg(long, default_value_t = 999)]
    gpu_layers: u32,
    /// When drafts are copied from the prompt: off, auto or on
    #[arg(long, default_value = "auto")]
    drafts: String,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
    /// Log every step of the engine to standard error
    #[arg(long)]
    trace: bool,
}

#[derive(Debug, Default)]
struct Outcome {
    ok: bool,
    /// Seconds from asking to the first token.
    first: Option<f64>,
    /// Seconds from asking to the end.
    total: f64,
    gaps: Vec<f64>,
    tokens: usize,
    cached: usize,
    computed: usize,
    drafted: usize,
    accepted: usize,
    in_time: bool,
    refused: bool,
}

/// The figures; times in seconds.
#[derive(Debug, Serialize)]
struct Figures {
    requests: usize,
    failed: usize,
    seconds: f64,
    gen_tok_s: f64,
    ttft_p50: Option<f64>,
    ttft_p95: Option<f64>,
    gap_p50: Option<f64>,
    gap_p99: Option<f64>,
    gap_max: Option<f64>,
    cached_tokens: usize,
    computed_tokens: usize,
    /// Requests that finished within their deadline.
    goodput: usize,
    refused: usize,
    /// The slowest refusal.
    refusal_max: Option<f64>,
    drafted_tokens: usize,
    accepted_tokens: usize,
    peak_memory_mib: Option<u64>,
}

impl BenchLlm {
    pub(super) fn run(self) -> Result<ExitCode> {
        if self.trace {
            telemetry::start(&LogSettings { level: LogLevel::Trace, ..LogSettings::default() });
        }
        let Self { requests, seed, max_tokens, rate, .. } = self;
        let rows = workload(&self.workload, Make { requests, seed, max_tokens, rate })?;
        if self.random && !self.model.exists() {
            let named = || format!("the model cannot be written to {}", self.model.display());
            RandomModel::bench().write(&self.model).with_context(named)?;
        }
        let model = ModelSettings {
            path: self.model.clone(),
            n_gpu_layers: self.gpu_layers,
            ..ModelSettings::default()
        };
        let defaults = EngineSettings::default();
        let settings = EngineSettings {
            slots: self.slots,
            threads: self.threads,
            context: self.ctx,
            step_target_ms: self.step_ms.unwrap_or(defaults.step_target_ms),
            cache_tokens: self.cache_tokens.unwrap_or(defaults.cache_tokens),
            drafts: match self.drafts.as_str() {
                "off" => Drafts::Off,
                "on" => Drafts::On,
                _ => Drafts::Auto,
            },
            ..defaults
        };
        let engine = LlamaEngine::start(model, settings)?;
        let figures = play(&engine.handle(), rows, self.clients);
        let text = if self.json {
            serde_json::to_string(&figures)?
        } else {
            serde_json::to_string_pretty(&figures)?
        };
        print(&format!("{text}\n"))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn play(engine: &EngineHandle, rows: Vec<Row>, clients: usize) -> Figures {
    let requests = rows.len();
    let (timed, queued): (VecDeque<Row>, VecDeque<Row>) =
        rows.into_iter().partition(|row| row.arrival_ms.is_some());
    let queue = Mutex::new(queued);
    let outcomes = Mutex::new(Vec::new());
    let begun = Instant::now();
    let record = |outcome: Outcome| {
        if let Ok(mut outcomes) = outcomes.lock() {
            outcomes.push(outcome);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                while let Some(row) = queue.lock().ok().and_then(|mut queue| queue.pop_front()) {
                    record(ask(engine, &row));
                }
            });
        }
        for row in timed {
            let record = &record;
            scope.spawn(move || {
                let due = begun + Duration::from_millis(row.arrival_ms.unwrap_or(0));
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                record(ask(engine, &row));
            });
        }
    });
    let outcomes = outcomes.into_inner().unwrap_or_default();
    figures(requests, begun.elapsed().as_secs_f64(), &outcomes)
}

fn ask(engine: &EngineHandle, row: &Row) -> Outcome {
    let mut parts = vec![row.system.as_str()];
    parts.extend(row.passages.iter().map(String::as_str));
    let knows = parts.iter().any(|part| !part.is_empty());
    let before = format!("{}\n\n", parts.join("\n\n"));
    let begun = Instant::now();
    let prompt = if knows {
        engine.prompter().plain(&before, &row.question)
    } else {
        engine.prompter().plain("", &format!("{before}{}", row.question))
    };
    let request = Request {
        deadline: row.deadline_ms.map(|millis| begun + Duration::from_millis(millis)),
        end_of_text: EndOfText::Ignore,
        thoughts: Thoughts::Keep,
        ..Request::greedy(Namespace(0), prompt, row.max_tokens)
    };
    let mut outcome = Outcome::default();
    let Ok(mut generation) = engine.generate(request) else {
        outcome.refused = true;
        outcome.total = begun.elapsed().as_secs_f64();
        return outcome;
    };
    let mut last = begun;
    while let Some(event) = generation.next_blocking() {
        let now = Instant::now();
        match event {
            Event::Token { .. } => {
                outcome.tokens += 1;
                match outcome.first {
                    None => outcome.first = Some(now.duration_since(begun).as_secs_f64()),
                    Some(_) => outcome.gaps.push(now.duration_since(last).as_secs_f64()),
                }
                last = now;
            }
            Event::Done(done) => {
                outcome.ok = outcome.first.is_some() && done.generated_tokens == row.max_tokens;
                outcome.tokens = done.generated_tokens;
                outcome.cached = done.cached_tokens;
                outcome.computed = done.computed_tokens;
                outcome.drafted = done.drafted_tokens;
                outcome.accepted = done.accepted_tokens;
            }
            Event::Queued { .. } | Event::Failed(_) => {}
        }
    }
    outcome.total = begun.elapsed().as_secs_f64();
    outcome.in_time =
        outcome.ok && row.deadline_ms.is_none_or(|millis| outcome.total * 1000.0 <= millis as f64);
    outcome
}

fn figures(requests: usize, seconds: f64, outcomes: &[Outcome]) -> Figures {
    let ok = || outcomes.iter().filter(|outcome| outcome.ok);
    let firsts: Vec<f64> = ok().filter_map(|outcome| outcome.first).collect();
    let gaps: Vec<f64> = ok().flat_map(|outcome| outcome.gaps.iter().copied()).collect();
    let refusals: Vec<f64> =
        outcomes.iter().filter(|outcome| outcome.refused).map(|outcome| outcome.total).collect();
    Figures {
        requests,
        failed: outcomes.len() - ok().count(),
        seconds: rounded(seconds, 2),
        gen_tok_s: rounded(ok().map(|outcome| outcome.tokens).sum::<usize>() as f64 / seconds, 2),
        ttft_p50: quantile(&firsts, 0.5),
        ttft_p95: quantile(&firsts, 0.95),
        gap_p50: quantile(&gaps, 0.5),
        gap_p99: quantile(&gaps, 0.99),
        gap_max: quantile(&gaps, 1.0),
        cached_tokens: ok().map(|outcome| outcome.cached).sum(),
        computed_tokens: ok().map(|outcome| outcome.computed).sum(),
        goodput: outcomes.iter().filter(|outcome| outcome.in_time).count(),
        refused: refusals.len(),
        refusal_max: quantile(&refusals, 1.0),
        drafted_tokens: ok().map(|outcome| outcome.drafted).sum(),
        accepted_tokens: ok().map(|outcome| outcome.accepted).sum(),
        peak_memory_mib: peak_memory_mib(),
    }
}

fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let index = ((sorted.len() as f64 * share) as usize).min(sorted.len().checked_sub(1)?);
    sorted.get(index).map(|value| rounded(*value, 4))
}

fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

/// Linux tells; elsewhere it is left out.
fn peak_memory_mib() -> Option<u64> {
    let status = fs_err::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kibibytes / 1024)
}
