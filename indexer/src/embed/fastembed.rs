//! ONNX models in process, through fastembed.
//!
//! Two named threads, each with a session of its own: `embed-query` (one core, always there) and
//! `embed-ingest` (all cores, loaded when the first passage comes and dropped again after half a
//! minute without work, because its memory is not small). Both read from bounded channels; the query
//! thread takes all questions that wait as one batch, because a batch of short texts costs hardly
//! more than one: the weights are read from memory once.

use std::collections::HashSet;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use fastembed::{InitOptionsUserDefined, TextEmbedding, UserDefinedEmbeddingModel};
use tokio::sync::oneshot;

use super::model_files::{self, EmbedderSettings, Pooling, dimensions, words};
use super::titles::Texts;
use super::{EmbedError, Embedder, EmbedderIdentity, PassageInput};
use crate::model::Locale;
use crate::onnx;

/// Questions embedded in one run of the model at most.
const QUERY_BATCH: usize = 16;
/// An unused ingestion session is dropped after this long.
const INGEST_IDLE: Duration = Duration::from_secs(30);

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Questions,
    Ingestion,
}

struct QueryJob {
    text: String,
    reply: oneshot::Sender<Result<Vec<f32>, EmbedError>>,
}

struct IngestJob {
    texts: Vec<String>,
    reply: oneshot::Sender<Result<Vec<Vec<f32>>, EmbedError>>,
}

/// An ONNX model on this machine. Dropping it ends its threads.
pub struct FastEmbedder {
    identity: EmbedderIdentity,
    words: HashSet<Box<str>>,
    settings: EmbedderSettings,
    queries: SyncSender<QueryJob>,
    ingest: SyncSender<IngestJob>,
}

impl FastEmbedder {
    /// Starts the threads. The query session loads at once (about 0.2 s), so that a wrong model is
    /// reported at start-up and the first customer does not wait for it.
    ///
    /// # Errors
    /// [`EmbedError::Misconfigured`] when the library or the model is missing or broken.
    pub async fn start(settings: EmbedderSettings) -> Result<Self, EmbedError> {
        let (ready_tx, ready) = oneshot::channel();
        let this = Self::spawn(settings, Some(ready_tx))?;
        ready.await.map_err(|_| EmbedError::Stopped)??;
        Ok(this)
    }

    /// Like [`FastEmbedder::start`], but loads nothing until the first text comes: for commands
    /// that may find nothing to embed.
    ///
    /// # Errors
    /// [`EmbedError::Misconfigured`] when the model's files are missing.
    pub fn start_lazy(settings: EmbedderSettings) -> Result<Self, EmbedError> {
        Self::spawn(settings, None)
    }

    fn spawn(
        settings: EmbedderSettings,
        ready: Option<oneshot::Sender<Result<(), EmbedError>>>,
    ) -> Result<Self, EmbedError> {
        let files = model_files::load(&settings)?;
        let identity = model_files::identity(&files, &settings, dimensions(&files)?);
        let (queries, query_jobs) = sync_channel(settings.queue.max(1));
        let (ingest, ingest_jobs) = sync_channel(4);
        spawn_thread("embed-query", {
            let settings = settings.clone();
            move || serve_queries(&settings, &query_jobs, ready)
        })?;
        spawn_thread("embed-ingest", {
            let settings = settings.clone();
            move || serve_ingest(&settings, &ingest_jobs)
        })?;
        Ok(Self { identity, words: words(&files), settings, queries, ingest })
    }
}

#[async_trait]
impl Embedder for FastEmbedder {
    fn identity(&self) -> &EmbedderIdentity {
        &self.identity
    }

    fn speaks(&self, locale: &Locale) -> bool {
        let languages = &self.settings.languages;
        locale.is_undetermined()
            || languages.is_empty()
            || languages.iter().any(|l| l == locale.language())
    }

    fn knows(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    fn is_bundled(&self) -> bool {
        self.settings.is_bundled()
    }

    async fn embed_query(&self, text: &str) -> Result<Vec<f32>, EmbedError> {
        let (reply, answer) = oneshot::channel();
        let text = format!("{}{text}", self.settings.query_prefix);
        self.queries.try_send(QueryJob { text, reply }).map_err(|e| match e {
            TrySendError::Full(_) => EmbedError::Overloaded { waiting: self.settings.queue },
            TrySendError::Disconnected(_) => EmbedError::Stopped,
        })?;
        answer.await.map_err(|_| EmbedError::Stopped)?
    }

    async fn embed_passages(
        &self,
        passages: Vec<PassageInput>,
    ) -> Result<Vec<Vec<f32>>, EmbedError> {
        let (reply, answer) = oneshot::channel();
        let share = self.settings.title_share;
        let (texts, plan) = Texts::of(passages, &self.settings.passage_prefix, share);
        let ingest = self.ingest.clone();
        let sent = tokio::task::spawn_blocking(move || ingest.send(IngestJob { texts, reply }));
        sent.await.map_err(|_| EmbedError::Stopped)?.map_err(|_| EmbedError::Stopped)?;
        let vectors = answer.await.map_err(|_| EmbedError::Stopped)??;
        Ok(plan.vectors(vectors))
    }
}

fn spawn_thread(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), EmbedError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .map(drop)
        .map_err(|e| EmbedError::Misconfigured(format!("cannot start the thread {name}: {e}")))
}

