//! Identifiers of Germany, Austria, Switzerland, the Benelux countries, France and Ireland, from
//! their authorities' public descriptions. A table for [`Schemes`](super::scheme::Schemes).

use super::checks::{
    all_digits, all_same, d, day_month, luhn, mod11_10, number, verhoeff, weighted, yymmdd_moved,
    yyyymmdd,
};
use super::scheme::{CUED, LONE, SURE, Scheme, scheme};
use crate::privacy::PersonalDataKind::{
    CompanyId, DrivingLicence, HealthId, IdentityCard, NationalId, Passport, Postcode, TaxId,
};

pub(super) const TABLE: &[Scheme] = &[
    scheme("DE_TAX_ID", TaxId, "## ### ### ###", german_tax_id, LONE),
    scheme("DE_TAX_NUMBER", TaxId, "#############", german_tax_number, LONE),
    scheme(
        "DE_TAX_NUMBER",
        TaxId,
        "###/###/#####|##/###/#####|#####/#####|##/####/####|###/####/####",
        german_slashes,
        LONE,
    ),
    scheme("DE_SOCIAL_SECURITY", NationalId, "## ###### @ ###|########@###", german_pension, SURE),
    scheme("DE_HEALTH_INSURANCE", HealthId, "@#########", german_health, LONE),
    scheme("DE_ID_CARD", IdentityCard, "@********", german_identity_card, LONE),
    scheme("DE_ID_CARD", IdentityCard, "@********#|@*********", german_card_ten, LONE),
    scheme("DE_PASSPORT", Passport, "@********", german_passport, LONE),
    scheme("DE_FUEHRERSCHEIN", DrivingLicence, "@*##*****#*", mostly_digits, LONE),
    scheme("DE_FUEHRERSCHEIN", DrivingLicence, "@**********", mostly_digits, CUED),
    scheme("DE_LANR", HealthId, "#########", german_doctor, LONE),
    scheme("DE_BSNR", HealthId, "#########", all_digits, CUED),
    scheme(
        "DE_HANDELSREGISTER",
        CompanyId,
        "HRA #####|HRB #####|HRA ####|HRB ####|HRA ######|HRB ######|HRA ###|HRB ###",
        any,
        SURE,
    ),
    scheme("DE_PLZ", Postcode, "#####", german_postcode, LONE),
    scheme("AT_SVNR", NationalId, "#### ######", austrian, LONE),
    scheme("AT_TAX_NUMBER", TaxId, "## ### ####|##-###/####", any, CUED),
    scheme("CH_AHV", NationalId, "756 #### #### ##", swiss, SURE),
    scheme("BE_RIJKSREGISTER", NationalId, "###########", belgian, SURE),
    scheme(
        "BE_RIJKSREGISTER",
        NationalId,
        "##.##.##-###.##|###### ### ##|## ## ## ### ##",
        belgian,
        SURE,
    ),
    scheme("NL_BSN", NationalId, "#########|### ### ###|#### ## ###", dutch, LONE),
    scheme(
        "LU_MATRICULE",
        NationalId,
        "#############|######## #####|#### ## ## #####",
        luxembourgish,
        SURE,
    ),
    scheme("FR_NIR", NationalId, "# ## ## ## ### ### ##|#############-##", french, SURE),
    scheme("FR_NIR", NationalId, "# ## ## 2@ ### ### ##", french, SURE),
    scheme("FR_SPI", TaxId, "## ## ### ### ###", french_tax, LONE),
    scheme("FR_SIREN", CompanyId, "### ### ###", luhn, CUED),
    scheme("FR_SIRET", CompanyId, "### ### ### #####", luhn, LONE),
    scheme("FR_PASSPORT", Passport, "##@@#####", any, CUED),
    scheme("FR_IDENTITY_CARD", IdentityCard, "############", all_digits, CUED),
    scheme("IE_PPSN", NationalId, "#######@|#######@@", irish, SURE),
    scheme("NL_PASSPORT", Passport, "@@*******|@@******#", mostly_digits, CUED),
];

fn any(_: &[u8]) -> bool {
    true
}

