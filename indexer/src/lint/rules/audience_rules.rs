//! `unmatched-audience-rule`: what is wrong is the configuration, no article.

use super::super::corpus::Corpus;
use super::super::finding::{CONFIGURATION, Finding, Position};
use super::super::rule::Rule;
use crate::model::DocPath;

pub(super) fn check(corpus: &Corpus<'_>, out: &mut Vec<Finding>) {
    let documents: Vec<(&DocPath, &str)> = corpus
        .articles
        .iter()
        .map(|a| (&a.document.path, a.document.meta.title.as_str()))
        .collect();
    out.extend(corpus.rules.unmatched(&corpus.root, &documents).into_iter().map(|rule| {
        let (place, message) = (Position::START, rule.to_string());
        Finding::new(Rule::UnmatchedAudienceRule, CONFIGURATION, place, message).hint(rule.hint)
    }));
}
