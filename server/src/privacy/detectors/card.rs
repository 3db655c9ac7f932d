//! Payment cards: issuer range, length, Luhn (ISO/IEC 7812). Called by [`find_all`](super::find_all).

use crate::privacy::PersonalDataKind;
use crate::privacy::cues::Cue;
use crate::privacy::redact::Finding;
use crate::privacy::scan::Scan;

use super::checks::{all_same, luhn, number};

pub(super) fn find(scan: &Scan<'_>, out: &mut Vec<Finding>) {
    let mut free_from = 0;
    for token in scan.tokens.iter().filter(|t| t.ascii && t.is_number()) {
        if token.start < free_from {
            continue;
        }
        let here = token.start..token.end;
        let cued = || scan.cues.near(&here, &[Cue::Card]);
        if let Some(end) = end_of_card(scan.bytes(), token.start, &cued) {
            out.push(Finding::new(token.start..end, PersonalDataKind::Card, "CREDIT_CARD"));
            free_from = end;
        }
    }
}

/// Digits with single separators; the longest run that is a card. Not inside a longer word or number.
/// Beside a cue such as "card number" the issuer may be unknown, and 15 or 16 digits may be mistyped.
fn end_of_card(bytes: &[u8], start: usize, cued: &dyn Fn() -> bool) -> Option<usize> {
    let before = start.checked_sub(1).and_then(|at| bytes.get(at));
    let second = start.checked_sub(2).and_then(|at| bytes.get(at));
    if matches!(before, Some(b'.' | b'-' | b'_' | b'+'))
        && second.is_some_and(u8::is_ascii_alphanumeric)
    {
        return None;
    }
    let mut digits = Vec::with_capacity(19);
    let (mut best, mut guess) = (None, None);
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        if byte.is_ascii_digit() {
            digits.push(*byte);
            at += 1;
            let whole = !bytes.get(at).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
            if whole && is_card(&digits) {
                best = Some(at);
            } else if whole
                && digits.len() >= 12
                && !all_same(&digits)
                && (luhn(&digits) || matches!(digits.len(), 15 | 16))
            {
                guess = Some(at);
            }
            if digits.len() >= 19 {
                break;
            }
        } else if matches!(byte, b' ' | b'-' | b'.' | b'\n' | b'/')
            && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
        {
            at += 1;
        } else if bytes.get(at..at + 3) == Some(b" - ") {
            at += 3;
        } else {
            break;
        }
    }
    best.or_else(|| guess.filter(|_| cued()))
}

/// Ranges: Visa, Mastercard, American Express, Diners, Discover, JCB, UnionPay, Maestro, Mir, Dankort.
fn is_card(digits: &[u8]) -> bool {
    let len = digits.len();
    if !(12..=19).contains(&len) || all_same(digits) {
        return false;
    }
    let (two, three, four) = (number(&digits[..2]), number(&digits[..3]), number(&digits[..4]));
    let known = match digits[0] {
        b'4' => matches!(len, 13 | 16 | 18 | 19),
        b'2' => {
            (2200..=2204).contains(&four) && (16..=19).contains(&len)
                || (2221..=2720).contains(&four) && len == 16
        }
        b'3' => {
            (two == 34 || two == 37) && len == 15
                || (matches!(three, 300..=305 | 309) || two == 36 || two == 38 || two == 39)
                    && (14..=19).contains(&len)
                || (3528..=3589).contains(&four) && (16..=19).contains(&len)
        }
        b'5' => {
            len == 16 && ((51..=55).contains(&two) || four == 5019)
                || (two == 50 || (56..=58).contains(&two)) && (13..=19).contains(&len)
                || matches!(four, 5018 | 5020 | 5038 | 5893) && len == 12
        }
        b'6' => {
            (16..=19).contains(&len)
                || matches!(four, 6304 | 6759 | 6761 | 6762 | 6763) && len >= 12
        }
        b'8' => two == 81 && (16..=19).contains(&len),
        b'1' => four == 1800 && len == 15,
        _ => false,
    };
    known && luhn(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_numbers_of_the_issuers_are_cards() {
        for card in [
            "4111111111111111",
            "5555 5555 5555 4444",
            "3782-822463-10005",
            "6011111111111117",
            "3530111333300000",
            "30569309025904",
            "4111 1111\n1111 1111",
        ] {
            assert_eq!(end_of_card(card.as_bytes(), 0, &|| false), Some(card.len()), "{card}");
        }
    }

    #[test]
    fn wrong_digits_lengths_and_pieces_of_longer_numbers_are_not() {
        for other in
            ["4111111111111112", "411111111111111", "41111111111111111111", "0000000000000000"]
        {
            assert_eq!(end_of_card(other.as_bytes(), 0, &|| false), None, "{other}");
        }
    }
}
