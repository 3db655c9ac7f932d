//! Where customers' words are handled. [`Redactor`] is the one way from raw [`CustomerText`] to
//! [`RedactedText`], and only the latter may be logged, stored, embedded remotely or sent anywhere.

pub mod audit;
mod cue_words;
mod cues;
mod detectors;
mod kind;
mod merge;
mod normalize;
mod numbering;
mod receipt;
mod redact;
mod scan;
mod settings;
mod signing;
mod text;
pub mod vault;
mod whole;

#[cfg(test)]
mod redact_tests;

pub use indexer::secret::Secret;
pub use kind::PersonalDataKind;
pub(crate) use normalize::is_invisible;
pub use numbering::Numbering;
pub(crate) use numbering::is_of_note;
pub use receipt::{Erased, Kept, Receipt, ReceiptError};
pub use redact::{Finding, Original, Redaction, Redactor};
pub use settings::{CustomPattern, RedactionError, RedactionSettings};
pub use signing::{Signer, is_signed};
pub use text::{CustomerText, Reader, RedactedText, placeholders, without_placeholders};
pub use whole::redact_whole;
