//! Letters made comparable: lower case, no diacritics, nothing invisible.
//!
//! Called by every room of the guard before words are compared, so that "Pēc", "pec" and "PĒC" are
//! one word. Linear in the text.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::privacy::is_invisible;

/// `text` in lower case without diacritics; "ß" is "ss", typographic apostrophes are "'".
pub(super) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut out = String::with_capacity(text.len());
    for ch in text.nfkd() {
        match ch {
            '’' | '‘' | 'ʼ' | '´' | '`' => out.push('\''),
            'ß' | 'ẞ' => out.push_str("ss"),
            'æ' | 'Æ' => out.push_str("ae"),
            'œ' | 'Œ' => out.push_str("oe"),
            'ø' | 'Ø' => out.push('o'),
            'ł' | 'Ł' => out.push('l'),
            'đ' | 'Đ' | 'ð' | 'Ð' => out.push('d'),
            'ı' => out.push('i'),
            c if is_combining_mark(c) || is_invisible(c) => {}
            c => out.extend(c.to_lowercase().filter(|c| !is_combining_mark(*c))),
        }
    }
    out
}

/// `text` without characters that nobody sees: they would let a word slip past a comparison.
pub(in crate::assistant) fn visible(text: &str) -> Cow<'_, str> {
    if text.contains(is_invisible) {
        Cow::Owned(text.chars().filter(|c| !is_invisible(*c)).collect())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_word_meet() {
        assert_eq!(fold("PĒC"), "pec");
        assert_eq!(fold("Rückgröße"), "ruckgrosse");
        assert_eq!(fold("Don’t"), "don't");
        assert_eq!(fold("ещё Мой"), "еще мои");
    }

    #[test]
    fn nothing_invisible_is_left() {
        assert_eq!(visible("pass\u{200b}word\u{202e}\u{e0041}"), "password");
        assert_eq!(visible("pass\u{1160}wo\u{17b4}rd\u{180b}"), "password");
        assert_eq!(visible("plain"), "plain");
    }
}
