//! Packs from TOML: the compiled-in ones, then the operator's folder on top.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use indexer::model::Locale;
use serde::Deserialize;
use toml::{Table, Value};

use super::{Direction, Format, LAST, Locales, Pack};

/// Compiled in. English first: it is what the others are compared with.
pub(super) const FILES: [(&str, &str); 12] = [
    ("en", include_str!("../../../config/locales/en.toml")),
    ("de", include_str!("../../../config/locales/de.toml")),
    ("es", include_str!("../../../config/locales/es.toml")),
    ("et", include_str!("../../../config/locales/et.toml")),
    ("fi", include_str!("../../../config/locales/fi.toml")),
    ("fr", include_str!("../../../config/locales/fr.toml")),
    ("it", include_str!("../../../config/locales/it.toml")),
    ("lt", include_str!("../../../config/locales/lt.toml")),
    ("lv", include_str!("../../../config/locales/lv.toml")),
    ("pl", include_str!("../../../config/locales/pl.toml")),
    ("ru", include_str!("../../../config/locales/ru.toml")),
    ("sv", include_str!("../../../config/locales/sv.toml")),
];

/// Sections that hold texts.
const SECTIONS: [&str; 9] = [
    "hand_over",
    "small_talk",
    "system",
    "server",
    "error",
    "count",
    "widget",
    "page",
    super::DESK,
];

/// A file of `site.locales` that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LocaleError {
    #[error("the folder of languages {folder} cannot be read: {reason}; correct `site.locales`")]
    Folder { folder: String, reason: String },
    #[error("the language file {file} cannot be used: {reason}")]
    File { file: String, reason: String },
}

/// What is not a text.
#[derive(Deserialize)]
struct Head {
    language: String,
    dir: Direction,
    format: Format,
}

impl Locales {
    /// The compiled-in packs, and those of `folder` on top: `de.toml` there changes single texts of
    /// German, `de-at.toml` those for Austria, `pt.toml` adds Portuguese.
    ///
    /// # Errors
    /// Naming the file, the key that does not exist or the placeholder that means nothing.
    pub fn load(folder: Option<&Path>) -> Result<Self, LocaleError> {
        let mut tables: BTreeMap<String, Table> = BTreeMap::new();
        for (tag, text) in FILES {
            tables.insert(tag.to_owned(), parse(tag, text)?);
        }
        let Some(english) = tables.get(LAST).cloned() else {
            return Err(wrong(LAST, "there is no English pack"));
        };
        let mut files = folder.map(own_files).transpose()?.unwrap_or_default();
        // A language before its regions.
        files.sort();
        for (tag, name, text) in files {
            let own = parse(&name, &text)?;
            compare(&name, &own, &english)?;
            let language = tag.split('-').next().unwrap_or_default();
            let base = tables.get(&tag).or_else(|| tables.get(language)).unwrap_or(&english);
            let mut whole = base.clone();
            // A new language without words for agents speaks English to them, and says that it does.
            if !own.contains_key(super::DESK) && !tables.contains_key(language) {
                whole.remove(super::DESK);
            }
            merge(&mut whole, own);
            tables.insert(tag, whole);
        }
        let pack = |tag: &str, table: &Table| pack(tag, table);
        let packs = tables.iter().map(|(tag, table)| Ok((tag.clone(), pack(tag, table)?)));
        Ok(Self {
            packs: packs.collect::<Result<_, LocaleError>>()?,
            english: pack(LAST, &english)?,
        })
    }
}

/// Tag, file name and text of every file in `folder`.
fn own_files(folder: &Path) -> Result<Vec<(String, String, String)>, LocaleError> {
    let failed = |e: std::io::Error| LocaleError::Folder {
        folder: folder.display().to_string(),
        reason: e.to_string(),
    };
    let mut found = Vec::new();
    for entry in fs_err::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let stem = name.trim_end_matches(".toml").to_ascii_lowercase();
        if Locale::parse(&stem).is_none() {
            return Err(wrong(&name, "its name is no language tag, like lv.toml or pt-br.toml"));
        }
        let text = fs_err::read_to_string(&path).map_err(|e| wrong(&name, e))?;
        found.push((stem, name, text));
    }
    Ok(found)
}

fn parse(name: &str, text: &str) -> Result<Table, LocaleError> {
    toml::from_str(text).map_err(|e| wrong(name, e))
}

fn wrong(file: &str, reason: impl std::fmt::Display) -> LocaleError {
    LocaleError::File { file: file.to_owned(), reason: reason.to_string() }
}

/// Refuses keys and placeholders that the English pack does not have: nobody would ever see them.
fn compare(name: &str, own: &Table, english: &Table) -> Result<(), LocaleError> {
    match stray(own, english, "").into_iter().next() {
        None => Ok(()),
        Some(reason) => Err(wrong(name, reason)),
    }
}

/// What `own` has and `english` has not, in words.
pub(super) fn stray(own: &Table, english: &Table, place: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (key, value) in own {
        let full = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
        // Plural forms differ from language to language.
        let plural = place.starts_with("count.");
        match (value, english.get(key)) {
            (Value::Table(own), Some(Value::Table(english))) => {
                found.extend(stray(own, english, &full));
            }
            (Value::String(own), other) if plural => {
                let forms = ["zero", "one", "two", "few", "many", "other"];
                if !forms.contains(&key.as_str()) {
                    found.push(format!("`{full}` is no plural form; they are {forms:?}"));
                } else if other.is_some() && placeholders(own) != BTreeSet::from(["n"]) {
                    found.push(format!("`{full}` must hold {{n}} and no other placeholder"));
                }
            }
            (Value::String(own), Some(Value::String(english))) => {
                if let Some(bad) = placeholders(own).difference(&placeholders(english)).next() {
                    found.push(format!("`{full}` has the unknown placeholder {{{bad}}}"));
                }
            }
            (Value::Array(_), Some(Value::Array(_))) => {}
            (_, None) => found.push(format!("`{full}` is no key")),
            (_, Some(_)) => found.push(format!("`{full}` has the wrong type")),
        }
    }
    found
}

/// Names in braces.
pub(super) fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name).collect()
}

fn merge(base: &mut Table, own: Table) {
    for (key, value) in own {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(base)), Value::Table(own)) => merge(base, own),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

fn pack(tag: &str, table: &Table) -> Result<Pack, LocaleError> {
    let head: Head = Value::Table(table.clone()).try_into().map_err(|e| wrong(tag, e))?;
    head.format.check().map_err(|reason| wrong(tag, reason))?;
    let mut texts = BTreeMap::new();
    for section in SECTIONS {
        if let Some(Value::Table(section_table)) = table.get(section) {
            flatten(section_table, section, &mut texts);
        }
    }
    Ok(Pack {
        tag: tag.to_owned(),
        language: head.language,
        dir: head.dir,
        format: head.format,
        texts,
    })
}

fn flatten(table: &Table, place: &str, texts: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let full = format!("{place}.{key}");
        match value {
            Value::String(text) => {
                texts.insert(full, text.clone());
            }
            Value::Table(inner) => flatten(inner, &full, texts),
            _ => {}
        }
    }
}
