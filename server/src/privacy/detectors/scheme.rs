//! Identifiers as data: a shape, a check and how much context they need. The tables of the
//! countries lie beside this file; here they are matched against a text.
//!
//! A shape is written with `#` for a digit, `@` for a letter, `*` for either, a space for an optional
//! separator (space, dash, dot or slash, the same all through), `-` for an optional dash, `!` for a
//! dash or plus that must be there, and dots, slashes, letters and digits for themselves. `|` stands
//! between shapes.

use std::ops::Range;

use crate::privacy::PersonalDataKind;
use crate::privacy::cues::Cue;
use crate::privacy::redact::Finding;
use crate::privacy::scan::{Scan, Token};

/// What must be true for a match to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    /// Shape and check are enough: chance hits are rarer than 1 in 100.
    Nothing,
    /// A cue word near, or a message that holds little more than the number.
    LoneOrCue,
    /// A cue word near.
    Cue,
}

/// One identifier of one country.
pub(super) struct Scheme {
    /// The name in reports: `LV_PERSONAS_KODS`.
    pub(super) entity: &'static str,
    pub(super) kind: PersonalDataKind,
    pub(super) shape: &'static str,
    /// Upper-case letters and digits without separators, of the shape's length.
    pub(super) check: fn(&[u8]) -> bool,
    pub(super) bare: Need,
    pub(super) spaced: Need,
    pub(super) cues: &'static [Cue],
}

/// For tables: need of the bare and of the spaced spelling.
pub(super) const SURE: (Need, Need) = (Need::Nothing, Need::Nothing);
pub(super) const FORMAT: (Need, Need) = (Need::LoneOrCue, Need::Nothing);
pub(super) const LONE: (Need, Need) = (Need::LoneOrCue, Need::LoneOrCue);
pub(super) const CUED: (Need, Need) = (Need::Cue, Need::Cue);

const ID: &[Cue] = &[Cue::NationalId, Cue::IdCard, Cue::Tax, Cue::Health];
const TAX: &[Cue] = &[Cue::Tax, Cue::Company];
const HEALTH: &[Cue] = &[Cue::Health, Cue::NationalId];
const COMPANY: &[Cue] = &[Cue::Company, Cue::Tax];
const BANK: &[Cue] = &[Cue::Bank];
const PASSPORT: &[Cue] = &[Cue::Passport, Cue::IdCard];
const LICENCE: &[Cue] = &[Cue::Licence];
const CARD: &[Cue] = &[Cue::IdCard, Cue::NationalId, Cue::Passport];
const PLATE: &[Cue] = &[Cue::Plate];
const POSTCODE: &[Cue] = &[Cue::Postcode, Cue::Address];

/// A line of a country's table.
pub(super) const fn scheme(
    entity: &'static str,
    kind: PersonalDataKind,
    shape: &'static str,
    check: fn(&[u8]) -> bool,
    needs: (Need, Need),
) -> Scheme {
    let cues = match kind {
        PersonalDataKind::TaxId => TAX,
        PersonalDataKind::HealthId => HEALTH,
        PersonalDataKind::CompanyId => COMPANY,
        PersonalDataKind::BankAccount => BANK,
        PersonalDataKind::Passport => PASSPORT,
        PersonalDataKind::DrivingLicence => LICENCE,
        PersonalDataKind::IdentityCard => CARD,
        PersonalDataKind::VehiclePlate => PLATE,
        PersonalDataKind::Postcode => POSTCODE,
        _ => ID,
    };
    Scheme { entity, kind, shape, check, bare: needs.0, spaced: needs.1, cues }
}

/// The longest shape without separators.
const LONGEST: usize = 24;

/// All tables, by what a shape begins with and how long its first word can be, so that a word of a
/// text meets only the few shapes that can begin with it.
pub(in crate::privacy) struct Schemes {
    digit_first: Vec<Vec<Entry>>,
    letter_first: Vec<Vec<Entry>>,
}

type Entry = (&'static Scheme, &'static [u8]);

