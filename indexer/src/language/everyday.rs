//! Expressions with digits that name nothing: "1st", "7:30pm", "24/7", "14-day", "10kg". Codes by their letters and
//! digits, and yet no article is found by them.
//!
//! Used by `keyword` for questions alone: how the words of articles are stored does not depend on it.

/// What follows a number in ordinals, times of day and amounts, without diacritics.
const AFTER_NUMBERS: [&str; 57] = [
    "am", "cl", "cm", "day", "days", "e", "eme", "er", "ft", "g", "gal", "gb", "ghz", "h", "hr",
    "hrs", "hz", "in", "kb", "kg", "khz", "km", "kw", "kwh", "l", "lb", "lbs", "m", "mah", "mb",
    "mg", "mhz", "mi", "min", "mins", "ml", "mm", "mp", "ms", "nd", "oz", "pm", "px", "rd", "re",
    "s", "sec", "st", "t", "tb", "th", "uhr", "v", "w", "yd", "yr", "yrs",
];
/// Digits of a year, and of the longest number that is part of such an expression.
const DIGITS: usize = 4;
/// Letters from which on "14-..." is joined to a word and not to a variant of a product.
const WORD: usize = 3;

/// Whether `code`, in lower case and without diacritics, is an ordinal, a time, a date, a range, an amount
/// or a compound of a number and a word.
pub(crate) fn is_everyday(code: &str) -> bool {
    let runs = runs(code);
    let numbers = || runs.iter().filter_map(|run| run.parse::<u32>().ok());
    if runs.iter().any(|run| run.starts_with(is_digit) && run.len() > DIGITS) {
        return false;
    }
    match runs.as_slice() {
        [number, unit] => is_number(number) && AFTER_NUMBERS.contains(unit),
        [number, "-", rest @ ..] if is_number(number) && rest.first().is_some_and(is_word) => {
            rest.iter().all(|run| *run == "-" || run.starts_with(char::is_alphabetic))
        }
        [from, "-", to] => is_number(from) && is_number(to) && numbers().is_sorted(),
        [year, "-", month, "-", day] | [day, ".", month, ".", year] => {
            year.len() == DIGITS && is_upto(month, 12) && is_upto(day, 31)
        }
        [rest @ .., unit] => {
            let clock = if AFTER_NUMBERS.contains(unit) { rest } else { runs.as_slice() };
            clock.len() > 2
                && clock.iter().enumerate().all(|(at, run)| match at % 2 {
                    0 => is_number(run),
                    _ => matches!(*run, ":" | "/"),
                })
        }
        [] => false,
    }
}

fn is_digit(ch: char) -> bool {
    ch.is_ascii_digit()
}

fn is_number(run: &str) -> bool {
    run.starts_with(is_digit)
}

fn is_upto(run: &str, most: u32) -> bool {
    run.parse().is_ok_and(|number: u32| (1..=most).contains(&number))
}

fn is_word(run: &&str) -> bool {
    run.starts_with(char::is_alphabetic)
        && (run.chars().count() >= WORD || AFTER_NUMBERS.contains(run))
}

/// Digits together, letters together, all else one by one.
fn runs(text: &str) -> Vec<&str> {
    let class = |ch: char| (is_digit(ch), ch.is_alphabetic());
    let mut out = Vec::new();
    let mut start = 0;
    let mut last = None;
    for (at, ch) in text.char_indices() {
        let this = class(ch);
        if last.is_some_and(|last| last != this || this == (false, false)) {
            out.push(&text[start..at]);
            start = at;
        }
        last = Some(this);
    }
    if start < text.len() {
        out.push(&text[start..]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_times_dates_and_amounts_name_nothing() {
        for text in [
            "1st",
            "22nd",
            "10th",
            "2eme",
            "8pm",
            "7:00",
            "7:30pm",
            "18:30",
            "18:30uhr",
            "24/7",
            "9/11",
            "2/20",
            "12/05/2026",
            "2026-11-23",
            "22.11.2026",
            "3-5",
            "2019-2020",
            "14-day",
            "3-year-old",
            "10kg",
            "128gb",
            "24h",
            "30-day",
        ] {
            assert!(is_everyday(text), "{text}");
        }
    }

    #[test]
    fn codes_stay_codes() {
        for text in [
            "e-pay-07",
            "oz-tent-210",
            "w2",
            "401k",
            "dl123",
            "usb-c",
            "v2.3.1",
            "2.3.1",
            "404-12",
            "192.168.0.1",
            "s-dvi",
            "1004567-b",
            "123456/7",
            "rs-232",
            "a@b.example",
            "5-xl",
            "2026-13-40",
            "32.11.2026",
            "t-1000",
            "10:",
            ":",
            "",
            "-",
            "7:x",
            "1/a/2",
        ] {
            assert!(!is_everyday(text), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_is_cut_without_loss(text in "\\PC{0,40}") {
            proptest::prop_assert_eq!(runs(&text).concat(), text.as_str());
            let _ = is_everyday(&text);
        }
    }
}
