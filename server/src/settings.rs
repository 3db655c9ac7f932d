//! Configuration of the server: the sections `[server]`, `[assistant]`, `[log]`, `[eval]`, and those of the
//! indexer, from the layers that both programs share.
//!
//! Read once by the commands and handed down as values. An unknown key is an error that names it; a
//! bad file is never replaced by defaults.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use figment::Figment;
use indexer::settings::{IndexerSettings, SettingsError, layers};
use serde::{Deserialize, Serialize};

use crate::access::AccessSettings;
use crate::assistant::AssistantSettings;
use crate::evaluate::EvalSettings;
use crate::generate::GeneratorSettings;
use crate::handoff::{HandoffSettings, Hours};
use crate::privacy::RedactionSettings;

/// Everything that can be configured, checked.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Settings {
    pub server: ServerSettings,
    pub access: AccessSettings,
    pub assistant: AssistantSettings,
    pub generator: GeneratorSettings,
    pub redaction: RedactionSettings,
    pub handoff: HandoffSettings,
    pub log: LogSettings,
    pub eval: EvalSettings,
    #[serde(flatten)]
    pub indexer: IndexerSettings,
}

/// `[server]`: how it listens and what the pages show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerSettings {
    pub host: IpAddr,
    /// 0 for any free port.
    pub port: u16,
    /// Threads that serve requests; 0 for one a core.
    pub workers: usize,
    /// Longer bodies are refused with 413.
    pub max_body_bytes: usize,
    /// For a request up to the head of its response, milliseconds.
    pub request_timeout_ms: u64,
    /// An idle connection is closed after this, seconds.
    pub keep_alive_s: u64,
    /// Requests in work when the server is stopped may take this long, seconds.
    pub shutdown_grace_s: u64,
    /// Open connections of one worker.
    pub max_connections: usize,
    /// Opens `/v1/admin`, sent as `Authorization: Bearer ...`; unset, nobody may.
    pub admin_token: Option<String>,
    /// Shown on every page.
    pub site_name: String,
    /// Questions to choose from on the first page.
    pub suggestions: Vec<String>,
}

impl Default for ServerSettings {
    fn default() -> Self {
        let suggestions = [
            "How long does a refund take?",
            "What does it cost to send a parcel back?",
            "How do I track my order?",
            "How long is the warranty?",
        ];
        Self {
            host: IpAddr::from([127, 0, 0, 1]),
            port: 8080,
            workers: 0,
            max_body_bytes: 64 * 1024,
            request_timeout_ms: 30_000,
            keep_alive_s: 75,
            shutdown_grace_s: 20,
            max_connections: 1024,
            admin_token: None,
            site_name: "Help center".to_owned(),
            suggestions: suggestions.map(str::to_owned).to_vec(),
        }
    }
}

impl ServerSettings {
    pub fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    pub fn shutdown_grace(&self) -> Duration {
        Duration::from_secs(self.shutdown_grace_s)
    }
}

/// `[log]`: what is written to standard error.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSettings {
    pub level: LogLevel,
    pub format: LogFormat,
}

/// Entries of this level and the graver ones are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

/// Form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

impl Settings {
    /// Reads and checks all layers: defaults, the file `config`, environment variables.
    ///
    /// # Errors
    /// [`SettingsError`] naming file or variable, key, and what is wrong.
    pub fn load(config: Option<&Path>) -> Result<Self, SettingsError> {
        Self::from_layers(&layers(config)?)
    }

    fn from_layers(figment: &Figment) -> Result<Self, SettingsError> {
        let value = |e: figment::Error| SettingsError::Value(e.to_string());
        let settings = Self {
            server: figment.extract_inner("server").map_err(value)?,
            access: figment.extract_inner("access").map_err(value)?,
            assistant: figment.extract_inner("assistant").map_err(value)?,
            generator: figment.extract_inner("generator").map_err(value)?,
            redaction: figment.extract_inner("redaction").map_err(value)?,
            handoff: figment.extract_inner("handoff").map_err(value)?,
            log: figment.extract_inner("log").map_err(value)?,
            eval: figment.extract_inner("eval").map_err(value)?,
            indexer: IndexerSettings::from_layers(figment)?,
        };
        settings.server.check()?;
        settings.access.check().map_err(|e| SettingsError::Value(e.to_string()))?;
        Hours::new(&settings.handoff.hours).map_err(|e| SettingsError::Value(e.to_string()))?;
        Ok(settings)
    }

