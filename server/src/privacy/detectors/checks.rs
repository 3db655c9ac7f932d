//! The check-digit methods that many identifiers share. Digits come as ASCII bytes; everything else
//! in the input counts as a failed check, nothing panics.

/// The value of an ASCII digit; letters give 99, which no method accepts.
pub(super) fn d(byte: u8) -> u32 {
    if byte.is_ascii_digit() { u32::from(byte - b'0') } else { 99 }
}

/// The decimal number in a slice of digits; 0 for an empty one. At most 18 digits.
pub(super) fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |n, b| n.wrapping_mul(10).wrapping_add(u64::from(d(*b))))
}

pub(super) fn all_digits(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_digit)
}

pub(super) fn all_same(bytes: &[u8]) -> bool {
    bytes.windows(2).all(|w| w[0] == w[1])
}

/// Sum of digit times weight, over the shorter of the two.
pub(super) fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| d(*digit) * weight).sum()
}

/// Luhn (ISO/IEC 7812-1 annex B).
pub(super) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, b)| {
            let value = d(*b) * if i % 2 == 1 { 2 } else { 1 };
            if value > 9 && value < 20 { value - 9 } else { value }
        })
        .sum();
    all_digits(digits) && sum.is_multiple_of(10)
}

/// ISO 7064 MOD 97-10 over digits and letters (A = 10 ... Z = 35) in their order.
pub(super) fn mod97(bytes: impl Iterator<Item = u8>) -> Option<u32> {
    let mut rest = 0;
    for byte in bytes {
        rest = match byte {
            b'0'..=b'9' => rest * 10 + u32::from(byte - b'0'),
            b'A'..=b'Z' => rest * 100 + u32::from(byte - b'A') + 10,
            b'a'..=b'z' => rest * 100 + u32::from(byte - b'a') + 10,
            _ => return None,
        } % 97;
    }
    Some(rest)
}

/// ISO 7064 MOD 11,10.
pub(super) fn mod11_10(digits: &[u8]) -> bool {
    let Some((check, body)) = digits.split_last() else { return false };
    let mut product = 10;
    for byte in body {
        let sum = (d(*byte) + product) % 10;
        product = (if sum == 0 { 10 } else { sum }) * 2 % 11;
    }
    all_digits(digits) && (11 - product) % 10 == d(*check)
}

/// Verhoeff's dihedral check.
pub(super) fn verhoeff(digits: &[u8]) -> bool {
    const MULTIPLY: [[u8; 10]; 10] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
        [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
        [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
        [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
        [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
        [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
        [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
        [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
        [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
    ];
    const PERMUTE: [[u8; 10]; 8] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
        [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
        [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
        [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
        [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
        [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
        [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
    ];
    all_digits(digits)
        && digits.iter().rev().enumerate().fold(0u8, |check, (i, b)| {
            let permuted = PERMUTE[i % 8][usize::from(b - b'0')];
            MULTIPLY[usize::from(check)][usize::from(permuted)]
        }) == 0
}

/// Whether day and month exist together; 29 February always does.
pub(super) fn day_month(day: u32, month: u32) -> bool {
    let days = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

fn two(digits: &[u8], at: usize) -> u32 {
    digits.get(at..at + 2).map_or(99, |pair| d(pair[0]) * 10 + d(pair[1]))
}

/// Whether the digits begin with a date as day, month, year of two digits.
pub(super) fn ddmmyy(digits: &[u8]) -> bool {
    day_month(two(digits, 0), two(digits, 2)) && two(digits, 4) < 100
}

/// Whether the digits begin with a date as year of two digits, month, day.
pub(super) fn yymmdd(digits: &[u8]) -> bool {
    day_month(two(digits, 4), two(digits, 2)) && two(digits, 0) < 100
}

/// A full date at the start: century 18 to 20, year, month, day.
pub(super) fn yyyymmdd(digits: &[u8]) -> bool {
    (18..=20).contains(&two(digits, 0)) && yymmdd(digits.get(2..).unwrap_or_default())
}

/// As [`yymmdd`], with months and days moved as some countries do (women +50, later centuries +20).
pub(super) fn yymmdd_moved(digits: &[u8], months: &[u32], days: &[u32]) -> bool {
    let (month, day) = (two(digits, 2), two(digits, 4));
    months
        .iter()
        .any(|m| days.iter().any(|d| day_month(day.wrapping_sub(*d), month.wrapping_sub(*m))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_check_and_one_changed_digit_does_not() {
        assert!(luhn(b"79927398713") && !luhn(b"79927398714"));
        assert!(mod11_10(b"07945") && !mod11_10(b"07946"));
        assert!(verhoeff(b"2363") && !verhoeff(b"2364"));
        assert_eq!(mod97(b"3214282912345698765432161182".iter().copied()), Some(1));
    }

    #[test]
    fn dates_must_exist() {
        assert!(ddmmyy(b"290299") && !ddmmyy(b"300299") && !ddmmyy(b"001299"));
        assert!(yymmdd(b"991231") && !yymmdd(b"991331") && !yymmdd(b"99"));
        assert!(yyyymmdd(b"19991231") && !yyyymmdd(b"21991231"));
    }

    #[test]
    fn letters_fail_every_check() {
        assert!(!luhn(b"7992A") && !verhoeff(b"A") && !mod11_10(b"") && !mod11_10(b"07X4"));
    }
}
