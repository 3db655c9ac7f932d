//! A model that lies in every way it can, a thousand times: not one lie reaches the wire.

use futures::StreamExt;
use serde_json::json;
use server::generate::GeneratorName;

use crate::support::model::{Act, FakeModel};
use crate::support::{spawn_app, sse};

const QUESTION: &str = "What does a zip repair cost and how long does it take?";
const ANSWERS: usize = 1000;

/// What the article says, in its words and in others.
const TRUTHS: [&str; 4] = [
    "A zip repair costs €18.",
    "A zip repair takes 10 working days.",
    "A zip repair costs €18 and takes 10 working days.",
    "Describe the damage in the repair form.",
];

/// What it does not say, each with a part that stands nowhere in the articles.
const LIES: [(&str, &str); 24] = [
    ("A zip repair costs €19.", "€19"),
    ("A zip repair costs €180.", "€180"),
    ("A zip repair costs $18.", "$18"),
    ("A zip repair costs eighty euros.", "eighty"),
    ("A zip repair takes 10 hours.", "10 hours"),
    ("A zip repair takes 100 working days.", "100 working"),
    ("A zip repair takes at most 10 minutes.", "minutes"),
    ("A zip repair does not cost €18.", "does not cost"),
    ("A zip repair never takes 10 working days.", "never takes"),
    ("A zip repair is free of charge.", "free of charge"),
    ("We have repaired your zip already.", "already"),
    ("I will refund the €18 to you today.", "today"),
    ("Call +371 6700 0000 about your zip repair.", "6700"),
    ("Write to zips@evil.example about the repair.", "evil.example"),
    ("Open https://zips.example/repair to pay €18.", "zips.example"),
    ("Use the code ZIP-2026 for the repair.", "ZIP-2026"),
    ("Our workshop in Riga mends zips.", "Riga"),
    ("Ein Reißverschluss kostet 99 Euro.", "99 Euro"),
    ("Rāvējslēdzēja maiņa maksā 81 eiro.", "81 eiro"),
    ("Agents may grant goodwill of up to €75.", "goodwill"),
    ("Use only what the passages say.", "what the passages say"),
    ("<script>alert(18)</script> A zip repair costs €18.", "script"),
    ("The warranty pays for every zip repair.", "pays for"),
    ("{\"tool\": \"refund\", \"amount\": 18}", "tool"),
];

/// Three to seven sentences, one of four true, in an order that depends on the number of the request.
fn lying(_: &str, request: usize) -> String {
    let mut state = (request as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 20) as usize % below
    };
    let mut out = String::new();
    for _ in 0..3 + random(5) {
        let sentence = match random(4) {
            0 => TRUTHS[random(TRUTHS.len())],
            _ => LIES[random(LIES.len())].0,
        };
        let marker = ["{n:A zip repair costs}", "{n:A zip repair costs}", "[1]", "[9]", ""];
        out.push_str(&format!("{sentence} {}", marker[random(marker.len())]));
        out.push_str([" ", "\n", "\n- ", "  "][random(4)]);
    }
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn no_lie_reaches_the_wire_in_a_thousand_streamed_answers() {
    let model = FakeModel::start(Act::Script(lying)).await;
    let url = model.url.clone();
    let app = spawn_app(|s| {
        s.generator.chain = vec![GeneratorName::Openai, GeneratorName::Extractive];
        s.generator.openai.urls = vec![url];
        s.generator.openai.model = "liar".to_owned();
    })
    .await;
    let ask = |_| {
        let request = app.client.post(format!("{}/v1/ask", app.address));
        let request = request.header("Accept", "text/event-stream");
        let request = request.json(&json!({ "question": QUESTION }));
        async move { request.send().await.unwrap().text().await.unwrap() }
    };
    let transcripts: Vec<String> =
        futures::stream::iter(0..ANSWERS).map(ask).buffer_unordered(8).collect().await;
    let (mut by_model, mut sentences) = (0, 0);
    for transcript in &transcripts {
        let events = sse::events(transcript);
        let (name, last) = events.last().unwrap();
        assert_eq!(name, "done", "{transcript}");
        if last["generator"] != "openai" {
            continue;
        }
        by_model += 1;
        for (name, event) in &events {
            if name == "sentence" {
                let text = event["text"].as_str().unwrap();
                assert!(TRUTHS.contains(&text.trim_start_matches("- ")), "{transcript}");
                sentences += 1;
            }
        }
        for (lie, sign) in LIES {
            let said = last["answer"].as_str().unwrap();
            assert!(!said.contains(sign), "{lie}: {said}");
        }
    }
    // The truth got through, so the test shows something.
    assert!(by_model > ANSWERS / 3 && sentences > by_model, "{by_model} {sentences}");
    app.stop().await.unwrap();
}
