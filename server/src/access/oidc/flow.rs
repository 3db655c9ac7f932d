//! A login that is under way: what binds the provider's answer to the browser that began it. All of it is
//! in a signed cookie, so that any process can go on with what another one began.
//!
//! The cookie is `v1.PAYLOAD.MAC`: 32 random bytes, the second at which it ends, and where to go then. State,
//! nonce and PKCE verifier are made of the random bytes and the server's key.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use crate::privacy::Secret;

/// Somebody who has to find a second factor may take so long, seconds.
pub(super) const LIVES_S: i64 = 600;
/// Longer cookies and states are not looked at.
const MAX_LEN: usize = 1024;
/// Logins that are remembered as done.
const REMEMBERED: u64 = 10_000;

/// Makes flows and knows its own.
pub(super) struct Flows {
    key: Secret,
    /// States that were answered: each counts once.
    done: Cache<[u8; 32], ()>,
}

/// One login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flow {
    seed: [u8; 32],
    /// For the provider and back.
    pub(super) state: String,
    /// Comes back within the ID token.
    pub(super) nonce: String,
    /// Shown to the provider with the code.
    pub(super) verifier: String,
    /// A path of this server.
    pub(super) next: String,
}

/// The answer belongs to no login of this browser: none was begun here, it took too long, or it came twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stray;

impl Flows {
    pub(super) fn new(key: Secret) -> Self {
        let done = Cache::builder()
            .max_capacity(REMEMBERED)
            .time_to_live(Duration::from_secs(LIVES_S.unsigned_abs()))
            .build();
        Self { key, done }
    }

    /// A new login, and its cookie's value.
    pub(super) fn begin(&self, next: &str, now: Timestamp) -> (Flow, String) {
        let seed: [u8; 32] = rand::random();
        let ends = now.as_second().saturating_add(LIVES_S);
        let mut payload = seed.to_vec();
        payload.extend_from_slice(&ends.to_be_bytes());
        payload.extend_from_slice(next.as_bytes());
        let signed = format!("v1.{}", URL_SAFE_NO_PAD.encode(payload));
        let mac = URL_SAFE_NO_PAD.encode(self.mac("cookie", signed.as_bytes()));
        (self.flow(seed, next.to_owned()), format!("{signed}.{mac}"))
    }

    /// The login of `cookie` that the provider's `state` answers. Each is given once.
    pub(super) fn finish(&self, cookie: &str, state: &str, now: Timestamp) -> Result<Flow, Stray> {
        if cookie.len() > MAX_LEN || state.len() > MAX_LEN {
            return Err(Stray);
        }
        let (signed, mac) = cookie.rsplit_once('.').ok_or(Stray)?;
        let payload = signed.strip_prefix("v1.").ok_or(Stray)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Stray);
        self.check("cookie", signed.as_bytes(), &decode(mac)?)?;
        let payload = decode(payload)?;
        let (seed, rest) = payload.split_first_chunk::<32>().ok_or(Stray)?;
        let (ends, next) = rest.split_first_chunk::<8>().ok_or(Stray)?;
        if now.as_second() >= i64::from_be_bytes(*ends) {
            return Err(Stray);
        }
        self.check("state", seed, &decode(state)?)?;
        let next = std::str::from_utf8(next).map_err(|_| Stray)?;
        // Of two answers at the same time one makes the entry.
        if !self.done.entry(*seed).or_insert(()).is_fresh() {
            return Err(Stray);
        }
        Ok(self.flow(*seed, next.to_owned()))
    }

    fn flow(&self, seed: [u8; 32], next: String) -> Flow {
        let part = |what| URL_SAFE_NO_PAD.encode(self.mac(what, &seed));
        Flow { seed, state: part("state"), nonce: part("nonce"), verifier: part("verifier"), next }
    }

    fn keyed(&self, what: &str, of: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.expose().as_bytes()).ok()?;
        mac.update(b"atbilde oidc v1\0");
        mac.update(what.as_bytes());
        mac.update(b"\0");
        mac.update(of);
        Some(mac)
    }

    fn mac(&self, what: &str, of: &[u8]) -> Vec<u8> {
        self.keyed(what, of).map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default()
    }

    /// In constant time.
    fn check(&self, what: &str, of: &[u8], mac: &[u8]) -> Result<(), Stray> {
        let known = self.keyed(what, of).ok_or(Stray)?;
        known.verify_slice(mac).map_err(|_| Stray)
    }
}

impl Flow {
    /// What the provider is told of the verifier (RFC 7636, S256).
    pub(super) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(&self.verifier))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flows(key: &str) -> Flows {
        Flows::new(Secret::new(key))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_login_is_finished_once_in_its_browser_and_in_time() {
        let flows = flows("a key of thirty-two characters!!");
        let (begun, cookie) = flows.begin("/inbox/7", at(1000));
        let (other, foreign) = flows.begin("/inbox", at(1000));
        assert_ne!(begun.state, other.state);
        assert_eq!(flows.finish(&foreign, &begun.state, at(1001)), Err(Stray));
        assert_eq!(flows.finish(&cookie, &begun.nonce, at(1001)), Err(Stray));
        assert_eq!(flows.finish(&cookie, &begun.state, at(1600)), Err(Stray), "too late");
        assert_eq!(flows.finish(&cookie, &begun.state, at(1599)), Ok(begun.clone()));
        assert_eq!(flows.finish(&cookie, &begun.state, at(1001)), Err(Stray), "a second time");
        assert_eq!(begun.next, "/inbox/7");
        let parts = [&begun.state, &begun.nonce, &begun.verifier, &begun.challenge()];
        assert!(parts.iter().all(|p| p.len() == 43));
        assert_eq!(parts.iter().collect::<std::collections::HashSet<_>>().len(), 4);
        assert!(!cookie.contains(&begun.verifier));
    }

    #[test]
    fn another_process_with_the_same_key_goes_on_and_no_other() {
        let (begun, cookie) = flows("one key for all the processes !!").begin("/", at(0));
        let finish = |key: &str| flows(key).finish(&cookie, &begun.state, at(1));
        assert_eq!(finish("one key for all the processes !!"), Ok(begun.clone()));
        assert_eq!(finish("another key of another server !!"), Err(Stray));
    }

    #[test]
    fn every_changed_character_is_found() {
        let flows = flows("a key of thirty-two characters!!");
        let (begun, cookie) = flows.begin("/inbox", at(0));
        for i in 0..cookie.len() {
            let mut bytes = cookie.clone().into_bytes();
            bytes[i] = if bytes[i] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(flows.finish(&changed, &begun.state, at(1)), Err(Stray), "{i}");
        }
        for bad in ["", ".", "v1..", "v1.AAAA.AAAA", "ā.ā.ā", &"A".repeat(5000)] {
            assert_eq!(flows.finish(bad, &begun.state, at(1)), Err(Stray));
            assert_eq!(flows.finish(&cookie, bad, at(1)), Err(Stray));
        }
    }
}
