//! The `Generator` over the engine: keeps one running, and turns prompts into requests.
//!
//! Started by `startup`. A thread, `llama-keeper`, loads the model while the server already answers
//! from the articles, and starts a new engine when one has died; a model file that cannot be loaded is
//! logged with the loader's own words and tried again, in case somebody replaces it. As long as there
//! is no engine, requests are refused at once and the next generator of the chain writes.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use indexer::model::Audience;
use tokio::sync::{mpsc, watch};

use super::admission::Load;
use super::error::{GenerateError as EngineError, LoadError};
use super::handle::{EngineHandle, Generation, LlamaEngine, ModelFacts};
use super::prompt::{Border, ChatPrompt};
use super::request::{Event, FinishReason, Namespace, Request, Sampling};
use super::settings::{LlamaSettings, SamplingSettings};
use super::template::{ChatMessage, Role};
use crate::domain::GeneratorId;
use crate::generate::{GenerateError, GenerateRequest, Generator, Message, Piece, Pieces, Waiting};

/// Pieces that wait for a slow reader.
const PIECES: usize = 64;
/// How soon the keeper notices that the engine has died.
const LOOK: Duration = Duration::from_millis(250);
/// Pause before a model is loaded again, doubled every time until an engine has served for longer than the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Whether there is an engine.
#[derive(Clone)]
enum State {
    Loading,
    Ready(EngineHandle),
    /// Why not.
    Failed(String),
}

/// A local model that writes. Dropping it stops the engine.
pub struct Llama {
    state: watch::Receiver<State>,
    sampling: SamplingSettings,
    stop: Option<Sender<()>>,
    keeper: Option<JoinHandle<()>>,
}

impl Llama {
    /// Begins to load the model; returns at once. `rules`, the system prompt of answers, is computed ahead and kept.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(settings: &LlamaSettings, rules: &str) -> std::io::Result<Self> {
        let (report, state) = watch::channel(State::Loading);
        let (stop, told) = channel();
        let keeper = Keeper { settings: settings.clone(), rules: rules.to_owned(), report, told };
        let thread = std::thread::Builder::new().name("llama-keeper".to_owned());
        let keeper = Some(thread.spawn(move || keeper.run())?);
        Ok(Self { state, sampling: settings.sampling.clone(), stop: Some(stop), keeper })
    }

    /// Loads the model and lets it go again: for `check-config`.
    ///
    /// # Errors
    /// [`LoadError`], which names the file, what the loader said and the next step.
    pub fn check(settings: &LlamaSettings) -> Result<ModelFacts, LoadError> {
        let engine = LlamaEngine::start(settings.model.clone(), settings.engine.clone())?;
        Ok(engine.handle().facts().clone())
    }

    fn handle(&self) -> Result<EngineHandle, GenerateError> {
        match &*self.state.borrow() {
            State::Ready(handle) => Ok(handle.clone()),
            State::Loading => {
                Err(GenerateError::Transient("the local model is being loaded".to_owned()))
            }
            State::Failed(reason) => Err(GenerateError::Transient(reason.clone())),
        }
    }
}

impl Drop for Llama {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }
}

#[async_trait]
impl Generator for Llama {
    fn id(&self) -> GeneratorId {
        GeneratorId::Llama
    }

    fn context(&self) -> Option<usize> {
        self.handle().ok().map(|handle| handle.facts().context)
    }

    fn count(&self, text: &str) -> usize {
        self.handle().map_or(text.len(), |handle| handle.prompter().count(text))
    }

    async fn ready(&self) {
        let mut state = self.state.clone();
        // An error means that the keeper is gone: then it never will be.
        let _ = state.wait_for(|state| !matches!(state, State::Loading)).await;
    }

    async fn generate(&self, request: GenerateRequest) -> Result<Pieces, GenerateError> {
        let handle = self.handle()?;
        let GenerateRequest {
            messages,
            private_from,
            audience,
            visitor,
            max_tokens,
            deadline,
            waiting,
        } = request;
        if waiting == Waiting::Never {
            refuse_at_once(handle.load())?;
        }
        let border = private_from.map(|from| Border { message: from.message, byte: from.byte });
        let for_prompt = handle.clone();
        let rendered = tokio::task::spawn_blocking(move || {
            for_prompt.prompter().chat(&conversation(messages), border)
        });
        let prompt = rendered.await.map_err(|e| GenerateError::Transient(e.to_string()))?;
        let ChatPrompt { prompt, thoughts } =
            prompt.map_err(|e| GenerateError::Misconfigured(e.to_string()))?;
        let request = Request {
            visitor: visitor.0,
            sampling: sampling(&self.sampling),
            deadline,
            waiting,
            thoughts,
            ..Request::greedy(namespace(audience), prompt, max_tokens as usize)
        };
        let generation = handle.generate(request).map_err(refusal)?;
        let (sender, pieces) = mpsc::channel(PIECES);
        tokio::spawn(relay(generation, sender));
        Ok(pieces)
    }
}

/// Refuses what never waits before its prompt is rendered. Whoever gets past may still be refused by the engine.
fn refuse_at_once(load: Load) -> Result<(), GenerateError> {
    if load.is_full() {
        return Err(refusal(EngineError::Refused { retry_after: load.estimated_wait }));
    }
    Ok(())
}

