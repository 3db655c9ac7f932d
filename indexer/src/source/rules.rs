//! Settings of reading: who may see which folder, sizes, the language to assume.
//!
//! Filled from the configuration file (`[source]`) and passed to every function of this module.
//! Holds no compiled state, so it can be cloned and compared; a pattern is compiled where it is used.

use globset::{GlobBuilder, GlobMatcher};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::model::{Audience, DocPath, Locale};

/// How files are read. Unknown keys are errors; every key has a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceRules {
    /// Secrecy by folder or title, first match wins. A rule only ever raises the secrecy that front
    /// matter asks for. Which rules match nothing is told by [`SourceRules::unmatched`].
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
    /// Glob over the document's path in the folder of articles, `*` within a folder and `**` over
    /// folders, case ignored. A folder's name, with or without `/` at its end, is all that is in it;
    /// `./` or `/` at the beginning is that folder of articles, and `\` divides as `/` does.
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

/// A rule that cannot be followed.
#[derive(Debug, thiserror::Error)]
#[error("source.audience: rule {rule} {reason}")]
pub struct InvalidRule {
    /// Counted from 1.
    pub rule: usize,
    pub reason: String,
}

impl SourceRules {
    /// Checks every rule; settings call it at start, so that a wrong one is not found out later.
    ///
    /// # Errors
    /// The first rule that names no document or has a pattern that is not a glob.
    pub fn check(&self) -> Result<(), InvalidRule> {
        for (at, rule) in self.audience.iter().enumerate() {
            rule.check().map_err(|reason| InvalidRule { rule: at + 1, reason })?;
        }
        Ok(())
    }

    /// Audience of the first rule that matches.
    pub(super) fn audience_of(&self, path: &DocPath, title: &str) -> Option<Audience> {
        let first = self.audience.iter().find(|rule| rule.compiled().is_for(path, title));
        first.map(|rule| rule.audience)
    }
}

/// A rule that can be asked of many documents.
pub(super) struct Compiled {
    path: Option<Pattern>,
    title: Option<Pattern>,
}

impl Compiled {
    /// Whether every pattern of the rule matches; a rule without any is for no document.
    pub(super) fn is_for(&self, path: &DocPath, title: &str) -> bool {
        let path_ok = self.path.as_ref().map(|p| p.matches(path.as_str()));
        let title_ok = self.title.as_ref().map(|p| p.matches(title));
        match (path_ok, title_ok) {
            (None, None) => false,
            (a, b) => a.unwrap_or(true) && b.unwrap_or(true),
        }
    }
}

impl AudienceRule {
    pub(super) fn compiled(&self) -> Compiled {
        Compiled {
            path: given(self.path.as_ref()).map(Pattern::of_path),
            title: given(self.title.as_ref()).map(Pattern::of_title),
        }
    }

    fn check(&self) -> Result<(), String> {
        let (path, title) = (given(self.path.as_ref()), given(self.title.as_ref()));
        if path.is_none() && title.is_none() {
            let write = "give it a path, as path = \"runbooks/**\", or a title";
            return Err(format!("names no document: {write}"));
        }
        let unreadable = |pattern: &str, error: &globset::Error| {
            let reason = error.kind();
            format!("has the pattern \"{pattern}\", which cannot be read ({reason}); correct it")
        };
        if let Some(path) = path {
            path_globs(path).map_err(|e| unreadable(path, &e))?;
            if is_of_the_machine(path) {
                return Err(format!(
                    "has the path {path:?}, which begins at a drive or a home folder; begin it at \
                     the folder of articles, as path = \"runbooks/**\""
                ));
            }
            if tidy(&slashed(path)).split('/').any(|part| part == "..") {
                return Err(format!(
                    "has the path \"{path}\", which leads out of the folder of articles; begin it \
                     at that folder"
                ));
            }
        }
        if let Some(title) = title {
            glob(title, false).map_err(|e| unreadable(title, &e))?;
        }
        Ok(())
    }
}

/// A pattern that says something.
pub(super) fn given(pattern: Option<&String>) -> Option<&str> {
    pattern.map(String::as_str).filter(|pattern| !pattern.trim().is_empty())
}

/// A pattern with its globs. One that is no glob has none and matches everything: better an article
/// too few than an internal one too many.
struct Pattern {
    globs: Vec<GlobMatcher>,
    /// It may name a folder, all of whose documents are then meant.
    of_folders: bool,
}

impl Pattern {
    fn of_path(pattern: &str) -> Self {
        let globs = path_globs(pattern).unwrap_or_default();
        Self { globs, of_folders: names_folder(pattern) }
    }

    fn of_title(pattern: &str) -> Self {
        Self { globs: glob(pattern, false).into_iter().collect(), of_folders: false }
    }

    fn matches(&self, text: &str) -> bool {
        let text = composed(text);
        let any = |glob: &GlobMatcher| {
            let within = |(end, _): (usize, &str)| glob.is_match(&text[..end]);
            glob.is_match(&text) || (self.of_folders && text.match_indices('/').any(within))
        };
        self.globs.is_empty() || self.globs.iter().any(any)
    }
}

/// Whether a path can only be one of a machine: it begins with a drive or the home folder. One that
/// begins with `/` may be either, so it is taken as beginning at the folder of articles.
fn is_of_the_machine(pattern: &str) -> bool {
    match slashed(pattern).trim_start().as_bytes() {
        [b'~', b'/', ..] => true,
        [drive, b':', b'/', ..] => drive.is_ascii_alphabetic(),
        _ => false,
    }
}

