//! Links and host names. A link can carry names, credentials and tokens, so every one goes unless its
//! host is allowed and it carries no secret. Called by [`find_all`](super::find_all).

use std::ops::Range;

use crate::privacy::PersonalDataKind;
use crate::privacy::redact::Finding;
use crate::privacy::scan::Scan;

use super::domains::{is_ending, is_telling_ending};

pub(super) fn find(scan: &Scan<'_>, allowed: &[String], out: &mut Vec<Finding>) {
    let mut free_from = 0;
    for (at, _) in scan.text.match_indices("://") {
        if at < free_from {
            continue;
        }
        if let Some(range) = with_scheme(scan.text, at) {
            free_from = range.end;
            push(scan, range, at + 3, allowed, out);
        }
    }
    if scan.bytes().contains(&b'.') {
        bare(scan, allowed, out);
    }
}

fn with_scheme(text: &str, at: usize) -> Option<Range<usize>> {
    let scheme = text[..at].bytes().rev().take(12).take_while(u8::is_ascii_alphabetic).count();
    if scheme < 2 || text[at - scheme..at].eq_ignore_ascii_case("file") {
        return None;
    }
    let end = at + 3 + link_length(&text[at + 3..]);
    (end > at + 4).then_some(at - scheme..end)
}

/// Up to a blank, quote or bracket; punctuation at the end belongs to the sentence.
fn link_length(text: &str) -> usize {
    let end = text
        .find(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '`' | '\''))
        .unwrap_or(text.len());
    let link = text[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '|']);
    let link = if link.contains('(') { link } else { link.trim_end_matches(')') };
    let link = if link.contains('[') { link } else { link.trim_end_matches(']') };
    link.len()
}

/// `www.example.com/x`, `example.co.uk`: words joined by dots, a known ending.
fn bare(scan: &Scan<'_>, allowed: &[String], out: &mut Vec<Finding>) {
    let mut index = 0;
    let mut free_from = 0;
    while index < scan.tokens.len() {
        let first = index;
        while matches!(scan.gap(index), "." | "-") && index - first < 12 {
            index += 1;
        }
        let (start, ending) = (scan.tokens[first].start, scan.word(index));
        index += 1;
        let dotted = index - first > 1 && scan.gap(index - 2) == ".";
        let mailed = matches!(scan.before(start), Some(b'@' | b'/' | b'_'));
        let www = scan.word(first).eq_ignore_ascii_case("www");
        if start < free_from
            || !dotted
            || mailed
            || !(www && is_ending(ending) || is_telling_ending(ending))
        {
            continue;
        }
        let end = scan.tokens[index - 1].end;
        if scan.byte(end) == Some(b'@') || scan.word(first).len() + 3 > end - start {
            continue;
        }
        let host_of_letters = scan.tokens[first..index].iter().any(|t| t.letters > 1);
        let lower = ending.bytes().all(|b| b.is_ascii_lowercase())
            || scan.text[start..end].bytes().all(|b| !b.is_ascii_lowercase());
        if !host_of_letters || !lower {
            continue;
        }
        let path = if scan.byte(end) == Some(b'/') { link_length(&scan.text[end..]) } else { 0 };
        free_from = end + path;
        push(scan, start..free_from, start, allowed, out);
    }
}

fn push(
    scan: &Scan<'_>,
    range: Range<usize>,
    host_at: usize,
    allowed: &[String],
    out: &mut Vec<Finding>,
) {
    let rest = &scan.text[host_at..range.end];
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host =
        authority.rsplit('@').next().unwrap_or_default().split(':').next().unwrap_or_default();
    let open = allowed.iter().any(|a| {
        let (host, a) = (host.to_ascii_lowercase(), a.to_ascii_lowercase());
        host == a || host.strip_suffix(&a).is_some_and(|sub| sub.ends_with('.'))
    });
    if open && !carries_secret(rest, authority) {
        return;
    }
    out.push(Finding::new(range, PersonalDataKind::Link, "URL"));
}

/// Credentials, a query or a fragment, or a long random piece of the path.
fn carries_secret(rest: &str, authority: &str) -> bool {
    let random = |piece: &str| {
        piece.len() >= 20
            && piece.bytes().filter(u8::is_ascii_digit).count() >= 4
            && piece.bytes().any(|b| b.is_ascii_alphabetic())
    };
    authority.contains('@') || rest.contains(['?', '=']) || rest.split('/').any(random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_ends_where_its_sentence_goes_on() {
        for (text, link) in [
            ("see https://a.example/x?y=1.", "https://a.example/x?y=1"),
            ("(http://a.example/b)", "http://a.example/b"),
            ("\"https://a.example/\"", "https://a.example/"),
        ] {
            let at = text.find("://").unwrap();
            assert_eq!(with_scheme(text, at).map(|r| &text[r]), Some(link));
        }
    }

    #[test]
    fn queries_and_credentials_are_secrets_and_plain_pages_are_not() {
        assert!(carries_secret("a.example/?token=1", "a.example"));
        assert!(carries_secret("u:p@a.example/", "u:p@a.example"));
        assert!(!carries_secret("a.example/en/returns", "a.example"));
    }
}
