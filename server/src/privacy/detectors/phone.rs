//! Phone numbers: international ones by country code and length, national ones by the numbering plan
//! of the countries that the message's language suggests, by a typical spelling, or by a cue such as
//! "call me". Called by [`find_all`](super::find_all).

use std::ops::Range;

use phonenumber::country::Id;

use crate::privacy::PersonalDataKind;
use crate::privacy::cues::Cue;
use crate::privacy::redact::Finding;
use crate::privacy::scan::Scan;
use crate::privacy::settings::RedactionError;

/// Look-ups in the numbering plans for one message; beyond it the spelling decides alone.
const LOOK_UPS: usize = 4;
/// ITU-T E.164: 15 digits at most; a little more for extensions and doubled prefixes.
const DIGITS: usize = 18;

/// Country codes of ITU-T E.164 with one and two digits; those of three digits by their first two.
const SHORT_CODES: &str = "1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98";
const LONG_CODES: &str = "21 22 23 24 25 26 29 35 37 38 42 50 59 67 68 69 80 85 87 88 96 97 99";

/// Countries whose local numbers are expected.
pub(in crate::privacy) struct Regions {
    home: Vec<Id>,
}

impl Regions {
    /// # Errors
    /// [`RedactionError::Country`] for a code that is no country's.
    pub(in crate::privacy) fn new(countries: &[String]) -> Result<Self, RedactionError> {
        let home = countries
            .iter()
            .map(|c| c.to_uppercase().parse().map_err(|_| RedactionError::Country(c.clone())))
            .collect::<Result<_, _>>()?;
        // The numbering plans are unpacked at their first use, which takes a tenth of a second.
        let _unpacked = phonenumber::parse(None, "+37167000000");
        Ok(Self { home })
    }

    /// The countries of a locale such as `lv` or `de-AT`, then the operator's own; four at most.
    pub(in crate::privacy) fn with_locale(&self, locale: Option<&str>) -> Self {
        let (language, region) =
            locale.map_or(("", ""), |l| l.split_once(['-', '_']).unwrap_or((l, "")));
        let spoken: &[Id] = match language.to_ascii_lowercase().as_str() {
            "lv" => &[Id::LV],
            "lt" => &[Id::LT],
            "et" => &[Id::EE],
            "de" => &[Id::DE, Id::AT, Id::CH],
            "fr" => &[Id::FR, Id::BE],
            "es" => &[Id::ES],
            "it" => &[Id::IT],
            "nl" => &[Id::NL, Id::BE],
            "pl" => &[Id::PL],
            "fi" => &[Id::FI],
            "sv" => &[Id::SE],
            "da" => &[Id::DK],
            "nb" | "no" => &[Id::NO],
            "pt" => &[Id::PT, Id::BR],
            "cs" => &[Id::CZ],
            "ru" => &[Id::LV, Id::EE],
            _ => &[],
        };
        let mut home: Vec<Id> = region.to_uppercase().parse().into_iter().collect();
        home.extend(spoken.iter().chain(&self.home));
        home.truncate(4);
        Self { home }
    }
}

pub(in crate::privacy) fn find(scan: &Scan<'_>, regions: &Regions, out: &mut Vec<Finding>) {
    let mut look_ups = LOOK_UPS;
    let mut free_from = 0;
    for index in 0..scan.tokens.len() {
        let token = scan.tokens[index];
        if token.start < free_from
            || !token.ascii
            || !scan.byte(token.start).is_some_and(|b| b.is_ascii_digit())
        {
            continue;
        }
        let candidate = Candidate::at(scan, token.start);
        free_from = candidate.range.end;
        if candidate.is_phone(scan, regions, &mut look_ups) {
            out.push(Finding::new(candidate.range, PersonalDataKind::Phone, "PHONE_NUMBER"));
        }
    }
}

/// A run of digit groups.
struct Candidate {
    range: Range<usize>,
    digits: Vec<u8>,
    groups: Vec<usize>,
    plus: bool,
    bracket: bool,
    separators: Vec<u8>,
    /// A letter touches it, or a number with letters stands right before it.
    bound: bool,
}

