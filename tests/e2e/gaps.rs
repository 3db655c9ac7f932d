//! The review queue: what customers ask and the articles do not answer shows to the content team, from
//! enough customers on, and is gone with the people who asked.

use indexer::secret::Secret;
use serde_json::{Value, json};
use server::domain::AgentRole;

use crate::support::people::{Customer, Staff};
use crate::support::program::{run, text};
use crate::support::{TestApp, spawn_app};

const TOKEN: &str = "operator's token";
const KAYAKS: &str = "Do you sell inflatable kayaks?";

async fn app() -> TestApp {
    spawn_app(|settings| {
        settings.assistant.confidence.threshold = 0.9;
        settings.server.admin_token = Some(Secret::new(TOKEN));
    })
    .await
}

async fn gaps(app: &TestApp, query: &str) -> Value {
    let request = app.client.get(format!("{}/v1/admin/gaps{query}", app.address));
    let response = request.bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

async fn ask(app: &TestApp, question: &str) -> Customer {
    let customer = Customer::begin(app).await;
    let (status, answer) = customer.say(question).await;
    assert_eq!((status, answer["outcome"].as_str()), (200, Some("handed_off")), "{answer}");
    customer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_shows_from_three_customers_on_and_goes_with_them() {
    let app = app().await;
    let first = ask(&app, KAYAKS).await;
    // One customer twice is one customer.
    first.say(KAYAKS).await;
    let second = ask(&app, "do you sell inflatable kayaks").await;
    let nothing = gaps(&app, "").await;
    assert_eq!((&nothing["gaps"], &nothing["k"]), (&json!([]), &json!(3)), "{nothing}");
    assert!(!nothing.to_string().contains("kayak"), "{nothing}");
    ask(&app, "Do you sell inflatable kayaks to jane.doe@mail.example?").await;

    let found = gaps(&app, "").await;
    let gap = &found["gaps"][0];
    assert_eq!(gap["customers"], 3, "{found}");
    let shown = found.to_string().to_lowercase();
    assert!(shown.contains("kayak") && gap["weight"].as_f64().unwrap() > 0.0, "{found}");
    assert!(!shown.contains("jane") && !shown.contains(&first.id.to_lowercase()), "{found}");
    assert_eq!(gaps(&app, "").await, found, "the same conversations, the same list");

    // A customer who does not want their words used so is left out; another one erases theirs.
    let objects = ask(&app, KAYAKS).await;
    assert_eq!(gaps(&app, "").await["gaps"][0]["customers"], 4);
    objects.post("consent", json!({ "opt_out": true })).await;
    assert_eq!(gaps(&app, "").await["gaps"][0]["customers"], 3);
    let url = format!("{}/v1/conversations/{}", app.address, second.id);
    let erased = app.client.delete(&url).bearer_auth(&second.token).send().await.unwrap();
    assert_eq!(erased.status(), 200);
    let nothing = gaps(&app, "").await;
    assert_eq!(nothing["gaps"], json!([]), "{nothing}");
}

#[tokio::test(flavor = "multi_thread")]
async fn editors_decide_and_their_word_is_remembered() {
    let app = app().await;
    for _ in 0..3 {
        ask(&app, KAYAKS).await;
    }
    assert_eq!(app.get("/v1/admin/gaps").await.status(), 401);
    let (agent, editor) = (
        Staff::come(&app, "anna", AgentRole::Agent).await,
        Staff::come(&app, "egon", AgentRole::Editor).await,
    );
    let found: Value = agent.get("/v1/admin/gaps").await.json().await.unwrap();
    let id = found["gaps"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/admin/gaps/{id}");
    let verdict = |name: &str| json!({ "verdict": name });
    assert_eq!(agent.post(&path, verdict("resolved")).await.status(), 403);
    assert_eq!(editor.post(&path, verdict("nonsense")).await.status(), 422);
    assert_eq!(editor.post("/v1/admin/gaps/000000000000", verdict("open")).await.status(), 404);

    assert_eq!(editor.post(&path, verdict("dismissed")).await.status(), 204);
    ask(&app, KAYAKS).await;
    let found = gaps(&app, "").await;
    assert_eq!((&found["gaps"], &found["dismissed"][0]["customers"]), (&json!([]), &json!(4)));
    let page = editor.get("/gaps").await.text().await.unwrap();
    assert!(page.contains("Dismissed") && page.contains("Show again"), "{page}");
    assert!(!agent.get("/gaps").await.text().await.unwrap().contains("Show again"));

    assert_eq!(editor.post(&path, verdict("resolved")).await.status(), 204);
    let found = gaps(&app, "").await;
    assert_eq!((&found["gaps"], &found["resolved"]), (&json!([]), &json!(4)), "{found}");

    // The buttons of the page; without the session's CSRF token they do nothing.
    let client = &app.client;
    let form = |csrf: &str| {
        client
            .post(format!("{}/gaps", app.address))
            .header("Cookie", &editor.cookie)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(format!("csrf={csrf}&id={id}&verdict=open"))
    };
    assert_eq!(form("guess").send().await.unwrap().status(), 403);
    // What is resolved altogether is no subject that could be named any more.
    assert_eq!(form(&editor.csrf).send().await.unwrap().status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_helped_is_suggested_from_three_customers_on() {
    let app = spawn_app(|settings| {
        let own = vec!["Where is my parcel?".to_owned()];
        settings.site.suggestions = [("en".to_owned(), own)].into();
    })
    .await;
    let mut answers = Vec::new();
    for _ in 0..3 {
        let customer = Customer::begin(&app).await;
        let (_, answer) = customer.say("How long does a refund take?").await;
        assert_eq!(answer["outcome"], "answered", "{answer}");
        let helpful = json!({ "seq": answer["seq"], "helpful": true });
        assert_eq!(customer.post("feedback", helpful).await.status(), 204);
        answers.push(answer);
    }
    // Counted at the first look, and kept for some minutes.
    let site: Value = app.get("/v1/site?locale=en").await.json().await.unwrap();
    let shown = site["suggestions"].as_array().unwrap();
    assert_eq!(shown[0], "Where is my parcel?", "the company's own come first: {site}");
    assert!(shown.contains(&json!("How long does a refund take?")), "{shown:?} {answers:?}");
    assert!(shown.len() <= 3, "{shown:?}");
    let latvian: Value = app.get("/v1/site?locale=lv").await.json().await.unwrap();
    assert_eq!(latvian["suggestions"], json!([]), "{latvian}");
}

#[tokio::test(flavor = "multi_thread")]
async fn spreadsheets_and_the_command_show_the_same() {
    let app = app().await;
    for _ in 0..3 {
        ask(&app, KAYAKS).await;
    }
    let list = |query: &str| app.client.get(format!("{}/v1/admin/gaps{query}", app.address));
    let csv = list("").bearer_auth(TOKEN).header("Accept", "text/csv").send().await.unwrap();
    assert!(csv.headers()["content-type"].to_str().unwrap().starts_with("text/csv"));
    let csv = csv.text().await.unwrap();
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert!(csv.lines().nth(1).unwrap().contains("\"3\",\"3\""), "{csv}");
    let named = list("?format=csv&days=7").bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(named.text().await.unwrap(), csv);
    for wrong in ["?k=2", "?days=0", "?format=xml", "?kk=1"] {
        assert_eq!(list(wrong).bearer_auth(TOKEN).send().await.unwrap().status(), 400, "{wrong}");
    }

    let found = gaps(&app, "").await;
    let data = app.folder.path().join("data");
    let data = data.to_str().unwrap();
    let command = |more: &[&str]| {
        let output = run(&[&["gaps", "--data", data], more].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    assert_eq!(command(&["--format", "csv"]), csv);
    let json: Value = serde_json::from_str(&command(&["--format", "json"])).unwrap();
    assert_eq!(json["gaps"][0]["id"], found["gaps"][0]["id"], "{json}");
    let id = json["gaps"][0]["id"].as_str().unwrap();
    let table = command(&["--dismiss", id]);
    assert!(table.contains("1 subjects are dismissed"), "{table}");
    assert_eq!(gaps(&app, "").await["gaps"], json!([]), "the server knows");
    assert!(command(&["--reopen", id]).contains("kayak"));
    assert!(!run(&["gaps", "--data", data, "--resolve", "x"]).status.success());
}
