//! Folding: letters without their marks, so that "piegāde" and "piegade" become one spelling.
//!
//! Used by `analyzer`, `latvian`, `stopwords` and `detect`. Promises lower-case letters in,
//! lower-case letters out, and `fold(fold(x)) == fold(x)`. Only Latin and Greek letters lose their
//! marks: in Cyrillic only "ё" becomes "е" ("й" is a letter of its own), and the vowel signs of
//! Indic, Arabic or Hebrew scripts are left alone.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::decompose_canonical;

/// `text` with diacritics folded; lower-case input is expected, other case is kept.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for ch in text.nfc() {
        fold_char(ch, &mut out);
    }
    out
}

fn fold_char(ch: char, out: &mut String) {
    match ch {
        '\0'..='\u{7f}' => out.push(ch),
        'ß' | 'ẞ' => out.push_str("ss"),
        'æ' => out.push_str("ae"),
        'œ' => out.push_str("oe"),
        'ø' => out.push('o'),
        'ł' => out.push('l'),
        'đ' | 'ð' => out.push('d'),
        'þ' => out.push_str("th"),
        'ħ' => out.push('h'),
        'ı' => out.push('i'),
        'ŧ' => out.push('t'),
        'ŋ' => out.push('n'),
        'ё' => out.push('е'),
        // A mark that found no base to join with is dropped.
        '\u{300}'..='\u{36f}' => {}
        // Latin with marks, Greek with marks.
        '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1fff}' | '\u{370}'..='\u{3ff}' => {
            decompose_canonical(ch, |part| {
                if !('\u{300}'..='\u{36f}').contains(&part) {
                    out.push(part);
                }
            });
        }
        _ => out.push(ch),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn letters_lose_their_marks() {
        for (from, to) in [
            ("piegāde", "piegade"),
            ("ķļņģšžčēīū", "klngszceiu"),
            ("straße", "strasse"),
            ("rückgabe", "ruckgabe"),
            ("smørrebrød", "smorrebrod"),
            ("łódź", "lodz"),
            ("cœur", "coeur"),
            ("αθήνα", "αθηνα"),
            ("ещё", "еще"),
            ("мой", "мой"),
            ("हिन्दी", "हिन्दी"),
            ("e\u{301}te\u{301}", "ete"),
        ] {
            assert_eq!(fold(from), to);
        }
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