impl Candidate {
    fn at(scan: &Scan<'_>, first: usize) -> Self {
        let (start, plus, bracket) = opening(scan, first);
        let mut it = Self {
            range: start..first,
            digits: Vec::new(),
            groups: vec![0],
            plus,
            bracket,
            separators: Vec::new(),
            bound: is_bound_before(scan, start),
        };
        let mut at = first;
        while let Some(byte) = scan.byte(at) {
            let next = |ahead: usize| scan.byte(at + ahead).is_some_and(|b| b.is_ascii_digit());
            if byte.is_ascii_digit() {
                it.digits.push(byte);
                if let Some(group) = it.groups.last_mut() {
                    *group += 1;
                }
                at += 1;
                it.range.end = at;
                if it.digits.len() > DIGITS {
                    break;
                }
                continue;
            }
            let width = match byte {
                b' ' | b'-' | b'.' | b'/' | b')' | b'(' if next(1) => 1,
                b' ' | b'-' | b')' | b'(' | b'/'
                    if next(2)
                        && scan
                            .byte(at + 1)
                            .is_some_and(|b| matches!(b, b' ' | b'(' | b')' | b'-')) =>
                {
                    2
                }
                b' ' if next(3) && &scan.bytes()[at..at + 3] == b" - " => 3,
                b')' if next(3) && matches!(&scan.bytes()[at..at + 3], b") (" | b") -") => 3,
                // A number that a line break cuts before it is whole.
                b'\n' if next(1) && it.digits.len() < 7 => 1,
                _ => break,
            };
            it.bracket |= byte == b'(' || scan.byte(at + 1) == Some(b'(');
            it.separators.push(byte);
            it.groups.push(0);
            at += width;
        }
        it.extension(scan);
        it
    }

    /// `x751`, `ext. 12`.
    fn extension(&mut self, scan: &Scan<'_>) {
        let rest = &scan.bytes()[self.range.end..];
        let head: Vec<u8> = rest.iter().take(6).map(u8::to_ascii_lowercase).collect();
        let marks: [&[u8]; 5] = [b"x", b" x", b" ext. ", b" ext ", b"ext"];
        let mark = marks.iter().find(|m| head.starts_with(m)).map_or(0, |m| m.len());
        let digits = rest[mark..].iter().take(7).take_while(|b| b.is_ascii_digit()).count();
        if mark > 0 && (1..=6).contains(&digits) && self.digits.len() >= 7 {
            self.range.end += mark + digits;
        }
        let after = scan.text[self.range.end..].chars().next();
        self.bound |= after.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '@'));
    }

    fn is_phone(&self, scan: &Scan<'_>, regions: &Regions, look_ups: &mut usize) -> bool {
        let count = self.digits.len();
        if !(5..=DIGITS).contains(&count) || self.bound || self.is_date() {
            return false;
        }
        if self.plus {
            return (7..=15).contains(&count) && has_country_code(&self.digits);
        }
        if self.digits.starts_with(b"00") && self.digits.get(2).is_some_and(|d| *d != b'0') {
            let shaped = (10..=17).contains(&count) && has_country_code(&self.digits[2..]);
            let cued = scan.cues.near(&self.range, &[Cue::Phone]);
            return shaped && (cued || self.is_valid(None, look_ups));
        }
        let business = scan.is_business(&self.range);
        let close = scan.cues.just_before(&self.range, &[Cue::Phone], 24);
        if close || !business && scan.cues.near(&self.range, &[Cue::Phone]) {
            let most = if close { 15 } else { 13 };
            let least = if close { 6 } else { 7 };
            return (least..=most).contains(&count) && !scan.beside_currency(&self.range);
        }
        if business {
            return false;
        }
        let spelled = self.is_typical()
            || scan.lone && self.groups.len() == 1 && count == 10 && self.digits[0] >= b'2';
        spelled || self.is_national(scan, regions, look_ups)
    }

    /// Spellings that hardly anything but a phone number has.
    fn is_typical(&self) -> bool {
        let count = self.digits.len();
        let groups = self.groups.as_slice();
        let one_sort = self.separators.windows(2).all(|w| w[0] == w[1]);
        let trunk = self.digits[0] == b'0' && self.digits[1] != b'0';
        let slash = self.separators.contains(&b'/');
        match groups {
            [3, 3, 4] if matches!(self.digits[0], b'2'..=b'9') => !slash,
            [1, 3, 3, 4] if self.digits[0] == b'1' => !slash,
            [_] => trunk && (10..=11).contains(&count),
            _ if self.bracket => (7..=13).contains(&count) && groups.iter().all(|g| *g <= 8),
            [3, 2, 4] => false,
            _ if trunk && (groups[0] <= 5 || groups.len() == 2) => {
                (8..=12).contains(&count)
                    && self.separators[1..].windows(2).all(|w| w[0] == w[1])
                    && (one_sort || slash)
            }
            // Pairs, threes and fours, but not thousands: "1 200 000".
            [2 | 3, rest @ ..] if rest.len() >= 2 && one_sort && self.separators[0] != b'.' => {
                let thousands = rest.iter().all(|g| *g == 3);
                (8..=11).contains(&count)
                    && !thousands
                    && !slash
                    && groups.iter().all(|g| (2..=4).contains(g))
            }
            _ => false,
        }
    }

    /// Valid in the numbering plan of an expected country.
    fn is_national(&self, scan: &Scan<'_>, regions: &Regions, look_ups: &mut usize) -> bool {
        if !(7..=12).contains(&self.digits.len())
            || self.separators.contains(&b'/')
            || scan.cues.near(&self.range, &[Cue::Order])
        {
            return false;
        }
        regions.home.iter().any(|region| self.is_valid(Some(*region), look_ups))
    }

    /// Asks the numbering plan of a country, or of the world for a number with its country code.
    fn is_valid(&self, region: Option<Id>, look_ups: &mut usize) -> bool {
        if *look_ups == 0 {
            return false;
        }
        *look_ups -= 1;
        let digits = String::from_utf8_lossy(&self.digits);
        let number = match region {
            Some(_) => digits.into_owned(),
            None => format!("+{}", digits.trim_start_matches('0')),
        };
        phonenumber::parse(region, number).is_ok_and(|number| number.is_valid())
    }

    /// The first three groups read as day, month and year in some order.
    fn is_date(&self) -> bool {
        let [a, b, c, ..] = self.groups.as_slice() else { return false };
        let value =
            |from: usize, len: usize| super::checks::number(&self.digits[from..from + len]) as u32;
        let (first, second, third) = (value(0, *a), value(*a, *b), value(a + b, *c));
        let dated = |day: u32, month: u32| {
            super::checks::day_month(day, month) || super::checks::day_month(month, day)
        };
        if self.groups.len() > 3 && *a != 4 {
            return false;
        }
        match (*a, *b, *c) {
            (1 | 2, 1 | 2, 2) => dated(first, second),
            (1 | 2, 1 | 2, 4) => dated(first, second) && (1900..2100).contains(&third),
            (4, 1 | 2, 1 | 2) => dated(third, second) && (1900..2100).contains(&first),
            _ => false,
        }
    }
}

