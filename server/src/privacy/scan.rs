//! What every detector sees of a text: the view, its words, the cues, the places already replaced.
//! Made once for a text by the redactor.

use std::ops::Range;

use super::cues::{Cue, CueFinder, Cues};
use super::merge::overlaps_any;
use super::normalize::View;

/// A run of ASCII letters and digits, or a run of letters of another script.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) digits: usize,
    pub(super) letters: usize,
    /// The first character is an upper-case letter.
    pub(super) capital: bool,
    pub(super) ascii: bool,
}

impl Token {
    pub(super) fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }

    pub(super) fn is_number(&self) -> bool {
        self.letters == 0
    }

    pub(super) fn is_word(&self) -> bool {
        self.digits == 0
    }
}

/// A text made ready for the detectors. All offsets are bytes of the view.
pub(super) struct Scan<'v> {
    pub(super) text: &'v str,
    pub(super) tokens: Vec<Token>,
    pub(super) cues: Cues,
    /// Placeholders that are already there; nothing is found in them. Sorted.
    pub(super) protected: Vec<Range<usize>>,
    /// Words that are no part of a number.
    pub(super) plain_words: usize,
    /// The message is little more than a number: an answer to "what is your ...?".
    pub(super) lone: bool,
    pub(super) has_digit: bool,
}

impl<'v> Scan<'v> {
    pub(super) fn new(view: &'v View<'_>, finder: &CueFinder) -> Self {
        let text = view.text();
        let protected = placeholders(text);
        let tokens = tokens(text);
        let has_digit = tokens.iter().any(|t| t.digits > 0);
        let cues = finder.find(text, &protected);
        let plain_words = tokens.iter().filter(|t| t.is_word() && t.letters > 1).count();
        let long_word = tokens.iter().any(|t| t.is_word() && t.letters > 3);
        let lone = protected.is_empty() && has_digit && tokens.len() <= 12 && !long_word;
        Self { text, tokens, cues, protected, plain_words, lone, has_digit }
    }

    pub(super) fn bytes(&self) -> &'v [u8] {
        self.text.as_bytes()
    }

    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        self.bytes().get(at).copied()
    }

    pub(super) fn before(&self, at: usize) -> Option<u8> {
        at.checked_sub(1).and_then(|before| self.byte(before))
    }

    /// Characters between a token and the next.
    pub(super) fn gap(&self, index: usize) -> &'v str {
        match (self.tokens.get(index), self.tokens.get(index + 1)) {
            (Some(here), Some(next)) => &self.text[here.end..next.start],
            _ => "",
        }
    }

    pub(super) fn word(&self, index: usize) -> &'v str {
        self.tokens.get(index).map_or("", |t| &self.text[t.range()])
    }

    /// Whether the range shares a byte with a placeholder. Right beside one is no shelter: anybody can
    /// write something that looks like a placeholder.
    pub(super) fn is_protected(&self, range: &Range<usize>) -> bool {
        overlaps_any(&self.protected, range)
    }

    /// The end of a range, or the beginning of the first placeholder that begins within it.
    pub(super) fn end_before_placeholder(&self, range: &Range<usize>) -> usize {
        let next = self.protected.partition_point(|p| p.start <= range.start);
        let start = self.protected.get(next).map(|p| p.start);
        start.map_or(range.end, |start| start.min(range.end))
    }

    /// A number that money, an order or an article is about.
    pub(super) fn is_business(&self, range: &Range<usize>) -> bool {
        self.is_ordered(range) || self.beside_currency(range)
    }

    /// The words before name an order or an article.
    pub(super) fn is_ordered(&self, range: &Range<usize>) -> bool {
        self.cues.just_before(range, &[Cue::Order], 24)
    }

    pub(super) fn beside_currency(&self, range: &Range<usize>) -> bool {
        let before = self.text[..range.start].trim_end().chars().next_back();
        let after = self.text[range.end..].trim_start();
        let word = &after[..after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len())];
        before.is_some_and(is_currency)
            || after.starts_with(|c| c == '%' || is_currency(c))
            || CURRENCY_WORDS.iter().any(|name| word.eq_ignore_ascii_case(name))
    }
}

/// Currencies written out behind a sum, in the languages that are common in the shops of Europe.
const CURRENCY_WORDS: [&str; 16] = [
    "eur", "euro", "euros", "eura", "eurot", "euroa", "eurai", "eurų", "eiro", "usd", "dollar",
    "dollars", "dolāri", "gbp", "pound", "pounds",
];

fn is_currency(c: char) -> bool {
    matches!(c, '$' | '\u{a2}'..='\u{a5}' | '\u{20a0}'..='\u{20bf}')
}

/// The places of `[LABEL_1]`.
fn placeholders(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut open = None;
    for (at, byte) in bytes.iter().enumerate() {
        match (byte, open) {
            (b'[', _) => open = Some(at),
            (b']', Some(start)) => {
                if is_placeholder(&text[start + 1..at]) {
                    found.push(start..at + 1);
                }
                open = None;
            }
            (b'A'..=b'Z' | b'0'..=b'9' | b'_', _) => {}
            _ => open = None,
        }
    }
    found
}

/// An own pattern's label has 32 letters at most, and `NOTE_` may stand before it.
const LONGEST_LABEL: usize = 37;

fn is_placeholder(inside: &str) -> bool {
    inside.rsplit_once('_').is_some_and(|(label, number)| {
        label.len() > 1
            && label.len() <= LONGEST_LABEL
            && label.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
            && !number.is_empty()
            && number.len() <= 9
            && number.bytes().all(|b| b.is_ascii_digit())
    })
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::with_capacity(text.len() / 5 + 1);
    let mut open = false;
    for (at, c) in text.char_indices() {
        if !c.is_alphanumeric() {
            open = false;
            continue;
        }
        let ascii = c.is_ascii();
        if let Some(last) = tokens.last_mut().filter(|last| open && last.ascii == ascii) {
            last.end = at + c.len_utf8();
            last.digits += usize::from(c.is_ascii_digit());
            last.letters += usize::from(!c.is_ascii_digit());
            continue;
        }
        open = true;
        tokens.push(Token {
            start: at,
            end: at + c.len_utf8(),
            digits: usize::from(c.is_ascii_digit()),
            letters: usize::from(!c.is_ascii_digit()),
            capital: c.is_uppercase(),
            ascii,
        });
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_where_the_script_changes() {
        let words: Vec<_> =
            tokens("번호는 M78입니다 a-1").iter().map(|t| (t.start, t.digits)).collect();
        assert_eq!(words.len(), 5);
    }

    #[test]
    fn only_whole_placeholders_are_protected() {
        assert_eq!(placeholders("x [EMAIL_1] [mail_1] [A_1] [IP_ADDRESS_22"), vec![2..11]);
    }
}
