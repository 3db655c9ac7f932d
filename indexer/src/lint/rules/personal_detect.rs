//! Strict detectors of personal data in a line of text: shape, length and check digits must be right.
//!
//! Used by `personal`. Linear in the line: every byte is looked at a bounded number of times.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Email,
    /// International form only: `+371 2000 0000`.
    Phone,
    Iban,
    Card,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) kind: Kind,
    /// Byte of the line.
    pub(super) start: usize,
    /// Lower case, without what only divides groups.
    pub(super) value: String,
}

/// Longest address and longest number that are looked at. Bytes.
const MAX_EMAIL: usize = 254;
const MAX_NUMBER: usize = 48;

/// Countries with IBANs and the length of theirs (the IBAN registry).
const IBAN_LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 \
    DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 \
    IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 \
    NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 \
    TR26 UA29 VA22 VG24 XK20";

/// Everything personal in a line, in order.
pub(super) fn matches(line: &str) -> Vec<Match> {
    let mut out = Vec::new();
    let bytes = line.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let word_start = at == 0 || !bytes.get(at - 1).is_some_and(|b| is_word(*b));
        let found = match byte {
            b'@' => email(line, at),
            b'+' if word_start => phone(line, at),
            b'0'..=b'9' if word_start => card(line, at),
            b'A'..=b'Z' if word_start => iban(line, at),
            _ => None,
        };
        match found {
            Some((found, end)) => {
                out.push(found);
                at = end.max(at + 1);
            }
            None => at += 1,
        }
    }
    out
}

/// The form in which values are compared.
pub(super) fn normal(text: &str) -> String {
    let text = text.trim();
    let keep = |c: &char| text.contains('@') || c.is_ascii_alphanumeric() || *c == '+';
    text.chars().filter(keep).flat_map(char::to_lowercase).collect()
}

impl Match {
    /// Of an e-mail address: what follows the `@`.
    pub(super) fn domain(&self) -> &str {
        self.value.split_once('@').map_or("", |(_, domain)| domain)
    }

    /// Enough to find it again, too little to use it.
    pub(super) fn masked(&self) -> String {
        let end = |n: usize| {
            let skip = self.value.chars().count().saturating_sub(n);
            self.value.chars().skip(skip).collect::<String>()
        };
        match self.kind {
            Kind::Email => {
                let first: String = self.value.chars().take(1).collect();
                format!("{first}…@{}", self.domain())
            }
            Kind::Phone => format!("+…{}", end(2)),
            Kind::Iban => {
                let country: String = self.value.chars().take(2).collect();
                format!("{}…{}", country.to_uppercase(), end(2))
            }
            Kind::Card => format!("…{}", end(4)),
        }
    }
}

/// Letters of any script, digits: what a number must not be glued to.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || matches!(byte, b'_' | b'-' | b'/' | b'.')
}

fn email(line: &str, at: usize) -> Option<(Match, usize)> {
    let bytes = line.as_bytes();
    let local = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'%' | b'+' | b'-');
    let host = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    let before = bytes.get(..at)?.iter().rev().take(64).take_while(|b| local(b)).count();
    let after = bytes.get(at + 1..)?.iter().take(MAX_EMAIL).take_while(|b| host(b)).count();
    let name = line.get(at - before..at)?.trim_start_matches(['.', '-', '%', '+']);
    let domain = line.get(at + 1..at + 1 + after)?.trim_end_matches(['.', '-']);
    let (rest, top) = domain.rsplit_once('.')?;
    let labels_ok = rest
        .split('.')
        .all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
    let top_ok = (2..=24).contains(&top.len()) && top.bytes().all(|b| b.is_ascii_alphabetic());
    if name.is_empty() || !labels_ok || !top_ok {
        return None;
    }
    // `picture@2x.png` is a file.
    if ["png", "jpg", "jpeg", "gif", "svg", "webp"].contains(&top.to_ascii_lowercase().as_str()) {
        return None;
    }
    let value = format!("{name}@{domain}").to_lowercase();
    let start = at - name.len();
    Some((Match { kind: Kind::Email, start, value }, at + 1 + domain.len()))
}

/// Digits of a number whose groups are divided by single marks, and where it ends.
fn digits(line: &str, at: usize, marks: &[u8]) -> (String, usize) {
    let bytes = line.as_bytes();
    let limit = bytes.len().min(at + MAX_NUMBER);
    let (mut value, mut end, mut i) = (String::new(), at, at);
    while i < limit {
        match bytes.get(i) {
            Some(b) if b.is_ascii_digit() => {
                value.push(char::from(*b));
                end = i + 1;
            }
            Some(b) if marks.contains(b) => {
                let double = bytes.get(i + 1).is_none_or(|next| marks.contains(next));
                // `(0)20` and `) 20` have two marks in a row.
                if double && !matches!(b, b'(' | b')') && !matches!(bytes.get(i + 1), Some(b'(')) {
                    break;
                }
            }
            _ => break,
        }
        i += 1;
    }
    (value, end)
}

fn phone(line: &str, at: usize) -> Option<(Match, usize)> {
    line.as_bytes().get(at + 1).filter(|b| b.is_ascii_digit())?;
    let (value, end) = digits(line, at + 1, b" -./()");
    let glued = line.as_bytes().get(end).is_some_and(|b| b.is_ascii_alphanumeric() || *b >= 0x80);
    // E.164: up to 15 digits, none of the country codes starts with 0.
    if !(9..=15).contains(&value.len()) || value.starts_with('0') || glued {
        return None;
    }
    Some((Match { kind: Kind::Phone, start: at, value: format!("+{value}") }, end))
}

