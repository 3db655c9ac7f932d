//! Two types for a customer's words: raw ones that refuse to be printed or stored, and redacted ones
//! that only the redactor makes and that every log, store, prompt and metric takes.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

/// Bytes between the brackets of a placeholder, at most.
const LONGEST: usize = 80;

/// Raw words of a customer. There is no `Display` and no `Serialize`, and `Debug` shows the length
/// alone, so that a stray log line or a derived dump cannot leak them. Dropped after answering.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomerText {
    text: String,
    reader: Reader,
}

/// Who may see the originals of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// The customer of the conversation, and who may reveal them.
    Customer,
    /// Who may reveal them alone: words of an internal note.
    Colleagues,
}

impl CustomerText {
    /// Control characters but line breaks and tabs become spaces: Postgres stores no U+0000, and a terminal
    /// obeys others.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: without_controls(text.into()), reader: Reader::Customer }
    }

    /// Words that people of the company write to each other. Their placeholders are apart
    /// (`[NOTE_EMAIL_1]`), so that no customer gets the originals back by writing a placeholder.
    pub fn note(text: impl Into<String>) -> Self {
        Self { text: without_controls(text.into()), reader: Reader::Colleagues }
    }

    pub fn reader(&self) -> Reader {
        self.reader
    }

    /// The words themselves, for the redactor and for retrieval. Callers must not store or log them.
    pub fn expose(&self) -> &str {
        &self.text
    }
}

/// As long as before, so that places in the text stay what they are.
fn without_controls(text: String) -> String {
    let bad = |c: char| c.is_ascii_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.contains(bad) { text.replace(bad, " ") } else { text }
}

impl AsRef<str> for CustomerText {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for CustomerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} characters of a customer]", self.text.chars().count())
    }
}

/// Words without personal data of a customer: placeholders such as `[EMAIL_1]` stand in for it. Only
/// [`Redactor::redact`](super::Redactor::redact) makes one of what people wrote, so a sink that asks
/// for this type cannot be handed raw words. The other constructors have few callers, which the
/// tidy test counts.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct RedactedText(String);

impl RedactedText {
    /// For the redactor alone.
    pub(super) fn made(text: String) -> Self {
        Self(text)
    }

    /// What the house itself says: message packs, and answers, which are made of public articles by
    /// generators that saw redacted words alone. Never for anything that a person typed.
    pub(crate) fn of_the_house(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Words of the house around words that were redacted before: a summary that quotes.
    pub(crate) fn joined(text: String) -> Self {
        Self(text)
    }

    /// Words that were redacted when they were stored. For the store alone.
    pub(crate) fn from_store(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }

    /// The words without their placeholders, for searching.
    pub fn without_placeholders(&self) -> String {
        without_placeholders(&self.0)
    }

    /// At most the first `chars` characters, whole words and whole placeholders.
    pub fn beginning(&self, chars: usize) -> Self {
        let Some((mut end, _)) = self.0.char_indices().nth(chars) else { return self.clone() };
        if let Some(cut) = placeholder_ranges(&self.0).find(|r| r.contains(&end)) {
            end = cut.start;
        }
        let whole = self.0[..end].rfind(char::is_whitespace).filter(|at| *at > end / 2);
        Self(self.0[..whole.unwrap_or(end)].trim_end().to_owned())
    }
}

impl AsRef<str> for RedactedText {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RedactedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RedactedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// The placeholders in a text, `[EMAIL_1]`, in order.
pub fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    placeholder_ranges(text).map(|range| &text[range])
}

/// A text without its placeholders.
pub fn without_placeholders(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for range in placeholder_ranges(text) {
        out.push_str(&text[end..range.start]);
        end = range.end;
    }
    out.push_str(&text[end..]);
    out
}

fn placeholder_ranges(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    text.match_indices('[').filter_map(|(open, _)| {
        let inside = &text.as_bytes()[open + 1..];
        let end = inside.iter().take(LONGEST).position(|b| *b == b']')?;
        let inner = text.get(open + 1..open + 1 + end)?;
        is_placeholder(inner).then_some(open..open + end + 2)
    })
}

/// `EMAIL_1`: a label in capitals and a number.
fn is_placeholder(inner: &str) -> bool {
    inner.rsplit_once('_').is_some_and(|(label, number)| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_uppercase() || b == b'_' || b.is_ascii_digit())
            && !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_placeholders_are_left_out() {
        let words = |text: &str| RedactedText::made(text.to_owned()).without_placeholders();
        assert_eq!(words("mail [EMAIL_1] or [see 2] [A"), "mail  or [see 2] [A");
        assert_eq!(words("[IBAN_CODE_12]"), "");
        assert_eq!(
            placeholders("[EMAIL_1] [x] [[IBAN_2]]").collect::<Vec<_>>(),
            ["[EMAIL_1]", "[IBAN_2]"]
        );
    }

    #[test]
    fn a_beginning_cuts_neither_words_nor_placeholders() {
        let begin = |text: &str, chars| RedactedText::made(text.to_owned()).beginning(chars).0;
        assert_eq!(begin("mail to [EMAIL_1] now", 12), "mail to");
        assert_eq!(begin("delivery to Germany", 14), "delivery to");
        assert_eq!(begin("ābolu pīrāgs", 3), "ābo");
        assert_eq!(begin("short", 40), "short");
    }

    #[test]
    fn debug_output_never_shows_the_raw_words() {
        let shown = format!("{:?}", Some(CustomerText::new("my card is 4111")));
        assert_eq!(CustomerText::new("a\0b\u{1b}[2J\tc\nd").expose(), "a b [2J\tc\nd");
        assert_eq!(CustomerText::note("\u{7f}").expose(), " ");
        assert_eq!(shown, "Some([15 characters of a customer])");
    }

    #[test]
    fn redacted_words_may_be_shown() {
        assert_eq!(RedactedText::made("hello".to_owned()).to_string(), "hello");
    }
}
