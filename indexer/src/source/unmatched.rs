//! Rules of `source.audience` that match no document: mistyped, or written for another folder. They hide
//! nothing, and what they were written for may be public.
//!
//! Asked by `publish` at each look at the folder, and by `lint`. Whether a rule ever has its turn (the
//! first match wins) is not asked.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use serde::Serialize;

use super::rules::{composed, given, slashed, tidy};
use super::{AudienceRule, SourceRules};
use crate::model::DocPath;

/// A rule that no document is under.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct UnmatchedRule {
    /// Its place in `source.audience`, counted from 1.
    pub rule: usize,
    /// What it names, as it is written: `path = "runbooks/**"`.
    pub pattern: String,
    /// The next step.
    pub hint: String,
}

impl fmt::Display for UnmatchedRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, pattern, .. } = self;
        write!(
            f,
            "rule {rule} of source.audience ({pattern}) matches no document and hides nothing"
        )
    }
}

impl SourceRules {
    /// The rules that match none of `documents`, which are given by path and title; in their order.
    /// Without any document there is nothing to hide, and no rule is named.
    ///
    /// `root`: the folder of articles; the hint says so when a path begins with it. Blocks for a look
    /// at that folder's name.
    pub fn unmatched(&self, root: &Path, documents: &[(&DocPath, &str)]) -> Vec<UnmatchedRule> {
        if documents.is_empty() {
            return Vec::new();
        }
        let matches = |rule: &AudienceRule| {
            let rule = rule.compiled();
            documents.iter().any(|(path, title)| rule.is_for(path, title))
        };
        let numbered = self.audience.iter().zip(1..);
        numbered
            .filter(|(rule, _)| !matches(rule))
            .map(|(rule, number)| UnmatchedRule {
                rule: number,
                pattern: written(rule),
                hint: hint(rule, root),
            })
            .collect()
    }
}

fn written(rule: &AudienceRule) -> String {
    let patterns = [("path", given(rule.path.as_ref())), ("title", given(rule.title.as_ref()))];
    let named =
        patterns.iter().filter_map(|(key, pattern)| Some(format!("{key} = {:?}", (*pattern)?)));
    named.collect::<Vec<_>>().join(", ")
}

fn hint(rule: &AudienceRule, root: &Path) -> String {
    const TITLE: &str = "the whole title must match, `*` standing for anything";
    let Some(path) = given(rule.path.as_ref()) else {
        return format!("{TITLE}: correct it, or remove the rule");
    };
    if let Some(rest) = below(path, root) {
        return format!(
            "a path begins in the folder of articles, and this one begins with that folder itself: \
             write path = {rest:?}"
        );
    }
    let start = if path.trim_start().starts_with(['/', '\\']) {
        "a path begins in the folder of articles, also one with a / at its beginning, which looks \
         like a path of the machine; its folders are divided by /"
    } else {
        "a path begins in the folder of articles, its folders divided by /"
    };
    let both = if given(rule.title.as_ref()).is_some() {
        format!("; beside the path, {TITLE}")
    } else {
        String::new()
    };
    format!("{start}{both}: correct it, or remove the rule")
}

/// What is left of `path` when it begins with the folder of articles: its path from the root of the
/// machine, as it was given, or its name.
fn below(path: &str, root: &Path) -> Option<String> {
    let path = tidy(&slashed(path));
    let parts: Vec<&str> = path.split('/').collect();
    let real = fs_err::canonicalize(root).ok();
    let name = real.as_deref().and_then(Path::file_name).map(PathBuf::from);
    // The longest first: what is left must not begin with the folder's name.
    let folders = [real, std::path::absolute(root).ok(), Some(root.to_owned()), name];
    let rest = folders.iter().flatten().map(|folder| names(folder)).find_map(|names| {
        let (first, rest) = parts.split_at_checked(names.len())?;
        let same = first.iter().zip(&names).all(|(part, name)| folded(part) == *name);
        (same && !names.is_empty()).then_some(rest)
    })?;
    Some(tidy(&rest.join("/")))
}

/// The names of the folders that lead to `folder`, made comparable.
fn names(folder: &Path) -> Vec<String> {
    let named = |component: Component<'_>| match component {
        Component::Normal(name) => Some(folded(&name.to_string_lossy())),
        _ => None,
    };
    folder.components().filter_map(named).collect()
}

