//! Passwords: argon2id, hashed and compared away from the async workers, few at a time.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::privacy::Secret;

/// 19 MiB, two passes: the least that the OWASP cheat sheet names for argon2id.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// Hashed at once; more wait, so that logins cannot take all memory.
const AT_ONCE: usize = 2;

/// Shortest password that is taken.
pub(super) const MIN_CHARS: usize = 10;
/// Longest, so that nobody hashes a book.
pub(super) const MAX_CHARS: usize = 200;

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error("the password has fewer than {MIN_CHARS} characters; choose a longer one")]
    Short,
    #[error("the password has more than {MAX_CHARS} characters; choose a shorter one")]
    Long,
    #[error("the password could not be hashed")]
    Failed,
}

/// Hashes and compares.
pub struct Passwords {
    places: Arc<Semaphore>,
    params: Params,
}

impl Default for Passwords {
    fn default() -> Self {
        let params = Params::new(MEMORY_KIB, PASSES, 1, None).unwrap_or_default();
        Self { places: Arc::new(Semaphore::new(AT_ONCE)), params }
    }
}

impl Passwords {
    /// The PHC string of a new password.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn hash(&self, password: Secret) -> Result<String, PasswordError> {
        match password.expose().chars().count() {
            n if n < MIN_CHARS => return Err(PasswordError::Short),
            n if n > MAX_CHARS => return Err(PasswordError::Long),
            _ => {}
        }
        let params = self.params.clone();
        let hashed = self
            .aside(move || {
                let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
                argon.hash_password(password.expose().as_bytes()).map(|h| h.to_string()).ok()
            })
            .await;
        hashed.flatten().ok_or(PasswordError::Failed)
    }

    /// Whether `password` is the one behind `hash`. Without a hash (nobody has that login) it takes as
    /// long and says no, so that the time tells nothing.
    pub async fn matches(&self, password: Secret, hash: Option<String>) -> bool {
        if password.expose().chars().count() > MAX_CHARS {
            return false;
        }
        let params = self.params.clone();
        let compared = self.aside(move || {
            let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            match hash.as_deref().map(PasswordHash::new) {
                Some(Ok(hash)) => {
                    argon.verify_password(password.expose().as_bytes(), &hash).is_ok()
                }
                Some(Err(_)) | None => {
                    let _ = argon.hash_password(password.expose().as_bytes());
                    false
                }
            }
        });
        compared.await.unwrap_or(false)
    }

    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let _place = self.places.acquire().await.ok()?;
        tokio::task::spawn_blocking(work).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_hash_and_no_other() {
        let passwords = Passwords::default();
        let hash = passwords.hash(Secret::new("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let again = passwords.hash(Secret::new("correct horse")).await.unwrap();
        assert_ne!(hash, again, "salts differ");
        assert!(passwords.matches(Secret::new("correct horse"), Some(hash.clone())).await);
        for (wrong, hash) in [
            ("Correct horse", Some(hash.clone())),
            ("", Some(hash)),
            ("correct horse", None),
            ("correct horse", Some("damaged".to_owned())),
        ] {
            assert!(!passwords.matches(Secret::new(wrong), hash).await);
        }
        assert_eq!(passwords.hash(Secret::new("short")).await, Err(PasswordError::Short));
        let long = Secret::new("x".repeat(201));
        assert_eq!(passwords.hash(long).await, Err(PasswordError::Long));
    }
}
