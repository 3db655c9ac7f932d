//! Cuts a text into words, numbers, addresses, codes and marks.
//!
//! Called once per text; literals, negation, promises and injected orders are all read from these
//! tokens. One pass, linear: every look-ahead is bounded by [`CHUNK`].

use super::number::{self, Readings};
use crate::assistant::guard::text::fold;

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::assistant::guard) enum Lex {
    /// Letters, folded. `capital`: starts with a capital letter as written.
    Word {
        text: String,
        capital: bool,
    },
    /// A number in digits; `clock` is its reading as a time of day ("14.30").
    Number {
        value: Readings,
        clock: Option<u16>,
        year: bool,
    },
    /// `14:30` as minutes since midnight.
    Clock(u16),
    /// A date in digits; `swapped` when day and month may be exchanged.
    Date {
        year: Option<u16>,
        month: u8,
        day: u8,
        swapped: bool,
    },
    Url {
        host: String,
        rest: String,
    },
    Email(String),
    Digits(String),
    Code(String),
    Mark(char),
}

/// A token where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::assistant::guard) struct Token {
    pub(in crate::assistant::guard) lex: Lex,
    /// Byte range in the text.
    pub(in crate::assistant::guard) start: usize,
    pub(in crate::assistant::guard) end: usize,
    /// White space, or the start of the text, is before it.
    pub(in crate::assistant::guard) spaced: bool,
}

impl Token {
    /// The folded word, if it is one.
    pub(in crate::assistant::guard) fn word(&self) -> Option<&str> {
        match &self.lex {
            Lex::Word { text, .. } => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_mark(&self, mark: char) -> bool {
        self.lex == Lex::Mark(mark)
    }
}

/// Bytes of a chunk without white space that are looked at as one.
const CHUNK: usize = 256;
/// Tokens of a text; what comes after is not looked at.
const MOST_TOKENS: usize = 20_000;

/// The tokens of `text`, in order. Emphasis marks are left out.
pub(in crate::assistant::guard) fn lex(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { text, at: 0, spaced: true, out: Vec::new() };
    while lexer.out.len() < MOST_TOKENS && lexer.step() {}
    lexer.out
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    spaced: bool,
    out: Vec<Token>,
}

impl Lexer<'_> {
    fn step(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let Some(ch) = rest.chars().next() else { return false };
        if ch.is_whitespace() {
            self.at += ch.len_utf8();
            self.spaced = true;
        } else if matches!(ch, '*' | '`') {
            self.at += ch.len_utf8();
        } else if ch.is_alphanumeric() || (ch == '+' && digit_at(rest, 1)) {
            self.run(rest);
        } else if matches!(ch, '-' | '−' | '–')
            && self.spaced
            && digit_at(rest, ch.len_utf8())
            && !matches!(self.out.last().map(|t| &t.lex), Some(Lex::Number { .. }))
        {
            let (len, value) = plain_number(&rest[ch.len_utf8()..]);
            match value {
                Some(value) => self.push(
                    Lex::Number { value: value.negative(), clock: None, year: false },
                    ch.len_utf8() + len,
                ),
                None => self.push(Lex::Mark('-'), ch.len_utf8()),
            }
        } else {
            let mark = if matches!(ch, '–' | '—' | '−' | '‑' | '‐') { '-' } else { ch };
            self.push(Lex::Mark(mark), ch.len_utf8());
        }
        true
    }

    fn push(&mut self, lex: Lex, len: usize) {
        let token = Token { lex, start: self.at, end: self.at + len, spaced: self.spaced };
        self.out.push(token);
        self.at += len;
        self.spaced = false;
    }

    /// A run that starts with a letter, a digit or a plus sign.
    fn run(&mut self, rest: &str) {
        let chunk = chunk(rest);
        if let Some((lex, len)) = address(chunk) {
            return self.push(lex, len);
        }
        if rest.starts_with(|c: char| c.is_ascii_digit() || c == '+') {
            return self.digits(rest, chunk);
        }
        let code = chunk_of(chunk, |c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '‑'));
        let code = code.trim_end_matches(['-', '_', '.', '‑']);
        if is_code(code) {
            return self.push(Lex::Code(fold(code).replace('‑', "-")), code.len());
        }
        let word = chunk_of(rest, |c| {
            c.is_alphabetic()
                || matches!(c, '\'' | '’' | '\u{ad}' | '\u{200b}'..='\u{200d}')
                || ('\u{300}'..='\u{36f}').contains(&c)
        });
        let word = word.trim_end_matches(['\'', '’']);
        if word.is_empty() {
            let len = rest.chars().next().map_or(1, char::len_utf8);
            return self.push(Lex::Mark('\u{fffd}'), len);
        }
        let capital = word.starts_with(char::is_uppercase);
        self.push(Lex::Word { text: fold(word), capital }, word.len());
    }

