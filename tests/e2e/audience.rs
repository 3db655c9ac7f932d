//! Articles for customers: found by whoever proves who they are, and by nobody else; agents are suggested what
//! the customer may read. And no article is shown to a reader whom it is no longer for.

use indexer::catalog::{Catalog, Change, SqliteCatalog};
use indexer::model::{Audience, DocPath, Generation};
use indexer::publish::CATALOG_FILE;
use serde_json::{Value, json};
use server::domain::AgentRole;
use server::privacy::Secret;

use crate::support::app::start_app;
use crate::support::identity::{SECRET, claims, signed, token};
use crate::support::people::{Customer, Staff};
use crate::support::{TestApp, articles};

const CIRCLE: &str = "---\ntitle: Aurora circle\naudience: customer\n---\n\n# Aurora circle\n\n\
    Members of the Aurora circle get the badge zyxqaurora after three orders.\n";
const BADGES: &str =
    "# Badges\n\nAll badges are sewn in Cesis. See [those of members](circle.md).\n";
const QUESTION: &str = "Which badge do members of the Aurora circle get after three orders?";
const SECRET_WORD: &str = "zyxqaurora";

/// The small base with an article for customers; it does not follow its folder.
async fn app() -> TestApp {
    let change = |s: &mut server::settings::Settings| {
        s.identity.secret = Some(Secret::new(SECRET));
        s.indexer.watch.enabled = false;
    };
    let app = start_app(change, |kb| {
        articles::write(kb);
        fs_err::write(kb.join("help/en/circle.md"), CIRCLE).unwrap();
        fs_err::write(kb.join("help/en/badges.md"), BADGES).unwrap();
    })
    .await;
    app.until_ready().await;
    app
}