/// Rules are compared without regard to case and to how an accent is written.
fn folded(name: &str) -> String {
    composed(name).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Audience;

    /// A rule for `path`, one for `title`; an empty text is no pattern.
    fn rules(patterns: &[(&str, &str)]) -> SourceRules {
        let rule = |(path, title): &(&str, &str)| AudienceRule {
            path: Some((*path).to_owned()),
            title: Some((*title).to_owned()),
            audience: Audience::Internal,
        };
        SourceRules { audience: patterns.iter().map(rule).collect(), ..SourceRules::default() }
    }

    /// What is said of a folder with two articles, which lies at `root`.
    fn said(root: &Path, patterns: &[(&str, &str)]) -> Vec<UnmatchedRule> {
        let rules = rules(patterns);
        rules.check().unwrap();
        let (reset, fees) = (DocPath::new("runbooks/de/reset.md"), DocPath::new("fees.md"));
        rules.unmatched(root, &[(&reset, "Reset"), (&fees, "Internal: fees")])
    }

    #[test]
    fn a_rule_is_named_when_no_document_is_under_it() {
        let root = Path::new("/srv/help");
        let found = [
            ("runbooks/**", ""),
            ("/Runbooks", ""),
            ("", "internal:*"),
            ("runboks/**", ""),
            ("", "Intern:*"),
            ("runbooks/**", "Internal:*"),
            ("**/reset.md", "reset"),
        ];
        let said = said(root, &found);
        let named: Vec<_> = said.iter().map(|r| (r.rule, r.pattern.as_str())).collect();
        assert_eq!(
            named,
            [
                (4, r#"path = "runboks/**""#),
                (5, r#"title = "Intern:*""#),
                (6, r#"path = "runbooks/**", title = "Internal:*""#),
            ]
        );
        assert_eq!(
            said[0].to_string(),
            r#"rule 4 of source.audience (path = "runboks/**") matches no document and hides nothing"#
        );
        assert!(said[0].hint.contains("divided by /: correct it"), "{said:?}");
        assert!(said[1].hint.starts_with("the whole title must match"), "{said:?}");
        assert!(said[2].hint.contains("beside the path, the whole title"), "{said:?}");
    }

    #[test]
    fn a_rule_that_is_never_the_first_matches_all_the_same() {
        let found = said(Path::new("/srv/help"), &[("**", ""), ("runbooks/**", "")]);
        assert_eq!(found, []);
    }

    #[test]
    fn a_folder_without_documents_leaves_nothing_to_hide() {
        assert_eq!(rules(&[("runbooks/**", "")]).unmatched(Path::new("/srv/help"), &[]), []);
    }

    #[test]
    fn a_path_of_the_machine_is_told_from_one_that_is_mistyped() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("Help Center");
        fs_err::create_dir(&root).unwrap();
        let real = fs_err::canonicalize(&root).unwrap();
        let real = real.to_str().unwrap();
        for (path, rest) in [
            (format!("{real}/runbooks/**"), "runbooks/**"),
            (format!("{}/runbooks/", real.to_uppercase()), "runbooks"),
            (format!("{real}/"), "**"),
            ("help center/runbooks/**".to_owned(), "runbooks/**"),
            (r"\Help Center\runbooks".to_owned(), "runbooks"),
        ] {
            let found = said(&root, &[(&path, "")]);
            let hint = &found[0].hint;
            assert!(hint.contains("begins with that folder itself"), "{path}: {hint}");
            assert!(hint.ends_with(&format!("write path = {rest:?}")), "{path}: {hint}");
        }
        for (path, looks) in [("/srv/elsewhere/**", true), ("runboks", false), ("help*/**", false)]
        {
            let found = said(&root, &[(path, "")]);
            let hint = &found[0].hint;
            assert_eq!(hint.contains("looks like a path of the machine"), looks, "{path}: {hint}");
            assert!(!hint.contains("itself"), "{path}: {hint}");
        }
    }

    #[test]
    fn a_folder_that_was_given_by_a_relative_path_is_known_too() {
        let found = said(Path::new("./no/such/kb"), &[("no/such/kb/runbooks/**", "")]);
        assert!(found[0].hint.ends_with(r#"write path = "runbooks/**""#), "{found:?}");
        let found = said(Path::new("."), &[("runboks/**", "")]);
        assert!(!found[0].hint.contains("itself"), "{found:?}");
    }
}
