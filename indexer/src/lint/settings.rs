//! `[lint]`: which rules run, how severe they are, and their bounds.
//!
//! Filled from the configuration file and passed to [`super::lint`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::rule::{Level, Rule};

/// Bounds and severities. Unknown keys are errors; every key has a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LintSettings {
    /// Severity by rule id: `off`, `note`, `warning` or `error`.
    pub severity: BTreeMap<Rule, Level>,
    /// Front-matter keys that every article should have. A first heading counts as `title`.
    pub required: Vec<String>,
    /// An article that ends within this many days is reported as `expires-soon`.
    pub expires_within_days: u32,
    /// Words of an article before it is `too-long`.
    pub max_words: usize,
    /// Words below which an article is `too-short`.
    pub min_words: usize,
    /// Share of common text (5-word sequences, Jaccard) from which on two articles are
    /// `near-duplicate`. (0, 1]
    pub near_duplicate: f64,
    /// Company contacts that are no personal data: an e-mail address, an `@domain`, a telephone
    /// number or an IBAN. Besides, the e-mail domain found most often and telephone numbers found
    /// in three articles or more are allowed.
    pub allow: Vec<String>,
}

impl Default for LintSettings {
    fn default() -> Self {
        Self {
            severity: BTreeMap::new(),
            required: ["title", "description", "last_updated"].map(str::to_owned).to_vec(),
            expires_within_days: 30,
            max_words: 2000,
            min_words: 30,
            near_duplicate: 0.6,
            allow: Vec::new(),
        }
    }
}

impl LintSettings {
    /// Severity level of a rule.
    pub fn level(&self, rule: Rule) -> Level {
        self.severity.get(&rule).copied().unwrap_or(match rule.default_severity() {
            super::Severity::Note => Level::Note,
            super::Severity::Warning => Level::Warning,
            super::Severity::Error => Level::Error,
        })
    }

    /// Checks what types cannot.
    ///
    /// # Errors
    /// A sentence that names the key.
    pub fn check(&self) -> Result<(), String> {
        if !(self.near_duplicate > 0.0 && self.near_duplicate <= 1.0) {
            return Err(format!(
                "lint.near_duplicate is {} and must be above 0 and at most 1",
                self.near_duplicate
            ));
        }
        let known = ["title", "description", "last_updated", "tags", "product", "canonical_url"];
        if let Some(key) = self.required.iter().find(|k| !known.contains(&k.as_str())) {
            return Err(format!(
                "lint.required names \"{key}\"; possible are {}",
                known.join(", ")
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_are_set_by_rule_id() {
        let settings: LintSettings = toml::from_str(
            "max_words = 900\n[severity]\ndead-link = \"warning\"\nexpired = \"off\"\n",
        )
        .unwrap();
        assert_eq!(settings.level(Rule::DeadLink), Level::Warning);
        assert_eq!(settings.level(Rule::Expired).severity(), None);
        assert_eq!(settings.level(Rule::DeadAnchor), Level::Error);
        assert_eq!((settings.max_words, settings.min_words), (900, 30));
    }

    #[test]
    fn wrong_keys_rules_and_values_are_named() {
        for (text, word) in [
            ("max_word = 5", "max_word"),
            ("[severity]\ndead-lnk = \"off\"", "dead-lnk"),
            ("[severity]\ndead-link = \"fatal\"", "fatal"),
        ] {
            let error = toml::from_str::<LintSettings>(text).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
        let share = LintSettings { near_duplicate: 1.5, ..LintSettings::default() };
        assert!(share.check().unwrap_err().contains("near_duplicate"));
        let key = LintSettings { required: vec!["colour".into()], ..LintSettings::default() };
        assert!(key.check().unwrap_err().contains("colour"));
        assert_eq!(LintSettings::default().check(), Ok(()));
    }
}
