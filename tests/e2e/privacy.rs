//! Personal data, end to end: a canary person goes through every door of the running server, and is looked
//! for in every byte of its data folder; then exported, revealed to whom it may be, and erased.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use server::domain::AgentRole;
use server::privacy::{Receipt, Secret};

use crate::support::people::{Customer, Staff};
use crate::support::{TestApp, absent_receiver, spawn_app};

const EMAIL: &str = "canary.kalnina@example.org";

/// Kinds of personal data, each in some spellings.
const CANARIES: [(&str, &[&str]); 11] = [
    (
        "my e-mail is {}",
        &[EMAIL, "Canary.Kalnina@Example.org", "canary.kalnina (at) example (dot) org"],
    ),
    ("call me at {}", &["+371 26 123 456", "+371-26-123-456", "0037126123456"]),
    ("my IBAN is {}", &["LV80BANK0000435195001", "LV80 BANK 0000 4351 9500 1"]),
    ("my card is {}", &["4111 1111 1111 1111", "4111-1111-1111-1111", "4111111111111111"]),
    ("my personas kods is {}", &["161175-19997", "16117519997"]),
    ("my address is {} I think", &["203.0.113.77", "2001:db8:85a3::8a2e:370:7334"]),
    ("the router has {}", &["00:1A:2B:3C:4D:5E", "00-1A-2B-3C-4D-5E"]),
    ("the key is {}", &["AKIAIOSFODNN7EXAMPLE", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"]),
    ("I paid from {}", &["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"]),
    ("the link is {}", &["https://shop.example/reset?token=a8f5f167f44f4964e6c998dee827110c"]),
    ("my name is {}", &["Canaria Vanagkalnina"]),
];

fn spellings() -> impl Iterator<Item = (String, &'static str)> {
    CANARIES
        .iter()
        .flat_map(|(sentence, all)| all.iter().map(|one| (sentence.replace("{}", one), *one)))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect()
}

/// Files of the data folder that hold one of the needles.
fn hits(app: &TestApp, needles: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files(&app.folder.path().join("data")) {
        let bytes = fs_err::read(&file).unwrap();
        for needle in needles {
            if bytes.windows(needle.len()).any(|window| window == needle.as_bytes()) {
                found.push(format!("{}: {needle}", file.display()));
            }
        }
    }
    found
}

/// An application that tells a receiver which is not there.
async fn app() -> TestApp {
    spawn_app(|settings| {
        settings.access.limits.visitor_per_minute = 1000;
        settings.access.limits.address_per_minute = 1000;
        settings.server.admin_token = Some(Secret::new("operator's token"));
        settings.webhooks.timeout_s = 1;
        settings.webhooks.endpoints = vec![absent_receiver()];
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_holds_a_canary_whichever_door_it_came_through() {
    let app = app().await;
    let customer = Customer::begin(&app).await;
    let client = &app.client;
    for (sentence, _) in spellings() {
        customer.say(&sentence).await;
        let ask = client.post(format!("{}/v1/ask", app.address));
        ask.json(&json!({ "question": sentence })).send().await.unwrap();
    }
    let stream = client
        .post(format!("{}/v1/ask", app.address))
        .header("Accept", "text/event-stream")
        .json(&json!({ "question": format!("How long does a refund to {EMAIL} take?") }));
    let transcript = stream.send().await.unwrap().text().await.unwrap();
    assert!(transcript.contains("event: "), "{transcript}");
    let comment = format!("slow, write to {EMAIL}");
    customer.post("feedback", json!({ "rating": 2, "comment": comment })).await;
    customer.post("handoff", json!({ "email": EMAIL, "note": comment })).await;
    customer.say(&comment).await;

    let needles: Vec<&str> = spellings().map(|(_, needle)| needle).collect();
    assert_eq!(hits(&app, &needles), Vec::<String>::new());
    assert!(!hits(&app, &["[EMAIL_1]"]).is_empty(), "the search finds what is there");
    for path in ["/metrics", "/v1/conversations", "/openapi.json"] {
        let text = app.get(path).await.text().await.unwrap();
        assert!(!needles.iter().any(|needle| text.contains(needle)), "{path}");
    }
    // The customer sees their own words.
    let shown = customer.show().await.to_string();
    assert!(shown.contains(&comment) && shown.contains("+371 26 123 456"), "{shown}");
    assert!(!shown.contains("[EMAIL_1]"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_sees_placeholders_until_they_have_the_conversation() {
    let app = app().await;
    let (customer, other) = (Customer::begin(&app).await, Customer::begin(&app).await);
    let agent = Staff::come(&app, "anna", AgentRole::Agent).await;
    let officer = Staff::come(&app, "olga", AgentRole::PrivacyOfficer).await;
    let editor = Staff::come(&app, "egon", AgentRole::Editor).await;
    customer.say("Let me talk to a human please").await;
    customer.say(&format!("I am {EMAIL}")).await;
    let path = format!("/v1/inbox/conversations/{}", customer.id);
    let seen = agent.get(&path).await.text().await.unwrap();
    assert!(seen.contains("[EMAIL_1]") && !seen.contains(EMAIL), "{seen}");

    let placeholder = json!({ "placeholder": "[EMAIL_1]" });
    assert_eq!(agent.act(&customer.id, "reveal", placeholder.clone()).await.0, 403);
    assert_eq!(editor.act(&customer.id, "reveal", placeholder.clone()).await.0, 403);
    assert_eq!(officer.act(&customer.id, "reveal", placeholder.clone()).await.0, 200);
    agent.act(&customer.id, "take", json!({})).await;
    let (status, revealed) = agent.act(&customer.id, "reveal", placeholder.clone()).await;
    assert_eq!((status, revealed["original"].as_str()), (200, Some(EMAIL)), "{revealed}");
    assert_eq!(agent.act(&other.id, "reveal", placeholder).await.0, 403);
    let nothing = json!({ "placeholder": "[EMAIL_9]" });
    assert_eq!(agent.act(&customer.id, "reveal", nothing).await.0, 404);

    assert_eq!(agent.get("/v1/admin/audit").await.status(), 403);
    let audit: Value = officer.get("/v1/admin/audit").await.json().await.unwrap();
    assert_eq!(audit["check"]["ok"], true, "{audit}");
    let looks = audit["entries"].as_array().unwrap().iter();
    assert_eq!(looks.filter(|e| e["action"] == "original.revealed").count(), 3);
    assert!(!audit.to_string().contains(EMAIL));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_exports_and_erases_their_own_conversation_and_no_other() {
    let app = app().await;
    let (customer, other) = (Customer::begin(&app).await, Customer::begin(&app).await);
    customer.say(&format!("I am {EMAIL}, zyxqcanary")).await;
    customer.say("Let me talk to a human please").await;
    let url = format!("{}/v1/conversations/{}", app.address, customer.id);
    let client = &app.client;

    assert_eq!(client.delete(&url).send().await.unwrap().status(), 401);
    let foreign = client.delete(&url).bearer_auth(&other.token).send().await.unwrap();
    assert_eq!(foreign.status(), 404);
    let foreign = client.get(format!("{url}/export")).bearer_auth(&other.token);
    assert_eq!(foreign.send().await.unwrap().status(), 404);

    let consent = customer.post("consent", json!({ "consent": true, "opt_out": true })).await;
    assert_eq!(consent.status(), 204);
    assert_eq!(customer.post("consent", json!({})).await.status(), 422);
    let export = client.get(format!("{url}/export")).bearer_auth(&customer.token);
    let export = export.send().await.unwrap();
    assert!(export.headers()["content-disposition"].to_str().unwrap().contains("attachment"));
    let export = export.text().await.unwrap();
    assert!(export.contains(EMAIL) && export.contains("opt_out"), "{export}");
    // What the customer was told of the machine, when, in which words and language.
    let stored: Value = serde_json::from_str(&export).unwrap();
    let told = &stored["records"][0];
    assert_eq!((&told["kind"], &told["locale"]), (&json!("ai_disclosure"), &json!("en")), "{told}");
    let site: Value = app.get("/v1/site?locale=en").await.json().await.unwrap();
    assert_eq!(told["text"], site["disclosure"], "{told}");
    let asked = app.ask(json!({ "question": "How long does a refund take?" })).await;
    let asked: Value = asked.json().await.unwrap();
    assert_eq!(asked["disclosure"]["version"], told["version"], "{asked}");
    let page = client.get(format!("{url}/export?format=html")).bearer_auth(&customer.token);
    let page = page.send().await.unwrap().text().await.unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains(EMAIL));

    let erased = client.delete(&url).bearer_auth(&customer.token).send().await.unwrap();
    assert_eq!(erased.status(), 200);
    let receipt = erased.text().await.unwrap();
    let checked = Receipt::verify(receipt.as_bytes(), None).unwrap();
    assert_eq!(checked.conversation_id, customer.id.replace('-', ""));
    assert_eq!(hits(&app, &[EMAIL, "zyxqcanary"]), Vec::<String>::new());
    let gone = client.get(&url).bearer_auth(&customer.token).send().await.unwrap();
    assert_eq!(gone.status(), 404);
    let again = customer.say(&format!("I am {EMAIL}")).await;
    assert_eq!(again.0, 404, "{}", again.1);
    let twice = client.delete(&url).bearer_auth(&customer.token).send().await.unwrap();
    assert_eq!(twice.text().await.unwrap(), receipt);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_and_the_officer_act_for_anybody_and_others_do_not() {
    let app = app().await;
    let customer = Customer::begin(&app).await;
    customer.say(&format!("I am {EMAIL}")).await;
    let agent = Staff::come(&app, "anna", AgentRole::Agent).await;
    let path = format!("/v1/admin/conversations/{}", customer.id);
    let url = format!("{}{path}", app.address);
    assert_eq!(app.get(&format!("{path}/export")).await.status(), 401);
    assert_eq!(agent.get(&format!("{path}/export")).await.status(), 403);
    let wrong = app.client.delete(&url).bearer_auth("guess").send().await.unwrap();
    assert_eq!(wrong.status(), 401);
    // A session without its CSRF token changes nothing.
    let officer = Staff::come(&app, "olga", AgentRole::PrivacyOfficer).await;
    let forged = app.client.delete(&url).header("Cookie", &officer.cookie).send().await.unwrap();
    assert_eq!(forged.status(), 403);
    let export = officer.get(&format!("{path}/export")).await.text().await.unwrap();
    assert!(export.contains(EMAIL));
    let erased = app.client.delete(&url).bearer_auth("operator's token").send().await.unwrap();
    assert_eq!(erased.status(), 200);
    assert_eq!(hits(&app, &[EMAIL]), Vec::<String>::new());
    let dry = officer.post("/v1/admin/retention?dry_run=true", json!({})).await;
    let dry: Value = dry.json().await.unwrap();
    assert_eq!(dry["dry_run"], true, "{dry}");
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_for_the_companys_people_and_name_nobody() {
    let app = app().await;
    let customer = Customer::begin(&app).await;
    customer.say("How long does a refund take?").await;
    customer.say("Let me talk to a human please").await;
    let agent = Staff::come(&app, "anna", AgentRole::Agent).await;
    assert_eq!(app.get("/v1/admin/figures").await.status(), 401);
    let figures: Value = agent.get("/v1/admin/figures").await.json().await.unwrap();
    assert_eq!(figures["handed_off"]["count"], 1, "{figures}");
    assert_eq!(figures["reasons"]["customer_requested"], 1, "{figures}");
    let page = agent.get("/dashboard").await.text().await.unwrap();
    assert!(page.contains("Contained") && page.contains("Asked for a person"), "{page}");
    assert_eq!(agent.get("/dashboard?days=0").await.status(), 400);
    let metrics = app.get("/metrics").await.text().await.unwrap();
    for line in [
        "atbilde_answers_total{outcome=\"handed_off\",reason=\"customer_requested\"} 1",
        "atbilde_conversations{state=\"waiting\"} 1",
        "atbilde_index_generation 1",
        "route=\"/v1/conversations/{id}/messages\"",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
    assert!(!metrics.contains(&customer.id));
}
