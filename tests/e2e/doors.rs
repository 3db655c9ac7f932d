//! Every route there is, tried without, with wrong, with expired and with foreign credentials. The routes
//! are read from the source: one that is not in the table below, which says who may come in, fails.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::{Method, Response};
use serde_json::json;
use server::access::{VisitorTokens, key_hash, new_key};
use server::domain::{AgentRole, ConversationId, Permission};
use server::privacy::Secret;
use server::startup::STORE_FILE;
use server::store::{Accounts, ApiKey, KeyScope, NewSession, SqliteStore};
use sha2::{Digest, Sha256};

use crate::support::people::{Customer, Staff};
use crate::support::{TestApp, identity, spawn_app};

/// Who may come in.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Door {
    /// Anybody, within the limits.
    Open,
    /// Anybody; programs with a key of this scope alone where `access.require_key` is set.
    Keyed(KeyScope),
    /// A customer with the token of this very conversation.
    Visitor,
    /// A customer whom the company's signed token names.
    Identity,
    /// A person with this permission; what changes something wants the CSRF token.
    Staff(Permission),
    /// The same for a page: who is not logged in is sent to the login.
    Page(Permission),
    /// The same for a form of a page.
    Form(Option<Permission>),
    /// The operator's token, a key of this scope, and people with this permission.
    Office(KeyScope, Option<Permission>),
    /// The same for whoever is logged in.
    Inside(KeyScope),
    /// This machine, and from elsewhere as [`Door::Office`].
    Near(KeyScope),
}

use Door::{Form, Identity, Inside, Keyed, Near, Office, Open, Page, Visitor};
use KeyScope::{Ask, Operate, Privacy, Search};
use Permission::{ReadConversations, ReadFigures, Reply, Reveal, Review};

#[rustfmt::skip]
const TABLE: [(&str, &str, Door); 66] = [
    ("GET", "/", Open),
    ("GET", "/livez", Open),
    ("GET", "/readyz", Open),
    ("GET", "/openapi.json", Open),
    ("GET", "/docs", Open),
    ("GET", "/assets/{name}", Open),
    ("GET", "/widget.js", Open),
    ("GET", "/playground", Open),
    ("GET", "/kb", Open),
    ("GET", "/kb/{slug:.*}", Open),
    ("GET", "/v1/site", Open),
    ("GET", "/v1/articles/{slug:.*}", Open),
    ("GET", "/v1/models", Open),
    ("GET", "/login", Open),
    ("POST", "/login", Open),
    ("GET", "/login/oidc", Open),
    ("GET", "/login/oidc/callback", Open),
    ("POST", "/v1/conversations", Open),
    ("POST", "/v1/ask", Keyed(Ask)),
    ("POST", "/v1/chat/completions", Keyed(Ask)),
    ("GET", "/v1/search", Keyed(Search)),
    ("GET", "/v1/conversations/{id}", Visitor),
    ("DELETE", "/v1/conversations/{id}", Visitor),
    ("GET", "/v1/conversations/{id}/events", Visitor),
    ("GET", "/v1/conversations/{id}/export", Visitor),
    ("POST", "/v1/conversations/{id}/messages", Visitor),
    ("POST", "/v1/conversations/{id}/typing", Visitor),
    ("POST", "/v1/conversations/{id}/handoff", Visitor),
    ("POST", "/v1/conversations/{id}/feedback", Visitor),
    ("POST", "/v1/conversations/{id}/close", Visitor),
    ("POST", "/v1/conversations/{id}/consent", Visitor),
    ("GET", "/v1/me", Identity),
    ("DELETE", "/v1/me", Identity),
    ("GET", "/v1/me/export", Identity),
    ("POST", "/v1/me/consent", Identity),
    ("GET", "/v1/inbox/conversations", Door::Staff(ReadConversations)),
    ("GET", "/v1/inbox/conversations/{id}", Door::Staff(ReadConversations)),
    ("GET", "/v1/inbox/conversations/{id}/suggestion", Door::Staff(Reply)),
    ("GET", "/v1/inbox/events", Door::Staff(ReadConversations)),
    ("POST", "/v1/inbox/presence", Door::Staff(Reply)),
    ("POST", "/v1/inbox/conversations/{id}/reveal", Door::Staff(Reveal)),
    ("POST", "/v1/inbox/conversations/{id}/take", Door::Staff(Reply)),
    ("POST", "/v1/inbox/conversations/{id}/return", Door::Staff(Reply)),
    ("POST", "/v1/inbox/conversations/{id}/resolve", Door::Staff(Reply)),
    ("POST", "/v1/inbox/conversations/{id}/assign", Door::Staff(Reply)),
    ("POST", "/v1/inbox/conversations/{id}/typing", Door::Staff(Reply)),
    ("POST", "/v1/inbox/conversations/{id}/reply", Door::Staff(Reply)),
    ("POST", "/v1/inbox/conversations/{id}/note", Door::Staff(Reply)),
    ("GET", "/inbox", Page(ReadConversations)),
    ("GET", "/inbox/{id}", Page(ReadConversations)),
    ("GET", "/dashboard", Page(ReadFigures)),
    ("GET", "/gaps", Page(ReadFigures)),
    ("POST", "/gaps", Form(Some(Review))),
    ("POST", "/logout", Form(None)),
    ("GET", "/metrics", Near(Operate)),
    ("POST", "/v1/admin/explain", Inside(Operate)),
    ("GET", "/v1/admin/index", Office(Operate, None)),
    ("GET", "/v1/admin/figures", Office(Operate, Some(ReadFigures))),
    ("GET", "/v1/admin/gaps", Office(Operate, Some(ReadFigures))),
    ("POST", "/v1/admin/gaps/{id}", Office(Operate, Some(Review))),
    ("GET", "/v1/admin/audit", Office(Privacy, Some(Permission::Privacy))),
    ("GET", "/v1/admin/processing-record", Office(Privacy, Some(Permission::Privacy))),
    ("POST", "/v1/admin/retention", Office(Privacy, Some(Permission::Privacy))),
    ("GET", "/v1/admin/conversations/{id}/export", Office(Privacy, Some(Permission::Privacy))),
    ("POST", "/v1/admin/conversations/{id}/consent", Office(Privacy, Some(Permission::Privacy))),
    ("DELETE", "/v1/admin/conversations/{id}", Office(Privacy, Some(Permission::Privacy))),
];

