//! ID tokens, good ones and every kind of bad one. Also signs tokens for the other tests of this folder.

use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;

use super::*;

pub(in super::super) const NOW: i64 = 1_790_000_000;
const ISSUER: &str = "https://login.shop.example";

/// A key of the provider: ES256, with its public half as it is published.
pub(in super::super) struct TestKey {
    private: EncodingKey,
    pub(in super::super) public: Value,
    kid: String,
}

impl TestKey {
    pub(in super::super) fn new(kid: &str) -> Self {
        let pair = rcgen::KeyPair::generate().unwrap();
        let point = pair.public_key_raw();
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let public = json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid,
            "x": part(&point[1..33]), "y": part(&point[33..65]) });
        let private = EncodingKey::from_ec_der(pair.serialized_der());
        Self { private, public, kid: kid.to_owned() }
    }

    pub(in super::super) fn jwk(&self) -> Jwk {
        serde_json::from_value(self.public.clone()).unwrap()
    }

    pub(in super::super) fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::ES256) };
        encode(&header, claims, &self.private).unwrap()
    }
}

fn claims() -> Value {
    json!({ "iss": ISSUER, "sub": "248289761001", "aud": "desk", "exp": NOW + 300, "iat": NOW - 5,
        "nonce": "n-0S6", "groups": ["support"] })
}

fn checked(token: &str, keys: &[Jwk]) -> Result<Proven, TokenFault> {
    let now = Timestamp::from_second(NOW).unwrap();
    verify(token, keys, &Expected { issuer: ISSUER, client: "desk", nonce: "n-0S6", now })
}

