//! Numbers that only their cue makes personal: "passport number 845120937", "account: 0123456789".
//! For documents whose form we do not know, and for mistyped ones. Called by [`find_all`](super::find_all).

use std::ops::Range;

use crate::privacy::PersonalDataKind as Kind;
use crate::privacy::cues::Cue;
use crate::privacy::redact::Finding;
use crate::privacy::scan::Scan;

/// Bytes between the cue and its number.
const REACH: usize = 48;
/// Words that may stand between them.
const JOINTS: &str = " number numbers no nr num numero numer nummer numurs numuru numura id is are was the my our his her your of a code card document \
ist ir lautet est es e jest yra on och and fur for de del la le san номер это it s licence license passport permit account \
identifikacijas registracijas konta personal national insurance security social tax ";

pub(super) fn find(scan: &Scan<'_>, out: &mut Vec<Finding>) {
    let mut free_from = 0;
    for cue in scan.cues.all() {
        let Some((kind, entity)) = meaning(cue.cue).filter(|_| cue.end >= free_from) else {
            continue;
        };
        let number = number_after(scan, cue.end, kind);
        if let Some(range) = number.filter(|range| !scan.beside_currency(range)) {
            free_from = range.end;
            out.push(Finding::new(range, kind, entity));
        }
    }
}

fn meaning(cue: Cue) -> Option<(Kind, &'static str)> {
    Some(match cue {
        Cue::Passport => (Kind::Passport, "PASSPORT_NUMBER"),
        Cue::Licence => (Kind::DrivingLicence, "DRIVING_LICENCE_NUMBER"),
        Cue::IdCard => (Kind::IdentityCard, "IDENTITY_CARD_NUMBER"),
        Cue::NationalId => (Kind::NationalId, "NATIONAL_ID"),
        Cue::Tax => (Kind::TaxId, "TAX_ID"),
        Cue::Health => (Kind::HealthId, "HEALTH_ID"),
        Cue::Bank => (Kind::BankAccount, "BANK_ACCOUNT"),
        _ => return None,
    })
}

/// The first word with enough digits behind `from`, when nothing but joints lies between.
fn number_after(scan: &Scan<'_>, from: usize, kind: Kind) -> Option<Range<usize>> {
    let first = scan.tokens.partition_point(|t| t.end <= from);
    for index in first..scan.tokens.len().min(first + 7) {
        let token = scan.tokens[index];
        let before = &scan.text[from.min(token.start)..token.start];
        if token.start > from + REACH
            || before.contains(['?', ';', '\n']) && !matches!(before.trim(), "" | ":")
        {
            return None;
        }
        if token.digits == 0 && !starts_mixed(scan, index) {
            let tail_of_cue = token.start < from;
            let word = scan.word(index).to_lowercase();
            if !tail_of_cue && !JOINTS.split(' ').any(|joint| joint == word) {
                return None;
            }
            continue;
        }
        return number_at(scan, index, kind);
    }
    None
}

/// A short word that a number with letters goes on from: "LV 1234567", "AB-123456".
fn starts_mixed(scan: &Scan<'_>, index: usize) -> bool {
    let joint = scan.word(index).to_lowercase();
    let piece = |i: usize| matches!(scan.gap(i), "-" | " " | "." | "/" | "\n");
    scan.tokens[index].letters <= 6
        && piece(index)
        && !JOINTS.split(' ').any(|word| word == joint)
        && (scan.tokens.get(index + 1).is_some_and(|t| t.digits > 0)
            || piece(index + 1) && scan.tokens.get(index + 2).is_some_and(|t| t.digits > 0))
        && scan.text[scan.tokens[index].range()].bytes().all(|b| b.is_ascii_uppercase())
}

/// A group of a spaced-out number: digits, or capitals that more digits follow.
fn is_piece(scan: &Scan<'_>, index: usize) -> bool {
    let token = &scan.tokens[index];
    let capital =
        scan.text[token.range()].bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let more = || scan.tokens.get(index + 1).is_some_and(|t| t.is_number());
    let digits_ahead = matches!(scan.gap(index), " " | "-" | "." | "/") && more();
    token.is_number() || capital && token.len() <= 6 && (token.digits > 0 || digits_ahead)
}

fn number_at(scan: &Scan<'_>, index: usize, kind: Kind) -> Option<Range<usize>> {
    let mut last = index;
    let (mut digits, mut letters) = (scan.tokens[index].digits, scan.tokens[index].letters);
    while let Some(next) = scan.tokens.get(last + 1) {
        let joined = match scan.gap(last) {
            "-" | " - " | "/" | "." | "*" | "**" | "***" => next.digits > 0,
            " " | "\n" => is_piece(scan, last + 1) && digits < 16,
            _ => false,
        };
        if !joined || last - index > 20 {
            break;
        }
        digits += next.digits;
        letters += next.letters;
        last += 1;
    }
    let least = match kind {
        Kind::Passport | Kind::DrivingLicence | Kind::IdentityCard => 5,
        _ => 6,
    };
    let mixed = letters > 0 && digits >= 4 && digits + letters >= 6;
    let range = scan.tokens[index].start..scan.tokens[last].end;
    ((digits >= least || mixed) && digits <= 24 && letters <= 10).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::cues::CueFinder;
    use crate::privacy::normalize::View;

    fn found(text: &str) -> Vec<String> {
        let view = View::new(text);
        let scan = Scan::new(&view, &CueFinder::new().unwrap());
        let mut out = Vec::new();
        find(&scan, &mut out);
        out.into_iter().map(|f| text[f.range].to_owned()).collect()
    }

    #[test]
    fn a_cue_makes_the_number_behind_it_personal() {
        assert_eq!(found("my passport number is 845120937"), ["845120937"]);
        assert_eq!(found("driver license number: BX7C4**2KLM9"), ["BX7C4**2KLM9"]);
        assert_eq!(found("account number 1234 5678 90"), ["1234 5678 90"]);
    }

    #[test]
    fn money_and_far_numbers_are_left_alone() {
        assert!(found("my tax is 120000 EUR").is_empty());
        assert!(found("my passport got lost on the way to order 1234567").is_empty());
    }
}
