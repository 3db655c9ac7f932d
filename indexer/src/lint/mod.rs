//! Checks of the content: what makes answers wrong, unfindable or not fit to be published.
//!
//! Useful for: a gate before publishing, a list of work for the content team. [`lint`] reads a folder
//! and gives a [`Report`]; [`human`], [`json`] and [`sarif`] show it. Called by the command line. Not
//! useful for: whether a document may be indexed (`source` and `publish` decide; lint only tells).
//! Knows no index, no catalog, no network: links to other hosts are not followed.
//!
//! Promises: the same report for the same files and day, in the same order; no input makes it panic;
//! time grows about linearly with the text. Every finding names file, line and the next step, and can
//! be allowed where it stands (`<!-- lint-allow: rule-id; reason -->`).

mod article;
mod claim_words;
mod claims;
mod corpus;
mod facts;
mod finding;
mod header;
mod html;
mod human;
mod json;
mod lines;
mod markup;
mod numbers;
mod rule;
mod rules;
mod run;
mod sarif;
mod settings;
mod shingles;
#[cfg(test)]
mod tests;
mod text;
mod waiver;

pub use finding::{Finding, Position, Related, Report};
pub use human::{Colour, human, rules as rules_text};
pub use json::json;
pub use rule::{Level, Rule, Severity, UnknownRule};
pub use run::{LintError, Request, Selection, lint};
pub use sarif::sarif;
pub use settings::LintSettings;
