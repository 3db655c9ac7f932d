//! Tests of the OpenAI-compatible shapes.

use futures::StreamExt;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::stream::{Chunks, frames};
use super::*;
use crate::domain::{AssistantEvent, Failure, FailureKind, Outcome, ReasonCode, Sentence, Ticket};
use crate::http::dto::tests::answer;
use crate::http::error::Code;

fn head() -> Head {
    let (id, base) = ("chatcmpl-1".to_owned(), "http://shop.example".to_owned());
    Head { id, created: 7, base }
}

fn request(messages: Value) -> ChatRequest {
    serde_json::from_value(json!({ "model": "gpt-4o", "messages": messages, "temperature": 0.2 }))
        .unwrap()
}

/// Two sentences, the second one an item of a list.
fn two() -> crate::domain::Answer {
    let mut answer = answer();
    let text = "- It takes žetons.".to_owned();
    answer.sentences.push(Sentence { index: 1, text, citations: vec![1] });
    answer
}

#[test]
fn the_last_message_is_the_question_and_instructions_have_no_power() {
    let body = request(json!([
        { "role": "system", "content": "You are a pirate." },
        { "role": "user", "content": "Do you deliver?" },
        { "role": "assistant", "content": "Yes." },
        { "role": "user", "content": [{ "type": "text", "text": "And to" }, { "type": "image_url" },
            { "type": "text", "text": "Poland?" }] },
    ]));
    let (question, turns) = body.conversation().unwrap();
    assert_eq!(question, "And to\nPoland?");
    let expected =
        [(Role::User, "Do you deliver?".to_owned()), (Role::Assistant, "Yes.".to_owned())];
    assert_eq!(turns, expected);
}

#[test]
fn a_conversation_without_a_question_is_refused() {
    for messages in [
        json!([]),
        json!([{ "role": "assistant", "content": "Hello" }]),
        json!([{ "role": "user", "content": null }]),
        json!([{ "role": "user", "content": "hi" }, { "role": "assistant", "content": "Yes." }]),
    ] {
        assert_eq!(request(messages).conversation().unwrap_err().code, Code::InvalidField);
    }
}

#[test]
fn places_of_annotations_are_those_of_the_content() {
    let whole = serde_json::to_value(ChatCompletion::of(&two(), &head())).unwrap();
    let message = &whole["choices"][0]["message"];
    let content = message["content"].as_str().unwrap();
    assert_eq!(content, "Within 5 working days.\n- It takes žetons.");
    for (annotation, sentence) in
        message["annotations"].as_array().unwrap().iter().zip(two().sentences)
    {
        let citation = &annotation["url_citation"];
        let place = |key: &str| citation[key].as_u64().unwrap() as usize;
        let (from, to) = (place("start_index"), place("end_index"));
        let text: String = content.chars().skip(from).take(to - from).collect();
        assert_eq!(text, sentence.text);
        assert_eq!(citation["url"], "http://shop.example/kb/returns#time");
    }
    assert_eq!(whole["citations"], json!(["http://shop.example/kb/returns#time"]));
    assert_eq!(whole["atbilde"]["outcome"], "answered");
}

#[test]
fn what_has_no_page_is_quoted_and_no_link() {
    let mut answer = two();
    answer.citations[0].url = String::new();
    let whole = serde_json::to_value(ChatCompletion::of(&answer, &head())).unwrap();
    assert_eq!(whole["choices"][0]["message"]["annotations"], json!([]));
    assert_eq!(whole["citations"], json!([]));
    assert_eq!(whole["atbilde"]["citations"][0]["quote"], answer.citations[0].quote);
}

async fn transcript(events: Vec<AssistantEvent>, usage: bool) -> Vec<Value> {
    let (sender, receiver) = mpsc::channel(16);
    for event in events {
        sender.try_send(event).unwrap();
    }
    drop(sender);
    let frames: Vec<_> = frames(receiver, Chunks::new(head(), usage)).collect().await;
    let text: String =
        frames.into_iter().map(|f| String::from_utf8(f.unwrap().to_vec()).unwrap()).collect();
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
    let data = text.lines().filter_map(|line| line.strip_prefix("data: {"));
    data.map(|data| serde_json::from_str(&format!("{{{data}")).unwrap()).collect()
}

#[tokio::test]
async fn a_stream_joins_to_the_whole_content() {
    let answer = two();
    let mut events = vec![
        AssistantEvent::Queued { position: 1, eta_ms: 5 },
        AssistantEvent::Sources(answer.citations.clone()),
    ];
    events.extend(answer.sentences.iter().cloned().map(AssistantEvent::Sentence));
    events.push(AssistantEvent::Done(Box::new(answer.clone())));
    let chunks = transcript(events, true).await;
    let content: String =
        chunks.iter().filter_map(|c| c["choices"][0]["delta"]["content"].as_str()).collect();
    let whole = serde_json::to_value(ChatCompletion::of(&answer, &head())).unwrap();
    assert_eq!(content, whole["choices"][0]["message"]["content"].as_str().unwrap());
    let annotations: Vec<Value> = chunks
        .iter()
        .filter_map(|c| c["choices"][0]["delta"]["annotations"].as_array().cloned())
        .flatten()
        .collect();
    assert_eq!(Value::from(annotations), whole["choices"][0]["message"]["annotations"]);
    let finished = &chunks[chunks.len() - 2];
    assert_eq!(finished["choices"][0]["finish_reason"], "stop");
    assert_eq!(finished["citations"], whole["citations"]);
    let usage = chunks.last().unwrap();
    assert_eq!((usage["choices"].clone(), usage["usage"].is_object()), (json!([]), true));
}

#[tokio::test]
async fn a_hand_over_says_its_message_and_a_failure_is_an_error() {
    let ticket = Ticket::random();
    let outcome = Outcome::HandedOff {
        reason: ReasonCode::NoEvidence,
        ticket: ticket.clone(),
        message: "A colleague will help.".to_owned(),
    };
    let empty = crate::domain::Answer {
        outcome,
        sentences: Vec::new(),
        citations: Vec::new(),
        text: String::new(),
        ..answer()
    };
    let chunks = transcript(vec![AssistantEvent::Done(Box::new(empty))], false).await;
    assert_eq!(chunks[1]["choices"][0]["delta"]["content"], "A colleague will help.");
    let last = chunks.last().unwrap();
    assert_eq!(last["atbilde"]["ticket"], ticket.as_str());
    assert_eq!(last["atbilde"]["reason"], "no_evidence");

    let kind = FailureKind::Overloaded { retry_after_s: 2 };
    let failure = Failure { kind, message: "busy".to_owned() };
    let chunks = transcript(vec![AssistantEvent::Failed(failure)], false).await;
    assert_eq!(chunks[1]["error"]["type"], "rate_limit_error");
}
