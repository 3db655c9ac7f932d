//! The real program, built by cargo beside this test binary.

use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::articles;

/// A running `atbilde serve`. Dropping it kills it.
pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) port: u16,
    pub(crate) folder: TempDir,
}

/// Path of `atbilde`, which `make test` builds before the tests run.
pub(crate) fn path() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let profile = test.parent().and_then(Path::parent).unwrap();
        let program = profile.join("atbilde");
        let missing = "the program is not built; run `cargo build --workspace --bins` first";
        assert!(program.is_file(), "{}: {missing}", program.display());
        program
    })
}

/// Runs a command to its end.
pub(crate) fn run(args: &[&str]) -> Output {
    Command::new(path()).args(args).env_remove("RUST_LOG").output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Program {
    /// Starts `serve` over the small base on a free port and waits until it listens, not until it is
    /// ready.
    pub(crate) fn serve() -> Self {
        Self::serve_with(articles::write)
    }

    pub(crate) fn serve_with(fill: impl FnOnce(&Path)) -> Self {
        Self::serve_configured("", fill)
    }

    /// The same with lines added to the configuration.
    pub(crate) fn serve_configured(lines: &str, fill: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs_err::create_dir_all(folder.path().join("kb")).unwrap();
        fill(&folder.path().join("kb"));
        Self::serve_in(folder, &format!("[assistant.confidence]\nthreshold = 0.0\n{lines}"))
    }

    /// Over the folder of another one, with this configuration.
    pub(crate) fn serve_in(folder: TempDir, config: &str) -> Self {
        let kb = folder.path().join("kb");
        Self::serve_beside(folder, &kb, config)
    }

    /// Over articles that lie elsewhere.
    pub(crate) fn serve_beside(folder: TempDir, kb: &Path, config: &str) -> Self {
        // Whoever starts a program talks to it.
        server::tls::install();
        let file = folder.path().join("atbilde.toml");
        fs_err::write(&file, config).unwrap();
        let mut child = Command::new(path())
            .args(["serve", "--port", "0", "--kb"])
            .arg(kb)
            .arg("--data")
            .arg(folder.path().join("data"))
            .arg("--config")
            .arg(file)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut seen = Vec::new();
        let port = loop {
            let line = lines.next().unwrap_or_else(|| panic!("it ended: {seen:?}")).unwrap();
            if let Some((_, rest)) = line.split_once("127.0.0.1:") {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                break digits.parse().unwrap();
            }
            seen.push(line);
        };
        // Keep reading, so that the program never waits for a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port, folder }
    }

    /// Ends it as a power failure would; its folder stays.
    pub(crate) fn kill(mut self) -> TempDir {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }

    /// A command over the same configuration and data folder; gives what it prints.
    pub(crate) fn command(&self, args: &[&str], input: &str) -> String {
        let mut child = Command::new(path())
            .args(args)
            .arg("--data")
            .arg(self.folder.path().join("data"))
            .arg("--config")
            .arg(self.folder.path().join("atbilde.toml"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let done = child.wait_with_output().unwrap();
        assert!(done.status.success(), "{args:?}: {}", text(&done.stderr));
        text(&done.stdout)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn until_ready(&self) {
        let started = Instant::now();
        while !run(&["health", "--url", &self.url()]).status.success() {
            assert!(started.elapsed() < Duration::from_secs(90), "not ready in time");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Exit code, once it has ended within `limit`.
    pub(crate) fn exit_code(&mut self, limit: Duration) -> Option<i32> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(started.elapsed() < limit, "it did not end within {limit:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