/// Method and path of every route that the source registers.
pub(crate) fn registered() -> BTreeSet<(String, String)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/src");
    let mut found = BTreeSet::new();
    for entry in walkdir::WalkDir::new(source) {
        let entry = entry.unwrap();
        if entry.path().extension().is_none_or(|e| e != "rs") {
            continue;
        }
        let text = fs_err::read_to_string(entry.path()).unwrap();
        for hidden in ["web::scope(", "web::redirect(", ".route(\"", "#[get(", "#[post("] {
            assert!(!text.contains(hidden), "{}: {hidden} hides a route", entry.path().display());
        }
        for (method, call) in [("GET", "get(\"/"), ("POST", "post(\"/")] {
            for (at, _) in text.match_indices(call) {
                if text[..at].ends_with(['(', ' ', '\n']) {
                    let path = text[at + call.len() - 1..].split('"').next().unwrap();
                    found.insert((method.to_owned(), path.to_owned()));
                }
            }
        }
        for (at, call) in text.match_indices("web::resource(\"") {
            let rest = &text[at + call.len()..];
            let path = rest.split('"').next().unwrap();
            let chain = rest.split(".default_service").next().unwrap();
            for method in ["get", "post", "put", "patch", "delete", "route"] {
                if chain.contains(&format!("web::{method}()")) {
                    found.insert((method.to_uppercase(), path.to_owned()));
                }
            }
        }
    }
    found
}

#[test]
fn every_route_is_in_the_table_and_every_row_is_a_route() {
    let table: BTreeSet<_> =
        TABLE.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    let known = registered();
    let unknown: Vec<_> = known.difference(&table).collect();
    assert!(unknown.is_empty(), "say in TABLE who may come in: {unknown:?}");
    let gone: Vec<_> = table.difference(&known).collect();
    assert!(gone.is_empty(), "no routes: {gone:?}");
}

const OPERATOR: &str = "a token of the operator";
const PAST: &str = "2020-01-01T00:00:00Z";
const VISITORS: &str = "a visitor secret of forty characters, no";

/// Everybody who could come, with good and with bad credentials.
struct World {
    app: TestApp,
    customer: Customer,
    other: Customer,
    staff: Vec<(AgentRole, Staff)>,
    /// The cookie of a session that is over.
    ended: String,
    keys: Vec<(KeyScope, String)>,
    disabled: String,
}

