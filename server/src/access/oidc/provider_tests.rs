//! The provider's answers, good and bad, from a small server of the test.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Mutex as SharedMutex;

use jiff::Timestamp;
use serde_json::json;

use super::super::settings::tests::settings;
use super::super::token::tests::{NOW, TestKey};
use super::super::{Oidc, Refused, TokenFault};
use super::*;
use crate::domain::{Agent, AgentId, AgentRole, SignOn};
use crate::privacy::Signer;
use crate::store::{Accounts, AuditLog, SqliteStore, Stores};

/// A path's status and body.
type Pages = HashMap<&'static str, (u16, String)>;

/// A provider on a free port. Each connection is one request.
struct Fake {
    issuer: String,
    pages: Arc<SharedMutex<Pages>>,
    /// Request line, headers and body of each.
    seen: Arc<SharedMutex<Vec<String>>>,
}

const DESCRIPTION: &str = "/realm/.well-known/openid-configuration";

impl Fake {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}/realm", listener.local_addr().unwrap());
        let (pages, seen) = (Arc::<SharedMutex<Pages>>::default(), Arc::default());
        let fake = Self { issuer, pages: Arc::clone(&pages), seen: Arc::clone(&seen) };
        std::thread::Builder::new()
            .name("fake-provider".to_owned())
            .spawn(move || {
                for stream in listener.incoming().flatten() {
                    let mut reader = BufReader::new(stream.try_clone().unwrap());
                    let (mut head, mut length) = (String::new(), 0);
                    loop {
                        let mut line = String::new();
                        if reader.read_line(&mut line).unwrap_or(0) <= 2 {
                            break;
                        }
                        if let Some(n) = line.to_lowercase().strip_prefix("content-length:") {
                            length = n.trim().parse().unwrap();
                        }
                        head.push_str(&line);
                    }
                    let mut body = vec![0; length];
                    reader.read_exact(&mut body).unwrap();
                    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                    head.push_str(&String::from_utf8(body).unwrap());
                    seen.lock().unwrap().push(head);
                    let page = pages.lock().unwrap().get(path.as_str()).cloned();
                    let (status, body) = page.unwrap_or((404, String::new()));
                    let answer = format!(
                        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                        body.len()
                    );
                    let _ = (&stream).write_all(answer.as_bytes());
                }
            })
            .unwrap();
        fake.page(DESCRIPTION, 200, &fake.description().to_string());
        fake
    }

    fn description(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer);
        json!({ "issuer": self.issuer, "authorization_endpoint": at("/auth"),
            "token_endpoint": at("/token"), "jwks_uri": at("/keys") })
    }

    fn page(&self, path: &'static str, status: u16, body: &str) {
        self.pages.lock().unwrap().insert(path, (status, body.to_owned()));
    }

    /// How often `path` was asked for.
    fn asked(&self, path: &str) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|head| head.split(' ').nth(1) == Some(path)).count()
    }

    fn provider(&self) -> Provider {
        Provider::new(&settings(&self.issuer)).unwrap()
    }
}

#[tokio::test]
async fn the_description_is_fetched_once_and_must_be_the_issuers_own() {
    let fake = Fake::new();
    let provider = fake.provider();
    for _ in 0..3 {
        let url = provider.authorization_endpoint().await.unwrap();
        assert_eq!(url.as_str(), format!("{}/auth", fake.issuer));
    }
    assert_eq!(fake.asked(DESCRIPTION), 1);

    type Change = fn(&mut Value);
    type Fault = fn(&ProviderFault) -> bool;
    let wrong: [(Change, Fault); 5] = [
        (
            |d| d["issuer"] = json!("https://evil.example"),
            |f| matches!(f, ProviderFault::Issuer { .. }),
        ),
        (
            |d| d["token_endpoint"] = json!("http://login.shop.example/token"),
            |f| matches!(f, ProviderFault::Unprotected { .. }),
        ),
        (|d| d["jwks_uri"] = json!("/keys"), |f| matches!(f, ProviderFault::Unreadable { .. })),
        (
            |d| d["authorization_endpoint"] = Value::Null,
            |f| matches!(f, ProviderFault::Unreadable { .. }),
        ),
        (
            |d| d["token_endpoint_auth_methods_supported"] = json!(["private_key_jwt"]),
            |f| *f == ProviderFault::Authentication,
        ),
    ];
    for (i, (change, fault)) in wrong.into_iter().enumerate() {
        let mut description = fake.description();
        change(&mut description);
        fake.page(DESCRIPTION, 200, &description.to_string());
        let found = fake.provider().authorization_endpoint().await.unwrap_err();
        assert!(fault(&found), "{i}: {found}");
    }
}

