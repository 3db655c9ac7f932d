//! One article or policy as the content team wrote it, after parsing and before it is cut into passages.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Path of a document relative to the knowledge-base folder, `/`-separated on every platform,
/// never absolute, never with `..`. It is what citations, catalog and reports call the document.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DocPath(String);

impl DocPath {
    /// Takes an already relative, `/`-separated path.
    pub fn new(path: impl Into<String>) -> Self {
        Self(path.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The file name without folders, for instance `returns.lv.md`.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

impl fmt::Display for DocPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lower-case BCP 47 tag: `en`, `lv`, `pt-br`. `und` when nothing told the language.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Locale(String);

impl Locale {
    /// Accepts `en`, `en-GB`, `pt_BR` and the like; `None` for anything that is not a language tag.
    /// Language, script and region are kept. What may follow is left out: it changes nothing here, and a
    /// tag from outside is stored, so it must have no room for words (`en-x-anna-29123456`).
    pub fn parse(tag: &str) -> Option<Self> {
        let tag = tag.trim().to_ascii_lowercase().replace('_', "-");
        let mut parts = tag.split('-');
        let language = parts.next()?;
        let language_ok =
            (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_lowercase());
        let (mut kept, mut script, mut region) = (language.to_owned(), false, false);
        for part in parts {
            let letters = part.bytes().all(|b| b.is_ascii_lowercase());
            let digits = part.bytes().all(|b| b.is_ascii_digit());
            match part.len() {
                4 if letters && !script && !region => script = true,
                2 if letters && !region => region = true,
                3 if digits && !region => region = true,
                1..=8 if part.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                    // A private or extended part ends what is kept.
                    (script, region) = (true, true);
                    continue;
                }
                _ => return None,
            }
            kept = kept + "-" + part;
        }
        language_ok.then_some(Self(kept))
    }

    /// No language is known.
    pub fn undetermined() -> Self {
        Self("und".to_owned())
    }

    pub fn is_undetermined(&self) -> bool {
        self.0 == "und"
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language without region or script: `pt` of `pt-br`.
    pub fn language(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who may see a document. Ordered: a reader of one level sees that level and all below it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Anybody, also without an account.
    #[default]
    Public,
    /// A customer whose identity is proven.
    Customer,
    /// The company's own people.
    Internal,
}

impl Audience {
    pub const ALL: [Self; 3] = [Self::Public, Self::Customer, Self::Internal];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Customer => "customer",
            Self::Internal => "internal",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.as_str().eq_ignore_ascii_case(text.trim()))
    }
}

/// What front matter, folder, file name, rules and detection say of a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DocumentMeta {
    pub title: String,
    pub description: Option<String>,
    /// URL name of the article, unique within the base once `publish` has settled clashes.
    pub slug: String,
    pub locale: Locale,
    pub tags: Vec<String>,
    pub product: Option<String>,
    pub audience: Audience,
    pub draft: bool,
    pub last_updated: Option<Date>,
    /// First day on which the document holds (inclusive).
    pub valid_from: Option<Date>,
    /// Last day on which the document holds (inclusive).
    pub valid_until: Option<Date>,
    pub canonical_url: Option<String>,
}

/// A parsed file: what `source` hands to `publish`.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub path: DocPath,
    pub meta: DocumentMeta,
    /// SHA-256 of the file's bytes, hex.
    pub content_hash: String,
    /// Markdown without front matter and template tags, UTF-8, LF, NFC: what the article page renders.
    pub body: String,
    pub passages: Vec<super::Passage>,
    /// Things the content team should know, each naming line or key: unknown front-matter keys,
    /// an unreadable date, replaced bytes. The document is indexed all the same.
    pub warnings: Vec<String>,
}
