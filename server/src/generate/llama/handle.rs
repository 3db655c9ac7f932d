//! The engine as its callers see it: start it, ask it, drop what is no longer wanted.
//!
//! Called by `generate` (the `Generator`), `startup`, `bench-llm` and tests. A handle is cheap to clone and usable from any
//! thread; asking never blocks. One thread, `llama-engine`, owns the model's context; see `worker`.

use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use tokio::sync::mpsc;

use super::admission::{Demand, Load, Meter};
use super::backend::{Context, Model};
use super::check::{self, Weights};
use super::error::{GenerateError, LoadError};
use super::load::{self, Traits};
use super::prompt::Prompter;
use super::request::{Event, Namespace, Request, Token};
use super::sequences::SequencePlan;
use super::settings::{EngineSettings, ModelSettings};
use super::slot::Ask;
use super::worker::{Setup, Worker};

/// Room in an answer's channel beside its tokens: queue positions, held-back text, the end.
const SPARE_EVENTS: usize = 16;
/// Room for commands beside requests.
const SPARE_COMMANDS: usize = 64;
const MAX_STOPS: usize = 16;
const MAX_STOP_BYTES: usize = 256;

/// What the engine's thread is told.
pub(super) enum Command {
    Ask(Box<Ask>),
    /// Compute (or read from disk) a prefix and keep it for good.
    Keep {
        namespace: Namespace,
        tokens: Vec<Token>,
    },
    /// Report what is held.
    Audit(Sender<Audit>),
    /// Drop every cached prefix that nobody uses.
    Forget,
    #[cfg(test)]
    Panic,
    Stop,
}

/// What the engine holds; for tests and diagnosis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    pub running: usize,
    pub queued: usize,
    /// Cells that the prefix tree holds.
    pub cached_cells: usize,
    /// Cells set aside for running requests.
    pub reserved_cells: usize,
    /// Sequences of requests that still have cells in the cache, by llama.cpp's own account.
    pub sequences_with_cells: usize,
    /// The same for all sequences, prefixes included.
    pub all_sequences_with_cells: usize,
    /// Cells kept together for answers to come.
    pub spare_cells: usize,
    pub steps: u64,
}

/// Facts about the loaded model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFacts {
    pub name: String,
    pub architecture: String,
    /// Longest prompt and answer together, in tokens.
    pub context: usize,
    pub vocabulary: usize,
    pub parameters: u64,
    pub bytes: u64,
    /// Prefixes can be shared between requests.
    pub shares_prefixes: bool,
}

/// State that handles and the thread share.
pub(super) struct Shared {
    meter: Mutex<Meter>,
    stopped: Mutex<Option<String>>,
}