/// One knowledge base has one engine, so what may share computed prefixes depends on the audience alone.
fn namespace(audience: Audience) -> Namespace {
    Namespace(match audience {
        Audience::Public => 0,
        Audience::Customer => 1,
        Audience::Internal => 2,
    })
}

fn conversation(messages: Vec<Message>) -> Vec<ChatMessage> {
    let message = |message: Message| ChatMessage {
        role: if message.role == "system" { Role::System } else { Role::User },
        content: message.content,
    };
    messages.into_iter().map(message).collect()
}

fn sampling(settings: &SamplingSettings) -> Sampling {
    let SamplingSettings { temperature, top_k, top_p, min_p, seed, repetition_penalty } = *settings;
    Sampling { temperature, top_k, top_p, min_p, seed, repetition_penalty, ..Sampling::default() }
}

/// Hands the engine's events on until the end, or until nobody listens: then the engine stops writing.
async fn relay(mut generation: Generation, sender: mpsc::Sender<Result<Piece, GenerateError>>) {
    loop {
        let event = tokio::select! {
            () = sender.closed() => return,
            event = generation.next() => event,
        };
        let piece = match event {
            None => return,
            Some(Event::Queued { position, estimated_wait }) => Ok(Piece::Queued {
                position: u32::try_from(position).unwrap_or(u32::MAX),
                wait: estimated_wait,
            }),
            Some(Event::Token { text, logprob }) => {
                // Without text it is of a thought, or of a character that comes with a later token.
                let logprobs = if text.is_empty() { Vec::new() } else { vec![logprob] };
                Ok(Piece::Text { text, logprobs })
            }
            Some(Event::Done(done)) => match done.reason {
                FinishReason::EndOfText | FinishReason::StopString => return,
                FinishReason::Length => Err(GenerateError::CutOff("it reached its length")),
                FinishReason::Deadline => Err(GenerateError::CutOff("its time was over")),
            },
            Some(Event::Failed(error)) => Err(refusal(error)),
        };
        let last = piece.is_err();
        if sender.send(piece).await.is_err() || last {
            return;
        }
    }
}

fn refusal(error: EngineError) -> GenerateError {
    let what = error.to_string();
    match error {
        EngineError::Refused { retry_after } => GenerateError::Overloaded { what, retry_after },
        EngineError::DeadlinePassed => {
            GenerateError::Overloaded { what, retry_after: Duration::from_secs(1) }
        }
        EngineError::ContextTooLong { .. } | EngineError::Invalid { .. } => {
            GenerateError::Misconfigured(what)
        }
        EngineError::Model { .. } | EngineError::Stopped { .. } => GenerateError::Transient(what),
    }
}

/// What the thread works with.
struct Keeper {
    settings: LlamaSettings,
    rules: String,
    report: watch::Sender<State>,
    told: Receiver<()>,
}

impl Keeper {
    fn run(self) {
        let mut pause = FIRST_PAUSE;
        let mut logged = String::new();
        loop {
            let LlamaSettings { model, engine, .. } = self.settings.clone();
            match LlamaEngine::start(model, engine) {
                Ok(engine) => {
                    logged.clear();
                    let begun = Instant::now();
                    if self.serve(&engine).is_break() {
                        return;
                    }
                    pause = pause_after(begun.elapsed(), pause);
                }
                Err(error) => {
                    let reason = error.to_string();
                    if reason != logged {
                        tracing::error!(error = %reason, "llama.unusable");
                    }
                    self.report.send_replace(State::Failed(reason.clone()));
                    logged = reason;
                }
            }
            if self.told.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Until the engine has died, or the generator goes.
    fn serve(&self, engine: &LlamaEngine) -> std::ops::ControlFlow<()> {
        let handle = engine.handle();
        let facts = handle.facts();
        tracing::info!(
            model = %facts.name,
            architecture = %facts.architecture,
            parameters = facts.parameters,
            context = facts.context,
            "llama.loaded"
        );
        let system = ChatMessage { role: Role::System, content: self.rules.clone() };
        let user = ChatMessage { role: Role::User, content: String::new() };
        let border = Border { message: 0, byte: self.rules.len() };
        if let Ok(chat) = handle.prompter().chat(&[system, user], Some(border)) {
            let mut tokens = chat.prompt.tokens;
            tokens.truncate(chat.prompt.shared);
            handle.keep_prefix(namespace(Audience::Public), tokens);
        }
        self.report.send_replace(State::Ready(handle.clone()));
        loop {
            if self.told.recv_timeout(LOOK) != Err(RecvTimeoutError::Timeout) {
                return std::ops::ControlFlow::Break(());
            }
            if let Err(error) = handle.health() {
                tracing::error!(%error, "llama.died");
                self.report.send_replace(State::Failed(error.to_string()));
                return std::ops::ControlFlow::Continue(());
            }
        }
    }
}

/// The pause after an engine that has served for so long: one that dies on every request must not be loaded every second.
fn pause_after(served: Duration, pause: Duration) -> Duration {
    if served > LONGEST_PAUSE { FIRST_PAUSE } else { pause }
}

#[cfg(test)]
#[path = "generator_tests.rs"]
mod tests;
