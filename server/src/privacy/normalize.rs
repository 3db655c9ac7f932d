//! A view of a text that undoes disguises: full-width and foreign digits, zero-width characters,
//! homoglyphs, odd dashes and spaces, accents. Detectors search the view; its map leads back to the
//! original. Made once for a text by the redactor. Linear time; plain ASCII is borrowed unchanged.

use std::borrow::Cow;
use std::ops::Range;

use unicode_normalization::char::{decompose_canonical, decompose_compatible};

/// The plain form of a text with a map back to the bytes it was made from.
pub(super) struct View<'t> {
    text: Cow<'t, str>,
    /// For each byte of `text` the original bytes of its character; empty where the view is the text.
    origin: Vec<(u32, u32)>,
}

impl<'t> View<'t> {
    /// Texts beyond 4 GiB are not expected; offsets are 32 bits.
    pub(super) fn new(text: &'t str) -> Self {
        if text.is_ascii() && !needs_joining(text.as_bytes()) {
            return Self { text: Cow::Borrowed(text), origin: Vec::new() };
        }
        let mut plain = Builder { text: String::with_capacity(text.len()), origin: Vec::new() };
        for (at, c) in text.char_indices() {
            let number_ahead = text.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit);
            let (start, end) = (at as u32, (at + c.len_utf8()) as u32);
            match c {
                ' ' | '\t' | '\r' | '\n' => plain.blank(c == '\n', start, end),
                '_' if number_ahead && plain.text.ends_with(|c: char| c.is_ascii_digit()) => {
                    plain.keep('-', start, end);
                }
                _ => plain.push(c, start, end),
            }
        }
        plain.unmask_look_alikes()
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of the original text behind a non-empty range of the view, on character boundaries.
    pub(super) fn original(&self, range: Range<usize>) -> Range<usize> {
        if self.origin.is_empty() {
            return range;
        }
        let start = self.origin.get(range.start).map_or(0, |o| o.0 as usize);
        let end = range.end.checked_sub(1).and_then(|last| self.origin.get(last));
        start..end.map_or(start, |o| o.1 as usize)
    }
}

struct Builder {
    text: String,
    origin: Vec<(u32, u32)>,
}

impl Builder {
    fn push(&mut self, c: char, start: u32, end: u32) {
        if c.is_ascii() {
            return self.keep(c, start, end);
        }
        match c {
            _ if is_invisible(c) || is_accent(c) => self.swallow(end),
            '\u{85}' | '\u{2028}' | '\u{2029}' => self.keep('\n', start, end),
            _ if c.is_whitespace() || matches!(c, '\u{3164}' | '\u{2800}' | '\u{ffa0}') => {
                self.blank(false, start, end);
            }
            '\u{2010}'..='\u{2015}'
            | '\u{2212}'
            | '\u{2043}'
            | '\u{fe58}'
            | '\u{fe63}'
            | '\u{ff0d}'
            | '\u{02d7}'
            | '\u{1806}' => self.keep('-', start, end),
            '\u{2018}' | '\u{2019}' | '\u{02bc}' | '\u{ff07}' => self.keep('\'', start, end),
            '\u{2024}' | '\u{3002}' | '\u{ff61}' | '\u{fe52}' => self.keep('.', start, end),
            '\u{2044}' | '\u{2215}' => self.keep('/', start, end),
            'ß' => self.keep_all("ss", start, end),
            'æ' => self.keep_all("ae", start, end),
            'Æ' => self.keep_all("AE", start, end),
            'œ' => self.keep_all("oe", start, end),
            'ø' => self.keep('o', start, end),
            'Ø' => self.keep('O', start, end),
            'ł' => self.keep('l', start, end),
            'Ł' => self.keep('L', start, end),
            'đ' | 'ð' => self.keep('d', start, end),
            'Đ' | 'Ð' => self.keep('D', start, end),
            'þ' => self.keep_all("th", start, end),
            'Þ' => self.keep_all("Th", start, end),
            'ı' => self.keep('i', start, end),
            '\u{c0}'..='\u{24f}' | '\u{370}'..='\u{3ff}' | '\u{1e00}'..='\u{1fff}' => {
                let mut first = None;
                decompose_canonical(c, |part| first = first.or(Some(part)));
                self.keep(first.unwrap_or(c), start, end);
            }
            '\u{2070}'..='\u{209f}'
            | '\u{2100}'..='\u{214f}'
            | '\u{2460}'..='\u{24ff}'
            | '\u{fe50}'..='\u{fe6f}'
            | '\u{ff01}'..='\u{ff5e}'
            | '\u{1d400}'..='\u{1d7ff}' => {
                let mut first = None;
                decompose_compatible(c, |part| first = first.or(Some(part)));
                self.keep(first.unwrap_or(c), start, end);
            }
            _ => match foreign_digit(c) {
                Some(digit) => self.keep(digit, start, end),
                None => self.keep(c, start, end),
            },
        }
    }

