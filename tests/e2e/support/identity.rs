//! Identity tokens as the company's own server would sign them, and as somebody else would.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

pub(crate) const SECRET: &str = "the identity secret of this test, long";

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// Claims of a customer, good for ten minutes.
pub(crate) fn claims(id: &str) -> Value {
    json!({
        "sub": id, "aud": "site", "iat": now(), "exp": now() + 600,
        "name": "Jane Kalnina", "email": "jane.kalnina@mail.example",
    })
}

/// A good token of a customer.
pub(crate) fn token(id: &str) -> String {
    signed(&json!({ "alg": "HS256", "typ": "JWT" }), &claims(id), SECRET)
}

pub(crate) fn signed(header: &Value, claims: &Value, secret: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}
