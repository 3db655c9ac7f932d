//! What an attacker tried in the security review and must not get again, one test a finding.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use serde_json::{Value, json};
use server::domain::AgentRole;
use server::privacy::Secret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::people::{Customer, PASSWORD, Staff};
use crate::support::{identity, spawn_app};
use crate::test_postgres::Database;

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_gets_nothing_of_a_note_by_writing_its_placeholders() {
    let app = spawn_app(|_| {}).await;
    let agent = Staff::come(&app, "anna", AgentRole::Agent).await;
    let customer = Customer::begin(&app).await;
    customer.say("Let me talk to a human please, I am own@example.org").await;
    agent.act(&customer.id, "take", json!({})).await;
    let note = "his wife is at +371 26 555 444, witness@example.org; he is own@example.org";
    let (_, noted) = agent.act(&customer.id, "note", json!({ "text": note })).await;
    let noted = noted["text"].as_str().unwrap();
    assert!(noted.contains("[NOTE_PHONE_1]") && noted.contains("[NOTE_EMAIL_1]"), "{noted}");
    assert!(noted.contains("he is [EMAIL_1]"), "the customer's own value is known: {noted}");
    let guesses = "[NOTE_PHONE_1] [NOTE_EMAIL_1] [PHONE_1] [EMAIL_1] [EMAIL_2]";
    let (_, echoed) = customer.say(guesses).await;
    let url = format!("{}/v1/conversations/{}/export", app.address, customer.id);
    let export = app.client.get(url).bearer_auth(&customer.token).send().await.unwrap();
    for seen in
        [echoed.to_string(), customer.show().await.to_string(), export.text().await.unwrap()]
    {
        assert!(!seen.contains("26 555 444") && !seen.contains("witness@"), "{seen}");
        assert!(seen.contains("own@example.org"), "{seen}");
    }
    let placeholder = json!({ "placeholder": "[NOTE_PHONE_1]" });
    let (status, revealed) = agent.act(&customer.id, "reveal", placeholder).await;
    assert_eq!((status, revealed["original"].as_str()), (200, Some("+371 26 555 444")));
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_assigns_themselves_the_conversation_of_a_colleague_who_is_there() {
    let app = spawn_app(|_| {}).await;
    let anna = Staff::come(&app, "anna", AgentRole::Agent).await;
    let berta = Staff::come(&app, "berta", AgentRole::Agent).await;
    let admin = Staff::come(&app, "carl", AgentRole::Admin).await;
    let customer = Customer::begin(&app).await;
    customer.post("handoff", json!({})).await;
    anna.post("/v1/inbox/presence", json!({ "presence": "online" })).await;
    anna.act(&customer.id, "take", json!({})).await;
    let to_berta = json!({ "agent": berta.id.to_string() });
    assert_eq!(berta.act(&customer.id, "assign", to_berta.clone()).await.0, 409);
    assert_eq!(admin.act(&customer.id, "assign", to_berta.clone()).await.0, 200);
    let to_anna = json!({ "agent": anna.id.to_string() });
    // Berta never said that she is there: Anna may go on in her place.
    assert_eq!(anna.act(&customer.id, "assign", to_anna).await.0, 200);
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_server_names_conversations_and_an_erased_one_stays_erased() {
    let app = spawn_app(|s| s.access.limits.visitor_per_minute = 4).await;
    let question = "How long is the warranty?";
    let ask = |id: &str| app.ask(json!({ "question": question, "conversation_id": id }));
    assert_eq!(ask("1b4e28ba-2fa1-11d2-883f-0016d3cca427").await.status(), 404);
    let customer = Customer::begin(&app).await;
    assert_eq!(ask(&customer.id).await.status(), 200);
    let url = format!("{}/v1/conversations/{}", app.address, customer.id);
    let erased = app.client.delete(&url).bearer_auth(&customer.token).send().await.unwrap();
    assert_eq!(erased.status(), 200);
    assert_eq!(ask(&customer.id).await.status(), 404);
    let shown = app.client.get(&url).bearer_auth(&customer.token).send().await.unwrap();
    assert_eq!(shown.status(), 404);
    // As many as the conversation's own messages.
    let limited = async { while ask(&customer.id).await.status() != 429 {} };
    tokio::time::timeout(Duration::from_secs(30), limited).await.unwrap();
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_does_not_come_is_a_time_out() {
    let app = spawn_app(|s| s.server.request_timeout_ms = 300).await;
    let address = app.address.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = "POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\
                Content-Type: application/x-www-form-urlencoded\r\n\r\nlogin=";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut reply = vec![0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut reply));
    let n = read.await.unwrap().unwrap();
    let reply = String::from_utf8_lossy(&reply[..n]);
    assert!(reply.starts_with("HTTP/1.1 408") && reply.contains("300 ms"), "{reply}");
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_form_of_a_neighbouring_site_has_no_effect() {
    let app = spawn_app(|_| {}).await;
    let _staff = Staff::come(&app, "anna", AgentRole::Agent).await;
    let policy = reqwest::redirect::Policy::none();
    let client = reqwest::Client::builder().redirect(policy).build().unwrap();
    for (site, status) in
        [("cross-site", 403), ("same-site", 403), ("same-origin", 303), ("none", 303)]
    {
        let request = client
            .post(format!("{}/login", app.address))
            .header("Sec-Fetch-Site", site)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(format!("login=anna&password={}", PASSWORD.replace(' ', "+")));
        assert_eq!(request.send().await.unwrap().status(), status, "{site}");
    }
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_trusted_proxy_says_under_which_name_the_server_is_reached() {
    let question = "How long does a refund take?";
    for (trusted, told) in [(Vec::new(), false), (vec!["127.0.0.0/8".to_owned()], true)] {
        let app = spawn_app(|s| s.access.trusted_proxies = trusted).await;
        let body = json!({ "messages": [{ "role": "user", "content": question }] });
        let request = app.client.post(format!("{}/v1/chat/completions", app.address));
        let request = request
            .header("X-Forwarded-Host", "help.example")
            .header("Forwarded", "host=evil.example;proto=https")
            .json(&body);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        let citations = answer["citations"].to_string();
        assert!(!citations.contains("evil.example") && citations.contains("http"), "{answer}");
        assert_eq!(citations.contains("http://help.example/"), told, "{citations}");
        app.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_token_does_not_take_all_connections() {
    let app = spawn_app(|s| s.access.limits.streams_per_conversation = 2).await;
    let (customer, other) = (Customer::begin(&app).await, Customer::begin(&app).await);
    let follow = |who: &Customer| {
        let url = format!("{}/v1/conversations/{}/events", app.address, who.id);
        app.client.get(url).bearer_auth(&who.token).send()
    };
    let (first, second) = (follow(&customer).await.unwrap(), follow(&customer).await.unwrap());
    assert_eq!((first.status().as_u16(), second.status().as_u16()), (200, 200));
    assert_eq!(first.headers()["cache-control"], "no-store");
    let third = follow(&customer).await.unwrap();
    assert_eq!(
        (third.status().as_u16(), &third.headers()["retry-after"]),
        (429, &"10".parse().unwrap())
    );
    assert_eq!(follow(&other).await.unwrap().status(), 200, "another customer is not touched");
    drop(first);
    // The server notices when it writes the next time, at the latest with a comment.
    customer.post("feedback", json!({ "rating": 5 })).await;
    let freed = async {
        while follow(&customer).await.unwrap().status() != 200 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), freed).await.unwrap();
    drop(second);
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_guesses_the_operators_token_waits() {
    let token = "a-token-of-the-operator";
    let app = spawn_app(|s| {
        s.server.admin_token = Some(Secret::new(token));
        s.access.trusted_proxies = vec!["127.0.0.0/8".to_owned()];
        s.access.limits.login_per_minute = 3;
    })
    .await;
    let index = |from: &str, token: &str| {
        let request = app.client.get(format!("{}/v1/admin/index", app.address));
        let request = request.header("X-Forwarded-For", from.to_owned()).bearer_auth(token);
        async move { request.send().await.unwrap().status().as_u16() }
    };
    let limited = async { while index("203.0.113.7", "guess").await != 429 {} };
    tokio::time::timeout(Duration::from_secs(30), limited).await.unwrap();
    assert_eq!(index("203.0.113.7", token).await, 429, "also with the right one");
    assert_eq!(index("203.0.113.8", token).await, 200, "another address is not touched");
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_somebody_who_is_logged_in_are_kept_nowhere() {
    let app = spawn_app(|_| {}).await;
    let admin = Staff::come(&app, "anna", AgentRole::Admin).await;
    for path in ["/inbox", "/dashboard", "/v1/admin/processing-record", "/v1/inbox/events"] {
        assert_eq!(admin.get(path).await.headers()["cache-control"], "no-store", "{path}");
    }
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_language_tag_and_a_sites_id_have_no_room_for_a_person() {
    let app = spawn_app(|_| {}).await;
    let begin =
        |body: Value| app.client.post(format!("{}/v1/conversations", app.address)).json(&body);
    for site in ["anna@example.org", "26123456", "Anna Kalnina"] {
        let refused = begin(json!({ "site": site })).send().await.unwrap();
        assert_eq!(refused.status(), 422, "{site}");
    }
    let begun = begin(json!({ "locale": "en-GB-x-kalnina-26123456" })).send().await.unwrap();
    let begun: Value = begun.json().await.unwrap();
    assert_eq!(begun["locale"], "en-gb", "{begun}");
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_a_client_put_before_the_proxys_own_is_not_believed() {
    let app = spawn_app(|s| {
        s.access.trusted_proxies = vec!["127.0.0.0/8".to_owned()];
        s.access.limits.address_per_minute = 3;
    })
    .await;
    let mut last = 200;
    for forged in ["127.0.0.1", "203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"] {
        let request = app.client.get(format!("{}/v1/search?q=refund", app.address));
        // Two lines, as of a proxy that adds its own.
        let request = request.header("X-Forwarded-For", forged);
        let request = request.header("X-Forwarded-For", "198.51.100.9");
        last = request.send().await.unwrap().status().as_u16();
    }
    assert_eq!(last, 429, "one client, whatever it says before");
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn over_https_a_session_has_a_cookie_that_no_neighbour_can_set() {
    let app = spawn_app(|s| s.access.trusted_proxies = vec!["127.0.0.0/8".to_owned()]).await;
    let agent = Staff::come(&app, "anna", AgentRole::Agent).await;
    assert!(agent.cookie.starts_with("atbilde_session="), "plain HTTP");
    let policy = reqwest::redirect::Policy::none();
    let client = reqwest::Client::builder().redirect(policy).build().unwrap();
    let login = client
        .post(format!("{}/login", app.address))
        .header("X-Forwarded-Proto", "https")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(format!("login=anna&password={}", PASSWORD.replace(' ', "+")));
    let login = login.send().await.unwrap();
    let set = login.headers()["set-cookie"].to_str().unwrap().to_owned();
    for part in ["__Host-atbilde_session=", "; Secure", "; Path=/", "; HttpOnly", "SameSite=Strict"]
    {
        assert!(set.contains(part), "{set}");
    }
    let cookie = set.split(';').next().unwrap().to_owned();
    let list = |cookie: String| {
        let request = client.get(format!("{}/v1/inbox/conversations", app.address));
        let request = request.header("X-Forwarded-Proto", "https").header("Cookie", cookie);
        async move { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(list(cookie.clone()).await, 200);
    let planted = cookie.replace("__Host-", "");
    assert_eq!(list(planted.clone()).await, 401, "a cookie that a neighbour could have set");
    assert_eq!(list(format!("{planted}x; {cookie}")).await, 200, "beside the right one");
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_goes_on_with_no_conversation_that_its_token_does_not_open() {
    let app = spawn_app(|s| s.identity.secret = Some(Secret::new(identity::SECRET))).await;
    let (customer, other) = (Customer::begin(&app).await, Customer::begin(&app).await);
    let ask = |id: String, token: Option<String>| {
        let request = app.client.post(format!("{}/v1/ask", app.address));
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let body = json!({ "question": "How long is the warranty?", "conversation_id": id });
        let request = request.json(&body);
        async move { request.send().await.unwrap().status().as_u16() }
    };
    let with = |token: &str| ask(customer.id.clone(), Some(token.to_owned()));
    assert_eq!(with(&customer.token).await, 200);
    assert_eq!(with(&other.token).await, 404, "somebody else's");
    assert_eq!(with(&customer.token.replace("v1.", "v1.A")).await, 401, "a forged one");
    // Of a customer who is known the id alone is not enough.
    let url = format!("{}/v1/conversations", app.address);
    let begin = app.client.post(url).header("Atbilde-Identity", identity::token("4711"));
    let begun: Value = begin.json(&json!({})).send().await.unwrap().json().await.unwrap();
    let text = |name: &str| begun[name].as_str().unwrap().to_owned();
    assert_eq!(ask(text("conversation_id"), None).await, 409);
    assert_eq!(ask(text("conversation_id"), Some(text("token"))).await, 200);
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn control_characters_break_no_store_and_reach_no_terminal() {
    let database = Database::new();
    let app = spawn_app(|s| {
        s.conversations.url = database.as_ref().map(|d| Secret::new(d.url.clone()));
    })
    .await;
    let customer = Customer::begin(&app).await;
    let words = "zero \u{0} escape \u{1b}[2J bell \u{7} end";
    let rated = customer.post("feedback", json!({ "rating": 1, "comment": words })).await;
    assert_eq!(rated.status(), 204);
    let called = customer.post("handoff", json!({ "note": words })).await;
    assert_eq!(called.status(), 200);
    assert_eq!(customer.say(&format!("{words}?")).await.0, 202);
    let shown = customer.show().await.to_string();
    assert!(shown.contains("zero   escape  [2J bell   end"), "{shown}");
    assert!(!shown.contains("\\u0000") && !shown.contains("\\u001b"), "{shown}");
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_on_the_machine_reads_the_data_folder() {
    let app = spawn_app(|_| {}).await;
    let customer = Customer::begin(&app).await;
    customer.say("Let me talk to a human please, I am own@example.org").await;
    let data = app.folder.path().join("data");
    let mode =
        |path: &std::path::Path| fs_err::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for entry in
        fs_err::read_dir(&data).unwrap().chain(fs_err::read_dir(data.join("keys")).unwrap())
    {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let open = ["lock", "signing.pub"].contains(&name.as_str());
        assert!(open || mode(&path) & 0o077 == 0, "{}: {:o}", path.display(), mode(&path));
    }
    app.stop().await.unwrap();
}