impl Shared {
    pub(super) fn meter(&self) -> MutexGuard<'_, Meter> {
        self.meter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self, reason: String) {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
    }

    fn stopped(&self) -> GenerateError {
        let reason = self.stopped.lock().unwrap_or_else(PoisonError::into_inner).clone();
        GenerateError::Stopped {
            reason: reason.unwrap_or_else(|| "its thread has ended".to_owned()),
        }
    }

    fn is_stopped(&self) -> bool {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

/// Owns the thread. Dropping it ends every answer and waits for the step in hand.
pub struct LlamaEngine {
    handle: EngineHandle,
    thread: Option<JoinHandle<()>>,
}

/// Asks the engine.
#[derive(Clone)]
pub struct EngineHandle {
    commands: SyncSender<Command>,
    shared: Arc<Shared>,
    prompter: Arc<Prompter>,
    facts: Arc<ModelFacts>,
}

impl LlamaEngine {
    /// Loads the model and starts the thread. Blocks while the model loads.
    ///
    /// # Errors
    /// [`LoadError`], which names the file, the reason and the next step.
    pub fn start(model: ModelSettings, settings: EngineSettings) -> Result<Self, LoadError> {
        check::settings(&settings, load::weights(&model))?;
        let template = match &model.chat_template {
            Some(path) => Some(
                fs_err::read_to_string(path)
                    .map_err(|error| LoadError::Settings { reason: error.to_string() })?,
            ),
            None => None,
        };
        let (commands, receiver) =
            sync_channel(settings.max_queued_requests + settings.slots + SPARE_COMMANDS);
        let shared = Arc::new(Shared {
            meter: Mutex::new(Meter::new(
                settings.slots,
                settings.max_queued_requests,
                settings.max_queued_tokens,
            )),
            stopped: Mutex::new(None),
        });
        let (ready, loaded) = channel();
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("llama-engine".to_owned())
            .spawn(move || run_thread(&model, settings, (ready, receiver), &for_thread))
            .map_err(|error| LoadError::Settings {
                reason: format!("cannot start the engine's thread: {error}"),
            })?;
        let gone = |_| LoadError::Settings {
            reason: "the engine's thread ended while it loaded".to_owned(),
        };
        let (model, facts) = loaded.recv().map_err(gone)??;
        let prompter = Prompter::new(model, template)
            .map_err(|error| LoadError::Settings { reason: error.to_string() })?;
        let handle =
            EngineHandle { commands, shared, prompter: Arc::new(prompter), facts: Arc::new(facts) };
        Ok(Self { handle, thread: Some(thread) })
    }

    /// A handle to ask with.
    pub fn handle(&self) -> EngineHandle {
        self.handle.clone()
    }
}

impl Drop for LlamaEngine {
    fn drop(&mut self) {
        // An error means that the thread is gone already.
        let _ = self.handle.commands.send(Command::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl EngineHandle {
    /// Asks for an answer. Returns at once; dropping the [`Generation`] ends the work within one step.
    ///
    /// # Errors
    /// Refused (overloaded, or the deadline cannot be kept), too long, invalid, or the engine has stopped.
    pub fn generate(&self, request: Request) -> Result<Generation, GenerateError> {
        if self.shared.is_stopped() {
            return Err(self.shared.stopped());
        }
        self.validate(&request)?;
        let now = Instant::now();
        let demand = Demand {
            prompt: request.prompt.tokens.len(),
            shared: if self.facts.shares_prefixes { request.prompt.shared } else { 0 },
            max_tokens: request.max_tokens,
            patience: request.deadline.map(|deadline| deadline.saturating_duration_since(now)),
            visitor: request.visitor,
            waiting: request.waiting,
        };
        let ticket = self
            .shared
            .meter()
            .admit(demand)
            .map_err(|retry_after| GenerateError::Refused { retry_after })?;
        let (events, receiver) = mpsc::channel(request.max_tokens + SPARE_EVENTS);
        let ask = Ask { request, events, ticket, asked: now };
        if let Err(error) = self.commands.try_send(Command::Ask(Box::new(ask))) {
            let mut meter = self.shared.meter();
            meter.leave(ticket);
            if ticket.displaces {
                meter.displaced();
            }
            return Err(match error {
                TrySendError::Full(_) => GenerateError::Refused { retry_after: meter.wait() },
                TrySendError::Disconnected(_) => self.shared.stopped(),
            });
        }
        Ok(Generation { events: receiver, shared: Arc::clone(&self.shared), ended: false })
    }

    /// Computes a prefix (the system prompt) ahead and keeps it for good; with a state folder it is read from there
    /// after a restart. Returns at once.
    pub fn keep_prefix(&self, namespace: Namespace, tokens: Vec<Token>) {
        // A stopped engine is reported by the next request.
        let _ = self.commands.send(Command::Keep { namespace, tokens });
    }

    /// Drops every cached prefix that no request uses.
    pub fn forget_prefixes(&self) {
        let _ = self.commands.send(Command::Forget);
    }

    /// Renders and tokenises prompts for this model.
    pub fn prompter(&self) -> &Prompter {
        &self.prompter
    }

    /// Facts about the model.
    pub fn facts(&self) -> &ModelFacts {
        &self.facts
    }

    /// The engine's load now.
    pub fn load(&self) -> Load {
        self.shared.meter().load()
    }

    /// Whether the engine can answer; the reason when it cannot.
    ///
    /// # Errors
    /// [`GenerateError::Stopped`].
    pub fn health(&self) -> Result<(), GenerateError> {
        if self.shared.is_stopped() { Err(self.shared.stopped()) } else { Ok(()) }
    }

    /// What the engine holds. Blocks for up to one step.
    ///
    /// # Errors
    /// [`GenerateError::Stopped`].
    pub fn audit(&self) -> Result<Audit, GenerateError> {
        let (sender, receiver) = channel();
        self.commands.send(Command::Audit(sender)).map_err(|_| self.shared.stopped())?;
        receiver.recv().map_err(|_| self.shared.stopped())
    }

    #[cfg(test)]
    pub(super) fn panic_for_test(&self) {
        let _ = self.commands.send(Command::Panic);
    }

    fn validate(&self, request: &Request) -> Result<(), GenerateError> {
        let invalid = |reason: &str| Err(GenerateError::Invalid { reason: reason.to_owned() });
        let prompt = &request.prompt;
        if prompt.tokens.is_empty() {
            return invalid("the prompt is empty");
        }
        if request.max_tokens == 0 {
            return invalid("max_tokens is 0");
        }
        if prompt.tokens.len().saturating_add(request.max_tokens) > self.facts.context {
            return Err(GenerateError::ContextTooLong {
                prompt: prompt.tokens.len(),
                max_tokens: request.max_tokens,
                context: self.facts.context,
            });
        }
        let known = |&token: &Token| {
            usize::try_from(token).is_ok_and(|token| token < self.facts.vocabulary)
        };
        if !prompt.tokens.iter().all(known) {
            return invalid("a token is not in the vocabulary");
        }
        if prompt.shared > prompt.tokens.len() {
            return invalid("more tokens are shared than there are");
        }
        if request.stop.len() > MAX_STOPS
            || request.stop.iter().any(|stop| stop.len() > MAX_STOP_BYTES)
        {
            return invalid("at most 16 stop strings of at most 256 bytes");
        }
        Ok(())
    }
}

/// A running answer. Dropping it ends the work.
pub struct Generation {
    events: mpsc::Receiver<Event>,
    shared: Arc<Shared>,
    ended: bool,
}

impl Generation {
    /// The next event; `None` after `Done` or `Failed`. When the engine dies, the last event is
    /// `Failed(Stopped)`. Safe to cancel.
    pub async fn next(&mut self) -> Option<Event> {
        let event = self.events.recv().await;
        self.last(event)
    }

    /// The same for threads. Must not be called from async code.
    pub fn next_blocking(&mut self) -> Option<Event> {
        let event = self.events.blocking_recv();
        self.last(event)
    }

    fn last(&mut self, event: Option<Event>) -> Option<Event> {
        if self.ended {
            return None;
        }
        let event = event.unwrap_or_else(|| Event::Failed(self.shared.stopped()));
        self.ended = matches!(event, Event::Done(_) | Event::Failed(_));
        Some(event)
    }
}

type Loaded = Result<(Model, ModelFacts), LoadError>;

fn run_thread(
    model: &ModelSettings,
    settings: EngineSettings,
    (ready, commands): (Sender<Loaded>, Receiver<Command>),
    shared: &Arc<Shared>,
) {
    // However the thread ends, handles learn of it.
    let _notice = StopNotice(Arc::clone(shared));
    let (loaded, traits) = match load::model(model) {
        Ok(loaded) => loaded,
        Err(error) => {
            let _ = ready.send(Err(error));
            return;
        }
    };
    let inner = Arc::clone(&loaded.inner);
    let sequences = SequencePlan::new(settings.slots, traits);
    let context = match load::context(&inner, &model.path, &settings, traits) {
        Ok(context) => Context::new(context, sequences.shadow),
        Err(error) => {
            let _ = ready.send(Err(error));
            return;
        }
    };
    let weights = if traits.on_gpu { Weights::OnGpu } else { Weights::OnCpu };
    if let Err(error) = check::call(&settings, context.capacity(), weights) {
        let _ = ready.send(Err(error));
        return;
    }
    let facts = facts(&loaded, traits, context.cells());
    let setup = Setup {
        settings,
        traits,
        sequences,
        shared: Arc::clone(shared),
        model_path: model.path.clone(),
    };
    let worker = Worker::new(context, loaded.clone(), setup);
    if ready.send(Ok((loaded, facts))).is_ok() {
        worker.run(&commands);
        shared.stop("it was shut down".to_owned());
    }
}

struct StopNotice(Arc<Shared>);

impl Drop for StopNotice {
    fn drop(&mut self) {
        let how = if std::thread::panicking() {
            "its thread panicked; see the log"
        } else {
            "its thread has ended"
        };
        self.0.stop(how.to_owned());
    }
}

fn facts(model: &Model, traits: Traits, cells: usize) -> ModelFacts {
    let trained = if traits.trained_context == 0 { cells } else { traits.trained_context };
    ModelFacts {
        name: model.metadata("general.name").unwrap_or_default(),
        architecture: model.metadata("general.architecture").unwrap_or_default(),
        context: cells.min(trained),
        vocabulary: model.vocabulary_size(),
        parameters: model.inner.n_params(),
        bytes: model.inner.size(),
        shares_prefixes: traits.prefixes,
    }
}
