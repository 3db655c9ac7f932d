//! Settings of reading: who may see which folder, sizes, the language to assume.
//!
//! Filled from the configuration file (`[source]`) and passed to every function of this module.
//! Holds no compiled state, so it can be cloned and compared; a pattern is compiled where it is used.

use globset::GlobBuilder;
use serde::{Deserialize, Serialize};

use crate::model::{Audience, DocPath, Locale};

/// How files are read. Unknown keys are errors; every key has a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceRules {
    /// Secrecy by folder or title, first match wins. A rule only ever raises the secrecy that front
    /// matter asks for.
    pub audience: Vec<AudienceRule>,
    /// Larger files are skipped with a reason. Bytes.
    pub max_file_bytes: u64,
    /// Language of a document when nothing tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_locale: Option<Locale>,
    pub passage_words: PassageWords,
}

impl Default for SourceRules {
    fn default() -> Self {
        Self {
            audience: Vec::new(),
            max_file_bytes: 64 * 1024 * 1024,
            default_locale: None,
            passage_words: PassageWords::default(),
        }
    }
}

/// Documents that match every pattern given here have at least this audience.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudienceRule {
    /// Glob over the document's path, `*` within a folder and `**` over folders, case ignored.
    #[serde(default)]
    pub path: Option<String>,
    /// Glob over the title, for instance `Internal:*`, case ignored.
    #[serde(default)]
    pub title: Option<String>,
    pub audience: Audience,
}

/// Size of passages in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PassageWords {
    /// What long sections are cut into, evenly.
    pub target: usize,
    /// Above it a paragraph, list item or row is torn.
    pub max: usize,
}

impl Default for PassageWords {
    fn default() -> Self {
        Self { target: 200, max: 250 }
    }
}

/// A rule whose pattern cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the pattern \"{pattern}\" in source.audience cannot be read ({reason}); correct it")]
pub struct InvalidRule {
    pub pattern: String,
    pub reason: String,
}

impl SourceRules {
    /// Checks every pattern; settings call it at start, so that a wrong one is not found out later.
    ///
    /// # Errors
    /// The first pattern that is not a glob.
    pub fn check(&self) -> Result<(), InvalidRule> {
        for rule in &self.audience {
            for pattern in [&rule.path, &rule.title].into_iter().flatten() {
                glob(pattern, true)?;
            }
        }
        Ok(())
    }

    /// Audience of the first rule that matches. A rule with a broken pattern matches everything:
    /// better an article too few than an internal one too many.
    pub(super) fn audience_of(&self, path: &DocPath, title: &str) -> Option<Audience> {
        self.audience
            .iter()
            .find(|rule| {
                let path_ok = rule.path.as_ref().map(|p| matches(p, path.as_str(), true));
                let title_ok = rule.title.as_ref().map(|p| matches(p, title, false));
                match (path_ok, title_ok) {
                    (None, None) => false,
                    (a, b) => a.unwrap_or(true) && b.unwrap_or(true),
                }
            })
            .map(|rule| rule.audience)
    }
}

fn matches(pattern: &str, text: &str, folders: bool) -> bool {
    glob(pattern, folders).map_or(true, |g| g.is_match(text))
}

fn glob(pattern: &str, folders: bool) -> Result<globset::GlobMatcher, InvalidRule> {
    GlobBuilder::new(pattern)
        .case_insensitive(true)
        .literal_separator(folders)
        .build()
        .map(|g| g.compile_matcher())
        .map_err(|e| InvalidRule { pattern: pattern.to_owned(), reason: e.kind().to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(path: Option<&str>, title: Option<&str>, audience: Audience) -> AudienceRule {
        AudienceRule { path: path.map(str::to_owned), title: title.map(str::to_owned), audience }
    }

    #[test]
    fn the_first_match_wins_and_both_patterns_must_hold() {
        let rules = SourceRules {
            audience: vec![
                rule(Some("hr/**"), Some("Pay*"), Audience::Customer),
                rule(None, Some("internal:*"), Audience::Internal),
                rule(Some("hr/**"), None, Audience::Internal),
            ],
            ..SourceRules::default()
        };
        let of = |path: &str, title: &str| rules.audience_of(&DocPath::new(path), title);
        assert_eq!(of("hr/a.md", "Pay day"), Some(Audience::Customer));
        assert_eq!(of("x/a.md", "Pay day"), None);
        assert_eq!(of("hr/de/a.md", "Leave"), Some(Audience::Internal));
        assert_eq!(of("x.md", "Internal: fees a/b"), Some(Audience::Internal));
    }

    #[test]
    fn a_broken_pattern_hides_and_is_named_by_check() {
        let rules = SourceRules {
            audience: vec![rule(Some("a[b"), None, Audience::Internal)],
            ..SourceRules::default()
        };
        let got = rules.audience_of(&DocPath::new("x.md"), "T");
        assert_eq!(got, Some(Audience::Internal));
        let message = rules.check().unwrap_err().to_string();
        assert!(message.contains("a[b"), "{message}");
    }

    #[test]
    fn unknown_keys_are_errors() {
        let good: SourceRules =
            toml::from_str("max_file_bytes = 5\n[[audience]]\npath='x/**'\naudience='internal'")
                .unwrap();
        assert_eq!(good.max_file_bytes, 5);
        assert_eq!(good.passage_words.max, 250);
        assert!(toml::from_str::<SourceRules>("max_bytes = 5").is_err());
    }
}
