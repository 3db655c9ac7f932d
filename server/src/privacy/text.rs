//! Two types for a customer's words: raw ones that refuse to be printed or stored, and redacted ones
//! that only the redactor makes and that every log, store, prompt and metric takes.

use std::fmt;

use serde::Serialize;

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
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), reader: Reader::Customer }
    }

    /// Words that people of the company write to each other. Their placeholders are apart
    /// (`[NOTE_EMAIL_1]`), so that no customer gets the originals back by writing a placeholder.
    pub fn note(text: impl Into<String>) -> Self {
        Self { text: text.into(), reader: Reader::Colleagues }
    }

    pub fn reader(&self) -> Reader {
        self.reader
    }

    /// The words themselves, for the redactor and for retrieval. Callers must not store or log them.
    pub fn expose(&self) -> &str {
        &self.text
    }
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
        let mut out = String::with_capacity(self.0.len());
        let mut rest = self.0.as_str();
        while let Some(open) = rest.find('[') {
            let (before, tail) = rest.split_at(open);
            out.push_str(before);
            let end = tail.find(']').filter(|end| is_placeholder(&tail[1..*end]));
            let skipped = end.map_or(1, |end| end + 1);
            if end.is_none() {
                out.push('[');
            }
            rest = &tail[skipped..];
        }
        out.push_str(rest);
        out
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
    }

    #[test]
    fn debug_output_never_shows_the_raw_words() {
        let shown = format!("{:?}", Some(CustomerText::new("my card is 4111")));
        assert_eq!(shown, "Some([15 characters of a customer])");
    }

    #[test]
    fn redacted_words_may_be_shown() {
        assert_eq!(RedactedText::made("hello".to_owned()).to_string(), "hello");
    }
}
