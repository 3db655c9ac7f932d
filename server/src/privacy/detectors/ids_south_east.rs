//! Identifiers of southern, central and eastern Europe, from their authorities' public descriptions.
//! A table for [`Schemes`](super::scheme::Schemes).

use super::checks::{
    all_digits, all_same, d, day_month, ddmmyy, luhn, mod11_10, number, weighted, yymmdd_moved,
};
use super::scheme::{CUED, FORMAT, LONE, Need, SURE, Scheme, scheme};
use crate::privacy::PersonalDataKind::{
    CompanyId, DrivingLicence, HealthId, IdentityCard, NationalId, Passport, TaxId,
};

pub(super) const TABLE: &[Scheme] = &[
    scheme("ES_NIF", NationalId, "########-@|########!@|#######-@", spanish, SURE),
    scheme("ES_NIF", NationalId, "##.###.###-@", spanish, SURE),
    scheme("ES_NIE", NationalId, "X-#######-@|Y-#######-@|Z-#######-@", spanish, SURE),
    scheme("ES_PASSPORT", Passport, "@@@######", any, CUED),
    scheme("ES_CIF", CompanyId, "@-########|@-#######-@", spanish_company, LONE),
    scheme("ES_SOCIAL_SECURITY", NationalId, "## ######## ##|##/########/##", spanish_social, LONE),
    scheme("IT_FISCAL_CODE", TaxId, "@@@ @@@ ##@## @###@|@@@@@@##@##@###@", italian, SURE),
    scheme("IT_VAT_CODE", TaxId, "###########", italian_vat, LONE),
    scheme("IT_DRIVER_LICENSE", DrivingLicence, "@@#######@|U1*******@", any, LONE),
    scheme("IT_IDENTITY_CARD", IdentityCard, "@@#####@@|@@#######|#######@@", any, CUED),
    scheme("IT_PASSPORT", Passport, "@@#######", any, CUED),
    scheme("PT_NIF", TaxId, "### ### ###", portuguese, LONE),
    scheme("PT_CARTAO_CIDADAO", IdentityCard, "######## # **#|#########**#", portuguese_card, SURE),
    scheme("GR_AMKA", NationalId, "###########", greek, SURE),
    scheme("GR_AFM", TaxId, "#########", greek_tax, LONE),
    scheme("GR_IDENTITY_CARD", IdentityCard, "@@-######|@ ######|@@ ######", any, CUED),
    scheme("CY_TIC", TaxId, "########@", cypriot, LONE),
    scheme("CY_IDENTITY_CARD", IdentityCard, "##########|######|#######", any, CUED),
    scheme("MT_IDENTITY_CARD", NationalId, "#######@", maltese, LONE),
    scheme("HR_OIB", NationalId, "###########", croatian, LONE),
    scheme("EX_YU_JMBG", NationalId, "#############", yugoslav, SURE),
    scheme("SI_TAX_NUMBER", TaxId, "########", slovenian, CUED),
    scheme("BG_EGN", NationalId, "##########", bulgarian, SURE),
    scheme("RO_CNP", NationalId, "#############", romanian, SURE),
    scheme("HU_PERSONAL_ID", NationalId, "#-######-####", hungarian, SURE),
    scheme("HU_TAJ", HealthId, "### ### ###", hungarian_health, LONE),
    scheme("HU_TAX_ID", TaxId, "8#########", hungarian_tax, LONE),
    scheme("HU_TAX_NUMBER", CompanyId, "########-#-##", any, (Need::Cue, Need::Nothing)),
    scheme("CZ_RODNE_CISLO", NationalId, "######/####", czech, SURE),
    scheme("CZ_RODNE_CISLO", NationalId, "##########", czech, SURE),
    scheme("CZ_RODNE_CISLO", NationalId, "######/###", czech, LONE),
    scheme("CZ_ICO", CompanyId, "########", czech_company, CUED),
    scheme("PL_PESEL", NationalId, "###########", polish, SURE),
    scheme("PL_NIP", TaxId, "###-###-##-##|###-##-##-###", polish_tax, FORMAT),
    scheme("PL_NIP", TaxId, "##########", polish_tax, LONE),
    scheme("PL_REGON", CompanyId, "#########", polish_company, CUED),
    scheme("PL_IDENTITY_CARD", IdentityCard, "@@@ ######", polish_card, LONE),
    scheme("PL_PASSPORT", Passport, "@@ #######", any, CUED),
];

