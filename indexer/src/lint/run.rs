//! One run: read, check, allow, sort.

use std::collections::HashMap;
use std::path::Path;

use jiff::civil::Date;

use super::article::Article;
use super::corpus::Corpus;
use super::finding::{Finding, Report};
use super::rule::Rule;
use super::settings::LintSettings;
use super::{finding, rules};
use crate::source::SourceRules;

/// What to check, and how.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// How files are read; must be those of the build.
    pub source: &'a SourceRules,
    pub settings: &'a LintSettings,
    pub selection: Selection,
    /// The day that dates are compared with.
    pub today: Date,
}

/// Which rules run. A rule that is off in the settings runs when `only` names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Empty: all.
    pub only: Vec<Rule>,
    pub skip: Vec<Rule>,
}

/// A run that could not start. The message says what to change.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LintError {
    #[error(
        "knowledge-base folder {0}: there is no such folder; name the folder of your Markdown files \
         with --kb"
    )]
    Folder(String),
    #[error("configuration: {0}")]
    Settings(String),
}

/// Checks all articles below `folder`. Blocks; uses all cores for reading.
///
/// # Errors
/// No such folder, or settings that make no sense. Files that cannot be read are findings.
pub fn lint(folder: &Path, request: &Request<'_>) -> Result<Report, LintError> {
    request.settings.check().map_err(LintError::Settings)?;
    if !folder.is_dir() {
        return Err(LintError::Folder(folder.display().to_string()));
    }
    let corpus = Corpus::read(folder, request.source, request.settings, request.today);
    let wanted: Vec<Rule> = Rule::ALL.iter().copied().filter(|rule| request.runs(*rule)).collect();
    let found = rules::run(&corpus, &wanted);
    Ok(finish(&corpus, request, wanted, found))
}

impl Request<'_> {
    fn runs(&self, rule: Rule) -> bool {
        let named = self.selection.only.contains(&rule);
        let on = self.settings.level(rule).severity().is_some();
        !self.selection.skip.contains(&rule) && (named || (self.selection.only.is_empty() && on))
    }
}

/// Takes out what is waived or not asked for, gives severities, reports on waivers, sorts.
fn finish(
    corpus: &Corpus<'_>,
    request: &Request<'_>,
    wanted: Vec<Rule>,
    found: Vec<Finding>,
) -> Report {
    let by_path: HashMap<&str, &Article> = corpus.articles.iter().map(|a| (a.path(), a)).collect();
    let mut used: HashMap<&str, Vec<bool>> = HashMap::new();
    let mut findings = Vec::with_capacity(found.len());
    let mut waived = 0;
    for finding in found.into_iter().filter(|f| wanted.contains(&f.rule)) {
        if allow(&finding, &by_path, &mut used) {
            waived += 1;
        } else {
            findings.push(finding);
        }
    }
    for article in &corpus.articles {
        let used = used.get(article.path()).map_or(&[][..], Vec::as_slice);
        findings.extend(about_waivers(article, used, &wanted));
    }
    for finding in &mut findings {
        let level = request.settings.level(finding.rule).severity();
        finding.severity = level.unwrap_or(finding.rule.default_severity());
    }
    findings.sort_by(|a, b| key(a).cmp(&key(b)));
    findings.dedup();
    Report { findings, articles: corpus.articles.len(), waived, rules: wanted }
}

type Key<'a> = (&'a str, finding::Position, Rule, &'a str, Option<&'a finding::Related>);

fn key(finding: &Finding) -> Key<'_> {
    (&finding.path, finding.at, finding.rule, &finding.message, finding.related.as_ref())
}

/// Whether a waiver at either place allows the finding; marks those that do as used.
fn allow<'a>(
    finding: &Finding,
    by_path: &HashMap<&'a str, &'a Article>,
    used: &mut HashMap<&'a str, Vec<bool>>,
) -> bool {
    let mut allowed = false;
    let mut mark = |article: &'a Article, numbers: Vec<usize>| {
        allowed |= !numbers.is_empty();
        let flags =
            used.entry(article.path()).or_insert_with(|| vec![false; article.waivers.len()]);
        for number in numbers {
            if let Some(flag) = flags.get_mut(number) {
                *flag = true;
            }
        }
    };
    if let Some(article) = by_path.get(finding.path.as_str()) {
        mark(article, article.waivers.of_finding(finding));
    }
    if let Some(related) = &finding.related
        && let Some(article) = by_path.get(related.path.as_str())
    {
        mark(article, article.waivers.of_related(finding.rule, related, finding.whole));
    }
    allowed
}

fn about_waivers(article: &Article, used: &[bool], wanted: &[Rule]) -> Vec<Finding> {
    let mut out = Vec::new();
    let waivers = &article.waivers;
    if wanted.contains(&Rule::UnknownWaiver) {
        out.extend(waivers.unknown.iter().map(|(name, at)| {
            let message = format!("lint-allow names \"{name}\", and there is no such rule");
            Finding::new(Rule::UnknownWaiver, article.path(), *at, message)
                .hint("correct the name (`lint --rules` lists them); put remarks behind a `;`")
        }));
    }
    if wanted.contains(&Rule::UnusedWaiver) {
        let unused = (0..waivers.len()).filter(|i| !used.get(*i).copied().unwrap_or(false));
        // A rule that did not run had no chance to need its waiver.
        let judged = unused.filter_map(|i| waivers.get(i)).filter(|(r, _)| wanted.contains(r));
        out.extend(judged.map(|(rule, at)| {
            let message = format!("there is no {rule} here any more");
            Finding::new(Rule::UnusedWaiver, article.path(), at, message)
                .hint("remove the lint-allow comment")
        }));
    }
    out
}
