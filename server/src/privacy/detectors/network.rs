//! IP addresses (v4, v6, with prefix length or zone) and hardware addresses. Called by
//! [`find_all`](super::find_all).

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use crate::privacy::PersonalDataKind;
use crate::privacy::redact::Finding;
use crate::privacy::scan::Scan;

/// No address of version 6 is longer.
const LONGEST: usize = 45;

pub(super) fn find(scan: &Scan<'_>, out: &mut Vec<Finding>) {
    if scan.bytes().iter().filter(|b| **b == b'.').take(2).count() == 2 {
        dotted(scan, out);
    }
    if scan.bytes().iter().filter(|b| matches!(b, b':' | b'-')).take(2).count() == 2 {
        colons(scan, out);
        hardware(scan, out);
    }
}

fn ip(range: Range<usize>) -> Finding {
    Finding::new(range, PersonalDataKind::IpAddress, "IP_ADDRESS")
}

fn dotted(scan: &Scan<'_>, out: &mut Vec<Finding>) {
    for (index, token) in scan.tokens.iter().enumerate() {
        if token.len() == 4 {
            hardware_dotted(scan, index, out);
        }
        let groups = scan.tokens.get(index..index + 4).unwrap_or_default();
        let tight = (0..3).all(|i| scan.gap(index + i) == ".");
        let Some(last) = groups.last().filter(|_| tight && groups.iter().all(|t| t.is_number()))
        else {
            continue;
        };
        let text = &scan.text[token.start..last.end];
        let inside = scan.before(token.start) == Some(b'.')
            || scan.byte(last.end) == Some(b'.')
                && scan.byte(last.end + 1).is_some_and(|b| b.is_ascii_digit());
        let range = token.start..with_prefix(scan, last.end, 32);
        if text.parse::<Ipv4Addr>().is_ok() && !inside && !scan.is_business(&range) {
            out.push(ip(range));
        }
    }
}

/// The end of `/24` behind an address, where it is one.
fn with_prefix(scan: &Scan<'_>, end: usize, most: u32) -> usize {
    let digits = scan.text[end..]
        .strip_prefix('/')
        .map_or(0, |rest| rest.bytes().take(4).take_while(u8::is_ascii_digit).count());
    match scan.text[end..].get(1..1 + digits).and_then(|n| n.parse::<u32>().ok()) {
        Some(bits) if bits <= most => end + 1 + digits,
        _ => end,
    }
}

/// Runs of hexadecimal digits, colons and dots that parse as version 6.
fn colons(scan: &Scan<'_>, out: &mut Vec<Finding>) {
    let bytes = scan.bytes();
    let mut at = 0;
    while at < bytes.len() {
        let run = bytes[at..]
            .iter()
            .take_while(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'))
            .count();
        if run < 3 {
            at += run.max(1);
            continue;
        }
        let text = scan.text[at..at + run].trim_end_matches('.');
        let text = if text.ends_with("::") { text } else { text.trim_end_matches(':') };
        let end = at + text.len();
        let apart = !scan.before(at).is_some_and(|b| b.is_ascii_alphanumeric())
            && !scan.byte(at + run).is_some_and(|b| b.is_ascii_alphanumeric());
        let telling = text.bytes().any(|b| b.is_ascii_digit()) || text.matches(':').count() > 3;
        if apart && telling && run <= LONGEST + 2 && text.parse::<Ipv6Addr>().is_ok() {
            let zone = scan.text[end..].strip_prefix('%').map_or(0, |zone| {
                1 + zone.bytes().take(16).take_while(u8::is_ascii_alphanumeric).count()
            });
            out.push(ip(at..with_prefix(scan, end + zone, 128)));
        }
        at += run;
    }
}

fn hardware(scan: &Scan<'_>, out: &mut Vec<Finding>) {
    for index in 0..scan.tokens.len().saturating_sub(5) {
        let groups = &scan.tokens[index..index + 6];
        let gap = scan.gap(index);
        let hex = |range: Range<usize>| scan.text[range].bytes().all(|b| b.is_ascii_hexdigit());
        let fits = matches!(gap, ":" | "-")
            && groups.iter().all(|t| t.len() == 2 && hex(t.range()))
            && (1..5).all(|i| scan.gap(index + i) == gap)
            && scan.byte(groups[5].end) != gap.bytes().next();
        if fits {
            let range = groups[0].start..groups[5].end;
            out.push(Finding::new(range, PersonalDataKind::MacAddress, "MAC_ADDRESS"));
        }
    }
}

/// `0000.5e00.53af`.
fn hardware_dotted(scan: &Scan<'_>, index: usize, out: &mut Vec<Finding>) {
    let groups = scan.tokens.get(index..index + 3).unwrap_or_default();
    let hex = |t: &crate::privacy::scan::Token| {
        t.len() == 4 && scan.text[t.range()].bytes().all(|b| b.is_ascii_hexdigit())
    };
    if groups.len() == 3
        && groups.iter().all(hex)
        && scan.gap(index) == "."
        && scan.gap(index + 1) == "."
    {
        let range = groups[0].start..groups[2].end;
        out.push(Finding::new(range, PersonalDataKind::MacAddress, "MAC_ADDRESS"));
    }
}
