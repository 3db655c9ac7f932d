//! Identifiers of other countries, from their authorities' public descriptions, and vehicle plates.
//! A table for [`Schemes`](super::scheme::Schemes).

use super::checks::{all_digits, all_same, d, luhn, number, verhoeff, weighted, yymmdd};
use super::scheme::{CUED, FORMAT, LONE, Need, SURE, Scheme, scheme};
use crate::privacy::PersonalDataKind::{
    CompanyId, DrivingLicence, IdentityCard, NationalId, Passport, TaxId, VehiclePlate,
};

pub(super) const TABLE: &[Scheme] = &[
    scheme("IN_AADHAAR", NationalId, "#### #### ####", indian, LONE),
    scheme("IN_PAN", TaxId, "@@@@@####@", indian_tax, LONE),
    scheme("IN_GSTIN", TaxId, "##@@@@@####@*Z*", indian_business, SURE),
    scheme("IN_PASSPORT", Passport, "@#######", any, CUED),
    scheme("IN_VOTER", IdentityCard, "@@@#######", any, LONE),
    scheme(
        "IN_VEHICLE_REGISTRATION",
        VehiclePlate,
        "@@ ## @@ ####|@@ ## @ ####|@@ # @@ ####",
        indian_plate,
        LONE,
    ),
    scheme("KR_RRN", NationalId, "######!#######", korean_resident, SURE),
    scheme("KR_RRN", NationalId, "#############", korean_resident_checked, SURE),
    scheme("KR_FRN", NationalId, "######!#######", korean_foreigner, SURE),
    scheme("KR_FRN", NationalId, "#############", korean_foreigner, LONE),
    scheme("KR_BRN", CompanyId, "### ## #####", korean_business, FORMAT),
    scheme(
        "KR_DRIVER_LICENSE",
        DrivingLicence,
        "## ## ###### ##",
        korean_licence,
        (Need::Cue, Need::Nothing),
    ),
    scheme("KR_PASSPORT", Passport, "@########|@###@####", korean_passport, CUED),
    scheme("SG_NRIC_FIN", NationalId, "@#######@", singaporean, SURE),
    scheme(
        "SG_NRIC_FIN",
        NationalId,
        "S#######@|T#######@|F#######@|G#######@|M#######@",
        any,
        LONE,
    ),
    scheme("SG_UEN", CompanyId, "########@|#########@|@##@@####@", singaporean_entity, LONE),
    scheme("TH_TNIN", NationalId, "# #### ##### ## #", thai, LONE),
    scheme("TR_NATIONAL_ID", NationalId, "###########", turkish, SURE),
    scheme(
        "TR_LICENSE_PLATE",
        VehiclePlate,
        "## @ ####|## @ ###|## @ #####|## @@ ####|## @@ ###|## @@ ##|## @@@ ##|## @@@ ###|## @@@ ####",
        turkish_plate,
        LONE,
    ),
    scheme("ZA_ID_NUMBER", NationalId, "###### #### ###", south_african, SURE),
    scheme("NG_NIN", NationalId, "###########", verhoeff, CUED),
    scheme("NG_VEHICLE_REGISTRATION", VehiclePlate, "@@@ ###@@", any, LONE),
    scheme("PH_TIN", TaxId, "### ### ###|### ### ### ###|### ### ### #####", philippine_tax, CUED),
    scheme("BR_CPF", TaxId, "###.###.###-##|###########", brazilian, SURE),
    scheme("UK_VEHICLE_REGISTRATION", VehiclePlate, "@@## @@@", british_plate, LONE),
    scheme("DE_KFZ", VehiclePlate, GERMAN_PLATE, german_plate, (Need::Cue, Need::LoneOrCue)),
    scheme(
        "EU_VEHICLE_PLATE",
        VehiclePlate,
        "@@ ####|@@ ###|@@@ ###|@@ ### @@|### @@@|# @@@ ###|#### @@@|@@@ ##|@@-####",
        any,
        CUED,
    ),
];