#[tokio::test]
async fn a_provider_that_is_down_is_named_and_left_alone_for_a_while() {
    let fake = Fake::new();
    fake.page(DESCRIPTION, 503, "<h1>Secrets of the provider</h1>");
    let provider = fake.provider();
    for _ in 0..3 {
        let fault = provider.authorization_endpoint().await.unwrap_err().to_string();
        assert!(fault.contains("status 503") && !fault.contains("Secrets"), "{fault}");
    }
    assert_eq!(fake.asked(DESCRIPTION), 1);
    fake.page(DESCRIPTION, 200, &"x".repeat(MAX_BYTES + 1));
    let fault = fake.provider().authorization_endpoint().await.unwrap_err().to_string();
    assert!(fault.contains("too long"), "{fault}");

    // A port where nobody listens.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = Provider::new(&settings(&format!("http://{free}"))).unwrap();
    let fault = nobody.authorization_endpoint().await.unwrap_err().to_string();
    assert!(fault.contains("could not be reached") && fault.contains("no connection"), "{fault}");
}

#[tokio::test]
async fn keys_are_kept_and_looked_for_again_within_bounds() {
    let fake = Fake::new();
    let (old, new) = (TestKey::new("old"), TestKey::new("new"));
    let set = |keys: &[&Value]| json!({ "keys": keys }).to_string();
    let strange = json!({ "kty": "PQC", "kid": "strange" });
    fake.page("/realm/keys", 200, &set(&[&strange, &old.public]));
    let mut provider = fake.provider();
    let names = |keys: Arc<[Jwk]>| -> Vec<String> {
        keys.iter().filter_map(|key| key.common.key_id.clone()).collect()
    };
    assert_eq!(names(provider.keys(Wanted::Kept).await.unwrap()), ["old"]);
    fake.page("/realm/keys", 200, &set(&[&old.public, &new.public]));
    for wanted in [Wanted::Kept, Wanted::Newer, Wanted::Newer] {
        assert_eq!(names(provider.keys(wanted).await.unwrap()), ["old"]);
    }
    assert_eq!(fake.asked("/realm/keys"), 1, "it has just looked");
    provider.look_again = Duration::ZERO;
    assert_eq!(names(provider.keys(Wanted::Newer).await.unwrap()), ["old", "new"]);
    assert_eq!(names(provider.keys(Wanted::Kept).await.unwrap()), ["old", "new"]);
    assert_eq!(fake.asked("/realm/keys"), 2);
}

