//! Numbers as customers and writers spell them: "2,99" and "2.99", "1 000" and "1,000".
//!
//! Used by `pieces`. One spelling per value, so that both sides of a search meet; what is not
//! surely a number (a version, a date) is left to be a code.

/// The one spelling of a number made of digits, `.` and `,` (white space between groups already
/// removed): decimal point, no group separators, no zeros after the point that say nothing
/// ("5.00" -> "5", "2.90" -> "2.9"). `None` where the separators do not make a number ("1.2.3").
///
/// A single separator before exactly three digits is read as a group separator ("1.500" and
/// "1,500" are 1500): prices and amounts are commoner in a help center than milligrams.
pub(super) fn canonical(text: &str) -> Option<String> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b',') {
        return None;
    }
    let Some(last) = text.rfind(['.', ',']) else {
        return Some(text.to_owned());
    };
    let (whole, fraction) = (&text[..last], &text[last + 1..]);
    if whole.is_empty() || fraction.is_empty() {
        return None;
    }
    let mark = text.as_bytes()[last];
    let groups: Vec<&str> = whole.split(['.', ',']).collect();
    let grouped = groups[0].len() <= 3
        && !groups[0].starts_with('0')
        && !groups[0].is_empty()
        && groups[1..].iter().all(|g| g.len() == 3);
    let earlier_marks = || whole.bytes().filter(|b| !b.is_ascii_digit());
    if groups.len() == 1 {
        if fraction.len() == 3 && grouped {
            return Some(format!("{whole}{fraction}"));
        }
        return Some(decimal(whole, fraction));
    }
    if !grouped {
        return None;
    }
    if earlier_marks().all(|m| m == mark) {
        return (fraction.len() == 3).then(|| groups.concat() + fraction);
    }
    let first = earlier_marks().next();
    earlier_marks().all(|m| Some(m) == first).then(|| decimal(&groups.concat(), fraction))
}

fn decimal(whole: &str, fraction: &str) -> String {
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn one_spelling_per_value() {
        for (text, want) in [
            ("7", Some("7")),
            ("007", Some("007")),
            ("2,99", Some("2.99")),
            ("2.99", Some("2.99")),
            ("2,90", Some("2.9")),
            ("5.00", Some("5")),
            ("1,000", Some("1000")),
            ("1.000", Some("1000")),
            ("0.125", Some("0.125")),
            ("1.234,56", Some("1234.56")),
            ("1,234.56", Some("1234.56")),
            ("1.234.567", Some("1234567")),
            ("2.3.1", None),
            ("12.05.2026", None),
            ("1.", None),
            ("", None),
        ] {
            assert_eq!(canonical(text).as_deref(), want, "{text}");
        }
    }
}
