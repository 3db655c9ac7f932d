//! Languages: which one a text is in, where its sentences end, which terms it is searched by.
//!
//! Called by `source` (detection, sentences), `keyword` (terms) and the server (terms for coverage
//! and extraction). Knows nothing of files or indexes.

mod abbreviations;
mod analyzer;
mod asking;
mod concepts;
mod detect;
mod distance;
mod everyday;
mod evidence;
mod fold;
mod iso;
mod latvian;
mod number;
mod pieces;
mod sentences;
mod stem;
mod stopwords;
mod words;

pub(crate) use analyzer::{Analysed, stems};
pub use analyzer::{Analyzer, Reading, Term, TermKind};
pub(crate) use asking::asks;
pub(crate) use concepts::{Concept, fingerprint as lexicon_fingerprint};
pub use detect::{detect, detect_among, detect_question, rank};
pub use distance::edit_distance;
pub(crate) use everyday::is_everyday;
pub use fold::fold;
pub(crate) use pieces::bare_code;
pub use sentences::sentences;
pub(crate) use stopwords::may_be_subject;
pub(crate) use words::is_word;
