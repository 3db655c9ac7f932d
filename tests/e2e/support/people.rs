//! The people of a conversation: a customer with a token, an agent with a session, and live events.

use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value, json};
use server::access::Passwords;
use server::domain::{Agent, AgentId, AgentRole};
use server::privacy::Secret;
use server::startup::STORE_FILE;
use server::store::{Accounts, SqliteStore};

use super::TestApp;

pub(crate) const PASSWORD: &str = "correct horse battery";

/// A customer in a conversation of their own.
pub(crate) struct Customer {
    pub(crate) id: String,
    pub(crate) token: String,
    url: String,
    client: reqwest::Client,
}

impl Customer {
    pub(crate) async fn begin(app: &TestApp) -> Self {
        Self::begin_at(&app.address).await
    }

    pub(crate) async fn begin_at(address: &str) -> Self {
        let client = client();
        let response = client
            .post(format!("{address}/v1/conversations"))
            .json(&json!({ "locale": "en", "site": "shop", "page": "/cart" }))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 201);
        let begun: Value = response.json().await.unwrap();
        let id = begun["conversation_id"].as_str().unwrap().to_owned();
        let token = begun["token"].as_str().unwrap().to_owned();
        let url = format!("{address}/v1/conversations/{id}");
        Self { id, token, url, client }
    }

    /// The same customer at another process.
    pub(crate) fn at(&self, address: &str) -> Self {
        let (id, token) = (self.id.clone(), self.token.clone());
        let url = format!("{address}/v1/conversations/{id}");
        Self { id, token, url, client: self.client.clone() }
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> reqwest::Response {
        let request = self.client.post(format!("{}/{path}", self.url)).bearer_auth(&self.token);
        request.json(&body).send().await.unwrap()
    }

    /// Says something and gives the status and object of the answer.
    pub(crate) async fn say(&self, text: &str) -> (u16, Value) {
        let response = self.post("messages", json!({ "text": text })).await;
        (response.status().as_u16(), response.json().await.unwrap())
    }

    pub(crate) async fn show(&self) -> Value {
        let response = self.client.get(&self.url).bearer_auth(&self.token).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    /// Follows the conversation from behind message `after`.
    pub(crate) async fn follow(&self, after: u64) -> Events {
        let response = self
            .client
            .get(format!("{}/events", self.url))
            .bearer_auth(&self.token)
            .header("Last-Event-ID", after.to_string())
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
        Events { stream: pieces(response), text: String::new() }
    }
}

/// A stream of live events.
pub(crate) struct Events {
    stream: futures::stream::BoxStream<'static, Vec<u8>>,
    text: String,
}

impl Events {
    /// Name, id and data of the next event; comments are passed over.
    pub(crate) async fn next(&mut self) -> (String, Option<u64>, Value) {
        loop {
            if let Some((frame, rest)) = self.text.split_once("\n\n") {
                let (frame, rest) = (frame.to_owned(), rest.to_owned());
                self.text = rest;
                if frame.starts_with(':') {
                    continue;
                }
                let field = |name: &str| {
                    frame
                        .lines()
                        .find_map(|l| l.strip_prefix(name))
                        .map(str::trim)
                        .map(str::to_owned)
                };
                let data = serde_json::from_str(&field("data:").unwrap()).unwrap();
                return (
                    field("event:").unwrap(),
                    field("id:").map(|id| id.parse().unwrap()),
                    data,
                );
            }
            let piece = tokio::time::timeout(Duration::from_secs(30), self.stream.next());
            let piece = piece.await.unwrap().unwrap();
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }

    /// The next event of this name; others are passed over.
    pub(crate) async fn until(&mut self, name: &str) -> Value {
        loop {
            let (event, _, data) = self.next().await;
            if event == name {
                return data;
            }
        }
    }
}

/// Somebody who is logged in.
pub(crate) struct Staff {
    pub(crate) cookie: String,
    pub(crate) csrf: String,
    pub(crate) id: AgentId,
    address: String,
    client: reqwest::Client,
}

/// Makes an account, as `atbilde user add` does beside the running server.
pub(crate) async fn account(app: &TestApp, login: &str, role: AgentRole) -> AgentId {
    let store = SqliteStore::open(&app.folder.path().join("data").join(STORE_FILE)).await.unwrap();
    let agent = Agent {
        id: AgentId::random(),
        login: login.to_owned(),
        name: format!("{}{}", login[..1].to_uppercase(), &login[1..]),
        role,
        disabled: false,
        created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
    };
    let hash = Passwords::default().hash(Secret::new(PASSWORD)).await.unwrap();
    store.add_agent(&agent, &hash).await.unwrap();
    store.close().await;
    agent.id
}

fn client() -> reqwest::Client {
    server::tls::install();
    reqwest::Client::builder().timeout(Duration::from_secs(60)).build().unwrap()
}

/// Sends the login form; redirects are not followed.
pub(crate) async fn log_in(app: &TestApp, login: &str, password: &str) -> reqwest::Response {
    log_in_at(&app.address, login, password).await
}

async fn log_in_at(address: &str, login: &str, password: &str) -> reqwest::Response {
    let client =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let body = format!("login={login}&password={}", password.replace(' ', "+"));
    client
        .post(format!("{address}/login"))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await
        .unwrap()
}

impl Staff {
    pub(crate) async fn come(app: &TestApp, login: &str, role: AgentRole) -> Self {
        let id = account(app, login, role).await;
        Self::enter(&app.address, login, id).await
    }

    /// Logs in with an account that is there.
    pub(crate) async fn enter(address: &str, login: &str, id: AgentId) -> Self {
        let (client, address) = (client(), address.to_owned());
        let response = log_in_at(&address, login, PASSWORD).await;
        assert_eq!(response.status(), 303);
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let page = client.get(format!("{address}/inbox")).header("Cookie", &cookie);
        let page = page.send().await.unwrap().text().await.unwrap();
        let (_, rest) = page.split_once("data-csrf=\"").unwrap();
        let csrf = rest.split('"').next().unwrap().to_owned();
        Self { cookie, csrf, id, address, client }
    }

    /// The same session at another process.
    pub(crate) fn at(&self, address: &str) -> Self {
        let (cookie, csrf) = (self.cookie.clone(), self.csrf.clone());
        Self { cookie, csrf, id: self.id, address: address.to_owned(), client: self.client.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        let request = self.client.get(format!("{}{path}", self.address));
        request.header("Cookie", &self.cookie).send().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> reqwest::Response {
        self.client
            .post(format!("{}{path}", self.address))
            .header("Cookie", &self.cookie)
            .header("X-CSRF-Token", &self.csrf)
            .json(&body)
            .send()
            .await
            .unwrap()
    }

    /// Does something with a conversation and gives status and object.
    pub(crate) async fn act(&self, id: &str, action: &str, body: Value) -> (u16, Value) {
        let response = self.post(&format!("/v1/inbox/conversations/{id}/{action}"), body).await;
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    /// Follows the desk.
    pub(crate) async fn follow(&self) -> Events {
        let response = self.get("/v1/inbox/events").await;
        assert_eq!(response.status(), 200);
        Events { stream: pieces(response), text: String::new() }
    }
}

fn pieces(response: reqwest::Response) -> futures::stream::BoxStream<'static, Vec<u8>> {
    response.bytes_stream().map(|piece| piece.unwrap().to_vec()).boxed()
}
