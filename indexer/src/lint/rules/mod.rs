//! The rules, one file each, and the order in which they run.
//!
//! Called by `run`. A rule looks at the corpus and appends findings; severities, waivers and the
//! selection of rules are left to `run`.

mod audience_rules;
mod claim_conflict;
mod expiry;
mod fact_conflict;
mod files;
mod front_matter;
mod headings;
mod links;
mod near_duplicate;
mod personal;
mod pictures;
mod size;
mod slugs;
mod tables;
mod translations;

use super::article::Article;
use super::corpus::Corpus;
use super::finding::Finding;
use super::rule::Rule;

/// A check of one article.
type ArticleCheck = fn(&Corpus<'_>, &Article, &mut Vec<Finding>);
/// A check of all articles together.
type CorpusCheck = fn(&Corpus<'_>, &mut Vec<Finding>);

/// Checks of single articles with the rules that they report.
const ARTICLE_CHECKS: &[(&[Rule], ArticleCheck)] = &[
    (
        &[Rule::FileProblem, Rule::UnreadableFrontMatter, Rule::UnknownFrontMatter],
        front_matter::remarks,
    ),
    (&[Rule::MissingFrontMatter], front_matter::missing),
    (&[Rule::Expired, Rule::ExpiresSoon], expiry::check),
    (&[Rule::DeadLink, Rule::DeadAnchor, Rule::HiddenLink, Rule::OtherLanguageLink], links::check),
    (&[Rule::OrphanTranslation, Rule::StaleTranslation], translations::check),
    (&[Rule::RepeatedHeading], headings::repeated),
    (&[Rule::EmptyHeading], headings::empty),
    (&[Rule::TooLong, Rule::TooShort], size::check),
    (&[Rule::MissingAlt], pictures::check),
    (&[Rule::WideTable], tables::check),
];

const CORPUS_CHECKS: &[(&[Rule], CorpusCheck)] = &[
    (&[Rule::UnreadableFile, Rule::SkippedFile], files::check),
    (&[Rule::DuplicateSlug], slugs::check),
    (&[Rule::NearDuplicate], near_duplicate::check),
    (&[Rule::FactConflict], fact_conflict::check),
    (
        &[Rule::PersonalEmail, Rule::PersonalPhone, Rule::BankAccount, Rule::PaymentCard],
        personal::check,
    ),
    (&[Rule::UnmatchedAudienceRule], audience_rules::check),
];

/// Runs every check that reports one of `wanted`.
pub(super) fn run(corpus: &Corpus<'_>, wanted: &[Rule]) -> Vec<Finding> {
    let asked = |rules: &[Rule]| rules.iter().any(|rule| wanted.contains(rule));
    let mut out = Vec::new();
    for (_, check) in ARTICLE_CHECKS.iter().filter(|(rules, _)| asked(rules)) {
        for article in &corpus.articles {
            check(corpus, article, &mut out);
        }
    }
    for (_, check) in CORPUS_CHECKS.iter().filter(|(rules, _)| asked(rules)) {
        check(corpus, &mut out);
    }
    out
}
