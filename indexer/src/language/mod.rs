//! Languages: which one a text is in, where its sentences end, which terms it is searched by.
//!
//! Called by `source` (detection, sentences), `keyword` (terms) and the server (terms for coverage
//! and extraction). Knows nothing of files or indexes.

mod detect;
mod sentences;

pub use detect::detect;
pub use sentences::sentences;
