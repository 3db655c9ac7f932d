//! API keys, tokens, private keys, passwords and one-time codes. Known prefixes are enough; everything
//! else needs a cue word in front. Called by [`find_all`](super::find_all).

use std::ops::Range;

use crate::privacy::PersonalDataKind;
use crate::privacy::cues::Cue;
use crate::privacy::redact::Finding;
use crate::privacy::scan::Scan;

/// Prefixes that their vendors document, with the least length of what follows.
const PREFIXES: [(&str, usize); 47] = [
    ("sk-", 20),
    ("sk_live_", 10),
    ("sk_test_", 10),
    ("pk_live_", 10),
    ("pk_test_", 10),
    ("rk_live_", 10),
    ("rk_test_", 10),
    ("whsec_", 16),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("gldt-", 16),
    ("xoxb-", 16),
    ("xoxp-", 16),
    ("xoxa-", 16),
    ("xoxs-", 16),
    ("xoxr-", 16),
    ("xapp-", 16),
    ("AKIA", 16),
    ("ASIA", 16),
    ("ABIA", 16),
    ("AIza", 30),
    ("ya29.", 20),
    ("GOCSPX-", 16),
    ("SG.", 30),
    ("hf_", 24),
    ("npm_", 24),
    ("pypi-", 24),
    ("dop_v1_", 32),
    ("doo_v1_", 32),
    ("shpat_", 24),
    ("shpss_", 24),
    ("shpca_", 24),
    ("shppa_", 24),
    ("sq0atp-", 16),
    ("sq0csp-", 16),
    ("EAAA", 40),
    ("lin_api_", 24),
    ("key-", 28),
    ("dapi", 32),
    ("AGE-SECRET-KEY-", 30),
    ("tskey-", 16),
    ("rnd_", 20),
];

/// No key is looked at beyond this many bytes.
const LONGEST: usize = 4096;
/// Bytes between a cue such as "password" and the secret.
const REACH: usize = 24;
/// How far behind a cue is looked at all.
const LONGEST_PASSWORD: usize = 160;

pub(super) fn find(scan: &Scan<'_>, out: &mut Vec<Finding>) {
    words(scan, out);
    private_keys(scan, out);
    let mut free_from = 0;
    for cue in scan.cues.of(Cue::Secret).filter(|cue| !within_word(scan, cue.end)) {
        if cue.end >= free_from
            && let Some(range) = after_cue(scan, cue.end)
        {
            free_from = range.end;
            out.push(secret(range));
        }
    }
    codes_of_cards(scan, out);
}

fn secret(range: Range<usize>) -> Finding {
    Finding::new(range, PersonalDataKind::Secret, "SECRET")
}

fn within_word(scan: &Scan<'_>, at: usize) -> bool {
    // "passwords" and "Passwortes" are fine, "tokenizer" is not a token.
    scan.text[at..].bytes().take(4).filter(u8::is_ascii_alphabetic).count() > 3
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+' | b'/' | b'=' | b'~')
}

/// Long words of letters and digits: prefixed keys, JSON web tokens, random strings beside a cue.
fn words(scan: &Scan<'_>, out: &mut Vec<Finding>) {
    let bytes = scan.bytes();
    let mut at = 0;
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|b| is_part(**b)).count();
        if run < 16 {
            at += run.max(1);
            continue;
        }
        let word = scan.text[at..at + run].trim_end_matches(['.', '-', '/']);
        let known = PREFIXES.iter().find_map(|(prefix, least)| {
            let found = if word.len() > LONGEST {
                word.starts_with(prefix).then_some(0)
            } else {
                word.find(prefix)
            };
            found.filter(|place| {
                word.len() - place >= prefix.len() + least
                    && (*place == 0 || !word.as_bytes()[place - 1].is_ascii_alphanumeric())
                    && mixed(&word[place + prefix.len()..])
            })
        });
        let jwt = word
            .find("eyJ")
            .filter(|at| *at == 0 || !word.as_bytes()[at - 1].is_ascii_alphanumeric())
            .filter(|at| word[*at..].matches('.').count() == 2);
        let cued = word.len() >= 20
            && random(word)
            && scan.cues.just_before(&(at..at + word.len()), &[Cue::Secret], 40);
        if known.is_some() || jwt.is_some() || cued {
            out.push(secret(at + known.or(jwt).unwrap_or(0)..at + word.len()));
        }
        at += run;
    }
}

/// Letters and digits both.
fn mixed(word: &str) -> bool {
    word.bytes().any(|b| b.is_ascii_digit()) && word.bytes().any(|b| b.is_ascii_alphabetic())
}

/// Shannon entropy of at least 3 bits a character: random rather than written.
fn random(word: &str) -> bool {
    let mut counts = [0u32; 128];
    let bytes = &word.as_bytes()[..word.len().min(LONGEST)];
    for byte in bytes {
        counts[usize::from(byte & 127)] += 1;
    }
    let total = bytes.len() as f64;
    let entropy: f64 = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / total)
        .map(|share| -share * share.log2())
        .sum();
    entropy >= 3.0 && mixed(word)
}

