//! What operators plan by: answers a second and their latency with 1, 8 and 64 clients, and with one
//! client while every article is embedded anew; resident memory, and the time from start to ready with
//! an index that exists. Prints tables, asserts nothing.
//!
//! `ATBILDE_BENCH_KB` (default: the sample) names the folder of articles, `ATBILDE_BENCH_QUESTIONS`
//! (default 600) how many questions each number of clients asks, `ATBILDE_BENCH_ROUNDS` (default 5)
//! how often it is started. Every question is asked once in its wording, so that no cached vector
//! helps. `ATBILDE_BENCH_COPIES` (default 1) says how often the whole base is embedded anew, in other
//! words each time, while one client asks. Server and clients share the machine's cores.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use comfy_table::{CellAlignment, Table, presets};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    server::tls::install();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let kb = std::env::var_os("ATBILDE_BENCH_KB").map_or_else(|| root.join("kb"), PathBuf::from);
    let questions = questions(&root.join("kb/golden"))?;
    let data = tempfile::tempdir()?;
    Server::start(&kb, data.path()).await?.stop()?;

    let mut starts = Vec::new();
    for _ in 0..setting("ATBILDE_BENCH_ROUNDS", 5) {
        let server = Server::start(&kb, data.path()).await?;
        starts.push(server.ready_after.as_secs_f64());
        server.stop()?;
    }
    let server = Server::start(&kb, data.path()).await?;
    let idle = server.resident()?;
    let mut rows = Vec::new();
    let mut asked = 0;
    for clients in [1, 8, 64] {
        let total = setting("ATBILDE_BENCH_QUESTIONS", 600);
        rows.push(load(&server, &questions, clients, asked..asked + total).await?);
        asked += total;
    }
    let loaded = server.resident()?;
    server.stop()?;
    rows.extend(beside_ingestion(&kb, &questions).await?);

    print(&["clients", "asks/s", "p50 ms", "p99 ms", "answered"], &rows)?;
    print(
        &["", "value"],
        &[
            vec![
                "start to ready, median s".to_owned(),
                format!("{:.2}", quantile(&mut starts, 0.5)),
            ],
            vec!["resident after start, MB".to_owned(), format!("{idle:.0}")],
            vec!["resident after the load, MB".to_owned(), format!("{loaded:.0}")],
        ],
    )
}

/// A running server; killed when dropped.
struct Server {
    process: Child,
    address: String,
    ready_after: Duration,
}

impl Server {
    async fn start(kb: &Path, data: &Path) -> anyhow::Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let started = Instant::now();
        let process = Command::new(env!("CARGO_BIN_EXE_atbilde"))
            .args(["serve", "--port", &port.to_string(), "--kb"])
            .arg(kb)
            .arg("--data")
            .arg(data)
            .stderr(Stdio::null())
            .spawn()?;
        let address = format!("http://127.0.0.1:{port}");
        let mut this = Self { process, address, ready_after: Duration::ZERO };
        let ready = format!("{}/readyz", this.address);
        while !reqwest::get(&ready).await.is_ok_and(|r| r.status() == 200) {
            ensure!(this.process.try_wait()?.is_none(), "the server has ended");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        this.ready_after = started.elapsed();
        Ok(this)
    }

    /// The generation that answers come from.
    async fn generation(&self) -> anyhow::Result<u64> {
        let ready: serde_json::Value =
            reqwest::get(format!("{}/readyz", self.address)).await?.json().await?;
        ready["index_generation"].as_u64().context("no generation")
    }

    /// Resident set, MB.
    fn resident(&self) -> anyhow::Result<f64> {
        let status = fs_err::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find(|l| l.starts_with("VmRSS:")).context("no VmRSS")?;
        let kilobytes: f64 =
            line.split_whitespace().nth(1).context("VmRSS without a value")?.parse()?;
        Ok(kilobytes / 1024.0)
    }

