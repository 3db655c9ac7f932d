//! Cuts a text into pieces: words, numbers, codes, each with its place, still unstemmed.
//!
//! Used by `analyzer`, which stems or folds the pieces. One pass, linear in the text's length;
//! every piece is lower case, NFC, without zero-width characters, and at most [`LONGEST`]
//! characters long (a longer one is cut, on both sides of a search alike).

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use super::TermKind;
use super::number;

/// Longest term, in characters.
pub(super) const LONGEST: usize = 64;

/// One piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) position: u32,
    pub(super) kind: TermKind,
    /// A further form of the piece before it: a part of a compound, a code without its dashes.
    pub(super) variant: bool,
    pub(super) range: Range<usize>,
}

/// The pieces of `text` in order.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut cutter = Cutter { text, out: Vec::with_capacity(text.len() / 6 + 1), position: 0 };
    let mut at = 0;
    while let Some(range) = next_run(text, at) {
        at = cutter.run(range);
    }
    cutter.out
}

/// Characters that no eye sees: they neither part words nor belong to them.
pub(super) fn is_invisible(ch: char) -> bool {
    matches!(
        ch,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{fe0e}' | '\u{fe0f}'
    )
}

fn belongs(ch: char) -> bool {
    ch.is_alphanumeric() || unicode_normalization::char::is_combining_mark(ch) || is_invisible(ch)
}

fn is_dash(ch: char) -> bool {
    matches!(ch, '-' | '\u{2010}' | '\u{2011}')
}

fn is_apostrophe(ch: char) -> bool {
    matches!(ch, '\'' | '’' | 'ʼ' | '`')
}

/// Scripts without spaces between words: searched by characters and pairs of them.
fn is_dense(ch: char) -> bool {
    matches!(ch,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2ffff}')
}

/// The next maximal run of letters, digits and joiners between them.
fn next_run(text: &str, from: usize) -> Option<Range<usize>> {
    let rest = text.get(from..)?;
    let start = from + rest.char_indices().find(|(_, c)| c.is_alphanumeric())?.0;
    let mut end = start;
    let mut before = '\0';
    let mut chars = text[start..].char_indices().peekable();
    while let Some((offset, ch)) = chars.next() {
        if !belongs(ch) {
            let after = chars.peek().map(|(_, c)| *c);
            if !after.is_some_and(|after| joins(before, ch, after)) {
                break;
            }
        } else if !is_invisible(ch) {
            before = ch;
        }
        end = start + offset + ch.len_utf8();
    }
    Some(start..end)
}

fn joins(before: char, ch: char, after: char) -> bool {
    if !after.is_alphanumeric() {
        return false;
    }
    let digits = before.is_ascii_digit() && after.is_ascii_digit();
    match ch {
        '_' | '.' | '@' => true,
        ',' | '/' | ':' => digits,
        _ => is_dash(ch) || is_apostrophe(ch),
    }
}

struct Cutter<'a> {
    text: &'a str,
    out: Vec<Piece>,
    position: u32,
}