/// Status and text of a call, with a proof or without.
async fn call(
    app: &TestApp,
    path: &str,
    proof: Option<&str>,
    body: Option<Value>,
) -> (u16, String) {
    let url = format!("{}{path}", app.address);
    let request = match body {
        Some(body) => app.client.post(url).json(&body),
        None => app.client.get(url),
    };
    let request = match proof {
        Some(proof) => request.header("Atbilde-Identity", proof),
        None => request,
    };
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

fn question(conversation: Option<&str>) -> Option<Value> {
    Some(json!({ "question": QUESTION, "conversation_id": conversation }))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_article_for_customers_answers_those_who_are_known_and_nobody_else() {
    let app = app().await;
    let (jane, john) = (token("4711"), token("4712"));
    let asked = || Some(json!({ "messages": [{ "role": "user", "content": QUESTION }] }));

    // Twice, so that nothing that one of them left behind is given to the other.
    for _ in 0..2 {
        for (path, body) in [
            ("/v1/ask", question(None)),
            ("/v1/chat/completions", asked()),
            ("/v1/search?q=aurora+circle+badge&limit=50", None),
        ] {
            let (status, seen) = call(&app, path, Some(&jane), body.clone()).await;
            assert!(status == 200 && seen.contains(SECRET_WORD), "{path}: {seen}");
            let (status, seen) = call(&app, path, None, body).await;
            let hidden = !seen.contains(SECRET_WORD) && !seen.contains("help/en/circle");
            assert!(status == 200 && hidden, "{path}: {seen}");
        }
    }

    // A conversation is a customer's own once it was proven; a guest's never is, and another's is closed.
    let (_, begun) = call(&app, "/v1/ask", Some(&john), question(None)).await;
    let begun: Value = serde_json::from_str(&begun).unwrap();
    let id = begun["conversation_id"].as_str().unwrap();
    let url = format!("{}/v1/conversations/{id}/messages", app.address);
    let opened = begun["conversation_token"].as_str().unwrap();
    let said = app.client.post(url).bearer_auth(opened).json(&json!({ "text": QUESTION }));
    assert!(said.send().await.unwrap().text().await.unwrap().contains(SECRET_WORD));
    for (proof, status) in [(Some(jane.as_str()), 409), (None, 409)] {
        let (got, seen) = call(&app, "/v1/ask", proof, question(Some(id))).await;
        assert!(got == status && !seen.contains(SECRET_WORD), "{seen}");
    }
    let guest = Customer::begin(&app).await;
    let (status, seen) = guest.say(QUESTION).await;
    assert_eq!(status, 200);
    for seen in [seen, guest.show().await] {
        assert!(!seen.to_string().contains(SECRET_WORD), "{seen}");
        assert!(!seen.to_string().contains("help/en/circle"), "{seen}");
    }
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_article_for_customers_opens_with_a_proof_alone() {
    let app = app().await;
    let jane = token("4711");
    let forged =
        signed(&json!({ "alg": "HS256" }), &claims("4711"), "another secret of some length");
    for _ in 0..2 {
        let (status, seen) = call(&app, "/v1/articles/circle", Some(&jane), None).await;
        assert!(status == 200 && seen.contains(SECRET_WORD), "{seen}");
        assert!(seen.contains("\"url\":\"\""), "it has no page: {seen}");
        assert_eq!(call(&app, "/v1/articles/circle", None, None).await.0, 404);
        assert_eq!(call(&app, "/v1/articles/circle", Some(&forged), None).await.0, 401);
        // A page of the help center knows nobody.
        assert_eq!(call(&app, "/kb/circle", Some(&jane), None).await.0, 404);
        // What an article links to is decided for each reader.
        let (_, seen) = call(&app, "/v1/articles/badges", Some(&jane), None).await;
        assert!(seen.contains("\"/v1/articles/circle\"") && !seen.contains("/kb/circle"), "{seen}");
        for path in ["/v1/articles/badges", "/kb/badges"] {
            let (status, seen) = call(&app, path, None, None).await;
            assert!(status == 200 && seen.contains("those of members"), "{seen}");
            assert!(!seen.contains("/circle"), "{seen}");
        }
    }
    let kept = async |proof: &str| {
        let request = app.client.get(format!("{}/v1/articles/returns", app.address));
        let response = request.header("Atbilde-Identity", proof).send().await.unwrap();
        let vary: Vec<_> = response.headers().get_all("vary").iter().cloned().collect();
        assert!(vary.iter().any(|v| v == "Atbilde-Identity"), "{vary:?}");
        response.headers()["cache-control"].to_str().unwrap().to_owned()
    };
    assert_eq!(kept(&jane).await, "no-store");
    assert_eq!(kept("").await, "no-cache");
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cited_of_an_article_for_customers_leads_to_no_page() {
    let app = app().await;
    let jane = token("4711");
    let (_, said) = call(&app, "/v1/ask", Some(&jane), question(None)).await;
    let said: Value = serde_json::from_str(&said).unwrap();
    let (_, found) = call(&app, "/v1/search?q=aurora+circle+badge", Some(&jane), None).await;
    let found: Value = serde_json::from_str(&found).unwrap();
    for all in [&said["citations"], &found["hits"]] {
        let all = all.as_array().unwrap();
        let one = all.iter().find(|c| c["path"] == "help/en/circle.md").unwrap();
        assert_eq!((&one["title"], &one["url"]), (&json!("Aurora circle"), &json!("")), "{one}");
        let words = one["quote"].as_str().or(one["text"].as_str()).unwrap();
        assert!(words.contains(SECRET_WORD), "{one}");
        // What it names opens for its reader alone.
        let article = one["article"].as_str().unwrap().split('#').next().unwrap();
        assert_eq!(call(&app, article, Some(&jane), None).await.0, 200, "{article}");
        assert_eq!(call(&app, article, None, None).await.0, 404, "{article}");
        let others = all.iter().filter(|c| c["path"] != "help/en/circle.md");
        for other in others {
            let page = other["url"].as_str().unwrap().split('#').next().unwrap();
            assert_eq!(call(&app, page, None, None).await.0, 200, "{other}");
        }
    }
    // OpenAI's clients make a link of every address.
    let asked = Some(json!({ "messages": [{ "role": "user", "content": QUESTION }] }));
    let (_, chat) = call(&app, "/v1/chat/completions", Some(&jane), asked).await;
    let chat: Value = serde_json::from_str(&chat).unwrap();
    let annotations = chat["choices"][0]["message"]["annotations"].as_array().unwrap();
    let urls = annotations.iter().map(|a| &a["url_citation"]["url"]);
    for url in urls.chain(chat["citations"].as_array().unwrap()) {
        let url = url.as_str().unwrap();
        assert!(url.contains("/kb/") && !url.contains("circle"), "{chat}");
    }
    let quoted = chat["atbilde"]["citations"].to_string();
    assert!(quoted.contains(SECRET_WORD), "{chat}");
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_suggested_what_the_customer_may_read_and_no_more() {
    let app = app().await;
    let agent = Staff::come(&app, "anna", AgentRole::Agent).await;
    let suggested = async |id: &str| -> String {
        agent.act(id, "take", json!({})).await;
        let path = format!("/v1/inbox/conversations/{id}/suggestion");
        agent.get(&path).await.text().await.unwrap()
    };
    let jane = token("4711");
    let (_, begun) = call(&app, "/v1/ask", Some(&jane), question(None)).await;
    let begun: Value = serde_json::from_str(&begun).unwrap();
    let known = begun["conversation_id"].as_str().unwrap();
    let seen = suggested(known).await;
    // The agent sends it as it is: no address of a page that is not there.
    assert!(seen.contains(SECRET_WORD) && !seen.contains("/kb/circle"), "{seen}");

    let guest = Customer::begin(&app).await;
    assert_eq!(guest.say(QUESTION).await.0, 200);
    let seen = suggested(&guest.id).await;
    assert!(seen.contains("\"suggestion\"") && !seen.contains(SECRET_WORD), "{seen}");
    assert!(!seen.contains("help/en/circle"), "{seen}");

    // A guest who proves who they are is a customer from then on.
    let url = format!("{}/v1/conversations/{}", app.address, guest.id);
    let proven = app.client.get(url).bearer_auth(&guest.token).header("Atbilde-Identity", &jane);
    assert_eq!(proven.send().await.unwrap().status(), 200);
    let seen = suggested(&guest.id).await;
    assert!(seen.contains(SECRET_WORD), "{seen}");

    // Of a customer who was erased nothing is known.
    let erase = app.client.delete(format!("{}/v1/me", app.address));
    let erased = erase.header("Atbilde-Identity", &jane).send().await.unwrap();
    assert_eq!(erased.status(), 200);
    for id in [known, guest.id.as_str()] {
        let seen = suggested(id).await;
        assert!(seen.contains("not_found") && !seen.contains(SECRET_WORD), "{seen}");
    }
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_article_that_was_hidden_is_gone_before_the_search_knows_of_it() {
    let app = app().await;
    let hidden = ["/kb/repair", "/v1/articles/repair", "/kb/tracking", "/v1/articles/tracking"];
    for path in hidden {
        assert_eq!(app.get(path).await.status(), 200, "{path}");
    }
    // Another process publishes: one article for colleagues now, the other a draft again.
    let file = app.folder.path().join("data").join(CATALOG_FILE);
    let catalog = SqliteCatalog::open(&file).await.unwrap();
    let latest = catalog.latest().await.unwrap().unwrap();
    let generation = Generation(latest.generation.0 + 1);
    let mut upsert = Vec::new();
    for path in ["help/en/repair.md", "help/en/tracking.md"] {
        let mut document = catalog.document(&DocPath::new(path)).await.unwrap().unwrap();
        document.version = generation;
        document.body.push_str("\nThe word is zyxqhidden.\n");
        upsert.push(document);
    }
    upsert[0].meta.audience = Audience::Internal;
    upsert[1].meta.draft = true;
    let change = Change {
        generation,
        fingerprint: &latest.fingerprint,
        upsert,
        remove: Vec::new(),
        add: Vec::new(),
        retire: Vec::new(),
        added: 0,
        changed: 2,
        retired: 0,
        embedded: 0,
    };
    catalog.commit(&change).await.unwrap();
    catalog.close().await;

    assert_eq!(app.search("q=zip+repair").await["index_generation"], latest.generation.0);
    for path in hidden {
        let response = app.get(path).await;
        assert_eq!(response.status(), 404, "{path}");
        assert!(!response.text().await.unwrap().contains("zyxqhidden"), "{path}");
    }
    assert_eq!(app.get("/kb/returns").await.status(), 200);
    app.stop().await.unwrap();
}