    /// The effective configuration as TOML. Values of keys that hold secrets are replaced.
    ///
    /// # Errors
    /// [`SettingsError::Value`] when a value has no TOML form.
    pub fn to_toml(&self) -> Result<String, SettingsError> {
        let failed = |e: toml::ser::Error| SettingsError::Value(e.to_string());
        let mut table = toml::Table::try_from(self).map_err(failed)?;
        hide_secrets(&mut table);
        toml::to_string_pretty(&table).map_err(failed)
    }
}

impl ServerSettings {
    fn check(&self) -> Result<(), SettingsError> {
        let least = [
            ("max_body_bytes", self.max_body_bytes as u64, 1024),
            ("request_timeout_ms", self.request_timeout_ms, 100),
            ("max_connections", self.max_connections as u64, 1),
        ];
        match least.into_iter().find(|(_, value, least)| value < least) {
            Some((key, value, least)) => Err(SettingsError::Value(format!(
                "server.{key} is {value}, but must be at least {least}"
            ))),
            None => Ok(()),
        }
    }
}

/// Keys with one of these words hold secrets.
const SECRET_WORDS: [&str; 4] = ["secret", "password", "token", "api_key"];
/// Keys that only sound like it.
const NO_SECRETS: [&str; 1] = ["max_tokens"];

fn hide_secrets(table: &mut toml::Table) {
    for (key, value) in table.iter_mut() {
        match value {
            toml::Value::Table(inner) => hide_secrets(inner),
            _ if !NO_SECRETS.contains(&key.as_str())
                && SECRET_WORDS.iter().any(|word| key.contains(word)) =>
            {
                *value = toml::Value::String("(hidden)".to_owned());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Settings, SettingsError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.toml");
        fs_err::write(&file, text).unwrap();
        Settings::load(Some(&file))
    }

    #[test]
    fn the_documented_defaults_are_the_defaults() {
        assert_eq!(Settings::load(None).unwrap(), Settings::default());
    }

    #[test]
    fn every_key_of_the_server_is_documented() {
        for (section, keys) in [
            ("server", toml::Table::try_from(ServerSettings::default()).unwrap()),
            ("log", toml::Table::try_from(LogSettings::default()).unwrap()),
        ] {
            let documented: toml::Table = toml::from_str(indexer::settings::DEFAULTS).unwrap();
            let documented = documented[section].as_table().unwrap();
            for key in keys.keys() {
                assert!(documented.contains_key(key), "{section}.{key} is not in atbilde.toml");
            }
        }
    }

    #[test]
    fn a_wrong_key_or_value_is_named() {
        for (text, named) in [
            ("[server]\nprot = 1\n", "prot"),
            ("[server]\nport = 70000\n", "port"),
            ("[server]\nhost = \"nowhere\"\n", "host"),
            ("[server]\nmax_body_bytes = 1\n", "max_body_bytes"),
            ("[log]\nlevel = \"loud\"\n", "level"),
            ("[assistant.admission]\nqueues = 1\n", "queues"),
            ("[assistent]\n", "assistent"),
            ("[search]\ncandidats = 1\n", "candidats"),
        ] {
            let error = load(text).unwrap_err().to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
    }

    #[test]
    fn the_effective_configuration_reads_back_and_hides_secrets() {
        let text = Settings::default().to_toml().unwrap();
        assert_eq!(load(&text).unwrap(), Settings::default());
        let mut table: toml::Table =
            toml::from_str("max_tokens = 1\n[a]\nwebhook_secret = \"x\"\n").unwrap();
        hide_secrets(&mut table);
        assert_eq!(
            table.to_string().trim(),
            "max_tokens = 1\n\n[a]\nwebhook_secret = \"(hidden)\""
        );
    }
}
