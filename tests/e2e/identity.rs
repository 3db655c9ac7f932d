//! Customers who prove who they are: their conversations are theirs on every device, nobody else's proof
//! is taken, and what they decide holds in all of them.

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use server::domain::AgentRole;
use server::privacy::{Receipt, Secret};

use crate::support::identity::{SECRET, claims, now, signed, token};
use crate::support::people::{Customer, Staff};
use crate::support::{TestApp, spawn_app};

const EMAIL: &str = "jane.kalnina@mail.example";

async fn app() -> TestApp {
    spawn_app(|settings| {
        settings.identity.secret = Some(Secret::new(SECRET));
        settings.identity.old_secret = Some(Secret::new("the secret before this one, long enough"));
        settings.server.admin_token = Some(Secret::new("operator's token"));
    })
    .await
}

/// A call with a proof; status and object.
async fn call(app: &TestApp, method: &str, path: &str, proof: &str, body: Value) -> (u16, Value) {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let request = app.client.request(method, format!("{}{path}", app.address));
    let request = request.header("Atbilde-Identity", proof);
    let request = if body.is_null() { request } else { request.json(&body) };
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap_or_default())
}

/// Begins a conversation with a proof; id and token.
async fn begin(app: &TestApp, proof: &str) -> (String, String) {
    let (status, begun) = call(app, "POST", "/v1/conversations", proof, json!({})).await;
    assert_eq!(status, 201, "{begun}");
    let text = |name: &str| begun[name].as_str().unwrap().to_owned();
    (text("conversation_id"), text("token"))
}

async fn say(app: &TestApp, (id, token): &(String, String), text: &str) -> Value {
    let url = format!("{}/v1/conversations/{id}/messages", app.address);
    let request = app.client.post(url).bearer_auth(token).json(&json!({ "text": text }));
    request.send().await.unwrap().json().await.unwrap()
}

