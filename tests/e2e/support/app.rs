//! The application within the test process, wired as in production.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use server::handoff::EndpointSettings;
use server::privacy::Secret;
use server::settings::Settings;
use server::startup::{Application, Paths};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::articles;

/// A running application. Dropping it stops it.
pub(crate) struct TestApp {
    pub(crate) address: String,
    pub(crate) client: reqwest::Client,
    pub(crate) folder: TempDir,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<anyhow::Result<()>>>,
}

/// Settings of a test: any free port, few threads, and an answer for every question that finds
/// something: how sure is sure enough is not what these tests are about.
pub(crate) fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.server.port = 0;
    settings.server.workers = 2;
    settings.server.shutdown_grace_s = 5;
    settings.assistant.confidence.threshold = 0.0;
    settings
}

/// Somebody to be told of everything, who is not there: what is told waits in the outbox.
pub(crate) fn absent_receiver() -> EndpointSettings {
    EndpointSettings {
        name: "crm".to_owned(),
        url: "http://127.0.0.1:9/".to_owned(),
        secret: Some(Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")),
        secret_file: None,
        old_secret: None,
        events: Default::default(),
        allow_private: true,
    }
}

/// An application over the small base, ready to answer. `change` adapts the settings.
pub(crate) async fn spawn_app(change: impl FnOnce(&mut Settings)) -> TestApp {
    let app = start_app(change, articles::write).await;
    app.until_ready().await;
    app
}

/// An application that has just begun to listen; `fill` writes its knowledge base.
pub(crate) async fn start_app(
    change: impl FnOnce(&mut Settings),
    fill: impl FnOnce(&std::path::Path),
) -> TestApp {
    server::tls::install();
    let folder = tempfile::tempdir().unwrap();
    fs_err::create_dir_all(folder.path().join("kb")).unwrap();
    fill(&folder.path().join("kb"));
    start_in(folder, change).await
}

/// An application over the folder that another one has left.
pub(crate) async fn start_in(folder: TempDir, change: impl FnOnce(&mut Settings)) -> TestApp {
    let mut settings = settings();
    change(&mut settings);
    serve(folder, settings).await
}

async fn serve(folder: TempDir, settings: Settings) -> TestApp {
    let paths = Paths { kb: folder.path().join("kb"), data: folder.path().join("data") };
    let application = Application::build(settings, &paths).await.unwrap();
    let address = format!("http://127.0.0.1:{}", application.port());
    let (stop, stopped) = oneshot::channel();
    let running = tokio::spawn(application.run_until(async {
        let _ = stopped.await;
    }));
    let client = reqwest::Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
    TestApp { address, client, folder, stop: Some(stop), running: Some(running) }
}

/// One application for all tests that only read. It lives on a thread of its own, because every test
/// has its own runtime.
pub(crate) fn shared() -> SharedApp {
    server::tls::install();
    static ADDRESS: OnceLock<String> = OnceLock::new();
    server::tls::install();
    let address = ADDRESS.get_or_init(|| {
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let app = spawn_app(|_| {}).await;
                sender.send(app.address.clone()).unwrap();
                std::future::pending::<()>().await;
            });
        });
        receiver.recv_timeout(Duration::from_secs(120)).unwrap()
    });
    SharedApp { address: address.clone(), client: reqwest::Client::new() }
}

/// The address of [`shared`] with a client of the test's own runtime.
pub(crate) struct SharedApp {
    pub(crate) address: String,
    pub(crate) client: reqwest::Client,
}

impl TestApp {
    pub(crate) async fn until_ready(&self) {
        let started = Instant::now();
        while self.get("/readyz").await.status() != 200 {
            assert!(started.elapsed() < Duration::from_secs(90), "not ready in time");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        get(&self.client, &self.address, path).await
    }

    pub(crate) async fn ask(&self, body: Value) -> reqwest::Response {
        ask(&self.client, &self.address, body).await
    }

    pub(crate) async fn search(&self, query: &str) -> Value {
        search(&self.client, &self.address, query).await
    }

    /// Stops it and keeps its folders.
    pub(crate) async fn stop_keeping(mut self) -> TempDir {
        drop(self.stop.take());
        self.running.take().unwrap().await.unwrap().unwrap();
        self.folder
    }

    /// Starts over the folders of another one.
    pub(crate) async fn again(folder: TempDir) -> Self {
        let app = serve(folder, settings()).await;
        app.until_ready().await;
        app
    }

    /// Stops it and waits for the end.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.stop_and_keep().await.map(drop)
    }

    /// Stops it, waits for the end, and keeps its folder.
    pub(crate) async fn stop_and_keep(mut self) -> anyhow::Result<TempDir> {
        drop(self.stop.take());
        self.running.take().unwrap().await??;
        Ok(self.folder)
    }
}

impl SharedApp {
    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        get(&self.client, &self.address, path).await
    }

    pub(crate) async fn page(&self, path: &str) -> String {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.text().await.unwrap()
    }

    pub(crate) async fn ask(&self, body: Value) -> reqwest::Response {
        ask(&self.client, &self.address, body).await
    }

    /// The object of a question that is answered or handed over.
    pub(crate) async fn answer(&self, question: &str) -> Value {
        let response = self.ask(json!({ "question": question })).await;
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    pub(crate) async fn search(&self, query: &str) -> Value {
        search(&self.client, &self.address, query).await
    }
}

async fn get(client: &reqwest::Client, address: &str, path: &str) -> reqwest::Response {
    client.get(format!("{address}{path}")).send().await.unwrap()
}

async fn ask(client: &reqwest::Client, address: &str, body: Value) -> reqwest::Response {
    client.post(format!("{address}/v1/ask")).json(&body).send().await.unwrap()
}

async fn search(client: &reqwest::Client, address: &str, query: &str) -> Value {
    let response = get(client, address, &format!("/v1/search?{query}")).await;
    assert_eq!(response.status(), 200, "{query}");
    response.json().await.unwrap()
}
