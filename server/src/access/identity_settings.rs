//! `[identity]` of the configuration: the secret that the company's own server signs customers' identity
//! with.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::privacy::Secret;

/// Shortest secret, characters.
const LEAST: usize = 32;

/// `[identity]`: who customers are, as the company's pages prove it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IdentitySettings {
    /// Signs identity tokens of the site, at least 32 characters; unset: none is accepted.
    pub secret: Option<Secret>,
    /// Read from this file instead.
    pub secret_file: Option<PathBuf>,
    /// The one before, still accepted while the company changes over.
    pub old_secret: Option<Secret>,
    pub old_secret_file: Option<PathBuf>,
    /// A token's `exp` may be at most so long after its `iat`, minutes.
    pub max_age_minutes: u32,
}

impl Default for IdentitySettings {
    fn default() -> Self {
        Self {
            secret: None,
            secret_file: None,
            old_secret: None,
            old_secret_file: None,
            max_age_minutes: 1440,
        }
    }
}

impl IdentitySettings {
    /// # Errors
    /// Naming the key and what it should be.
    pub fn check(&self) -> Result<(), String> {
        for (key, secret, file) in [
            ("secret", &self.secret, &self.secret_file),
            ("old_secret", &self.old_secret, &self.old_secret_file),
        ] {
            if secret.is_some() && file.is_some() {
                return Err(format!(
                    "identity.{key} and identity.{key}_file are both set; keep one"
                ));
            }
            if let Some(secret) = secret {
                long_enough(secret.expose(), &format!("identity.{key}"))?;
            }
        }
        let old = self.old_secret.is_some() || self.old_secret_file.is_some();
        if old && self.secret.is_none() && self.secret_file.is_none() {
            return Err(
                "identity.old_secret is set without identity.secret; the current one goes there"
                    .to_owned(),
            );
        }
        if !(1..=10_080).contains(&self.max_age_minutes) {
            return Err(format!(
                "identity.max_age_minutes is {}, but must be 1 to 10080 (a week)",
                self.max_age_minutes
            ));
        }
        Ok(())
    }

    /// The secrets that are accepted, the current one first.
    ///
    /// # Errors
    /// When a file cannot be read or holds too little.
    pub fn secrets(&self) -> Result<Vec<Secret>, String> {
        let mut all = Vec::new();
        for (key, secret, file) in [
            ("secret", &self.secret, &self.secret_file),
            ("old_secret", &self.old_secret, &self.old_secret_file),
        ] {
            match (secret, file) {
                (Some(secret), _) => all.push(secret.clone()),
                (None, Some(file)) => all.push(read(file, &format!("identity.{key}_file"))?),
                (None, None) => {}
            }
        }
        Ok(all)
    }
}

fn read(file: &Path, key: &str) -> Result<Secret, String> {
    let text = fs_err::read_to_string(file).map_err(|e| format!("{key}: {e}"))?;
    long_enough(text.trim(), &format!("{key} ({})", file.display()))?;
    Ok(Secret::new(text.trim()))
}

fn long_enough(secret: &str, what: &str) -> Result<(), String> {
    let have = secret.chars().count();
    if have < LEAST {
        return Err(format!("{what} has {have} characters; at least {LEAST} are needed"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_come_from_the_settings_or_from_files_the_current_one_first() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("old");
        fs_err::write(&file, "the secret before, of enough length\n").unwrap();
        let settings = IdentitySettings {
            secret: Some(Secret::new("a secret of thirty-two characters")),
            old_secret_file: Some(file.clone()),
            ..Default::default()
        };
        assert_eq!(settings.check(), Ok(()));
        let all = settings.secrets().unwrap();
        assert_eq!(all[0].expose(), "a secret of thirty-two characters");
        assert_eq!(all[1].expose(), "the secret before, of enough length");
        fs_err::write(&file, "short").unwrap();
        assert!(settings.secrets().unwrap_err().contains("5 characters"));
        assert!(IdentitySettings::default().secrets().unwrap().is_empty());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let long = || Some(Secret::new("a secret of thirty-two characters"));
        for (settings, named) in [
            (IdentitySettings { secret: Some(Secret::new("x")), ..Default::default() }, "secret"),
            (IdentitySettings { old_secret: long(), ..Default::default() }, "old_secret"),
            (
                IdentitySettings {
                    secret: long(),
                    secret_file: Some("/x".into()),
                    ..Default::default()
                },
                "both set",
            ),
            (IdentitySettings { max_age_minutes: 0, ..Default::default() }, "max_age_minutes"),
        ] {
            assert!(settings.check().unwrap_err().contains(named));
        }
    }
}
