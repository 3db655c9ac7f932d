//! E-mail addresses: as written, with blanks or a line break around the `@`, and spelled out ("john
//! (at) example dot com"). Called by [`find_all`](super::find_all).

use std::ops::Range;

use crate::privacy::PersonalDataKind;
use crate::privacy::redact::Finding;
use crate::privacy::scan::Scan;

use super::domains::{is_ending, is_telling_ending};

/// RFC 5321: 64 bytes before the `@`, 255 behind it.
const LOCAL: usize = 64;
const DOMAIN: usize = 255;

pub(super) fn find(scan: &Scan<'_>, out: &mut Vec<Finding>) {
    for sign in ["@", "%40", "&#64;", "&commat;"] {
        for (at, _) in scan.text.match_indices(sign) {
            if let Some(range) = around(scan.text, at, sign.len()) {
                out.push(finding(range));
            }
        }
    }
    if scan.tokens.len() >= 4 {
        spelled(scan, out);
    }
}

fn finding(range: Range<usize>) -> Finding {
    Finding::new(range, PersonalDataKind::Email, "EMAIL_ADDRESS")
}

/// The address around a sign of `len` bytes at `at`.
fn around(text: &str, at: usize, len: usize) -> Option<Range<usize>> {
    let left = text[..at].trim_end_matches(|c: char| c.is_whitespace());
    let right = text[at + len..].trim_start_matches(|c: char| c.is_whitespace());
    let (gap_left, gap_right) = (at - left.len(), text.len() - at - len - right.len());
    if gap_left > 2 || gap_right > 2 {
        return None;
    }
    let local: usize = left
        .chars()
        .rev()
        .take_while(|c| c.is_alphanumeric() || "._%+-'!#$&*=?^{|}~/".contains(*c))
        .map(char::len_utf8)
        .scan(0, |sum, len| {
            *sum += len;
            Some(*sum)
        })
        .take_while(|sum| *sum <= LOCAL)
        .last()?;
    let start = left.len() - local;
    let lead = left[start..].len()
        - left[start..].trim_start_matches(|c: char| !c.is_alphanumeric() && c != '_').len();
    let domain = domain_length(right, gap_left + gap_right > 0).or_else(|| spaced_domain(right))?;
    let range = start + lead..at + len + gap_right + domain;
    (start + lead < left.len()).then_some(range)
}

/// The length of a host name with at least one dot; after blanks only with a well-known ending.
fn domain_length(text: &str, strict: bool) -> Option<usize> {
    let run: usize = text
        .chars()
        .take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '.'))
        .map(char::len_utf8)
        .scan(0, |sum, len| {
            *sum += len;
            Some(*sum)
        })
        .take_while(|sum| *sum <= DOMAIN)
        .last()?;
    let host = text[..run].trim_end_matches(['.', '-']);
    let (body, ending) = host.rsplit_once('.')?;
    let named = ending.chars().count() >= 2
        && (ending.chars().all(char::is_alphabetic) || ending.starts_with("xn--"));
    // "me@example.com.Thanks": a sentence that begins without a blank.
    let earlier = || body.rsplit_once('.').is_some_and(|(_, before)| is_ending(before));
    if named && !strict && !is_ending(ending) && earlier() {
        return Some(body.len());
    }
    let good = named && !body.is_empty() && !body.starts_with(['.', '-']) && !body.contains("..");
    (good && (!strict || is_ending(ending))).then_some(host.len())
}

/// The length of "example . com".
fn spaced_domain(text: &str) -> Option<usize> {
    let (mut at, mut found) = (0, None);
    for label in 0..4 {
        let run: usize = text[at..]
            .chars()
            .take(64)
            .take_while(|c| c.is_alphanumeric() || *c == '-')
            .map(char::len_utf8)
            .sum();
        if run == 0 {
            break;
        }
        if label > 0 && is_telling_ending(&text[at..at + run]) {
            found = Some(at + run);
        }
        at += run;
        let rest = &text[at..];
        let Some(dot) = [" . ", ". ", " .", "."].iter().find(|dot| rest.starts_with(**dot)) else {
            break;
        };
        at += dot.len();
    }
    found
}

const AT: [&str; 12] = [
    "at",
    "arroba",
    "chiocciola",
    "malpa",
    "kukac",
    "zavinac",
    "aet",
    "snabela",
    "klammeraffe",
    "собака",
    "eta",
    "afenstaart",
];
/// "point" and its like are words of their own, so only a telling ending may follow them.
const DOT: [&str; 12] = [
    "dot",
    "punkt",
    "point",
    "punto",
    "punkts",
    "taskas",
    "kropka",
    "piste",
    "точка",
    "ponto",
    "tecka",
    "punct",
];
const CUE_REACH: usize = 40;

