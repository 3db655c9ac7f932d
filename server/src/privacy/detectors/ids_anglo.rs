//! Identifiers of the United Kingdom, the United States, Canada, Australia and New Zealand, from their
//! authorities' public descriptions. A table for [`Schemes`](super::scheme::Schemes).

use super::checks::{all_digits, all_same, d, day_month, luhn, number, weighted};
use super::scheme::{CUED, FORMAT, LONE, Need, SURE, Scheme, scheme};
use crate::privacy::PersonalDataKind::{
    BankAccount, CompanyId, DrivingLicence, HealthId, NationalId, Passport, Postcode, TaxId,
};

pub(super) const TABLE: &[Scheme] = &[
    scheme("UK_NINO", NationalId, "@@ ## ## ## @|@@ ###### @|@@ ######@|@@######-@", british, SURE),
    scheme("UK_NHS", HealthId, "### ### ####", british_health, LONE),
    scheme(
        "UK_DRIVING_LICENCE",
        DrivingLicence,
        "@****######*****|@@***######*****",
        british_licence,
        SURE,
    ),
    scheme("UK_PASSPORT", Passport, "#########|@@#######", any, CUED),
    scheme("UK_UTR", TaxId, "##### #####|##########K", any, CUED),
    scheme("UK_BANK_ACCOUNT", BankAccount, "##-##-## ########|## ## ## ########", any, CUED),
    scheme("UK_SORT_CODE", BankAccount, "##-##-##", any, CUED),
    scheme(
        "UK_POSTCODE",
        Postcode,
        "@# #@@|@## #@@|@@# #@@|@@## #@@|@#@ #@@|@@#@ #@@",
        british_postcode,
        LONE,
    ),
    scheme("UK_POSTCODE", Postcode, "GIR 0AA", any, LONE),
    scheme("US_SSN", NationalId, "### ## ####", american, (Need::Cue, Need::Nothing)),
    scheme("US_SSN", NationalId, "###-######|#####-####", american, CUED),
    scheme("US_ITIN", TaxId, "9## ## ####", american_tax, (Need::Cue, Need::Nothing)),
    scheme("US_ITIN", TaxId, "9##-######|9####-####", american_tax, LONE),
    scheme("US_EIN", TaxId, "##-#######", any, CUED),
    scheme("US_MBI", HealthId, "#@*# @*# @@##", american_medicare, SURE),
    scheme("US_NPI", HealthId, "##########|#### ### ###|### ### ####", american_provider, LONE),
    scheme("MEDICAL_LICENSE", HealthId, "@@#######|@9#######", american_dea, LONE),
    scheme("ABA_ROUTING_NUMBER", BankAccount, "#########|#### #### #", american_routing, LONE),
    scheme(
        "US_BANK_NUMBER",
        BankAccount,
        "########|#########|##########|###########|############|##############",
        any,
        CUED,
    ),
    scheme("US_PASSPORT", Passport, "#########|@########", any, CUED),
    scheme(
        "US_DRIVER_LICENSE",
        DrivingLicence,
        "@#######|@########|@############|@##############|@@######@",
        any,
        CUED,
    ),
    scheme("CA_SIN", NationalId, "### ### ###", canadian, LONE),
    scheme("CA_POSTCODE", Postcode, "@#@ #@#", canadian_postcode, LONE),
    scheme("AU_TFN", TaxId, "### ### ###", australian_tax, LONE),
    scheme("AU_ACN", CompanyId, "### ### ###", australian_company, LONE),
    scheme("AU_ABN", CompanyId, "## ### ### ###", australian_business, FORMAT),
    scheme("AU_MEDICARE", HealthId, "#### ##### #", australian_health, LONE),
    scheme("NZ_IRD", TaxId, "## ### ###|### ### ###", any, CUED),
];

fn any(_: &[u8]) -> bool {
    true
}