impl Cutter<'_> {
    /// Takes one run; returns where the search for the next one starts.
    fn run(&mut self, range: Range<usize>) -> usize {
        let raw = &self.text[range.clone()];
        if raw.bytes().all(|b| b.is_ascii_lowercase()) {
            self.push(raw.to_owned(), TermKind::Word, false, range.clone());
            self.position += 1;
            return range.end;
        }
        if raw.contains(is_dense) {
            self.dense(range.clone());
            return range.end;
        }
        let clean = normalised(raw);
        if let Some(end) = self.grouped_number(&clean, &range) {
            return end;
        }
        if let Some(value) = number::canonical(&clean) {
            self.push(value, TermKind::Number, false, range.clone());
            self.position += 1;
        } else if is_code(raw, &clean) {
            self.code(&clean, range.clone());
        } else if clean.contains('.') {
            // A missing space after a full stop, or a host name: both readings.
            if !raw.contains(char::is_uppercase) {
                let start = self.position;
                self.push(clean.clone(), TermKind::Code, false, range.clone());
                self.position = start;
            }
            let variant = !raw.contains(char::is_uppercase);
            self.parts(&clean, variant, &range);
        } else if clean.contains(['-', '_']) {
            let whole: String = clean.chars().filter(|c| c.is_alphanumeric()).collect();
            self.push(whole, TermKind::Word, false, range.clone());
            self.parts(&clean, true, &range);
        } else {
            self.push(clean, TermKind::Word, false, range.clone());
            self.position += 1;
        }
        range.end
    }

    /// "1 000" or "12 345,50": groups of three digits parted by one space. The groups stay
    /// findable on their own, since "12 128" may also be two numbers.
    fn grouped_number(&mut self, first: &str, range: &Range<usize>) -> Option<usize> {
        if first.len() > 3 || first.starts_with('0') || !first.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let mut whole = first.to_owned();
        let mut groups = vec![(first.to_owned(), range.clone())];
        let mut end = range.end;
        loop {
            let rest = &self.text[end..];
            let Some(space) = rest
                .chars()
                .next()
                .filter(|c| matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}'))
            else {
                break;
            };
            let start = end + space.len_utf8();
            let Some(next) = next_run(self.text, start).filter(|r| r.start == start) else {
                break;
            };
            let group = &self.text[next.clone()];
            let digits = group.bytes().take_while(u8::is_ascii_digit).count();
            let tail = &group[digits..];
            let decimals = tail.strip_prefix([',', '.']);
            let ends =
                decimals.is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()));
            if digits != 3 || !(tail.is_empty() || ends) {
                break;
            }
            whole.push_str(group);
            end = next.end;
            groups.push((group.to_owned(), next));
            if ends {
                break;
            }
        }
        if groups.len() == 1 {
            return None;
        }
        let value = number::canonical(&whole).unwrap_or(whole);
        self.push(value, TermKind::Number, false, range.start..end);
        for (group, at) in groups {
            let group = number::canonical(&group).unwrap_or(group);
            self.push(group, TermKind::Number, true, at);
            self.position += 1;
        }
        Some(end)
    }

    /// A code whole, without its separators, and its parts.
    fn code(&mut self, clean: &str, range: Range<usize>) {
        self.push(clean.to_owned(), TermKind::Code, false, range.clone());
        let bare = bare_code(clean);
        if bare != clean {
            self.push(bare, TermKind::Code, true, range.clone());
        }
        if let Some(version) = clean.strip_prefix('v')
            && version.starts_with(|c: char| c.is_ascii_digit())
        {
            self.push(version.to_owned(), TermKind::Code, true, range.clone());
        }
        self.parts(clean, true, &range);
    }

    /// Words and numbers within a compound, one position each.
    fn parts(&mut self, clean: &str, variant: bool, range: &Range<usize>) {
        let before = self.position;
        for part in clean.split(|c: char| !c.is_alphanumeric()) {
            let mut rest = part;
            while let Some(first) = rest.chars().next() {
                let digit = first.is_ascii_digit();
                let end = rest.find(|c: char| c.is_ascii_digit() != digit).unwrap_or(rest.len());
                let (piece, after) = rest.split_at(end);
                rest = after;
                let kind = if digit { TermKind::Number } else { TermKind::Word };
                self.push(piece.to_owned(), kind, variant, range.clone());
                self.position += 1;
            }
        }
        if self.position == before {
            self.position += 1;
        }
    }

    /// Characters and pairs of neighbours; what stands between them is cut as usual.
    fn dense(&mut self, range: Range<usize>) {
        let raw = &self.text[range.clone()];
        let mut previous: Option<(usize, char)> = None;
        let mut other: Option<usize> = None;
        for (offset, ch) in raw.char_indices() {
            let at = range.start + offset;
            if !is_dense(ch) {
                other.get_or_insert(at);
                previous = None;
                continue;
            }
            if let Some(start) = other.take() {
                self.inner(start..at);
            }
            let end = at + ch.len_utf8();
            if let Some((start, before)) = previous {
                let pair = [before, ch].iter().collect::<String>();
                self.push(normalised(&pair), TermKind::Word, true, start..end);
            }
            self.push(normalised(&ch.to_string()), TermKind::Word, false, at..end);
            self.position += 1;
            previous = Some((at, ch));
        }
        if let Some(start) = other {
            self.inner(start..range.end);
        }
    }

    fn inner(&mut self, range: Range<usize>) {
        let mut at = range.start;
        while let Some(run) = next_run(&self.text[..range.end], at) {
            at = self.run(run).min(range.end);
        }
    }

    fn push(&mut self, text: String, kind: TermKind, variant: bool, range: Range<usize>) {
        if text.is_empty() {
            return;
        }
        let text = match text.char_indices().nth(LONGEST) {
            Some((end, _)) => text[..end].to_owned(),
            None => text,
        };
        self.out.push(Piece { text, position: self.position, kind, variant, range });
    }
}

