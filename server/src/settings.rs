//! Configuration of the server: the sections `[server]`, `[site]`, `[assistant]`, `[log]`, `[eval]`, and those of the
//! indexer, from the layers that both programs share.
//!
//! Read once by the commands and handed down as values. An unknown key is an error that names it; a
//! bad file is never replaced by defaults.

mod values;

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use figment::Figment;
use indexer::catalog;
use indexer::settings::{IndexerSettings, Reading, SettingsError, layers};
use serde::{Deserialize, Serialize};

use crate::access::{AccessSettings, IdentitySettings, OidcSettings};
use crate::assistant::AssistantSettings;
use crate::domain::CostSettings;
use crate::evaluate::EvalSettings;
use crate::gaps::GapSettings;
use crate::generate::GeneratorSettings;
use crate::handoff::{EmailSettings, HandoffSettings, WebhookSettings};
use crate::privacy::vault::VaultSettings;
use crate::privacy::{RedactionSettings, Secret};
use crate::rights::PrivacySettings;
use crate::site::SiteSettings;
use crate::store::ConversationSettings;

/// Everything that can be configured, checked.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Settings {
    pub server: ServerSettings,
    pub access: AccessSettings,
    pub identity: IdentitySettings,
    pub oidc: OidcSettings,
    pub site: SiteSettings,
    pub assistant: AssistantSettings,
    pub generator: GeneratorSettings,
    pub redaction: RedactionSettings,
    pub handoff: HandoffSettings,
    pub vault: VaultSettings,
    pub privacy: PrivacySettings,
    pub conversations: ConversationSettings,
    pub webhooks: WebhookSettings,
    pub email: EmailSettings,
    pub figures: CostSettings,
    pub gaps: GapSettings,
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
    pub admin_token: Option<Secret>,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            host: IpAddr::from([127, 0, 0, 1]),
            port: 8080,
            workers: 0,
            max_body_bytes: 64 * 1024,
            request_timeout_ms: 30_000,
            keep_alive_s: 75,
            shutdown_grace_s: 20,
            max_connections: 10_000,
            admin_token: None,
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
    /// [`SettingsError`] with all that is wrong, each naming file or variable and key.
    pub fn load(config: Option<&Path>) -> Result<Self, SettingsError> {
        let (settings, wrong) = Self::examine(config)?;
        SettingsError::of(wrong).map_or(Ok(settings), Err)
    }

    /// The same for `check-config`: what can be read, and all that is wrong. A section that cannot be read has
    /// its defaults.
    ///
    /// # Errors
    /// [`SettingsError`] when a file cannot be read at all.
    pub fn examine(config: Option<&Path>) -> Result<(Self, Vec<SettingsError>), SettingsError> {
        Ok(Self::from_layers(&layers(config)?))
    }

    fn from_layers(figment: &Figment) -> (Self, Vec<SettingsError>) {
        let mut reading = Reading::new(figment);
        let mut settings = Self {
            server: reading.section("server"),
            access: reading.section("access"),
            identity: reading.section("identity"),
            oidc: reading.section("oidc"),
            site: reading.section("site"),
            assistant: reading.section("assistant"),
            generator: reading.section("generator"),
            redaction: reading.section("redaction"),
            handoff: reading.section("handoff"),
            vault: reading.section("vault"),
            privacy: reading.section("privacy"),
            conversations: reading.section("conversations"),
            webhooks: reading.section("webhooks"),
            email: reading.section("email"),
            figures: reading.section("figures"),
            gaps: reading.section("gaps"),
            log: reading.section("log"),
            eval: reading.section("eval"),
            indexer: IndexerSettings::read(&mut reading),
        };
        // One database for everything, unless conversations have their own.
        let database = settings.indexer.database.url.clone();
        let sound = catalog::check_url("database.url", database.as_ref()).is_ok();
        settings.conversations.url = settings.conversations.url.or(database.filter(|_| sound));
        values::check(&settings, &mut reading);
        (settings, reading.into_wrong())
    }

    /// The same with everything in the data folder: for a base of one's own.
    pub fn in_one_folder(&self) -> Self {
        let conversations = ConversationSettings::default();
        Self { indexer: self.indexer.in_one_folder(), conversations, ..self.clone() }
    }

    /// What an operator should know of the way to the databases.
    pub fn unprotected(&self) -> Vec<String> {
        let urls = [self.indexer.catalog.server(), self.conversations.server()];
        let mut found: Vec<String> = urls.into_iter().filter_map(catalog::unprotected).collect();
        found.dedup();
        found
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

/// Keys with one of these words hold secrets.
const SECRET_WORDS: [&str; 4] = ["secret", "password", "token", "api_key"];
/// Keys that only sound like it.
const NO_SECRETS: [&str; 6] = [
    "max_tokens",
    "cache_tokens",
    "max_queued_tokens",
    "context_tokens",
    "api_key_file",
    "password_login",
];

fn hide_secrets(table: &mut toml::Table) {
    for (key, value) in table.iter_mut() {
        match value {
            toml::Value::Table(inner) => hide_secrets(inner),
            toml::Value::String(text) if text.contains("://") => *text = without_secrets(text),
            toml::Value::Array(all) => hide_in_list(all),
            _ if !NO_SECRETS.contains(&key.as_str())
                && SECRET_WORDS.iter().any(|word| key.contains(word)) =>
            {
                *value = toml::Value::String("(hidden)".to_owned());
            }
            _ => {}
        }
    }
}

fn hide_in_list(all: &mut [toml::Value]) {
    for value in all {
        match value {
            toml::Value::Table(inner) => hide_secrets(inner),
            toml::Value::String(text) if text.contains("://") => *text = without_secrets(text),
            _ => {}
        }
    }
}

/// An address without user, password and parameters, which often are keys.
fn without_secrets(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host =
        host.rsplit_once('@').map_or(host.to_owned(), |(_, host)| format!("(hidden)@{host}"));
    let (path, hidden) = match path.find(['?', '#']) {
        Some(at) => (&path[..at], "?(hidden)"),
        None => (path, ""),
    };
    format!("{scheme}://{host}{path}{hidden}")
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
    fn addresses_are_shown_without_what_may_be_a_key() {
        for (address, shown) in [
            ("https://hooks.example/a?key=x1#y", "https://hooks.example/a?(hidden)"),
            ("http://user:pass@10.0.0.1:8000/v1", "http://(hidden)@10.0.0.1:8000/v1"),
            ("https://hooks.example?key=x1", "https://hooks.example?(hidden)"),
            ("https://hooks.example/@a", "https://hooks.example/@a"),
        ] {
            assert_eq!(without_secrets(address), shown);
        }
        let mut table: toml::Table =
            "urls = [\"https://a:b@c.example/v1\"]\n[[e]]\nurl = \"https://d.example/?e=f\"\n"
                .parse()
                .unwrap();
        hide_secrets(&mut table);
        let shown = toml::to_string(&table).unwrap();
        assert!(!shown.contains("a:b") && !shown.contains("e=f"), "{shown}");
    }

    #[test]
    fn the_documented_defaults_are_the_defaults() {
        assert_eq!(Settings::load(None).unwrap(), Settings::default());
    }

    #[test]
    fn every_key_of_the_server_is_documented() {
        for (section, keys) in [
            ("server", toml::Table::try_from(ServerSettings::default()).unwrap()),
            ("site", toml::Table::try_from(SiteSettings::default()).unwrap()),
            ("log", toml::Table::try_from(LogSettings::default()).unwrap()),
            ("conversations", toml::Table::try_from(ConversationSettings::default()).unwrap()),
            ("gaps", toml::Table::try_from(GapSettings::default()).unwrap()),
            ("oidc", toml::Table::try_from(OidcSettings::default()).unwrap()),
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
            ("[site]\naccent = \"red\"\n", "site.accent"),
            ("[log]\nlevel = \"loud\"\n", "level"),
            ("[conversations]\nconnections = 0\n", "conversations.connections"),
            ("[database]\nurl = \"mysql://shop@host/a\"\n", "database.url"),
            ("[gaps]\nk = 1\n", "gaps.k"),
            ("[identity]\nsecret = \"short\"\n", "identity.secret"),
            ("[oidc]\nclient_id = \"desk\"\n", "oidc.issuer"),
            ("[oidc]\nisuer = \"https://a.example\"\n", "isuer"),
            ("[assistant.admission]\nqueues = 1\n", "queues"),
            ("[assistent]\n", "assistent"),
            ("[search]\ncandidats = 1\n", "candidats"),
            ("[generator.llama.engine]\nkv_type_k = \"q9_9\"\n", "kv_type_k"),
            ("[generator.llama.model]\nfile = \"a.gguf\"\n", "file"),
        ] {
            let error = load(text).unwrap_err().to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_at_once_with_the_file_and_the_key_as_it_is_written() {
        let text = "[servr]\n[server]\nprot = 1\n[assistant.confidence]\nthreshold = 73\n";
        let error = load(text).unwrap_err().to_string();
        for part in [
            "3 mistakes",
            "a.toml: there is no section [servr]: did you mean [server]?",
            "a.toml: there is no key server.prot: did you mean server.port?",
            "a.toml: assistant.confidence.threshold is 73, but must be 0 to 1; for 73 % write 0.73",
        ] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }

    #[test]
    fn one_database_is_for_articles_and_conversations_unless_they_name_their_own() {
        let url = |secret: Option<&indexer::secret::Secret>| secret.map(|s| s.expose().to_owned());
        let of = |text: &str| {
            let read = load(text).unwrap();
            (url(read.indexer.catalog.server()), url(read.conversations.server()))
        };
        let (one, two) = ("postgres://one/a".to_owned(), "postgres://two/b".to_owned());
        let shared = format!("[database]\nurl = \"{one}\"\n");
        assert_eq!(of(&shared), (Some(one.clone()), Some(one.clone())));
        let own = format!("{shared}[conversations]\nurl = \"{two}\"\n");
        assert_eq!(of(&own), (Some(one.clone()), Some(two.clone())));
        let files = format!("{shared}[conversations]\nurl = \"\"\n");
        assert_eq!(of(&files), (Some(one.clone()), None));
        let catalog = format!("[catalog]\nurl = \"{two}\"\n");
        assert_eq!(of(&catalog), (Some(two), None));
        assert_eq!(of(""), (None, None));
        let alone = load(&shared).unwrap().in_one_folder();
        assert_eq!((alone.conversations.server(), alone.indexer.catalog.server()), (None, None));
        assert!(!load(&shared).unwrap().to_toml().unwrap().contains("postgres://"));
    }

    #[test]
    fn types_of_the_cache_are_written_as_llama_cpp_writes_them() {
        let text = "[generator.llama.engine]\nkv_type_k = \"q8_0\"\nkv_type_v = \"bf16\"\n";
        assert!(load(text).is_ok());
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
