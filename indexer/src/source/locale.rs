//! Which language a document is in, by its folder, its file name and its text.
//!
//! Called by `document` when front matter says nothing. Detection itself is in `language`.

use crate::language;
use crate::model::{DocPath, Locale};

/// ISO 639-1 codes of Europe and of the world's larger languages.
const CODES: [&str; 83] = [
    "af", "ar", "az", "be", "bg", "bn", "bs", "ca", "cs", "cy", "da", "de", "el", "en", "es", "et",
    "eu", "fa", "fi", "fil", "fr", "ga", "gd", "gl", "gu", "he", "hi", "hr", "hu", "hy", "id",
    "is", "it", "ja", "ka", "kk", "km", "kn", "ko", "ky", "lb", "lo", "lt", "lv", "mk", "ml", "mn",
    "mr", "ms", "mt", "my", "nb", "ne", "nl", "nn", "no", "pa", "pl", "ps", "pt", "ro", "ru", "sk",
    "sl", "sq", "sr", "sv", "sw", "ta", "te", "tg", "th", "tk", "tl", "tr", "uk", "ur", "uz", "vi",
    "yi", "zh", "zu", "rm",
];

/// Codes that are also words or departments: a folder of that name counts only while the text does
/// not speak another language.
const AMBIGUOUS: [&str; 14] =
    ["be", "he", "hi", "hr", "id", "is", "it", "lo", "ms", "my", "no", "ps", "pa", "te"];

/// What the path says of the language.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PathLocale {
    Certain(Locale),
    Possible(Locale),
    Silent,
}

/// The suffix of the file name (`x.lv.md`) or the first folder named like a language.
pub(super) fn of_path(path: &DocPath) -> PathLocale {
    if let Some((_, locale)) = suffix(path.file_name()) {
        return PathLocale::Certain(locale);
    }
    let mut folders: Vec<&str> = path.as_str().split('/').collect();
    folders.pop();
    let named: Vec<Locale> = folders.iter().filter_map(|f| known(f)).collect();
    match named.iter().find(|l| !AMBIGUOUS.contains(&l.as_str())) {
        Some(locale) => PathLocale::Certain(locale.clone()),
        None => named.into_iter().next().map_or(PathLocale::Silent, PathLocale::Possible),
    }
}

/// Decides between path, text and the configured default. `sample` is visible text.
pub(super) fn decide(path: PathLocale, sample: &str, default: Option<&Locale>) -> Locale {
    let detect = || language::detect(sample);
    let otherwise = || default.cloned().unwrap_or_else(Locale::undetermined);
    match path {
        PathLocale::Certain(locale) => locale,
        PathLocale::Possible(locale) => match detect() {
            Some(heard) if !same_language(&heard, &locale) => heard,
            _ => locale,
        },
        PathLocale::Silent => detect().unwrap_or_else(otherwise),
    }
}

/// File name without extension and its language: `returns.lv.md` is `returns` and `lv`.
pub(super) fn suffix(file_name: &str) -> Option<(&str, Locale)> {
    let stem = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem);
    let (name, code) = stem.rsplit_once('.')?;
    (!name.is_empty()).then_some((name, known(code)?))
}

fn known(tag: &str) -> Option<Locale> {
    let locale = Locale::parse(tag)?;
    let mut parts = locale.as_str().split('-');
    let language = parts.next()?;
    let rest_ok = parts.all(|p| {
        let letters = p.bytes().all(|b| b.is_ascii_alphabetic());
        (letters && matches!(p.len(), 2 | 4))
            || (p.len() == 3 && p.bytes().all(|b| b.is_ascii_digit()))
    });
    (rest_ok && CODES.contains(&language)).then_some(locale)
}

fn same_language(a: &Locale, b: &Locale) -> bool {
    let norwegian = |l: &Locale| matches!(l.language(), "no" | "nb" | "nn" | "nob" | "nno");
    a.language() == b.language() || (norwegian(a) && norwegian(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certain(path: &str) -> Option<String> {
        match of_path(&DocPath::new(path)) {
            PathLocale::Certain(l) => Some(l.as_str().to_owned()),
            _ => None,
        }
    }

    #[test]
    fn suffix_before_folder_and_clear_before_ambiguous() {
        assert_eq!(certain("en/returns.lv.md").as_deref(), Some("lv"));
        assert_eq!(certain("help/pt-BR/x.md").as_deref(), Some("pt-br"));
        assert_eq!(certain("it/de/x.md").as_deref(), Some("de"));
        assert_eq!(certain("docs/faq/no-vat/in/x.v2.md"), None);
        assert_eq!(certain("x.lv.md").as_deref(), Some("lv"));
        assert_eq!(certain(".lv.md"), None);
        assert_eq!(of_path(&DocPath::new("api/x.md")), PathLocale::Silent);
    }

    #[test]
    fn an_ambiguous_folder_yields_to_the_text() {
        let english = "Please call the service desk when the printer on your floor does not work, \
                       and tell them which room you are sitting in.";
        let heard = decide(of_path(&DocPath::new("it/printers.md")), english, None);
        assert_ne!(heard.as_str(), "it");
        let silent = decide(of_path(&DocPath::new("it/x.md")), "", None);
        assert_eq!(silent.as_str(), "it");
        let default = Locale::parse("lv");
        assert_eq!(decide(PathLocale::Silent, "", default.as_ref()).as_str(), "lv");
        assert!(decide(PathLocale::Silent, "", None).is_undetermined());
    }
}
