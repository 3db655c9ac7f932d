//! International bank account numbers: country, length, ISO 7064 MOD 97-10 (ISO 13616). Called by
//! [`find_all`](super::find_all).

use crate::privacy::PersonalDataKind;
use crate::privacy::redact::Finding;
use crate::privacy::scan::Scan;

use super::checks::mod97;

/// Lengths by country, from the IBAN registry.
const LENGTHS: &str = "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24\
FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22\
MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22\
VG24XK20YE30";

/// The length of a country's numbers.
pub(super) fn length(country: [u8; 2]) -> Option<usize> {
    LENGTHS
        .as_bytes()
        .chunks_exact(4)
        .find(|entry| entry[..2] == country)
        .map(|entry| usize::from(entry[2] - b'0') * 10 + usize::from(entry[3] - b'0'))
}

pub(super) fn find(scan: &Scan<'_>, out: &mut Vec<Finding>) {
    for token in scan.tokens.iter().filter(|t| t.ascii) {
        if let Some(end) = end_of_iban(scan.bytes(), token.start) {
            out.push(Finding::new(token.start..end, PersonalDataKind::Iban, "IBAN_CODE"));
        }
    }
}

/// Letters and digits in groups of any size, single spaces, dashes or line breaks between them.
fn end_of_iban(bytes: &[u8], start: usize) -> Option<usize> {
    let mut compact = Vec::with_capacity(4);
    let mut total = 4;
    let mut at = start;
    while compact.len() < total {
        match bytes.get(at)? {
            b if b.is_ascii_alphanumeric() => compact.push(b.to_ascii_uppercase()),
            b' ' if bytes.get(at..at + 3) == Some(b" - ") => at += 2,
            b' ' | b'-' | b'.' | b'/' | b'\n' if bytes.get(at + 1)?.is_ascii_alphanumeric() => {}
            _ => return None,
        }
        at += 1;
        // Most words end here: no country, or no two digits behind it.
        match *compact.as_slice() {
            [a, b] if total == 4 => total = length([a, b])?,
            [_, _, c] | [_, _, _, c] if !c.is_ascii_digit() => return None,
            _ => {}
        }
    }
    let joined = bytes.get(at).is_some_and(u8::is_ascii_alphanumeric)
        || matches!(bytes.get(at), Some(b'-' | b' '))
            && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
    let checks = mod97(compact[4..].iter().chain(&compact[..4]).copied()) == Some(1);
    (checks && !joined).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grouped_and_plain_numbers_are_found_and_changed_ones_are_not() {
        for iban in [
            "LV80BANK0000435195001",
            "lv80 bank 0000 4351 9500 1",
            "L V 8 0 BANK - 0000435195001",
            "NO93 8601 1117 947",
        ] {
            assert_eq!(end_of_iban(iban.as_bytes(), 0), Some(iban.len()), "{iban}");
        }
        for wrong in ["LV80BANK0000435195002", "LV80BANK000043519500", "XX80BANK0000435195001"] {
            assert_eq!(end_of_iban(wrong.as_bytes(), 0), None, "{wrong}");
        }
    }

    #[test]
    fn every_country_has_a_length() {
        assert_eq!(length(*b"NO"), Some(15));
        assert_eq!(length(*b"LV"), Some(21));
        assert_eq!(length(*b"US"), None);
    }
}
