//! A real Postgres server for tests: started in a temporary folder on a Unix socket, stopped when the
//! last test that uses it is done, and also when the test process dies. A test takes a [`Database`]
//! of its own. Where Postgres is not installed, tests say that they were skipped.
//!
//! Needs nothing of this crate, so that other crates' tests can include the file by its path.

use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// Runs the server until its standard input is closed, then stops it without waiting for clients.
const KEEPER: &str = r#"data=$1
"$0" -D "$@" -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
    -c max_connections=200 >"$data/log" 2>&1 &
server=$!
read -r _
kill -INT "$server"
wait "$server""#;

/// In the name of the socket; nothing listens there.
const PORT: u16 = 5432;

static RUNNING: Mutex<Weak<Server>> = Mutex::new(Weak::new());
static CREATING: Mutex<()> = Mutex::new(());
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// A running server.
pub(crate) struct Server {
    programs: PathBuf,
    keeper: Child,
    pub(crate) port: u16,
    folder: tempfile::TempDir,
}

/// An empty database, and the server that it lives in.
pub(crate) struct Database {
    pub(crate) url: String,
    name: String,
    server: Arc<Server>,
}

impl Database {
    /// A new database; `None`, said on standard error, where Postgres is not installed.
    pub(crate) fn new() -> Option<Self> {
        let server = server()?;
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        let this = Self { url: server.url(&name), name: name.clone(), server };
        // One at a time: the server copies a template that nobody else may use meanwhile.
        let _one = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
        this.server.sql("postgres", &format!("CREATE DATABASE {name}"));
        Some(this)
    }

    /// Runs statements as the server's own administrator and gives what they print.
    pub(crate) fn sql(&self, statements: &str) -> String {
        self.server.sql(&self.name, statements)
    }
}

fn server() -> Option<Arc<Server>> {
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = running.upgrade() {
        return Some(server);
    }
    let server =
        Arc::new(Server::start(programs()?, |_| (PORT, vec!["-clisten_addresses=".to_owned()])));
    *running = Arc::downgrade(&server);
    Some(server)
}

/// The folder of `initdb`, `postgres` and `psql`, which Debian keeps out of the path; `None`, said on standard
/// error, where there is none.
pub(crate) fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = fs_err::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|v| v.path().join("bin")).collect();
    folders.sort();
    folders.reverse();
    folders.extend(std::env::split_paths(&path));
    let whole = |f: &PathBuf| ["initdb", "postgres", "psql"].iter().all(|p| f.join(p).exists());
    let found = folders.into_iter().find(whole);
    if found.is_none() {
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED {test}: Postgres is not installed (docker/install.sh test)"
        );
    }
    found
}

/// `program` as the user `postgres` where we are root, which the server refuses to run as.
fn command(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

fn is_root() -> bool {
    fs_err::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

impl Server {
    /// A server of its own on a Unix socket, with what `prepare` puts into its folder, the port and the
    /// options that it gives: just before the start, so that nobody else takes a free port meanwhile.
    pub(crate) fn start(
        programs: PathBuf,
        prepare: impl FnOnce(&Path) -> (u16, Vec<String>),
    ) -> Self {
        let folder = tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").unwrap();
        fs_err::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let data = folder.path().join("data");
        let made = command(&programs.join("initdb"))
            .args(["--no-sync", "--auth=trust", "--username=atbilde", "--encoding=UTF8"])
            .args(["--locale=C", "-D"])
            .arg(&data)
            .current_dir("/")
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let (port, options) = prepare(&data);
        let keeper = command(Path::new("/bin/sh"))
            .args(["-c", KEEPER])
            .args([&programs.join("postgres"), &data])
            .arg("-k")
            .arg(folder.path())
            .arg(format!("-cport={port}"))
            .args(options)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let this = Self { programs, keeper, port, folder };
        let started = Instant::now();
        while !this.psql("postgres", "SELECT 1").status.success() {
            assert!(started.elapsed() < Duration::from_secs(60), "Postgres does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        this
    }

    fn url(&self, database: &str) -> String {
        let socket = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://atbilde@{socket}/{database}")
    }

    fn psql(&self, database: &str, statements: &str) -> std::process::Output {
        Command::new(self.programs.join("psql"))
            .args(["-qAtX", "-v", "ON_ERROR_STOP=1", "-U", "atbilde", "-d", database, "-h"])
            .arg(self.folder.path())
            .args(["-p", &self.port.to_string(), "-c", statements])
            .output()
            .unwrap()
    }

    pub(crate) fn sql(&self, database: &str, statements: &str) -> String {
        let done = self.psql(database, statements);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