/// A token of hand-made parts.
fn made(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn a_good_token_says_who_it_is() {
    let key = TestKey::new("k1");
    let proven = checked(&key.sign(&claims()), &[TestKey::new("k0").jwk(), key.jwk()]).unwrap();
    assert_eq!(proven.subject, "248289761001");
    assert_eq!(proven.claims["groups"][0], "support");
    let mut many = claims();
    many["aud"] = json!(["desk", "shop"]);
    many["azp"] = json!("desk");
    many["exp"] = json!((NOW + 300) as f64 + 0.5);
    assert!(checked(&key.sign(&many), &[key.jwk()]).is_ok());
    // Without a name every fitting key is tried.
    let unnamed = encode(&Header::new(Algorithm::ES256), &claims(), &key.private).unwrap();
    assert!(checked(&unnamed, &[TestKey::new("k0").jwk(), key.jwk()]).is_ok());
}

#[test]
fn rsa_keys_are_taken_too() {
    let der = include_bytes!("test_keys/rsa.der");
    // PKCS #1: after the heads of the sequence, the version and the number itself.
    let modulus = URL_SAFE_NO_PAD.encode(&der[12..268]);
    let public = |alg: Value| -> Jwk {
        let key = json!({ "kty": "RSA", "use": "sig", "kid": "r", "n": modulus, "e": "AQAB", "alg": alg });
        serde_json::from_value(key).unwrap()
    };
    let private = EncodingKey::from_rsa_der(der);
    for algorithm in [Algorithm::RS256, Algorithm::PS256] {
        let header = Header { kid: Some("r".to_owned()), ..Header::new(algorithm) };
        let token = encode(&header, &claims(), &private).unwrap();
        assert!(checked(&token, &[public(Value::Null)]).is_ok());
        let other = checked(&token, &[public(json!("RS512"))]);
        assert_eq!(other, Err(TokenFault::UnknownKey), "a key is for one algorithm");
    }
}

#[test]
fn every_other_signature_is_refused() {
    let (key, foreign) = (TestKey::new("k1"), TestKey::new("k1"));
    assert_eq!(checked(&foreign.sign(&claims()), &[key.jwk()]), Err(TokenFault::Signature));
    assert_eq!(checked(&key.sign(&claims()), &[]), Err(TokenFault::UnknownKey));
    let renamed = TestKey::new("k2");
    assert_eq!(checked(&key.sign(&claims()), &[renamed.jwk()]), Err(TokenFault::UnknownKey));

    // The claims of one token with the signature of another.
    let (head, signature) = (key.sign(&claims()), key.sign(&json!({ "sub": "1" })));
    let (signed, _) = head.rsplit_once('.').unwrap();
    let (_, signature) = signature.rsplit_once('.').unwrap();
    assert_eq!(checked(&format!("{signed}.{signature}"), &[key.jwk()]), Err(TokenFault::Signature));
    assert_eq!(checked(&format!("{signed}."), &[key.jwk()]), Err(TokenFault::Signature));

    let mut encrypting = key.public.clone();
    encrypting["use"] = json!("enc");
    let encrypting: Jwk = serde_json::from_value(encrypting).unwrap();
    assert_eq!(checked(&key.sign(&claims()), &[encrypting]), Err(TokenFault::UnknownKey));
}

#[test]
fn a_token_that_names_no_or_a_shared_secret_as_its_key_is_refused() {
    let key = TestKey::new("k1");
    let none = made(&json!({ "alg": "none", "kid": "k1" }), &claims(), b"");
    assert_eq!(checked(&none, &[key.jwk()]), Err(TokenFault::Algorithm));
    assert_eq!(check_kind(&none), Err(TokenFault::Algorithm));

    // HS256 with the published key, in the forms that libraries have fallen for.
    let point = |name: &str| URL_SAFE_NO_PAD.decode(key.public[name].as_str().unwrap()).unwrap();
    let raw = [vec![4], point("x"), point("y")].concat();
    for secret in [raw, key.public.to_string().into_bytes()] {
        let header = Header { kid: Some("k1".to_owned()), ..Header::new(Algorithm::HS256) };
        let token = encode(&header, &claims(), &EncodingKey::from_secret(&secret)).unwrap();
        assert_eq!(checked(&token, &[key.jwk()]), Err(TokenFault::Algorithm));
    }
    // Even where the provider publishes a secret.
    let shared: Jwk =
        serde_json::from_value(json!({ "kty": "oct", "kid": "s", "k": "c2VjcmV0" })).unwrap();
    let header = Header { kid: Some("s".to_owned()), ..Header::new(Algorithm::HS256) };
    let token = encode(&header, &claims(), &EncodingKey::from_secret(b"secret")).unwrap();
    assert_eq!(checked(&token, std::slice::from_ref(&shared)), Err(TokenFault::Algorithm));
    let es = made(&json!({ "alg": "ES256", "kid": "s" }), &claims(), &[0; 64]);
    assert_eq!(checked(&es, &[shared]), Err(TokenFault::UnknownKey));

    let critical = made(&json!({ "alg": "ES256", "crit": ["b64"], "b64": false }), &claims(), b"x");
    assert_eq!(checked(&critical, &[key.jwk()]), Err(TokenFault::Malformed));
    for bad in ["", "a", "a.b", "a.b.c", "a.b.c.d", "..", "ā.b.c", &"a.".repeat(50_000)] {
        assert_eq!(checked(bad, &[key.jwk()]), Err(TokenFault::Malformed), "{bad:.20}");
    }
}

#[test]
fn claims_are_of_this_provider_for_this_server_and_of_this_login() {
    type Change = fn(&mut Value);
    let wrong: [(Change, TokenFault); 20] = [
        (|c| c["iss"] = json!("https://login.shop.example/"), TokenFault::Issuer),
        (|c| c["iss"] = json!("https://login.evil.example"), TokenFault::Issuer),
        (|c| c["iss"] = Value::Null, TokenFault::Issuer),
        (|c| c["aud"] = json!("shop"), TokenFault::Audience),
        (|c| c["aud"] = json!([]), TokenFault::Audience),
        (|c| c["aud"] = Value::Null, TokenFault::Audience),
        (|c| c["aud"] = json!(["desk", "shop"]), TokenFault::Audience),
        (|c| c["azp"] = json!("shop"), TokenFault::Audience),
        (|c| c["exp"] = json!(NOW - 60), TokenFault::Expired),
        (|c| c["exp"] = Value::Null, TokenFault::Claim("exp")),
        (|c| c["exp"] = json!(1e300), TokenFault::Claim("exp")),
        (|c| c["exp"] = json!("soon"), TokenFault::Malformed),
        (|c| c["iat"] = json!(NOW + 120), TokenFault::Time),
        (|c| c["iat"] = json!(NOW - 3600), TokenFault::Time),
        (|c| c["iat"] = Value::Null, TokenFault::Claim("iat")),
        (|c| c["nbf"] = json!(NOW + 120), TokenFault::Time),
        (|c| c["nonce"] = json!("another"), TokenFault::Nonce),
        (|c| c["nonce"] = Value::Null, TokenFault::Nonce),
        (|c| c["sub"] = json!(""), TokenFault::Claim("sub")),
        (|c| c["sub"] = json!("x".repeat(256)), TokenFault::Claim("sub")),
    ];
    let key = TestKey::new("k1");
    for (i, (change, fault)) in wrong.into_iter().enumerate() {
        let mut claims = claims();
        change(&mut claims);
        assert_eq!(checked(&key.sign(&claims), &[key.jwk()]), Err(fault), "{i}");
    }
    let mut late = claims();
    late["exp"] = json!(NOW - 30);
    assert!(checked(&key.sign(&late), &[key.jwk()]).is_ok(), "clocks differ a little");
}
