//! The ID token: is it from this provider, for this server, of this login, and of now? Only then its claims
//! are read. OpenID Connect Core 3.1.3.7, with what it leaves open decided strictly: signatures of asymmetric
//! keys alone, no unknown critical extension.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;

/// Longer tokens are not looked at.
const MAX_LEN: usize = 32 * 1024;
/// Clocks may differ by this much, seconds.
const LEEWAY_S: i64 = 60;
/// A token that was made longer ago is not of this login, seconds.
const OLDEST_S: i64 = 900;
/// Longest subject, as the standard says.
const MAX_SUBJECT: usize = 255;
/// Keys that are tried for a token that names none.
const TRIED: usize = 8;
/// Every algorithm whose key the provider can publish. Never HS*: those keys are secrets that both sides know.
const ACCEPTED: [Algorithm; 9] = [
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

/// Why a token proves nothing. For the operator's log; people see none of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    #[error("the ID token is no JSON Web Token that can be read")]
    Malformed,
    #[error("the ID token is not signed with an accepted algorithm (RS, PS, ES or EdDSA)")]
    Algorithm,
    #[error("the provider publishes no key that the ID token could be signed with")]
    UnknownKey,
    #[error("the ID token's signature is not one of the provider's keys")]
    Signature,
    #[error("`iss` of the ID token is another issuer than `oidc.issuer`")]
    Issuer,
    #[error("the ID token is not for `oidc.client_id`: `aud` or `azp` names another client")]
    Audience,
    #[error("the ID token has expired; compare the clocks of this server and the provider")]
    Expired,
    #[error(
        "the ID token is from the future or too old; compare the clocks of this server and the provider"
    )]
    Time,
    #[error("`nonce` of the ID token is not the one of this login")]
    Nonce,
    #[error("the ID token has no `{0}`, or not as it should be")]
    Claim(&'static str),
}

/// What a token must say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: Timestamp,
}

/// A token that was checked.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Proven {
    pub(super) subject: String,
    /// Everything it says, for roles, name and address.
    pub(super) claims: Value,
}

/// The claims that are checked.
#[derive(Deserialize)]
struct Registered {
    iss: Option<String>,
    sub: Option<String>,
    aud: Option<Audience>,
    azp: Option<String>,
    exp: Option<f64>,
    iat: Option<f64>,
    nbf: Option<f64>,
    nonce: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Refuses what is no token and what is of a kind that is never accepted.
///
/// # Errors
/// [`TokenFault`].
pub(super) fn check_kind(token: &str) -> Result<(), TokenFault> {
    header(token).map(drop)
}

/// What `token` proves, when one of `keys` signed it.
///
/// # Errors
/// [`TokenFault`]; newer keys may help where it is [`TokenFault::UnknownKey`] or [`TokenFault::Signature`].
pub(super) fn verify(
    token: &str,
    keys: &[Jwk],
    expected: &Expected<'_>,
) -> Result<Proven, TokenFault> {
    let (algorithm, name) = header(token)?;
    let named = |key: &&Jwk| name.is_none() || key.common.key_id == name;
    let candidates: Vec<&Jwk> =
        keys.iter().filter(named).filter(|key| fits(key, algorithm)).take(TRIED).collect();
    if candidates.is_empty() {
        return Err(TokenFault::UnknownKey);
    }
    // The signature alone: the claims are checked here, against a given time.
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let claims = candidates
        .into_iter()
        .filter_map(|key| DecodingKey::from_jwk(key).ok())
        .find_map(|key| decode::<Value>(token, &key, &validation).ok())
        .ok_or(TokenFault::Signature)?
        .claims;
    check(claims, expected)
}

fn header(token: &str) -> Result<(Algorithm, Option<String>), TokenFault> {
    if token.len() > MAX_LEN || token.matches('.').count() != 2 {
        return Err(TokenFault::Malformed);
    }
    let raw = raw_header(token).ok_or(TokenFault::Malformed)?;
    // Extensions that must be understood; none is.
    if raw.get("crit").is_some() {
        return Err(TokenFault::Malformed);
    }
    // `none` and whatever else the crate does not know fail to parse.
    let header = decode_header(token).map_err(|_| TokenFault::Algorithm)?;
    if !ACCEPTED.contains(&header.alg) {
        return Err(TokenFault::Algorithm);
    }
    Ok((header.alg, header.kid))
}

fn raw_header(token: &str) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
    serde_json::from_slice::<Value>(&bytes).ok().filter(Value::is_object)
}

/// Whether `key` is one for signatures of `algorithm`. What a key is for is never taken from the token.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let signs = matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let named =
        key.common.key_algorithm.is_none_or(|own| own.to_string() == format!("{algorithm:?}"));
    let kind = match (&key.algorithm, algorithm) {
        (AlgorithmParameters::EllipticCurve(ec), Algorithm::ES256) => {
            ec.curve == EllipticCurve::P256
        }
        (AlgorithmParameters::EllipticCurve(ec), Algorithm::ES384) => {
            ec.curve == EllipticCurve::P384
        }
        (AlgorithmParameters::OctetKeyPair(ed), Algorithm::EdDSA) => {
            ed.curve == EllipticCurve::Ed25519
        }
        (
            AlgorithmParameters::RSA(_),
            Algorithm::RS256
            | Algorithm::RS384
            | Algorithm::RS512
            | Algorithm::PS256
            | Algorithm::PS384
            | Algorithm::PS512,
        ) => true,
        _ => false,
    };
    signs && named && kind
}

fn check(claims: Value, expected: &Expected<'_>) -> Result<Proven, TokenFault> {
    let read = Registered::deserialize(&claims).map_err(|_| TokenFault::Malformed)?;
    if read.iss.as_deref() != Some(expected.issuer) {
        return Err(TokenFault::Issuer);
    }
    let (ours, others) = match &read.aud {
        Some(Audience::One(one)) => (one == expected.client, false),
        Some(Audience::Many(all)) => {
            (all.iter().any(|a| a == expected.client), all.iter().any(|a| a != expected.client))
        }
        None => (false, false),
    };
    // Where it is for several, it must say that it was issued to this one.
    let azp = match &read.azp {
        Some(azp) => azp == expected.client,
        None => !others,
    };
    if !ours || !azp {
        return Err(TokenFault::Audience);
    }
    let now = expected.now.as_second();
    let exp = seconds("exp", read.exp)?;
    let iat = seconds("iat", read.iat)?;
    if now >= exp.saturating_add(LEEWAY_S) {
        return Err(TokenFault::Expired);
    }
    let begins = read.nbf.map_or(Ok(iat), |nbf| seconds("nbf", Some(nbf)))?.max(iat);
    if begins > now.saturating_add(LEEWAY_S) || iat < now.saturating_sub(OLDEST_S) {
        return Err(TokenFault::Time);
    }
    if read.nonce.as_deref() != Some(expected.nonce) {
        return Err(TokenFault::Nonce);
    }
    let subject = read.sub.filter(|sub| {
        !sub.is_empty() && sub.len() <= MAX_SUBJECT && !sub.chars().any(char::is_control)
    });
    Ok(Proven { subject: subject.ok_or(TokenFault::Claim("sub"))?, claims })
}

/// Seconds since 1970; some providers send fractions.
fn seconds(name: &'static str, value: Option<f64>) -> Result<i64, TokenFault> {
    let value = value.filter(|v| v.is_finite() && (0.0..=1e12).contains(v));
    value.map(|v| v as i64).ok_or(TokenFault::Claim(name))
}

#[cfg(test)]
#[path = "token_tests.rs"]
pub(super) mod tests;
