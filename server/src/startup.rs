//! The composition root: from settings and folders to a running application, with the concrete back ends
//! that the settings choose.
//!
//! `serve` and the end-to-end tests call [`Application::build`]; commands that work without a server
//! call [`Base::open`]. The order is: the port first, so that a busy one fails at once; then what
//! opens fast; the long work (mending, the first index) runs in the [`follower`](self::follower) while
//! `/livez` answers already.

mod base;
mod follower;
mod housekeeper;
mod news;
mod parts;
mod replica;
mod shadow;
mod space;
mod taking_over;

use std::future::Future;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::access::{
    Gate, IdentityTokens, Limits, Networks, Oidc, VisitorTokens, fresh_key, secret_key,
};
use crate::assistant::Originals;
use crate::desk::Desk;
use crate::http::{self, Doors, IndexStatus, Phase, Readiness, State};
use crate::privacy::Secret;
use crate::settings::Settings;
use crate::useful::Useful;

pub use crate::store::STORE_FILE;
pub(crate) use base::check_kb;
pub use base::{Base, rights};
use follower::Follower;
use housekeeper::Housekeeper;
use news::Newsroom;
pub(crate) use parts::{faults, models};
use replica::Replica;

/// Signs customers' tokens; in the data folder, for its owner alone.
pub(crate) const VISITOR_KEY: &str = "visitor.key";
/// The same where several processes share it.
pub(crate) const VISITOR_SECRET: &str = "visitor";

/// Where the application works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// Folder of the Markdown files; only read.
    pub kb: PathBuf,
    /// Folder that holds everything the application writes; owned by one process at a time.
    pub data: PathBuf,
}

/// When the embedding model is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmbedderStart {
    /// Before anything is served: a wrong model is an error at start, and no customer waits for it.
    Now,
    /// With the first text: for commands that may need no vector.
    Lazy,
}

/// Everything opened, nothing served yet.
pub struct Application {
    listener: TcpListener,
    settings: Settings,
    base: Base,
    readiness: Arc<Readiness>,
    visitor_key: Secret,
}

impl Application {
    /// Binds the port, takes the data folder and opens everything in it.
    ///
    /// # Errors
    /// Naming the port, folder, file or key that is wrong, and what to do about it.
    pub async fn build(settings: Settings, paths: &Paths) -> Result<Self> {
        let listener = bind(&settings)?;
        for warning in settings.unprotected() {
            tracing::warn!("database.unprotected: {warning}");
        }
        check_kb(&paths.kb)?;
        let base = Box::pin(Base::open(&settings, paths, EmbedderStart::Now)).await?;
        let visitor_key = Box::pin(visitor_key(&settings, paths, &base)).await?;
        let readiness =
            Arc::new(Readiness::new(Phase::Starting("the index is being opened".to_owned())));
        Ok(Self { listener, settings, base, readiness, visitor_key })
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.listener.local_addr().map_or(0, |a| a.port())
    }

    /// Serves until SIGTERM or SIGINT, then ends as [`Application::run_until`] does. A second signal
    /// cuts the requests in work short.
    ///
    /// # Errors
    /// As [`Application::run_until`].
    pub async fn run_until_stopped(self) -> Result<()> {
        let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
        let (first, second) = (CancellationToken::new(), CancellationToken::new());
        let signals = tokio::spawn({
            let (first, second) = (first.clone(), second.clone());
            async move {
                for token in [first, second] {
                    tokio::select! {
                        _ = terminate.recv() => {}
                        _ = interrupt.recv() => {}
                    }
                    token.cancel();
                }
            }
        });
        let result = tokio::select! {
            result = self.run_until(first.cancelled_owned()) => result,
            () = second.cancelled() => {
                tracing::warn!("server.cut_short: a second signal came");
                Ok(())
            }
        };
        signals.abort();
        result
    }

