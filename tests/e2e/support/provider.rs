//! A small OpenID provider for tests: describes itself, shows its key, gives a code to whoever asks, and an ID
//! token (ES256) for a code, once, to the client that it knows and that has the verifier.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::SignatureScheme;
use tokio_rustls::rustls::crypto::ring::sign::any_ecdsa_type;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::sign::SigningKey;

use super::identity::now;

pub(crate) const CLIENT: &str = "desk";
pub(crate) const SECRET: &str = "secret of the desk";

/// A running provider.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    issuer: String,
    key: Arc<dyn SigningKey>,
    public: Value,
    /// Of the person who logs in, over the claims that every token has.
    person: Value,
    /// Parameters of the log-in by code.
    codes: HashMap<String, HashMap<String, String>>,
    count: u32,
}

impl Provider {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let pair = rcgen::KeyPair::generate().unwrap();
        let point = pair.public_key_raw();
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let public = json!({ "kty": "EC", "crv": "P-256", "use": "sig", "kid": "one",
            "x": part(&point[1..33]), "y": part(&point[33..65]) });
        let key = any_ecdsa_type(&PrivateKeyDer::Pkcs8(pair.serialize_der().into())).unwrap();
        let inner = Arc::new(Mutex::new(Inner {
            issuer: issuer.clone(),
            key,
            public,
            person: json!({}),
            codes: HashMap::new(),
            count: 0,
        }));
        let serving = Arc::clone(&inner);
        std::thread::Builder::new()
            .name("fake-provider".to_owned())
            .spawn(move || {
                for stream in listener.incoming().flatten() {
                    serve(&stream, &serving);
                }
            })
            .unwrap();
        Self { issuer, inner }
    }

    /// Who logs in from now on: claims of the ID token.
    pub(crate) fn person(&self, claims: Value) {
        self.inner.lock().unwrap().person = claims;
    }
}

fn serve(stream: &TcpStream, inner: &Mutex<Inner>) {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) <= 2 {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    let header = |name: &str| {
        lines.iter().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let mut body = vec![0; header("content-length").map_or(0, |n| n.parse().unwrap())];
    let _ = reader.read_exact(&mut body);
    let target = lines.first().and_then(|line| line.split(' ').nth(1)).unwrap_or("/").to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut inner = inner.lock().unwrap();
    let answer = match path {
        "/.well-known/openid-configuration" => found(&inner.description()),
        "/keys" => found(&json!({ "keys": [inner.public] })),
        "/authorize" => {
            let asked = pairs(query);
            inner.count += 1;
            let code = format!("code-{}", inner.count);
            let to = format!("{}?code={code}&state={}", asked["redirect_uri"], asked["state"]);
            inner.codes.insert(code, asked);
            format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n")
        }
        "/token" => match inner.token(&header("authorization").unwrap_or_default(), &body) {
            Some(token) => {
                found(&json!({ "token_type": "Bearer", "access_token": "x", "id_token": token }))
            }
            None => {
                let why = "{\"error\":\"invalid_grant\",\"error_description\":\"the provider's own words\"}";
                format!("HTTP/1.1 400 Bad\r\nContent-Length: {}\r\n\r\n{why}", why.len())
            }
        },
        _ => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n".to_owned(),
    };
    let answer = match answer.split_once("\r\n\r\n") {
        Some((head, body)) => format!("{head}\r\nConnection: close\r\n\r\n{body}"),
        None => format!("{answer}Connection: close\r\n\r\n"),
    };
    let _ = (&*stream).write_all(answer.as_bytes());
}

impl Inner {
    fn description(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer);
        json!({ "issuer": self.issuer, "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"), "jwks_uri": at("/keys") })
    }

    fn token(&mut self, authorization: &str, body: &[u8]) -> Option<String> {
        let known = STANDARD.encode(format!("{CLIENT}:{}", SECRET.replace(' ', "%20")));
        let form = pairs(std::str::from_utf8(body).ok()?);
        // Whatever becomes of it: a code is good once.
        let asked = self.codes.remove(form.get("code")?)?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form.get("code_verifier")?));
        let good = authorization == format!("Basic {known}")
            && form.get("redirect_uri") == asked.get("redirect_uri")
            && asked.get("code_challenge") == Some(&challenge)
            && asked.get("code_challenge_method").is_some_and(|m| m == "S256");
        let mut claims = json!({ "iss": self.issuer, "aud": CLIENT, "iat": now(), "exp": now() + 300,
            "nonce": asked.get("nonce")? });
        for (key, value) in self.person.as_object()? {
            claims[key] = value.clone();
        }
        good.then(|| self.sign(&claims))
    }

    fn sign(&self, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({ "alg": "ES256", "kid": "one" })), part(claims));
        let signer = self.key.choose_scheme(&[SignatureScheme::ECDSA_NISTP256_SHA256]).unwrap();
        let signature = raw(&signer.sign(signed.as_bytes()).unwrap());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// The two numbers of an ECDSA signature in DER as 32 bytes each, as tokens want them.
fn raw(der: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = &der[2..];
    for _ in 0..2 {
        let (number, after) = rest[2..].split_at(usize::from(rest[1]));
        let number = &number[number.len().saturating_sub(32)..];
        out.extend(std::iter::repeat_n(0, 32 - number.len()).chain(number.iter().copied()));
        rest = after;
    }
    out
}

fn found(object: &Value) -> String {
    let body = object.to_string();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The parameters of a query or form.
pub(crate) fn pairs(text: &str) -> HashMap<String, String> {
    let url = reqwest::Url::parse(&format!("http://x/?{text}")).unwrap();
    url.query_pairs().into_owned().collect()
}