/// A joint between two tokens of a spelled-out address.
fn is_word_of(scan: &Scan<'_>, index: usize, words: &[&str]) -> bool {
    let word = scan.word(index);
    word.len() <= 22 && words.iter().any(|w| w.eq_ignore_ascii_case(word))
}

/// Only blanks and brackets, as around "(at)".
fn is_loose(gap: &str) -> bool {
    gap.len() <= 3
        && gap.bytes().all(|b| {
            matches!(
                b,
                b' ' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'<' | b'>' | b'-' | b'_' | b'*'
            )
        })
}

fn spelled(scan: &Scan<'_>, out: &mut Vec<Finding>) {
    for at in 1..scan.tokens.len().saturating_sub(2) {
        if !is_word_of(scan, at, &AT) || !is_loose(scan.gap(at - 1)) || !is_loose(scan.gap(at)) {
            continue;
        }
        let bracketed =
            scan.gap(at - 1).bytes().any(|b| matches!(b, b'(' | b'[' | b'{' | b'<' | b'*'));
        let Some((last, dots)) = spelled_domain(scan, at + 1) else { continue };
        let mut first = at - 1;
        for _ in 0..4 {
            let gap = if first > 0 { scan.gap(first - 1) } else { break };
            if matches!(gap, "." | "_" | "-" | "+") {
                first -= 1;
            } else if first >= 2
                && is_word_of(scan, first - 1, &DOT)
                && is_loose(gap)
                && is_loose(scan.gap(first - 2))
            {
                first -= 2;
            } else {
                break;
            }
        }
        let range = scan.tokens[first].start..scan.tokens[last].end;
        let telling = first < at - 1 || scan.tokens[at - 1].digits > 0 || mailed(scan, range.start);
        if bracketed || dots || telling {
            out.push(finding(range));
        }
    }
}

/// Whether "e-mail" and the like stand shortly before.
fn mailed(scan: &Scan<'_>, start: usize) -> bool {
    let mut from = start.saturating_sub(CUE_REACH);
    while !scan.text.is_char_boundary(from) {
        from -= 1;
    }
    let before = scan.text[from..start].to_ascii_lowercase();
    ["mail", "epast", "pastas", "posti", "почт", "correo"].iter().any(|word| before.contains(word))
}

/// The last token of "example dot com" or "example.com", and whether a dot was spelled out.
fn spelled_domain(scan: &Scan<'_>, from: usize) -> Option<(usize, bool)> {
    let (mut last, mut spelled) = (from, false);
    let mut found = None;
    for _ in 0..4 {
        let next = match scan.gap(last) {
            "." | "-" | " . " => last + 1,
            gap if is_loose(gap)
                && is_word_of(scan, last + 1, &DOT)
                && is_loose(scan.gap(last + 1)) =>
            {
                spelled = true;
                last + 2
            }
            _ => break,
        };
        scan.tokens.get(next)?;
        last = next;
        let plain =
            scan.word(last - 1).eq_ignore_ascii_case("dot") || scan.gap(last - 1).contains('.');
        if is_telling_ending(scan.word(last)) || plain && is_ending(scan.word(last)) {
            found = Some((last, spelled));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_at_their_exact_place() {
        for (text, mail) in [
            ("write to anna.b+x@mail.example.lv.", "anna.b+x@mail.example.lv"),
            ("<a@b.co>", "a@b.co"),
            ("mail: jānis@piemērs.lv!", "jānis@piemērs.lv"),
            ("john @ example.com", "john @ example.com"),
            ("john@\nexample.com", "john@\nexample.com"),
            ("user@xn--bcher-kva.com", "user@xn--bcher-kva.com"),
            ("a@example.com.Thanks", "a@example.com"),
        ] {
            let at = text.find('@').unwrap();
            assert_eq!(around(text, at, 1).map(|r| &text[r]), Some(mail), "{text}");
        }
    }

    #[test]
    fn a_lone_sign_is_no_address() {
        for text in ["@", "a@", "@b.com", "a@b", "see you @ home", "2 @ 5.99", "@@@@"] {
            assert!(text.match_indices('@').all(|(at, _)| around(text, at, 1).is_none()), "{text}");
        }
    }
}
