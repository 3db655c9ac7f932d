//! Placeholders back into originals, for the one customer whose they are.
//!
//! Works on a stream in pieces of any size: a placeholder that is cut in two is held back until it is
//! whole or cannot become one. What was put in is never searched again, so an original that looks like a
//! placeholder stays as it is.

use std::collections::HashMap;
use std::fmt;

use zeroize::Zeroizing;

/// Longest inside of a placeholder: a label of 37 letters, `_` and ten digits.
const LONGEST: usize = 37 + 1 + 10;

/// The originals of one conversation, by placeholder (`[EMAIL_1]`).
#[derive(Default, Clone)]
pub struct Restorer {
    originals: HashMap<String, Zeroizing<String>>,
}

impl Restorer {
    pub fn new(originals: HashMap<String, Zeroizing<String>>) -> Self {
        Self { originals }
    }

    pub fn is_empty(&self) -> bool {
        self.originals.is_empty()
    }

    /// The text with every known placeholder replaced; others stay.
    pub fn restore(&self, text: &str) -> String {
        if self.originals.is_empty() || !text.contains('[') {
            return text.to_owned();
        }
        let mut stream = self.stream();
        let mut out = stream.push(text);
        out.push_str(&stream.finish());
        out
    }

    /// For text that comes in pieces.
    pub fn stream(&self) -> Restoring<'_> {
        Restoring { restorer: self, held: String::new() }
    }

    /// All placeholders with their originals, by name.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut all: Vec<_> =
            self.originals.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        all.sort_unstable();
        all.into_iter()
    }

    /// The original behind one placeholder.
    pub fn original(&self, placeholder: &str) -> Option<&str> {
        self.originals.get(placeholder).map(|original| original.as_str())
    }
}

impl fmt::Debug for Restorer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} originals of a customer]", self.originals.len())
    }
}

/// A text on its way. What [`push`](Self::push) and at last [`finish`](Self::finish) give, put together,
/// is [`Restorer::restore`] of all pieces put together.
#[derive(Debug)]
pub struct Restoring<'a> {
    restorer: &'a Restorer,
    /// `[` and what may still become a placeholder.
    held: String,
}

impl Restoring<'_> {
    /// What may be shown of the text so far.
    pub fn push(&mut self, piece: &str) -> String {
        let mut out = String::with_capacity(piece.len());
        for c in piece.chars() {
            match c {
                '[' => {
                    out.push_str(&std::mem::take(&mut self.held));
                    self.held.push('[');
                }
                _ if self.held.is_empty() => out.push(c),
                ']' => {
                    self.held.push(']');
                    let whole = std::mem::take(&mut self.held);
                    out.push_str(self.restorer.original(&whole).unwrap_or(&whole));
                }
                _ => {
                    self.held.push(c);
                    let inside = c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
                    if !inside || self.held.len() > LONGEST + 1 {
                        out.push_str(&std::mem::take(&mut self.held));
                    }
                }
            }
        }
        out
    }

    /// The rest, after the last piece.
    pub fn finish(self) -> String {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn restorer() -> Restorer {
        let pairs = [("[EMAIL_1]", "anna@example.org"), ("[PERSON_1]", "[EMAIL_1]")];
        Restorer::new(
            pairs.into_iter().map(|(k, v)| (k.to_owned(), Zeroizing::new(v.to_owned()))).collect(),
        )
    }

    #[test]
    fn known_placeholders_are_replaced_once_and_others_stay() {
        let restore = |text: &str| restorer().restore(text);
        assert_eq!(
            restore("to [EMAIL_1], [EMAIL_2] [1] ["),
            "to anna@example.org, [EMAIL_2] [1] ["
        );
        assert_eq!(restore("[PERSON_1]"), "[EMAIL_1]");
        assert_eq!(restore("[[EMAIL_1]]"), "[anna@example.org]");
        assert_eq!(restore("[EMAIL_1"), "[EMAIL_1");
    }

    #[test]
    fn a_placeholder_in_two_pieces_is_put_together() {
        let restorer = restorer();
        let text = "write to [EMAIL_1] now";
        for cut in 0..=text.len() {
            let mut stream = restorer.stream();
            let mut shown = stream.push(&text[..cut]);
            assert!(!shown.contains('['), "{shown}");
            shown.push_str(&stream.push(&text[cut..]));
            shown.push_str(&stream.finish());
            assert_eq!(shown, "write to anna@example.org now");
        }
    }

    #[test]
    fn what_cannot_be_a_placeholder_is_not_held_back() {
        let restorer = restorer();
        let mut stream = restorer.stream();
        assert_eq!(stream.push("[see page"), "[see page");
        assert_eq!(stream.push(&format!("[{}", "A".repeat(60))).len(), 61);
        assert_eq!(stream.finish(), "");
    }

    proptest! {
        #[test]
        fn pieces_give_what_the_whole_gives(
            parts in prop::collection::vec("(\\[EMAIL_1\\]|\\[|\\]|EMAIL_|1|ā| |\\[PERSON_1\\])", 0..20),
            size in 1_usize..7,
        ) {
            let restorer = restorer();
            let text = parts.concat();
            let characters: Vec<char> = text.chars().collect();
            let mut stream = restorer.stream();
            let mut shown = String::new();
            for piece in characters.chunks(size) {
                shown.push_str(&stream.push(&piece.iter().collect::<String>()));
            }
            shown.push_str(&stream.finish());
            prop_assert_eq!(shown, restorer.restore(&text));
        }
    }
}
