//! Tokens of customers: each opens one conversation for some time, and nothing else.
//!
//! A token is `v1.PAYLOAD.MAC`, both parts base64url: conversation id (16 bytes) and the second at which
//! it ends (8 bytes), and HMAC-SHA256 over `v1.PAYLOAD`. Nothing is stored; a new key voids all tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;
use uuid::Uuid;

use crate::domain::ConversationId;
use crate::privacy::Secret;

/// Longer tokens are not looked at.
const MAX_LEN: usize = 160;
const VERSION: &str = "v1";

/// Makes tokens and knows its own.
pub struct VisitorTokens {
    key: Secret,
    lives: SignedDuration,
}

/// Why a token does not open anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("the token is not one of this server")]
    Forged,
    #[error("the token has expired")]
    Expired,
}

impl VisitorTokens {
    pub fn new(key: Secret, days: u32) -> Self {
        Self { key, lives: SignedDuration::from_hours(24 * i64::from(days)) }
    }

    /// A token for a conversation, and when it ends.
    pub fn issue(&self, conversation: ConversationId, now: Timestamp) -> (String, Timestamp) {
        let ends = now.checked_add(self.lives).unwrap_or(Timestamp::MAX);
        let mut payload = conversation.0.as_bytes().to_vec();
        payload.extend_from_slice(&ends.as_second().to_be_bytes());
        let signed = format!("{VERSION}.{}", URL_SAFE_NO_PAD.encode(payload));
        let mac = self.mac(&signed).map(|mac| mac.finalize().into_bytes().to_vec());
        let mac = URL_SAFE_NO_PAD.encode(mac.unwrap_or_default());
        (format!("{signed}.{mac}"), ends)
    }

    /// The conversation that `token` opens at `now`.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<ConversationId, TokenError> {
        if token.len() > MAX_LEN {
            return Err(TokenError::Forged);
        }
        let (signed, mac) = token.rsplit_once('.').ok_or(TokenError::Forged)?;
        let payload = signed.strip_prefix("v1.").ok_or(TokenError::Forged)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Forged);
        // Compared in constant time.
        let known = self.mac(signed).ok_or(TokenError::Forged)?;
        known.verify_slice(&decode(mac)?).map_err(|_| TokenError::Forged)?;
        let payload: [u8; 24] = decode(payload)?.try_into().map_err(|_| TokenError::Forged)?;
        let (id, ends) = payload.split_at(16);
        let id = Uuid::from_slice(id).map_err(|_| TokenError::Forged)?;
        let ends = i64::from_be_bytes(ends.try_into().map_err(|_| TokenError::Forged)?);
        if now.as_second() >= ends {
            return Err(TokenError::Expired);
        }
        Ok(ConversationId(id))
    }

    fn mac(&self, signed: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.expose().as_bytes()).ok()?;
        mac.update(signed.as_bytes());
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(key: &str) -> VisitorTokens {
        VisitorTokens::new(Secret::new(key), 1)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_token_opens_its_conversation_until_it_ends() {
        let (tokens, id) = (tokens("a key of thirty-two characters!!"), ConversationId::random());
        let (token, ends) = tokens.issue(id, at(1000));
        assert_eq!(ends, at(1000 + 86_400));
        assert_eq!(tokens.verify(&token, at(1000)), Ok(id));
        assert_eq!(tokens.verify(&token, at(87_399)), Ok(id));
        assert_eq!(tokens.verify(&token, at(87_400)), Err(TokenError::Expired));
    }

    #[test]
    fn every_changed_character_is_found() {
        let (mine, id) = (tokens("a key of thirty-two characters!!"), ConversationId::random());
        let (token, _) = mine.issue(id, at(1000));
        for i in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[i] = if bytes[i] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(mine.verify(&changed, at(1000)), Err(TokenError::Forged), "{i}");
        }
        for bad in ["", ".", "..", "v1..", "v1.AAAA.AAAA", &"A".repeat(10_000), "v1.ā.ā"] {
            assert_eq!(mine.verify(bad, at(1000)), Err(TokenError::Forged));
        }
        let other = tokens("another key of thirty-two chars!");
        assert_eq!(other.verify(&token, at(1000)), Err(TokenError::Forged));
    }
}