fn any(_: &[u8]) -> bool {
    true
}

const SPANISH_LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

/// DNI and NIE: the number modulo 23 chooses the letter; X, Y, Z stand for 0, 1, 2.
fn spanish(id: &[u8]) -> bool {
    let Some((letter, body)) = id.split_last() else { return false };
    let mut digits = body.to_vec();
    if let Some(first) = digits.first_mut().filter(|b| matches!(b, b'X' | b'Y' | b'Z')) {
        *first = *first - b'X' + b'0';
    }
    let place = (number(&digits) % 23) as usize;
    all_digits(&digits) && SPANISH_LETTERS.get(place) == Some(letter)
}

fn spanish_company(id: &[u8]) -> bool {
    let even: u32 = [2, 4, 6].iter().map(|i| d(id[*i])).sum();
    let odd: u32 = [1, 3, 5, 7].iter().map(|i| d(id[*i]) * 2).map(|v| v / 10 + v % 10).sum();
    let check = (10 - (even + odd) % 10) % 10;
    let letter = b"JABCDEFGHI".get(check as usize);
    b"ABCDEFGHJNPQRSUVW".contains(&id[0]) && (d(id[8]) == check || letter == Some(&id[8]))
}

fn spanish_social(id: &[u8]) -> bool {
    all_digits(id) && number(&id[..10]) % 97 == number(&id[10..])
}

/// Codice fiscale. The form is so special that a mistyped check letter is still one; names, letters of
/// the month and (with letters in place of digits) twins are told by the shape alone.
fn italian(id: &[u8]) -> bool {
    let day = number(&id[9..11]) as u32;
    let month = b"ABCDEHLMPRST".iter().position(|m| *m == id[8]);
    month.is_some() && (day <= 71)
}

fn italian_vat(id: &[u8]) -> bool {
    !all_same(id) && number(&id[..7]) > 0 && luhn(id)
}

