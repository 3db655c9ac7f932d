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
mod replica;
mod shadow;
mod space;
mod taking_over;

use std::future::Future;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::access::{
    Gate, IdentityTokens, Limits, Networks, Oidc, VisitorTokens, fresh_key, secret_key,
};
use crate::assistant::Originals;
use crate::desk::Desk;
use crate::handoff::Dispatcher;
use crate::handoff::clock::Clock;
use crate::http::{self, Doors, IndexStatus, Phase, Readiness, State};
use crate::privacy::Secret;
use crate::settings::Settings;
use crate::useful::Useful;

pub use crate::store::STORE_FILE;
pub use base::{Base, rights};
use follower::Follower;
use housekeeper::Housekeeper;
use news::Newsroom;
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
        base::check_kb(&paths.kb)?;
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
    /// requests in work may take `shutdown_grace_s`, and the stores are closed.
    ///
    /// # Errors
    /// When serving cannot start or fails.
    pub async fn run_until(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let Self { listener, settings, base, readiness, visitor_key } = self;
        let address = listener.local_addr().context("the port was lost")?;
        let stopping = CancellationToken::new();

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
        let dispatcher = Arc::new(Dispatcher::new(
            (&settings.webhooks, &settings.email),
            Arc::clone(base.rights().outbox()),
            base.store(),
            Clock::System,
        )?);
        dispatcher.register().await.context("the receivers of events cannot be registered")?;
        let follower = Follower {
            publisher: base.publishing(),
            shadow: base.shadow(),
            pruner: base.pruner(),
            calibrated_for: base.calibrated_for()?,
            knowledge: base.knowledge(),
            readiness: Arc::clone(&readiness),
            root: base.kb().to_owned(),
            rules: settings.indexer.source.clone(),
            watch: settings.indexer.watch.clone(),
            status: Arc::clone(&status),
            warm: false,
            stop: stopping.clone(),
        };
        follower.check_calibration();
        let stopped = {
            let (readiness, stopping) = (Arc::clone(&readiness), stopping.clone());
            async move {
                stop.await;
                tracing::info!("server.stopping");
                readiness.set(Phase::Stopping);
                stopping.cancel();
            }
        };
        // Before anybody can read it: what a restored back-up brought back.
        base.rights().erase_again().await.context("what was erased cannot be erased again")?;
        let server = http::serve(listener, state, stopped).context("cannot serve on the port")?;
        // A server that is ready has all that it will have: also its model, or the word that it has none.
        let shared = base.shared();
        let following: JoinHandle<()> = tokio::spawn(async move {
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
        let keeping: JoinHandle<()> = tokio::spawn(housekeeper.run());
        let summing: JoinHandle<()> = tokio::spawn({
            let stop = stopping.clone();
            async move { summariser.summarise(stop).await }
        });
        let telling: JoinHandle<()> = tokio::spawn(dispatcher.run(stopping.clone()));
        let hearing: JoinHandle<()> = tokio::spawn({
            let stop = stopping.clone();
            async move {
                if let Some(newsroom) = newsroom {
                    newsroom.run(stop).await;
                }
            }
        });
        let retaining: JoinHandle<()> = tokio::spawn(base.rights().retain_daily(stopping.clone()));
        tracing::info!(%address, "server.listening");

        let served = server.await.context("the server failed");
        stopping.cancel();
        let followed = following.await.context("the follower of the knowledge base failed");
        let kept = keeping.await.context("the housekeeper failed");
        let summed = summing.await.context("the task that words summaries failed");
        let told = telling.await.context("the dispatcher of webhooks and e-mail failed");
        let retained = retaining.await.context("the task of retention failed");
        let heard = hearing.await.context("the task that hears of other processes failed");
        base.close().await;
        tracing::info!("server.stopped");
        served.and(followed).and(kept).and(summed).and(told).and(retained).and(heard)
    }
}

/// The key of customers' tokens: configured, or shared by all processes, or the data folder's own.
async fn visitor_key(settings: &Settings, paths: &Paths, base: &Base) -> Result<Secret> {
    let access = &settings.access;
    match (&access.visitor_secret, &access.visitor_secret_file) {
        (Some(secret), _) => Ok(secret.clone()),
        (None, Some(file)) => {
            let key = fs_err::read_to_string(file).context("access.visitor_secret_file")?;
            let key = key.trim();
            ensure!(key.len() >= 32, "{} holds fewer than 32 characters", file.display());
            Ok(Secret::new(key))
        }
        (None, None) => {
            let rights = base.rights();
            let shared =
                base.stores().own_secret(rights.vault(), VISITOR_SECRET, fresh_key).await?;
            match shared {
                Some(key) => Ok(Secret::new(key.as_str())),
                None => secret_key(&paths.data.join(VISITOR_KEY))
                    .context("the key of customers' tokens cannot be made"),
            }
        }
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
