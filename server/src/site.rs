//! `[site]`: what the widget and the public pages say of the company.
//!
//! Read once with the other settings; `http` resolves it for a language with [`SiteSettings::greeting`]
//! and [`SiteSettings::suggestions`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use indexer::model::Locale;
use serde::{Deserialize, Serialize};

/// Texts by language tag.
type ByLanguage<T> = BTreeMap<String, T>;

/// `[site]` of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SiteSettings {
    /// What `data-site` of the widget's script says.
    pub id: String,
    /// On every page and over the conversation.
    pub name: String,
    /// For the disclosure; may be empty.
    pub company: String,
    /// Languages of the widget; empty for all that have a pack.
    pub languages: Vec<String>,
    /// Folder of the operator's own language files.
    pub locales: Option<PathBuf>,
    pub greeting: ByLanguage<String>,
    pub suggestions: ByLanguage<Vec<String>>,
    /// Questions that are added from the articles that helped most of late; 0 for none.
    pub useful: usize,
    /// Days that these are counted over.
    pub useful_days: u32,
    pub position: Corner,
    /// `#` and six hexadecimal digits.
    pub accent: String,
    /// Address of a picture.
    pub logo: Option<String>,
    /// Whether customers who wait may leave an e-mail address.
    pub email: bool,
    pub storage: Storage,
    /// A shop page to try things out on, and an open playground.
    pub demo: bool,
}

/// Where the launcher stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Corner {
    #[default]
    Right,
    Left,
}

/// What the browser keeps of a conversation, from its first message on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Storage {
    /// Nothing: a reload starts anew.
    None,
    /// Until the tab is closed.
    #[default]
    Session,
    /// Until the conversation expires.
    Local,
}

impl Default for SiteSettings {
    fn default() -> Self {
        Self {
            id: "site".to_owned(),
            name: "Help center".to_owned(),
            company: String::new(),
            languages: Vec::new(),
            locales: None,
            greeting: BTreeMap::new(),
            suggestions: BTreeMap::new(),
            useful: 2,
            useful_days: 28,
            position: Corner::default(),
            accent: "#0f6b57".to_owned(),
            logo: None,
            email: true,
            storage: Storage::default(),
            demo: false,
        }
    }
}

impl SiteSettings {
    /// # Errors
    /// Naming the key and what it should be.
    pub fn check(&self) -> Result<(), String> {
        let digits = self.accent.strip_prefix('#').unwrap_or_default();
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(format!("site.accent is {:?}, but must be like \"#0f6b57\"", self.accent));
        }
        if self.useful > 6 || !(1..=366).contains(&self.useful_days) {
            return Err(format!(
                "site.useful is {} and site.useful_days {}; at most 6, and 1 to 366",
                self.useful, self.useful_days
            ));
        }
        if let Some(bad) = self.languages.iter().find(|l| Locale::parse(l).is_none()) {
            return Err(format!(
                "site.languages has {bad:?}, which is no language tag like \"en\""
            ));
        }
        Ok(())
    }

    /// The operator's own greeting in the language, if there is one.
    pub fn greeting(&self, locale: &Locale) -> Option<&str> {
        by_language(&self.greeting, locale).map(String::as_str)
    }

    /// Questions to choose from in the language; none where none were written in it.
    pub fn suggestions(&self, locale: &Locale) -> &[String] {
        by_language(&self.suggestions, locale).map_or(&[], Vec::as_slice)
    }
}

fn by_language<'a, T>(texts: &'a ByLanguage<T>, locale: &Locale) -> Option<&'a T> {
    texts.get(locale.as_str()).or_else(|| texts.get(locale.language()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_values_are_named() {
        for (change, named) in [
            (SiteSettings { useful: 60, ..Default::default() }, "site.useful"),
            (SiteSettings { accent: "red".into(), ..Default::default() }, "site.accent"),
            (SiteSettings { languages: vec!["english!".into()], ..Default::default() }, "language"),
        ] {
            assert!(change.check().unwrap_err().contains(named));
        }
        assert!(SiteSettings::default().check().is_ok());
    }

    #[test]
    fn texts_are_of_the_region_or_the_language() {
        let site = SiteSettings {
            suggestions: BTreeMap::from([("de".to_owned(), vec!["Wie lange?".to_owned()])]),
            ..Default::default()
        };
        assert_eq!(site.suggestions(&Locale::parse("de-AT").unwrap()).len(), 1);
        assert!(site.suggestions(&Locale::parse("en").unwrap()).is_empty());
    }
}
