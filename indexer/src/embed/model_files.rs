//! Where an ONNX embedding model comes from: the bundled one or a folder of the operator's.

use std::collections::HashSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{EmbedError, EmbedderIdentity};
use crate::onnx::ModelFiles;

/// `[embedder]` of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmbedderSettings {
    /// Folder with `model.onnx`, `tokenizer.json`, `config.json`, `tokenizer_config.json`,
    /// `special_tokens_map.json`; empty for the bundled all-MiniLM-L6-v2.
    pub model_dir: Option<PathBuf>,
    /// Languages the model was trained on; empty for a multilingual one. Texts in other languages
    /// are embedded by their English words as far as the lexicon knows them.
    pub languages: Vec<String>,
    pub pooling: Pooling,
    /// Put before questions (`query: ` for the E5 family).
    pub query_prefix: String,
    /// Put before passages (`passage: ` for the E5 family).
    pub passage_prefix: String,
    /// Word pieces read of a text; the rest is cut.
    pub max_tokens: usize,
    /// What the vector of a document's title counts in its passages' vectors, [0, 1].
    pub title_share: f32,
    /// ONNX Runtime threads while ingesting; 0 for all cores.
    pub ingest_threads: usize,
    /// Texts in one run of the model while ingesting.
    pub batch_size: usize,
    /// Questions that may wait for the embedder before more are refused.
    pub queue: usize,
}

impl Default for EmbedderSettings {
    fn default() -> Self {
        Self {
            model_dir: None,
            languages: vec!["en".to_owned()],
            pooling: Pooling::Mean,
            query_prefix: String::new(),
            passage_prefix: String::new(),
            max_tokens: 256,
            title_share: 0.1,
            ingest_threads: 0,
            batch_size: 32,
            queue: 1024,
        }
    }
}

impl EmbedderSettings {
    /// Whether questions get the vectors that the shipped settings give them.
    pub(super) fn is_bundled(&self) -> bool {
        let shipped = Self::default();
        self.model_dir.is_none()
            && self.languages == shipped.languages
            && self.pooling == shipped.pooling
            && self.query_prefix == shipped.query_prefix
            && self.max_tokens == shipped.max_tokens
    }
}

/// How token vectors become one vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    Mean,
    Cls,
}

/// The bundled model, or the one in `settings.model_dir`.
///
/// # Errors
/// [`EmbedError::Misconfigured`] naming the file that is missing or unreadable.
pub(super) fn load(settings: &EmbedderSettings) -> Result<ModelFiles, EmbedError> {
    match &settings.model_dir {
        None => Ok(ModelFiles::bundled_embedder()),
        Some(dir) => Ok(ModelFiles::read(dir, "embedder.model_dir")?),
    }
}

/// Identity of a model under `settings`. Everything that changes a vector takes part; threads and batch size
/// do not.
pub(super) fn identity(
    files: &ModelFiles,
    settings: &EmbedderSettings,
    dimensions: usize,
) -> EmbedderIdentity {
    let mut hash = Sha256::new();
    for bytes in [&files.onnx, &files.tokenizer, &files.tokenizer_config] {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    }
    hash.update(format!(
        "{:?}|{:?}|{:?}|{}|{}|{dimensions}",
        settings.pooling,
        settings.query_prefix,
        settings.passage_prefix,
        settings.max_tokens,
        settings.title_share
    ));
    if !settings.languages.is_empty() {
        hash.update(settings.languages.join(" "));
        hash.update(crate::language::lexicon_fingerprint());
    }
    let digest = hash.finalize();
    let fingerprint = digest.iter().take(8).map(|b| format!("{b:02x}")).collect();
    EmbedderIdentity { name: files.name.clone(), dimensions, fingerprint }
}

/// Whole words of the tokenizer's vocabulary, lower case, at least four letters long.
pub(super) fn words(source: &ModelFiles) -> HashSet<Box<str>> {
    #[derive(Deserialize)]
    struct Tokenizer {
        model: Model,
    }
    #[derive(Deserialize)]
    struct Model {
        vocab: serde_json::Value,
    }
    let Ok(tokenizer) = serde_json::from_slice::<Tokenizer>(&source.tokenizer) else {
        return HashSet::new(); // A broken tokenizer is reported where it is loaded.
    };
    let word = |token: &str| {
        let word = token.strip_prefix('\u{2581}').unwrap_or(token);
        let whole = word.chars().count() >= 4 && word.chars().all(char::is_alphabetic);
        whole.then(|| Box::from(word.to_lowercase()))
    };
    match tokenizer.model.vocab {
        serde_json::Value::Object(map) => map.keys().filter_map(|t| word(t)).collect(),
        serde_json::Value::Array(list) => {
            list.iter().filter_map(|entry| word(entry.get(0)?.as_str()?)).collect()
        }
        _ => HashSet::new(),
    }
}

/// `hidden_size` of the model's `config.json`.
pub(super) fn dimensions(source: &ModelFiles) -> Result<usize, EmbedError> {
    #[derive(Deserialize)]
    struct Config {
        hidden_size: usize,
    }
    serde_json::from_slice::<Config>(&source.config).map(|c| c.hidden_size).map_err(|e| {
        EmbedError::Misconfigured(format!(
            "config.json of the embedding model {}: {e}; it must name `hidden_size`",
            source.name
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_model_or_another_use_of_the_bundled_one_is_not_what_was_measured() {
        let shipped = EmbedderSettings::default();
        assert!(shipped.is_bundled());
        assert!(
            EmbedderSettings { title_share: 0.0, batch_size: 1, ..shipped.clone() }.is_bundled()
        );
        for other in [
            EmbedderSettings { model_dir: Some(PathBuf::from("e5")), ..shipped.clone() },
            EmbedderSettings { pooling: Pooling::Cls, ..shipped.clone() },
            EmbedderSettings { query_prefix: "query: ".to_owned(), ..shipped.clone() },
            EmbedderSettings { languages: Vec::new(), ..shipped.clone() },
            EmbedderSettings { max_tokens: 16, ..shipped },
        ] {
            assert!(!other.is_bundled(), "{other:?}");
        }
    }
}
