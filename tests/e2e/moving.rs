//! An installation in files moves into a Postgres with everything that cannot be made again: people go on
//! where they were, originals open, the audit log is whole; a move that is broken off is finished by the
//! same command, and nothing is poured over what is there.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use indexer::secret::Secret;
use jiff::Timestamp;
use serde_json::{Value, json};
use server::access::{key_hash, new_key};
use server::domain::AgentRole;
use server::settings::Settings;
use server::startup::STORE_FILE;
use server::store::{Accounts, ApiKey, KeyScope, SqliteStore};

use crate::support::people::{Customer, Staff};
use crate::support::{TestApp, absent_receiver, identity, program, spawn_app, start_in};
use crate::test_postgres::Database;

const EMAIL: &str = "canary.kalnina@example.org";
const OPERATOR: &str = "operator's token";
const KAYAKS: &str = "Do you sell inflatable kayaks?";
/// What the text form of a table has to escape.
const ODD: &str = "slow\ttoday, C:\\new\\x\nand \\N as well: €5, ā";

fn configure(settings: &mut Settings) {
    settings.assistant.confidence.threshold = 0.9;
    settings.access.limits.login_per_minute = 100;
    settings.identity.secret = Some(Secret::new(identity::SECRET));
    settings.server.admin_token = Some(Secret::new(OPERATOR));
    settings.webhooks.endpoints = vec![absent_receiver()];
}

/// People with something in every table.
struct People {
    guest: Customer,
    held: Customer,
    anna: Staff,
    key: String,
    receipt: String,
}

async fn fill(app: &TestApp) -> People {
    let anna = Staff::come(app, "anna", AgentRole::Agent).await;
    let guest = Customer::begin(app).await;
    guest.say("How long does a refund take?").await;
    guest.say(&format!("Let me talk to a human please, I am {EMAIL}")).await;
    guest.post("feedback", json!({ "rating": 2, "comment": ODD })).await;
    guest.post("consent", json!({ "consent": true, "version": "2026-11" })).await;
    let (status, taken) = anna.act(&guest.id, "take", json!({})).await;
    assert_eq!(status, 200, "{taken}");
    anna.act(&guest.id, "note", json!({ "text": format!("colleagues, {ODD}") })).await;
    anna.act(&guest.id, "reply", json!({ "text": "Good day." })).await;
    reveal(&anna, &guest.id).await;
    // A customer who proved who they are.
    let url = format!("{}/v1/conversations", app.address);
    let begin = app.client.post(url).header("Atbilde-Identity", identity::token("4711"));
    assert_eq!(begin.json(&json!({})).send().await.unwrap().status(), 201);
    // Questions of which an editor decides.
    for _ in 0..3 {
        Customer::begin(app).await.say(KAYAKS).await;
    }
    let editor = Staff::come(app, "egon", AgentRole::Editor).await;
    let gaps: Value = editor.get("/v1/admin/gaps").await.json().await.unwrap();
    let id = gaps["gaps"][0]["id"].as_str().unwrap();
    let path = format!("/v1/admin/gaps/{id}");
    assert_eq!(editor.post(&path, json!({ "verdict": "dismissed" })).await.status(), 204);
    // Somebody who is erased, and somebody who may not be.
    let (erased, held) = (Customer::begin(app).await, Customer::begin(app).await);
    erased.say(&format!("I am {EMAIL}")).await;
    held.say(&format!("I am {EMAIL}")).await;
    let url = format!("{}/v1/conversations/{}", app.address, erased.id);
    let receipt = app.client.delete(url).bearer_auth(&erased.token).send().await.unwrap();
    let data = app.folder.path().join("data");
    let data = data.to_str().unwrap();
    let hold =
        ["privacy", "hold", "--conversation", &held.id, "--reason", "case-7", "--data", data];
    assert!(program::run(&hold).status.success());
    let store = SqliteStore::open(&Path::new(data).join(STORE_FILE)).await.unwrap();
    let key = new_key();
    let made = ApiKey {
        name: "shop".to_owned(),
        scopes: vec![KeyScope::Operate],
        disabled: false,
        created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
    };
    store.add_key(&made, &key_hash(&key).unwrap()).await.unwrap();
    store.close().await;
    People { guest, held, anna, key, receipt: receipt.text().await.unwrap() }
}

async fn reveal(anna: &Staff, id: &str) {
    let (status, found) = anna.act(id, "reveal", json!({ "placeholder": "[EMAIL_1]" })).await;
    assert_eq!((status, found["original"].as_str()), (200, Some(EMAIL)), "{found}");
}

