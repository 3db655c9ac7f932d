//! `[redaction]` of the configuration: what the operator may add to the detectors and keep from them.

use serde::{Deserialize, Serialize};

/// What is redacted beyond the built-in detectors, and what never is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RedactionSettings {
    /// Regular expressions of the operator's own numbers that stay readable: order numbers, SKUs,
    /// error codes. They win over every guess, but not over e-mail addresses, cards, IBANs and secrets.
    pub allow: Vec<String>,
    /// Hosts whose links and names stay readable, their subdomains included: the shop's own site.
    pub allow_hosts: Vec<String>,
    /// Own kinds of personal data: customer numbers, loyalty cards.
    pub patterns: Vec<CustomPattern>,
    /// Countries (ISO 3166, two letters) whose local phone numbers are expected when the language of
    /// a message does not tell.
    pub countries: Vec<String>,
    /// Person names by cues: "my name is", salutations, signatures.
    pub names: bool,
    /// Postal addresses: street and house number, postcode and town.
    pub addresses: bool,
}

/// One kind of personal data that only this operator has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomPattern {
    /// The word in the placeholder, upper-case letters and `_`: `CUSTOMER_NUMBER`.
    pub label: String,
    /// A regular expression without look-around; the whole match is redacted.
    pub pattern: String,
}

impl Default for RedactionSettings {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            allow_hosts: Vec::new(),
            patterns: Vec::new(),
            countries: Vec::new(),
            names: true,
            addresses: true,
        }
    }
}

/// Why a redactor cannot be built from its settings.
#[derive(Debug, thiserror::Error)]
pub enum RedactionError {
    #[error("redaction.{key}: {pattern:?} is not a usable regular expression: {source}")]
    Pattern { key: &'static str, pattern: String, source: Box<regex::Error> },
    #[error(
        "redaction.patterns: the label {0:?} must be 2 to 32 upper-case letters and underscores"
    )]
    Label(String),
    #[error("redaction.countries: {0:?} is not a country of two letters such as LV")]
    Country(String),
    #[error("the table of cue words cannot be built: {0}")]
    Cues(#[from] Box<aho_corasick::BuildError>),
}
