//! Proof of who a customer is: a token that the company's own server signs for a logged-in customer and
//! the page passes on (`Atbilde.setUser`). A JSON Web Token (RFC 7519) in the one form that is accepted:
//! HS256, for this site alone, with an end.
//!
//! Strict on purpose: the algorithm is fixed (never read from the token), `aud` names this site and no
//! other, `iat` and `exp` are there and not far apart. Nothing of a token is stored; the customer is
//! known by a keyed hash of `sub`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::Deserialize;
use sha2::Sha256;

use super::hex;
use crate::domain::{CustomerKey, Identity};
use crate::privacy::{CustomerText, Secret};

/// Longer tokens are not looked at.
const MAX_LEN: usize = 4096;
/// Longer ids, names and addresses are refused.
const MAX_CLAIM: usize = 254;
/// Clocks may differ by this much, seconds.
const LEEWAY: i64 = 60;

/// Knows the tokens of one site.
pub struct IdentityTokens {
    /// The current secret and, while the company changes over, the one before.
    secrets: Vec<Secret>,
    site: String,
    max_age_s: i64,
    /// Makes the customer's key; outlives the secrets.
    pepper: Secret,
}

/// Why a token proves nothing. The messages are for whoever makes the tokens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    #[error("this server knows no identity tokens; set `identity.secret`")]
    Unconfigured,
    #[error("the identity token is no JSON Web Token of three parts")]
    Malformed,
    #[error("the identity token is signed with {0:?}; only HS256 is accepted")]
    Algorithm(String),
    #[error("the identity token is not signed with `identity.secret`")]
    Signature,
    #[error("the identity token is for another site; its `aud` must be {0:?}")]
    Audience(String),
    #[error("the identity token has no `{0}`, or not as it should be: {1}")]
    Claim(&'static str, &'static str),
    #[error("the identity token has expired; call `setUser` with a new one")]
    Expired,
    #[error("the identity token is not valid yet: the clocks differ")]
    Early,
    #[error("`exp` of the identity token is more than {0} minutes after `iat`")]
    TooLong(i64),
}

#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    alg: String,
    #[serde(default)]
    typ: Option<String>,
    /// Extensions that must be understood; none is.
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    sub: Option<String>,
    #[serde(default)]
    aud: Option<String>,
    #[serde(default)]
    iat: Option<i64>,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    exp: Option<i64>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    email: Option<String>,
}

impl IdentityTokens {
    /// `secrets`: the current one first; none: no token is accepted. `pepper` names customers.
    pub fn new(secrets: Vec<Secret>, site: &str, max_age_minutes: u32, pepper: Secret) -> Self {
        Self { secrets, site: site.to_owned(), max_age_s: 60 * i64::from(max_age_minutes), pepper }
    }

    /// Who `token` proves the customer to be at `now`.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Identity, IdentityError> {
        if self.secrets.is_empty() {
            return Err(IdentityError::Unconfigured);
        }
        if token.len() > MAX_LEN || token.matches('.').count() != 2 {
            return Err(IdentityError::Malformed);
        }
        let (signed, mac) = token.rsplit_once('.').ok_or(IdentityError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(IdentityError::Malformed)?;
        let decode =
            |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| IdentityError::Malformed);
        let header: Header =
            serde_json::from_slice(&decode(header)?).map_err(|_| IdentityError::Malformed)?;
        if header.alg != "HS256" {
            return Err(IdentityError::Algorithm(header.alg.chars().take(20).collect()));
        }
        if header.crit.is_some() || header.typ.is_some_and(|t| !t.eq_ignore_ascii_case("jwt")) {
            return Err(IdentityError::Malformed);
        }
        let mac = decode(mac)?;
        // Each comparison takes the same time wherever the difference is.
        if !self.secrets.iter().any(|secret| is_signed(secret, signed, &mac)) {
            return Err(IdentityError::Signature);
        }
        let claims: Claims =
            serde_json::from_slice(&decode(payload)?).map_err(|_| IdentityError::Malformed)?;
        self.check(claims, now.as_second())
    }

    fn check(&self, claims: Claims, now: i64) -> Result<Identity, IdentityError> {
        if claims.aud.as_deref() != Some(&self.site) {
            return Err(IdentityError::Audience(self.site.clone()));
        }
        let seconds = "seconds since 1970";
        let exp = claims.exp.ok_or(IdentityError::Claim("exp", seconds))?;
        let iat = claims.iat.ok_or(IdentityError::Claim("iat", seconds))?;
        if now >= exp {
            return Err(IdentityError::Expired);
        }
        if iat.max(claims.nbf.unwrap_or(iat)) > now.saturating_add(LEEWAY) {
            return Err(IdentityError::Early);
        }
        if exp.saturating_sub(iat) > self.max_age_s {
            return Err(IdentityError::TooLong(self.max_age_s / 60));
        }
        let id = text("sub", claims.sub)?
            .ok_or(IdentityError::Claim("sub", "the customer's id, as a string"))?;
        Ok(Identity {
            key: self.key(&id),
            id: CustomerText::new(id),
            name: text("name", claims.name)?.map(CustomerText::new),
            email: text("email", claims.email)?.map(CustomerText::new),
        })
    }

    /// Ids are few and can be guessed, so the hash has a key.
    fn key(&self, id: &str) -> CustomerKey {
        let mac = Hmac::<Sha256>::new_from_slice(self.pepper.expose().as_bytes()).map(|mut mac| {
            mac.update(b"customer\0");
            mac.update(self.site.as_bytes());
            mac.update(b"\0");
            mac.update(id.as_bytes());
            mac.finalize().into_bytes()
        });
        CustomerKey(hex(&mac.unwrap_or_default()))
    }
}

