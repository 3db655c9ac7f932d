//! Keys of programs: `atb_` and 43 characters, shown once when made, stored as a hash.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Longer keys are not looked at.
const MAX_LEN: usize = 80;
const PREFIX: &str = "atb_";

/// A new key.
pub fn new_key() -> String {
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()))
}

/// The hash to look a key up by; `None` for what cannot be one.
pub fn key_hash(key: &str) -> Option<String> {
    (key.starts_with(PREFIX) && key.len() <= MAX_LEN).then(|| super::hash(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_and_hash_alike() {
        let (one, two) = (new_key(), new_key());
        assert_ne!(one, two);
        assert_eq!(one.len(), 47);
        assert_eq!(key_hash(&one), key_hash(&one));
        assert_ne!(key_hash(&one), key_hash(&two));
        assert!(key_hash("admin").is_none() && key_hash(&"atb_".repeat(99)).is_none());
    }
}
