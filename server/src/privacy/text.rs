//! A customer's own words as a type that refuses to be printed, serialised or stored.

use std::fmt;

/// Raw words of a customer. There is no `Display` and no `Serialize`, and `Debug` shows the length
/// alone, so that a stray log line or a derived dump cannot leak them. Dropped after answering.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomerText(String);

impl CustomerText {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The words themselves, for retrieval and for the answer. Callers must not store or log them.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CustomerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} characters of a customer]", self.0.chars().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_never_shows_the_words() {
        let shown = format!("{:?}", Some(CustomerText::new("my card is 4111")));
        assert_eq!(shown, "Some([15 characters of a customer])");
    }
}