    fn keep(&mut self, c: char, start: u32, end: u32) {
        self.text.push(c);
        self.origin.extend(std::iter::repeat_n((start, end), c.len_utf8()));
    }

    /// Runs of blanks and tabs become one blank, runs with one line break in them that line break; an
    /// empty line stays.
    fn blank(&mut self, newline: bool, start: u32, end: u32) {
        match self.text.as_bytes().last() {
            Some(b'\n') if !newline => self.swallow(end),
            Some(b' ') if !newline => self.swallow(end),
            Some(b' ') => {
                let from = self.origin.pop().map_or(start, |o| o.0);
                self.text.pop();
                self.keep('\n', from, end);
            }
            _ => self.keep(if newline { '\n' } else { ' ' }, start, end),
        }
    }

    fn keep_all(&mut self, letters: &str, start: u32, end: u32) {
        for c in letters.chars() {
            self.keep(c, start, end);
        }
    }

    /// An invisible character or accent belongs to the character before it.
    fn swallow(&mut self, end: u32) {
        if let Some(&(start, last)) = self.origin.last() {
            for origin in self.origin.iter_mut().rev().take_while(|o| **o == (start, last)).take(4)
            {
                origin.1 = end;
            }
        }
    }

    /// Words that mix Latin letters or digits with Cyrillic or Greek look-alikes become Latin. Words
    /// that are wholly Cyrillic or Greek stay what they are.
    fn unmask_look_alikes<'t>(self) -> View<'t> {
        if !self.text.chars().any(|c| look_alike(c).is_some()) {
            return View { text: Cow::Owned(self.text), origin: self.origin };
        }
        let mut out = Builder { text: String::with_capacity(self.text.len()), origin: Vec::new() };
        let mut rest = self.text.as_str();
        let mut at = 0;
        let mut beside_number = false;
        while let Some(c) = rest.chars().next() {
            let len = if c.is_alphanumeric() {
                rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len())
            } else {
                c.len_utf8()
            };
            let (word, after) = rest.split_at(len);
            let numbered = |text: &str| text.bytes().any(|b| b.is_ascii_digit());
            let mut ahead = after.chars();
            let number_ahead = ahead.next().is_some_and(|c| matches!(c, ' ' | '-'))
                && ahead.next().is_some_and(|c| c.is_ascii_digit());
            // Up to four capitals beside a number are a part of it: "AB 12 34 56 C".
            let short = word.chars().count() < 5 && word.chars().all(char::is_uppercase);
            let mixed = (word.bytes().any(|b| b.is_ascii())
                || short && (beside_number || number_ahead))
                && word.chars().all(|c| c.is_ascii() || look_alike(c).is_some());
            if !matches!(word, " " | "-") {
                beside_number = numbered(word);
            }
            for (i, c) in word.char_indices() {
                let (start, end) = self.origin.get(at + i).copied().unwrap_or_default();
                out.keep(if mixed { look_alike(c).unwrap_or(c) } else { c }, start, end);
            }
            at += len;
            rest = after;
        }
        View { text: Cow::Owned(out.text), origin: out.origin }
    }
}