    /// Serves until `stop` is done: then nothing more is accepted, a running sync is cancelled,
    /// requests in work may take `shutdown_grace_s`, and the stores are closed. A task beside the server
    /// that fails has the same effect, so that whoever supervises the process starts it again whole.
    ///
    /// # Errors
    /// When serving cannot start or fails, or a task beside it does.
    pub async fn run_until(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let Self { listener, settings, base, readiness, visitor_key } = self;
        let address = listener.local_addr().context("the port was lost")?;
        let (stopping, broken) = (CancellationToken::new(), CancellationToken::new());

        let originals = Originals::Kept(Arc::clone(base.rights().vault()));
        let assistant = Arc::new(base.assistant(&settings, (base.store(), originals))?);
        let summariser = Arc::clone(&assistant);
        let (waiting_for_model, model_wanted) = (Arc::clone(&assistant), stopping.clone());
        let status = Arc::new(IndexStatus::default());
        let limits = Arc::new(Limits::new(&settings.access.limits));
        let housekeeper = Housekeeper {
            assistant: Arc::clone(&assistant),
            limits: Arc::clone(&limits),
            readiness: Arc::clone(&readiness),
            duties: base.stores().duties(),
            stop: stopping.clone(),
        };
        let identity = &settings.identity;
        let identities = IdentityTokens::new(
            identity.secrets().map_err(anyhow::Error::msg)?,
            &settings.site.id,
            identity.max_age_minutes,
            visitor_key.clone(),
        );
        let audit = base.rights().audit().clone();
        let oidc = Oidc::new(&settings.oidc, base.store(), audit, visitor_key.clone());
        let oidc = oidc.map_err(anyhow::Error::msg)?;
        let visitors = VisitorTokens::new(visitor_key, settings.access.visitor_days);
        let desk = Desk::new(Arc::clone(&assistant), base.store(), base.hub());
        let newsroom = base.stores().shared().map(|shared| {
            Newsroom::new(Arc::clone(shared), base.hub(), Arc::clone(&desk.presences))
        });
        let state = State {
            desk,
            store: base.store(),
            hub: base.hub(),
            hours: base.hours(),
            doors: Doors {
                proxies: Networks::new(&settings.access.trusted_proxies),
                visitors,
                identities,
                oidc,
                gate: Gate::new(base.store(), Arc::clone(&limits), settings.access.session_hours),
                limits,
                settings: settings.access.clone(),
            },
            stopping: stopping.clone(),
            assistant,
            status: Arc::clone(&status),
            knowledge: base.knowledge(),
            readiness: Arc::clone(&readiness),
            site: settings.site.clone(),
            locales: base.locales(),
            settings: settings.server.clone(),
            all_settings: settings.clone(),
            rights: base.rights(),
            figures: base.stores().figures(),
            useful: Useful::default(),
            reviewing: tokio::sync::Mutex::default(),
            metrics: base.metrics(),
        };
        let outbox = Arc::clone(base.rights().outbox());
        let dispatcher = Arc::new(parts::dispatcher(&settings, outbox, base.store())?);
        dispatcher.register().await.context("the receivers of events cannot be registered")?;
        let follower = Follower {
            publisher: base.publishing(),
            shadow: base.shadow(),
            pruner: base.pruner(),
            calibrated_for: base.calibrated_for()?,
            knowledge: base.knowledge(),
            readiness: Arc::clone(&readiness),
            root: base.kb().to_owned(),
            watch: settings.indexer.watch.clone(),
            status: Arc::clone(&status),
            warm: false,
            stop: stopping.clone(),
        };
        follower.check_calibration();
        let stopped = {
            let readiness = Arc::clone(&readiness);
            let (stopping, broken) = (stopping.clone(), broken.clone());
            async move {
                tokio::select! {
                    () = stop => {
                        tracing::info!("server.stopping");
                        readiness.set(Phase::Stopping);
                    }
                    () = broken.cancelled() => readiness.set(Phase::Starting(
                        "a part of the server has failed; it stops, to be started again".to_owned(),
                    )),
                }
                stopping.cancel();
            }
        };
        // Before anybody can read it: what a restored back-up brought back.
        base.rights().erase_again().await.context("what was erased cannot be erased again")?;
        let server = http::serve(listener, state, stopped).context("cannot serve on the port")?;
        // A server that is ready has all that it will have: also its model, or the word that it has none.
        let shared = base.shared();
        let mut background = Background::default();
        background.spawn("the follower of the knowledge base", async move {
            tokio::select! {
                () = waiting_for_model.ready() => {}
                () = model_wanted.cancelled() => {}
            }
            drop(waiting_for_model);
            match shared {
                None => follower.run().await,
                Some(catalog) => Replica { catalog, follower }.run().await,
            }
        });
        background.spawn("the housekeeper", housekeeper.run());
        background.spawn("the task that words summaries", {
            let stop = stopping.clone();
            async move { summariser.summarise(stop).await }
        });
        let telling = dispatcher.run(stopping.clone());
        background.spawn("the dispatcher of webhooks and e-mail", telling);
        if let Some(newsroom) = newsroom {
            let hearing = newsroom.run(stopping.clone());
            background.spawn("the task that hears of other processes", hearing);
        }
        let retaining = base.rights().retain_daily(stopping.clone());
        background.spawn("the task of retention", retaining);
        tracing::info!(%address, "server.listening");

        tokio::pin!(server);
        let mut failed = Ok(());
        let served = tokio::select! {
            served = &mut server => served,
            error = background.failure() => {
                tracing::error!(error = format!("{error:#}"), "server.broken: it stops");
                broken.cancel();
                failed = Err(error);
                (&mut server).await
            }
        };
        stopping.cancel();
        let ended = background.end().await;
        base.close().await;
        tracing::info!("server.stopped");
        served.context("the server failed").and(failed).and(ended)
    }
}

