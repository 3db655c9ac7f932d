//! Codes of one kind: letters and a number, as "LG-1001" to "LG-9000" in a list of error codes.
//!
//! Called by `query`. Who asks about LG-7310 where the base explains some twenty others must not be told of one of those.

use std::collections::BTreeSet;

use tantivy::Term;

use super::schema::Fields;
use super::statistics::Statistics;

/// A kind is one that the base tells from so many codes on.
const SEVERAL: usize = 3;

/// Whether the base has several codes with the letters of `code`, which is written without separators ("lg7310").
/// Never for what is not letters and then a number.
pub(super) fn is_told(code: &str, (live, fields): (&Statistics, &Fields)) -> tantivy::Result<bool> {
    let Some((letters, _)) = parts(code) else { return Ok(false) };
    // From the first digit to the character after the last one.
    let (from, to) = (format!("{letters}0"), format!("{letters}:"));
    let mut found = BTreeSet::new();
    for segment in live.searcher.segment_readers() {
        let inverted = segment.inverted_index(fields.code)?;
        let range = inverted.terms().range().ge(from.as_bytes()).lt(to.as_bytes());
        let mut stream = range.into_stream()?;
        while stream.advance() {
            let Ok(other) = std::str::from_utf8(stream.key()) else { continue };
            let lives = || live.with(&Term::from_field_text(fields.code, other));
            if parts(other).is_some() && !found.contains(other) && lives()? > 0 {
                found.insert(other.to_owned());
                if found.len() >= SEVERAL {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

/// Letters and number of a code that is just these.
fn parts(code: &str) -> Option<(&str, &str)> {
    let (letters, number) = code.split_at(code.find(|c: char| c.is_ascii_digit())?);
    let whole = !letters.is_empty()
        && letters.chars().all(char::is_alphabetic)
        && number.chars().all(|c| c.is_ascii_digit());
    whole.then_some((letters, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_letters_and_a_number() {
        assert_eq!(parts("lg7310"), Some(("lg", "7310")));
        for other in ["lg", "7310", "7310lg", "v2.3.1", "e4f5", ""] {
            assert_eq!(parts(other), None, "{other}");
        }
    }
}
