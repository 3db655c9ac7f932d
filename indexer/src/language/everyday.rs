//! Expressions with digits that name nothing: "1st", "7:30pm", "24/7", "14-day", "10kg". Codes by their letters and
//! digits, and yet no article is found by them.
//!
//! Used by `keyword` for questions alone: how the words of articles are stored does not depend on it.

use std::sync::LazyLock;

use regex::Regex;

/// What follows a number in ordinals, times of day and amounts, without diacritics.
const UNIT: &str = "(?:am|cl|cm|day|days|e|eme|er|ft|g|gal|gb|ghz|h|hr|hrs|hz|in|kb|kg|khz|km|kw|kwh|l|lb|lbs|m|mah|mb|mg|\
                    mhz|mi|min|mins|ml|mm|mp|ms|nd|oz|pm|px|rd|re|s|sec|st|t|tb|th|uhr|v|w|yd|yr|yrs)";
/// No longer than a year: a longer one is the number of something.
const NUMBER: &str = "[0-9]{1,4}";
const MONTH: &str = "(?:0?[1-9]|1[0-2])";
const DAY: &str = "(?:0?[1-9]|[12][0-9]|3[01])";

/// A range has its ends as groups.
#[expect(clippy::expect_used, reason = "made of constants alone")]
static EVERYDAY: LazyLock<Regex> = LazyLock::new(|| {
    let forms = [
        format!("{NUMBER}{UNIT}"),
        // "14-day"; fewer letters are a variant of a product.
        format!(r"{NUMBER}-(?:\p{{Alphabetic}}{{3,}}|{UNIT})(?:-[-\p{{Alphabetic}}]*)?"),
        format!("(?P<from>{NUMBER})-(?P<to>{NUMBER})"),
        format!("[0-9]{{4}}-{MONTH}-{DAY}"),
        format!(r"{DAY}\.{MONTH}\.[0-9]{{4}}"),
        format!("{NUMBER}(?:[:/]{NUMBER})+{UNIT}?"),
    ];
    Regex::new(&format!("^(?:{})$", forms.join("|"))).expect("a pattern")
});

/// Whether `code`, in lower case and without diacritics, is an ordinal, a time, a date, a range, an amount
/// or a compound of a number and a word.
pub(crate) fn is_everyday(code: &str) -> bool {
    let Some(found) = EVERYDAY.captures(code) else { return false };
    let end = |name| found.name(name).and_then(|number| number.as_str().parse::<u32>().ok());
    end("from") <= end("to")
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
}