/// Town, one or two letters, one to four digits, E or H behind for electric and old cars.
const GERMAN_PLATE: &str = "@ @ #|@ @ ##|@ @ ###|@ @ ####|@ @@ #|@ @@ ##|@ @@ ###|@ @@ ####|@@ @ #|@@ @ ##|@@ @ ###|@@ @ ####|\
@@ @@ #|@@ @@ ##|@@ @@ ###|@@ @@ ####|@@@ @ #|@@@ @ ##|@@@ @ ###|@@@ @ ####|@@@ @@ #|@@@ @@ ##|@@@ @@ ###|\
@ @@ ##H|@ @@ ###H|@ @@ ##E|@ @@ ###E|@@ @@ ##H|@@ @@ ##E|@@ @ ##H|@@ @ ##E|@@ @ ###E|@@ @ ###H|@@ @@ ###E|@@ @@ ###H";

fn any(_: &[u8]) -> bool {
    true
}

/// Aadhaar: Verhoeff; never begins with 0 or 1, never reads the same backwards.
fn indian(id: &[u8]) -> bool {
    matches!(id[0], b'2'..=b'9') && !id.iter().eq(id.iter().rev()) && verhoeff(id)
}

/// The fourth letter tells the sort of holder.
fn indian_tax(id: &[u8]) -> bool {
    let holder = b"ABCFGHLJPTKN".contains(&id[3]);
    (holder || id[3] == b'S') && &id[5..9] != b"0000"
}

fn indian_business(id: &[u8]) -> bool {
    matches!(number(&id[..2]), 1..=38 | 96 | 97 | 99) && id[12] != b'0'
}

fn indian_plate(id: &[u8]) -> bool {
    const STATES: &str = "AN AP AR AS BR CG CH DD DL DN GA GJ HP HR JH JK KA KL LA LD MH ML MN MP MZ NL OD OR PB PY RJ SK TN TR TS UK UP WB";
    std::str::from_utf8(&id[..2]).is_ok_and(|state| STATES.split(' ').any(|s| s == state))
}

/// Date and digit of sex and century. Since October 2020 the rest is random, so the check digit
/// is not asked for.
fn korean_resident(id: &[u8]) -> bool {
    all_digits(id) && yymmdd(id) && matches!(id[6], b'1'..=b'4')
}

fn korean_resident_checked(id: &[u8]) -> bool {
    let sum = weighted(id, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]);
    korean_resident(id) && (11 - sum % 11) % 10 == d(id[12])
}

fn korean_foreigner(id: &[u8]) -> bool {
    all_digits(id) && yymmdd(id) && matches!(id[6], b'5'..=b'8')
}

fn korean_business(id: &[u8]) -> bool {
    let sum = weighted(id, &[1, 3, 7, 1, 3, 7, 1, 3, 5]) + d(id[8]) * 5 / 10;
    all_digits(id) && id[0] != b'0' && (10 - sum % 10) % 10 == d(id[9])
}

/// Region of issue, year, serial, check digits.
fn korean_licence(id: &[u8]) -> bool {
    all_digits(id) && (11..=28).contains(&number(&id[..2]))
}

fn korean_passport(id: &[u8]) -> bool {
    b"MSRDG".contains(&id[0])
}

/// NRIC and FIN: weighted sum, moved for later series, chooses the letter.
fn singaporean(id: &[u8]) -> bool {
    let sum = weighted(&id[1..], &[2, 7, 6, 5, 4, 3, 2]);
    let (letters, moved): (&[u8], u32) = match id[0] {
        b'S' => (b"JZIHGFEDCBA", 0),
        b'T' => (b"JZIHGFEDCBA", 4),
        b'F' => (b"XWUTRQPNMLK", 0),
        b'G' => (b"XWUTRQPNMLK", 4),
        b'M' => (b"XWUTRQPNJLK", 3),
        _ => return false,
    };
    let place = (sum + moved) % 11;
    let place = if id[0] == b'M' { 10 - place } else { place };
    letters.get(place as usize) == Some(&id[8])
}

