//! Every endpoint tried without, with wrong, with expired and with foreign credentials; logins, roles,
//! keys, limits and origins.

use serde_json::{Value, json};
use server::access::{VisitorTokens, key_hash, new_key};
use server::domain::{AgentRole, ConversationId};
use server::privacy::Secret;
use server::startup::STORE_FILE;
use server::store::{Accounts, ApiKey, KeyScope, SqliteStore};

use crate::support::people::{Customer, PASSWORD, Staff, account, log_in};
use crate::support::{TestApp, spawn_app};

const CUSTOMERS: [(&str, &str); 7] = [
    ("GET", ""),
    ("POST", "/messages"),
    ("GET", "/events"),
    ("POST", "/typing"),
    ("POST", "/handoff"),
    ("POST", "/feedback"),
    ("POST", "/close"),
];

const AGENTS: [(&str, &str); 13] = [
    ("GET", "/v1/inbox/conversations"),
    ("GET", "/v1/inbox/events"),
    ("POST", "/v1/inbox/presence"),
    ("GET", "/v1/inbox/conversations/ID"),
    ("GET", "/v1/inbox/conversations/ID/suggestion"),
    ("POST", "/v1/inbox/conversations/ID/take"),
    ("POST", "/v1/inbox/conversations/ID/reply"),
    ("POST", "/v1/inbox/conversations/ID/note"),
    ("POST", "/v1/inbox/conversations/ID/return"),
    ("POST", "/v1/inbox/conversations/ID/resolve"),
    ("POST", "/v1/inbox/conversations/ID/assign"),
    ("POST", "/v1/inbox/conversations/ID/typing"),
    ("POST", "/logout"),
];

