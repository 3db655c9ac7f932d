//! Where customers' words are handled. [`Redactor`] is the one way from raw [`CustomerText`] to
//! [`RedactedText`], and only the latter may be logged, stored, embedded remotely or sent anywhere.

mod cue_words;
mod cues;
mod detectors;
mod kind;
mod merge;
mod normalize;
mod numbering;
mod redact;
mod scan;
mod secret;
mod settings;
mod text;

#[cfg(test)]
mod redact_tests;

pub use kind::PersonalDataKind;
pub use numbering::Numbering;
pub use redact::{Finding, Original, Redaction, Redactor};
pub use secret::Secret;
pub use settings::{CustomPattern, RedactionError, RedactionSettings};
pub use text::{CustomerText, RedactedText};
