//! Files of the knowledge base to documents and their passages.
//!
//! Useful for: finding Markdown files below a folder ([`walk`]), reading one ([`read_document`]),
//! turning bytes or a text into a [`Document`] ([`parse_document`], [`document_from_text`]), and
//! naming headings the way GitHub does ([`Anchors`]). Called by `publish`, by the command line and
//! by evaluation. Not useful for: deciding what has changed (`publish`), which words are searched
//! (`language`), what a reader may see at query time (`model::Filter`).
//!
//! Promises: every input ends in a `Document` or a [`SkipReason`], never in a panic; time and memory
//! grow linearly with the input; whatever cannot be read of audience, draft or validity makes the
//! document less visible, never more. The order of work: `decode` (bytes to clean text),
//! `front_matter` and `fields` (what the header says), `extensions` and `templates` (Markdown
//! dialects to plain Markdown), `markdown` with `html`, `blocks` and `table` (to a flat list of
//! blocks), `outline` (headings), `chunk` with `split` (passages).

mod anchors;
mod blocks;
mod chunk;
mod decode;
mod document;
mod extensions;
mod fields;
mod front_matter;
mod html;
pub mod link_path;
mod locale;
mod markdown;
mod naming;
mod outline;
mod rules;
mod split;
mod table;
mod templates;
#[cfg(test)]
mod tests;
mod unmatched;
mod walk;

pub use anchors::Anchors;
pub use document::{SkipReason, document_from_text, parse_document, read_bytes, read_document};
pub use markdown::OPTIONS as MARKDOWN_OPTIONS;
pub use rules::{AudienceRule, InvalidRule, PassageWords, SourceRules};
pub use unmatched::UnmatchedRule;
pub use walk::{Skipped, SourceFile, Walk, walk};

#[cfg(doc)]
use crate::model::Document;