    fn stop(mut self) -> anyhow::Result<()> {
        let id = self.process.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One client, idle and while many passages are embedded: every article of the base as often as
/// `ATBILDE_BENCH_COPIES` says, each time in other words.
async fn beside_ingestion(kb: &Path, questions: &[String]) -> anyhow::Result<Vec<Vec<String>>> {
    let folder = tempfile::tempdir()?;
    let copy = folder.path().join("kb");
    let files = copied(kb, &copy)?;
    let server = Server::start(&copy, &folder.path().join("data")).await?;
    let (mut asked, part) = (0, 50);
    let idle = times(&server, questions, (1, 0..setting("ATBILDE_BENCH_QUESTIONS", 600))).await?;
    let live = server.generation().await?;
    for round in 0..setting("ATBILDE_BENCH_COPIES", 1) {
        for file in &files {
            let text = fs_err::read_to_string(file)?;
            let mut name = file.file_stem().unwrap_or_default().to_owned();
            name.push(format!("-{round}.md"));
            // Below another folder, so that no slug and no canonical name is taken twice.
            let place = copy.join(format!("copy-{round}")).join(file.strip_prefix(&copy)?);
            let place = place.with_file_name(name);
            fs_err::create_dir_all(place.parent().unwrap_or(&copy))?;
            let words = text.replace(" the ", &format!(" the {round}th "));
            fs_err::write(place, words.replace(". ", &format!(" of {round}. ")))?;
        }
    }
    let mut busy = Load::default();
    while server.generation().await? == live {
        asked += part;
        let range = 100_000 + asked..100_000 + asked + part;
        busy.add(times(&server, questions, (1, range)).await?);
    }
    let after = times(&server, questions, (1, 200_000..200_000 + part * 4)).await?;
    server.stop()?;
    Ok(vec![
        idle.row("1, idle"),
        busy.row("1, while ingesting"),
        after.row("1, idle, the larger base"),
    ])
}

/// Copies the Markdown files below `from`; gives the copies.
fn copied(from: &Path, to: &Path) -> anyhow::Result<Vec<PathBuf>> {
    fs_err::create_dir_all(to)?;
    let mut out = Vec::new();
    for entry in fs_err::read_dir(from)? {
        let path = entry?.path();
        let Some(target) = path.file_name().map(|name| to.join(name)) else { continue };
        if path.is_dir() {
            out.extend(copied(&path, &target)?);
        } else if path.extension().is_some_and(|e| e == "md") {
            fs_err::copy(&path, &target)?;
            out.push(target);
        }
    }
    Ok(out)
}

/// What some clients saw.
#[derive(Default)]
struct Load {
    milliseconds: Vec<f64>,
    answered: usize,
    seconds: f64,
}

impl Load {
    fn add(&mut self, other: Self) {
        self.milliseconds.extend(other.milliseconds);
        self.answered += other.answered;
        self.seconds += other.seconds;
    }

    fn row(mut self, name: &str) -> Vec<String> {
        let count = self.milliseconds.len() as f64;
        vec![
            name.to_owned(),
            format!("{:.0}", count / self.seconds),
            format!("{:.1}", quantile(&mut self.milliseconds, 0.5)),
            format!("{:.1}", quantile(&mut self.milliseconds, 0.99)),
            format!("{:.0} %", self.answered as f64 * 100.0 / count),
        ]
    }
}

/// Asks the questions of `range` with `clients` at a time.
async fn load(
    server: &Server,
    questions: &[String],
    clients: usize,
    range: std::ops::Range<usize>,
) -> anyhow::Result<Vec<String>> {
    Ok(times(server, questions, (clients, range)).await?.row(&clients.to_string()))
}

async fn times(
    server: &Server,
    questions: &[String],
    (clients, range): (usize, std::ops::Range<usize>),
) -> anyhow::Result<Load> {
    let next = Arc::new(AtomicUsize::new(range.start));
    let url = format!("{}/v1/ask", server.address);
    let client = reqwest::Client::new();
    let started = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..clients {
        let (next, url, client) = (Arc::clone(&next), url.clone(), client.clone());
        let (questions, end) = (questions.to_vec(), range.end);
        tasks.push(tokio::spawn(async move {
            let (mut times, mut answered) = (Vec::new(), 0);
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= end {
                    return Ok::<_, reqwest::Error>((times, answered));
                }
                let words = format!("{} ({n})", questions[n % questions.len()]);
                let asked = Instant::now();
                let body = serde_json::json!({ "question": words });
                let answer = client.post(&url).json(&body).send().await?.error_for_status()?;
                let answer: serde_json::Value = answer.json().await?;
                times.push(asked.elapsed().as_secs_f64() * 1e3);
                answered += usize::from(answer["outcome"] == "answered");
            }
        }));
    }
    let (mut times, mut answered) = (Vec::new(), 0);
    for task in tasks {
        let (more, of_them) = task.await??;
        times.extend(more);
        answered += of_them;
    }
    Ok(Load { milliseconds: times, answered, seconds: started.elapsed().as_secs_f64() })
}

/// The questions of the golden cases, which are as customers write.
fn questions(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut files: Vec<PathBuf> = fs_err::read_dir(folder)?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .collect();
    files.sort();
    let mut out = Vec::new();
    for file in files {
        let text = fs_err::read_to_string(file)?;
        let lines = text.lines().filter_map(|l| l.trim().strip_prefix("question: "));
        out.extend(lines.map(|l| l.trim_matches(['"', '\'']).to_owned()));
    }
    ensure!(!out.is_empty(), "{} holds no golden questions", folder.display());
    Ok(out)
}

fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = ((values.len() as f64 - 1.0) * share).round() as usize;
    values.get(place).copied().unwrap_or(f64::NAN)
}

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

fn print(header: &[&str], rows: &[Vec<String>]) -> anyhow::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header(header.to_vec());
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    writeln!(std::io::stdout(), "{table}")?;
    Ok(())
}
