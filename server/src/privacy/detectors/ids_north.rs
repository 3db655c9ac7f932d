//! Identifiers of the Baltic and Nordic countries, from their authorities' public descriptions.
//! A table for [`Schemes`](super::scheme::Schemes).

use super::checks::{
    all_digits, all_same, d, day_month, ddmmyy, luhn, number, weighted, yymmdd, yyyymmdd,
};
use super::scheme::{CUED, FORMAT, LONE, SURE, Scheme, scheme};
use crate::privacy::PersonalDataKind::{CompanyId, HealthId, IdentityCard, NationalId, Passport};

pub(super) const TABLE: &[Scheme] = &[
    scheme("LV_PERSONAS_KODS", NationalId, "######-#####", latvian, SURE),
    scheme("LV_PERSONAS_KODS", NationalId, "###### #####|## ## ## #####", latvian, FORMAT),
    scheme("LV_PERSONAS_KODS", NationalId, "3#####-#####|3##### #####", latvian_random, FORMAT),
    scheme("LV_PERSONAS_KODS", NationalId, "######!#####", mistyped_latvian, CUED),
    scheme("LV_REGISTRATION_NUMBER", CompanyId, "4##########|5##########", latvian_company, LONE),
    scheme("LV_PASSPORT", Passport, "LV#######|PA#######|LA#######", any, CUED),
    scheme("EE_LT_PERSONAL_CODE", NationalId, "###########", baltic, SURE),
    scheme("EE_REGISTRIKOOD", CompanyId, "########", any, CUED),
    scheme("FI_PERSONAL_IDENTITY_CODE", NationalId, "######!###*", finnish, SURE),
    scheme("FI_PERSONAL_IDENTITY_CODE", NationalId, "######@###*", finnish, SURE),
    scheme("FI_BUSINESS_ID", CompanyId, "#######!#", finnish_business, LONE),
    scheme("SE_PERSONNUMMER", NationalId, "######!####|########!####", swedish, SURE),
    scheme("SE_PERSONNUMMER", NationalId, "##########|############", swedish, SURE),
    scheme("SE_ORGANISATIONSNUMMER", CompanyId, "######-####", swedish_company, LONE),
    scheme("NO_FODSELSNUMMER", NationalId, "###### #####", norwegian, SURE),
    scheme("NO_ORGANISASJONSNUMMER", CompanyId, "### ### ###", norwegian_company, LONE),
    scheme("IS_KENNITALA", NationalId, "######-####", icelandic, SURE),
    scheme("DK_CPR", NationalId, "######!####", danish, FORMAT),
    scheme("DK_CPR", NationalId, "###### ####", danish, LONE),
    scheme("DK_CVR", CompanyId, "########|## ## ## ##", danish_company, CUED),
    scheme("EU_IDENTITY_CARD", IdentityCard, "@@#######", any, CUED),
    scheme("EU_HEALTH_CARD", HealthId, "80###### ######## ####", any, CUED),
];

fn any(_: &[u8]) -> bool {
    true
}

/// Personas kods as given out until 2017: day, month, year, century 0 to 2, number, check digit.
fn latvian(id: &[u8]) -> bool {
    if id.len() != 11 || !all_digits(id) {
        return false;
    }
    let sum = weighted(id, &[1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    ddmmyy(id) && d(id[6]) <= 2 && (1101 - sum) % 11 % 10 == d(id[10])
}

/// Since 2017: 32 to 39 in front, nothing of the birth, no public check.
fn latvian_random(id: &[u8]) -> bool {
    all_digits(id) && matches!(id[1], b'2'..=b'9') && !all_same(&id[2..])
}

fn mistyped_latvian(id: &[u8]) -> bool {
    all_digits(id) && (ddmmyy(id) || id[0] == b'3')
}

/// Register number of a Latvian company; its first digit is 4, 5 or 9.
fn latvian_company(id: &[u8]) -> bool {
    all_digits(id) && weighted(id, &[9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1]) % 11 == 3
}

/// Lithuania and Estonia share one form: sex and century, date, serial, check digit in two rounds.
fn baltic(id: &[u8]) -> bool {
    if id.len() != 11 || !(1..=8).contains(&d(id[0])) || !yymmdd(&id[1..]) {
        return false;
    }
    let first = weighted(id, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
    let second = weighted(id, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11;
    let check = if first < 10 { first } else { second % 10 };
    check == d(id[10])
}

/// Henkilötunnus: date, century sign, number of three digits, check character over both modulo 31.
fn finnish(id: &[u8]) -> bool {
    let digits: Vec<u8> = id.iter().copied().take(6).collect();
    let sign = id.get(6).copied().filter(u8::is_ascii_alphabetic);
    let rest = if sign.is_some() { &id[7..] } else { id.get(6..).unwrap_or_default() };
    if rest.len() != 4
        || !ddmmyy(&digits)
        || !sign.is_none_or(|s| matches!(s, b'A'..=b'F' | b'U'..=b'Y'))
    {
        return false;
    }
    let individual = number(&rest[..3]);
    let check = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
    let value = number(&digits) * 1000 + individual;
    individual >= 2 && check.get((value % 31) as usize) == Some(&rest[3])
}

fn finnish_business(id: &[u8]) -> bool {
    let rest = weighted(id, &[7, 9, 10, 5, 8, 4, 2]) % 11;
    all_digits(id) && rest != 1 && (11 - rest) % 11 == d(id[7])
}

/// Personnummer and samordningsnummer (day + 60), with or without the century.
fn swedish(id: &[u8]) -> bool {
    let short = &id[id.len().saturating_sub(10)..];
    if id.len() == 12 && !matches!(&id[..2], b"18" | b"19" | b"20") || short.len() != 10 {
        return false;
    }
    let day = number(&short[4..6]) as u32;
    let month = number(&short[2..4]) as u32;
    day_month(if day > 60 { day - 60 } else { day }, month) && luhn(short)
}

/// The third digit is at least 2, which tells a company from a person.
fn swedish_company(id: &[u8]) -> bool {
    id.len() == 10 && d(id[2]) >= 2 && id[0] != b'0' && luhn(id)
}

/// Fødselsnummer and D-nummer (day + 40): two check digits.
fn norwegian(id: &[u8]) -> bool {
    let (day, month) = (number(&id[..2]) as u32, number(&id[2..4]) as u32);
    let first = weighted(id, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]);
    let second = weighted(id, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]);
    all_digits(id)
        && (day_month(day, month) || day_month(day.wrapping_sub(40), month))
        && first.is_multiple_of(11)
        && second.is_multiple_of(11)
}

fn norwegian_company(id: &[u8]) -> bool {
    matches!(id[0], b'8' | b'9') && weighted(id, &[3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

/// CPR; since 2007 its check digit need not fit, so the date alone counts.
fn danish(id: &[u8]) -> bool {
    all_digits(id) && ddmmyy(id)
}

fn danish_company(id: &[u8]) -> bool {
    all_digits(id) && weighted(id, &[2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

/// Kennitala: date (companies: day + 40), two random digits, check digit, century 8, 9 or 0.
fn icelandic(id: &[u8]) -> bool {
    let (day, month) = (number(&id[..2]) as u32, number(&id[2..4]) as u32);
    all_digits(id)
        && (day_month(day, month) || day_month(day.wrapping_sub(40), month))
        && matches!(id[9], b'8' | b'9' | b'0')
        && weighted(id, &[3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
        && !yyyymmdd(id)
}
