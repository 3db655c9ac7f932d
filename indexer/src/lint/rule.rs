//! The rules by name: id, default severity, what each is for.
//!
//! Used by every part of `lint`, by the settings (`[lint.severity]`), by waivers and by the command
//! line (`--only`, `--skip`, `--rules`). An id is a promise: waivers in articles and configuration
//! files name it, so it is never changed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How bad a finding is. Ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth a look.
    Note,
    /// Readers or the search suffer.
    Warning,
    /// Something is broken, hidden or must not be published.
    Error,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A severity, or a rule that is not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Off,
    Note,
    Warning,
    Error,
}

impl Level {
    /// `None` when the rule is off.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::Off => None,
            Self::Note => Some(Severity::Note),
            Self::Warning => Some(Severity::Warning),
            Self::Error => Some(Severity::Error),
        }
    }
}

/// A name that no rule has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no rule \"{0}\"; `lint --rules` lists them")]
pub struct UnknownRule(pub String);

/// One line for each rule: variant, id, default severity, explanation.
macro_rules! rules {
    ($($name:ident $id:literal $severity:ident $text:literal,)*) => {
        /// A check. The order is that of the list of rules.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum Rule { $(#[doc = $text] $name,)* }

        impl Rule {
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable name: lower case, words joined by `-`.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// Severity unless the settings say otherwise.
            pub fn default_severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }

            /// What it looks for and why, one or two sentences.
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

rules! {
    UnreadableFile "unreadable-file" Error
        "A file or folder cannot be read, is too large or is no text: its articles are missing.",
    SkippedFile "skipped-file" Note
        "A file or folder is left out on purpose, for instance because its name starts with a dot.",
    FileProblem "file-problem" Warning
        "The file is read, but not as it was meant: another encoding, an open comment, no text.",
    UnreadableFrontMatter "unreadable-front-matter" Error
        "A value of the front matter cannot be read; the article may be hidden until it is mended.",
    UnknownFrontMatter "unknown-front-matter" Note
        "The front matter has keys without a meaning here, often typing errors.",
    MissingFrontMatter "missing-front-matter" Warning
        "A key that every article should have (`required`) is missing.",
    DuplicateSlug "duplicate-slug" Error
        "Two articles of a language have the same address; one of them gets a number behind it.",
    Expired "expired" Warning
        "`valid_until` lies in the past: the article is no longer shown or used in answers.",
    ExpiresSoon "expires-soon" Note
        "`valid_until` is at most `expires_within_days` days away.",
    DeadLink "dead-link" Error
        "A link, or the file of a picture, that leads nowhere.",
    DeadAnchor "dead-anchor" Error
        "The page of a link exists, its heading does not.",
    HiddenLink "hidden-link" Warning
        "A link to an article that readers of this one may not see: a draft, expired, more secret.",
    OtherLanguageLink "other-language-link" Warning
        "A link to an article in another language although it exists in this one.",
    OrphanTranslation "orphan-translation" Warning
        "A translation whose article in the main language does not exist.",
    StaleTranslation "stale-translation" Warning
        "A translation that was updated earlier than its article in the main language.",
    NearDuplicate "near-duplicate" Warning
        "Two articles of a language share most of their text: answers then cite either of them.",
    FactConflict "fact-conflict" Warning
        "Two articles state the same fact with different numbers.",
    PersonalEmail "personal-email" Error
        "An e-mail address outside the company's own domain.",
    PersonalPhone "personal-phone" Warning
        "An international telephone number that is not known as the company's.",
    BankAccount "bank-account" Error
        "A bank account number (IBAN with right check digits).",
    PaymentCard "payment-card" Error
        "The number of a payment card (right length, issuer and check digit).",
    RepeatedHeading "repeated-heading" Warning
        "A heading occurs twice in an article: links and citations cannot be told apart.",
    EmptyHeading "empty-heading" Warning
        "A heading without text, or with nothing below it.",
    TooLong "too-long" Warning
        "The article has more than `max_words` words; several shorter ones are found better.",
    TooShort "too-short" Note
        "The article has fewer than `min_words` words: hardly anything can be found in it.",
    MissingAlt "missing-alt" Warning
        "A picture without a description: its content is neither read aloud nor found.",
    WideTable "wide-table" Warning
        "A table whose rows do not fit into a passage: rows are torn and lose their header.",
    UnknownWaiver "unknown-waiver" Warning
        "A `lint-allow` comment that names no rule.",
    UnusedWaiver "unused-waiver" Note
        "A `lint-allow` comment that has nothing to allow any more.",
    UnmatchedAudienceRule "unmatched-audience-rule" Warning
        "A rule of `source.audience` that matches no article: what it should hide may be public.",
}

impl Rule {
    /// # Errors
    /// The name, when no rule has it.
    pub fn parse(id: &str) -> Result<Self, UnknownRule> {
        Self::ALL
            .iter()
            .copied()
            .find(|rule| rule.id() == id)
            .ok_or_else(|| UnknownRule(id.to_owned()))
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl std::str::FromStr for Rule {
    type Err = UnknownRule;

    fn from_str(id: &str) -> Result<Self, UnknownRule> {
        Self::parse(id)
    }
}

impl TryFrom<String> for Rule {
    type Error = UnknownRule;

    fn try_from(id: String) -> Result<Self, UnknownRule> {
        Self::parse(&id)
    }
}

impl From<Rule> for String {
    fn from(rule: Rule) -> Self {
        rule.id().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_name_of_its_own_that_reads_back() {
        for rule in Rule::ALL {
            assert_eq!(Rule::parse(rule.id()), Ok(*rule));
            assert!(rule.id().bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{rule}");
            assert!(rule.explanation().ends_with('.'), "{rule}");
        }
        assert!(Rule::parse("dead_link").is_err());
    }
}
