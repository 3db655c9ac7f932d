//! Title and address of a document that does not name itself.
//!
//! Called by `document`. `publish` settles clashes between slugs.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::locale;
use crate::model::DocPath;

const MAX_SLUG_CHARS: usize = 100;

/// Title made of the file name, or of the folder's name for `index.md` and `README.md`.
pub(super) fn title_of(path: &DocPath) -> String {
    let words: Vec<&str> = stem(path)
        .split(|c: char| c.is_whitespace() || c == '-' || c == '_')
        .filter(|w| !w.is_empty())
        .collect();
    let text = words.join(" ");
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => "Untitled".to_owned(),
    }
}

/// Slug made of the file name, or of the folder's name for `index.md` and `README.md`.
pub(super) fn slug_of(path: &DocPath) -> String {
    slugify(stem(path))
}

/// Lower case, accents removed, everything else than letters and digits to single `-`.
pub(super) fn slugify(text: &str) -> String {
    let mut slug = String::new();
    let mut gap = false;
    let folded = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    for c in folded.take(MAX_SLUG_CHARS) {
        if c.is_alphanumeric() {
            if gap && !slug.is_empty() {
                slug.push('-');
            }
            slug.push(c);
            gap = false;
        } else {
            gap = true;
        }
    }
    if slug.is_empty() { "article".to_owned() } else { slug }
}

fn stem(path: &DocPath) -> &str {
    let stem = file_stem(path.file_name());
    if !["index", "readme", "_index"].iter().any(|n| stem.eq_ignore_ascii_case(n)) {
        return stem;
    }
    let folder = path.as_str().rsplit('/').nth(1);
    folder.filter(|f| !f.is_empty()).unwrap_or(stem)
}

fn file_stem(name: &str) -> &str {
    match locale::suffix(name) {
        Some((stem, _)) => stem,
        None => name.rsplit_once('.').map_or(name, |(stem, _)| stem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_paths() {
        let of = |p: &str| (title_of(&DocPath::new(p)), slug_of(&DocPath::new(p)));
        assert_eq!(
            of("a/opening-hours_2026.lv.md"),
            ("Opening hours 2026".into(), "opening-hours-2026".into())
        );
        assert_eq!(of("help/returns/README.md"), ("Returns".into(), "returns".into()));
        assert_eq!(of("index.md"), ("Index".into(), "index".into()));
        assert_eq!(of("x/Atgriešana & nauda.md").1, "atgriesana-nauda");
        assert_eq!(of("quote'and#hash?.md").1, "quote-and-hash");
        assert_eq!(slugify("???"), "article");
        assert_eq!(slugify("返品 ポリシー"), "返品-ホリシー");
    }
}
