//! What a customer was told of the machine that answers, and what they decided about their words.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// The sentence that says a machine answers (EU AI Act, Art. 50), in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disclosure {
    /// Names the text: another text, another version.
    pub version: String,
    pub locale: String,
    pub text: String,
}

impl Disclosure {
    pub fn new(locale: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let hash = Sha256::digest(text.as_bytes());
        let version = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { version, locale: locale.into(), text }
    }
}

/// What is recorded of a customer. The names are part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// They were told that a machine answers.
    AiDisclosure,
    Consent,
    ConsentWithdrawn,
    /// Their words are used for answering them alone (GDPR Art. 21, CCPA).
    OptOut,
    OptIn,
    /// People answer them, no machine (GDPR Art. 22).
    AutomationRefused,
    AutomationAccepted,
}

impl RecordKind {
    pub const ALL: [Self; 7] = [
        Self::AiDisclosure,
        Self::Consent,
        Self::ConsentWithdrawn,
        Self::OptOut,
        Self::OptIn,
        Self::AutomationRefused,
        Self::AutomationAccepted,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::AiDisclosure => "ai_disclosure",
            Self::Consent => "consent",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::OptOut => "opt_out",
            Self::OptIn => "opt_in",
            Self::AutomationRefused => "automation_refused",
            Self::AutomationAccepted => "automation_accepted",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Who recorded it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordedBy {
    System,
    Customer,
    Operator,
}

impl RecordedBy {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Customer => "customer",
            Self::Operator => "operator",
        }
    }
}

/// What a customer objects to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Objections {
    /// Use of their words for anything but answering them.
    pub analysis: bool,
    /// Answers of a machine.
    pub automation: bool,
}

impl Objections {
    /// What holds after `kind`.
    #[must_use]
    pub fn after(self, kind: RecordKind) -> Self {
        match kind {
            RecordKind::OptOut => Self { analysis: true, ..self },
            RecordKind::OptIn => Self { analysis: false, ..self },
            RecordKind::AutomationRefused => Self { automation: true, ..self },
            RecordKind::AutomationAccepted => Self { automation: false, ..self },
            RecordKind::AiDisclosure | RecordKind::Consent | RecordKind::ConsentWithdrawn => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_choice_of_a_kind_counts() {
        let after = |kinds: &[RecordKind]| {
            kinds.iter().fold(Objections::default(), |all, kind| all.after(*kind))
        };
        let both = after(&[RecordKind::OptOut, RecordKind::AutomationRefused]);
        assert_eq!(both, Objections { analysis: true, automation: true });
        let back = after(&[RecordKind::OptOut, RecordKind::Consent, RecordKind::OptIn]);
        assert_eq!(back, Objections::default());
    }

    #[test]
    fn a_disclosure_is_named_by_its_text() {
        let (one, two) = (Disclosure::new("en", "A machine."), Disclosure::new("en", "A robot."));
        assert_ne!(one.version, two.version);
        assert_eq!(one.version, Disclosure::new("lv", "A machine.").version);
        for kind in RecordKind::ALL {
            assert_eq!(RecordKind::parse(kind.as_str()), Some(kind));
        }
    }
}
