//! The composition root: from settings and folders to a running application. The only place that
//! names concrete back ends.
//!
//! `serve` and the end-to-end tests call [`Application::build`]; commands that work without a server
//! call [`Base::open`]. The order is: the port first, so that a busy one fails at once; then what
//! opens fast; the long work (mending, the first index) runs in the [`follower`](self::follower) while
//! `/livez` answers already.

mod base;
mod follower;
mod shadow;
mod space;

use std::future::Future;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::http::{self, IndexStatus, Phase, Readiness, State};
use crate::settings::Settings;

pub use base::{Base, STORE_FILE};
use follower::Follower;

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
}

impl Application {
    /// Binds the port, takes the data folder and opens everything in it.
    ///
    /// # Errors
    /// Naming the port, folder, file or key that is wrong, and what to do about it.
    pub async fn build(settings: Settings, paths: &Paths) -> Result<Self> {
        let listener = bind(&settings)?;
        base::check_kb(&paths.kb)?;
        let base = Base::open(&settings, paths, EmbedderStart::Now).await?;
        let readiness =
            Arc::new(Readiness::new(Phase::Starting("the index is being opened".to_owned())));
        Ok(Self { listener, settings, base, readiness })
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
        let Self { listener, settings, mut base, readiness } = self;
        let address = listener.local_addr().context("the port was lost")?;
        let stopping = CancellationToken::new();

        let assistant = Arc::new(base.assistant(&settings, base.store())?);
        let status = Arc::new(IndexStatus::default());
        let state = State {
            assistant,
            status: Arc::clone(&status),
            knowledge: base.knowledge(),
            readiness: Arc::clone(&readiness),
            settings: settings.server.clone(),
        };
        let follower = Follower {
            publisher: base.publishing(),
            shadow: base.take_shadow(),
            pruner: base.pruner(),
            knowledge: base.knowledge(),
            readiness: Arc::clone(&readiness),
            root: base.kb().to_owned(),
            rules: settings.indexer.source.clone(),
            watch: settings.indexer.watch.clone(),
            status: Arc::clone(&status),
            stop: stopping.clone(),
        };
        let stopped = {
            let (readiness, stopping) = (Arc::clone(&readiness), stopping.clone());
            async move {
                stop.await;
                tracing::info!("server.stopping");
                readiness.set(Phase::Stopping);
                stopping.cancel();
            }
        };
        let server = http::serve(listener, state, stopped).context("cannot serve on the port")?;
        let following: JoinHandle<()> = tokio::spawn(follower.run());
        tracing::info!(%address, "server.listening");

        let served = server.await.context("the server failed");
        stopping.cancel();
        let followed = following.await.context("the follower of the knowledge base failed");
        base.close().await;
        tracing::info!("server.stopped");
        served.and(followed)
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