type Headers = Vec<(&'static str, String)>;

impl World {
    async fn new(require_key: bool) -> Self {
        let app = spawn_app(|s| {
            s.access.require_key = require_key;
            s.access.visitor_secret = Some(Secret::new(VISITORS));
            s.access.limits.login_per_minute = 1000;
            s.access.limits.visitor_per_minute = 1000;
            s.server.admin_token = Some(Secret::new(OPERATOR));
            s.identity.secret = Some(Secret::new(identity::SECRET));
        })
        .await;
        let (customer, other) = (Customer::begin(&app).await, Customer::begin(&app).await);
        let mut staff = Vec::new();
        for role in AgentRole::ALL {
            let login = role.as_str().replace('_', "-");
            staff.push((role, Staff::come(&app, &login, role).await));
        }
        let file = app.folder.path().join("data").join(STORE_FILE);
        let store = SqliteStore::open(&file).await.unwrap();
        let hash = Sha256::digest("ended").iter().map(|b| format!("{b:02x}")).collect();
        let (at, expires_at) = (PAST.parse().unwrap(), PAST.parse().unwrap());
        let agent = staff[0].1.id;
        let session = NewSession { token_hash: hash, agent, at, expires_at };
        store.open_session(&session).await.unwrap();
        let mut keys = Vec::new();
        for scope in [Ask, Search, Operate, Privacy] {
            keys.push((scope, key(&store, scope.as_str(), vec![scope]).await));
        }
        let disabled = key(&store, "disabled", vec![Ask, Search, Operate, Privacy]).await;
        store.disable_key("disabled").await.unwrap();
        store.close().await;
        let ended = "atbilde_session=ended".to_owned();
        Self { app, customer, other, staff, ended, keys, disabled }
    }

    async fn send(&self, (method, path): (&str, &str), headers: &Headers, body: &str) -> Response {
        let path = path
            .replace("{id}", &self.customer.id)
            .replace("{name}", "x")
            .replace("{slug:.*}", "returns");
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let mut request =
            client.build().unwrap().request(method.clone(), format!("{}{path}", self.app.address));
        if method == Method::POST && !headers.iter().any(|(name, _)| *name == "Content-Type") {
            request = request.header("Content-Type", "application/json");
        }
        if method == Method::POST {
            request = request.body(body.to_owned());
        }
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        request.send().await.unwrap()
    }

    /// Credentials that open nothing but perhaps another door, each with what it is.
    fn strangers(&self) -> Vec<(&'static str, Headers)> {
        let id = ConversationId(self.customer.id.parse().unwrap());
        let of = |secret: &str, from: &str| {
            VisitorTokens::new(Secret::new(secret), 1).issue(id, from.parse().unwrap()).0
        };
        let other_secret = "another secret of forty characters, no!!";
        let mut expired = identity::claims("4711");
        expired["iat"] = json!(identity::now() - 1000);
        expired["exp"] = json!(identity::now() - 10);
        let hs256 = json!({ "alg": "HS256" });
        let none = json!({ "alg": "none" });
        let proof = |token: String| vec![("Atbilde-Identity", token)];
        vec![
            ("nobody", vec![]),
            ("nonsense", bearer("x")),
            ("a password", vec![("Authorization", "Basic eDp4".to_owned())]),
            (
                "a forged token of the conversation",
                bearer(&of(other_secret, "2099-01-01T00:00:00Z")),
            ),
            ("an expired one", bearer(&of(VISITORS, PAST))),
            ("an unknown key", bearer(&new_key())),
            ("a disabled key", bearer(&self.disabled)),
            ("a guessed session", vec![("Cookie", "atbilde_session=guess".to_owned())]),
            ("an ended session", vec![("Cookie", self.ended.clone())]),
            (
                "a session in the cookie for HTTPS",
                vec![("Cookie", format!("__Host-{}", self.staff[2].1.cookie))],
            ),
            ("a forged proof", proof(identity::signed(&hs256, &identity::claims("4711"), "x"))),
            ("an expired proof", proof(identity::signed(&hs256, &expired, identity::SECRET))),
            ("an unsigned proof", proof(identity::signed(&none, &identity::claims("4711"), ""))),
        ]
    }

    fn session(&self, role: AgentRole) -> Headers {
        let staff = self.of(role);
        vec![("Cookie", staff.cookie.clone()), ("X-CSRF-Token", staff.csrf.clone())]
    }

    fn of(&self, role: AgentRole) -> &Staff {
        &self.staff.iter().find(|(known, _)| *known == role).unwrap().1
    }

    fn key(&self, scope: KeyScope) -> Headers {
        bearer(&self.keys.iter().find(|(known, _)| *known == scope).unwrap().1)
    }

    /// Refused with `status` whatever is sent along, in the address or in the body.
    async fn refused(&self, at: (&str, &str), (who, headers): (&str, Headers), status: u16) {
        let path = format!("{}?nonsense=1", at.1);
        let response = self.send((at.0, path.as_str()), &headers, "{ no JSON").await;
        assert_eq!(response.status(), status, "{at:?}: {who}");
        let policy = response.headers().get("content-security-policy");
        assert!(policy.is_some(), "{at:?}: {who}: no policy");
    }

    async fn let_in(&self, at: (&str, &str), (who, headers): (&str, Headers)) {
        let response = self.send(at, &headers, "{}").await;
        let status = response.status().as_u16();
        assert!(!matches!(status, 303 | 401 | 403 | 405 | 500..), "{at:?}: {who}: {status}");
        if at.0 == "GET" {
            let kept = response.headers().get("cache-control").and_then(|v| v.to_str().ok());
            assert_eq!(kept, Some("no-store"), "{at:?}: {who}");
        }
    }

    async fn staff_door(&self, at: (&str, &str), permission: Option<Permission>) {
        let may = |role: AgentRole| permission.is_none_or(|p| role.may(p));
        let changes = at.0 != "GET";
        for role in AgentRole::ALL {
            let with_all = self.session(role);
            if !may(role) {
                // Of a body that can be read, who may not is told so first.
                let body = match at.1.ends_with("/reveal") {
                    true => r#"{ "placeholder": "[EMAIL_1]" }"#,
                    false => "{}",
                };
                let status = self.send(at, &with_all, body).await.status();
                assert_eq!(status, 403, "{at:?}: {role:?}");
                continue;
            }
            if changes {
                let cookie = with_all[0].clone();
                let neighbour = AgentRole::ALL.into_iter().find(|other| *other != role).unwrap();
                let foreign = ("X-CSRF-Token", self.of(neighbour).csrf.clone());
                self.refused(at, ("no CSRF token", vec![cookie.clone()]), 403).await;
                self.refused(at, ("a foreign CSRF token", vec![cookie, foreign]), 403).await;
            }
            self.let_in(at, (role.as_str(), with_all)).await;
        }
    }

    async fn office_door(&self, at: (&str, &str), scope: KeyScope) {
        for (known, _) in &self.keys {
            let with = (known.as_str(), self.key(*known));
            if *known == scope {
                self.let_in(at, with).await;
            } else {
                self.refused(at, with, 403).await;
            }
        }
        self.let_in(at, ("the operator", bearer(OPERATOR))).await;
    }

    /// A form of a page: like [`World::staff_door`], with the token in the form.
    async fn form_door(&self, at: (&str, &str), permission: Option<Permission>) {
        let form = ("Content-Type", "application/x-www-form-urlencoded".to_owned());
        for role in AgentRole::ALL {
            let cookie = ("Cookie", self.of(role).cookie.clone());
            let headers = vec![cookie, form.clone()];
            let neighbour = AgentRole::ALL.into_iter().find(|other| *other != role).unwrap();
            for csrf in [String::new(), self.of(neighbour).csrf.clone()] {
                let body = format!("csrf={csrf}&id=x&verdict=resolved");
                assert_eq!(self.send(at, &headers, &body).await.status(), 403, "{at:?}: {csrf:?}");
            }
            let body = format!("csrf={}&id=x&verdict=resolved", self.of(role).csrf);
            let status = self.send(at, &headers, &body).await.status().as_u16();
            if permission.is_none_or(|p| role.may(p)) {
                assert!(!matches!(status, 401 | 403 | 500..), "{at:?}: {role:?}: {status}");
            } else {
                assert_eq!(status, 403, "{at:?}: {role:?}");
            }
        }
    }

    async fn try_door(&self, at: (&str, &str), door: Door) {
        let outside = |status| {
            let strangers = self.strangers();
            async move {
                for stranger in strangers {
                    self.refused(at, stranger, status).await;
                }
            }
        };
        let customers = ("the customer", bearer(&self.customer.token));
        let operator = ("the operator", bearer(OPERATOR));
        let admin = ("an admin", self.session(AgentRole::Admin));
        match door {
            Open => {}
            Keyed(scope) => {
                outside(401).await;
                self.refused(at, customers, 401).await;
                for (known, _) in &self.keys {
                    let status = self.send(at, &self.key(*known), "{}").await.status().as_u16();
                    assert_eq!(status == 403, *known != scope, "{at:?}: {known:?}: {status}");
                    assert_ne!(status, 401);
                }
            }
            Visitor => {
                outside(401).await;
                for who in [operator, admin, ("a key", self.key(Privacy))] {
                    self.refused(at, who, 401).await;
                }
                self.refused(at, ("another customer", bearer(&self.other.token)), 404).await;
                if at.0 != "DELETE" {
                    self.let_in(at, customers).await;
                }
            }
            Identity => {
                outside(401).await;
                for who in [customers, operator, admin] {
                    self.refused(at, who, 401).await;
                }
                let proof = vec![("Atbilde-Identity", identity::token("4711"))];
                self.let_in(at, ("the customer", proof)).await;
            }
            Door::Staff(permission) => {
                outside(401).await;
                for who in [customers, operator, ("a key", self.key(Privacy))] {
                    self.refused(at, who, 401).await;
                }
                self.staff_door(at, Some(permission)).await;
            }
            Page(permission) => {
                outside(303).await;
                for who in [customers, operator] {
                    self.refused(at, who, 303).await;
                }
                self.staff_door(at, Some(permission)).await;
            }
            Form(permission) => {
                outside(401).await;
                self.form_door(at, permission).await;
            }
            Office(scope, permission) => {
                outside(401).await;
                self.refused(at, customers, 401).await;
                self.office_door(at, scope).await;
                match permission {
                    Some(permission) => self.staff_door(at, Some(permission)).await,
                    None => self.refused(at, admin, 401).await,
                }
            }
            Inside(scope) => {
                outside(401).await;
                self.refused(at, customers, 401).await;
                self.office_door(at, scope).await;
                self.let_in(at, admin).await;
            }
            Near(scope) => {
                self.let_in(at, ("this machine", vec![])).await;
                for (who, mut headers) in self.strangers() {
                    headers.push(("X-Forwarded-For", "203.0.113.7".to_owned()));
                    self.refused(at, (who, headers), 401).await;
                }
                let mut other = self.key(Privacy);
                other.push(("X-Forwarded-For", "203.0.113.7".to_owned()));
                self.refused(at, ("another key", other), 403).await;
                let mut right = self.key(scope);
                right.push(("X-Forwarded-For", "203.0.113.7".to_owned()));
                self.let_in(at, ("its key", right)).await;
            }
        }
    }
}

fn bearer(token: &str) -> Headers {
    vec![("Authorization", format!("Bearer {token}"))]
}

async fn key(store: &SqliteStore, name: &str, scopes: Vec<KeyScope>) -> String {
    let key = new_key();
    let created_at = PAST.parse().unwrap();
    let new = ApiKey { name: name.to_owned(), scopes, disabled: false, created_at };
    store.add_key(&new, &key_hash(&key).unwrap()).await.unwrap();
    key
}

#[tokio::test(flavor = "multi_thread")]
async fn every_door_opens_for_those_it_is_for_and_for_nobody_else() {
    let world = World::new(false).await;
    // What erases comes last, and what logs out behind it.
    let mut rows: Vec<_> = TABLE.iter().filter(|(.., door)| !matches!(door, Keyed(_))).collect();
    rows.sort_by_key(|(method, path, _)| (*path == "/logout", *method == "DELETE"));
    for (method, path, door) in rows {
        world.try_door((method, path), *door).await;
    }
    world.app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn where_keys_are_required_nobody_asks_without_one() {
    let world = World::new(true).await;
    for (method, path, door) in TABLE.iter().filter(|(.., door)| matches!(door, Keyed(_))) {
        world.try_door((method, path), *door).await;
    }
    world.app.stop().await.unwrap();
}
