//! What the keys of a header mean.
//!
//! Called by `document` with the entries that `front_matter` found. Promises that no wrong value is
//! fatal, that each one is named, and that an unreadable audience, draft or validity makes the
//! document less visible: internal, or a draft. An empty `draft:` or `valid_*:` counts as absent, an
//! empty `audience:` as unreadable.

use jiff::civil::Date;
use serde_json::Value;

use super::front_matter::{Entry, Header};
use crate::model::{Audience, Locale};

/// Values that the header gives; `None` and empty where it says nothing usable.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Fields {
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) slug: Option<String>,
    pub(super) locale: Option<Locale>,
    pub(super) tags: Vec<String>,
    pub(super) product: Option<String>,
    pub(super) audience: Option<Audience>,
    pub(super) draft: bool,
    pub(super) last_updated: Option<Date>,
    pub(super) valid_from: Option<Date>,
    pub(super) valid_until: Option<Date>,
    pub(super) canonical_url: Option<String>,
}

/// Longest title, description and the like in characters.
const MAX_CHARS: usize = 1000;

const KNOWN: [&str; 16] = [
    "title",
    "description",
    "slug",
    "lang",
    "locale",
    "language",
    "tags",
    "product",
    "audience",
    "draft",
    "last_updated",
    "updated",
    "date",
    "valid_from",
    "valid_until",
    "canonical_url",
];

/// Whether a key, in any case and with `-` for `_`, has a meaning here.
pub(super) fn is_known(key: &str) -> bool {
    KNOWN.contains(&normal(key).as_str())
}

/// Reads all entries. Warnings are appended to those of the header.
pub(super) fn read(header: Header) -> (Fields, Vec<String>) {
    let mut fields = Fields::default();
    let mut warnings = header.warnings;
    let mut unknown = Vec::new();
    for entry in &header.entries {
        let result = match normal(&entry.key).as_str() {
            "title" => text(entry).map(|t| fields.title = t),
            "description" => text(entry).map(|t| fields.description = t),
            "slug" => text(entry).map(|t| fields.slug = t),
            "product" => text(entry).map(|t| fields.product = t),
            "lang" | "locale" | "language" => locale(entry).map(|l| fields.locale = l),
            "tags" => tags(entry).map(|t| fields.tags = t),
            "canonical_url" => url(entry).map(|u| fields.canonical_url = u),
            "last_updated" | "updated" | "date" => {
                date(entry).map(|d| fields.last_updated = fields.last_updated.max(d))
            }
            "audience" => audience(entry, &mut fields),
            "draft" => draft(entry, &mut fields),
            "valid_from" => {
                validity(entry).map(|d| fields.valid_from = d).inspect_err(|_| fields.draft = true)
            }
            "valid_until" => {
                validity(entry).map(|d| fields.valid_until = d).inspect_err(|_| fields.draft = true)
            }
            _ => {
                unknown.push(named(entry));
                Ok(())
            }
        };
        if let Err(problem) = result {
            warnings.push(format!("front matter {}: {problem}", named(entry)));
        }
    }
    if let (Some(from), Some(until)) = (fields.valid_from, fields.valid_until)
        && from > until
    {
        warnings.push(format!(
            "front matter: valid_from {from} lies after valid_until {until}, so the document never holds"
        ));
    }
    if !unknown.is_empty() {
        let more = unknown.len().saturating_sub(20);
        unknown.truncate(20);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        warnings.push(format!(
            "front matter keys without a meaning here: {}{rest}",
            unknown.join(", ")
        ));
    }
    (fields, warnings)
}

fn normal(key: &str) -> String {
    key.to_ascii_lowercase().replace('-', "_")
}

