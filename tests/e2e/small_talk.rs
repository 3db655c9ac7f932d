//! Courtesies: the house replies in its own words, and nobody is called for them.

use serde_json::{Value, json};
use server::domain::AgentRole;

use crate::support::people::{Customer, Staff};
use crate::support::{TestApp, spawn_app};

async fn app() -> TestApp {
    spawn_app(|s| s.access.limits.visitor_per_minute = 1000).await
}

async fn state(customer: &Customer) -> Value {
    customer.show().await["state"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_greeting_is_greeted_and_calls_nobody() {
    let app = app().await;
    for text in
        ["Hello", "Labdien!", "Guten Tag", "ok", "Are you a bot?", "I have a question", "thanks!"]
    {
        let answer: Value = app.ask(json!({ "question": text })).await.json().await.unwrap();
        assert_eq!(
            (&answer["outcome"], &answer["small_talk"]),
            (&json!("clarify"), &json!(true)),
            "{text}"
        );
        assert!(answer["message"].as_str().is_some_and(|m| !m.is_empty()), "{answer}");
        assert!(answer.get("ticket").is_none() && answer.get("choices").is_none(), "{answer}");
    }
    let asked: Value = app
        .ask(json!({ "question": "Hello, how long does a refund take?" }))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(asked["outcome"], "answered", "a greeting before a question: {asked}");
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_up_goes_on_behind_thanks() {
    let app = app().await;
    let customer = Customer::begin(&app).await;
    customer.say("Hi!").await;
    let (_, first) = customer.say("How long is the warranty?").await;
    assert_eq!(first["outcome"], "answered", "{first}");
    let (_, thanks) = customer.say("ok, thanks").await;
    assert_eq!(thanks["small_talk"], true, "{thanks}");
    let (_, again) = customer.say("and how long is that?").await;
    assert_eq!(again["citations"][0]["path"], first["citations"][0]["path"], "{again}");
    assert_eq!(state(&customer).await, "assistant");
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn thanks_open_nothing_that_is_done() {
    let app = app().await;
    let agent = Staff::come(&app, "anna", AgentRole::Agent).await;
    let customer = Customer::begin(&app).await;
    customer.post("handoff", json!({})).await;
    for (action, body) in
        [("take", json!({})), ("reply", json!({ "text": "Done." })), ("resolve", json!({}))]
    {
        assert_eq!(agent.act(&customer.id, action, body).await.0, 200);
    }
    let (_, thanks) = customer.say("Thank you, have a nice day!").await;
    assert_eq!(thanks["small_talk"], true, "{thanks}");
    assert_eq!(state(&customer).await, "resolved");
    let (_, asked) = customer.say("How long is the warranty?").await;
    assert_eq!(asked["outcome"], "answered", "{asked}");
    assert_eq!(state(&customer).await, "assistant");
    app.stop().await.unwrap();
}
