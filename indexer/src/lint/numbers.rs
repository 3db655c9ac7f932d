//! Numbers that have a unit: `€4.90`, `5 working days`, `25 kg`, `1–3 days`, `60-day`.
//!
//! Used by `facts`. A number without a unit, a date, a clock time, a part of a code or of an address
//! is none. Values are spelled in one way, so that `4,90 €` and `€4.90` are equal.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use crate::language::{Analyzer, fold};

/// A number with its unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Amount {
    /// Bytes of the number and its unit in the text.
    pub(super) range: Range<usize>,
    /// Bytes of the number alone.
    pub(super) number: Range<usize>,
    /// In one spelling; `1-3` for a span.
    pub(super) value: String,
    /// A currency code, `%`, `°`, or the stem of the word behind the number.
    pub(super) unit: String,
}

const CURRENCIES: [(&str, &str); 14] = [
    ("€", "EUR"),
    ("$", "USD"),
    ("£", "GBP"),
    ("¥", "JPY"),
    ("eur", "EUR"),
    ("euro", "EUR"),
    ("euros", "EUR"),
    ("eiro", "EUR"),
    ("usd", "USD"),
    ("gbp", "GBP"),
    ("chf", "CHF"),
    ("sek", "SEK"),
    ("pln", "PLN"),
    ("dollars", "USD"),
];

/// Words that may be glued to a number.
const GLUED: [&str; 30] = [
    "kg", "g", "mg", "km", "m", "cm", "mm", "l", "ml", "gb", "mb", "kb", "tb", "w", "wh", "kwh",
    "mah", "v", "h", "min", "s", "d", "lm", "hz", "ghz", "mhz", "eur", "usd", "k", "mbps",
];

/// Names of months, folded, in the languages whose dates have no point behind the day. A number
/// before one is a date.
const MONTHS: &str = "january february march april may june july august september october november \
    december jan feb mar apr jun jul aug sep sept oct nov dec janvier fevrier mars avril mai juin \
    juillet aout septembre octobre novembre decembre enero febrero marzo abril mayo junio julio \
    agosto septiembre octubre noviembre diciembre gennaio febbraio aprile maggio giugno luglio \
    settembre ottobre dicembre janeiro fevereiro marco maio junho julho setembro outubro novembro \
    dezembro januari februari maart mei juni juli augustus oktober januar februar marts maj august \
    augusti desember stycznia lutego marca kwietnia maja czerwca lipca sierpnia wrzesnia \
    pazdziernika listopada grudnia января февраля марта апреля мая июня июля августа сентября \
    октября ноября декабря";

static MONTH_SET: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| MONTHS.split_whitespace().collect());

/// The amounts of a text in order. Linear: each byte is looked at a bounded number of times.
pub(super) fn amounts(text: &str, analyzer: &Analyzer) -> Vec<Amount> {
    let mut out: Vec<Amount> = Vec::new();
    let mut at = 0;
    while let Some(start) =
        text.get(at..).and_then(|rest| rest.find(|c: char| c.is_ascii_digit())).map(|i| at + i)
    {
        let end = number_end(text, start);
        at = end;
        let Some(span_end) = standing_alone(text, start, end) else {
            continue;
        };
        at = span_end;
        let Some(value) = value(text.get(start..span_end).unwrap_or_default(), analyzer) else {
            continue;
        };
        let taken = out.last().map_or(0, |a| a.range.end);
        let Some((unit, range)) = unit(text, start..span_end, (taken, analyzer)) else {
            continue;
        };
        let year = value.len() == 4 && (value.starts_with("19") || value.starts_with("20"));
        if year && !unit.chars().all(|c| c.is_ascii_uppercase() || c == '%') {
            continue;
        }
        at = at.max(range.end);
        out.push(Amount { range, number: start..span_end, value, unit });
    }
    out
}

/// End of digits with `.` and `,` between them, and with spaces between groups of three.
fn number_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    let mut end = start;
    let mut group = 0;
    loop {
        while digit(end) {
            end += 1;
            group += 1;
        }
        if matches!(bytes.get(end), Some(b'.' | b',')) && digit(end + 1) {
            end += 1;
            group = 0;
            continue;
        }
        let gap = ["\u{a0}", "\u{202f}", " "]
            .iter()
            .find(|gap| text.get(end..).is_some_and(|rest| rest.starts_with(**gap)))
            .map_or(0, |gap| gap.len());
        let three = gap > 0 && (0..3).all(|i| digit(end + gap + i)) && !digit(end + gap + 3);
        if three && (1..=3).contains(&group) {
            end += gap;
            group = 0;
            continue;
        }
        return end;
    }
}

/// End of the number, or of the span `1–3` that it opens; `None` inside codes, dates, times.
fn standing_alone(text: &str, start: usize, end: usize) -> Option<usize> {
    let head = text.get(..start)?;
    let before = head.chars().next_back();
    // A later group of a telephone number.
    if head.strip_suffix([' ', '\u{a0}']).is_some_and(|h| h.ends_with(|c: char| c.is_ascii_digit()))
    {
        return None;
    }
    if before.is_some_and(|c| {
        c.is_alphanumeric()
            || matches!(c, '-' | '.' | ',' | '/' | ':' | '#' | '_' | '+' | '×' | '–' | '@')
    }) {
        return None;
    }
    if head.trim_end().ends_with('×') {
        return None;
    }
    let mut after = text.get(end..)?.chars();
    match (after.next(), after.next()) {
        (Some('-' | '–' | '—'), Some(c)) if c.is_ascii_digit() => {
            let mark = text.get(end..)?.chars().next().map_or(1, char::len_utf8);
            let second = number_end(text, end + mark);
            let rest = text.get(second..)?;
            (!rest.starts_with(['-', '–', ':', '/', '.'])
                || rest.get(1..).is_none_or(|r| !r.starts_with(|c: char| c.is_ascii_digit())))
            .then_some(second)
        }
        (Some(':' | '/' | '×'), Some(c)) if c.is_ascii_digit() => None,
        (Some('_' | '@'), _) => None,
        _ => Some(end),
    }
}