fn named(entry: &Entry) -> String {
    let key: String = entry.key.chars().filter(|c| !c.is_control()).take(64).collect();
    entry.line.map_or_else(|| key.clone(), |line| format!("{key} (line {line})"))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "not a simple value",
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(s.split_whitespace().collect::<Vec<_>>().join(" ")),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

fn text(entry: &Entry) -> Result<Option<String>, String> {
    if entry.value.is_null() {
        return Ok(None);
    }
    let Some(text) = scalar(&entry.value) else {
        return Err(format!("expected text, found {}; it was ignored", kind(&entry.value)));
    };
    let text: String = text.chars().take(MAX_CHARS).collect();
    Ok((!text.is_empty()).then_some(text))
}

fn locale(entry: &Entry) -> Result<Option<Locale>, String> {
    let Some(tag) = text(entry)? else {
        return Ok(None);
    };
    match Locale::parse(&tag) {
        Some(locale) => Ok(Some(locale)),
        None => Err("this is not a language tag such as en or pt-BR; it was ignored".to_owned()),
    }
}

fn tags(entry: &Entry) -> Result<Vec<String>, String> {
    let parts: Vec<String> = match &entry.value {
        Value::Null => Vec::new(),
        Value::String(s) => s.split(',').map(|t| t.trim().to_owned()).collect(),
        Value::Array(list) => {
            let parts: Vec<String> = list.iter().filter_map(scalar).collect();
            if parts.len() < list.len() {
                return Err("expected a list of words; it was ignored".to_owned());
            }
            parts
        }
        other => {
            return Err(format!("expected a list of words, found {}; it was ignored", kind(other)));
        }
    };
    let mut tags: Vec<String> = Vec::new();
    for tag in parts {
        let tag: String = tag.chars().take(100).collect();
        if !tag.is_empty() && tags.len() < 100 && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Ok(tags)
}

fn url(entry: &Entry) -> Result<Option<String>, String> {
    let Some(url) = text(entry)? else {
        return Ok(None);
    };
    let lower = url.to_ascii_lowercase();
    let web = lower.starts_with("https://") || lower.starts_with("http://");
    if web && !url.contains([' ', '"', '<', '>', '\\']) {
        return Ok(Some(url));
    }
    Err("this is not a web address that starts with https:// or http://; it was ignored".to_owned())
}

fn date(entry: &Entry) -> Result<Option<Date>, String> {
    let Some(written) = text(entry)? else {
        return Ok(None);
    };
    match parse_date(&written) {
        Some(date) => Ok(Some(date)),
        None => Err("this is not a date such as 2026-01-31; it was ignored".to_owned()),
    }
}

fn validity(entry: &Entry) -> Result<Option<Date>, String> {
    date(entry).map_err(|_| {
        "this is not a date such as 2026-01-31; the document is treated as a draft until it is \
         corrected"
            .to_owned()
    })
}

/// `2026-01-31`, also with a time after it, and `31.01.2026`.
fn parse_date(written: &str) -> Option<Date> {
    let day = written.split(['T', 't', ' ']).next().unwrap_or_default();
    if let [d, m, y] = day.split('.').collect::<Vec<_>>()[..] {
        return (y.len() == 4)
            .then(|| Date::new(y.parse().ok()?, m.parse().ok()?, d.parse().ok()?).ok())
            .flatten();
    }
    (day.len() == 10).then(|| day.parse().ok()).flatten()
}

fn audience(entry: &Entry, fields: &mut Fields) -> Result<(), String> {
    let read = scalar(&entry.value).as_deref().and_then(Audience::parse);
    // Written twice: the more secret one counts.
    fields.audience = fields.audience.max(Some(read.unwrap_or(Audience::Internal)));
    match read {
        Some(_) => Ok(()),
        None => {
            Err("expected public, customer or internal; the document is treated as internal until \
                     it is corrected"
                .to_owned())
        }
    }
}

fn draft(entry: &Entry, fields: &mut Fields) -> Result<(), String> {
    let word = scalar(&entry.value).map(|w| w.to_ascii_lowercase());
    let draft = match (&entry.value, word.as_deref()) {
        (Value::Null, _) | (_, Some("false" | "no" | "off" | "n" | "0" | "")) => Some(false),
        (_, Some("true" | "yes" | "on" | "y" | "1")) => Some(true),
        _ => None,
    };
    fields.draft |= draft.unwrap_or(true);
    match draft {
        Some(_) => Ok(()),
        None => {
            Err("expected true or false; the document is treated as a draft until it is corrected"
                .to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::front_matter::split;
    use super::*;

    fn fields(yaml: &str) -> (Fields, Vec<String>) {
        read(split(&format!("---\n{yaml}\n---\n")).0)
    }

    #[test]
    fn every_key_is_read() {
        let (f, warnings) = fields(
            "Title: T\ndescription: D\nslug: s\nlanguage: pt_BR\ntags: a, b, a\nproduct: 42\n\
             audience: Customer\ndraft: yes\nlast-updated: 2026-01-31T10:00:00Z\n\
             valid_from: 2026-02-01\nvalid_until: 28.02.2026\ncanonical_url: https://x.example/a",
        );
        assert!(warnings.is_empty(), "{warnings:?}");
        assert_eq!(f.title.as_deref(), Some("T"));
        assert_eq!(f.locale, Locale::parse("pt-br"));
        assert_eq!(f.tags, ["a", "b"]);
        assert_eq!(f.product.as_deref(), Some("42"));
        assert_eq!((f.audience, f.draft), (Some(Audience::Customer), true));
        assert_eq!(f.last_updated, Some(jiff::civil::date(2026, 1, 31)));
        assert_eq!(f.valid_until, Some(jiff::civil::date(2026, 2, 28)));
    }

    #[test]
    fn unreadable_visibility_hides() {
        for yaml in ["audience: staff", "audience:", "audience: [public]", "audience: {a: b}"] {
            let (f, warnings) = fields(yaml);
            assert_eq!(f.audience, Some(Audience::Internal), "{yaml}");
            assert!(warnings[0].contains("internal"), "{warnings:?}");
        }
        for yaml in [
            "draft: maybe",
            "valid_from: soon",
            "valid_until: 2026-13-01",
            "valid_until: 31/01/2026",
            "valid_from: [1]",
        ] {
            let (f, warnings) = fields(yaml);
            assert!(f.draft, "{yaml}");
            assert!(warnings[0].contains("draft"), "{warnings:?}");
        }
        let (f, warnings) = fields("audience: public\nAudience: internal\ndraft:\nvalid_until:");
        assert_eq!((f.audience, f.draft), (Some(Audience::Internal), false));
        assert!(warnings.is_empty());
    }

    #[test]
    fn wrong_types_and_unknown_keys_are_named_with_their_line() {
        let (f, warnings) = fields(
            "title: [a]\ntags: {a: 1}\nsidebar: 3\nlang: Deutsch bitte\nx_y: 1\ncanonical_url: 'javascript:alert(1)'",
        );
        assert_eq!(f, Fields::default());
        assert_eq!(warnings.len(), 5);
        assert!(warnings[0].contains("title (line 2)") && warnings[0].contains("a list"));
        assert!(warnings[4].contains("sidebar (line 4), x_y (line 6)"), "{}", warnings[4]);
    }
}