fn portuguese(id: &[u8]) -> bool {
    let rest = weighted(id, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    all_digits(id)
        && matches!(id[0], b'1'..=b'3' | b'5' | b'6' | b'8' | b'9')
        && (if rest < 2 { 0 } else { 11 - rest }) == d(id[8])
}

/// Cartão de Cidadão: Luhn over digits and letters (A = 10).
fn portuguese_card(id: &[u8]) -> bool {
    let sum: u32 = id
        .iter()
        .enumerate()
        .map(|(i, b)| {
            let value = char::from(*b).to_digit(36).unwrap_or(0) * if i % 2 == 0 { 2 } else { 1 };
            if i % 2 == 0 && value >= 10 { value - 9 } else { value }
        })
        .sum();
    id[9..11].iter().any(u8::is_ascii_alphabetic) && sum.is_multiple_of(10)
}

fn greek(id: &[u8]) -> bool {
    ddmmyy(id) && luhn(id)
}

fn greek_tax(id: &[u8]) -> bool {
    let sum = weighted(id, &[256, 128, 64, 32, 16, 8, 4, 2]);
    all_digits(id) && !all_same(id) && sum % 11 % 10 == d(id[8])
}

fn cypriot(id: &[u8]) -> bool {
    const ODD: [u32; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    let sum: u32 = id[..8]
        .iter()
        .enumerate()
        .map(|(i, b)| {
            let digit = d(*b);
            if i % 2 == 0 { ODD.get(digit as usize).copied().unwrap_or(0) } else { digit }
        })
        .sum();
    matches!(id[0], b'0' | b'1' | b'3'..=b'5' | b'9') && sum % 26 == u32::from(id[8] - b'A')
}

/// OIB: ISO 7064 MOD 11,10.
fn croatian(id: &[u8]) -> bool {
    number(&id[..8]) > 0 && mod11_10(id)
}

fn maltese(id: &[u8]) -> bool {
    b"MGAPLHBZ".contains(&id[7])
}

/// JMBG of the successor states of Yugoslavia, EMŠO in Slovenia.
fn yugoslav(id: &[u8]) -> bool {
    let sum = weighted(id, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
    let rest = sum % 11;
    let (day, month) = (number(&id[..2]) as u32, number(&id[2..4]) as u32);
    all_digits(id)
        && day_month(day, month)
        && matches!(id[4], b'0' | b'8' | b'9')
        && rest != 1
        && (11 - rest) % 11 == d(id[12])
}

fn slovenian(id: &[u8]) -> bool {
    let check = 11 - weighted(id, &[8, 7, 6, 5, 4, 3, 2]) % 11;
    id[0] != b'0' && check != 11 && check % 10 == d(id[7])
}

fn bulgarian(id: &[u8]) -> bool {
    let sum = weighted(id, &[2, 4, 8, 5, 10, 9, 7, 3, 6]);
    all_digits(id) && yymmdd_moved(id, &[0, 20, 40], &[0]) && sum % 11 % 10 == d(id[9])
}

fn romanian(id: &[u8]) -> bool {
    let rest = weighted(id, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
    let county = number(&id[7..9]);
    all_digits(id)
        && id[0] != b'0'
        && yymmdd_moved(&id[1..], &[0], &[0])
        && matches!(county, 1..=52 | 70)
        && (if rest == 10 { 1 } else { rest }) == d(id[12])
}

/// Személyi szám: until 1996 weights 1 to 10, after it 10 to 1.
fn hungarian(id: &[u8]) -> bool {
    let old = weighted(id, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) % 11;
    let new = weighted(id, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11;
    let check = d(id[10]);
    all_digits(id)
        && matches!(id[0], b'1'..=b'8')
        && yymmdd_moved(&id[1..], &[0], &[0])
        && (old == check || new == check)
}

fn hungarian_health(id: &[u8]) -> bool {
    all_digits(id) && !all_same(id) && weighted(id, &[3, 7, 3, 7, 3, 7, 3, 7]) % 10 == d(id[8])
}

fn hungarian_tax(id: &[u8]) -> bool {
    all_digits(id) && weighted(id, &[1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11 == d(id[9])
}

/// Rodné číslo of Czechia and Slovakia; women month + 50, full days + 20; before 1954 without check.
fn czech(id: &[u8]) -> bool {
    let date = all_digits(id) && yymmdd_moved(id, &[0, 20, 50, 70], &[0]);
    match id.len() {
        9 => date && number(&id[..2]) < 54,
        _ => {
            date && (number(id).is_multiple_of(11) || number(&id[..9]) % 11 == 10 && id[9] == b'0')
        }
    }
}

fn czech_company(id: &[u8]) -> bool {
    let rest = weighted(id, &[8, 7, 6, 5, 4, 3, 2]) % 11;
    all_digits(id) && (11 - rest) % 10 == d(id[7])
}

/// PESEL: the month tells the century.
fn polish(id: &[u8]) -> bool {
    let sum = weighted(id, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]);
    all_digits(id)
        && yymmdd_moved(id, &[0, 20, 40, 60, 80], &[0])
        && (10 - sum % 10) % 10 == d(id[10])
}

fn polish_tax(id: &[u8]) -> bool {
    let rest = weighted(id, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11;
    all_digits(id) && id[0] != b'0' && !all_same(id) && rest == d(id[9])
}

fn polish_company(id: &[u8]) -> bool {
    all_digits(id) && weighted(id, &[8, 9, 2, 3, 4, 5, 6, 7]) % 11 % 10 == d(id[8])
}

/// Dowód osobisty: weights 7, 3, 1 over letters from 10, check digit in the fourth place.
fn polish_card(id: &[u8]) -> bool {
    let value = |i: usize| id.get(i).and_then(|b| char::from(*b).to_digit(36)).unwrap_or(0);
    let places = [(0, 7), (1, 3), (2, 1), (4, 7), (5, 3), (6, 1), (7, 7), (8, 3)];
    places.iter().map(|(i, weight)| value(*i) * weight).sum::<u32>() % 10 == value(3)
}