fn private_keys(scan: &Scan<'_>, out: &mut Vec<Finding>) {
    let mut from = 0;
    while let Some(start) = scan.text[from..].find("-----BEGIN ").map(|at| from + at) {
        let head = scan.text[start..].bytes().take(64).position(|b| b == b'\n').unwrap_or(64);
        let is_key =
            scan.text.get(start..start + head).is_some_and(|line| line.contains("PRIVATE KEY"));
        let end = scan.text[start..].find("-----END ").map(|at| {
            let tail = &scan.text[start + at + 9..];
            start + at + 9 + tail.find("-----").map_or(0, |dashes| dashes + 5)
        });
        if is_key {
            out.push(secret(start..end.unwrap_or(scan.text.len())));
        }
        match end {
            Some(end) => from = end,
            None => break,
        }
    }
}

/// What follows "password is", "PIN:", "api key =": a word that is no ordinary one.
fn after_cue(scan: &Scan<'_>, end: usize) -> Option<Range<usize>> {
    let mut last = scan.text.len().min(end + LONGEST_PASSWORD);
    while !scan.text.is_char_boundary(last) {
        last -= 1;
    }
    let rest = &scan.text[end..last];
    let mut at = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    let mut explicit = false;
    loop {
        let tail = rest.get(at..)?;
        let word = tail.split_whitespace().next()?;
        let blank = tail.len() - tail.trim_start().len();
        let bare = word.trim_matches(AROUND);
        explicit |= word.contains([':', '=']) && word.len() <= 2;
        let connector = [
            "is", "was", "ir", "ist", "est", "es", "e", "jest", "yra", "on", "ar", "code",
            "number", "key", "numurs", "kods", "lautet", "",
        ]
        .iter()
        .any(|w| w.eq_ignore_ascii_case(bare));
        // The dash of a list.
        let connector = connector || matches!(bare, "-" | "\u{2022}");
        if !connector {
            let lead = word.len() - without_lead(word).len();
            let value = word[lead..].trim_end_matches(['.', ',', '!', '?', ';']);
            let value = value.split_once("</").map_or(value, |(value, _)| value);
            let value =
                value.trim_end_matches(['.', ',', '!', '?', ';', ')']).trim_end_matches(AROUND);
            let start = end + at + blank + lead;
            explicit |= lead > 0;
            return is_secret_word(value, explicit).then_some(start..start + value.len());
        }
        at += blank + word.len();
        if at > REACH {
            return None;
        }
    }
}

/// What people put around a password or before it.
const AROUND: [char; 18] = [
    ':', '=', '"', '\'', '`', '(', '[', '{', '<', '>', ']', '}', '\u{ab}', '\u{bb}', '\u{201c}',
    '\u{201d}', '\u{201e}', '*',
];

/// The word behind quotes, brackets and the start of an HTML element; a placeholder stays whole.
fn without_lead(word: &str) -> &str {
    if word.starts_with('[') && word[1..].starts_with(|c: char| c.is_ascii_uppercase()) {
        let (inside, rest) = word[1..].split_once(']').unwrap_or((&word[1..], ""));
        if inside.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_') {
            // What is glued to something like a placeholder is a word of its own.
            return if rest.starts_with(char::is_alphanumeric) { rest } else { word };
        }
    }
    let word = word.trim_start_matches(AROUND);
    match word.split_once('>') {
        Some((tag, rest)) if tag.len() <= 8 && tag.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            rest.trim_start_matches(AROUND)
        }
        _ => word,
    }
}

fn is_secret_word(word: &str, explicit: bool) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let inner_capital =
        word.chars().skip(1).any(char::is_uppercase) && word.chars().any(char::is_lowercase);
    let symbol = word.chars().any(|c| "!@#$%^&*+=~".contains(c));
    let placeholder = word.starts_with('[') || word.starts_with('{') || word.starts_with('<');
    let code = letters == 0 && (4..=10).contains(&digits);
    let password =
        word.len() >= 6 && letters > 0 && (digits > 0 || symbol || inner_capital && explicit);
    !placeholder && (code || password)
}

/// Three or four digits behind "CVV" or "security code".
fn codes_of_cards(scan: &Scan<'_>, out: &mut Vec<Finding>) {
    for cue in scan.cues.of(Cue::Card) {
        let word = &scan.text[cue.start..cue.end];
        if !["cvv", "cvc", "cvv2", "cvc2", "security code"]
            .iter()
            .any(|w| w.eq_ignore_ascii_case(word))
        {
            continue;
        }
        let next = scan.tokens.partition_point(|t| t.start < cue.end);
        let digits = scan.tokens[next..].iter().take(3).find(|t| t.digits > 0);
        if let Some(token) = digits.filter(|t| t.is_number() && matches!(t.len(), 3 | 4)) {
            out.push(secret(token.range()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_look_unlike_words() {
        assert!(is_secret_word("hunter2!", false) && is_secret_word("4821", false));
        assert!(!is_secret_word("working", true) && !is_secret_word("not", true));
        assert!(!is_secret_word("[SECRET_1]", true));
    }

    #[test]
    fn random_strings_have_entropy() {
        assert!(random("x9Kd02mQpL4vT7bZ1sHy"));
        assert!(!random("aaaaaaaaaaaaaaaaaaaa1") && !random("internationalisation"));
    }
}
