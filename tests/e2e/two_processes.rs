//! Two `atbilde serve` over one Postgres: a conversation goes on whichever of them is asked, people on one
//! are heard on the other, and one that is killed takes nothing along that was said.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use server::domain::AgentId;

use crate::support::model::{Act, FakeModel};
use crate::support::people::{Customer, PASSWORD, Staff};
use crate::support::program::{Program, run, text};
use crate::support::{articles, sse};
use crate::test_postgres::Database;

const REFUND: &str = "How long does a refund take?";
const CANARY: &str = "zyxqcanary";
const EMAIL: &str = "canary.kalnina@example.org";

/// Two processes with the same configuration, folders of their own, and one master key.
struct Pair {
    one: Program,
    two: Program,
    _key: tempfile::NamedTempFile,
}

impl Pair {
    fn start(database: &Database, lines: &str) -> Self {
        let mut key = tempfile::NamedTempFile::new().unwrap();
        writeln!(key, "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").unwrap();
        let config = format!(
            "[database]\nurl = \"{}\"\n[vault]\nkey_file = \"{}\"\n{lines}",
            database.url,
            key.path().display()
        );
        let one = Program::serve_configured(&config, articles::write);
        let two = Program::serve_configured(&config, articles::write);
        one.until_ready();
        two.until_ready();
        Self { one, two, _key: key }
    }

    /// Makes an account with the command, as an operator does, and logs in at the second process.
    async fn agent(&self, login: &str) -> Staff {
        self.one.command(&["user", "add", login, "--role", "admin"], &format!("{PASSWORD}\n"));
        Staff::enter(&self.two.url(), login, AgentId::random()).await
    }
}

/// Tables of the database that hold `needle`.
fn holders(database: &Database, needle: &str) -> Vec<String> {
    let tables = database.sql(
        "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE relkind = 'r' AND nspname = 'public'",
    );
    let holds =
        |table: &&str| database.sql(&format!("SELECT t::text FROM {table} t")).contains(needle);
    tables.lines().filter(holds).map(str::to_owned).collect()
}

