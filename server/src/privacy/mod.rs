//! Where customers' words are handled. Nothing of a question may be written to a log or to disk
//! before it went through the redactor; until that exists, nothing of it is written at all.

mod text;

pub use text::CustomerText;