fn serve_queries(
    settings: &EmbedderSettings,
    jobs: &Receiver<QueryJob>,
    ready: Option<oneshot::Sender<Result<(), EmbedError>>>,
) {
    let mut model = None;
    if let Some(ready) = ready {
        let loaded = load(settings, (Role::Questions, 1)).map(|m| model = Some(m));
        let failed = loaded.is_err();
        if ready.send(loaded).is_err() || failed {
            return;
        }
    }
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        batch.extend(jobs.try_iter().take(QUERY_BATCH - 1));
        // A question whose asker has gone costs nothing.
        batch.retain(|job| !job.reply.is_closed());
        if batch.is_empty() {
            continue;
        }
        let (texts, replies): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|j| (j.text, j.reply)).unzip();
        match run(&mut model, settings, (Role::Questions, 1), &texts) {
            Ok(vectors) => {
                for (reply, vector) in replies.into_iter().zip(vectors) {
                    let _ = reply.send(Ok(vector));
                }
            }
            Err(error) => {
                let message = error.to_string();
                for reply in replies {
                    let _ = reply.send(Err(EmbedError::Model(message.clone())));
                }
            }
        }
    }
}

fn serve_ingest(settings: &EmbedderSettings, jobs: &Receiver<IngestJob>) {
    let threads = match settings.ingest_threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => n,
    };
    let mut model = None;
    let mut behind = false;
    let mut last_used = Instant::now();
    loop {
        match jobs.recv_timeout(INGEST_IDLE) {
            Ok(job) => {
                if !behind && crate::priority::step_back() {
                    // The session's own threads step back with the one that loads it.
                    (behind, model) = (true, None);
                }
                if !job.reply.is_closed() {
                    let vectors = embed_sorted(&mut model, settings, threads, &job.texts);
                    let _ = job.reply.send(vectors);
                }
                last_used = Instant::now();
            }
            Err(RecvTimeoutError::Timeout) if last_used.elapsed() >= INGEST_IDLE => model = None,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Runs batches of texts of like length, because a batch is padded to its longest text; gives the
/// vectors back in the order of `texts`.
fn embed_sorted(
    model: &mut Option<TextEmbedding>,
    settings: &EmbedderSettings,
    threads: usize,
    texts: &[String],
) -> Result<Vec<Vec<f32>>, EmbedError> {
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_by_key(|&i| texts[i].len());
    let mut out = vec![Vec::new(); texts.len()];
    for batch in order.chunks(settings.batch_size.max(1)) {
        let inputs: Vec<&str> = batch.iter().map(|&i| texts[i].as_str()).collect();
        for (&i, vector) in
            batch.iter().zip(run(model, settings, (Role::Ingestion, threads), &inputs)?)
        {
            out[i] = vector;
        }
    }
    Ok(out)
}

fn run<S: AsRef<str> + Send + Sync>(
    model: &mut Option<TextEmbedding>,
    settings: &EmbedderSettings,
    session: (Role, usize),
    texts: &[S],
) -> Result<Vec<Vec<f32>>, EmbedError> {
    let loaded = match model {
        Some(loaded) => loaded,
        None => model.insert(load(settings, session)?),
    };
    let vectors = loaded
        .embed(texts, Some(texts.len().max(1)))
        .map_err(|e| EmbedError::Model(e.to_string()))?;
    if vectors.len() == texts.len() && vectors.iter().flatten().all(|x| x.is_finite()) {
        Ok(vectors)
    } else {
        Err(EmbedError::Model("the model gave no finite vector for a text".to_owned()))
    }
}

fn load(
    settings: &EmbedderSettings,
    (role, threads): (Role, usize),
) -> Result<TextEmbedding, EmbedError> {
    let environment = onnx::environment()?;
    let files = model_files::load(settings)?;
    let (name, dimensions) = (files.name.clone(), dimensions(&files)?);
    let (model, tokenizer) = files.into_parts();
    let pooling = match settings.pooling {
        Pooling::Mean => fastembed::Pooling::Mean,
        Pooling::Cls => fastembed::Pooling::Cls,
    };
    let model = UserDefinedEmbeddingModel::new(model, tokenizer).with_pooling(pooling);
    let options = InitOptionsUserDefined::new()
        .with_environment(environment)
        .with_max_length(settings.max_tokens)
        .with_intra_threads(threads)
        // Spinning threads would take the cores from answering.
        .with_session_config("session.intra_op.allow_spinning", "0")
        // The arena is quicker, and keeps what the largest batch needed as long as the session lives:
        // for ingestion, whose session goes when it is idle, and not for questions.
        .with_execution_providers(vec![
            ort::ep::CPU::default().with_arena_allocator(role == Role::Ingestion).build(),
        ]);
    let wrong = |e: &dyn std::fmt::Display| {
        EmbedError::Misconfigured(format!("the embedding model {name} does not load: {e}"))
    };
    let mut model =
        TextEmbedding::try_new_from_user_defined(model, options).map_err(|e| wrong(&e))?;
    // A model of another kind loads all the same; only a text shows it.
    let vectors = model.embed(["text"], Some(1)).map_err(|e| wrong(&e))?;
    match vectors.first().map(Vec::len) {
        Some(length) if length == dimensions => Ok(model),
        length => Err(wrong(&format!(
            "its vectors have {} values, and config.json says {dimensions} (`hidden_size`)",
            length.unwrap_or(0)
        ))),
    }
}
