//! `POST /v1/ask` as one JSON object: contract C3.

use std::collections::HashSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::app::start_app;
use crate::support::{shared, spawn_app};

#[tokio::test]
async fn an_answer_proves_every_sentence() {
    let app = shared();
    let answer = app.answer("How long does a refund take?").await;
    assert_eq!(answer["outcome"], "answered", "{answer}");
    assert!(answer["answer"].as_str().unwrap().contains("5 working days"), "{answer}");
    let numbers: HashSet<u64> =
        array(&answer["citations"]).iter().map(|c| c["n"].as_u64().unwrap()).collect();
    assert!(!numbers.is_empty());
    for sentence in array(&answer["sentences"]) {
        let cited = array(&sentence["citations"]);
        assert!(!cited.is_empty(), "a sentence without a proof: {sentence}");
        assert!(cited.iter().all(|n| numbers.contains(&n.as_u64().unwrap())), "{sentence}");
    }
    let first = &answer["citations"][0];
    assert_eq!(first["path"], "help/en/returns.md");
    assert_eq!(first["title"], "Returns and refunds");
    assert_eq!(first["heading"], "How long does a refund take?");
    assert_eq!(first["url"], "/kb/returns#how-long-does-a-refund-take");
    assert!(first["quote"].as_str().unwrap().contains("5 working days"));
    assert!((0.0..=1.0).contains(&answer["confidence"].as_f64().unwrap()));
    assert_eq!(answer["index_generation"], 1);
    assert_eq!(answer["generator"], "extractive");
    assert_eq!(answer["locale"], "en");
    assert!(answer["timings_ms"]["total"].as_f64().unwrap() > 0.0);
    assert!(answer.get("ticket").is_none() && answer.get("reason").is_none());

    // The cited heading exists on the page that the citation names.
    let (page, anchor) = first["url"].as_str().unwrap().split_once('#').unwrap();
    assert!(app.page(page).await.contains(&format!("id=\"{anchor}\"")));
}

const CODES: &str = "# Payment errors\n\n\
    | Code | Meaning | What to do |\n|---|---|---|\n\
    | `E-PAY-01` | The bank declined the card | Call the bank |\n\
    | `E-PAY-03` | Nobody confirmed in time | Try again |\n\
    | `E-PAY-07` | Money reserved, no order | See below |\n\n\
    ## E-PAY-03: not confirmed\n\nThe error E-PAY-03 ends after 10 minutes.\n\n\
    ## E-PAY-07: money is gone\n\nThe reservation is released within 3 working days.\n";

#[tokio::test(flavor = "multi_thread")]
async fn who_names_a_code_gets_its_row_and_its_section_and_no_other_code() {
    let write = |kb: &Path| fs_err::write(kb.join("payment-errors.md"), CODES).unwrap();
    let app = start_app(|_| {}, write).await;
    app.until_ready().await;
    let body = json!({ "question": "what is E-PAY-07?" });
    let answer: Value = app.ask(body).await.json().await.unwrap();
    let text = answer["answer"].as_str().unwrap();
    assert!(text.contains("Money reserved") && text.contains("3 working days"), "{answer}");
    assert!(!text.contains("E-PAY-01") && !text.contains("E-PAY-03"), "{answer}");

    let body = json!({ "question": "what does the payment error E-PAY-42 mean?" });
    let answer: Value = app.ask(body).await.json().await.unwrap();
    let sure = answer["confidence"].as_f64().unwrap();
    assert!(sure < 0.5, "what is told of other codes is no answer: {answer}");
    app.stop().await.unwrap();
}

#[tokio::test]
async fn asking_for_a_person_gives_a_ticket_a_reason_and_a_message() {
    let answer = shared().answer("Let me talk to a human please").await;
    assert_eq!(answer["outcome"], "handed_off");
    assert_eq!(answer["reason"], "customer_requested");
    let ticket = answer["ticket"].as_str().unwrap();
    assert!(ticket.starts_with("T-"));
    assert!(answer["message"].as_str().unwrap().contains(ticket));
    assert_eq!(answer["answer"], "");
}

#[tokio::test]
async fn the_question_chooses_the_language_and_the_client_may() {
    let app = shared();
    let answer = app.answer("Kad saņemšu naudu par atgriezto preci?").await;
    assert_eq!(answer["locale"], "lv");
    assert_eq!(answer["citations"][0]["path"], "help/lv/returns.md", "{answer}");
    let body = json!({ "question": "I want to talk to a person", "locale": "de" });
    let answer: Value = app.ask(body).await.json().await.unwrap();
    assert_eq!(answer["locale"], "de");
    assert!(answer["message"].as_str().unwrap().contains("Kollegin"), "{answer}");
}

#[tokio::test]
async fn a_conversation_goes_on_under_its_id() {
    let app = shared();
    let first = app.answer("What does a return from Finland cost?").await;
    let id = first["conversation_id"].as_str().unwrap();
    let body = json!({ "question": "and from Germany?", "conversation_id": id });
    let second: Value = app.ask(body).await.json().await.unwrap();
    assert_eq!(second["conversation_id"], id);
    assert!(second["answer"].as_str().unwrap().contains("€6.90"), "{second}");
}

#[tokio::test]
async fn nothing_hidden_is_ever_cited() {
    let app = shared();
    for secret in ["zyxqgoodwill", "zyxqexpired", "zyxqdraft"] {
        let answer = app.answer(&format!("What about {secret}?")).await;
        assert!(!answer.to_string().replace(&format!("about {secret}"), "").contains(secret));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_threshold_hands_over_what_is_not_sure() {
    let app = spawn_app(|s| s.assistant.confidence.threshold = 1.01).await;
    let response = app.ask(json!({ "question": "How long does a refund take?" })).await;
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["outcome"], "handed_off");
    assert_eq!(answer["reason"], "low_confidence");
    app.stop().await.unwrap();
}

fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}