fn is_signed(secret: &Secret, signed: &str, mac: &[u8]) -> bool {
    Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).is_ok_and(|mut known| {
        known.update(signed.as_bytes());
        known.verify_slice(mac).is_ok()
    })
}

/// A claim without white space around; `None` when empty.
fn text(name: &'static str, value: Option<String>) -> Result<Option<String>, IdentityError> {
    let value = value.map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
    if value.as_ref().is_some_and(|v| v.len() > MAX_CLAIM || v.chars().any(char::is_control)) {
        return Err(IdentityError::Claim(name, "at most 254 bytes in one line"));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &str = "a secret of thirty-two characters";
    const NOW: i64 = 1_790_000_000;

    fn tokens() -> IdentityTokens {
        let old = Secret::new("the secret before, of enough length");
        let secrets = vec![Secret::new(SECRET), old];
        IdentityTokens::new(secrets, "shop", 60, Secret::new("pepper of the data folder, long"))
    }

    fn made(header: &Value, claims: &Value, secret: &str) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    fn claims() -> Value {
        json!({ "sub": "4711", "aud": "shop", "iat": NOW - 10, "exp": NOW + 600,
            "name": "Jane Doe", "email": "jane@mail.example", "role": "ignored" })
    }

    fn hs256() -> Value {
        json!({ "alg": "HS256", "typ": "JWT" })
    }

    fn verify(token: &str) -> Result<Identity, IdentityError> {
        tokens().verify(token, Timestamp::from_second(NOW).unwrap())
    }

    #[test]
    fn a_good_token_says_who_it_is_with_either_secret() {
        let identity = verify(&made(&hs256(), &claims(), SECRET)).unwrap();
        assert_eq!(identity.id.expose(), "4711");
        assert_eq!(identity.email.as_ref().unwrap().expose(), "jane@mail.example");
        assert!(!format!("{identity:?}").contains("jane") && !identity.key.0.contains("4711"));
        let old = made(&hs256(), &claims(), "the secret before, of enough length");
        assert_eq!(verify(&old).unwrap(), identity, "one customer, whichever secret signed");
        let mut other = claims();
        other["sub"] = json!("4712");
        assert_ne!(verify(&made(&hs256(), &other, SECRET)).unwrap().key, identity.key);
    }

    #[test]
    fn every_other_signature_is_refused() {
        let none = made(&json!({ "alg": "none" }), &claims(), SECRET);
        assert!(matches!(verify(&none), Err(IdentityError::Algorithm(_))));
        let (signed, _) = none.rsplit_once('.').unwrap();
        assert!(matches!(verify(&format!("{signed}.")), Err(IdentityError::Algorithm(_))));
        for alg in ["RS256", "HS512", "hs256", ""] {
            let token = made(&json!({ "alg": alg }), &claims(), SECRET);
            assert!(matches!(verify(&token), Err(IdentityError::Algorithm(_))), "{alg}");
        }
        let foreign = made(&hs256(), &claims(), "another secret of thirty-two chars");
        assert_eq!(verify(&foreign), Err(IdentityError::Signature));
        let good = made(&hs256(), &claims(), SECRET);
        let (signed, _) = good.rsplit_once('.').unwrap();
        assert_eq!(verify(&format!("{signed}.")), Err(IdentityError::Signature));
        let critical = json!({ "alg": "HS256", "crit": ["b64"], "b64": false });
        assert_eq!(verify(&made(&critical, &claims(), SECRET)), Err(IdentityError::Malformed));
        for bad in ["", "a", "a.b", "a.b.c.d", "..", "ā.b.c", &"a.".repeat(5000)] {
            assert_eq!(verify(bad), Err(IdentityError::Malformed), "{bad}");
        }
        let none = IdentityTokens::new(Vec::new(), "shop", 60, Secret::new("x"));
        assert_eq!(none.verify(&good, Timestamp::now()), Err(IdentityError::Unconfigured));
    }

    #[test]
    fn claims_are_for_this_site_and_this_hour() {
        type Change = fn(&mut Value);
        type Refused = fn(&IdentityError) -> bool;
        let wrong: [(Change, Refused); 12] = [
            (|c| c["aud"] = json!("other"), |e| matches!(e, IdentityError::Audience(_))),
            (|c| c["aud"] = Value::Null, |e| matches!(e, IdentityError::Audience(_))),
            (|c| c["aud"] = json!(["shop", "x"]), |e| *e == IdentityError::Malformed),
            (|c| c["exp"] = json!(NOW), |e| *e == IdentityError::Expired),
            (|c| c["exp"] = Value::Null, |e| matches!(e, IdentityError::Claim("exp", _))),
            (|c| c["exp"] = json!("soon"), |e| *e == IdentityError::Malformed),
            (|c| c["exp"] = json!(NOW + 7200), |e| *e == IdentityError::TooLong(60)),
            (|c| c["iat"] = Value::Null, |e| matches!(e, IdentityError::Claim("iat", _))),
            (|c| c["iat"] = json!(NOW + 300), |e| *e == IdentityError::Early),
            (|c| c["nbf"] = json!(NOW + 300), |e| *e == IdentityError::Early),
            (|c| c["sub"] = json!("  "), |e| matches!(e, IdentityError::Claim("sub", _))),
            (|c| c["name"] = json!("a\nb"), |e| matches!(e, IdentityError::Claim("name", _))),
        ];
        for (i, (change, expected)) in wrong.into_iter().enumerate() {
            let mut claims = claims();
            change(&mut claims);
            let error = verify(&made(&hs256(), &claims, SECRET)).unwrap_err();
            assert!(expected(&error), "{i}: {error}");
        }
        let edge = i64::MIN;
        let mut extreme = claims();
        extreme["iat"] = json!(edge);
        assert!(verify(&made(&hs256(), &extreme, SECRET)).is_err());
    }
}