/// A scheme that fits at a place, with its score: the lower, the surer.
type Match = ((Need, bool, Need), &'static Scheme, Range<usize>);

impl Schemes {
    pub(in crate::privacy) fn new() -> Self {
        let empty = vec![Vec::new(); LONGEST + 1];
        let mut all = Self { digit_first: empty.clone(), letter_first: empty };
        for scheme in super::tables().iter().flat_map(|table| table.iter()) {
            for shape in scheme.shape.split('|').map(str::as_bytes) {
                let first = shape.first().copied().unwrap_or(b'@');
                for length in first_words(shape) {
                    let entry: Entry = (scheme, shape);
                    if matches!(first, b'#' | b'*' | b'0'..=b'9') {
                        all.digit_first[length].push(entry);
                    }
                    if !matches!(first, b'#' | b'0'..=b'9') {
                        all.letter_first[length].push(entry);
                    }
                }
            }
        }
        all
    }

    /// All identifiers of the tables in a text.
    pub(in crate::privacy) fn find(&self, scan: &Scan<'_>, out: &mut Vec<Finding>) {
        if !scan.has_digit {
            return;
        }
        for (index, token) in scan.tokens.iter().enumerate() {
            if token.ascii && starts_identifier(scan, index, token) {
                self.find_at(scan, token, out);
            }
        }
    }

    fn find_at(&self, scan: &Scan<'_>, token: &Token, out: &mut Vec<Finding>) {
        let digit = scan.byte(token.start).is_some_and(|b| b.is_ascii_digit());
        let lists = if digit { &self.digit_first } else { &self.letter_first };
        let Some(list) = lists.get(token.len()) else { return };
        let mut best: Option<Match> = None;
        for (scheme, shape) in list {
            let Some(hit) = fit(scan.bytes(), token.start, shape) else { continue };
            let range = token.start..hit.end;
            if !is_whole(scan, &range, hit.spaces) || !(scheme.check)(&hit.compact[..hit.len]) {
                continue;
            }
            let need = if hit.separators == 0 { scheme.bare } else { scheme.spaced };
            let shouted = !scan.bytes()[range.clone()].iter().any(u8::is_ascii_lowercase);
            let named = hit.separators == 0
                && range.len() > 5
                && scan.cues.just_before(&range, &[Cue::Plate], 16);
            let cued = scan.cues.near(&range, scheme.cues)
                && (shouted || named || scheme.kind != PersonalDataKind::VehiclePlate);
            let enough = match need {
                _ if cued => true,
                Need::Nothing => !digit || !is_business(scan, &range),
                Need::LoneOrCue => is_lone(scan, &range, scheme.kind) && !is_business(scan, &range),
                Need::Cue => false,
            };
            // A cue for this very sort says more than a stricter check.
            let told = cued && scan.cues.near(&range, &scheme.cues[..1]);
            let score = (if cued { Need::Nothing } else { need }, !told, need);
            let better = best.as_ref().is_none_or(|(known, _, at)| {
                (score, std::cmp::Reverse(range.end)) < (*known, std::cmp::Reverse(at.end))
            });
            if enough && better {
                best = Some((score, scheme, range));
            }
        }
        if let Some((_, scheme, range)) = best {
            out.push(Finding::new(range, scheme.kind, scheme.entity));
        }
    }
}

/// As [`Scan::is_business`], but a number with a dash in it that passes a check is no sum of money.
fn is_business(scan: &Scan<'_>, range: &Range<usize>) -> bool {
    let dashed = scan.bytes()[range.clone()].contains(&b'-');
    scan.is_ordered(range) || (!dashed && scan.beside_currency(range))
}

/// The message says little beside the number; beside a plate it says nothing.
fn is_lone(scan: &Scan<'_>, range: &Range<usize>, kind: PersonalDataKind) -> bool {
    let whole = || scan.tokens.iter().all(|t| range.start <= t.start && t.end <= range.end);
    let weak = matches!(kind, PersonalDataKind::VehiclePlate | PersonalDataKind::Postcode);
    scan.lone && (!weak || whole())
}

/// A word with a digit, or a short one with a digit right behind it.
fn starts_identifier(scan: &Scan<'_>, index: usize, token: &Token) -> bool {
    token.digits > 0
        || (token.letters <= 6
            && scan.gap(index).len() == 1
            && scan.tokens.get(index + 1).is_some_and(|next| next.digits > 0 || next.letters <= 3)
            && (1..=3).any(|ahead| scan.tokens.get(index + ahead).is_some_and(|t| t.digits > 0)))
}

struct Fit {
    compact: [u8; LONGEST],
    len: usize,
    end: usize,
    separators: usize,
    /// A space is among the separators.
    spaces: bool,
}

/// How many characters can stand before the first separator.
fn first_words(shape: &[u8]) -> Vec<usize> {
    let (mut lengths, mut length) = (Vec::new(), 0);
    for want in shape {
        match want {
            b' ' | b'-' => lengths.push(length),
            b'!' | b'.' | b'/' => {
                lengths.push(length);
                lengths.dedup();
                return lengths;
            }
            _ => length += 1,
        }
    }
    lengths.push(length);
    lengths.dedup();
    lengths
}

fn fit(bytes: &[u8], start: usize, shape: &[u8]) -> Option<Fit> {
    let mut hit = Fit { compact: [0; LONGEST], len: 0, end: start, separators: 0, spaces: false };
    let mut uniform: Option<Option<u8>> = None;
    for want in shape {
        let byte = bytes.get(hit.end).copied();
        match want {
            b' ' => {
                let here = byte.filter(|b| matches!(b, b' ' | b'-' | b'.' | b'/' | b'\n'));
                if uniform.is_some_and(|known| known != here) {
                    return None;
                }
                uniform = Some(here);
                if here.is_some() {
                    hit.end += 1;
                    hit.separators += 1;
                    hit.spaces |= here == Some(b' ');
                }
                continue;
            }
            b'-' | b'!' if bytes.get(hit.end..hit.end + 3) == Some(b" - ") => {
                hit.end += 3;
                hit.separators += 1;
                continue;
            }
            b'-' if byte == Some(b'-') => {
                hit.end += 1;
                hit.separators += 1;
                continue;
            }
            b'-' => continue,
            b'!' if matches!(byte, Some(b'-' | b'+')) => {
                hit.end += 1;
                hit.separators += 1;
                continue;
            }
            b'.' | b'/' if byte == Some(*want) => {
                hit.end += 1;
                hit.separators += 1;
                continue;
            }
            _ => {}
        }
        let byte = byte?.to_ascii_uppercase();
        let fits = match want {
            b'#' => byte.is_ascii_digit(),
            b'@' => byte.is_ascii_uppercase(),
            b'*' => byte.is_ascii_alphanumeric(),
            literal => byte == *literal,
        };
        if !fits {
            return None;
        }
        *hit.compact.get_mut(hit.len)? = byte;
        hit.len += 1;
        hit.end += 1;
    }
    Some(hit)
}

/// The match is not a piece of something longer: no letter or digit touches it, no dash, dot or slash
/// binds it to another number, and where it is spaced no further number follows in the same way.
fn is_whole(scan: &Scan<'_>, range: &Range<usize>, spaces: bool) -> bool {
    let text = scan.text;
    let alnum = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut back = text[..range.start].chars().rev();
    let mut ahead = text[range.end..].chars();
    let (b1, b2) = (back.next(), back.next());
    let (a1, a2) = (ahead.next(), ahead.next());
    if b1.is_some_and(alnum) || a1.is_some_and(alnum) {
        return false;
    }
    let binds = |near: Option<char>, far: Option<char>| match near {
        Some('-' | '/' | '+' | '@') => far.is_some_and(|c| c.is_ascii_alphanumeric()),
        Some('.' | ',' | ':') => far.is_some_and(|c| c.is_ascii_digit()),
        Some(' ') => spaces && far.is_some_and(|c| c.is_ascii_digit()),
        _ => false,
    };
    let led = match b1 {
        Some('@' | '#' | '+') => true,
        Some(':') => false,
        _ => binds(b1, b2),
    };
    !binds(a1, a2) && !led
}
