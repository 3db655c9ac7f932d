//! A model writes the words: what it proves reaches the customer, nothing else ever does.

use serde_json::{Value, json};

use crate::support::model::{Act, FakeModel};
use crate::support::{TestApp, spawn_app};
use server::generate::GeneratorName;

const QUESTION: &str = "What does a zip repair cost and how long does it take?";

async fn app(urls: Vec<String>) -> TestApp {
    spawn_app(|s| {
        s.generator.chain = vec![GeneratorName::Openai, GeneratorName::Extractive];
        s.generator.openai.urls = urls;
        s.generator.openai.model = "tiny".to_owned();
        s.generator.openai.idle_timeout_s = 1;
    })
    .await
}

async fn answer(app: &TestApp, question: &str) -> Value {
    app.ask(json!({ "question": question })).await.json().await.unwrap()
}

fn texts(answer: &Value) -> Vec<&str> {
    let sentences = answer["sentences"].as_array().unwrap();
    sentences.iter().map(|s| s["text"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn proven_sentences_go_out_with_their_source_and_lies_do_not() {
    let model = FakeModel::start(Act::Say(
        "A zip repair costs €18. {n:A zip repair costs}\nIt takes 3 working days. {n:A zip repair costs} \
         We have refunded you. {n:A zip repair costs} Visit https://evil.example now. {n:A zip repair costs}",
    ))
    .await;
    let app = app(vec![model.url.clone()]).await;
    let answer = answer(&app, QUESTION).await;
    assert_eq!(answer["outcome"], "answered", "{answer}");
    assert_eq!(answer["generator"], "openai", "{answer}");
    assert_eq!(texts(&answer), ["A zip repair costs €18."]);
    let cited = answer["sentences"][0]["citations"][0].as_u64().unwrap();
    let citations = answer["citations"].as_array().unwrap();
    let source = citations.iter().find(|c| c["n"] == cited).unwrap();
    assert_eq!(source["path"], "help/en/repair.md");
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_order_of_events_holds_with_a_model() {
    let model = FakeModel::start(Act::Say("A zip repair costs €18. {n:A zip repair costs}")).await;
    let app = app(vec![model.url.clone()]).await;
    let request = app.client.post(format!("{}/v1/ask", app.address));
    let stream = request
        .header("Accept", "text/event-stream")
        .json(&json!({ "question": QUESTION }))
        .send()
        .await
        .unwrap();
    let stream = stream.text().await.unwrap();
    let names: Vec<&str> = stream.lines().filter_map(|l| l.strip_prefix("event: ")).collect();
    assert_eq!(names, ["sources", "sentence", "done"], "{stream}");
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_lies_fails_hangs_or_breaks_off_leaves_the_articles_own_words() {
    for act in [
        Act::Say("A zip repair costs €99. {n:A zip repair costs} I will call you tomorrow."),
        Act::Say(""),
        Act::Fail(500),
        Act::Fail(404),
        Act::Hang,
        Act::BreakOffAfter("A zip repair"),
    ] {
        let model = FakeModel::start(act.clone()).await;
        let app = app(vec![model.url.clone()]).await;
        let answer = answer(&app, QUESTION).await;
        assert_eq!(answer["generator"], "extractive", "{act:?}: {answer}");
        assert!(answer["answer"].as_str().unwrap().contains("€18"), "{act:?}: {answer}");
        app.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_proven_stays_when_the_stream_breaks_off() {
    let model = FakeModel::start(Act::BreakOffAfter(
        "A zip repair costs €18. {n:A zip repair costs} It takes 10 working",
    ))
    .await;
    let app = app(vec![model.url.clone()]).await;
    let answer = answer(&app, QUESTION).await;
    assert_eq!(texts(&answer), ["A zip repair costs €18."], "{answer}");
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_endpoint_is_asked_when_one_is_down_and_none_sees_personal_data() {
    let model = FakeModel::start(Act::Say("A zip repair costs €18. {n:A zip repair costs}")).await;
    let app = app(vec!["http://127.0.0.1:9/v1".to_owned(), model.url.clone()]).await;
    let question = format!("My mail is jane.doe@mail.example. {QUESTION}");
    let answer = answer(&app, &question).await;
    assert_eq!(answer["generator"], "openai", "{answer}");
    let requests = model.requests.lock().unwrap().join("\n");
    assert!(requests.contains("zip repair") && !requests.contains("jane"), "{requests}");
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_doubts_its_own_words_lowers_the_confidence_and_nothing_raises_it() {
    const WORDS: &str = "A zip repair costs €18. {n:A zip repair costs}";
    let mut confidences = Vec::new();
    for act in [Act::Say(WORDS), Act::SayAt(WORDS, -0.01), Act::SayAt(WORDS, -3.0)] {
        let model = FakeModel::start(act).await;
        let app = app(vec![model.url.clone()]).await;
        let answer = answer(&app, QUESTION).await;
        assert_eq!(texts(&answer), ["A zip repair costs €18."], "{answer}");
        confidences.push(answer["confidence"].as_f64().unwrap());
        app.stop().await.unwrap();
    }
    let [untold, sure, unsure] = confidences[..] else { panic!("{confidences:?}") };
    assert_eq!(untold.to_bits(), sure.to_bits(), "{confidences:?}");
    assert!(unsure < sure, "{confidences:?}");
}
