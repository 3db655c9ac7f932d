//! Several applications over one Postgres: they answer the same, and when the one that publishes ends,
//! another takes over. Vectors are in process here, so each fills its own from the catalog.

use std::path::Path;
use std::time::{Duration, Instant};

use indexer::catalog::{Catalog, CatalogSettings, Change, PostgresCatalog, WriterLock};
use indexer::model::Generation;
use indexer::secret::Secret;
use serde_json::Value;
use server::settings::Settings;

use crate::support::program::Program;
use crate::support::{TestApp, articles, spawn_app, start_in};
use crate::test_postgres::Database;

const TOKEN: &str = "a-token-of-the-operator";

/// A search whose connection to the catalog was cut says 503; the next one has another.
async fn until_found(app: &TestApp, word: &str, found: bool) {
    let started = Instant::now();
    let is_found = || async {
        let response = app.get(&format!("/v1/search?q={word}")).await;
        match response.status().as_u16() {
            503 => None,
            _ => Some(response.text().await.unwrap().contains(word)),
        }
    };
    while is_found().await != Some(found) {
        assert!(started.elapsed() < Duration::from_secs(60), "{word}: waiting for {found}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The folder of articles is the same for all.
fn write(apps: &[&TestApp], text: &str) {
    for app in apps {
        fs_err::write(app.folder.path().join("kb/help/en/gate.md"), text).unwrap();
    }
}

/// What is found, without the time it took.
async fn found(app: &TestApp, query: &str) -> Value {
    let mut found = app.search(query).await;
    if let Some(object) = found.as_object_mut() {
        object.retain(|key, _| !key.contains("timing"));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_answer_the_same_and_another_takes_over_when_the_writer_ends() {
    let Some(database) = Database::new() else { return };
    let shared = |settings: &mut Settings| {
        settings.indexer.catalog.url = Some(Secret::new(database.url.clone()));
        settings.indexer.watch.poll_s = 0.2;
    };
    let one = spawn_app(shared).await;
    let two = spawn_app(shared).await;
    write(&[&one, &two], "# Gate\n\nThe code zyxqone opens the gate.\n");
    until_found(&one, "zyxqone", true).await;
    until_found(&two, "zyxqone", true).await;
    for query in ["q=refund", "q=how+long+does+a+refund+take", "q=zip+repair", "q=preci+atgriezt"] {
        assert_eq!(found(&one, query).await, found(&two, query).await, "{query}");
    }
    assert_eq!(database.sql("SELECT count(*) FROM kb_writer WHERE epoch > 0"), "1");

    one.stop().await.unwrap();
    write(&[&two], "# Gate\n\nThe code zyxqtwo opens the gate.\n");
    until_found(&two, "zyxqtwo", true).await;
    until_found(&two, "zyxqone", false).await;

    // The writer's connections break: it takes its place again and goes on.
    database.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    write(&[&two], "# Gate\n\nThe code zyxqthree opens the gate.\n");
    until_found(&two, "zyxqthree", true).await;
    two.stop().await.unwrap();
}

async fn index_at(client: &reqwest::Client, address: &str) -> Value {
    let request = client.get(format!("{address}/v1/admin/index"));
    let sent = request.header("Authorization", format!("Bearer {TOKEN}")).send().await.unwrap();
    sent.json().await.unwrap()
}

async fn index(app: &TestApp) -> Value {
    index_at(&app.client, &app.address).await
}

/// Settings of a process over `database` with this many word pieces of a text: another number makes
/// another vector space of the same model.
fn replica(database: &Database, max_tokens: usize) -> impl FnOnce(&mut Settings) {
    let url = Secret::new(database.url.clone());
    move |settings| {
        settings.server.admin_token = Some(Secret::new(TOKEN));
        settings.indexer.catalog.url = Some(url);
        settings.indexer.embedder.max_tokens = max_tokens;
        settings.indexer.watch.poll_s = 0.2;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_are_configured_for_it_follow_a_swap_of_the_writer() {
    let Some(database) = Database::new() else { return };
    let writer = spawn_app(replica(&database, 256)).await;
    let old = index(&writer).await["fingerprint"].clone();
    assert_eq!(index(&writer).await["role"], "writer");
    let others =
        [spawn_app(replica(&database, 128)).await, spawn_app(replica(&database, 128)).await];
    for other in &others {
        let state = index(other).await;
        assert_eq!((&state["role"], &state["fingerprint"]), (&"follower".into(), &old), "{state}");
        assert_eq!(state["shadow"]["state"], "waiting", "{state}");
    }
    writer.stop().await.unwrap();
    // One of the two takes the place and builds the new index, the other follows; both answer all along.
    let started = Instant::now();
    loop {
        let mut swapped = 0;
        for other in &others {
            assert_eq!(other.get("/readyz").await.status(), 200);
            let found = other.search("q=zip+repair+of+a+tent").await;
            assert!(found.to_string().contains("help/en/repair.md"), "{found}");
            let state = index(other).await;
            swapped += usize::from(state["fingerprint"] != old && state["shadow"].is_null());
        }
        if swapped == others.len() {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(120), "not swapped");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let [one, two] = &others;
    assert_eq!(index(one).await["fingerprint"], index(two).await["fingerprint"]);
    for query in ["q=refund", "q=how+long+does+a+refund+take", "q=preci+atgriezt"] {
        assert_eq!(found(one, query).await, found(two, query).await, "{query}");
    }
    let mut roles = [index(one).await["role"].clone(), index(two).await["role"].clone()];
    roles.sort_by_key(ToString::to_string);
    assert_eq!(roles, ["follower", "writer"]);
}

async fn take_place(catalog: &PostgresCatalog) -> WriterLock {
    loop {
        match catalog.try_lead().await.unwrap() {
            Some(lock) => return lock,
            None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn until_status(app: &TestApp, status: u16) -> String {
    let started = Instant::now();
    loop {
        let answer = app.get("/readyz").await;
        if answer.status() == status {
            return answer.text().await.unwrap();
        }
        assert!(started.elapsed() < Duration::from_secs(60), "waiting for {status}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_of_a_model_that_was_replaced_is_out_of_service_and_does_not_take_the_base_back()
{
    let Some(database) = Database::new() else { return };
    let folder = spawn_app(replica(&database, 256)).await.stop_and_keep().await.unwrap();
    let url = Secret::new(database.url.clone());
    // Another process, played by this test, has the writer's place.
    let other = PostgresCatalog::open(&url, &CatalogSettings::default()).await.unwrap();
    let place = take_place(&other).await;
    let app = start_in(folder, replica(&database, 256)).await;
    app.until_ready().await;
    let live = other.latest().await.unwrap().unwrap();
    let change = |number: u64, fingerprint: &'static str| Change {
        generation: Generation(live.generation.0 + number),
        fingerprint,
        upsert: Vec::new(),
        remove: Vec::new(),
        add: Vec::new(),
        retire: Vec::new(),
        added: 0,
        changed: 0,
        retired: 0,
        embedded: 0,
    };
    other.commit(&change(1, "another-model")).await.unwrap();
    let said = until_status(&app, 503).await;
    assert!(said.contains("out of service") && said.contains("[embedder]"), "{said}");
    let question = serde_json::json!({ "question": "How long does a refund take?" });
    assert_eq!(app.ask(question).await.status(), 503);

    // The place is free for longer than a candidacy lasts, and nobody takes it.
    place.release().await;
    let epoch = database.sql("SELECT epoch FROM kb_writer");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(database.sql("SELECT epoch FROM kb_writer"), epoch);
    let place = take_place(&other).await;
    let back: &'static str = live.fingerprint.clone().leak();
    other.commit(&change(2, back)).await.unwrap();
    until_status(&app, 200).await;
    place.release().await;
    app.stop().await.unwrap();
}

/// Time until `word` is found at each address, in milliseconds.
async fn until_all_find(client: &reqwest::Client, addresses: &[String], word: &str) -> Vec<f64> {
    let started = Instant::now();
    let waits = addresses.iter().map(|address| async move {
        let url = format!("{address}/v1/search?q={word}");
        loop {
            let found = client.get(&url).send().await.unwrap().text().await.unwrap();
            if found.contains(&format!("{word} opens")) {
                return started.elapsed().as_secs_f64() * 1e3;
            }
            assert!(started.elapsed() < Duration::from_secs(120), "{address}: {word}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    futures::future::join_all(waits).await
}

fn edit(kb: &Path, number: usize, word: &str) {
    let text = format!("# Gate {number}\n\nThe code {word} opens the gate {number}.\n");
    fs_err::write(kb.join(format!("help/en/gate-{number}.md")), text).unwrap();
}

#[expect(clippy::print_stderr, reason = "figures for whoever runs it")]
fn told(what: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    eprintln!(
        "{what}: p50 {:.0} ms, p99 {:.0} ms, most {:.0} ms of {}",
        at(0.5),
        at(0.99),
        at(1.0),
        times.len()
    );
}

/// Three programs over one Postgres and one folder: edits, a burst, questions, a killed writer. With
/// `ATBILDE_REPLICA_QUESTIONS=500` the long run.
#[tokio::test(flavor = "multi_thread")]
async fn three_replicas_agree_after_a_burst_and_another_takes_over_from_a_killed_writer() {
    let Some(database) = Database::new() else { return };
    let questions = std::env::var("ATBILDE_REPLICA_QUESTIONS").ok();
    let questions: usize = questions.map_or(30, |n| n.parse().unwrap());
    let shared = tempfile::tempdir().unwrap();
    let kb = shared.path().join("kb");
    fs_err::create_dir(&kb).unwrap();
    articles::write(&kb);
    let config =
        format!("[server]\nadmin_token = \"{TOKEN}\"\n[catalog]\nurl = \"{}\"\n", database.url);
    let mut programs = Vec::new();
    for _ in 0..3 {
        let program = Program::serve_beside(tempfile::tempdir().unwrap(), &kb, &config);
        program.until_ready();
        programs.push(program);
    }
    let addresses: Vec<String> = programs.iter().map(Program::url).collect();
    let client = reqwest::Client::new();
    // The first is the writer: the others came later.
    let mut follows = Vec::new();
    for i in 0..questions / 10 {
        let word = format!("zyxqedit{i}w");
        edit(&kb, 0, &word);
        let times = until_all_find(&client, &addresses, &word).await;
        follows.extend(times[1..].iter().map(|t| (t - times[0]).max(0.0)));
    }
    told("a follower shows an edit after the writer", follows);

    for i in 0..40 {
        edit(&kb, i % 12, &format!("zyxqburst{i}w"));
    }
    edit(&kb, 12, "zyxqlastw");
    until_all_find(&client, &addresses, "zyxqlastw").await;
    let words = ["refund", "parcel", "gate", "code", "repair", "return", "tent", "days", "zip"];
    let started = Instant::now();
    loop {
        let mut generations = Vec::new();
        for address in &addresses {
            generations.push(index_at(&client, address).await["index_generation"].clone());
        }
        if generations.iter().all(|g| *g == generations[0]) {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "{generations:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for i in 0..questions {
        let query = format!("{}+{}+{i}", words[i % words.len()], words[(i / 9) % words.len()]);
        // What a burst retired leaves each index a moment after the switch, and counts in scores until then.
        let asked = Instant::now();
        loop {
            let mut answers = Vec::new();
            for address in &addresses {
                let url = format!("{address}/v1/search?q={query}");
                let found: Value = client.get(url).send().await.unwrap().json().await.unwrap();
                answers.push((found["index_generation"].clone(), found["hits"].clone()));
            }
            if answers.iter().all(|a| *a == answers[0]) {
                break;
            }
            assert!(asked.elapsed() < Duration::from_secs(10), "{query}: {answers:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    eprintln!("three replicas agree on {questions} questions after a burst of 41 edits");

    let mut takeovers = Vec::new();
    for round in 0..2 {
        let word = format!("zyxqafter{round}w");
        drop(programs.remove(0).kill());
        let addresses: Vec<String> = programs.iter().map(Program::url).collect();
        edit(&kb, 0, &word);
        let times = until_all_find(&client, &addresses, &word).await;
        takeovers.push(times.iter().copied().fold(f64::MAX, f64::min));
    }
    told("an edit is live after the writer was killed", takeovers);
}