#[tokio::test]
async fn a_code_is_exchanged_with_the_verifier_and_in_the_way_that_the_provider_takes() {
    let fake = Fake::new();
    fake.page(
        "/realm/token",
        200,
        &json!({ "id_token": "a.b.c", "token_type": "Bearer" }).to_string(),
    );
    let back = "https://help.example/login/oidc/callback";
    let exchange = async |provider: Provider| {
        let done = provider.exchange("co de&1", "verifier", back).await;
        (done, fake.seen.lock().unwrap().pop().unwrap())
    };
    let (token, sent) = exchange(fake.provider()).await;
    assert_eq!(token.unwrap(), "a.b.c");
    // desk:s3cret%20of%20the%20desk
    assert!(
        sent.contains("authorization: Basic ZGVzazpzM2NyZXQlMjBvZiUyMHRoZSUyMGRlc2s="),
        "{sent}"
    );
    let body = "grant_type=authorization_code&code=co%20de%261&redirect_uri=\
        https%3A%2F%2Fhelp.example%2Flogin%2Foidc%2Fcallback&code_verifier=verifier";
    assert!(sent.ends_with(body), "{sent}");

    let mut description = fake.description();
    description["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
    fake.page(DESCRIPTION, 200, &description.to_string());
    let (token, sent) = exchange(fake.provider()).await;
    assert!(token.is_ok() && !sent.contains("authorization:"));
    assert!(sent.ends_with("&client_id=desk&client_secret=s3cret%20of%20the%20desk"), "{sent}");

    // Who has no secret proves nothing, also to a provider that wants nothing else.
    description["token_endpoint_auth_methods_supported"] = json!(["none"]);
    fake.page(DESCRIPTION, 200, &description.to_string());
    let public = OidcSettings { client_secret: None, ..settings(&fake.issuer) };
    let (token, sent) = exchange(Provider::new(&public).unwrap()).await;
    assert!(token.is_ok() && sent.ends_with("&client_id=desk"), "{sent}");
}

#[tokio::test]
async fn nothing_of_a_refusal_is_passed_on_but_the_standards_own_word() {
    let fake = Fake::new();
    for (status, body, code) in [
        (400, json!({ "error": "invalid_grant", "error_description": "anna@x" }), "invalid_grant"),
        (401, json!({ "error": "<script>anna@x" }), "no reason"),
        (500, json!("anna@x"), "no reason"),
    ] {
        fake.page("/realm/token", status, &body.to_string());
        let fault = fake.provider().exchange("c", "v", "b").await.unwrap_err().to_string();
        assert!(fault.contains(code) && !fault.contains("anna"), "{fault}");
    }
    for body in ["{}", "[]", "no json", "{\"id_token\":5}"] {
        fake.page("/realm/token", 200, body);
        let fault = fake.provider().exchange("c", "v", "b").await.unwrap_err();
        assert!(matches!(fault, ProviderFault::Unreadable { .. }), "{fault}");
    }
    // Nobody is sent on to another place with the secret.
    fake.page("/realm/token", 302, "");
    let fault = fake.provider().exchange("c", "v", "b").await.unwrap_err();
    assert!(matches!(fault, ProviderFault::Refused { status: 302, .. }), "{fault}");
}

/// The whole log-in over `fake`, and the store of its accounts.
async fn log_in(fake: &Fake, data: &Path) -> (Oidc, Arc<SqliteStore>) {
    let store = Arc::new(SqliteStore::in_memory().await.unwrap());
    let side = Stores::in_files(store.clone(), data).privacy_side().await.unwrap();
    let audit = AuditLog::new(side.audit, Signer::random());
    let key = Secret::new("a key of thirty-two characters!!");
    let oidc = Oidc::new(&settings(&fake.issuer), store.clone(), audit, key).unwrap().unwrap();
    (oidc, store)
}

#[tokio::test]
async fn a_new_key_under_the_name_of_the_old_one_is_looked_for() {
    let (fake, folder) = (Fake::new(), tempfile::tempdir().unwrap());
    let (old, new) = (TestKey::new("one"), TestKey::new("one"));
    let show = |key: &TestKey| {
        let set = json!({ "keys": [&key.public] });
        fake.page("/realm/keys", 200, &set.to_string());
    };
    show(&old);
    let (mut oidc, _store) = log_in(&fake, folder.path()).await;
    oidc.provider.look_again = Duration::ZERO;
    let now = Timestamp::from_second(NOW).unwrap();
    let (flow, _) = oidc.flows.begin("/inbox", now);
    let claims = json!({ "iss": &fake.issuer, "sub": "4711", "aud": "desk", "nonce": &flow.nonce,
        "exp": NOW + 300, "iat": NOW });
    let (before, after) = (old.sign(&claims), new.sign(&claims));
    assert!(oidc.proven(&before, &flow, now).await.is_ok());
    show(&new);
    assert_eq!(oidc.proven(&after, &flow, now).await.unwrap().subject, "4711");
    let gone = oidc.proven(&before, &flow, now).await;
    assert!(matches!(gone, Err(Refused::Token(TokenFault::Signature))));
}

#[tokio::test]
async fn an_account_that_closes_while_its_owner_comes_in_is_noticed() {
    let (fake, folder) = (Fake::new(), tempfile::tempdir().unwrap());
    let (oidc, store) = log_in(&fake, folder.path()).await;
    let agent = Agent {
        id: AgentId::random(),
        login: "anna".to_owned(),
        name: "Anna".to_owned(),
        role: AgentRole::Agent,
        disabled: false,
        created_at: Timestamp::UNIX_EPOCH,
    };
    let person = SignOn { issuer: fake.issuer.clone(), subject: "4711".to_owned() };
    store.add_agent_of(&agent, &person).await.unwrap();
    assert!(oidc.still(agent.id, &person).await.is_ok());
    let other = oidc.still(AgentId::random(), &person).await;
    assert!(matches!(other, Err(Refused::Closed(_))), "the person has another account now");
    store.set_disabled(agent.id, true).await.unwrap();
    let closed = oidc.still(agent.id, &person).await;
    assert!(matches!(closed, Err(Refused::Closed(id)) if id == agent.id));
}
