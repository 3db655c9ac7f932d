//! Configuration of finding: the sections of `config/atbilde.toml` that both programs share.
//!
//! Layers, later ones win: the compiled-in defaults, the file given with `--config`, environment
//! variables `ATBILDE__SECTION__KEY`. Unknown keys are errors; a bad file is never replaced by
//! defaults.

use std::path::Path;

use figment::Figment;
use figment::providers::{Env, Format, Toml};
use serde::{Deserialize, Serialize};

use crate::embed::EmbedderSettings;
use crate::keyword::KeywordSettings;
use crate::lint::LintSettings;
use crate::publish::{PruneSettings, WatchSettings};
use crate::search::SearchSettings;
use crate::source::SourceRules;

/// Every key with its default and what it means; documentation and lowest layer at once.
pub const DEFAULTS: &str = include_str!("../../config/atbilde.toml");

/// Sections that only the server reads; known here so that a shared file is not refused.
const SERVER_SECTIONS: [&str; 6] = ["server", "assistant", "generator", "redaction", "log", "eval"];

/// Sections `[source]`, `[watch]`, `[prune]`, `[embedder]`, `[keyword]`, `[search]`, `[lint]`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IndexerSettings {
    pub source: SourceRules,
    pub watch: WatchSettings,
    pub prune: PruneSettings,
    pub embedder: EmbedderSettings,
    pub keyword: KeywordSettings,
    pub search: SearchSettings,
    pub lint: LintSettings,
}

/// A configuration that cannot be used. The message names file or variable, key, and what is wrong.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("configuration file {file}: {reason}")]
    File { file: String, reason: String },
    #[error("configuration: {0}")]
    Value(String),
}

/// The layers as one figment; the server extracts its sections from the same.
///
/// # Errors
/// [`SettingsError::File`] when `config` cannot be read.
pub fn layers(config: Option<&Path>) -> Result<Figment, SettingsError> {
    let mut figment = Figment::from(Toml::string(DEFAULTS));
    if let Some(file) = config {
        let text = fs_err::read_to_string(file).map_err(|e| SettingsError::File {
            file: file.display().to_string(),
            reason: e.to_string(),
        })?;
        toml::from_str::<toml::Table>(&text).map_err(|e| SettingsError::File {
            file: file.display().to_string(),
            reason: e.to_string(),
        })?;
        figment = figment.merge(Toml::file_exact(file));
    }
    Ok(figment.merge(Env::prefixed("ATBILDE__").split("__")))
}

impl IndexerSettings {
    /// Reads and checks the sections of the indexer.
    ///
    /// # Errors
    /// [`SettingsError`] naming the key that is wrong.
    pub fn load(config: Option<&Path>) -> Result<Self, SettingsError> {
        Self::from_layers(&layers(config)?)
    }

    /// The same from layers that are read already.
    ///
    /// # Errors
    /// [`SettingsError`] naming the key that is wrong.
    pub fn from_layers(figment: &Figment) -> Result<Self, SettingsError> {
        let value = |e: figment::Error| SettingsError::Value(e.to_string());
        let mut all: figment::value::Dict = figment.extract().map_err(value)?;
        for section in SERVER_SECTIONS {
            all.remove(section);
        }
        Figment::from(figment::providers::Serialized::defaults(all)).extract().map_err(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_defaults_are_the_defaults() {
        let read = IndexerSettings::load(None).unwrap();
        assert_eq!(read, IndexerSettings::default());
    }

    #[test]
    fn a_wrong_key_and_a_wrong_value_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.toml");
        fs_err::write(&file, "[search]\ncandidats = 5\n").unwrap();
        let error = IndexerSettings::load(Some(&file)).unwrap_err().to_string();
        assert!(error.contains("candidats") && error.contains("candidates"), "{error}");
        fs_err::write(&file, "[search]\ncandidates = \"many\"\n").unwrap();
        let error = IndexerSettings::load(Some(&file)).unwrap_err().to_string();
        assert!(error.contains("candidates"), "{error}");
        fs_err::write(&file, "[search\n").unwrap();
        let error = IndexerSettings::load(Some(&file)).unwrap_err().to_string();
        assert!(error.contains("a.toml") && error.contains('1'), "{error}");
    }
}
