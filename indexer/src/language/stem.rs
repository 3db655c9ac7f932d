//! One stemmer per language: Snowball's where it has one, ours for Latvian, none otherwise.
//!
//! Used by `analyzer` only. Stems lose their diacritics too, except in languages whose marked
//! letters are letters of their own (Finnish, Estonian and the Scandinavian ones): there the
//! `folded` field of the index serves customers who type without them.

use super::fold::fold;
use super::latvian::{self, Spelling};

#[derive(Clone, Copy)]
pub(super) enum Stemmer {
    Snowball { stemmer: frostem::Stemmer, keeps_marks: bool },
    Latvian,
    None,
}

impl Stemmer {
    /// Stemmer of an ISO 639-1 language.
    pub(super) fn of(language: &str) -> Self {
        use frostem::Algorithm as A;
        let algorithm = match language {
            "lv" => return Self::Latvian,
            "ar" => A::Arabic,
            "ca" => A::Catalan,
            "cs" => A::Czech,
            "da" => A::Danish,
            "de" => A::German,
            "el" => A::Greek,
            "en" => A::English,
            "eo" => A::Esperanto,
            "es" => A::Spanish,
            "et" => A::Estonian,
            "eu" => A::Basque,
            "fa" => A::Persian,
            "fi" => A::Finnish,
            "fr" => A::French,
            "ga" => A::Irish,
            "hi" => A::Hindi,
            "hu" => A::Hungarian,
            "hy" => A::Armenian,
            "id" => A::Indonesian,
            "it" => A::Italian,
            "lt" => A::Lithuanian,
            "ne" => A::Nepali,
            "nl" => A::Dutch,
            "nb" | "nn" | "no" => A::Norwegian,
            "pl" => A::Polish,
            "pt" => A::Portuguese,
            "ro" => A::Romanian,
            "ru" => A::Russian,
            "sr" => A::Serbian,
            "st" => A::Sesotho,
            "sv" => A::Swedish,
            "ta" => A::Tamil,
            "tr" => A::Turkish,
            "yi" => A::Yiddish,
            _ => return Self::None,
        };
        Self::Snowball {
            stemmer: frostem::Stemmer::new(algorithm),
            keeps_marks: matches!(language, "fi" | "et" | "sv" | "da" | "nb" | "nn" | "no"),
        }
    }

    /// Stem of one lower-case word, and for Latvian the other stem that it may have.
    pub(super) fn stem(self, word: &str, spelling: Spelling) -> (String, Option<String>) {
        match self {
            Self::Latvian => {
                let stem = latvian::stem(word, spelling);
                (stem.text, stem.alternative)
            }
            Self::Snowball { stemmer, keeps_marks } => {
                let stem = stemmer.stem(word);
                let stem = if keeps_marks { stem.into_owned() } else { fold(&stem) };
                (stem, None)
            }
            Self::None => (fold(word), None),
        }
    }
}
