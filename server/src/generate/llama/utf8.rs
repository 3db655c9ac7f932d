//! Token pieces are bytes; customers get characters. Joins bytes until characters are complete.
//!
//! Called by `text`. A character may be spread over several tokens; until its last byte has come nothing
//! of it is given out. Bytes that can never become a character turn into U+FFFD, as in `from_utf8_lossy`.

/// Holds the at most three bytes of a character that is not complete.
#[derive(Debug, Default)]
pub(super) struct Utf8Assembler {
    pending: Vec<u8>,
}

impl Utf8Assembler {
    /// Takes in a piece and appends what is complete to `out`.
    pub(super) fn push(&mut self, piece: &[u8], out: &mut String) {
        self.pending.extend_from_slice(piece);
        let mut consumed = 0;
        for chunk in self.pending.utf8_chunks() {
            out.push_str(chunk.valid());
            consumed += chunk.valid().len();
            let invalid = chunk.invalid();
            if invalid.is_empty() {
                continue;
            }
            let at_end = consumed + invalid.len() == self.pending.len();
            if at_end && may_be_completed(invalid) {
                break;
            }
            out.push(char::REPLACEMENT_CHARACTER);
            consumed += invalid.len();
        }
        self.pending.drain(..consumed);
    }

    /// The text is over: what is still open will not be completed.
    pub(super) fn finish(&mut self, out: &mut String) {
        if !self.pending.is_empty() {
            self.pending.clear();
            out.push(char::REPLACEMENT_CHARACTER);
        }
    }
}

/// Is this a proper beginning of a character? (`utf8_chunks` gives only the longest valid beginning.)
fn may_be_completed(bytes: &[u8]) -> bool {
    let needed = match bytes.first() {
        Some(0xC2..=0xDF) => 2,
        Some(0xE0..=0xEF) => 3,
        Some(0xF0..=0xF4) => 4,
        _ => return false,
    };
    bytes.len() < needed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(pieces: &[&[u8]]) -> String {
        let mut assembler = Utf8Assembler::default();
        let mut out = String::new();
        for piece in pieces {
            assembler.push(piece, &mut out);
        }
        assembler.finish(&mut out);
        out
    }

    #[test]
    fn every_split_of_a_text_gives_the_text() {
        let text = "Rēķins: 12 € für 日本 😀 done";
        let bytes = text.as_bytes();
        for first in 0..=bytes.len() {
            for second in first..=bytes.len() {
                assert_eq!(
                    joined(&[&bytes[..first], &bytes[first..second], &bytes[second..]]),
                    text
                );
            }
        }
    }

    #[test]
    fn an_incomplete_character_is_held_back() {
        let mut assembler = Utf8Assembler::default();
        let mut out = String::new();
        assembler.push(&[b'a', 0xF0, 0x9F], &mut out);
        assert_eq!(out, "a");
        assembler.push(&[0x98, 0x80], &mut out);
        assert_eq!(out, "a😀");
    }

    #[test]
    fn impossible_bytes_become_the_replacement_character() {
        assert_eq!(joined(&[b"a\xFFb"]), "a\u{FFFD}b");
        assert_eq!(joined(&[b"a\xC3"]), "a\u{FFFD}");
        assert_eq!(joined(&[&[0xE2, 0x82], b"x"]), "\u{FFFD}x");
        assert_eq!(joined(&[&[0x80], &[0x80]]), "\u{FFFD}\u{FFFD}");
    }

    #[test]
    fn the_result_is_what_the_lossy_conversion_gives() {
        let mut state = 1_u32;
        for _ in 0..2000 {
            let mut bytes = Vec::new();
            for _ in 0..12 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                bytes.push(
                    [0x41, 0xC3, 0xA9, 0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0x98, 0x80, 0xED, 0xFF]
                        [(state >> 24) as usize % 12],
                );
            }
            let pieces: Vec<&[u8]> = bytes.chunks(1 + (state >> 16) as usize % 3).collect();
            assert_eq!(joined(&pieces), String::from_utf8_lossy(&bytes), "{bytes:x?}");
        }
    }
}
