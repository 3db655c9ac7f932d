//! Postal addresses: a street word with a house number, what follows it (flat, postcode, town), military
//! and box addresses, and what follows "my address is" or "ship it to". Called by [`find_all`](super::find_all).

use std::ops::Range;

use crate::privacy::PersonalDataKind;
use crate::privacy::cues::{Cue, CueHit};
use crate::privacy::redact::Finding;
use crate::privacy::scan::{Scan, Token};

/// Words of a street's name at most.
const NAME: usize = 4;
/// Bytes of an address at most.
const LONGEST: usize = 160;

pub(super) fn find(scan: &Scan<'_>, out: &mut Vec<Finding>) {
    let mut free_from = 0;
    for cue in scan.cues.of(Cue::Street) {
        if cue.end < free_from {
            continue;
        }
        if let Some(range) = street(scan, cue) {
            free_from = range.end;
            push(range, out);
        }
    }
    let mut free_from = 0;
    for cue in scan.cues.of(Cue::Address) {
        if cue.end >= free_from
            && let Some(range) = told(scan, cue)
        {
            free_from = range.end;
            push(range, out);
        }
    }
    postcodes(scan, out);
}

fn push(range: Range<usize>, out: &mut Vec<Finding>) {
    out.push(Finding::new(range, PersonalDataKind::Address, "ADDRESS"));
}

/// A house number: one to five digits, a letter behind.
fn is_house(token: &Token) -> bool {
    token.ascii && (1..=5).contains(&token.digits) && token.letters <= 1
}

/// The last digits of "100,000".
fn is_part_of_amount(scan: &Scan<'_>, index: usize) -> bool {
    index > 0 && matches!(scan.gap(index - 1), "," | ".") && scan.tokens[index - 1].digits > 0
}

fn is_name(scan: &Scan<'_>, index: usize) -> bool {
    let small = [
        "de", "la", "du", "des", "del", "della", "van", "von", "der", "den", "le", "les", "dos",
        "da", "do", "di", "av", "of", "the", "un", "och", "s", "san", "am", "an", "im", "zum",
        "zur",
    ];
    let token = &scan.tokens[index];
    token.is_word()
        && (token.capital || small.iter().any(|w| w.eq_ignore_ascii_case(scan.word(index))))
}

/// The tokens around a street word that make an address with it.
fn street(scan: &Scan<'_>, cue: &CueHit) -> Option<Range<usize>> {
    let at = scan.tokens.partition_point(|t| t.end <= cue.start);
    let token = scan.tokens.get(at)?;
    let suffix = token.start < cue.start;
    let english = [
        "during",
        "spring",
        "bring",
        "offspring",
        "string",
        "norway",
        "subway",
        "highway",
        "away",
        "always",
    ];
    if english.iter().any(|w| w.eq_ignore_ascii_case(scan.word(at))) {
        return None;
    }
    if suffix && token.end != cue.end && token.end > cue.end + 2 {
        return None;
    }
    let word = scan.word(at).to_ascii_lowercase();
    let boxed =
        matches!(word.as_str(), "suite" | "apt" | "apartment" | "flat" | "unit" | "box" | "psc");
    if boxed {
        let least = if matches!(word.as_str(), "suite" | "apt" | "apartment") { 2 } else { 3 };
        let number = scan.tokens.get(at + 1).filter(|t| is_house(t) && t.digits >= least)?;
        if scan.beside_currency(&number.range()) {
            return None;
        }
        let near = matches!(scan.gap(at), " " | ". ");
        return near.then(|| extend(scan, token.start..number.end, at + 1));
    }
    // Names before the street word: "14 Harbour Crescent", "Brivibas iela 45".
    let mut first = at;
    while first > 0
        && at - first < NAME
        && is_name(scan, first - 1)
        && matches!(scan.gap(first - 1), " " | "-" | "'" | ". ")
    {
        first -= 1;
    }
    while first < at && !scan.tokens[first].capital {
        first += 1;
    }
    let numbered = first > 0
        && is_house(&scan.tokens[first - 1])
        && matches!(scan.gap(first - 1), " " | ", ")
        && !is_part_of_amount(scan, first - 1);
    // Names behind it: "rue de Lille 29", "via Roma 49".
    let mut last = at;
    while word != "st"
        && last + 1 < scan.tokens.len()
        && last - at < NAME
        && is_name(scan, last + 1)
        && matches!(scan.gap(last), " " | "-" | "'" | ". ")
    {
        last += 1;
    }
    let after = scan.tokens.get(last + 1).is_some_and(is_house)
        && matches!(scan.gap(last), " " | ", " | ", n. " | " nr. " | " n. ");
    let named = first < at || last > at || suffix && scan.tokens[at].capital;
    let capital = (first..=last).any(|i| scan.tokens[i].capital && scan.tokens[i].letters > 2);
    let short_word = word.len() <= 3 && !suffix;
    if !named
        || !capital
        || !(after || numbered && (first < at || last > at))
        || short_word && !(numbered || after)
    {
        return None;
    }
    let mut start = scan.tokens[if numbered { first - 1 } else { first }].start;
    // A second number in front: "4410 31 Linden Close".
    if numbered && first > 1 && is_house(&scan.tokens[first - 2]) && scan.gap(first - 2) == " " {
        start = scan.tokens[first - 2].start;
    }
    let end = if after { last + 1 } else { last.max(at) };
    if scan.beside_currency(&(scan.tokens[end].start..scan.tokens[end].end)) {
        return None;
    }
    Some(extend(scan, start..scan.tokens[end].end, end))
}