async fn send(app: &TestApp, (method, url): (&str, &str), headers: &[(&str, &str)]) -> u16 {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = app.client.request(method.clone(), format!("{}{url}", app.address));
    if method == reqwest::Method::POST {
        request = request.json(&json!({ "text": "hello", "typing": true }));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_opens_for_its_own_token_alone() {
    let secret = "a visitor secret of forty characters, no";
    let app = spawn_app(|s| s.access.visitor_secret = Some(Secret::new(secret))).await;
    let (customer, other) = (Customer::begin(&app).await, Customer::begin(&app).await);
    let id = ConversationId(customer.id.parse().unwrap());
    let tokens = VisitorTokens::new(Secret::new(secret), 1);
    let (expired, _) = tokens.issue(id, "2020-01-01T00:00:00Z".parse().unwrap());
    let (forged, _) = VisitorTokens::new(Secret::new("another secret of forty characters, no!"), 1)
        .issue(id, "2099-01-01T00:00:00Z".parse().unwrap());
    let bearer = |token: &str| format!("Bearer {token}");
    for (method, path) in CUSTOMERS {
        let url = format!("/v1/conversations/{}{path}", customer.id);
        assert_eq!(send(&app, (method, &url), &[]).await, 401, "{method} {path}: no token");
        for (what, value) in [
            ("forged", bearer(&forged)),
            ("expired", bearer(&expired)),
            ("nonsense", bearer("x")),
            ("basic", format!("Basic {}", customer.token)),
        ] {
            let status = send(&app, (method, &url), &[("Authorization", &value)]).await;
            assert_eq!(status, 401, "{method} {path}: {what}");
        }
        let foreign = bearer(&other.token);
        let status = send(&app, (method, &url), &[("Authorization", &foreign)]).await;
        assert_eq!(status, 404, "{method} {path}: somebody else's token");
    }
    // A session of an agent opens no customer's endpoint, and nothing was done by all that.
    let shown = customer.show().await;
    assert_eq!(
        (shown["state"].as_str(), shown["messages"].as_array().unwrap().len()),
        (Some("assistant"), 0)
    );
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_opens_for_sessions_and_roles_alone() {
    let app = spawn_app(|_| {}).await;
    let customer = Customer::begin(&app).await;
    let agent = Staff::come(&app, "anna", AgentRole::Agent).await;
    let editor = Staff::come(&app, "edgar", AgentRole::Editor).await;
    let token = format!("Bearer {}", customer.token);
    for (method, path) in AGENTS {
        let url = path.replace("ID", &customer.id);
        let at = (method, url.as_str());
        assert_eq!(send(&app, at, &[]).await, 401, "{method} {path}: nobody");
        let wrong = [("Cookie", "atbilde_session=guess"), ("X-CSRF-Token", agent.csrf.as_str())];
        assert_eq!(send(&app, at, &wrong).await, 401, "{method} {path}: a guess");
        let customers = [("Authorization", token.as_str())];
        assert_eq!(send(&app, at, &customers).await, 401, "{method} {path}: a customer");
        if method == "POST" {
            for csrf in [None, Some("x"), Some(editor.csrf.as_str())] {
                let mut headers = vec![("Cookie", agent.cookie.as_str())];
                headers.extend(csrf.map(|csrf| ("X-CSRF-Token", csrf)));
                // A form without a token is refused, whatever it says.
                let status = send(&app, at, &headers).await;
                assert!(
                    status == 403 || path == "/logout" && status >= 400,
                    "{method} {path}: {csrf:?} gave {status}"
                );
            }
            let theirs =
                [("Cookie", editor.cookie.as_str()), ("X-CSRF-Token", editor.csrf.as_str())];
            let status = send(&app, at, &theirs).await;
            assert!(status == 403 || path == "/logout", "{method} {path}: an editor gave {status}");
        }
    }
    assert_eq!(editor.get("/v1/inbox/conversations").await.status(), 200, "an editor may read");
    let missing = ConversationId::random().to_string();
    assert_eq!(agent.act(&missing, "take", json!({})).await.0, 404);
    assert_eq!(agent.act("x", "take", json!({})).await.0, 404);
    assert_eq!(agent.act(&customer.id, "explode", json!({})).await.0, 404);
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_in_tells_nothing_and_ends_with_the_account() {
    let app = spawn_app(|s| s.access.limits.login_per_minute = 6).await;
    let id = account(&app, "anna", AgentRole::Agent).await;
    let wrong = log_in(&app, "anna", "wrong password!").await;
    let nobody = log_in(&app, "nobody", PASSWORD).await;
    assert_eq!((wrong.status().as_u16(), nobody.status().as_u16()), (401, 401));
    assert!(wrong.headers().get("set-cookie").is_none());
    let strip = |page: String| page.replace("value=\"anna\"", "").replace("value=\"nobody\"", "");
    assert_eq!(strip(wrong.text().await.unwrap()), strip(nobody.text().await.unwrap()));

    let response = log_in(&app, "anna", PASSWORD).await;
    let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "plain http, and no proxy is trusted: {cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let inbox =
        || async { send(&app, ("GET", "/v1/inbox/conversations"), &[("Cookie", &cookie)]).await };
    assert_eq!(inbox().await, 200);
    let store = SqliteStore::open(&app.folder.path().join("data").join(STORE_FILE)).await.unwrap();
    store.set_disabled(id, true).await.unwrap();
    assert_eq!(inbox().await, 401, "a closed account is out at once");
    assert_eq!(log_in(&app, "anna", PASSWORD).await.status(), 401);
    store.close().await;

    let mut last = 401;
    for _ in 0..8 {
        let response = log_in(&app, "anna", "guess after guess").await;
        last = response.status().as_u16();
        if last == 429 {
            assert!(response.headers().contains_key("retry-after"));
            break;
        }
    }
    assert_eq!(last, 429);
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_have_scopes_and_can_be_required() {
    let app = spawn_app(|s| s.access.require_key = true).await;
    let store = SqliteStore::open(&app.folder.path().join("data").join(STORE_FILE)).await.unwrap();
    let mut made = Vec::new();
    for (name, scope) in
        [("asks", KeyScope::Ask), ("searches", KeyScope::Search), ("operates", KeyScope::Operate)]
    {
        let key = new_key();
        let created_at = "2026-01-01T00:00:00Z".parse().unwrap();
        let new =
            ApiKey { name: name.to_owned(), scopes: vec![scope], disabled: false, created_at };
        store.add_key(&new, &key_hash(&key).unwrap()).await.unwrap();
        made.push(format!("Bearer {key}"));
    }
    let ask = |key: Option<String>| {
        let mut request = app.client.post(format!("{}/v1/ask", app.address));
        if let Some(key) = key {
            request = request.header("Authorization", key);
        }
        let request = request.json(&json!({ "question": "How long is the warranty?" }));
        async move { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(ask(None).await, 401);
    assert_eq!(ask(Some(format!("Bearer {}", new_key()))).await, 401);
    assert_eq!(ask(Some(made[0].clone())).await, 200);
    assert_eq!(ask(Some(made[1].clone())).await, 403);
    let get = |path: &'static str, key: &str| {
        let request = app.client.get(format!("{}{path}", app.address)).header("Authorization", key);
        async move { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(get("/v1/search?q=refund", &made[1]).await, 200);
    assert_eq!(get("/v1/search?q=refund", &made[0]).await, 403);
    assert_eq!(get("/v1/admin/index", &made[2]).await, 200);
    assert_eq!(get("/v1/admin/index", &made[0]).await, 403);
    store.disable_key("asks").await.unwrap();
    assert_eq!(ask(Some(made[0].clone())).await, 401);
    store.close().await;
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_count_by_visitor_and_by_address_behind_a_trusted_proxy() {
    let app = spawn_app(|s| {
        s.access.trusted_proxies = vec!["127.0.0.0/8".to_owned()];
        s.access.limits.visitor_per_minute = 3;
        s.access.limits.address_per_minute = 5;
    })
    .await;
    let customer = Customer::begin(&app).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(customer.say("How long is the warranty?").await.0);
    }
    assert_eq!(statuses[3], 429, "{statuses:?}");
    let ask = |from: &str| {
        let request = app.client.post(format!("{}/v1/ask", app.address));
        let request = request.header("X-Forwarded-For", from.to_owned());
        let request = request.json(&json!({ "question": "How long is the warranty?" }));
        async move { request.send().await.unwrap() }
    };
    for _ in 0..5 {
        assert_eq!(ask("203.0.113.7").await.status(), 200);
    }
    let refused = ask("6.6.6.6, 203.0.113.7").await;
    assert_eq!(refused.status(), 429);
    let wait: u32 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["code"], "rate_limited");
    assert_eq!(ask("203.0.113.8").await.status(), 200, "another address is not touched");
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_allowed_sites_may_read_from_a_browser() {
    let app =
        spawn_app(|s| s.access.allowed_origins = vec!["https://shop.example".to_owned()]).await;
    let preflight = |path: &'static str, origin: &'static str| {
        let request =
            app.client.request(reqwest::Method::OPTIONS, format!("{}{path}", app.address));
        let request = request.header("Origin", origin);
        let request = request.header("Access-Control-Request-Method", "POST");
        async move { request.send().await.unwrap() }
    };
    let allowed = preflight("/v1/conversations", "https://shop.example").await;
    assert_eq!(allowed.status(), 204);
    assert_eq!(allowed.headers()["access-control-allow-origin"], "https://shop.example");
    assert!(
        allowed.headers()["access-control-allow-headers"]
            .to_str()
            .unwrap()
            .contains("authorization")
    );
    assert!(allowed.headers().get("access-control-allow-credentials").is_none());
    for (path, origin) in [
        ("/v1/conversations", "https://evil.example"),
        ("/v1/inbox/presence", "https://shop.example"),
        ("/login", "https://shop.example"),
    ] {
        let refused = preflight(path, origin).await;
        assert!(refused.headers().get("access-control-allow-origin").is_none(), "{path} {origin}");
    }
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn words_of_agents_and_customers_never_run_on_a_page() {
    let app = spawn_app(|_| {}).await;
    let agent = Staff::come(&app, "anna", AgentRole::Agent).await;
    let customer = Customer::begin(&app).await;
    customer.say("<script>alert(1)</script> <img src=x onerror=alert(1)> where is it?").await;
    let page = agent.get(&format!("/inbox/{}", customer.id)).await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let page = page.text().await.unwrap();
    assert!(!page.contains("alert(1)") && !page.contains("<script>"), "{page}");
    let strange =
        agent.get("/inbox/%22%3E%3Cscript%3Ealert(1)%3C/script%3E").await.text().await.unwrap();
    assert!(!strange.contains("alert(1)"), "{strange}");
    let refused = log_in(&app, "%22%3E%3Cb%3E", "x").await.text().await.unwrap();
    assert!(!refused.contains("\"><b>"), "{refused}");
    let nobody = app.get("/inbox").await;
    assert!(
        nobody.url().path() == "/login" && nobody.text().await.unwrap().contains("<h1>Log in</h1>")
    );
    app.stop().await.unwrap();
}