/// Whether a text of ASCII has blanks to join or an underscore between digits.
fn needs_joining(text: &[u8]) -> bool {
    text.windows(2).any(|pair| match pair {
        [b'\t' | b'\r', _] | [_, b'\t' | b'\r'] | [b' ', b' ' | b'\n'] | [b'\n', b' '] => true,
        [b'_', next] => next.is_ascii_digit(),
        _ => false,
    })
}

/// Characters that take no room: soft hyphens, joiners, marks of direction and variation, fillers, tags. They
/// split a word for a machine, not for a reader; the guard of the assistant looks through the same ones. What is
/// taken out of articles (`indexer::source`) and what belongs to a term (`indexer::language`) are other sets:
/// joiners and variations mean something in an article.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

/// Accents of Latin letters that are written apart. The vowel signs of other scripts are letters and stay.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Where the decimal digits of other scripts begin (Unicode, general category Nd).
const ZEROS: [u32; 20] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6,
    0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810,
];

fn foreign_digit(c: char) -> Option<char> {
    let code = c as u32;
    let zero = ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

/// The Latin letter that a Cyrillic or Greek one cannot be told from.
fn look_alike(c: char) -> Option<char> {
    Some(match c {
        'А' | 'Α' => 'A',
        'В' | 'Β' => 'B',
        'С' | 'Ϲ' => 'C',
        'Е' | 'Ε' => 'E',
        'Н' | 'Η' => 'H',
        'І' | 'Ι' | 'Ӏ' => 'I',
        'Ј' => 'J',
        'К' | 'Κ' => 'K',
        'М' | 'Μ' => 'M',
        'Ν' => 'N',
        'О' | 'Ο' => 'O',
        'Р' | 'Ρ' => 'P',
        'Ѕ' => 'S',
        'Т' | 'Τ' => 'T',
        'Х' | 'Χ' => 'X',
        'У' | 'Υ' => 'Y',
        'Ζ' => 'Z',
        'а' | 'α' => 'a',
        'с' | 'ϲ' => 'c',
        'ԁ' => 'd',
        'е' => 'e',
        'һ' => 'h',
        'і' | 'ι' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'м' => 'm',
        'о' | 'ο' => 'o',
        'р' | 'ρ' => 'p',
        'ѕ' => 's',
        'т' | 'τ' => 't',
        'ν' => 'v',
        'ԝ' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' => 'y',
        'в' => 'b',
        'н' => 'h',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disguises_are_undone() {
        for (text, plain) in [
            ("４１１１－１１１１", "4111-1111"),
            ("41\u{200b}11\u{ad}1\u{feff}", "41111"),
            ("j\u{43e}hn@ex\u{430}mple.com", "john@example.com"),
            ("٠١٢३४", "01234"),
            ("LV80 В\u{410}NК", "LV80 BANK"),
            ("Jānis Bērziņš, Żółć ß", "Janis Berzins, Zolc ss"),
            ("e\u{301}a", "ea"),
            ("𝟒𝟏①", "411"),
            ("паспорт номер", "паспорт номер"),
            ("a\u{2014}b\u{a0}c", "a-b c"),
            ("1 \t 2\r\n 3_4 a_5", "1 2\n3-4 a_5"),
            ("a\n\nb", "a\n\nb"),
        ] {
            assert_eq!(View::new(text).text(), plain, "{text:?}");
        }
    }

    #[test]
    fn a_range_of_the_view_leads_back_to_whole_characters() {
        let text = "ē ４\u{200b}１ x";
        let view = View::new(text);
        let at = view.text().find("41").unwrap();
        assert_eq!(&text[view.original(at..at + 2)], "４\u{200b}１");
    }
}