/// Lower case, NFC, one kind of dash and apostrophe, nothing invisible.
fn normalised(raw: &str) -> String {
    if raw.is_ascii() {
        return raw.to_ascii_lowercase().replace('`', "'");
    }
    raw.chars()
        .filter(|c| !is_invisible(*c))
        .map(|c| match c {
            c if is_dash(c) => '-',
            c if is_apostrophe(c) => '\'',
            c => c,
        })
        .nfkc()
        .flat_map(char::to_lowercase)
        .nfc()
        .collect()
}

/// Codes: letters with digits, digits with separators, `@`, and capitals joined by dashes.
fn is_code(raw: &str, clean: &str) -> bool {
    let digits = clean.contains(|c: char| c.is_ascii_digit());
    let letters = clean.contains(char::is_alphabetic);
    if clean.contains('@') {
        return true;
    }
    if digits {
        return letters || clean.contains(|c: char| !c.is_alphanumeric());
    }
    raw.contains(is_dash) && raw.chars().all(|c| c.is_uppercase() || is_dash(c))
}

/// `e-pay-07` -> `epay07`; a point between digits stays ("v2.3.1" is not "v231").
pub(crate) fn bare_code(clean: &str) -> String {
    let mut out = String::with_capacity(clean.len());
    let mut chars = clean.chars().peekable();
    while let Some(ch) = chars.next() {
        let point = ch == '.'
            && out.ends_with(|c: char| c.is_ascii_digit())
            && chars.peek().is_some_and(char::is_ascii_digit);
        if ch.is_alphanumeric() || point {
            out.push(ch);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        pieces(text).into_iter().map(|p| p.text).collect()
    }

    #[test]
    fn codes_are_kept_whole_and_bare() {
        for (text, want) in [
            ("E-PAY-07", vec!["e-pay-07", "epay07", "e", "pay", "07"]),
            ("USB-C", vec!["usb-c", "usbc", "usb", "c"]),
            ("v2.3.1", vec!["v2.3.1", "2.3.1", "v", "2", "3", "1"]),
            ("14-day", vec!["14-day", "14day", "14", "day"]),
            ("10GB", vec!["10gb", "10", "gb"]),
            ("#1004567", vec!["1004567"]),
            (
                "Mail help@ozols.example!",
                vec!["mail", "help@ozols.example", "helpozolsexample", "help", "ozols", "example"],
            ),
            ("e-mail", vec!["email", "e", "mail"]),
            ("end.Start", vec!["end", "start"]),
            (
                "see ozols.example/returns.",
                vec!["see", "ozols.example", "ozols", "example", "returns"],
            ),
        ] {
            assert_eq!(texts(text), want, "{text}");
        }
    }

    #[test]
    fn numbers_meet() {
        assert_eq!(texts("2,99 €"), ["2.99"]);
        assert_eq!(texts("1 000 km"), ["1000", "1", "000", "km"]);
        assert_eq!(texts("1\u{a0}250,50"), ["1250.5", "1", "250.5"]);
        assert_eq!(texts("10 or 20"), ["10", "or", "20"]);
    }

    #[test]
    fn invisible_characters_vanish_and_dense_scripts_pair() {
        assert_eq!(texts("pass\u{200b}word so\u{ad}ft"), ["password", "soft"]);
        assert_eq!(texts("退货"), ["退", "退货", "货"]);
        assert_eq!(texts("iPhone充電"), ["iphone", "充", "充電", "電"]);
    }

    #[test]
    fn hostile_texts_end() {
        assert!(texts("").is_empty());
        assert!(texts("... --- '''").is_empty());
        let long = "a".repeat(1_000_000);
        assert_eq!(texts(&long)[0].len(), LONGEST);
        let dashes = "a-".repeat(100_000);
        assert!(!texts(&dashes).is_empty());
        assert!(!texts(&"1 000 ".repeat(50_000)).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn ranges_point_into_the_text(text in "\\PC{0,80}") {
            let mut last = 0;
            for piece in pieces(&text) {
                proptest::prop_assert!(text.get(piece.range.clone()).is_some_and(|t| !t.is_empty()));
                proptest::prop_assert!(piece.position >= last);
                proptest::prop_assert!(piece.text.chars().count() <= LONGEST);
                last = piece.position;
            }
        }
    }
}
