//! Configuration of finding: the sections of `config/atbilde.toml` that both programs share.
//!
//! Layers, later ones win: the compiled-in defaults, the file given with `--config`, environment
//! variables `ATBILDE__SECTION__KEY`. Unknown keys are errors; a bad file is never replaced by
//! defaults. [`Reading`] takes the sections out of the layers, for both programs.

mod reading;

use std::ffi::OsString;
use std::path::Path;

use figment::Figment;
use figment::providers::{Env, Format, Toml};
use serde::Serialize;

pub use reading::Reading;

use crate::catalog::{CatalogSettings, DatabaseSettings};
use crate::embed::EmbedderSettings;
use crate::keyword::KeywordSettings;
use crate::lint::LintSettings;
use crate::model::Locale;
use crate::publish::{PruneSettings, WatchSettings};
use crate::search::{RerankerSettings, SearchSettings};
use crate::source::SourceRules;
use crate::vector::VectorSettings;

/// Every key with its default and what it means; documentation and lowest layer at once.
pub const DEFAULTS: &str = include_str!("../../config/atbilde.toml");

/// Keys whose value may stand in a file of its own, which the variable with `_FILE` at its end names.
const SECRETS: [&str; 9] = [
    "database.url",
    "catalog.url",
    "conversations.url",
    "vectors.api_key",
    "server.admin_token",
    "generator.openai.api_key",
    "identity.secret",
    "identity.old_secret",
    "oidc.client_secret",
];

/// Sections `[source]`, `[watch]`, `[prune]`, `[database]`, `[catalog]`, `[vectors]`, `[embedder]`, `[keyword]`,
/// `[search]`, `[reranker]`, `[lint]`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct IndexerSettings {
    pub source: SourceRules,
    pub watch: WatchSettings,
    pub database: DatabaseSettings,
    pub catalog: CatalogSettings,
    pub vectors: VectorSettings,
    pub prune: PruneSettings,
    pub embedder: EmbedderSettings,
    pub keyword: KeywordSettings,
    pub search: SearchSettings,
    pub reranker: RerankerSettings,
    pub lint: LintSettings,
}

/// A configuration that cannot be used. The message names file or variable, key, and what is wrong.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("configuration file {file}: {reason}")]
    File { file: String, reason: String },
    #[error("environment variable {variable}: {reason}")]
    Variable { variable: String, reason: String },
    #[error("configuration: {0}")]
    Value(String),
    #[error("{}", listed(.0))]
    Several(Vec<SettingsError>),
}

impl SettingsError {
    /// All of them as one; `None`: nothing is wrong.
    pub fn of(mut wrong: Vec<Self>) -> Option<Self> {
        if wrong.len() > 1 { Some(Self::Several(wrong)) } else { wrong.pop() }
    }
}

fn listed(wrong: &[SettingsError]) -> String {
    let all: String = wrong.iter().map(|error| format!("\n  - {error}")).collect();
    format!("the configuration has {} mistakes:{all}", wrong.len())
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
    let environment = Env::prefixed("ATBILDE__").filter(|key| !names_a_file(key.as_str()));
    figment = figment.merge(environment.split("__"));
    for (key, value) in secret_files(|name| std::env::var_os(name))? {
        figment = figment.merge((key, value));
    }
    Ok(figment)
}

/// Whether this variable, without its prefix, names the file of a secret.
fn names_a_file(variable: &str) -> bool {
    let variable = variable.to_ascii_lowercase();
    let Some(key) = variable.strip_suffix("_file") else { return false };
    SECRETS.iter().any(|secret| secret.replace('.', "__") == key)
}

