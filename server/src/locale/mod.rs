//! What Atbilde itself says, by language: the assistant's messages, the strings of the widget and of
//! the pages, and how dates, numbers and money are written.
//!
//! The packs are `config/locales/*.toml`, compiled in; a folder of the operator's (`site.locales`)
//! changes single texts or adds languages and regions. The language of a reply is chosen by code, never
//! by a model. A language without a pack is spoken to in English.

mod format;
mod load;
mod plural;

use std::collections::BTreeMap;

use indexer::model::Locale;

pub use format::Format;
pub use load::LocaleError;
pub use plural::category;

/// Where every search for a text ends.
const LAST: &str = "en";

/// Section of the agents' pages, which a pack may lack.
const DESK: &str = "inbox";

/// One language: every text by its key, as `hand_over.no_evidence` or `count.minutes.one`.
#[derive(Debug, Clone, PartialEq)]
pub struct Pack {
    /// Language tag in lower case: `lv`, `pt-br`.
    pub tag: String,
    /// The language's own name.
    pub language: String,
    /// `ltr` or `rtl`.
    pub dir: Direction,
    pub format: Format,
    texts: BTreeMap<String, String>,
}

/// Which way a script runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Ltr,
    Rtl,
}

impl Direction {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ltr => "ltr",
            Self::Rtl => "rtl",
        }
    }
}

/// All packs. Every one is complete but for the words of the agents' pages: what a file lacks was taken
/// from its language's pack or from the English one when it was loaded.
#[derive(Debug, Clone)]
pub struct Locales {
    packs: BTreeMap<String, Pack>,
    english: Pack,
}

impl Locales {
    /// The pack for `locale`: of the region, else of the language, else English.
    pub fn pack(&self, locale: &Locale) -> &Pack {
        self.packs
            .get(locale.as_str())
            .or_else(|| self.packs.get(locale.language()))
            .unwrap_or(&self.english)
    }

    /// The text of `key` for `locale`; the key itself where no pack has it, which a test prevents.
    pub fn text<'a>(&'a self, locale: &Locale, key: &'a str) -> &'a str {
        self.pack(locale).text(key)
    }

    /// The text with its placeholders filled in.
    pub fn fill(&self, locale: &Locale, key: &str, values: &[(&str, &str)]) -> String {
        self.pack(locale).fill(key, values)
    }

    /// All packs by tag.
    pub fn packs(&self) -> impl Iterator<Item = &Pack> {
        self.packs.values()
    }

    /// The pack for the agents' pages: of the browser's first language that has words for them.
    pub fn desk(&self, accepted: &str) -> &Pack {
        let able = |pack: &&Pack| pack.section(&[DESK]).next().is_some();
        let mut offered: Vec<String> = self.packs().filter(able).map(|p| p.tag.clone()).collect();
        // What is offered first is taken where the browser asks for none of them.
        offered.sort_by_key(|tag| tag != LAST);
        self.pack(&self.choose("auto", accepted, &offered))
    }

    /// The first wish that has a pack and is among `offered` (none: all are): `asked` (a tag, or
    /// `auto`), then the languages of an `Accept-Language` header by weight, then the first offered.
    pub fn choose(&self, asked: &str, accepted: &str, offered: &[String]) -> Locale {
        let mut wishes: Vec<(f32, &str)> = accepted
            .split(',')
            .take(20)
            .map(|range| {
                let (tag, weight) = range.split_once(';').unwrap_or((range, ""));
                let weight = weight.trim().strip_prefix("q=").and_then(|q| q.parse().ok());
                (weight.unwrap_or(1.0), tag.trim())
            })
            .collect();
        wishes.sort_by(|a, b| b.0.total_cmp(&a.0));
        let known = |l: &Locale| {
            [l.as_str(), l.language()].iter().any(|tag| {
                self.packs.contains_key(*tag)
                    && (offered.is_empty() || offered.iter().any(|o| o == tag))
            })
        };
        std::iter::once(asked)
            .chain(wishes.into_iter().map(|(_, tag)| tag))
            .chain(offered.iter().map(String::as_str))
            .chain([LAST])
            .filter_map(Locale::parse)
            .find(known)
            .unwrap_or_else(Locale::undetermined)
    }
}

impl Pack {
    /// The text of `key`; the key itself where there is none.
    pub fn text<'a>(&'a self, key: &'a str) -> &'a str {
        self.texts.get(key).map_or(key, String::as_str)
    }

    /// The text with `{name}` replaced by the value of that name. Values are taken as they are:
    /// braces in them mean nothing.
    pub fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        fill(self.text(key), values)
    }

    /// The form of `count.<key>` for `n`, with the number in it.
    pub fn count(&self, key: &str, n: u64) -> String {
        let language = self.tag.split('-').next().unwrap_or_default();
        let form = format!("count.{key}.{}", category(language, n));
        let text = self.texts.get(&form).or_else(|| self.texts.get(&format!("count.{key}.other")));
        fill(text.map_or(key, String::as_str), &[("n", &self.format.number(n))])
    }

    /// All texts whose key starts with one of `sections`, for the widget.
    pub fn section<'a>(
        &'a self,
        sections: &'a [&'a str],
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.texts
            .iter()
            .filter(|(key, _)| {
                sections.iter().any(|s| key.strip_prefix(s).is_some_and(|k| k.starts_with('.')))
            })
            .map(|(key, text)| (key.as_str(), text.as_str()))
    }
}

fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once('{') {
        out.push_str(before);
        let found = tail.split_once('}').and_then(|(name, after)| {
            values.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value, after))
        });
        match found {
            Some((value, after)) => {
                out.push_str(value);
                rest = after;
            }
            None => {
                out.push('{');
                rest = tail;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;
