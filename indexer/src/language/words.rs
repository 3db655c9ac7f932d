//! Words that are spelt as their language has them, whether a base uses them or not: what is never taken for a
//! typing error.
//!
//! English alone. The list is SCOWL's up to size 60 (English, American, British, Canadian, Australian words and
//! their first variants; `words/english.LICENSE`), of it the words of four and more of the letters a to z, sorted.

use std::cmp::Ordering;

use super::fold::fold;

/// One word a line, in the order of their bytes.
const ENGLISH: &str = include_str!("words/english.txt");

/// Whether `word`, in lower case, is in the list of its language; never in a language without one.
pub(crate) fn is_word(language: &str, word: &str) -> bool {
    language == "en" && has(ENGLISH, &fold(word))
}

/// Binary search by halves of the text: no table beside it.
fn has(list: &str, word: &str) -> bool {
    let mut rest = list.as_bytes();
    while !rest.is_empty() {
        let middle = rest.len() / 2;
        let start = rest[..middle].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let length = rest[start..].iter().position(|b| *b == b'\n').unwrap_or(rest.len() - start);
        let line = &rest[start..start + length];
        rest = match word.as_bytes().cmp(line) {
            Ordering::Equal => return !line.is_empty(),
            Ordering::Less => &rest[..start],
            Ordering::Greater => rest.get(start + length + 1..).unwrap_or_default(),
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_list_is_found_and_nothing_between() {
        let mut last = "";
        for word in ENGLISH.lines() {
            assert!(word.len() > 3 && word.bytes().all(|b| b.is_ascii_lowercase()), "{word}");
            assert!(last < word, "{last} before {word}");
            last = word;
            assert!(has(ENGLISH, word), "{word}");
            assert!(!has(ENGLISH, &format!("{word}qx")), "{word}qx");
        }
        assert!(!has(ENGLISH, "") && !has(ENGLISH, "aaaa") && !has(ENGLISH, "zzzz"));
        for list in ["", "\n", "word", "word\n"] {
            assert_eq!(has(list, "word"), list.starts_with("word"), "{list:?}");
            assert!(!has(list, "") && !has(list, "other"), "{list:?}");
        }
    }

    #[test]
    fn words_are_no_typing_errors() {
        for word in ["livable", "impartial", "issuance", "milliliters", "millilitres", "naïve"] {
            assert!(is_word("en", word), "{word}");
        }
        for error in ["accomodation", "recieve", "jaket", "delivry", "refnd"] {
            assert!(!is_word("en", error), "{error}");
        }
        assert!(!is_word("de", "impartial"));
    }
}