/// Whether a pattern may name a folder, all of whose documents are then meant: it says so with a `/` at
/// its end, or it ends with a name. `hr/*` are the documents in `hr`, not those in its folders.
fn names_folder(pattern: &str) -> bool {
    let pattern = slashed(pattern);
    let pattern = pattern.trim();
    pattern.ends_with('/') || !pattern.rsplit('/').next().unwrap_or_default().contains(['*', '?'])
}

/// What a path pattern may mean: a backslash divides folders, or it takes the next sign's meaning away.
/// Both are tried, because a rule that matches nothing hides nothing.
fn path_globs(pattern: &str) -> Result<Vec<GlobMatcher>, globset::Error> {
    let divided = glob(&tidy(&slashed(pattern)), true);
    let escaped = pattern.contains('\\').then(|| glob(&tidy(pattern), true));
    match (divided, escaped) {
        (Ok(divided), Some(Ok(escaped))) => Ok(vec![divided, escaped]),
        (Ok(one), _) | (Err(_), Some(Ok(one))) => Ok(vec![one]),
        (Err(error), _) => Err(error),
    }
}

pub(super) fn slashed(pattern: &str) -> String {
    pattern.replace('\\', "/")
}

/// As document paths are written: without `.`, and without `/` at either end.
pub(super) fn tidy(pattern: &str) -> String {
    let parts: Vec<&str> =
        pattern.trim().split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.is_empty() { "**".to_owned() } else { parts.join("/") }
}

/// Some systems write a letter and its accent apart in the names of files.
pub(super) fn composed(text: &str) -> String {
    text.nfc().collect()
}

fn glob(pattern: &str, folders: bool) -> Result<GlobMatcher, globset::Error> {
    GlobBuilder::new(&composed(pattern))
        .case_insensitive(true)
        .literal_separator(folders)
        .build()
        .map(|g| g.compile_matcher())
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
    fn a_folder_is_hidden_however_its_path_is_written() {
        for pattern in [
            "runbooks/**",
            "/runbooks/**",
            "./runbooks/**",
            "runbooks/",
            "/runbooks/",
            "runbooks",
            "./Runbooks",
            " runbooks ",
            "runbooks//",
            r"runbooks\**",
            r".\runbooks\",
            r"runbooks\",
            "**/runbooks",
        ] {
            let rules = SourceRules {
                audience: vec![rule(Some(pattern), None, Audience::Internal)],
                ..SourceRules::default()
            };
            rules.check().unwrap();
            let of = |path: &str| rules.audience_of(&DocPath::new(path), "T");
            assert_eq!(of("runbooks/a.md"), Some(Audience::Internal), "{pattern}");
            assert_eq!(of("runbooks/de/a.md"), Some(Audience::Internal), "{pattern}");
            assert_eq!(of("runbooks.md"), None, "{pattern}");
            assert_eq!(of("public/a.md"), None, "{pattern}");
        }
    }

    #[test]
    fn patterns_of_files_stay_patterns_of_files() {
        let hides = |pattern: &str, path: &str| Pattern::of_path(pattern).matches(path);
        assert!(hides("hr/*", "hr/a.md") && !hides("hr/*", "hr/de/a.md"));
        assert!(hides("h*/", "hr/de/a.md"), "a folder of any such name");
        assert!(hides("hr/pay.md", "hr/pay.md") && !hides("hr/pay.md", "hr/day.md"));
        assert!(hides("/", "a.md") && hides("./", "hr/a.md"), "the folder of articles itself");
        assert!(hides(r"notes/\[old\].md", "notes/[old].md"), "a sign without its meaning");
        assert!(hides(r"hr\[ab]\**", "hr/a/x.md"), "a class after a folder");
        assert!(hides("caf\u{e9}/**", "cafe\u{301}/a.md"), "an accent that is written apart");
    }

    #[test]
    fn a_rule_that_names_no_document_is_refused() {
        for (path, title) in [(None, None), (Some(""), None), (Some("  "), Some(" "))] {
            let rules = SourceRules {
                audience: vec![
                    rule(Some("hr/**"), None, Audience::Internal),
                    rule(path, title, Audience::Internal),
                ],
                ..SourceRules::default()
            };
            let message = rules.check().unwrap_err().to_string();
            assert!(message.starts_with("source.audience: rule 2 names no document"), "{message}");
        }
        let out = rule(Some(r"..\runbooks\**"), None, Audience::Internal);
        let rules = SourceRules { audience: vec![out], ..SourceRules::default() };
        let message = rules.check().unwrap_err().to_string();
        assert!(message.contains("leads out of the folder"), "{message}");
    }

    #[test]
    fn a_path_that_can_only_be_the_machines_is_refused_and_one_that_may_be_ours_is_not() {
        let check = |path: &str| {
            let audience = vec![rule(Some(path), None, Audience::Internal)];
            SourceRules { audience, ..SourceRules::default() }.check()
        };
        for path in [r"C:\help\runbooks\**", "d:/help/**", "~/help/runbooks/**", r" ~\help"] {
            let message = check(path).unwrap_err().to_string();
            assert!(message.contains("begin it at the folder of articles"), "{path}: {message}");
        }
        for path in ["/srv/help/runbooks/**", "c/**", "a:b/**", "~drafts/**", "./~/**"] {
            check(path).unwrap();
        }
    }

    #[test]
    fn an_empty_pattern_beside_another_one_asks_for_nothing() {
        let rules = SourceRules {
            audience: vec![rule(Some(""), Some("Internal:*"), Audience::Internal)],
            ..SourceRules::default()
        };
        rules.check().unwrap();
        let got = rules.audience_of(&DocPath::new("a.md"), "Internal: fees");
        assert_eq!(got, Some(Audience::Internal));
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