/// Secrets that stand in files, without the line's end.
fn secret_files(
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Vec<(&'static str, String)>, SettingsError> {
    let mut out = Vec::new();
    for key in SECRETS {
        let name = format!("ATBILDE__{}_FILE", key.to_ascii_uppercase().replace('.', "__"));
        if let Some(file) = variable(&name) {
            let text =
                fs_err::read_to_string(Path::new(&file)).map_err(|e| SettingsError::File {
                    file: file.to_string_lossy().into_owned(),
                    reason: format!("{e}; {name} names it"),
                })?;
            out.push((key, text.trim_end_matches(['\r', '\n']).to_owned()));
        }
    }
    Ok(out)
}

impl IndexerSettings {
    /// Reads and checks the sections of the indexer.
    ///
    /// # Errors
    /// [`SettingsError`] with all that is wrong, each naming its key.
    pub fn load(config: Option<&Path>) -> Result<Self, SettingsError> {
        let figment = layers(config)?;
        let mut reading = Reading::new(&figment);
        let read = Self::read(&mut reading);
        SettingsError::of(reading.into_wrong()).map_or(Ok(read), Err)
    }

    /// The same from layers that others read, too.
    pub fn read(reading: &mut Reading<'_>) -> Self {
        let mut read = Self {
            source: reading.section("source"),
            watch: reading.section("watch"),
            database: reading.section("database"),
            catalog: reading.section("catalog"),
            vectors: reading.section("vectors"),
            prune: reading.section("prune"),
            embedder: reading.section("embedder"),
            keyword: reading.section("keyword"),
            search: reading.section("search"),
            reranker: reading.section("reranker"),
            lint: reading.section("lint"),
        };
        let database = read.database.check();
        // One database for everything, unless the catalog has its own. A wrong one is told once.
        let shared = read.database.url.clone().filter(|_| database.is_ok());
        read.catalog.url = read.catalog.url.or(shared);
        reading.check(database);
        reading.check(read.catalog.check());
        reading.check(read.vectors.check());
        reading.check(read.source.check());
        reading.check(read.lint.check());
        read.check_numbers(reading);
        read
    }

    /// Values that a type admits and that mean nothing.
    fn check_numbers(&self, reading: &mut Reading<'_>) {
        let Self { search, embedder, reranker, keyword, watch, source, .. } = self;
        for (key, share) in [
            ("search.dense_weight", search.dense_weight),
            ("search.dense_weight_other", search.dense_weight_other),
            ("search.dense_weight_codes", search.dense_weight_codes),
            ("search.other_language_factor", search.other_language_factor),
            ("search.sibling_share", search.sibling_share),
            ("search.earlier_share", search.earlier_share),
            ("search.rewrite_share", search.rewrite_share),
            ("embedder.title_share", embedder.title_share),
            ("reranker.share", reranker.share),
            ("keyword.tie_breaker", keyword.tie_breaker),
        ] {
            reading.share(key, share);
        }
        for (key, boost) in [
            ("keyword.title_boost", keyword.title_boost),
            ("keyword.headings_boost", keyword.headings_boost),
            ("keyword.body_boost", keyword.body_boost),
            ("keyword.folded_boost", keyword.folded_boost),
            ("keyword.concept_boost", keyword.concept_boost),
            ("keyword.code_boost", keyword.code_boost),
            ("keyword.function_boost", keyword.function_boost),
        ] {
            reading.within(key, boost, 0.0..=1000.0);
        }
        reading.within("watch.rescan_s", watch.rescan_s, 0.0..=86_400.0);
        reading.within("watch.poll_s", watch.poll_s, 0.0..=86_400.0);
        reading.at_least("search.candidates", search.candidates, 1);
        reading.at_least("embedder.max_tokens", embedder.max_tokens, 1);
        reading.at_least("reranker.max_tokens", reranker.max_tokens, 1);
        // The engine's least for one thread that writes.
        reading.at_least("keyword.writer_memory_bytes", keyword.writer_memory_bytes, 15_000_000);
        let words = source.passage_words;
        reading.within("source.passage_words.target", words.target, 1..=words.max.max(1));
        for tag in &embedder.languages {
            if Locale::parse(tag).is_none_or(|locale| locale.language() != tag.as_str()) {
                let key = "embedder.languages";
                let reason = format!("{key} has {tag:?}; write languages alone, as \"en\"");
                reading.note(key, reason);
            }
        }
    }

    /// The same with everything in the data folder: for commands that make a base of their own
    /// and must never touch the one that others share.
    pub fn in_one_folder(&self) -> Self {
        let (catalog, vectors) = (CatalogSettings::default(), VectorSettings::default());
        Self { database: DatabaseSettings::default(), catalog, vectors, ..self.clone() }
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
        fs_err::write(&file, "[search\n").unwrap();
        let error = IndexerSettings::load(Some(&file)).unwrap_err().to_string();
        assert!(error.contains("a.toml") && error.contains('1'), "{error}");
    }

    #[test]
    fn a_number_that_means_nothing_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.toml");
        for (text, named) in [
            ("[search]\ndense_weight = 72\n", "search.dense_weight is 72, but must be 0 to 1"),
            ("[search]\nrewrite_share = nan\n", "search.rewrite_share is NaN"),
            ("[search]\ncandidates = 0\n", "search.candidates is 0"),
            ("[reranker]\nshare = -0.5\n", "reranker.share is -0.5"),
            ("[keyword]\ncode_boost = inf\n", "keyword.code_boost"),
            ("[watch]\npoll_s = nan\n", "watch.poll_s"),
            ("[lint]\nnear_duplicate = 2.0\n", "lint.near_duplicate"),
            ("[source]\npassage_words = { target = 300 }\n", "source.passage_words.target"),
            ("[[source.audience]]\ntitle = \"[\"\naudience = \"internal\"\n", "source.audience"),
            ("[embedder]\nlanguages = [\"english\"]\n", "\"english\""),
        ] {
            fs_err::write(&file, text).unwrap();
            let error = IndexerSettings::load(Some(&file)).unwrap_err().to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
    }

    #[test]
    fn servers_are_checked_by_their_keys_and_never_shown_with_their_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.toml");
        let load = |text: &str| {
            fs_err::write(&file, text).unwrap();
            IndexerSettings::load(Some(&file))
        };
        for (text, named) in [
            ("[vectors]\nurl = \"localhost:6334\"\n", "vectors.url"),
            ("[vectors]\ncollection = \"a b\"\n", "vectors.collection"),
            ("[vectors]\nbatch = 0\n", "vectors.batch"),
            ("[vectors]\nwrite_consistency = 2\n", "vectors.write_consistency"),
            ("[vectors]\nsearch = \"quick\"\n", "exact"),
            ("[catalog]\nurl = \"mysql://shop:pearl@host/kb\"\n", "catalog.url"),
            ("[catalog]\nconnections = 0\n", "catalog.connections"),
            ("[database]\nurl = \"mysql://shop:pearl@host/kb\"\n", "database.url"),
        ] {
            let error = load(text).unwrap_err().to_string();
            assert!(error.contains(named) && !error.contains("pearl"), "{text}: {error}");
        }
        let read = load(
            "[catalog]\nurl = \"postgres://shop:pearl@host/kb\"\n[vectors]\napi_key = \"pearl\"\n",
        )
        .unwrap();
        assert_eq!(read.catalog.server().unwrap().expose(), "postgres://shop:pearl@host/kb");
        let shown = format!("{read:?} {}", toml::to_string(&read).unwrap());
        assert!(!shown.contains("pearl"), "{shown}");
        assert_eq!(read.in_one_folder().catalog.server(), None);
    }

    #[test]
    fn a_secret_may_stand_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        fs_err::write(&file, "pearl\n").unwrap();
        let named = |name: &str| {
            (name == "ATBILDE__VECTORS__API_KEY_FILE").then(|| file.clone().into_os_string())
        };
        assert_eq!(secret_files(named).unwrap(), [("vectors.api_key", "pearl".to_owned())]);
        assert!(names_a_file("VECTORS__API_KEY_FILE") && names_a_file("catalog__url_file"));
        assert!(!names_a_file("VECTORS__API_KEY") && !names_a_file("EMBEDDER__A_FILE"));
        let error = secret_files(|_| Some("/nowhere/at/all".into())).unwrap_err().to_string();
        assert!(error.contains("/nowhere/at/all") && error.contains("_FILE"), "{error}");
    }
}
