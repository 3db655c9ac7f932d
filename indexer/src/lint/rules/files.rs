//! `unreadable-file`, `skipped-file`: what did not become an article at all.

use super::super::corpus::Corpus;
use super::super::finding::{Finding, Position};
use super::super::rule::Rule;

pub(super) fn check(corpus: &Corpus<'_>, out: &mut Vec<Finding>) {
    for skipped in &corpus.skipped {
        let rule = if skipped.unreadable { Rule::UnreadableFile } else { Rule::SkippedFile };
        out.push(finding(rule, &skipped.path, &skipped.reason));
    }
    for (path, reason) in &corpus.unread {
        out.push(finding(Rule::UnreadableFile, path, reason));
    }
}

/// Reasons are "what is wrong; what to do".
fn finding(rule: Rule, path: &str, reason: &str) -> Finding {
    let (message, hint) = reason.split_once("; ").unwrap_or((reason, "check the file"));
    Finding::new(rule, path, Position::START, message).hint(hint).whole()
}
