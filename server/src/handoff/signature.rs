//! Signatures of Standard Webhooks 1.0.0: `v1,` and the HMAC-SHA256 over `id.timestamp.body`, base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::privacy::Secret;

const PREFIX: &str = "whsec_";
/// The standard asks for 24 to 64 bytes.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The key of one endpoint.
#[derive(Clone)]
pub(crate) struct SigningSecret(Zeroizing<Vec<u8>>);

/// A secret that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "it must be `whsec_` and 24 to 64 bytes in base64; make one with `echo whsec_$(openssl rand -base64 32)`"
)]
pub(crate) struct WrongSecret;

impl SigningSecret {
    pub(crate) fn parse(secret: &Secret) -> Result<Self, WrongSecret> {
        let text = secret.expose().trim();
        let bytes = STANDARD
            .decode(text.strip_prefix(PREFIX).ok_or(WrongSecret)?)
            .map(Zeroizing::new)
            .map_err(|_| WrongSecret)?;
        if BYTES.contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(WrongSecret) }
    }

    fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            // HMAC takes keys of every length.
            return String::new();
        };
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// The header `webhook-signature`: one signature a secret, the current one first. During a rotation the
/// receiver accepts whichever it knows.
pub(crate) fn header(secrets: &[SigningSecret], id: &str, timestamp: i64, body: &str) -> String {
    let all: Vec<String> = secrets.iter().map(|s| s.sign(id, timestamp, body)).collect();
    all.join(" ")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The example of the public Python library.
    pub(crate) const EXAMPLE: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn signs_as_the_public_library_does() {
        let secret = SigningSecret::parse(&Secret::new(EXAMPLE)).unwrap();
        let signed = header(
            std::slice::from_ref(&secret),
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            "{\"test\": 2432232314}",
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let two = header(&[secret.clone(), secret], "msg_1", 1, "{}");
        assert_eq!(two.split(' ').count(), 2);
    }

    #[test]
    fn a_weak_or_malformed_secret_is_refused() {
        for bad in ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!"]
        {
            assert!(SigningSecret::parse(&Secret::new(bad)).is_err(), "{bad}");
        }
    }
}