/// Flats, postcodes and capitalised towns behind an address, while they follow directly.
fn extend(scan: &Scan<'_>, range: Range<usize>, mut last: usize) -> Range<usize> {
    let mut end = range.end;
    for _ in 0..12 {
        let Some(next) = scan.tokens.get(last + 1).filter(|t| t.end < range.start + LONGEST) else {
            break;
        };
        let gap = scan.gap(last).replace('\n', " ");
        let gap = gap.trim();
        let small = next.digits == 0 && !next.capital;
        let piece = matches!(gap, "" | "," | "-" | "." | "/" | ".,")
            && (!small
                || matches!(
                    scan.word(last + 1).to_ascii_lowercase().as_str(),
                    "dz" | "apt" | "suite"
                ));
        // A full stop before a word is the end of a sentence, not "St. Gallen", unless digits follow.
        let sentence = gap.starts_with('.') && next.digits == 0 && scan.tokens[last].letters > 3;
        if !piece || sentence || next.digits > 6 {
            break;
        }
        last += 1;
        end = next.end;
    }
    range.start..end
}

/// What follows "my address is" or "deliver it to" up to the end of the sentence, when a number and a
/// capital are in it.
fn told(scan: &Scan<'_>, cue: &CueHit) -> Option<Range<usize>> {
    let rest = &scan.text[cue.end..];
    let lead = rest.bytes().take(6).take_while(|b| matches!(b, b' ' | b':' | b'\n' | b'-')).count();
    let first = scan.tokens.partition_point(|t| t.start < cue.end);
    let begin = scan.tokens.get(first).filter(|t| t.start == cue.end + lead)?;
    if !(begin.digits > 0 && begin.digits <= 6 || begin.capital) {
        return None;
    }
    let whole = extend(scan, begin.start..begin.end, first);
    let inside = scan.tokens[first..].iter().take_while(|t| t.end <= whole.end);
    let (mut numbers, mut names) = (0, 0);
    for token in inside {
        numbers += usize::from(token.digits > 0);
        names += usize::from(token.capital && token.letters > 2);
    }
    (numbers > 0 && names > 0 && !scan.beside_currency(&whole)).then_some(whole)
}

/// A Latvian or Lithuanian postcode with its prefix, and five digits before a capitalised town or behind
/// one in a line of its own.
fn postcodes(scan: &Scan<'_>, out: &mut Vec<Finding>) {
    for index in 0..scan.tokens.len().saturating_sub(1) {
        let prefix = scan.word(index);
        let number = &scan.tokens[index + 1];
        let length = match prefix {
            "LV" | "Lv" | "lv" => 4,
            "LT" | "lt" => 5,
            _ => continue,
        };
        if scan.gap(index) == "-" && number.is_number() && number.len() == length {
            let range = scan.tokens[index].start..number.end;
            out.push(Finding::new(range, PersonalDataKind::Postcode, "POSTCODE"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::cues::CueFinder;
    use crate::privacy::merge::merge;
    use crate::privacy::normalize::View;

    fn found(text: &str) -> Vec<String> {
        let view = View::new(text);
        let scan = Scan::new(&view, &CueFinder::new().unwrap());
        let mut out = Vec::new();
        find(&scan, &mut out);
        merge(out).into_iter().map(|f| text[view.original(f.range)].to_owned()).collect()
    }

    #[test]
    fn streets_with_numbers_are_addresses() {
        for (text, address) in [
            ("es dzīvoju Brīvības ielā 45, Rīga, LV-1010", "Brīvības ielā 45, Rīga, LV-1010"),
            ("wohne in der Hauptstraße 5, 10115 Berlin.", "Hauptstraße 5, 10115 Berlin"),
            ("it is at 14 Harbour Crescent, Leith", "14 Harbour Crescent, Leith"),
            ("12 rue de Lille, Paris", "12 rue de Lille, Paris"),
        ] {
            assert_eq!(found(text), [address], "{text}");
        }
    }

    #[test]
    fn streets_without_numbers_and_numbers_without_streets_stay() {
        for text in [
            "which store is in Park Street?",
            "I live in Hamburg",
            "drive 5 km to the park",
            "box 5 of 12",
            "a flat 300 euros",
        ] {
            let found = found(text);
            assert!(found.is_empty(), "{text}: {found:?}");
        }
    }
}
