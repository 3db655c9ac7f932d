//! Whether a text begins with a bare yes or no: that answers a question which stands before it, and means
//! something else, or the contrary, under any other question. An unknown language simply has no such words.

use std::collections::HashSet;
use std::sync::LazyLock;

use indexer::language::fold;

/// Compared without case and diacritics.
const WORDS: &str =
    "yes no ja nein doch jā nē oui non si sí sì tak nie taip ne jah ei kyllä да нет nej jo não sim";

static BARE: LazyLock<HashSet<String>> =
    LazyLock::new(|| WORDS.split_whitespace().map(fold).collect());

/// Whether `text` begins with a word of consent or denial that stands alone: "No, we do not", not "No label is
/// needed" nor "No. 12".
pub fn answers_barely(text: &str) -> bool {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let mut after = rest.chars();
    let stands_alone = match after.next() {
        None | Some(',' | ';' | ':' | '!' | '–' | '—') => true,
        Some('.') => !after.as_str().trim_start().starts_with(|c: char| c.is_ascii_digit()),
        Some(' ') => after.as_str().starts_with(['–', '—', '-']),
        Some(_) => false,
    };
    stands_alone && BARE.contains(&fold(&word.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_yes_or_no_that_stands_alone() {
        for text in [
            "Yes. The order number is enough.",
            "No, you can use only one code.",
            "Nein – das geht nicht.",
            "Jā, varat.",
            "Ne.",
            "Нет, нельзя.",
            " No",
        ] {
            assert!(answers_barely(text), "{text}");
        }
        for text in [
            "No label is needed.",
            "No. 12 is our house.",
            "Yesterday, we met.",
            "Non-food",
            "",
            "42, yes",
        ] {
            assert!(!answers_barely(text), "{text}");
        }
    }
}
