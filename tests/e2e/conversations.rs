//! The whole story of a conversation over HTTP: asked, handed over, taken, answered, returned, asked
//! again, resolved, reopened; and what customers may rely on along the way.

use std::time::Duration;

use serde_json::{Value, json};
use server::domain::{AgentRole, ConversationId};

use crate::support::people::{Customer, Staff};
use crate::support::{TestApp, spawn_app, sse};

const REFUND: &str = "How long does a refund take?";

async fn app() -> TestApp {
    spawn_app(|s| s.access.limits.visitor_per_minute = 1000).await
}

fn authors(conversation: &Value) -> Vec<String> {
    let messages = conversation["messages"].as_array().unwrap().iter();
    let name = |m: &Value| m.get("kind").unwrap_or(&m["author"]).as_str().unwrap().to_owned();
    messages.map(name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_story() {
    let app = app().await;
    let agent = Staff::come(&app, "anna", AgentRole::Agent).await;
    let customer = Customer::begin(&app).await;
    let mut live = customer.follow(0).await;
    assert_eq!(live.until("state").await["state"], "assistant");

    // Asked and answered.
    let (status, answer) = customer.say(REFUND).await;
    assert_eq!((status, answer["outcome"].as_str()), (200, Some("answered")), "{answer}");
    assert_eq!(live.until("message").await["author"], "customer");
    let seen = live.until("message").await;
    assert_eq!((seen["author"].as_str(), &seen["seq"]), (Some("assistant"), &answer["seq"]));
    assert_eq!(seen["text"], answer["answer"]);
    assert!(seen["citations"][0]["url"].as_str().unwrap().starts_with("/kb/returns"));

    // Handed over: a ticket, a reason, a message that says what happens next.
    let (status, handed) = customer.say("Let me talk to a human please").await;
    assert_eq!((status, handed["reason"].as_str()), (200, Some("customer_requested")), "{handed}");
    let ticket = handed["ticket"].as_str().unwrap();
    assert!(handed["message"].as_str().unwrap().contains(ticket));
    let state = live.until("state").await;
    assert_eq!(
        (state["state"].as_str(), state["ticket"].as_str()),
        (Some("waiting"), Some(ticket))
    );
    assert_eq!(state["queue"]["position"], 1);
    let (status, waiting) = customer.say("My order is OZ-26-123456").await;
    assert_eq!((status, waiting["state"].as_str()), (202, Some("waiting")), "{waiting}");

    // The agent sees queue, reason, summary and passages.
    let list: Value = agent.get("/v1/inbox/conversations").await.json().await.unwrap();
    let row = &list["conversations"][0];
    assert_eq!(row["conversation_id"], customer.id.as_str());
    assert_eq!(
        (row["reason"].as_str(), row["locale"].as_str()),
        (Some("customer_requested"), Some("en"))
    );
    let path = format!("/v1/inbox/conversations/{}", customer.id);
    let detail: Value = agent.get(&path).await.json().await.unwrap();
    let first = &detail["tickets"][0];
    assert!(first["reasoning"].as_str().unwrap().ends_with('.'), "{first}");
    // The question says what it is about; that a person was asked for says the reason.
    let summary = first["summary"].as_str().unwrap();
    assert!(summary.contains("refund") && !summary.contains("talk to a human"), "{first}");
    assert_eq!(detail["site"], "shop");

    // Taken: the customer sees who answers, live.
    let (status, taken) = agent.act(&customer.id, "take", json!({})).await;
    assert_eq!((status, taken["state"].as_str()), (200, Some("with_agent")), "{taken}");
    assert_eq!(live.until("state").await["agent"]["name"], "Anna");
    let (status, said) =
        agent.act(&customer.id, "reply", json!({ "text": "Hello, Anna here." })).await;
    assert_eq!(status, 200, "{said}");
    let reply = loop {
        let message = live.until("message").await;
        if message["author"] == "agent" {
            break message;
        }
    };
    assert_eq!(
        (reply["name"].as_str(), reply["text"].as_str()),
        (Some("Anna"), Some("Hello, Anna here."))
    );
    agent.act(&customer.id, "typing", json!({ "typing": true })).await;
    assert_eq!(live.until("typing").await["typing"], true);
    let (status, _) = agent.act(&customer.id, "note", json!({ "text": "zyxqnote" })).await;
    assert_eq!(status, 200);
    let (status, accepted) = customer.say(REFUND).await;
    assert_eq!((status, accepted["state"].as_str()), (202, Some("with_agent")), "{accepted}");

    // Returned: the assistant answers again. Resolved, reopened.
    let (status, _) = agent.act(&customer.id, "return", json!({})).await;
    assert_eq!(status, 200);
    let (status, again) = customer.say("How long is the warranty?").await;
    assert_eq!((status, again["outcome"].as_str()), (200, Some("answered")), "{again}");
    let (status, _) = agent.act(&customer.id, "resolve", json!({})).await;
    assert_eq!(status, 200);
    let (status, more) = customer.say("What does a zip repair cost?").await;
    assert_eq!((status, more["outcome"].as_str()), (200, Some("answered")), "{more}");

    let shown = customer.show().await;
    assert_eq!(
        authors(&shown),
        [
            "customer",
            "assistant",
            "customer",
            "handed_off",
            "customer",
            "agent_joined",
            "agent",
            "customer",
            "returned",
            "customer",
            "assistant",
            "resolved",
            "reopened",
            "customer",
            "assistant"
        ],
    );
    assert_eq!(shown["state"], "assistant");
    assert!(shown.get("ticket").is_none() && !shown.to_string().contains("zyxqnote"));
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_sent_twice_is_one_message_with_one_outcome() {
    let app = app().await;
    let customer = Customer::begin(&app).await;
    for text in [REFUND, "I want to speak to a person"] {
        let body = json!({ "text": text, "message_id": ConversationId::random().to_string() });
        let sent =
            [customer.post("messages", body.clone()), customer.post("messages", body.clone())];
        let [one, two] = futures::future::join_all(sent).await.try_into().unwrap();
        let third = customer.post("messages", body).await;
        let (one, two, third): (Value, Value, Value) =
            (one.json().await.unwrap(), two.json().await.unwrap(), third.json().await.unwrap());
        for again in [&two, &third] {
            for field in ["outcome", "seq", "answer", "ticket", "message", "conversation_id"] {
                assert_eq!(one.get(field), again.get(field), "{text}: {field}");
            }
        }
    }
    let shown = customer.show().await;
    assert_eq!(authors(&shown), ["customer", "assistant", "customer", "handed_off"]);
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_can_be_called_first_and_again_gives_the_same_ticket() {
    let app = app().await;
    let customer = Customer::begin(&app).await;
    let mut tickets = Vec::new();
    for body in [json!({}), json!({ "email": "jane@mail.example", "note": "It is about my tent" })]
    {
        let response = customer.post("handoff", body).await;
        assert_eq!(response.status(), 200);
        let called: Value = response.json().await.unwrap();
        assert_eq!(
            (called["state"].as_str(), called["reason"].as_str()),
            (Some("waiting"), Some("customer_requested"))
        );
        assert!(called["message"].as_str().unwrap().contains(called["ticket"].as_str().unwrap()));
        tickets.push(called["ticket"].clone());
    }
    assert_eq!(tickets[0], tickets[1]);
    let agent = Staff::come(&app, "anna", AgentRole::Agent).await;
    let path = format!("/v1/inbox/conversations/{}", customer.id);
    let detail: Value = agent.get(&path).await.json().await.unwrap();
    assert_eq!(detail["tickets"][0]["contact"], "[EMAIL_1]", "{detail}");
    assert!(!detail.to_string().contains("jane@"));
    let wrong = customer.post("handoff", json!({ "email": "no address" })).await;
    assert_eq!(wrong.status(), 422);
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_have_the_same_order_and_a_person_accepts() {
    let app = app().await;
    let customer = Customer::begin(&app).await;
    let stream = |text: &'static str| {
        let url = format!("{}/v1/conversations/{}/messages", app.address, customer.id);
        let request = app.client.post(url).bearer_auth(&customer.token);
        let request = request.header("Accept", "text/event-stream").json(&json!({ "text": text }));
        async move { sse::events(&request.send().await.unwrap().text().await.unwrap()) }
    };
    let events = stream(REFUND).await;
    let names: Vec<&str> = events.iter().map(|e| e.0.as_str()).collect();
    assert_eq!((names[0], names[names.len() - 1]), ("sources", "done"), "{names:?}");
    let handed = stream("talk to a human").await;
    assert_eq!(handed.last().unwrap().0, "handed_off");
    let accepted = stream("hello?").await;
    assert_eq!(accepted.len(), 1);
    assert_eq!((accepted[0].0.as_str(), &accepted[0].1["state"]), ("accepted", &json!("waiting")));
    let own_words = "I am own@mail.example";
    assert_eq!(stream(own_words).await[0].1["message"]["text"], own_words);
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn events_go_on_behind_the_last_one_without_loss_or_doubling() {
    let app = app().await;
    let customer = Customer::begin(&app).await;
    customer.say(REFUND).await;
    let mut live = customer.follow(1).await;
    let (name, id, data) = live.next().await;
    assert_eq!(
        (name.as_str(), id, data["author"].as_str()),
        ("message", Some(2), Some("assistant"))
    );
    assert_eq!(live.next().await.0, "state");
    drop(live);
    for question in ["How long is the warranty?", "What does a zip repair cost?"] {
        customer.say(question).await;
    }
    let mut live = customer.follow(2).await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(live.next().await.1.unwrap());
    }
    assert_eq!(ids, [3, 4, 5, 6]);
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn feedback_counts_and_two_unhelpful_answers_bring_a_person() {
    let app = app().await;
    let customer = Customer::begin(&app).await;
    for question in [REFUND, "How long is the warranty?"] {
        let (_, answer) = customer.say(question).await;
        let body = json!({ "seq": answer["seq"], "helpful": false });
        assert_eq!(customer.post("feedback", body).await.status(), 204);
    }
    let (_, handed) = customer.say("What does a zip repair cost?").await;
    assert_eq!(handed["reason"], "repeated_failure", "{handed}");
    let rating = json!({ "rating": 4, "comment": "write to jane@mail.example" });
    assert_eq!(customer.post("feedback", rating).await.status(), 204);
    let shown = customer.show().await;
    assert_eq!(shown["rating"]["rating"], 4);
    // Customers see their own words.
    assert_eq!(shown["rating"]["comment"], "write to jane@mail.example");
    assert_eq!(shown["messages"][1]["helpful"], false);
    for wrong in [json!({ "rating": 6 }), json!({}), json!({ "seq": 1 }), json!({ "mood": 1 })] {
        assert_eq!(customer.post("feedback", wrong.clone()).await.status(), 422, "{wrong}");
    }
    let nowhere = json!({ "seq": 99, "helpful": true });
    assert_eq!(customer.post("feedback", nowhere).await.status(), 404);
    let closed: Value = customer.post("close", json!({})).await.json().await.unwrap();
    assert_eq!(closed["state"], "resolved");
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_of_the_old_interface_begins_a_conversation_with_a_token() {
    let app = app().await;
    let answer: Value = app.ask(json!({ "question": REFUND })).await.json().await.unwrap();
    let (id, token) = (&answer["conversation_id"], answer["conversation_token"].as_str().unwrap());
    let url = format!("{}/v1/conversations/{}", app.address, id.as_str().unwrap());
    let shown = app.client.get(&url).bearer_auth(token).send().await.unwrap();
    let shown: Value = shown.json().await.unwrap();
    assert_eq!(authors(&shown), ["customer", "assistant"]);
    let body = json!({ "question": "I want to talk to a person", "conversation_id": id });
    let handed: Value = app.ask(body).await.json().await.unwrap();
    assert!(handed.get("conversation_token").is_none(), "{handed}");
    // While a person has it, a question ends with the ticket that is open.
    let body = json!({ "question": "How long is the warranty?", "conversation_id": id });
    let again: Value = app.ask(body).await.json().await.unwrap();
    assert_eq!((&again["outcome"], &again["ticket"]), (&json!("handed_off"), &handed["ticket"]));
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_outlive_a_restart_and_stop_does_not_wait_for_live_streams() {
    let app = app().await;
    let customer = Customer::begin(&app).await;
    customer.say(REFUND).await;
    let _live = customer.follow(0).await;
    let stopped = tokio::time::timeout(Duration::from_secs(20), app.stop_keeping()).await;
    let folder = stopped.expect("it stops although somebody follows");
    let app = TestApp::again(folder).await;
    let url = format!("{}/v1/conversations/{}", app.address, customer.id);
    let shown = app.client.get(url).bearer_auth(&customer.token).send().await.unwrap();
    assert_eq!(shown.status(), 200, "the token's key is kept");
    assert_eq!(authors(&shown.json().await.unwrap()), ["customer", "assistant"]);
    app.stop().await.unwrap();
}
