//! A question back when two articles differ only in what the customer left open, and the answer to it;
//! and the coefficients of a data folder.

use serde_json::{Value, json};

use crate::support::app::start_app;
use crate::support::articles;
use crate::support::program::{run, text};

const CITIES: [(&str, &str); 2] = [
    (
        "Riga",
        "A courier brings it between 17:00 and 21:00. The price is 9.90 euros for up to 20 kg.",
    ),
    ("Tartu", "A bicycle brings it before 19:00. The price is 7.90 euros for up to 15 kg."),
];

#[tokio::test(flavor = "multi_thread")]
async fn two_equal_articles_are_offered_once_and_the_choice_is_answered() {
    let fill = |kb: &std::path::Path| {
        articles::write(kb);
        for (city, words) in CITIES {
            let title = format!("Same-day delivery in {city}");
            let body = format!("# {title}\n\nThis is how same-day delivery works here. {words}\n");
            fs_err::write(kb.join(format!("same-day-{city}.md")), body).unwrap();
        }
    };
    let app = start_app(|_| {}, fill).await;
    app.until_ready().await;
    let ask = async |question: &str, conversation: Option<&Value>| -> Value {
        let body = json!({ "question": question, "conversation_id": conversation });
        app.ask(body).await.json().await.unwrap()
    };

    let question = "how does same-day delivery work and what is the price?";
    let asked = ask(question, None).await;
    assert_eq!(asked["outcome"], "clarify", "{asked}");
    let choices = asked["choices"].as_array().unwrap();
    let tartu = choices.iter().position(|c| c["path"] == "same-day-Tartu.md").unwrap();
    assert_eq!(choices.len(), 2);
    assert!(asked["message"].as_str().unwrap().contains("2. Same-day delivery in"), "{asked}");
    assert!(asked["ticket"].is_null() && asked["answer"] == "");

    let number = ask(&(tartu + 1).to_string(), Some(&asked["conversation_id"])).await;
    assert_eq!(number["outcome"], "answered", "{number}");
    let cited = number["citations"].as_array().unwrap();
    assert!(cited.iter().all(|c| c["path"] == "same-day-Tartu.md"), "{number}");

    // The choice is understood after a restart as well.
    let waiting = ask(question, None).await;
    let shown = waiting["choices"].as_array().unwrap();
    let tartu = shown.iter().position(|c| c["path"] == "same-day-Tartu.md").unwrap() + 1;
    let asked = ask(question, None).await;
    let again = ask(question, Some(&asked["conversation_id"])).await;
    assert_eq!(again["outcome"], "answered", "nobody is asked back twice in a row: {again}");

    let app = crate::support::TestApp::again(app.stop_keeping().await).await;
    let body =
        json!({ "question": tartu.to_string(), "conversation_id": waiting["conversation_id"] });
    let number: Value = app.ask(body).await.json().await.unwrap();
    assert_eq!(number["outcome"], "answered", "{number}");
    let cited = number["citations"].as_array().unwrap();
    assert!(cited.iter().all(|c| c["path"] == "same-day-Tartu.md"), "{number}");
}

#[test]
fn coefficients_made_for_something_else_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (kb, data) = (folder.path().join("kb"), folder.path().join("data"));
    articles::write(&kb);
    fs_err::create_dir_all(&data).unwrap();
    fs_err::write(data.join("confidence.toml"), "version = 9\n").unwrap();
    let (kb, data) = (kb.to_str().unwrap(), data.to_str().unwrap());
    let output = run(&["ask", "How long does a refund take?", "--kb", kb, "--data", data]);
    let error = text(&output.stderr);
    assert!(!output.status.success(), "{error}");
    assert!(error.contains("confidence.toml") && error.contains("atbilde calibrate"), "{error}");
}