fn own(me: &Value) -> Vec<&str> {
    let all = me["conversations"].as_array().unwrap().iter();
    all.map(|c| c["conversation_id"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_finds_their_conversations_on_another_device_and_nobody_elses() {
    let app = app().await;
    let jane = token("4711");
    let phone = begin(&app, &jane).await;
    let laptop = begin(&app, &jane).await;
    begin(&app, &token("4712")).await;
    say(&app, &phone, "How long does a refund take?").await;
    let (status, me) = call(&app, "GET", "/v1/me", &jane, Value::Null).await;
    assert_eq!(status, 200, "{me}");
    assert_eq!(own(&me), [phone.0.as_str(), laptop.0.as_str()], "the last active first");
    // The token of the list opens the conversation.
    let token = me["conversations"][0]["token"].as_str().unwrap();
    let url = format!("{}/v1/conversations/{}", app.address, phone.0);
    let shown = app.client.get(&url).bearer_auth(token).send().await.unwrap();
    let shown: Value = shown.json().await.unwrap();
    assert!(shown["messages"][0]["text"].as_str().unwrap().contains("refund"), "{shown}");

    // A guest who logs in later takes the conversation along; then it is nobody else's.
    let guest = Customer::begin(&app).await;
    let path = format!("/v1/conversations/{}", guest.id);
    let with = |proof: String| {
        let request = app.client.get(format!("{}{path}", app.address)).bearer_auth(&guest.token);
        request.header("Atbilde-Identity", proof).send()
    };
    assert_eq!(with(jane.clone()).await.unwrap().status(), 200);
    let foreign = with(crate::support::identity::token("4712")).await.unwrap();
    assert_eq!(foreign.status(), 403);
    let (_, me) = call(&app, "GET", "/v1/me", &jane, Value::Null).await;
    assert_eq!(own(&me).len(), 3);
    // Over /v1/ask as well.
    let asked = json!({ "question": "How long does a refund take?" });
    let (status, answer) = call(&app, "POST", "/v1/ask", &jane, asked.clone()).await;
    assert_eq!(status, 200, "{answer}");
    let (_, me) = call(&app, "GET", "/v1/me", &jane, Value::Null).await;
    assert!(own(&me).contains(&answer["conversation_id"].as_str().unwrap()), "{me}");
    let mut follow_up = asked;
    follow_up["conversation_id"] = answer["conversation_id"].clone();
    let foreign = crate::support::identity::token("4712");
    assert_eq!(call(&app, "POST", "/v1/ask", &foreign, follow_up.clone()).await.0, 409);
    assert_eq!(call(&app, "POST", "/v1/ask", &jane, follow_up.clone()).await.0, 200);
    // The id of a guest's conversation, which others see too, is no claim to it.
    let stranger = Customer::begin(&app).await;
    follow_up["conversation_id"] = json!(stranger.id);
    assert_eq!(call(&app, "POST", "/v1/ask", &jane, follow_up).await.0, 409);
    let (_, me) = call(&app, "GET", "/v1/me", &jane, Value::Null).await;
    assert!(!own(&me).contains(&stranger.id.as_str()), "{me}");
}

#[tokio::test(flavor = "multi_thread")]
async fn proofs_that_prove_nothing_are_refused_with_their_reason() {
    let app = app().await;
    let hs256 = json!({ "alg": "HS256", "typ": "JWT" });
    let changed = |key: &str, value: Value| {
        let mut claims = claims("4711");
        claims[key] = value;
        signed(&hs256, &claims, SECRET)
    };
    let unsigned = signed(&json!({ "alg": "none" }), &claims("4711"), SECRET);
    let unsigned = format!("{}.", unsigned.rsplit_once('.').unwrap().0);
    for (proof, said) in [
        (unsigned, "only HS256"),
        (signed(&json!({ "alg": "HS512" }), &claims("4711"), SECRET), "only HS256"),
        (signed(&hs256, &claims("4711"), "some other secret, also long enough"), "not signed"),
        (changed("aud", json!("another-shop")), "another site"),
        (changed("exp", json!(now() - 1)), "expired"),
        (changed("exp", Value::Null), "`exp`"),
        (changed("exp", json!(now() + 40 * 86_400)), "1440 minutes"),
        (changed("iat", json!(now() + 3600)), "clocks"),
        (changed("sub", Value::Null), "`sub`"),
        ("nonsense".to_owned(), "three parts"),
    ] {
        for (method, path) in
            [("GET", "/v1/me"), ("POST", "/v1/conversations"), ("DELETE", "/v1/me")]
        {
            let body = if method == "POST" { json!({}) } else { Value::Null };
            let (status, problem) = call(&app, method, path, &proof, body).await;
            assert_eq!((status, problem["code"].as_str()), (401, Some("identity_refused")));
            assert!(problem["detail"].as_str().unwrap().contains(said), "{said}: {problem}");
        }
        let asked = json!({ "question": "How long does a refund take?" });
        assert_eq!(call(&app, "POST", "/v1/ask", &proof, asked).await.0, 401);
    }
    assert_eq!(app.get("/v1/me").await.status(), 401);
    let before = signed(&hs256, &claims("4711"), "the secret before this one, long enough");
    assert_eq!(call(&app, "GET", "/v1/me", &before, Value::Null).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_secret_takes_no_proof() {
    let app = spawn_app(|_| {}).await;
    let (status, problem) = call(&app, "GET", "/v1/me", &token("4711"), Value::Null).await;
    assert_eq!(status, 401);
    assert!(problem["detail"].as_str().unwrap().contains("identity.secret"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn name_and_address_are_originals_in_the_vault_and_placeholders_elsewhere() {
    let app = app().await;
    let jane = begin(&app, &token("customer-4711-x")).await;
    say(&app, &jane, &format!("Let me talk to a human, I am {EMAIL}")).await;
    let agent = Staff::come(&app, "anna", AgentRole::Agent).await;
    let path = format!("/v1/inbox/conversations/{}", jane.0);
    let seen: Value = agent.get(&path).await.json().await.unwrap();
    assert_eq!(seen["customer"]["name"], "[PERSON_1]", "{seen}");
    assert_eq!(seen["customer"]["email"], "[EMAIL_1]", "{seen}");
    assert_eq!(seen["customer"]["id"], "[CUSTOMER_ID_1]", "{seen}");
    assert_eq!(seen["tickets"][0]["contact"], "[EMAIL_1]", "a proven address need not be left");
    assert!(seen["messages"][0]["text"].as_str().unwrap().ends_with("[EMAIL_1]"), "{seen}");
    agent.act(&jane.0, "take", json!({})).await;
    for (placeholder, original) in
        [("[PERSON_1]", "Jane Kalnina"), ("[CUSTOMER_ID_1]", "customer-4711-x")]
    {
        let (status, shown) =
            agent.act(&jane.0, "reveal", json!({ "placeholder": placeholder })).await;
        assert_eq!((status, shown["original"].as_str()), (200, Some(original)), "{shown}");
    }
    for entry in walkdir::WalkDir::new(app.folder.path().join("data")) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let bytes = fs_err::read(entry.path()).unwrap();
            for needle in ["Kalnina", EMAIL, "customer-4711-x"] {
                let found = bytes.windows(needle.len()).any(|w| w == needle.as_bytes());
                assert!(!found, "{needle} in {}", entry.path().display());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_exports_and_erases_everything_of_theirs() {
    let app = app().await;
    let (jane, john) = (token("4711"), token("4712"));
    let first = begin(&app, &jane).await;
    let second = begin(&app, &jane).await;
    let other = begin(&app, &john).await;
    for conversation in [&first, &second, &other] {
        say(&app, conversation, "How long does a refund take?").await;
    }
    let (status, export) = call(&app, "GET", "/v1/me/export", &jane, Value::Null).await;
    assert_eq!((status, export["conversations"].as_array().unwrap().len()), (200, 2), "{export}");
    let text = export.to_string();
    assert!(text.contains(EMAIL) && text.contains("ai_disclosure"), "{text}");
    assert!(!text.contains(&other.0), "{text}");

    let (status, erased) = call(&app, "DELETE", "/v1/me", &jane, Value::Null).await;
    let receipts = erased["receipts"].as_array().unwrap();
    assert_eq!((status, receipts.len(), &erased["held"]), (200, 2, &json!([])), "{erased}");
    for receipt in receipts {
        Receipt::verify(receipt.as_str().unwrap().as_bytes(), None).unwrap();
    }
    let (_, me) = call(&app, "GET", "/v1/me", &jane, Value::Null).await;
    assert_eq!(me["conversations"], json!([]));
    let (_, me) = call(&app, "GET", "/v1/me", &john, Value::Null).await;
    assert_eq!(own(&me).len(), 1, "another customer keeps theirs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_wants_no_machine_gets_a_person_in_every_conversation() {
    let app = app().await;
    let jane = token("4711");
    let refuse = json!({ "automated_answers": false });
    assert_eq!(call(&app, "POST", "/v1/me/consent", &jane, refuse.clone()).await.0, 404);
    let first = begin(&app, &jane).await;
    assert_eq!(say(&app, &first, "How long does a refund take?").await["outcome"], "answered");
    assert_eq!(call(&app, "POST", "/v1/me/consent", &jane, refuse).await.0, 204);
    let next = begin(&app, &jane).await;
    for conversation in [&first, &next] {
        let answer = say(&app, conversation, "What does a return cost?").await;
        assert_eq!(answer["reason"], "customer_requested", "{answer}");
        assert!(answer["ticket"].as_str().unwrap().starts_with("T-"));
    }
    let (_, me) = call(&app, "GET", "/v1/me", &jane, Value::Null).await;
    assert_eq!(me["objections"], json!({ "opt_out": false, "automated_answers": false }), "{me}");
    // An operator records it for somebody who called.
    let guest = Customer::begin(&app).await;
    let url = format!("{}/v1/admin/conversations/{}/consent", app.address, guest.id);
    let record = |token: &'static str| {
        let body = json!({ "automated_answers": false, "opt_out": true });
        app.client.post(&url).bearer_auth(token).json(&body).send()
    };
    assert_eq!(record("guess").await.unwrap().status(), 401);
    assert_eq!(record("operator's token").await.unwrap().status(), 204);
    assert_eq!(guest.say("What does a return cost?").await.1["outcome"], "handed_off");
    let shown = guest.show().await;
    assert_eq!(shown["objections"], json!({ "opt_out": true, "automated_answers": false }));
}

/// The examples of docs/widget.md that make a token, with their programs.
fn examples() -> Vec<(&'static str, String)> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/widget.md");
    let text = fs_err::read_to_string(file).unwrap();
    let mut found = Vec::new();
    for part in text.split("\n```").skip(1).step_by(2) {
        let (language, code) = part.split_once('\n').unwrap();
        let program = match language {
            "php" => "php",
            "python" => "python3",
            "js" if code.contains("createHmac") => "node",
            _ => continue,
        };
        found.push((program, code.to_owned()));
    }
    assert_eq!(found.len(), 3, "PHP, Python and Node");
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_that_makes_a_token_makes_a_good_one() {
    let app = app().await;
    let mut ran = 0;
    for (program, code) in examples() {
        let there = Command::new(program)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success());
        if !there {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let extension = match program {
            "php" => "php",
            "python3" => "py",
            _ => "mjs",
        };
        let file = folder.path().join(format!("example.{extension}"));
        fs_err::write(&file, code).unwrap();
        let run = Command::new(program).arg(&file).env("IDENTITY_SECRET", SECRET).output().unwrap();
        let made = String::from_utf8_lossy(&run.stdout).trim().to_owned();
        let errors = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "{program}: {errors}");
        let (status, begun) = call(&app, "POST", "/v1/conversations", &made, json!({})).await;
        assert_eq!(status, 201, "{program}: {begun}");
        ran += 1;
    }
    assert!(ran > 0, "neither php nor python3 nor node is installed");
}