/// What everybody sees, without what changes by looking.
async fn seen(app: &TestApp, people: &People) -> Value {
    let get = async |path: &str, bearer: &str| -> Value {
        let request = app.client.get(format!("{}{path}", app.address)).bearer_auth(bearer);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    };
    let mut all = json!({});
    for (name, customer) in [("guest", &people.guest), ("held", &people.held)] {
        let path = format!("/v1/conversations/{}", customer.id);
        all[name] = get(&path, &customer.token).await;
        let mut export = get(&format!("{path}/export"), &customer.token).await;
        export["exported_at"].take();
        all[format!("{name} export")] = export;
        all[format!("{name} inbox")] = people
            .anna
            .at(&app.address)
            .get(&format!("/v1/inbox/conversations/{}", customer.id))
            .await
            .json()
            .await
            .unwrap();
    }
    all["gaps"] = get("/v1/admin/gaps", OPERATOR).await;
    all["figures"] = get("/v1/admin/figures", &people.key).await;
    let me = app.client.get(format!("{}/v1/me", app.address));
    let me = me.header("Atbilde-Identity", identity::token("4711")).send().await.unwrap();
    let me: Value = me.json().await.unwrap();
    assert_eq!(me["conversations"].as_array().map(Vec::len), Some(1), "{me}");
    all["mine"] = me["conversations"][0]["conversation_id"].clone();
    all
}

async fn audit(app: &TestApp) -> Value {
    let request = app.client.get(format!("{}/v1/admin/audit", app.address));
    request.bearer_auth(OPERATOR).send().await.unwrap().json().await.unwrap()
}

/// What waits in the outbox, and what failed.
async fn waiting(app: &TestApp) -> Vec<String> {
    let text = app.get("/metrics").await.text().await.unwrap();
    let counted = text.lines().filter(|line| line.starts_with("atbilde_deliveries{"));
    let mut counted: Vec<_> = counted.map(str::to_owned).collect();
    // Their order is nobody's promise.
    counted.sort_unstable();
    counted
}

struct Move<'a> {
    place: &'a Path,
    archive: &'a str,
}