/// National Insurance number: prefixes that are never given out.
fn british(id: &[u8]) -> bool {
    let never = [b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"];
    !b"DFIQUV".contains(&id[0])
        && !b"DFIOQUV".contains(&id[1])
        && !never.iter().any(|n| id.starts_with(*n))
        && matches!(id[8], b'A'..=b'D')
}

fn british_health(id: &[u8]) -> bool {
    let check = (11 - weighted(id, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    all_digits(id) && !all_same(id) && check == d(id[9])
}

/// Surname of five (9 fills), decade, month (women + 50), day, year, initials, three computer characters.
fn british_licence(id: &[u8]) -> bool {
    let surname = &id[..5];
    let filled = surname.iter().position(|b| *b == b'9').unwrap_or(5);
    let month = number(&id[6..8]) as u32;
    let day = number(&id[8..10]) as u32;
    surname[..filled].iter().all(u8::is_ascii_alphabetic)
        && surname[filled..].iter().all(|b| *b == b'9')
        && day_month(day, if month > 50 { month - 50 } else { month })
        && (id[11].is_ascii_alphabetic())
        && (id[12].is_ascii_alphabetic() || id[12] == b'9')
        && id[14..].iter().all(u8::is_ascii_alphabetic)
}

/// Postcode areas, and letters that the inward part never has.
fn british_postcode(id: &[u8]) -> bool {
    const AREAS: &str = " AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE ";
    let letters = id.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let Ok(area) = std::str::from_utf8(&id[..letters]) else { return false };
    id[id.len() - 2..].iter().all(|b| !b"CIKMOV".contains(b))
        && AREAS.contains(&format!(" {area} "))
}

/// Social Security number: areas, groups and serials that were never issued.
fn american(id: &[u8]) -> bool {
    let area = number(&id[..3]);
    all_digits(id)
        && area != 0
        && area != 666
        && area < 900
        && &id[3..5] != b"00"
        && &id[5..] != b"0000"
        && !all_same(id)
}

fn american_tax(id: &[u8]) -> bool {
    matches!(number(&id[3..5]), 50..=65 | 70..=88 | 90..=92 | 94..=99)
}

/// Medicare Beneficiary Identifier: letters without S, L, O, I, B, Z.
fn american_medicare(id: &[u8]) -> bool {
    let letter = |b: &u8| b.is_ascii_alphabetic() && !b"SLOIBZ".contains(b);
    id[0] != b'0'
        && [1, 4, 7, 8].iter().all(|i| letter(&id[*i]))
        && [2, 5].iter().all(|i| letter(&id[*i]) || id[*i].is_ascii_digit())
}

/// National Provider Identifier: Luhn with 80840 in front.
fn american_provider(id: &[u8]) -> bool {
    let full: Vec<u8> = b"80840".iter().chain(id).copied().collect();
    matches!(id[0], b'1' | b'2') && !all_same(&id[1..9]) && luhn(&full)
}

fn american_dea(id: &[u8]) -> bool {
    let sum = weighted(&id[2..], &[1, 2, 1, 2, 1, 2]);
    b"ABCDEFGHJKLMPRSTUX".contains(&id[0]) && sum % 10 == d(id[8])
}

fn american_routing(id: &[u8]) -> bool {
    let sum = weighted(id, &[3, 7, 1, 3, 7, 1, 3, 7, 1]);
    all_digits(id)
        && matches!(number(&id[..2]), 1..=12 | 21..=32 | 61..=72 | 80)
        && sum.is_multiple_of(10)
}

fn canadian(id: &[u8]) -> bool {
    !matches!(id[0], b'0' | b'8') && !all_same(id) && luhn(id)
}

fn canadian_postcode(id: &[u8]) -> bool {
    b"ABCEGHJKLMNPRSTVXY".contains(&id[0]) && [2, 4].iter().all(|i| !b"DFIOQU".contains(&id[*i]))
}

fn australian_tax(id: &[u8]) -> bool {
    all_digits(id)
        && !all_same(id)
        && weighted(id, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11)
}

fn australian_company(id: &[u8]) -> bool {
    let sum = weighted(id, &[8, 7, 6, 5, 4, 3, 2, 1]);
    all_digits(id) && !all_same(id) && (10 - sum % 10) % 10 == d(id[8])
}

fn australian_business(id: &[u8]) -> bool {
    let sum = weighted(id, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
    all_digits(id) && id[0] != b'0' && (sum - 10).is_multiple_of(89)
}

fn australian_health(id: &[u8]) -> bool {
    matches!(id[0], b'2'..=b'6') && weighted(id, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10 == d(id[8])
}