/// The start with `+` or an opening bracket in front.
fn opening(scan: &Scan<'_>, first: usize) -> (usize, bool, bool) {
    let mut start = first;
    let bracket = scan.before(start) == Some(b'(');
    if bracket {
        start -= 1;
    }
    let plus =
        scan.before(start) == Some(b'+') || start >= 2 && &scan.bytes()[start - 2..start] == b"+ ";
    if plus {
        start -= if scan.before(start) == Some(b'+') { 1 } else { 2 };
    }
    (start, plus, bracket)
}

/// A letter, a digit, or a word that mixes both right before it: the number is a piece of something.
fn is_bound_before(scan: &Scan<'_>, start: usize) -> bool {
    let mut before = scan.text[..start].chars().rev();
    match before.next() {
        Some(c) if c.is_ascii_alphanumeric() || matches!(c, '_' | '@' | '#') => true,
        Some('.' | ',' | '-' | '/' | '+' | '=') => {
            before.next().is_some_and(|c| c.is_ascii_alphanumeric())
        }
        Some(' ') => {
            let index = scan.tokens.partition_point(|t| t.end + 1 < start);
            let last = scan.tokens.get(index).filter(|t| t.end + 1 == start);
            last.is_some_and(|t| t.digits > 0 && (t.letters > 0 || t.len() > 2))
        }
        _ => false,
    }
}

fn has_country_code(digits: &[u8]) -> bool {
    let starts = |codes: &str| codes.split(' ').any(|code| digits.starts_with(code.as_bytes()));
    starts(SHORT_CODES) || starts(LONG_CODES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typical(text: &str) -> bool {
        let groups: Vec<usize> =
            text.split([' ', '-', '.', '(', ')']).filter(|g| !g.is_empty()).map(str::len).collect();
        let candidate = Candidate {
            range: 0..text.len(),
            digits: text.bytes().filter(u8::is_ascii_digit).collect(),
            separators: vec![b' '; groups.len() - 1],
            groups,
            plus: false,
            bracket: text.contains('('),
            bound: false,
        };
        candidate.is_typical() && !candidate.is_date()
    }

    #[test]
    fn typical_spellings_are_told_from_other_numbers() {
        for phone in
            ["212-555-0147", "(08) 9321 4470", "02 27 96 63 08", "0471 23 58 91", "79 65 12 34"]
        {
            assert!(typical(phone), "{phone}");
        }
        for other in ["1 200 000", "12-05-2021", "2021-05-12", "12345678", "12 34"] {
            assert!(!typical(other), "{other}");
        }
    }

    #[test]
    fn country_codes_are_known_by_their_first_digits() {
        assert!(has_country_code(b"37129123456") && has_country_code(b"4930123456"));
        assert!(!has_country_code(b"2801234567") && !has_country_code(b"000"));
    }

    #[test]
    fn a_wrong_country_is_named() {
        assert!(Regions::new(&["XQ9".to_owned()]).is_err());
    }
}
