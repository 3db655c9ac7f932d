//! Bytes of a file to clean text.
//!
//! Called by `document` only. Promises UTF-8 in NFC with `\n` line ends, without NUL, control
//! characters, terminal escapes, direction overrides and invisible characters inside words. Leaves
//! the meaning of the text to others.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Bytes that detection looks at.
const SAMPLE: usize = 1 << 20;

/// Text of a file and what had to be done to get it.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) text: String,
    pub(super) warnings: Vec<String>,
}

/// Not text: what it looks like instead.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Binary(pub(super) &'static str);

/// Decodes `bytes`. `language` (ISO 639-1) helps to tell single-byte encodings apart.
///
/// # Errors
/// [`Binary`] for compressed or random content.
pub(super) fn decode(bytes: &[u8], language: Option<&str>) -> Result<Decoded, Binary> {
    let mut warnings = Vec::new();
    let text = match unicode_encoding(bytes) {
        Some((encoding, skip)) => {
            let body = bytes.get(skip..).unwrap_or_default();
            let (text, replaced) = encoding.decode_without_bom_handling(body);
            if encoding != UTF_8 {
                warnings
                    .push(format!("the file is written in {}; save it as UTF-8", encoding.name()));
            }
            if replaced {
                warnings.push(replacement_warning(&text));
            }
            clean(&text)
        }
        None => {
            if let Some(kind) = binary_kind(bytes) {
                return Err(Binary(kind));
            }
            match std::str::from_utf8(bytes) {
                Ok(text) => clean(text),
                Err(_) => clean(&legacy(bytes, language, &mut warnings)),
            }
        }
    };
    Ok(Decoded { text, warnings })
}

/// Removes what must not reach an index, a terminal or a page, and normalises line ends and NFC.
pub(super) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut last = '\n';
    while let Some(c) = chars.next() {
        let keep = match c {
            '\r' => {
                if chars.peek() == Some(&'\n') {
                    chars.next();
                }
                '\n'
            }
            '\n' | '\t' => c,
            '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{b}' | '\u{c}' => '\n',
            '\u{1b}' => {
                skip_escape(&mut chars);
                continue;
            }
            c if c.is_control() || is_invisible(c) => continue,
            // Joiners and zero-width spaces have a meaning in emoji, Indic, Arabic and Thai text.
            '\u{200b}'..='\u{200d}' if last < '\u{590}' => continue,
            c => c,
        };
        out.push(keep);
        last = keep;
    }
    match is_nfc_quick(out.chars()) {
        IsNormalized::Yes => out,
        _ => out.nfc().collect(),
    }
}

/// What no article keeps: marks that nobody sees, and what is no character. Variation selectors stay, because
/// emoji are made with them; the joiners are decided on above.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{180e}' | '\u{feff}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        | '\u{fdd0}'..='\u{fdef}' | '\u{fffe}' | '\u{ffff}')
}

/// Terminal sequences: `ESC [ ... letter`, `ESC ] ... BEL`, `ESC x`. Ends at a line's end at most.
fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            while let Some(c) = chars.next_if(|c| ('\u{20}'..='\u{7e}').contains(c)) {
                if ('\u{40}'..='\u{7e}').contains(&c) {
                    break;
                }
            }
        }
        Some(']') => {
            chars.next();
            while let Some(c) = chars.next_if(|c| !matches!(c, '\n' | '\r' | '\u{1b}')) {
                if c == '\u{7}' {
                    break;
                }
            }
        }
        Some(c) if ('\u{40}'..='\u{5f}').contains(c) => {
            chars.next();
        }
        _ => {}
    }
}

/// Encoding and length of the byte-order mark; UTF-16 without a mark by its zero bytes.
fn unicode_encoding(bytes: &[u8]) -> Option<(&'static Encoding, usize)> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return Some((encoding, length));
    }
    let sample = bytes.get(..bytes.len().min(4096)).unwrap_or_default();
    let pairs = sample.len() / 2;
    if pairs < 4 || !bytes.len().is_multiple_of(2) {
        return None;
    }
    let zeros = |offset: usize| sample.iter().skip(offset).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    if odd * 10 > pairs * 6 && even * 10 < pairs {
        return Some((UTF_16LE, 0));
    }
    (even * 10 > pairs * 6 && odd * 10 < pairs).then_some((UTF_16BE, 0))
}

fn binary_kind(bytes: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 9] = [
        (b"\x1f\x8b", "gzip"),
        (b"PK\x03\x04", "a ZIP archive or an office document"),
        (b"%PDF-", "a PDF"),
        (b"\x89PNG", "a PNG picture"),
        (b"\xff\xd8\xff", "a JPEG picture"),
        (b"GIF8", "a GIF picture"),
        (b"\x7fELF", "a program"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"SQLite format 3\0", "a database"),
    ];
    if let Some((_, kind)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Some(kind);
    }
    let sample = bytes.get(..bytes.len().min(1 << 16)).unwrap_or_default();
    let odd =
        |b: &&u8| (**b < 0x20 && !matches!(**b, b'\t' | b'\n' | b'\r' | 0xc | 0x1b)) || **b == 0x7f;
    let controls = sample.iter().filter(odd).count();
    let valid = sample.utf8_chunks().filter(|c| !c.invalid().is_empty()).count() <= 1;
    let tolerated = if valid { sample.len() * 3 / 10 } else { sample.len() / 50 };
    (controls > tolerated.max(4)).then_some("binary data")
}

