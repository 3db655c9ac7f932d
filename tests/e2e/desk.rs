//! The agents' desk: the list and its pages, races between people and with the assistant, assignment, presence,
//! suggestions.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use server::domain::AgentRole;
use server::generate::GeneratorName;

use crate::support::model::{Act, FakeModel};
use crate::support::people::{Customer, Staff};
use crate::support::{TestApp, spawn_app, sse};

const REFUND: &str = "How long does a refund take?";

async fn app() -> TestApp {
    spawn_app(|s| {
        s.access.limits.visitor_per_minute = 100_000;
        s.assistant.conversation.rephrased = 0;
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_on_its_way_is_dropped_when_a_person_takes_over() {
    let model = FakeModel::start(Act::Hang).await;
    let app = spawn_app(|s| {
        s.generator.chain = vec![GeneratorName::Openai, GeneratorName::Extractive];
        s.generator.openai.urls = vec![model.url.clone()];
        s.generator.openai.model = "tiny".to_owned();
        s.generator.openai.idle_timeout_s = 60;
    })
    .await;
    let agent = Staff::come(&app, "anna", AgentRole::Agent).await;
    let customer = Customer::begin(&app).await;
    let url = format!("{}/v1/conversations/{}/messages", app.address, customer.id);
    let asking = app.client.post(url).bearer_auth(&customer.token);
    let asking = asking.header("Accept", "text/event-stream").json(&json!({ "text": REFUND }));
    let asking = tokio::spawn(async move { asking.send().await.unwrap().text().await.unwrap() });
    // The model has the question and says nothing.
    while model.requests.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (status, taken) = agent.act(&customer.id, "take", json!({})).await;
    assert_eq!((status, taken["state"].as_str()), (200, Some("with_agent")), "{taken}");
    assert_eq!(taken["tickets"][0]["reason"], "agent_stepped_in");
    let ended = tokio::time::timeout(Duration::from_secs(20), asking).await;
    let events = sse::events(&ended.expect("the stream ends at once").unwrap());
    let (name, data) = events.last().unwrap();
    assert_eq!((name.as_str(), &data["ticket"]), ("handed_off", &taken["ticket"]), "{events:?}");
    let shown = customer.show().await;
    let authors: Vec<&str> = shown["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["author"].as_str().unwrap())
        .collect();
    assert_eq!(authors, ["customer", "system"], "no word of the assistant");
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_found_by_its_number_in_every_state_with_its_subject() {
    let app = app().await;
    let anna = Staff::come(&app, "anna", AgentRole::Agent).await;
    let customer = Customer::begin(&app).await;
    customer.say(REFUND).await;
    customer.say("Let me talk to a human please").await;
    let shown = async |path: String| -> Value { anna.get(&path).await.json().await.unwrap() };
    let detail = shown(format!("/v1/inbox/conversations/{}", customer.id)).await;
    let ticket = &detail["tickets"][0];
    let number = ticket["ticket"].as_str().unwrap();
    // What the stored sentences say comes as data too, so that a page can word them.
    assert_eq!(ticket["reasoning_parts"]["code"], "why_customer_requested", "{ticket}");
    assert_eq!(ticket["summary_parts"][0]["code"], "wrote", "{ticket}");
    assert!(detail["mail_subject"].as_str().unwrap().contains(number), "{detail}");

    anna.act(&customer.id, "take", json!({})).await;
    anna.act(&customer.id, "resolve", json!({})).await;
    let list = |query: String| shown(format!("/v1/inbox/conversations?{query}"));
    let resolved = list("state=resolved".to_owned()).await;
    let row = &resolved["conversations"][0];
    assert_eq!((row["last_ticket"].as_str(), row.get("ticket")), (Some(number), None), "{row}");
    assert_eq!(row["subject"], REFUND, "{row}");
    for typed in [number.to_lowercase(), number[2..7].to_owned()] {
        let found = list(format!("ticket={typed}")).await;
        assert_eq!(found["conversations"][0]["last_ticket"], number, "{found}");
    }
    let other = list("ticket=T-!".to_owned()).await;
    assert_eq!(other["conversations"], json!([]));
    let waiting = list(format!("state=waiting&ticket={number}")).await;
    assert_eq!(waiting["conversations"], json!([]), "a state that is named counts");
    app.stop().await.unwrap();
}

/// A page of the list: the ids on it, and what leads to the next one.
async fn page(agent: &Staff, query: &str) -> (Vec<String>, Value) {
    let response = agent.get(&format!("/v1/inbox/conversations?{query}")).await;
    assert_eq!(response.status(), 200, "{query}");
    let page: Value = response.json().await.unwrap();
    let rows = page["conversations"].as_array().unwrap().iter();
    let ids = rows.map(|row| row["conversation_id"].as_str().unwrap().to_owned()).collect();
    (ids, page["next_cursor"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_goes_on_behind_a_page_whatever_happens_meanwhile() {
    let app = app().await;
    let anna = Staff::come(&app, "anna", AgentRole::Agent).await;
    for _ in 0..5 {
        Customer::begin(&app).await.post("handoff", json!({})).await;
    }
    let (all, end) = page(&anna, "state=open").await;
    assert_eq!((all.len(), end), (5, Value::Null), "without a limit they are on one page");
    assert_eq!(page(&anna, "limit=5").await, (all.clone(), Value::Null), "the last page says so");

    let (first, next) = page(&anna, "limit=2").await;
    assert_eq!(first, all[..2]);
    // Both of that page go elsewhere: those behind them stay where they are.
    anna.act(&first[0], "take", json!({})).await;
    anna.act(&first[1], "resolve", json!({})).await;
    let cursor = next.as_str().expect("there is another page");
    let (second, next) = page(&anna, &format!("limit=2&cursor={cursor}")).await;
    assert_eq!(second, all[2..4]);
    let cursor = next.as_str().expect("and one more");
    let (third, end) = page(&anna, &format!("limit=2&cursor={cursor}")).await;
    assert_eq!((third, end), (vec![all[4].clone(), all[0].clone()], Value::Null));
    let (mine, end) = page(&anna, "mine=true&limit=1").await;
    assert_eq!((mine, end), (vec![all[0].clone()], Value::Null));

    let wrong = ["limit=0", "limit=201", "limit=-1", "limit=x", "limit=", "cursor=", "cursor=next"];
    for query in wrong {
        let response = anna.get(&format!("/v1/inbox/conversations?{query}")).await;
        assert_eq!(response.status(), 400, "{query}");
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["code"], "invalid_parameter", "{query}");
        let named = format!("`{}`", query.split('=').next().unwrap());
        assert!(problem["detail"].as_str().unwrap().contains(&named), "{problem}");
        assert!(!problem["next_step"].as_str().unwrap().is_empty(), "{problem}");
    }
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_take_one_gets_it_and_can_pass_it_on() {
    let app = app().await;
    let anna = Staff::come(&app, "anna", AgentRole::Agent).await;
    let berta = Staff::come(&app, "berta", AgentRole::Admin).await;
    let customer = Customer::begin(&app).await;
    let id = &customer.id;
    let (status, early) = anna.act(id, "reply", json!({ "text": "hello" })).await;
    assert_eq!((status, early["code"].as_str()), (409, Some("conflict")), "{early}");
    customer.post("handoff", json!({})).await;
    let both =
        futures::future::join(anna.act(id, "take", json!({})), berta.act(id, "take", json!({})))
            .await;
    let mut statuses = [both.0.0, both.1.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let (winner, loser) = if both.0.0 == 200 { (&anna, &berta) } else { (&berta, &anna) };
    for (action, body) in
        [("reply", json!({ "text": "me too" })), ("return", json!({})), ("resolve", json!({}))]
    {
        assert_eq!(loser.act(id, action, body).await.0, 409, "{action}");
    }
    let (status, _) = winner.act(id, "assign", json!({ "agent": loser.id.to_string() })).await;
    assert_eq!(status, 200);
    assert_eq!(loser.act(id, "reply", json!({ "text": "now me" })).await.0, 200);
    assert_eq!(winner.act(id, "reply", json!({ "text": "still me?" })).await.0, 409);
    for wrong in
        [json!({ "agent": "x" }), json!({ "agent": "00000000000000000000000000000000" }), json!({})]
    {
        assert_eq!(winner.act(id, "assign", wrong).await.0, 422);
    }
    for wrong in [json!({ "text": "  " }), json!({ "text": "x".repeat(8001) }), json!({})] {
        assert_eq!(loser.act(id, "reply", wrong).await.0, 422);
    }
    let mine: Value = loser.get("/v1/inbox/conversations?mine=true").await.json().await.unwrap();
    assert_eq!(mine["conversations"][0]["mine"], true);
    assert_eq!(loser.get("/v1/inbox/conversations?state=odd").await.status(), 400);
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_is_live_suggests_and_knows_who_is_there() {
    let app = app().await;
    let agent = Staff::come(&app, "anna", AgentRole::Agent).await;
    let mut live = agent.follow().await;
    live.until("reload").await;
    let customer = Customer::begin(&app).await;
    customer.say(REFUND).await;
    let changed = live.until("conversation").await;
    assert_eq!(changed["conversation_id"], customer.id.as_str());
    customer.post("typing", json!({ "typing": true })).await;
    assert_eq!(live.until("typing").await["typing"], true);
    let there: Value =
        agent.post("/v1/inbox/presence", json!({ "presence": "away" })).await.json().await.unwrap();
    assert_eq!(there["present"][0]["presence"], "away");
    live.until("presence").await;
    let path = format!("/v1/inbox/conversations/{}/suggestion", customer.id);
    let suggested: Value = agent.get(&path).await.json().await.unwrap();
    let suggestion = &suggested["suggestion"];
    assert!(suggestion["text"].as_str().unwrap().contains("5 working days"), "{suggested}");
    assert!(suggestion["citations"][0]["url"].as_str().unwrap().starts_with("/kb/returns"));
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_running_server_nobody_talks_over_anybody_either() {
    let app = app().await;
    let agents = [
        Staff::come(&app, "anna", AgentRole::Agent).await,
        Staff::come(&app, "berta", AgentRole::Agent).await,
    ];
    for seed in 0..60 {
        let mut random = StdRng::seed_from_u64(seed);
        let customer = Customer::begin(&app).await;
        let mut work: Vec<futures::future::BoxFuture<'_, ()>> = Vec::new();
        for _ in 0..6 {
            let agent = &agents[random.random_range(0..2)];
            let (customer, wait) = (&customer, Duration::from_millis(random.random_range(0..12)));
            let what = random.random_range(0..8);
            work.push(Box::pin(async move {
                tokio::time::sleep(wait).await;
                let id = &customer.id;
                match what {
                    0 | 1 => drop(customer.say(REFUND).await),
                    // A tab that is closed in the middle.
                    2 => drop(tokio::time::timeout(wait, customer.say(REFUND)).await),
                    3 => drop(customer.post("handoff", json!({})).await),
                    4 => drop(agent.act(id, "take", json!({})).await),
                    5 => drop(agent.act(id, "return", json!({})).await),
                    6 => drop(agent.act(id, "resolve", json!({})).await),
                    _ => drop(agent.act(id, "reply", json!({ "text": "Hello." })).await),
                }
            }));
        }
        futures::future::join_all(work).await;
        let path = format!("/v1/inbox/conversations/{}", customer.id);
        check(&agents[0].get(&path).await.json().await.unwrap(), seed);
    }
    app.stop().await.unwrap();
}

/// Replays a transcript: who may speak when, and a ticket for every hand-over.
fn check(detail: &Value, seed: u64) {
    let mut state = "assistant";
    let mut told = 0;
    for message in detail["messages"].as_array().unwrap() {
        match message.get("kind").unwrap_or(&message["author"]).as_str().unwrap() {
            "assistant" => assert_eq!(state, "assistant", "seed {seed}: it talks over: {detail}"),
            "agent" => assert_eq!(state, "with_agent", "seed {seed}: {detail}"),
            "handed_off" => state = "waiting",
            "agent_joined" => state = "with_agent",
            "returned" | "reopened" => state = "assistant",
            "resolved" => state = "resolved",
            _ => {}
        }
        told += usize::from(message.get("ticket").is_some());
    }
    assert_eq!(detail["state"], state, "seed {seed}");
    assert_eq!(detail["tickets"].as_array().unwrap().len(), told, "seed {seed}: {detail}");
}