/// Businesses (8 digits), companies (year of issue and 5 digits), others (year, sort, 4 digits).
fn singaporean_entity(id: &[u8]) -> bool {
    match id.len() {
        9 => {
            let place = weighted(id, &[10, 4, 9, 3, 8, 2, 7, 1]) % 11;
            b"XMKECAWLJDB".get(place as usize) == Some(&id[8])
        }
        10 if id[0].is_ascii_digit() => {
            let place = weighted(id, &[10, 8, 6, 4, 9, 7, 5, 3, 1]) % 11;
            (1900..=2100).contains(&number(&id[..4]))
                && b"ZKCMDNERGWH".get(place as usize) == Some(&id[9])
        }
        _ => {
            const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWX0123456789";
            const WEIGHTS: [usize; 9] = [4, 3, 5, 3, 10, 2, 2, 5, 7];
            let value = |b: &u8| LETTERS.iter().position(|l| l == b).unwrap_or(0);
            let sum: usize = id[..9].iter().zip(WEIGHTS).map(|(b, weight)| value(b) * weight).sum();
            let check = (sum + 11 * 5 - 5) % 11;
            matches!(id[0], b'R' | b'S' | b'T') && LETTERS.get(check) == Some(&id[9])
        }
    }
}

/// Sort of person 1 to 8, province, check digit.
fn thai(id: &[u8]) -> bool {
    let sum = weighted(id, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    let province = number(&id[1..3]);
    let known =
        matches!(province, 10..=27 | 30..=49 | 50..=58 | 60..=67 | 70..=77 | 80..=86 | 90..=96);
    all_digits(id) && matches!(id[0], b'1'..=b'8') && known && (11 - sum % 11) % 10 == d(id[12])
}

/// T.C. kimlik numarası: two check digits.
fn turkish(id: &[u8]) -> bool {
    let odd: u32 = [0, 2, 4, 6, 8].iter().map(|i| d(id[*i])).sum();
    let even: u32 = [1, 3, 5, 7].iter().map(|i| d(id[*i])).sum();
    let all: u32 = id[..10].iter().map(|b| d(*b)).sum();
    all_digits(id)
        && id[0] != b'0'
        && (odd * 7 + 90 - even) % 10 == d(id[9])
        && all % 10 == d(id[10])
}

fn turkish_plate(id: &[u8]) -> bool {
    (1..=81).contains(&number(&id[..2])) && !id.iter().any(|b| b"QWX".contains(b))
}

/// Date, serial, citizenship (0 citizen, 1 resident, 2 refugee), Luhn.
fn south_african(id: &[u8]) -> bool {
    all_digits(id) && yymmdd(id) && matches!(id[10], b'0'..=b'2') && luhn(id)
}

fn philippine_tax(id: &[u8]) -> bool {
    all_digits(id) && matches!(id[0], b'0'..=b'5') && number(&id[..9]) > 0
}

fn brazilian(id: &[u8]) -> bool {
    let first = weighted(id, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10 % 11 % 10;
    let second = weighted(id, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10 % 11 % 10;
    all_digits(id) && !all_same(id) && first == d(id[9]) && second == d(id[10])
}

/// Since 2001: area (no I, Q, Z first), half year 02 to 29 or 51 to 79, three letters without I and Q.
fn british_plate(id: &[u8]) -> bool {
    let age = number(&id[2..4]);
    !b"IQZ".contains(&id[0])
        && !b"IQZ".contains(&id[1])
        && (matches!(age, 2..=29) || matches!(age, 51..=79))
        && id[4..].iter().all(|b| !b"IQ".contains(b))
}

fn german_plate(id: &[u8]) -> bool {
    const WORDS: [&[u8]; 10] =
        [b"UPTO", b"ITIS", b"ISA", b"INA", b"OFA", b"ATA", b"ISIT", b"ORA", b"ONA", b"NO"];
    let digits = id.iter().position(u8::is_ascii_digit).unwrap_or(0);
    let (letters, number) = id.split_at(digits);
    id.len() > 3 && number.first().is_some_and(|b| *b != b'0') && !WORDS.contains(&letters)
}