    fn digits(&mut self, rest: &str, chunk: &str) {
        if let Some((digits, len)) = phone(rest) {
            return self.push(Lex::Digits(digits), len);
        }
        let plus = usize::from(rest.starts_with('+'));
        if plus == 1 {
            self.push(Lex::Mark('+'), 1);
            return;
        }
        if let Some((lex, len)) = date(chunk).or_else(|| clock(chunk)) {
            return self.push(lex, len);
        }
        let code = chunk_of(chunk, |c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
        let code = code.trim_end_matches(['-', '_', '.']);
        if digits_make_code(code) {
            return self.push(Lex::Code(fold(code)), code.len());
        }
        let (len, value) = plain_number(rest);
        let raw = &rest[..len];
        match value {
            Some(value) if raw.len() < 7 || raw.contains(|c: char| !c.is_ascii_digit()) => {
                let clock = dotted_clock(raw);
                let year = raw.len() == 4 && matches!(value.small(2100), Some(1900..));
                self.push(Lex::Number { value, clock, year }, len);
            }
            _ => self.push(Lex::Digits(raw.chars().filter(char::is_ascii_digit).collect()), len),
        }
    }
}

fn digit_at(text: &str, at: usize) -> bool {
    text.as_bytes().get(at).is_some_and(u8::is_ascii_digit)
}

/// Up to the next white space or bracket, at most [`CHUNK`] bytes, without closing punctuation.
fn chunk(rest: &str) -> &str {
    let taken = chunk_of(rest, |c| {
        !c.is_whitespace()
            && !matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | '"' | '«' | '»' | '„' | '“' | '”')
            && !matches!(c, '<' | '>' | '|' | '*' | '`' | ';')
    });
    taken.trim_end_matches(['.', ',', ':', '!', '?', '\'', '’', '…'])
}

fn chunk_of(rest: &str, keep: impl Fn(char) -> bool) -> &str {
    let mut end = 0;
    for (at, ch) in rest.char_indices() {
        if !keep(ch) || at > CHUNK {
            break;
        }
        end = at + ch.len_utf8();
    }
    &rest[..end]
}

/// An e-mail address or a web address at the start of `chunk`.
fn address(chunk: &str) -> Option<(Lex, usize)> {
    let bytes = chunk.len();
    if let Some(at) = chunk.find('@') {
        let (name, host) = (&chunk[..at], &chunk[at + 1..]);
        let good = !name.is_empty() && host.contains('.') && host.len() > 3;
        return good.then(|| (Lex::Email(fold(chunk)), bytes));
    }
    let lower = chunk.to_lowercase();
    let (scheme, bare) = match lower.find("://") {
        Some(at) => (true, &lower[at + 3..]),
        None => (lower.starts_with("www."), lower.as_str()),
    };
    let bare = bare.strip_prefix("www.").unwrap_or(bare);
    let cut = bare.find(['/', '?', '#', ':']).unwrap_or(bare.len());
    let (host, rest) = bare.split_at(cut);
    if !scheme && !is_host(host, !rest.is_empty()) {
        return None;
    }
    let rest = rest.trim_end_matches('/').to_owned();
    Some((Lex::Url { host: host.to_owned(), rest }, bytes))
}

/// Top-level names that make "word.name" an address without a scheme.
const TOP_LEVEL: &str = " com org net io eu lv lt ee de fr es it pl ru uk fi se no dk nl be at ch \
    example test dev app shop store info biz co me ai gov edu online site xyz link ly gl onion top us ";

