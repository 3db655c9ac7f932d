//! A secret of the configuration: never printed, wiped when dropped. Used for keys, passwords, tokens
//! and database URLs that settings hold, here and in the server.

use std::path::Path;
use std::{fmt, io};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// Text that no log, error or printed configuration shows.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// A secret that is given and not empty, or the content of the file that holds it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn given_or_in(given: Option<&Self>, file: Option<&Path>) -> io::Result<Option<Self>> {
        if let Some(secret) = given.filter(|secret| !secret.is_empty()) {
            return Ok(Some(secret.clone()));
        }
        let Some(file) = file else { return Ok(None) };
        let text = Zeroizing::new(fs_err::read_to_string(file)?);
        Ok(Some(Self::new(text.trim())))
    }

    /// The secret itself, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[a secret]")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(hidden)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Zeroizing::new(String::deserialize(deserializer)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_debug_nor_json_shows_a_secret() {
        let secret: Secret = serde_json::from_str("\"hunter2\"").unwrap();
        assert_eq!(secret.expose(), "hunter2");
        assert_eq!(format!("{secret:?}"), "[a secret]");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"(hidden)\"");
    }
}
