//! What customers send that is odd, or sent again: nothing of it is lost, kept twice or answered by another
//! message's answer; and what they decide holds in all their conversations.

use serde_json::{Value, json};
use server::domain::ConversationId;
use server::privacy::Secret;
use server::store::{Choices, Conversations, Customers, NewConversation, STORE_FILE, SqliteStore};

use crate::support::identity::{SECRET, token};
use crate::support::people::Customer;
use crate::support::{TestApp, spawn_app};

async fn app() -> TestApp {
    spawn_app(|s| {
        s.access.limits.visitor_per_minute = 1000;
        s.identity.secret = Some(Secret::new(SECRET));
    })
    .await
}

/// Messages of a conversation that say `text`.
fn count(shown: &Value, text: &str) -> usize {
    shown["messages"].as_array().unwrap().iter().filter(|m| m["text"] == text).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_signs_alone_is_a_message() {
    let app = app().await;
    let with_person = Customer::begin(&app).await;
    with_person.post("handoff", json!({})).await;
    for text in ["👍", "?", "..."] {
        let (status, answer) = Customer::begin(&app).await.say(text).await;
        assert!(status == 200 && answer["outcome"].is_string(), "{text}: {answer}");
        assert_ne!(answer["reason"], "error", "{text}: {answer}");
        assert_eq!(with_person.say(text).await.0, 202, "{text}");
        assert_eq!(count(&with_person.show().await, text), 1);
        assert_eq!(app.ask(json!({ "question": text })).await.status(), 422, "{text}");
    }
    for blank in ["", " \n", "\u{200b}\u{feff}"] {
        let (status, problem) = with_person.say(blank).await;
        assert_eq!((status, problem["code"].as_str()), (422, Some("invalid_field")), "{blank:?}");
    }
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_that_is_sent_again_is_kept_once() {
    let app = app().await;
    let customer = Customer::begin(&app).await;
    let (first, other) = ("It is about my tent, jane@mail.example", "And about the poles");
    let mut tickets = Vec::new();
    for note in [first, first, other, other] {
        let called = customer.post("handoff", json!({ "note": note })).await;
        tickets.push(called.json::<Value>().await.unwrap()["ticket"].clone());
    }
    assert!(tickets[0].is_string() && tickets.iter().all(|t| *t == tickets[0]), "{tickets:?}");
    let shown = customer.show().await;
    assert_eq!((count(&shown, first), count(&shown, other)), (1, 1), "{shown}");
    // A hand-over of its own has its note, whatever was said last.
    customer.post("close", json!({})).await;
    customer.post("handoff", json!({ "note": other })).await;
    assert_eq!(count(&customer.show().await, other), 2);
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_of_a_message_stands_for_its_words_alone() {
    let app = app().await;
    let customer = Customer::begin(&app).await;
    let id = ConversationId::random().to_string();
    let say = async |text: &str| {
        let response = customer.post("messages", json!({ "text": text, "message_id": id })).await;
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let words = "I am jane@mail.example, how long does a refund take?";
    let (status, answer) = say(words).await;
    assert_eq!(status, 200, "{answer}");
    let (status, again) = say(words).await;
    assert_eq!((status, &again["seq"]), (200, &answer["seq"]), "{again}");
    let (status, problem) = say("What does a zip repair cost?").await;
    assert_eq!((status, problem["code"].as_str()), (409, Some("conflict")), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("`message_id`"), "{problem}");

    // A comment is kept or refused, never dropped.
    let comment = json!({ "seq": answer["seq"], "helpful": false, "comment": "it is wrong" });
    let refused = customer.post("feedback", comment).await;
    assert_eq!(refused.status(), 422);
    assert!(refused.text().await.unwrap().contains("`comment`"));
    assert!(customer.show().await["messages"][1].get("helpful").is_none());
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_holds_in_more_than_a_thousand_conversations() {
    let app = app().await;
    let proof = token("4711");
    let post = |path: &str, body: Value| {
        let request = app.client.post(format!("{}{path}", app.address));
        request.header("Atbilde-Identity", &proof).json(&body).send()
    };
    let begun = post("/v1/conversations", json!({})).await.unwrap();
    let begun: Value = begun.json().await.unwrap();
    let newest = ConversationId(begun["conversation_id"].as_str().unwrap().parse().unwrap());
    let file = app.folder.path().join("data").join(STORE_FILE);
    let store = SqliteStore::open(&file).await.unwrap();
    let customer = store.customer_of(newest).await.unwrap().unwrap();
    let at = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut old = Vec::new();
    for _ in 0..1000 {
        let id = ConversationId::random();
        let locale = "en".to_owned();
        let new = NewConversation { id, locale, site: None, page: None, told: None, at };
        store.create(&new).await.unwrap();
        store.introduce(id, &customer, at).await.unwrap();
        old.push(id);
    }
    let decided = post("/v1/me/consent", json!({ "opt_out": true })).await.unwrap();
    assert_eq!(decided.status(), 204);
    for id in old {
        assert!(store.objections(id).await.unwrap().analysis, "{id}");
    }
    store.close().await;
    app.stop().await.unwrap();
}