/// At least four digits: a number with letters rather than a word.
fn mostly_digits(id: &[u8]) -> bool {
    id.iter().filter(|b| b.is_ascii_digit()).count() >= 4
}

/// Steuer-Identifikationsnummer: ISO 7064 MOD 11,10; among the first ten digits one occurs twice or
/// three times (never three in a row since 2016; older ones exactly one pair).
fn german_tax_id(id: &[u8]) -> bool {
    let mut counts = [0u8; 10];
    for digit in id.iter().take(10) {
        if let Some(count) = counts.get_mut(d(*digit) as usize) {
            *count += 1;
        }
    }
    let repeated = counts.iter().filter(|c| **c > 1).count();
    id.len() == 11
        && id[0] != b'0'
        && repeated <= 1
        && counts.iter().all(|c| *c <= 3)
        && mod11_10(id)
}

/// The unified federal form of thirteen digits begins with the key of a state, 01 to 16, or of its
/// office as in electronic returns: 10, 11, 21 to 32, 40, 41, 51 to 54, 91, 92.
fn german_tax_number(id: &[u8]) -> bool {
    let state = number(&id[..2]);
    let office = matches!(state, 10 | 11 | 21..=32 | 40 | 41 | 51..=54 | 91 | 92);
    all_digits(id) && ((1..=16).contains(&state) || office && id[4] == b'0') && !all_same(&id[2..])
}

fn german_slashes(id: &[u8]) -> bool {
    all_digits(id) && !all_same(id) && id.len() >= 10
}

/// Rentenversicherungsnummer: area, date of birth, first letter of the name, serial, check digit.
fn german_pension(id: &[u8]) -> bool {
    if id.len() != 12 {
        return false;
    }
    let letter = u32::from(id[8].wrapping_sub(b'A')) + 1;
    let digits: Vec<u32> = id[..8]
        .iter()
        .map(|b| d(*b))
        .chain([letter / 10, letter % 10])
        .chain(id[9..11].iter().map(|b| d(*b)))
        .collect();
    let weights = [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1];
    let sum: u32 = digits.iter().zip(weights).map(|(a, w)| a * w / 10 + a * w % 10).sum();
    let day = number(&id[2..4]) as u32;
    let month = number(&id[4..6]) as u32;
    (1..=99).contains(&number(&id[..2])) && day_month(day, month) && sum % 10 == d(id[11])
}

/// Krankenversichertennummer: the letter as two digits, then the weights 1 and 2, sums of digits.
fn german_health(id: &[u8]) -> bool {
    let letter = u32::from(id[0].wrapping_sub(b'A')) + 1;
    let digits = [letter / 10, letter % 10].into_iter().chain(id[1..9].iter().map(|b| d(*b)));
    let sum: u32 = digits
        .enumerate()
        .map(|(i, digit)| digit * (i as u32 % 2 + 1))
        .map(|value| value / 10 + value % 10)
        .sum();
    sum % 10 == d(id[9])
}

/// Check digit of machine-readable documents (ICAO 9303): weights 7, 3, 1, letters from 10.
pub(super) fn icao(id: &[u8]) -> bool {
    let Some((check, body)) = id.split_last() else { return false };
    let sum: u32 = body
        .iter()
        .zip([7, 3, 1].into_iter().cycle())
        .map(|(b, weight)| weight * char::from(*b).to_digit(36).unwrap_or(0))
        .sum();
    sum % 10 == d(*check)
}

/// Serials of German documents leave out vowels and letters that look like digits.
fn german_serial(id: &[u8]) -> bool {
    id.iter().all(|b| b.is_ascii_digit() || b"CFGHJKLMNPRTVWXYZ".contains(b)) && mostly_digits(id)
}

/// The old form is T and eight digits; the new one has a check digit.
fn german_identity_card(id: &[u8]) -> bool {
    let old = id[0] == b'T' && all_digits(&id[1..]);
    let first = b"LMNPRTVWXYZCFGHJK".contains(&id[0]);
    first && german_serial(id) && (old || icao(id))
}

fn german_card_ten(id: &[u8]) -> bool {
    german_serial(&id[..9]) && !all_digits(&id[1..]) && icao(id)
}

