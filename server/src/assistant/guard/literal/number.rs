//! Values of numbers, in digits or in words.
//!
//! Called by the lexer and the parser of literals. A value is an integer of millionths, so that
//! comparing is exact. What can be read in two ways ("1.500") keeps both readings.

use super::number_words;

/// One value, or two where the spelling leaves it open. Millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::assistant::guard) struct Readings {
    first: i128,
    second: Option<i128>,
}

const SCALE: i128 = 1_000_000;
/// Digits before and after the decimal mark that are read as a value.
const MOST_DIGITS: usize = 15;
const MOST_DECIMALS: usize = 6;

impl Readings {
    pub(super) fn whole(value: i128) -> Self {
        Self { first: value.saturating_mul(SCALE), second: None }
    }

    pub(super) fn millionths(value: i128) -> Self {
        Self { first: value, second: None }
    }

    pub(super) fn meet(self, other: Self) -> bool {
        let one = |v: i128| other.first == v || other.second == Some(v);
        one(self.first) || self.second.is_some_and(one)
    }

    /// The value in base units of which one of its own has `factor`.
    pub(in crate::assistant::guard) fn scaled(self, factor: i128) -> Self {
        self.times(factor)
    }

    pub(super) fn times(self, factor: i128) -> Self {
        Self {
            first: self.first.saturating_mul(factor),
            second: self.second.map(|v| v.saturating_mul(factor)),
        }
    }

    pub(super) fn negative(self) -> Self {
        self.times(-1)
    }

    /// The value as a whole number within `0..=most`, first reading only.
    pub(super) fn small(self, most: i128) -> Option<i128> {
        let whole = self.first / SCALE;
        (self.first % SCALE == 0 && (0..=most).contains(&whole)).then_some(whole)
    }
}

/// The value of digits with marks: "1 234,50", "1,234.50", "1'234.50", "2.99". `None` where the marks
/// make no number.
pub(super) fn parse(text: &str) -> Option<Readings> {
    let clean: String =
        text.chars().filter(|c| !c.is_whitespace() && *c != '\'' && *c != '’').collect();
    if clean.is_empty() || !clean.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b',') {
        return None;
    }
    let Some(last) = clean.rfind(['.', ',']) else {
        return decimal(&clean, "").map(|first| Readings { first, second: None });
    };
    let (whole, fraction) = (&clean[..last], &clean[last + 1..]);
    let groups: Vec<&str> = whole.split(['.', ',']).collect();
    let grouped = (1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|g| g.len() == 3);
    if groups.len() == 1 {
        let as_decimal = decimal(whole, fraction)?;
        if fraction.len() == 3 && grouped && !whole.starts_with('0') {
            let as_group = decimal(&format!("{whole}{fraction}"), "")?;
            return Some(Readings { first: as_group, second: Some(as_decimal) });
        }
        return Some(Readings { first: as_decimal, second: None });
    }
    if !grouped {
        return None;
    }
    let mark = &clean[last..=last];
    let joined = groups.concat();
    let first = if whole.contains(mark) {
        if fraction.len() != 3 || whole.contains(if mark == "." { "," } else { "." }) {
            return None;
        }
        decimal(&format!("{joined}{fraction}"), "")?
    } else {
        decimal(&joined, fraction)?
    };
    Some(Readings { first, second: None })
}

fn decimal(whole: &str, fraction: &str) -> Option<i128> {
    let fraction = fraction.trim_end_matches('0');
    if whole.len() > MOST_DIGITS || fraction.len() > MOST_DECIMALS {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut part: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    for _ in fraction.len()..MOST_DECIMALS {
        part *= 10;
    }
    Some(whole * SCALE + part)
}

/// The value of one folded word: "fourteen", "divdesmit", "einundzwanzig".
pub(super) fn word(text: &str, language: &str) -> Option<i128> {
    if text.len() > 40 {
        return None;
    }
    number_words::value(text, language).or_else(|| compound(text, language))
}

/// German and Dutch write ones before tens ("einundzwanzig"), Finnish, Estonian and Italian put the
/// parts together ("kaksikymmentaviisi"); "hundert" and its like multiply.
fn compound(text: &str, language: &str) -> Option<i128> {
    let link = match language {
        "de" => "und",
        "nl" => "en",
        _ => "",
    };
    if !link.is_empty() {
        for (at, _) in text.match_indices(link) {
            let (ones, tens) = (&text[..at], &text[at + link.len()..]);
            let ones = number_words::value(ones, language).filter(|v| (1..10).contains(v));
            let tens = number_words::value(tens, language).filter(|v| *v >= 20 && v % 10 == 0);
            if let (Some(ones), Some(tens)) = (ones, tens) {
                return Some(ones + tens);
            }
        }
    }
    if !matches!(language, "de" | "nl" | "it" | "fi" | "et" | "sv" | "lv") {
        return None;
    }
    (3..text.len().saturating_sub(1)).filter(|at| text.is_char_boundary(*at)).find_map(|at| {
        let front = number_words::value(&text[..at], language)?;
        let back = number_words::value(&text[at..], language)?;
        match (front, back) {
            (1..10, 100) | (2..100, 1000) => Some(front * back),
            (20.., 1..10) if front % 10 == 0 && language != "de" => Some(front + back),
            (100, 1..100) => Some(front + back),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_value_meet() {
        let value = parse("1234.5").unwrap();
        for text in ["1 234,50", "1,234.50", "1.234,50", "1'234.50", "1\u{a0}234,5", "1234,500000"]
        {
            assert!(parse(text).unwrap().meet(value), "{text}");
        }
        for text in ["1234", "1.2345", "12.345", "123450"] {
            assert!(!parse(text).unwrap().meet(value), "{text}");
        }
    }

    #[test]
    fn an_open_spelling_keeps_both_readings() {
        let open = parse("1.500").unwrap();
        assert!(open.meet(parse("1500").unwrap()) && open.meet(parse("1.5").unwrap()));
        assert!(!open.meet(parse("15").unwrap()));
        assert!(!parse("0.500").unwrap().meet(parse("500").unwrap()));
    }

    #[test]
    fn marks_that_make_no_number_are_refused() {
        for text in ["1.2.3", "1,23,456", "", "9999999999999999", "1.234,5.6"] {
            assert!(parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn words_have_values() {
        for (text, language, value) in [
            ("fourteen", "en", 14),
            ("einundzwanzig", "de", 21),
            ("sechzig", "de", 60),
            ("zweihundert", "de", 200),
            ("sesdesmit", "lv", 60),
            ("divam", "lv", 2),
            ("kaksikymmentaviisi", "fi", 25),
            ("quatorze", "fr", 14),
            ("четырнадцать", "ru", 14),
            ("vierentwintig", "nl", 24),
        ] {
            assert_eq!(word(text, language), Some(value), "{text}");
        }
        assert_eq!(word("stunden", "de"), None);
    }
}
