//! Which articles are the same in another language: same place and file name, another language
//! folder (`en/returns.md`, `lv/returns.md`) or language suffix (`returns.lv.md`).

use indexer::model::Filter;
use indexer::search::{LiveDocument, Snapshot};

use super::admitted;

/// The same article in another language.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Translation {
    /// Language tag.
    pub(super) language: String,
    /// The language's own name.
    pub(super) name: String,
    pub(super) slug: String,
}

/// Translations of `document` that `filter` admits, by language.
pub(super) fn of(
    document: &LiveDocument,
    snapshot: &Snapshot,
    filter: &Filter,
) -> Vec<Translation> {
    let own = language(document);
    let place = place(document.path.as_str(), own);
    let mut found: Vec<Translation> = admitted(snapshot, filter)
        .filter(|d| language(d) != own && place_is(d, &place))
        .map(|d| Translation {
            language: language(d).to_owned(),
            name: name_of(language(d)),
            slug: d.meta.slug.clone(),
        })
        .collect();
    found.sort_by(|a, b| a.language.cmp(&b.language));
    found.dedup_by(|a, b| a.language == b.language);
    found
}

/// A language's own name, or its tag.
pub(super) fn name_of(language: &str) -> String {
    const NAMES: [(&str, &str); 16] = [
        ("cs", "Čeština"),
        ("da", "Dansk"),
        ("de", "Deutsch"),
        ("en", "English"),
        ("es", "Español"),
        ("et", "Eesti"),
        ("fi", "Suomi"),
        ("fr", "Français"),
        ("it", "Italiano"),
        ("lt", "Lietuvių"),
        ("lv", "Latviešu"),
        ("nl", "Nederlands"),
        ("pl", "Polski"),
        ("pt", "Português"),
        ("sv", "Svenska"),
        ("uk", "Українська"),
    ];
    let known = NAMES.iter().find(|(tag, _)| *tag == language);
    known.map_or_else(|| language.to_uppercase(), |(_, name)| (*name).to_owned())
}

pub(super) fn language(document: &LiveDocument) -> &str {
    document.meta.locale.language()
}

/// The path with the language left out.
pub(super) fn place(path: &str, language: &str) -> String {
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
    let (stem, extension) = file.rsplit_once('.').unwrap_or((file, ""));
    let stem = stem.strip_suffix(language).and_then(|s| s.strip_suffix('.')).unwrap_or(stem);
    let folders: Vec<&str> =
        folders.split('/').filter(|f| !f.is_empty() && !f.eq_ignore_ascii_case(language)).collect();
    format!("{}/{stem}.{extension}", folders.join("/"))
}

fn place_is(document: &LiveDocument, wanted: &str) -> bool {
    // Most paths differ in the file name: look at it before building anything.
    let stem = wanted.rsplit('/').next().and_then(|f| f.split('.').next()).unwrap_or_default();
    document.path.file_name().starts_with(stem)
        && place(document.path.as_str(), language(document)) == wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_left_out_of_a_place() {
        let en = place("help/en/returns.md", "en");
        assert_eq!(en, place("help/lv/returns.md", "lv"));
        assert_eq!(en, place("help/returns.de.md", "de"));
        assert_ne!(en, place("policies/lv/returns.md", "lv"));
        assert_eq!(place("returns.md", "en"), "/returns.md");
    }
}