fn german_passport(id: &[u8]) -> bool {
    b"CFGHJK".contains(&id[0]) && german_serial(id) && icao(id)
}

/// Lebenslange Arztnummer: check digit in the seventh place, then the group of two digits.
fn german_doctor(id: &[u8]) -> bool {
    let sum = weighted(id, &[4, 9, 4, 9, 4, 9]);
    all_digits(id) && (10 - sum % 10) % 10 == d(id[6]) && number(&id[7..]) > 0
}

fn german_postcode(id: &[u8]) -> bool {
    all_digits(id) && (1001..=99998).contains(&number(id)) && !number(id).is_multiple_of(1000)
}

/// Sozialversicherungsnummer: serial, check digit, date of birth (months from 13 when serials ran out).
fn austrian(id: &[u8]) -> bool {
    let sum = weighted(id, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]);
    let (day, month) = (number(&id[4..6]) as u32, number(&id[6..8]) as u32);
    let month = if month > 12 { month - 12 } else { month };
    all_digits(id) && id[0] != b'0' && sum % 11 == d(id[3]) && day_month(day, month.max(1))
}

/// AHV number: EAN-13 with the country's prefix.
fn swiss(id: &[u8]) -> bool {
    all_digits(id) && weighted(id, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10)
}

/// Rijksregisternummer and BIS number (month + 20 or + 40): 97 less the rest, from 2000 on with a 2 in front.
fn belgian(id: &[u8]) -> bool {
    if id.len() != 11 || !all_digits(id) || !yymmdd_moved(id, &[0, 20, 40], &[0]) {
        return false;
    }
    let (body, check) = (number(&id[..9]), number(&id[9..]));
    97 - body % 97 == check || 97 - (2_000_000_000 + body) % 97 == check
}

fn dutch(id: &[u8]) -> bool {
    let sum = weighted(id, &[9, 8, 7, 6, 5, 4, 3, 2]);
    all_digits(id) && !all_same(id) && sum >= d(id[8]) && (sum - d(id[8])).is_multiple_of(11)
}

/// Date of birth, serial, a Luhn and a Verhoeff digit.
fn luxembourgish(id: &[u8]) -> bool {
    let with_verhoeff: Vec<u8> = id[..11].iter().chain(&id[12..]).copied().collect();
    yyyymmdd(id) && luhn(&id[..12]) && verhoeff(&with_verhoeff)
}

/// NIR: sex, year, month, department (Corsica 2A, 2B), town, order, key of 97 less the rest.
fn french(id: &[u8]) -> bool {
    let mut digits = id.to_vec();
    let mut less = 0;
    if digits.len() != 15 {
        return false;
    }
    match &id[5..7] {
        b"2A" => less = 1_000_000,
        b"2B" => less = 2_000_000,
        _ => {}
    }
    if less > 0 {
        digits[6] = b'0';
    }
    if !all_digits(&digits) {
        return false;
    }
    let month = number(&digits[3..5]);
    let sex = matches!(digits[0], b'1'..=b'4' | b'7' | b'8');
    sex && matches!(month, 1..=12 | 20..=42 | 50..=99)
        && 97 - number(&digits[..13]).saturating_sub(less) % 97 == number(&digits[13..])
}

/// Numéro fiscal: ten digits modulo 511 give the last three.
fn french_tax(id: &[u8]) -> bool {
    matches!(id[0], b'0'..=b'3') && !all_same(id) && number(&id[..10]) % 511 == number(&id[10..])
}

/// PPS number: check letter modulo 23 over seven digits and, where there is one, the second letter.
fn irish(id: &[u8]) -> bool {
    let second = id.get(8).map_or(0, |b| if *b == b'W' { 0 } else { u32::from(b - b'A') + 1 });
    let rest = (weighted(&id[..7], &[8, 7, 6, 5, 4, 3, 2]) + 9 * second) % 23;
    let check = b"WABCDEFGHIJKLMNOPQRSTUV";
    id.get(8).is_none_or(|b| matches!(b, b'A'..=b'I' | b'W'))
        && check.get(rest as usize) == id.get(7)
}