/// One spelling: no group separators, a point before decimals, `-` in a span.
fn value(text: &str, analyzer: &Analyzer) -> Option<String> {
    let parts: Option<Vec<String>> = text
        .split(['-', '–', '—'])
        .map(|part| {
            let bare: String = part.chars().filter(|c| !c.is_whitespace()).collect();
            let term = analyzer.folded(&bare).into_iter().next()?;
            (term.range == (0..bare.len())).then_some(term.text)
        })
        .collect();
    parts.map(|parts| parts.join("-"))
}

/// Unit and range of a number. `taken`: end of the amount before it, whose unit is not this one's.
fn unit(
    text: &str,
    number: Range<usize>,
    (taken, analyzer): (usize, &Analyzer),
) -> Option<(String, Range<usize>)> {
    let head = text.get(taken..number.start)?;
    let bare = head.trim_end();
    if head.len() - bare.len() <= 2 {
        for (mark, code) in CURRENCIES {
            let symbol = mark.chars().all(|c| !c.is_alphabetic());
            let code_before = mark.len() == 3 && bare.ends_with(code) && code.len() == 3;
            if (symbol && bare.ends_with(mark)) || code_before {
                let length = if symbol { mark.len() } else { code.len() };
                return Some((code.to_owned(), taken + bare.len() - length..number.end));
            }
        }
    }
    let rest = text.get(number.end..)?;
    let gap: &str = [" ", "\u{a0}", "\u{202f}", "-", ""].iter().find(|g| rest.starts_with(**g))?;
    let tail = rest.get(gap.len()..)?;
    let at = number.end + gap.len();
    let first = tail.chars().next()?;
    if let Some((_, code)) = CURRENCIES
        .iter()
        .find(|(m, _)| m.starts_with(first) && m.len() <= 3 && !first.is_alphabetic())
    {
        return Some(((*code).to_owned(), number.start..at + first.len_utf8()));
    }
    if matches!(first, '%' | '°') {
        return Some((first.to_string(), number.start..at + first.len_utf8()));
    }
    let length = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
    let word = tail.get(..length).filter(|w| !w.is_empty() && w.len() <= 64)?;
    let term = analyzer.terms(word).into_iter().next().filter(|t| !t.stop)?;
    let lower = word.to_lowercase();
    let glued = GLUED.contains(&lower.as_str());
    if gap.is_empty() && !glued {
        return None;
    }
    // "1 Open the menu" is a step, "8284 PDF" the name of a form.
    let first_word = taken == 0 && head.trim().is_empty() && first.is_uppercase();
    if !glued && (first_word || !word.contains(char::is_lowercase)) {
        return None;
    }
    if let Some((_, code)) = CURRENCIES.iter().find(|(mark, _)| *mark == lower) {
        return Some(((*code).to_owned(), number.start..at + length));
    }
    if MONTH_SET.contains(fold(&lower).as_str()) {
        return None;
    }
    Some((term.text, number.start..at + length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Locale;

    fn of(language: &str, text: &str) -> Vec<String> {
        let analyzer = Analyzer::new(&Locale::parse(language).unwrap());
        amounts(text, &analyzer).into_iter().map(|a| format!("{} {}", a.value, a.unit)).collect()
    }

    #[test]
    fn amounts_in_the_spellings_of_three_languages() {
        assert_eq!(
            of("en", "It costs €4.90 or 5.9 EUR, $1,000 at most."),
            ["4.9 EUR", "5.9 EUR", "1000 USD"]
        );
        assert_eq!(
            of("lv", "Maksa 4,90 € 14 dienu laikā, 3000 € vai 1 000 €."),
            ["4.9 EUR", "14 dien", "3000 EUR", "1000 EUR"]
        );
        assert_eq!(of("de", "Innerhalb von 5 Arbeitstagen, 9,9 %."), ["5 arbeitstag", "9.9 %"]);
        assert_eq!(
            of("en", "within 1–3 working days, a 60-day return, 25kg"),
            ["1-3 work", "60 day", "25 kg"]
        );
    }

    #[test]
    fn codes_dates_times_and_bare_numbers_are_none() {
        for text in [
            "RMA-123456 was sent",
            "on 2026-10-20 we",
            "1 November and 24 December 2026",
            "from 9:00–19:00 daily",
            "call +371 6700 0123 now",
            "section 3.",
            "38 × 64 × 60 boxes are",
            "in 2026 season",
            "v2.3.1 days",
            "the 15th",
            "zone 1, zone 2",
        ] {
            assert!(of("en", text).is_empty(), "{text}: {:?}", of("en", text));
        }
    }

    #[test]
    fn ranges_point_at_number_and_unit() {
        let analyzer = Analyzer::new(&Locale::parse("en").unwrap());
        let text = "pay € 5 for 2 days";
        let found = amounts(text, &analyzer);
        let parts: Vec<(&str, &str)> =
            found.iter().map(|a| (&text[a.range.clone()], &text[a.number.clone()])).collect();
        assert_eq!(parts, [("€ 5", "5"), ("2 days", "2")]);
    }
}