/// The tasks beside the server. None of them may fail while the server goes on as if all was well.
#[derive(Default)]
struct Background(JoinSet<(&'static str, Result<(), JoinError>)>);

impl Background {
    fn spawn(&mut self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let task = tokio::spawn(work);
        self.0.spawn(async move { (name, task.await) });
    }

    /// How the next one has ended; `None` when all have.
    async fn next(&mut self) -> Option<Result<()>> {
        let (name, ended) = match self.0.join_next().await? {
            Ok(joined) => joined,
            Err(error) => return Some(Err(error.into())),
        };
        Some(ended.with_context(|| format!("{name} failed")))
    }

    /// Returns when one has failed. One that finds nothing to do may end.
    async fn failure(&mut self) -> anyhow::Error {
        loop {
            match self.next().await {
                Some(Ok(())) => {}
                Some(Err(error)) => return error,
                None => std::future::pending().await,
            }
        }
    }

    /// Waits for all, which were told to stop; the first failure counts.
    async fn end(mut self) -> Result<()> {
        let mut all = Ok(());
        while let Some(one) = self.next().await {
            all = all.and(one);
        }
        all
    }
}

/// The key of customers' tokens: configured, or shared by all processes, or the data folder's own.
async fn visitor_key(settings: &Settings, paths: &Paths, base: &Base) -> Result<Secret> {
    if let Some(key) = parts::visitor_key(&settings.access)? {
        return Ok(key);
    }
    let rights = base.rights();
    match base.stores().own_secret(rights.vault(), VISITOR_SECRET, fresh_key).await? {
        Some(key) => Ok(Secret::new(key.as_str())),
        None => secret_key(&paths.data.join(VISITOR_KEY))
            .context("the key of customers' tokens cannot be made"),
    }
}

fn bind(settings: &Settings) -> Result<TcpListener> {
    let (host, port) = (settings.server.host, settings.server.port);
    TcpListener::bind((host, port)).with_context(|| {
        format!(
            "cannot listen on {host} port {port}; stop the program that uses the port, or choose \
             another with --port or server.port (0 takes any free one)"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn breaks() {
        tokio::task::yield_now().await;
        panic!("a pipe burst");
    }

    #[tokio::test]
    async fn a_task_that_fails_is_told_by_name_and_one_that_ends_is_not() {
        let mut background = Background::default();
        background.spawn("the idle one", async {});
        background.spawn("the plumber", breaks());
        let patience = std::time::Duration::from_secs(30);
        let error = tokio::time::timeout(patience, background.failure()).await.unwrap();
        let told = format!("{error:#}");
        assert!(told.contains("the plumber failed") && told.contains("a pipe burst"), "{told}");
        background.spawn("the last one", async {});
        background.end().await.unwrap();
    }

    #[tokio::test]
    async fn what_fails_while_all_end_is_told() {
        let mut background = Background::default();
        background.spawn("the plumber", breaks());
        background.spawn("the idle one", async {});
        assert!(background.end().await.is_err());
    }
}
