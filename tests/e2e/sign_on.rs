//! Logging in with the company's own account: a provider of the test, a browser that keeps cookies as browsers
//! do, and everything that goes wrong on the way.

use std::collections::BTreeMap;

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use server::access::Cookies;
use server::domain::{Agent, AgentRole, SignOn};
use server::privacy::Secret;
use server::settings::Settings;
use server::startup::STORE_FILE;
use server::store::{Accounts, SqliteStore};

use crate::support::people::{PASSWORD, account, log_in};
use crate::support::program::{run, text};
use crate::support::provider::{CLIENT, Provider, SECRET, pairs};
use crate::support::{TestApp, spawn_app};

/// Settings for `provider`.
fn with(provider: &Provider) -> impl FnOnce(&mut Settings) {
    let issuer = provider.issuer.clone();
    move |settings| {
        settings.access.limits.login_per_minute = 100;
        settings.oidc.issuer = issuer;
        settings.oidc.client_id = CLIENT.to_owned();
        settings.oidc.client_secret = Some(Secret::new(SECRET));
        settings.oidc.roles = BTreeMap::from([
            ("support".to_owned(), "agent".to_owned()),
            ("bosses".to_owned(), "admin".to_owned()),
        ]);
    }
}

fn anna(groups: &[&str]) -> Value {
    json!({ "sub": "person-4711", "name": "Anna Kalnina", "groups": groups,
        "email": "Anna.Kalnina@shop.example", "email_verified": true })
}

/// A browser with one cookie of a login under way.
struct Browser<'a> {
    app: &'a TestApp,
    client: reqwest::Client,
}

impl<'a> Browser<'a> {
    fn new(app: &'a TestApp) -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        Self { app, client: client.build().unwrap() }
    }

    async fn get(&self, path: &str, cookie: &str) -> Response {
        let url = format!("{}{path}", self.app.address);
        let request = self.client.get(url).header("Accept", "text/html").header("Cookie", cookie);
        request.send().await.unwrap()
    }

    /// Presses the button and logs in at the provider: gives the cookie and the way back, not yet gone.
    async fn there(&self, path: &str) -> (String, String) {
        let begun = self.get(path, "").await;
        assert_eq!(begun.status(), 303);
        let cookie = cookie(&begun, "atbilde_oidc");
        let at_provider = self.client.get(location(&begun)).send().await.unwrap();
        assert_eq!(at_provider.status(), 302);
        let back = location(&at_provider);
        (cookie, back.strip_prefix(&self.app.address).unwrap().to_owned())
    }

    async fn log_in(&self, path: &str) -> Response {
        let (cookie, back) = self.there(path).await;
        self.get(&back, &cookie).await
    }

    /// Logs in and gives the session's cookie.
    async fn enter(&self) -> String {
        let response = self.log_in("/login/oidc").await;
        assert_eq!(response.status(), 200);
        cookie(&response, "atbilde_session")
    }
}

fn location(response: &Response) -> String {
    response.headers()["location"].to_str().unwrap().to_owned()
}

fn set_cookie(response: &Response, name: &str) -> String {
    let mut all = response.headers().get_all("set-cookie").iter().map(|v| v.to_str().unwrap());
    all.find(|c| c.starts_with(&format!("{name}="))).unwrap().to_owned()
}

/// `name=value`.
fn cookie(response: &Response, name: &str) -> String {
    set_cookie(response, name).split(';').next().unwrap().to_owned()
}

/// Looks into the accounts beside the running server.
async fn in_store<T>(app: &TestApp, look: impl AsyncFnOnce(&SqliteStore) -> T) -> T {
    let store = SqliteStore::open(&app.folder.path().join("data").join(STORE_FILE)).await.unwrap();
    let found = look(&store).await;
    store.close().await;
    found
}

async fn agents(app: &TestApp) -> Vec<Agent> {
    in_store(app, async |store| store.agents().await.unwrap()).await
}