fn is_host(host: &str, path: bool) -> bool {
    let labels: Vec<&str> = host.split('.').collect();
    let shape = labels.len() >= 2
        && labels
            .iter()
            .all(|l| !l.is_empty() && l.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
    let Some(last) = labels.last().filter(|_| shape) else { return false };
    let letters = last.len() >= 2 && last.bytes().all(|b| b.is_ascii_alphabetic());
    let known = TOP_LEVEL.contains(&format!(" {last} "));
    letters && labels[0].len() >= 2 && (known || (path && labels.len() >= 2))
}

/// Letters with digits, or capitals with dashes: "E-PAY-07", "v2.3.1", "USB-C".
fn is_code(code: &str) -> bool {
    let digit = code.contains(|c: char| c.is_ascii_digit());
    let letter = code.contains(char::is_alphabetic);
    if digit {
        return letter;
    }
    let parts = code.split(['-', '‑', '_']).filter(|p| !p.is_empty()).count();
    parts >= 2 && code.chars().all(|c| c.is_uppercase() || matches!(c, '-' | '‑' | '_'))
}

/// Runs that start with a digit and are no number with a unit: "3-D", "2.3.1", "26-AB-1", "0x1F".
fn digits_make_code(code: &str) -> bool {
    let digits = code.find(|c: char| !c.is_ascii_digit()).unwrap_or(code.len());
    let tail = &code[digits..];
    let Some(first) = tail.chars().next() else { return false };
    if tail.matches('.').count() >= 2 || (first == '.' && tail.contains(char::is_alphabetic)) {
        return super::number::parse(code).is_none() && tail.chars().any(|c| c.is_ascii_digit());
    }
    if first == '-' {
        let inner = &tail[1..];
        let short_capital = inner.chars().count() == 1 && inner.starts_with(char::is_uppercase);
        let dashes = tail.matches('-').count();
        let digits_after = inner.contains(|c: char| c.is_ascii_digit());
        let letters = inner.contains(char::is_alphabetic);
        return short_capital
            || (digits_after && letters)
            || (digits_after && dashes >= 2)
            || (digits_after && digits >= 5);
    }
    if first.is_alphabetic() {
        // "10GB" and "9am" are a number and a word; "3D2" and "1Z999" are codes.
        let after = tail.trim_start_matches(char::is_alphabetic);
        return after.contains(|c: char| c.is_ascii_digit());
    }
    false
}

/// Length and value of the number at the start of `rest`, groups of digits included.
fn plain_number(rest: &str) -> (usize, Option<Readings>) {
    let bytes = rest.as_bytes();
    let run = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut end = run(0);
    let first = end;
    let mut marked = false;
    while end < CHUNK {
        let Some(ch) = rest[end..].chars().next() else { break };
        let next = end + ch.len_utf8();
        let group = if next < bytes.len() { run(next) } else { 0 };
        let mark = matches!(ch, '.' | ',') && group > 0;
        let quote = matches!(ch, '\'' | '’') && group == 3;
        let space = matches!(ch, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}')
            && !marked
            && first <= 3
            && group == 3
            && !rest.starts_with('0');
        if !(mark || quote || space) {
            break;
        }
        marked = marked || mark;
        end = next + group;
    }
    (end, number::parse(&rest[..end]))
}

/// A phone number: a plus sign and 7 to 15 digits, or groups of digits that make no number.
fn phone(rest: &str) -> Option<(String, usize)> {
    let plus = rest.starts_with('+');
    let mut digits = String::new();
    let mut groups: Vec<usize> = vec![0];
    let mut end = usize::from(plus);
    let bytes = rest.as_bytes();
    while let Some(&byte) = bytes.get(end) {
        if byte.is_ascii_digit() {
            digits.push(char::from(byte));
            *groups.last_mut()? += 1;
            end += 1;
        } else if matches!(byte, b' ' | b'-') && digit_at(rest, end + 1) && digits.len() < 16 {
            groups.push(0);
            end += 1;
        } else {
            break;
        }
        if digits.len() > 20 {
            return None;
        }
    }
    if plus {
        return (7..=15).contains(&digits.len()).then_some((digits, end));
    }
    let thousands = groups[0] <= 3 && groups[1..].iter().all(|g| *g == 3);
    let odd = groups.len() >= 2 && !thousands && groups.iter().all(|g| (2..=8).contains(g));
    let dashes = rest[..end].contains('-');
    (odd && !dashes && (7..=15).contains(&digits.len())).then_some((digits, end))
}

fn clock(chunk: &str) -> Option<(Lex, usize)> {
    let (hour, rest) = chunk.split_once(':')?;
    let minutes: String = rest.chars().take_while(char::is_ascii_digit).collect();
    if hour.is_empty() || hour.len() > 2 || minutes.len() != 2 {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minutes.parse().ok()?);
    let len = chunk.find(':')? + 3;
    (hour <= 24 && minute < 60).then_some((Lex::Clock(hour * 60 + minute), len))
}

fn dotted_clock(raw: &str) -> Option<u16> {
    let (hour, minute) = raw.split_once('.')?;
    if hour.len() > 2 || minute.len() != 2 {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour <= 24 && minute < 60).then_some(hour * 60 + minute)
}

/// `2026-11-22`, `22.11.2026`, `22.11.`, `22/11/2026`.
fn date(chunk: &str) -> Option<(Lex, usize)> {
    let end = chunk
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '/')))
        .unwrap_or(chunk.len())
        .min(10);
    let text = chunk.get(..end)?.trim_end_matches(['.', '-', '/']);
    let mark = text.chars().find(|c| !c.is_ascii_digit())?;
    let parts: Vec<&str> = text.split(mark).collect();
    let value = |part: &&str| part.parse::<u16>().ok();
    let values: Vec<u16> = parts.iter().filter_map(value).collect();
    if values.len() != parts.len() || parts.iter().any(|p| p.is_empty() || p.len() > 4) {
        return None;
    }
    let date = |year: Option<u16>, month: u16, day: u16, swapped: bool| {
        let month = u8::try_from(month).ok().filter(|m| (1..=12).contains(m))?;
        let day = u8::try_from(day).ok().filter(|d| (1..=31).contains(d))?;
        let swapped = swapped && day <= 12;
        Some((Lex::Date { year, month, day, swapped }, text.len()))
    };
    match (mark, parts.len()) {
        ('-', 3) if parts[0].len() == 4 => date(Some(values[0]), values[1], values[2], false),
        ('.', 3) if parts[2].len() == 4 => date(Some(values[2]), values[1], values[0], false),
        ('/', 3) if parts[2].len() == 4 => date(Some(values[2]), values[1], values[0], true)
            .or_else(|| date(Some(values[2]), values[0], values[1], true)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<String> {
        lex(text)
            .into_iter()
            .map(|t| match t.lex {
                Lex::Word { text, .. } => text,
                Lex::Number { .. } => "#".to_owned(),
                Lex::Clock(m) => format!("clock {m}"),
                Lex::Date { month, day, .. } => format!("date {month}-{day}"),
                Lex::Url { host, rest } => format!("url {host} {rest}"),
                Lex::Email(a) => format!("mail {a}"),
                Lex::Digits(d) => format!("digits {d}"),
                Lex::Code(c) => format!("code {c}"),
                Lex::Mark(m) => m.to_string(),
            })
            .collect()
    }

    #[test]
    fn every_kind_of_token_is_known() {
        for (text, want) in [
            ("**E-PAY-07** costs 2,99 €", vec!["code e-pay-07", "costs", "#", "€"]),
            ("Call +371 6700 0123.", vec!["call", "digits 37167000123", "."]),
            ("dial 6700 0123", vec!["dial", "digits 67000123"]),
            ("at 9:00–19:00", vec!["at", "clock 540", "-", "clock 1140"]),
            ("by 24.12.2026, 2026-12-24", vec!["by", "date 12-24", ",", "date 12-24"]),
            ("see www.Shop.example/a/.", vec!["see", "url shop.example /a", "."]),
            ("(help@shop.example)", vec!["(", "mail help@shop.example", ")"]),
            (
                "14-day v2.3.1 2.3.1 3-D",
                vec!["#", "-", "day", "code v2.3.1", "code 2.3.1", "code 3-d"],
            ),
            ("10GB 9am 1 234,50", vec!["#", "gb", "#", "am", "#"]),
            ("1–3 days", vec!["#", "-", "#", "days"]),
            ("ZEBRA-7319", vec!["code zebra-7319"]),
            (
                "e.g. z.B. end.Start",
                vec!["e", ".", "g", ".", "z", ".", "b", ".", "end", ".", "start"],
            ),
        ] {
            assert_eq!(kinds(text), want, "{text}");
        }
    }

    #[test]
    fn hostile_runs_end() {
        for text in
            ["9".repeat(100_000), "a.".repeat(50_000), "1 234 ".repeat(20_000), "+".repeat(9999)]
        {
            assert!(!lex(&text).is_empty());
        }
    }

    proptest::proptest! {
        #[test]
        fn ranges_are_in_order_and_on_borders(text in "\\PC{0,80}") {
            let mut last = 0;
            for token in lex(&text) {
                proptest::prop_assert!(token.start >= last && token.end > token.start);
                proptest::prop_assert!(text.get(token.start..token.end).is_some());
                last = token.end;
            }
        }
    }
}
