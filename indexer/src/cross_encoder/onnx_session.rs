//! An ONNX cross-encoder in process, through fastembed: one named thread that owns the session.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use async_trait::async_trait;
use fastembed::{RerankInitOptionsUserDefined, TextRerank, UserDefinedRerankingModel};
use tokio::sync::oneshot;

use super::{CrossEncoder, CrossEncoderError};
use crate::onnx::{self, ModelFiles};

/// How a session works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionSettings {
    /// Word pieces read of question and passage together; the longer of the two is cut.
    pub max_tokens: usize,
    /// ONNX Runtime threads; 0 for all cores.
    pub threads: usize,
    /// Questions that may wait.
    pub queue: usize,
}

struct Job {
    question: String,
    passages: Vec<String>,
    reply: oneshot::Sender<Result<Vec<f32>, CrossEncoderError>>,
}

/// A model with the output `logits`, `[pairs, 1]`. Dropping it ends its thread.
pub struct OnnxCrossEncoder {
    jobs: SyncSender<Job>,
    queue: usize,
}

impl OnnxCrossEncoder {
    /// Loads the model on its thread, `name`; a wrong one is an error here.
    ///
    /// # Errors
    /// [`CrossEncoderError::Misconfigured`] when the library or the model is missing or broken.
    pub async fn start(
        name: &str,
        files: ModelFiles,
        settings: SessionSettings,
    ) -> Result<Self, CrossEncoderError> {
        let queue = settings.queue.max(1);
        let (jobs, waiting) = sync_channel(queue);
        let (ready, loaded) = oneshot::channel();
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let session = load(files, settings);
                let (session, outcome) = match session {
                    Ok(session) => (Some(session), Ok(())),
                    Err(error) => (None, Err(error)),
                };
                if ready.send(outcome).is_ok()
                    && let Some(session) = session
                {
                    serve(session, &waiting);
                }
            })
            .map_err(|e| {
                CrossEncoderError::Misconfigured(format!("cannot start the thread {name}: {e}"))
            })?;
        loaded.await.map_err(|_| CrossEncoderError::Stopped)??;
        Ok(Self { jobs, queue })
    }
}

#[async_trait]
impl CrossEncoder for OnnxCrossEncoder {
    async fn score(
        &self,
        question: String,
        passages: Vec<String>,
    ) -> Result<Vec<f32>, CrossEncoderError> {
        let (reply, answer) = oneshot::channel();
        self.jobs.try_send(Job { question, passages, reply }).map_err(|e| match e {
            TrySendError::Full(_) => CrossEncoderError::Overloaded { waiting: self.queue },
            TrySendError::Disconnected(_) => CrossEncoderError::Stopped,
        })?;
        answer.await.map_err(|_| CrossEncoderError::Stopped)?
    }
}

fn serve(mut session: TextRerank, jobs: &Receiver<Job>) {
    while let Ok(Job { question, passages, reply }) = jobs.recv() {
        let mut scores = Vec::with_capacity(passages.len());
        let mut failed = None;
        for passage in passages {
            // Nobody waits for the rest of a question whose asker has gone.
            if reply.is_closed() || failed.is_some() {
                break;
            }
            match read(&mut session, &question, passage) {
                Ok(score) => scores.push(score),
                Err(error) => failed = Some(error),
            }
        }
        let _ = reply.send(failed.map_or(Ok(scores), Err));
    }
}

/// One pair in a run of its own, so that its score does not depend on what is read beside it.
fn read(
    session: &mut TextRerank,
    question: &str,
    passage: String,
) -> Result<f32, CrossEncoderError> {
    let scored = session
        .rerank(question, [passage.as_str()], false, Some(1))
        .map_err(|e| CrossEncoderError::Model(e.to_string()))?;
    scored.first().map(|s| s.score).filter(|score| score.is_finite()).ok_or_else(|| {
        CrossEncoderError::Model("the model gave no finite score for a pair".to_owned())
    })
}

fn load(files: ModelFiles, settings: SessionSettings) -> Result<TextRerank, CrossEncoderError> {
    let environment = onnx::environment()?;
    let name = files.name.clone();
    let (model, tokenizer) = files.into_parts();
    let threads = match settings.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => n,
    };
    let options = RerankInitOptionsUserDefined::new()
        .with_environment(environment)
        .with_max_length(settings.max_tokens)
        .with_intra_threads(threads)
        // Spinning threads would take the cores from answering.
        .with_session_config("session.intra_op.allow_spinning", "0")
        .with_execution_providers(vec![
            ort::ep::CPU::default().with_arena_allocator(false).build(),
        ]);
    let wrong = |e: &dyn std::fmt::Display| {
        CrossEncoderError::Misconfigured(format!("the model {name} does not load: {e}"))
    };
    let mut session = TextRerank::try_new_from_user_defined(
        UserDefinedRerankingModel::new(model, tokenizer),
        options,
    )
    .map_err(|e| wrong(&e))?;
    // A model of another kind loads all the same, and fails with the first pair.
    read(&mut session, "question", "passage".to_owned()).map_err(|e| wrong(&e))?;
    Ok(session)
}