/// The status and the page of a login that was refused; no session was opened.
async fn refused(response: Response) -> (StatusCode, String) {
    let cookies = response.headers().get_all("set-cookie");
    assert!(cookies.iter().all(|c| !c.to_str().unwrap().starts_with("atbilde_session=")));
    (response.status(), response.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_comes_in_with_the_company_account_and_the_role_of_the_day() {
    let provider = Provider::start();
    let app = spawn_app(with(&provider)).await;
    let browser = Browser::new(&app);
    provider.person(anna(&["support"]));

    let page = browser.get("/login?next=/inbox/7", "").await.text().await.unwrap();
    assert!(page.contains("href=\"/login/oidc?next=/inbox/7\""), "{page}");
    assert!(
        page.contains("Log in with your company account") && page.contains("name=\"password\"")
    );

    let begun = browser.get("/login/oidc?next=/inbox/7", "").await;
    let kept = set_cookie(&begun, "atbilde_oidc");
    for part in ["HttpOnly", "SameSite=Lax", "Max-Age=600", "Path=/login/oidc"] {
        assert!(kept.contains(part), "{kept}");
    }
    let to = location(&begun);
    assert!(to.starts_with(&format!("{}/authorize?", provider.issuer)), "{to}");
    let asked = pairs(to.split_once('?').unwrap().1);
    assert_eq!((asked["response_type"].as_str(), asked["client_id"].as_str()), ("code", CLIENT));
    assert_eq!(asked["scope"], "openid email profile");
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["redirect_uri"], format!("{}/login/oidc/callback", app.address));

    let done = browser.log_in("/login/oidc?next=/inbox/7").await;
    assert_eq!(done.status(), 200);
    let session = set_cookie(&done, "atbilde_session");
    assert!(session.contains("HttpOnly") && session.contains("SameSite=Strict"), "{session}");
    assert!(set_cookie(&done, "atbilde_oidc").contains("Max-Age=0"));
    let session = cookie(&done, "atbilde_session");
    assert!(done.text().await.unwrap().contains("content=\"0;url=/inbox/7\""));
    let inbox = browser.get("/inbox", &session).await;
    assert_eq!(inbox.status(), 200);
    assert!(inbox.text().await.unwrap().contains("Anna Kalnina"));
    let made = agents(&app).await;
    assert_eq!(made.len(), 1);
    assert_eq!(
        (made[0].login.as_str(), made[0].role),
        ("anna.kalnina@shop.example", AgentRole::Agent)
    );
    // It has no password, whatever somebody types.
    for guess in ["none", "", "!"] {
        assert_eq!(log_in(&app, "anna.kalnina@shop.example", guess).await.status(), 401);
    }

    // The same person with another address and role is the same account.
    let mut moved = anna(&["bosses", "support"]);
    moved["email"] = json!("anna@other.example");
    provider.person(moved);
    let session = browser.enter().await;
    let now = agents(&app).await;
    assert_eq!((now.len(), now[0].id, now[0].role), (1, made[0].id, AgentRole::Admin));

    let audit = browser.get("/v1/admin/audit", &session).await.text().await.unwrap();
    for action in ["sign_on.account_made", "sign_on.role_changed", "sign_on.done"] {
        assert!(audit.contains(action), "{action} is not in {audit}");
    }
    assert!(!audit.to_lowercase().contains("anna") && !audit.contains("4711"), "{audit}");

    // Who leaves the groups neither comes in nor stays in.
    provider.person(anna(&["sales"]));
    let (status, page) = refused(browser.log_in("/login/oidc").await).await;
    assert_eq!(status, 403);
    assert!(page.contains("Ask your administrator for a role"), "{page}");
    assert_eq!(location(&browser.get("/inbox", &session).await), "/login");
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_counts_once_and_in_its_own_browser_alone() {
    let provider = Provider::start();
    let app = spawn_app(with(&provider)).await;
    let browser = Browser::new(&app);
    provider.person(anna(&["support"]));
    let (mine, back) = browser.there("/login/oidc").await;
    let (foreign, _) = browser.there("/login/oidc").await;
    let other_state = back.replace("state=", "state=A");
    for (way, cookie) in [(&back, &foreign), (&back, &String::new()), (&other_state, &mine)] {
        let response = browser.get(way, cookie).await;
        assert!(!response.headers().contains_key("set-cookie"), "the other login goes on");
        let (status, page) = refused(response).await;
        assert_eq!(status, 400);
        assert!(page.contains("begun in another window"), "{page}");
    }
    assert_eq!(browser.get(&back, &mine).await.status(), 200);
    let (status, _) = refused(browser.get(&back, &mine).await).await;
    assert_eq!(status, 400, "a second time");

    // What the provider writes into the address is not shown.
    let (mine, back) = browser.there("/login/oidc").await;
    let state = back.split_once("state=").unwrap().1;
    let denied = format!(
        "/login/oidc/callback?state={state}&error=access_denied&error_description=%3Cscript%3Eanna"
    );
    let (status, page) = refused(browser.get(&denied, &mine).await).await;
    assert_eq!(status, 403);
    assert!(page.contains("let nobody in") && !page.contains("anna") && !page.contains("script"));

    // A login leads nowhere else.
    for next in ["//evil.example", "https://evil.example", "/%5Cevil.example", "/login"] {
        let page = browser.log_in(&format!("/login/oidc?next={next}")).await.text().await.unwrap();
        assert!(page.contains("content=\"0;url=/inbox\"") && !page.contains("evil"), "{page}");
    }
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn over_https_no_neighbour_can_make_somebody_end_a_login_of_its_own() {
    let provider = Provider::start();
    let app = spawn_app(|settings| {
        with(&provider)(settings);
        settings.access.secure_cookies = Cookies::Always;
    })
    .await;
    let browser = Browser::new(&app);
    provider.person(anna(&["support"]));
    let begun = browser.get("/login/oidc", "").await;
    let kept = set_cookie(&begun, "__Host-atbilde_oidc");
    assert!(kept.contains("; Path=/;") && kept.ends_with("; Secure"), "{kept}");
    let at_provider = browser.client.get(location(&begun)).send().await.unwrap();
    let back = location(&at_provider).strip_prefix(&app.address).unwrap().to_owned();
    let good = cookie(&begun, "__Host-atbilde_oidc");
    // A neighbour can set a cookie without the prefix.
    let set_by_neighbour = good.replace("__Host-", "");
    assert_eq!(browser.get(&back, &set_by_neighbour).await.status(), 400);
    let done = browser.get(&back, &good).await;
    assert_eq!(done.status(), 200);
    assert!(set_cookie(&done, "__Host-atbilde_session").contains("; Secure"));
    assert!(set_cookie(&done, "__Host-atbilde_oidc").contains("Max-Age=0"));
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_prove_nothing_let_nobody_in() {
    let provider = Provider::start();
    let app = spawn_app(with(&provider)).await;
    let browser = Browser::new(&app);
    for (claim, value) in [
        ("iss", json!("https://evil.example")),
        ("aud", json!("another")),
        ("nonce", json!("of another login")),
        ("exp", json!(1_000_000_000)),
        ("sub", Value::Null),
    ] {
        let mut person = anna(&["support"]);
        person[claim] = value;
        provider.person(person);
        let (status, page) = refused(browser.log_in("/login/oidc").await).await;
        assert_eq!(status, 502, "{claim}");
        assert!(page.contains("could not be trusted"), "{claim}: {page}");
    }
    // A code that somebody made up.
    let (mine, back) = browser.there("/login/oidc").await;
    let (way, _) = back.split_once("?code=").unwrap();
    let state = back.split_once("state=").unwrap().1;
    let made_up = format!("{way}?code=guess&state={state}");
    let (status, page) = refused(browser.get(&made_up, &mine).await).await;
    assert_eq!(status, 502);
    assert!(page.contains("in a few minutes") && !page.contains("own words"), "{page}");
    assert!(agents(&app).await.is_empty());
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_opens_no_account_and_an_administrator_connects_one() {
    let provider = Provider::start();
    let app = spawn_app(|settings| {
        with(&provider)(settings);
        settings.oidc.email_domains = vec!["shop.example".to_owned()];
    })
    .await;
    let browser = Browser::new(&app);
    // An account of before with the person's address as its login stays its owner's.
    let id = account(&app, "anna.kalnina@shop.example", AgentRole::Admin).await;
    provider.person(anna(&["support"]));
    let (status, page) = refused(browser.log_in("/login/oidc").await).await;
    assert_eq!(status, 403);
    assert!(page.contains("person-4711"), "{page}");
    assert_eq!(agents(&app).await.len(), 1);

    let person = SignOn { issuer: provider.issuer.clone(), subject: "person-4711".to_owned() };
    in_store(&app, async |store| store.connect(id, Some(&person)).await.unwrap()).await;
    browser.enter().await;
    assert_eq!(agents(&app).await[0].role, AgentRole::Agent, "the provider says the role");
    assert_eq!(log_in(&app, "anna.kalnina@shop.example", PASSWORD).await.status(), 303);

    in_store(&app, async |store| store.set_disabled(id, true).await.unwrap()).await;
    let (status, page) = refused(browser.log_in("/login/oidc").await).await;
    assert_eq!(status, 403);
    assert!(page.contains("is closed"), "{page}");

    let mut unconfirmed = anna(&["support"]);
    unconfirmed["email_verified"] = json!(false);
    provider.person(unconfirmed);
    let (status, page) = refused(browser.log_in("/login/oidc").await).await;
    assert_eq!(status, 403);
    assert!(page.contains("no confirmed e-mail address"), "{page}");
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_down_is_said_so_and_passwords_go_on() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let provider = Provider::start();
    let app = spawn_app(|settings| {
        with(&provider)(settings);
        settings.oidc.issuer = format!("http://{nobody}");
        settings.oidc.button = "Log in with <Shop>".to_owned();
    })
    .await;
    let browser = Browser::new(&app);
    let (status, page) = refused(browser.get("/login/oidc", "").await).await;
    assert_eq!(status, 502);
    assert!(page.contains("in a few minutes") && !page.contains(&nobody.to_string()), "{page}");
    assert!(page.contains("Log in with &#60;Shop&#62;"), "{page}");
    account(&app, "berta", AgentRole::Agent).await;
    assert_eq!(log_in(&app, "berta", PASSWORD).await.status(), 303);
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_may_be_turned_off_and_answers_are_limited() {
    let provider = Provider::start();
    let app = spawn_app(|settings| {
        with(&provider)(settings);
        settings.oidc.password_login = false;
        settings.access.limits.login_per_minute = 2;
    })
    .await;
    let browser = Browser::new(&app);
    let page = browser.get("/login", "").await.text().await.unwrap();
    assert!(page.contains("/login/oidc") && !page.contains("type=\"password\""), "{page}");
    account(&app, "berta", AgentRole::Agent).await;
    let (status, page) = refused(log_in(&app, "berta", PASSWORD).await).await;
    assert_eq!(status, 403);
    assert!(page.contains("Passwords are not taken here"), "{page}");
    let mut last = StatusCode::OK;
    for _ in 0..3 {
        last = browser.get("/login/oidc/callback?code=a&state=b", "").await.status();
    }
    assert_eq!(last, 429);
    // Neither stops those who come in with others behind the same address, nor gets into the audit log; nor
    // does what somebody answers to a login of their own.
    for (made_up, status) in [
        ("error=access_denied", 403_u16),
        ("code=guess", 502),
        ("code=guess&iss=https://evil.example", 502),
    ] {
        let (mine, back) = browser.there("/login/oidc").await;
        let state = back.split_once("state=").unwrap().1;
        let answer = format!("/login/oidc/callback?state={state}&{made_up}");
        assert_eq!(refused(browser.get(&answer, &mine).await).await.0, status, "{made_up}");
    }
    provider.person(anna(&["bosses"]));
    for _ in 0..3 {
        browser.enter().await;
    }
    let session = browser.enter().await;
    let audit = browser.get("/v1/admin/audit", &session).await.text().await.unwrap();
    assert_eq!(audit.matches("\"sign_on.done\"").count(), 4, "{audit}");
    assert!(!audit.contains("sign_on.refused") && !audit.contains("sign_on.failed"), "{audit}");
    app.stop().await.unwrap();

    let app = spawn_app(|_| {}).await;
    let browser = Browser::new(&app);
    for path in ["/login/oidc", "/login/oidc/callback"] {
        assert_eq!(browser.get(path, "").await.status(), 404, "{path}");
    }
    assert!(!browser.get("/login", "").await.text().await.unwrap().contains("oidc"));
    app.stop().await.unwrap();
}

#[test]
fn check_config_says_who_the_provider_is_or_what_is_wrong_with_it() {
    let provider = Provider::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.toml");
    let check = |issuer: &str| {
        let config = format!(
            "[oidc]\nissuer = \"{issuer}\"\nclient_id = \"desk\"\nclient_secret = \"a secret\"\n\
             default_role = \"agent\"\n"
        );
        fs_err::write(&file, config).unwrap();
        let output = run(&["check-config", "--config", file.to_str().unwrap()]);
        (output.status.success(), text(&output.stdout), text(&output.stderr))
    };
    let (good, said, error) = check(&provider.issuer);
    assert!(good && said.contains("# log-in: http://") && said.contains("1 keys"), "{said}{error}");
    assert!(!said.contains("a secret"), "{said}");
    let (good, _, error) = check(&format!("{}/", provider.issuer));
    assert!(!good && error.contains("must be the same to the letter"), "{error}");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (good, _, error) = check(&format!("http://{nobody}"));
    assert!(!good && error.contains("oidc.issuer") && error.contains("no connection"), "{error}");
}