fn authors(shown: &Value) -> Vec<&str> {
    shown["messages"].as_array().unwrap().iter().map(|m| m["author"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_goes_on_at_whichever_process_is_asked_and_is_erased_at_either() {
    let Some(database) = Database::new() else { return };
    let mut pair = Pair::start(&database, "");
    let agent = pair.agent("anna").await;

    // Begun at one, followed up at the other; followed live at the first.
    let here = Customer::begin_at(&pair.one.url()).await;
    let there = here.at(&pair.two.url());
    let (status, answer) = here.say(REFUND).await;
    assert_eq!((status, answer["outcome"].as_str()), (200, Some("answered")), "{answer}");
    let (status, more) = there.say("And what does a return to Poland cost?").await;
    assert_eq!((status, more["outcome"].as_str()), (200, Some("answered")), "{more}");
    assert_eq!(authors(&here.show().await), ["customer", "assistant", "customer", "assistant"]);
    let mut live = here.follow(4).await;
    let mut desk = agent.follow().await;

    // Handed over at one; the desk at the other hears of it, and the agent takes it there.
    let (_, handed) = here.say(&format!("Let me talk to a human please, {EMAIL}, {CANARY}")).await;
    let ticket = handed["ticket"].as_str().unwrap().to_owned();
    while desk.until("conversation").await["conversation_id"] != here.id.as_str() {}
    let (status, taken) = agent.act(&here.id, "take", json!({})).await;
    assert_eq!((status, taken["ticket"].as_str()), (200, Some(ticket.as_str())), "{taken}");
    agent.act(&here.id, "typing", json!({ "typing": true })).await;
    assert_eq!(live.until("typing").await["typing"], true);
    agent.act(&here.id, "reply", json!({ "text": "Hello, this is Anna." })).await;
    loop {
        let message = live.until("message").await;
        if message["author"] == "agent" {
            assert_eq!(message["text"], "Hello, this is Anna.");
            break;
        }
    }
    // The session and who is at the desk are those of both; so is the vault.
    let agent_here = agent.at(&pair.one.url());
    agent.post("/v1/inbox/presence", json!({ "presence": "online" })).await;
    let original = json!({ "placeholder": "[EMAIL_1]" });
    let (status, revealed) = agent_here.act(&here.id, "reveal", original).await;
    assert_eq!((status, revealed["original"].as_str()), (200, Some(EMAIL)), "{revealed}");
    let (_, said) = there.say("Thank you").await;
    assert_eq!(said["state"], "with_agent", "{said}");

    // The first process is killed: nothing that was said is lost.
    let before = there.show().await;
    pair.one.signal("-9");
    assert_eq!(pair.one.exit_code(Duration::from_secs(30)), None);
    assert_eq!(there.show().await["messages"], before["messages"]);
    let (status, back) = agent.act(&here.id, "return", json!({})).await;
    assert_eq!((status, back["state"].as_str()), (200, Some("assistant")), "{back}");
    let (status, again) = there.say(REFUND).await;
    assert_eq!((status, again["outcome"].as_str()), (200, Some("answered")), "{again}");

    // Erased at the other: nothing is left, and the receipt is genuine.
    assert!(holders(&database, CANARY).contains(&"conv_messages".to_owned()));
    assert_eq!(holders(&database, EMAIL), Vec::<String>::new(), "an original lies in clear");
    let receipt = pair.two.command(&["privacy", "erase", "--conversation", &here.id], "");
    assert!(receipt.contains("keys_*"), "{receipt}");
    assert_eq!(holders(&database, CANARY), Vec::<String>::new());
    assert_eq!(database.sql("SELECT count(*) FROM privacy_vault_entries"), "0");
    let file = pair.two.folder.path().join("receipt.json");
    fs_err::write(&file, receipt).unwrap();
    let data = pair.two.folder.path().join("data");
    let (file, data) = (file.display().to_string(), data.display().to_string());
    let checked = run(&["privacy", "verify-receipt", &file, "--data", &data]);
    assert!(checked.status.success(), "{}", text(&checked.stderr));
    assert!(text(&checked.stdout).contains("issued by this installation"));
    let log = pair.two.command(&["audit", "verify"], "");
    assert!(log.contains("is whole"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_on_its_way_at_one_is_dropped_when_a_person_takes_over_at_the_other() {
    let Some(database) = Database::new() else { return };
    let model = FakeModel::start(Act::Hang).await;
    let lines = format!(
        "[generator]\nchain = [\"openai\"]\n[generator.openai]\nurls = [\"{}\"]\nmodel = \"tiny\"\n\
         idle_timeout_s = 60\n",
        model.url
    );
    let pair = Pair::start(&database, &lines);
    let agent = pair.agent("berta").await;
    let customer = Customer::begin_at(&pair.one.url()).await;
    let url = format!("{}/v1/conversations/{}/messages", pair.one.url(), customer.id);
    let asking = reqwest::Client::new().post(url).bearer_auth(&customer.token);
    let asking = asking.header("Accept", "text/event-stream").json(&json!({ "text": REFUND }));
    let asking = tokio::spawn(async move { asking.send().await.unwrap().text().await.unwrap() });
    // The model has the question and says nothing.
    while model.requests.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (status, taken) = agent.act(&customer.id, "take", json!({})).await;
    assert_eq!((status, taken["state"].as_str()), (200, Some("with_agent")), "{taken}");
    let events = sse::events(&asking.await.unwrap());
    let (name, data) = events.last().unwrap();
    assert_eq!((name.as_str(), &data["ticket"]), ("handed_off", &taken["ticket"]), "{events:?}");
    let shown = customer.at(&pair.two.url()).show().await;
    assert_eq!(authors(&shown), ["customer", "system"], "no word of the assistant");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_told_once_though_two_processes_send() {
    let Some(database) = Database::new() else { return };
    let (address, told) = receiver();
    let lines = format!(
        "[access.limits]\nvisitor_per_minute = 1000\naddress_per_minute = 100000\n\
         [[webhooks.endpoints]]\nname = \"crm\"\nurl = \"http://{address}/\"\n\
         secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\nevents = [\"message\"]\n\
         allow_private = true\n"
    );
    let pair = Pair::start(&database, &lines);
    let here = Customer::begin_at(&pair.one.url()).await;
    let there = here.at(&pair.two.url());
    for _ in 0..6 {
        here.say(REFUND).await;
        there.say("What does a zip repair cost?").await;
    }
    let due = "SELECT count(*) FROM conv_outbox_deliveries WHERE state <> 'done'";
    while database.sql(due) != "0" {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut ids = told.lock().unwrap().clone();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(
        (ids.len(), all.to_string()),
        (all, database.sql("SELECT count(*) FROM conv_outbox_events"))
    );
    assert!(all >= 12);
}

/// Says 204 to everything and remembers the ids.
fn receiver() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&told);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let seen = Arc::clone(&seen);
            std::thread::spawn(move || hear(stream, &seen));
        }
    });
    (address, told)
}

fn hear(stream: TcpStream, seen: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut id, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("webhook-id:") {
                id = value.trim().to_owned();
            } else if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        seen.lock().unwrap().push(id);
        reader.get_mut().write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    }
}

#[test]
fn an_absent_database_is_said_when_the_configuration_is_checked_and_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("a.toml");
    let lines = "[database]\nurl = \"postgres://shop:pearl@127.0.0.1:1/shop\"\n\
                 [catalog]\nconnect_timeout_ms = 500\n[conversations]\nconnect_timeout_ms = 500\n";
    fs_err::write(&config, lines).unwrap();
    let config = config.display().to_string();
    let kb = folder.path().display().to_string();
    let data = folder.path().join("data").display().to_string();
    for args in [
        vec!["check-config", "--config", &config],
        vec!["serve", "--config", &config, "--kb", &kb, "--data", &data, "--port", "0"],
        vec!["user", "list", "--config", &config],
    ] {
        let done = run(&args);
        let said = text(&done.stderr);
        assert!(!done.status.success(), "{args:?}");
        assert!(said.contains("127.0.0.1") && said.contains("database.url"), "{args:?}: {said}");
        assert!(!said.contains("pearl") && !text(&done.stdout).contains("pearl"), "{args:?}");
    }
}
