//! Why a sentence was withheld: one stable code each, for counters and logs.
//!
//! Made by the check, read by the assistant, which counts them. Carries no words of the sentence:
//! what was withheld cannot be printed from here.

/// Why a sentence may not be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// Nothing in it that could be proven: a greeting, a rule of dashes. No loss to an answer.
    NothingSaid,
    /// Longer than any sentence of an answer.
    TooLong,
    /// HTML, a script, an image, a control character.
    Markup,
    /// Syntax of a tool call or of a chat template.
    ToolSyntax,
    /// Words of the system prompt.
    SystemText,
    /// Code that no passage has verbatim.
    Code,
    /// A marker that names no given passage.
    CitationUnknown,
    /// No marker, and no passage clearly supports it.
    CitationMissing,
    /// Not in the language of the reply.
    WrongLanguage,
    /// Promises or reports an action that the system did not take.
    Promise,
    /// Speaks about instructions, prompts or the assistant itself.
    Injection,
    /// A web address whose host no cited passage has.
    UrlHost,
    /// A web or e-mail address that no cited passage has.
    Address,
    /// A number, price, date, time, phone number or code that no cited passage has.
    Literal,
    /// The literal is in the passage, but says something else there.
    LiteralElsewhere,
    /// A name that no cited passage has.
    Name,
    /// Too few of its words are in the cited passages.
    Unsupported,
    /// Says "not" where the source does not, or the other way round.
    Negation,
    /// "can" for "must", "after" for "within", "only" for "also" and their like.
    Modality,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Self; 19] = [
        Self::NothingSaid,
        Self::TooLong,
        Self::Markup,
        Self::ToolSyntax,
        Self::SystemText,
        Self::Code,
        Self::CitationUnknown,
        Self::CitationMissing,
        Self::WrongLanguage,
        Self::Promise,
        Self::Injection,
        Self::UrlHost,
        Self::Address,
        Self::Literal,
        Self::LiteralElsewhere,
        Self::Name,
        Self::Unsupported,
        Self::Negation,
        Self::Modality,
    ];

    /// The stable code: metric label, log field.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NothingSaid => "nothing_said",
            Self::TooLong => "too_long",
            Self::Markup => "markup",
            Self::ToolSyntax => "tool_syntax",
            Self::SystemText => "system_text",
            Self::Code => "code",
            Self::CitationUnknown => "citation_unknown",
            Self::CitationMissing => "citation_missing",
            Self::WrongLanguage => "wrong_language",
            Self::Promise => "promise",
            Self::Injection => "injection",
            Self::UrlHost => "url_host",
            Self::Address => "address",
            Self::Literal => "literal",
            Self::LiteralElsewhere => "literal_elsewhere",
            Self::Name => "name",
            Self::Unsupported => "unsupported",
            Self::Negation => "negation",
            Self::Modality => "modality",
        }
    }

    /// Whether an answer lost something by this sentence: all but empty phrases.
    pub fn is_loss(self) -> bool {
        self != Self::NothingSaid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_plain() {
        let mut codes: Vec<_> = Reason::ALL.iter().map(|r| r.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Reason::ALL.len());
        assert!(codes.iter().all(|c| c.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
    }
}
