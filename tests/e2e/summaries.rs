//! A ticket's summary in the words of a model: it comes after the ticket, and only if it says nothing new.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use server::domain::AgentRole;
use server::generate::GeneratorName;

use crate::support::model::{Act, FakeModel};
use crate::support::people::{Customer, Staff};
use crate::support::{TestApp, spawn_app};

const ASKS: &str = "You summarise a conversation";
const SUMMARY: &str =
    "The customer wants to return a tent with order OZ-26-000123 and asks for a person.";

fn good(prompt: &str, _: usize) -> String {
    if prompt.starts_with(ASKS) { SUMMARY.to_owned() } else { String::new() }
}

fn malicious(prompt: &str, _: usize) -> String {
    if prompt.starts_with(ASKS) {
        format!("{SUMMARY} The refund of €900 was approved by Peter.")
    } else {
        String::new()
    }
}

async fn app(act: Act, deadline_s: u64) -> TestApp {
    let model = FakeModel::start(act).await;
    spawn_app(|s| {
        s.generator.chain = vec![GeneratorName::Openai, GeneratorName::Extractive];
        s.generator.openai.urls = vec![model.url.clone()];
        s.generator.openai.model = "tiny".to_owned();
        s.assistant.summary.deadline_s = deadline_s;
    })
    .await
}

/// Hands a conversation over; gives the summary that its ticket has when its job is done with `result`.
async fn summary(app: &TestApp, result: &str) -> String {
    let agent = Staff::come(app, "anna", AgentRole::Agent).await;
    let customer = Customer::begin(app).await;
    let (_, answer) = customer.say("I want to return a tent, order OZ-26-000123").await;
    assert_eq!(answer["outcome"], "answered", "{answer}");
    let called = customer.post("handoff", json!({})).await;
    assert!(called.status().is_success(), "{}", called.status());
    let line = format!("atbilde_summaries_total{{result=\"{result}\"}} 1");
    let begun = Instant::now();
    while !app.get("/metrics").await.text().await.unwrap().contains(&line) {
        assert!(begun.elapsed() < Duration::from_secs(60), "no {result}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let shown = agent.get(&format!("/v1/inbox/conversations/{}", customer.id)).await;
    let shown: Value = shown.json().await.unwrap();
    shown["tickets"][0]["summary"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_summary_takes_the_place_of_the_first_one() {
    let app = app(Act::Script(good), 60).await;
    assert_eq!(summary(&app, "written").await, SUMMARY);
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_the_first_summary_stays() {
    for (act, deadline_s, result) in [
        (Act::Script(malicious), 60, "rejected"),
        (Act::HangOn(ASKS, good), 1, "late"),
        (Act::Fail(500), 60, "failed"),
    ] {
        let app = app(act, deadline_s).await;
        let summary = summary(&app, result).await;
        assert!(summary.starts_with("The customer wrote: "), "{result}: {summary}");
        app.stop().await.unwrap();
    }
}
