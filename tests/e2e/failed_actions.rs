//! A customer asks for a right and the server cannot grant it: nobody is left with an error alone.

use std::path::PathBuf;

use reqwest::Response;
use serde_json::{Value, json};
use server::domain::AgentRole;
use server::privacy::{Receipt, Secret};

use crate::support::people::{Customer, Staff};
use crate::support::{TestApp, identity, spawn_app};

/// From here on the file of keys can be written no more: its journal cannot be made. Gives what is in the way.
fn no_keys(app: &TestApp) -> PathBuf {
    let journal = app.folder.path().join("data/keys/keys.sqlite-journal");
    fs_err::create_dir_all(journal.join("x")).unwrap();
    journal
}

/// What the agents see.
async fn shown_to(agent: &Staff, id: &str) -> Value {
    agent.get(&format!("/v1/inbox/conversations/{id}")).await.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_fails_becomes_a_persons_matter() {
    let app = spawn_app(|_| {}).await;
    let agent = Staff::come(&app, "anna", AgentRole::Agent).await;
    let customer = Customer::begin(&app).await;
    assert_eq!(customer.say("How long does a refund take?").await.0, 200);
    let journal = no_keys(&app);
    let url = format!("{}/v1/conversations/{}", app.address, customer.id);
    let response = app.client.delete(&url).bearer_auth(&customer.token).send().await.unwrap();
    assert_eq!(response.status(), 500);
    let problem: Value = response.json().await.unwrap();
    let shown = shown_to(&agent, &customer.id).await;
    let ticket = &shown["tickets"][0];
    assert_eq!(ticket["reason"], "action_failed", "{shown}");
    assert!(ticket["reasoning"].as_str().unwrap().contains("erase"), "{ticket}");
    assert!(problem.to_string().contains(ticket["ticket"].as_str().unwrap()), "{problem}");
    let last = customer.show().await["messages"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&last["author"], &last["kind"]),
        (&json!("system"), &json!("handed_off")),
        "{last}"
    );
    // What was in the way is gone: asking again finishes what was begun.
    fs_err::remove_dir_all(&journal).unwrap();
    let response = app.client.delete(&url).bearer_auth(&customer.token).send().await.unwrap();
    assert_eq!(response.status(), 200);
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_have_the_conversation_already_learn_once_what_failed() {
    let app = spawn_app(|_| {}).await;
    let agent = Staff::come(&app, "anna", AgentRole::Agent).await;
    let (waiting, taken) = (Customer::begin(&app).await, Customer::begin(&app).await);
    for customer in [&waiting, &taken] {
        customer.say("Let me talk to a human please").await;
    }
    agent.act(&taken.id, "take", json!({})).await;
    let journal = no_keys(&app);
    for customer in [&waiting, &taken] {
        let before = shown_to(&agent, &customer.id).await;
        let ticket = before["tickets"][0]["ticket"].as_str().unwrap();
        let url = format!("{}/v1/conversations/{}", app.address, customer.id);
        for _ in 0..2 {
            let response = app.client.delete(&url).bearer_auth(&customer.token).send().await;
            let problem: Value = response.unwrap().json().await.unwrap();
            let next = problem["next_step"].as_str().unwrap();
            assert!(next.contains("could not complete this"), "{problem}");
            assert!(next.contains(ticket), "{problem}");
        }
        let shown = shown_to(&agent, &customer.id).await;
        assert_eq!(shown["tickets"].as_array().unwrap().len(), 1, "{shown}");
        let summary = shown["tickets"][0]["summary"].as_str().unwrap();
        assert_eq!(summary.matches("asked to erase this conversation").count(), 1, "{summary}");
        let said = before["tickets"][0]["summary"].as_str().unwrap();
        assert!(summary.ends_with(said), "{summary}");
    }
    fs_err::remove_dir_all(&journal).unwrap();
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_erased_of_everything_is_named_and_has_its_ticket() {
    let app = spawn_app(|s| s.identity.secret = Some(Secret::new(identity::SECRET))).await;
    let agent = Staff::come(&app, "anna", AgentRole::Agent).await;
    let jane = identity::token("4711");
    let call = async |method: reqwest::Method, path: &str| -> Response {
        let request = app.client.request(method.clone(), format!("{}{path}", app.address));
        let request = request.header("Atbilde-Identity", &jane);
        let request = if method == "POST" { request.json(&json!({})) } else { request };
        request.send().await.unwrap()
    };
    let mut ids = Vec::new();
    for _ in 0..2 {
        let begun = call(reqwest::Method::POST, "/v1/conversations").await;
        let begun: Value = begun.json().await.unwrap();
        ids.push(begun["conversation_id"].as_str().unwrap().to_owned());
    }
    ids.sort();
    let journal = no_keys(&app);
    let response = call(reqwest::Method::DELETE, "/v1/me").await;
    assert_eq!(response.status(), 200);
    let erased: Value = response.json().await.unwrap();
    let mut failed: Vec<String> = serde_json::from_value(erased["failed"].clone()).unwrap();
    failed.sort();
    assert_eq!((failed, &erased["receipts"]), (ids.clone(), &json!([])), "{erased}");
    for id in &ids {
        let shown = shown_to(&agent, id).await;
        assert_eq!(shown["tickets"][0]["reason"], "action_failed", "{shown}");
    }
    fs_err::remove_dir_all(&journal).unwrap();
    let erased: Value = call(reqwest::Method::DELETE, "/v1/me").await.json().await.unwrap();
    assert_eq!((&erased["failed"], &erased["held"]), (&json!([]), &json!([])), "{erased}");
    let receipts = erased["receipts"].as_array().unwrap();
    assert_eq!(receipts.len(), 2, "{erased}");
    for receipt in receipts {
        Receipt::verify(receipt.as_str().unwrap().as_bytes(), None).unwrap();
    }
    app.stop().await.unwrap();
}