fn card(line: &str, at: usize) -> Option<(Match, usize)> {
    let (value, end) = digits(line, at, b" -");
    let glued = line.as_bytes().get(end).is_some_and(|b| is_word(*b) && *b != b'.');
    if glued || !issuer_fits(&value) || !luhn(&value) {
        return None;
    }
    Some((Match { kind: Kind::Card, start: at, value }, end))
}

/// Whether issuer and length belong together (ISO/IEC 7812 ranges of the large networks).
fn issuer_fits(value: &str) -> bool {
    let head = |n: usize| value.get(..n).and_then(|d| d.parse::<u32>().ok()).unwrap_or(0);
    match value.len() {
        15 => matches!(head(2), 34 | 37),
        14 => matches!(head(2), 36 | 38),
        13 => head(1) == 4,
        16 => {
            head(1) == 4
                || (51..=55).contains(&head(2))
                || (2221..=2720).contains(&head(4))
                || (3528..=3589).contains(&head(4))
                || matches!(head(2), 60 | 64 | 65)
        }
        _ => false,
    }
}

/// The check digit of ISO/IEC 7812-1.
fn luhn(value: &str) -> bool {
    let sum: u32 = value
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, b)| {
            let digit = u32::from(b - b'0') << (i % 2);
            if digit > 9 { digit - 9 } else { digit }
        })
        .sum();
    let varied = value.bytes().any(|b| Some(b) != value.bytes().next());
    sum.is_multiple_of(10) && varied
}

fn iban(line: &str, at: usize) -> Option<(Match, usize)> {
    let country = line.get(at..at + 2)?;
    let entry = IBAN_LENGTHS.split_whitespace().find(|e| e.starts_with(country))?;
    let length: usize = entry.get(2..)?.parse().ok()?;
    let bytes = line.as_bytes();
    let (mut value, mut i) = (String::new(), at);
    while value.len() < length {
        match bytes.get(i)? {
            b if b.is_ascii_uppercase() || b.is_ascii_digit() => value.push(char::from(*b)),
            b' ' if bytes.get(i - 1) != Some(&b' ') => {}
            _ => return None,
        }
        i += 1;
    }
    let glued = bytes.get(i).is_some_and(|b| is_word(*b) && !matches!(b, b'.' | b'-' | b'/'));
    let check = value.get(2..4)?.bytes().all(|b| b.is_ascii_digit());
    if glued || !check || remainder(&value) != 1 {
        return None;
    }
    Some((Match { kind: Kind::Iban, start: at, value: value.to_ascii_lowercase() }, i))
}

/// ISO 7064 MOD 97-10 of an IBAN, whose first four characters come last.
fn remainder(value: &str) -> u32 {
    let (head, rest) = value.split_at_checked(4).unwrap_or((value, ""));
    rest.bytes().chain(head.bytes()).fold(0, |sum, b| match b {
        b'0'..=b'9' => (sum * 10 + u32::from(b - b'0')) % 97,
        _ => (sum * 100 + u32::from(b.saturating_sub(b'A')) + 10) % 97,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Vec<(Kind, String)> {
        matches(line).into_iter().map(|m| (m.kind, m.masked())).collect()
    }

    #[test]
    fn real_values_are_found_and_masked() {
        assert_eq!(found("Ask Jānis (janis.b@mail.lv)."), [(Kind::Email, "j…@mail.lv".into())]);
        assert_eq!(found("[x](mailto:a@b.co)"), [(Kind::Email, "a…@b.co".into())]);
        assert_eq!(found("call +371 2000-0000, or"), [(Kind::Phone, "+…00".into())]);
        assert_eq!(found("+44 (0)20 7946 0958"), [(Kind::Phone, "+…58".into())]);
        assert_eq!(
            found("to LV80BANK0000435195001 or GB82 WEST 1234 5698 7654 32."),
            [(Kind::Iban, "LV…01".into()), (Kind::Iban, "GB…32".into())]
        );
        assert_eq!(
            found("card 4111 1111 1111 1111, 378282246310005"),
            [(Kind::Card, "…1111".into()), (Kind::Card, "…0005".into())]
        );
    }

    #[test]
    fn look_alikes_are_not() {
        for line in [
            "4111 1111 1111 1112",
            "order OZ-4111111111111111",
            "1234567890123456",
            "LV81BANK0000435195001",
            "LVX",
            "see you @ 5, logo@2x.png, a@b",
            "1 + 371 2000 0000",
            "+5 points and +1000",
            "2026-10-20 14:00",
            "https://a.example/4111111111111111",
        ] {
            assert!(found(line).is_empty(), "{line}: {:?}", found(line));
        }
    }

    #[test]
    fn hostile_lines_end() {
        for line in
            ["@".repeat(50_000), "1 ".repeat(50_000), "LV00".repeat(20_000), "+1(".repeat(9_999)]
        {
            matches(&line);
        }
        assert_eq!(normal(" +371 2000-0000 "), "+37120000000");
        assert_eq!(normal("A.B@C.lv"), "a.b@c.lv");
        assert_eq!(normal("@C.lv"), "@c.lv");
    }
}