/// Text that is not UTF-8: mostly UTF-8 with broken bytes, or a single-byte or East Asian encoding.
fn legacy(bytes: &[u8], language: Option<&str>, warnings: &mut Vec<String>) -> String {
    let (mut whole, mut broken) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        whole += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    if whole >= broken {
        let text = String::from_utf8_lossy(bytes).into_owned();
        warnings.push(replacement_warning(&text));
        return text;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes.get(..bytes.len().min(SAMPLE)).unwrap_or_default(), true);
    let hint = language.filter(|l| l.len() == 2 && l.bytes().all(|b| b.is_ascii_lowercase()));
    let encoding = detector.guess(hint.map(str::as_bytes), Utf8Detection::Deny);
    let (text, replaced) = encoding.decode_without_bom_handling(bytes);
    warnings.push(format!(
        "the file is not UTF-8; it was read as {}; save it as UTF-8",
        encoding.name()
    ));
    if replaced {
        warnings.push(replacement_warning(&text));
    }
    text.into_owned()
}

fn replacement_warning(text: &str) -> String {
    let mut line = 1;
    let (mut count, mut first) = (0_usize, 0_usize);
    for c in text.chars() {
        if c == '\n' {
            line += 1;
        }
        if c == char::REPLACEMENT_CHARACTER {
            if count == 0 {
                first = line;
            }
            count += 1;
        }
    }
    format!(
        "{count} unreadable characters were replaced, the first in line {first}; save the file as UTF-8"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        decode(bytes, None).unwrap().text
    }

    #[test]
    fn unicode_with_and_without_marks() {
        assert_eq!(text(b"\xef\xbb\xbf# a"), "# a");
        let le: Vec<u8> =
            "Atgriešana ir vienkārša".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> =
            "Atgriešana ir vienkārša".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(text(&le), "Atgriešana ir vienkārša");
        assert_eq!(text(&be), "Atgriešana ir vienkārša");
        assert_eq!(text(&[b"\xff\xfe".as_slice(), &le].concat()), "Atgriešana ir vienkārša");
        assert!(decode(&le, None).unwrap().warnings[0].contains("UTF-16LE"));
        assert!(decode("ā".as_bytes(), None).unwrap().warnings.is_empty());
    }

    #[test]
    fn other_encodings_are_read_and_reported() {
        let decoded = decode(b"# R\xfcckgabe\n\nGr\xfc\xdfe aus K\xf6ln, bis bald.", None).unwrap();
        assert!(decoded.text.contains("Grüße aus Köln"), "{}", decoded.text);
        assert!(decoded.warnings[0].contains("windows-1252"), "{:?}", decoded.warnings);
        let latvian = "Preci var atgriezt četrpadsmit dienās, šķērsojot žogu.";
        let (bytes, _, _) = encoding_rs::WINDOWS_1257.encode(latvian);
        assert_eq!(decode(&bytes, Some("lv")).unwrap().text, latvian);
    }

    #[test]
    fn broken_utf8_keeps_the_rest() {
        let decoded =
            decode("ārī viss cits ž\u{fffd}".replace('\u{fffd}', "x").as_bytes(), None).unwrap();
        assert!(decoded.warnings.is_empty());
        let decoded = decode(b"\xc4\x81r\xc4\xab labi \xff beigas", None).unwrap();
        assert_eq!(decoded.text, "ārī labi \u{fffd} beigas");
        assert!(decoded.warnings[0].contains("line 1"));
    }

    #[test]
    fn controls_escapes_and_invisible_characters_go() {
        assert_eq!(text(b"a\0b \x01\x1b[31mred\x1b[0m\x7f \x1b]0;t\x07end"), "ab red end");
        assert_eq!(text("in\u{200b}dia\u{ad}word \u{202e}x\u{2066}".as_bytes()), "indiaword x");
        assert_eq!(text("👩\u{200d}🔧 می\u{200c}خواهم".as_bytes()), "👩\u{200d}🔧 می\u{200c}خواهم");
        assert_eq!(text(b"a\r\nb\rc\n"), "a\nb\nc\n");
        assert_eq!(text("Ru\u{308}ckgabe".as_bytes()), "Rückgabe");
    }

    #[test]
    fn binary_content_is_refused() {
        assert_eq!(decode(b"\x1f\x8b\x08\0abc", None).unwrap_err(), Binary("gzip"));
        let mut state = 7_u32;
        let random: Vec<u8> = (0..4096)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect();
        assert_eq!(decode(&random, None).unwrap_err(), Binary("binary data"));
    }
}
