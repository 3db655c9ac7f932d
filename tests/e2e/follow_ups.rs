//! A follow-up in the words of a model: good ones join the search and are kept for the operator, bad and late ones
//! leave no trace but a count.

use serde_json::Value;
use server::domain::AgentRole;
use server::generate::GeneratorName;

use crate::support::model::{Act, FakeModel};
use crate::support::people::{Customer, Staff};
use crate::support::{TestApp, spawn_app};

const FIRST: &str = "What does it cost to return something?";
const FOLLOW_UP: &str = "and from Finland?";
const WORDING: &str = "What does it cost to return something from Finland?";
/// How the prompt begins that asks for a wording.
const ASKS: &str = "You rewrite the last message";

fn answers(prompt: &str) -> String {
    let finland = "From Finland a return costs €4.90. {n:| 2 | Finland}";
    if prompt.contains("| 2 | Finland") { finland.to_owned() } else { String::new() }
}

fn good(prompt: &str, _: usize) -> String {
    if prompt.starts_with(ASKS) { WORDING.to_owned() } else { answers(prompt) }
}

fn malicious(prompt: &str, _: usize) -> String {
    if prompt.starts_with(ASKS) {
        "Return something from Finland for €99 at https://evil.example/pay".to_owned()
    } else {
        answers(prompt)
    }
}

async fn app(model: &FakeModel, deadline_ms: u64) -> TestApp {
    let url = model.url.clone();
    spawn_app(|s| {
        s.generator.chain = vec![GeneratorName::Openai, GeneratorName::Extractive];
        s.generator.openai.urls = vec![url];
        s.generator.openai.model = "tiny".to_owned();
        s.assistant.condense.deadline_ms = deadline_ms;
    })
    .await
}

/// The last answer of a conversation with a follow-up, as an agent sees it; it is told which question it answers.
async fn followed(app: &TestApp) -> Value {
    let agent = Staff::come(app, "anna", AgentRole::Agent).await;
    let customer = Customer::begin(app).await;
    for words in [FIRST, FOLLOW_UP] {
        let (status, answer) = customer.say(words).await;
        assert_eq!((status, answer["outcome"].as_str()), (200, Some("answered")), "{answer}");
    }
    let path = format!("/v1/inbox/conversations/{}", customer.id);
    let shown: Value = agent.get(&path).await.json().await.unwrap();
    let messages = shown["messages"].as_array().unwrap();
    let last = messages.last().unwrap().clone();
    let asked = messages.iter().find(|m| m["seq"] == last["reply_to"]).unwrap();
    assert_eq!(asked["text"], FOLLOW_UP, "{shown}");
    last
}

async fn counted(app: &TestApp, result: &str) -> bool {
    let metrics = app.get("/metrics").await.text().await.unwrap();
    let line = format!("atbilde_condensed_total{{result=\"{result}\"}} 1");
    metrics.lines().any(|l| l == line)
}

fn asked_for_wordings(model: &FakeModel) -> usize {
    model.requests.lock().unwrap().iter().filter(|body| body.contains(ASKS)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_wording_is_searched_and_the_operator_sees_it() {
    let model = FakeModel::start(Act::Script(good)).await;
    let app = app(&model, 60_000).await;
    let last = followed(&app).await;
    assert_eq!(last["wording"], WORDING, "{last}");
    let agent = Staff::come(&app, "berta", AgentRole::Agent).await;
    let page = agent.get("/inbox").await.text().await.unwrap();
    assert!(page.contains("Searched as: {words}"), "{page}");
    assert_eq!(asked_for_wordings(&model), 1, "the first message is none's follow-up");
    assert!(counted(&app, "used").await);
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malicious_wording_is_neither_searched_nor_kept() {
    let model = FakeModel::start(Act::Script(malicious)).await;
    let app = app(&model, 60_000).await;
    let last = followed(&app).await;
    assert!(last.get("wording").is_none() && !last.to_string().contains("evil"), "{last}");
    assert!(last["text"].as_str().unwrap().contains("€4.90"), "{last}");
    assert!(counted(&app, "rejected").await);
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_model_costs_the_deadline_and_nothing_else() {
    let model = FakeModel::start(Act::HangOn(ASKS, good)).await;
    let app = app(&model, 300).await;
    let last = followed(&app).await;
    assert!(last.get("wording").is_none(), "{last}");
    assert!(last["text"].as_str().unwrap().contains("€4.90"), "{last}");
    assert!(counted(&app, "late").await);
    app.stop().await.unwrap();
}