impl Move<'_> {
    fn command(&self, config: &str, data: &str) -> Command {
        let file = self.place.join("atbilde.toml");
        fs_err::write(&file, config).unwrap();
        let mut command = Command::new(program::path());
        command.env_remove("RUST_LOG").args(["restore", "--from", self.archive, "--data"]);
        command.arg(self.place.join(data)).arg("--config").arg(file);
        command
    }

    fn run(&self, config: &str, data: &str) -> Output {
        self.command(config, data).output().unwrap()
    }

    /// It fails, says this, and leaves no folder.
    fn refused(&self, config: &str, data: &str, says: &str) {
        let done = self.run(config, data);
        let text = program::text(&done.stderr);
        assert!(!done.status.success() && text.contains(says), "{text}");
        assert!(!self.place.join(data).exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_moves_into_postgres_and_everybody_goes_on() {
    let (Some(database), Some(full)) = (Database::new(), Database::new()) else { return };
    let app = spawn_app(configure).await;
    let people = fill(&app).await;
    let before = seen(&app, &people).await;
    let outbox = waiting(&app).await;
    let logged = audit(&app).await;
    assert_eq!(logged["check"]["ok"], true, "{logged}");

    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    let (archive, key) = (path("b.tar"), path("master.key"));
    let data = app.folder.path().join("data");
    let backup = ["backup", "--data", data.to_str().unwrap(), "--to", &archive];
    let written = program::run(&backup);
    assert!(written.status.success(), "{}", program::text(&written.stderr));
    let packed = fs_err::read(&archive).unwrap();
    let moving = Move { place: place.path(), archive: &archive };
    let into = |database: &Database, key: &str| {
        format!("[database]\nurl = \"{}\"\n[vault]\nkey_file = \"{key}\"\n", database.url)
    };

    // Without the master key, or into a database that holds something, nothing is done.
    let right = into(&database, &key);
    moving.refused(&right, "new", "vault.key_file");
    fs_err::write(&key, "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n").unwrap();
    moving.refused(&right, "new", "keys/master.key");
    fs_err::copy(data.join("keys/master.key"), &key).unwrap();
    assert_eq!(database.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
    full.sql("CREATE TABLE mine (a int)");
    let config = into(&full, &key);
    assert!(moving.run(&config, "other").status.success(), "tables of others are no hindrance");
    full.sql("DELETE FROM conv_messages; DELETE FROM conv_feedback");
    moving.refused(&config, "another", "not empty");

    // Broken off at whatever moment, it is finished by the same command.
    for wait_ms in [20, 60, 120, 200, 300, 450, 700] {
        if place.path().join("new").exists() {
            break;
        }
        let mut child = moving.command(&right, "new").stdout(std::process::Stdio::null()).spawn();
        std::thread::sleep(Duration::from_millis(wait_ms));
        let child = child.as_mut().unwrap();
        let _ = child.kill();
        child.wait().unwrap();
    }
    let started = Instant::now();
    while !place.path().join("new").exists() {
        let done = moving.run(&right, "new");
        // The server needs a moment to notice that the killed one is gone.
        let text = program::text(&done.stderr);
        assert!(done.status.success() || text.contains("the writer is"), "{text}");
        assert!(started.elapsed() < Duration::from_secs(60), "{text}");
    }
    let again = moving.run(&right, "beside");
    let told = program::text(&again.stdout);
    assert!(again.status.success(), "the same once more: {}", program::text(&again.stderr));
    let count = |table: &str| database.sql(&format!("SELECT count(*) FROM {table}"));
    for table in [
        "conv_agents",
        "conv_messages",
        "conv_escalations",
        "privacy_vault_entries",
        "privacy_audit",
    ] {
        assert_ne!(count(table), "0", "{table}");
        assert!(told.contains(&format!("{table} {}", count(table))), "{table}: {told}");
    }
    for secret in ["keys/signing.key", "keys/keys.sqlite", "visitor.key", "conversations.sqlite"] {
        assert!(!place.path().join("new").join(secret).exists(), "{secret}");
    }
    assert_eq!(fs_err::read(&archive).unwrap(), packed);

    // With a new master key before the old one what is sealed is another each time, the copy is not.
    let old = fs_err::read_to_string(&key).unwrap();
    fs_err::write(&key, format!("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n{old}")).unwrap();
    let rotated = moving.run(&right, "rotated");
    assert!(rotated.status.success(), "{}", program::text(&rotated.stderr));
    fs_err::write(&key, old).unwrap();
    // An installation that has gone on since has as many rows and is not what was brought.
    let from = data.to_str().unwrap();
    assert!(program::run(&["key", "disable", "shop", "--data", from]).status.success());
    let later = path("later.tar");
    let written = program::run(&["backup", "--data", from, "--to", &later]);
    assert!(written.status.success(), "{}", program::text(&written.stderr));
    Move { place: place.path(), archive: &later }.refused(&right, "later", "another back-up");
    let open = database.sql("SELECT count(*) FROM conv_api_keys WHERE NOT disabled");
    assert_eq!(open, "1", "nothing was poured over it");

    // The audit log is whole for the command, too, and the receipt is this installation's.
    let (config, data) = (path("atbilde.toml"), path("new"));
    let verified = program::run(&["audit", "verify", "--data", &data, "--config", &config]);
    assert!(verified.status.success(), "{}", program::text(&verified.stderr));
    let receipt = path("receipt.json");
    fs_err::write(&receipt, &people.receipt).unwrap();
    let genuine = program::run(&["privacy", "verify-receipt", &receipt, "--data", &data]);
    let genuine = program::text(&genuine.stdout);
    assert!(genuine.contains("issued by this installation"), "{genuine}");
    let holds = program::run(&["privacy", "holds", "--data", &data, "--config", &config]);
    assert!(program::text(&holds.stdout).contains("case-7"));

    // It serves from there, and the source is as it was.
    let folder = app.stop_keeping().await;
    fs_err::rename(place.path().join("new"), place.path().join("data")).unwrap();
    fs_err::rename(folder.path().join("kb"), place.path().join("kb")).unwrap();
    let url = Secret::new(database.url.clone());
    let key_file = Some(place.path().join("master.key"));
    let embedded = database.sql("SELECT sum(embedded) FROM kb_generations");
    let archive_of_old = folder.path().join("data/conversations.sqlite");
    assert!(archive_of_old.is_file());
    let app = start_in(place, |s| {
        configure(s);
        s.indexer.catalog.url = Some(url.clone());
        s.conversations.url = Some(url);
        s.vault.key_file = key_file;
    })
    .await;
    app.until_ready().await;
    assert_eq!(database.sql("SELECT sum(embedded) FROM kb_generations"), embedded);
    let entries = |log: &Value| log["entries"].as_array().unwrap().clone();
    let now = audit(&app).await;
    assert_eq!(now["check"]["ok"], true, "{now}");
    assert!(entries(&now).ends_with(&entries(&logged)), "{now}");
    // An old session is over; the password is the same.
    assert_eq!(people.anna.at(&app.address).get("/v1/inbox/conversations").await.status(), 401);
    let anna = Staff::enter(&app.address, "anna", people.anna.id).await;
    let (guest, held) = (people.guest.at(&app.address), people.held.at(&app.address));
    let people = People { guest, held, anna, key: people.key, receipt: people.receipt };
    let after = seen(&app, &people).await;
    for (name, part) in before.as_object().unwrap() {
        assert_eq!(plain(&after[name]), plain(part), "{name}");
    }
    reveal(&people.anna, &people.guest.id).await;
    assert_eq!(waiting(&app).await, outbox);
    let (status, replied) =
        people.anna.act(&people.guest.id, "reply", json!({ "text": "Still here." })).await;
    assert_eq!(status, 200, "{replied}");
    app.stop().await.unwrap();
}

/// An export shows rows as its database has them: SQLite has no truth values and writes fewer digits,
/// Postgres leaves out the zeros at the end of a time.
fn plain(value: &Value) -> Value {
    match value {
        Value::Bool(truth) => plain(&json!(u8::from(*truth))),
        Value::Number(number) => json!(format!("{:.9}", number.as_f64().unwrap_or(f64::NAN))),
        Value::String(text) => {
            let time = text.parse::<Timestamp>();
            time.map_or_else(|_| value.clone(), |time| json!(time.to_string()))
        }
        Value::Array(parts) => parts.iter().map(plain).collect(),
        Value::Object(parts) => {
            parts.iter().map(|(name, part)| (name.clone(), plain(part))).collect()
        }
        other => other.clone(),
    }
}
