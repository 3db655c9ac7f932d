//! `unreadable-front-matter`, `unknown-front-matter`, `file-problem`, `missing-front-matter`.

use super::super::article::Article;
use super::super::corpus::Corpus;
use super::super::finding::{Finding, Position};
use super::super::rule::Rule;

/// How the remarks of `source` on front matter begin.
const UNKNOWN: &str = "front matter keys without a meaning here: ";
const READING: [&str; 2] = ["front matter", "the front matter"];

/// What `source` remarked while it read the file.
pub(super) fn remarks(_: &Corpus<'_>, article: &Article, out: &mut Vec<Finding>) {
    let path = article.path();
    for remark in &article.document.warnings {
        let at = line_named_in(remark).unwrap_or_else(|| article.key(&[]));
        let finding = if let Some(keys) = remark.strip_prefix(UNKNOWN) {
            Finding::new(
                Rule::UnknownFrontMatter,
                path,
                at,
                format!("keys without a meaning here: {keys}"),
            )
            .hint("correct the spelling, or remove the keys if no other program reads them")
        } else if READING.iter().any(|start| remark.starts_with(start)) {
            Finding::new(Rule::UnreadableFrontMatter, path, at, remark.as_str())
                .hint("correct the value; until then it counts as the safest one")
        } else {
            Finding::new(Rule::FileProblem, path, Position::START, remark.as_str())
                .hint("correct the file and look at the article's page")
        };
        out.push(finding.whole());
    }
}

/// The place that a remark names as `(line 4)` or `line 4`.
fn line_named_in(remark: &str) -> Option<Position> {
    let rest = remark.split("line ").nth(1)?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let line = rest.get(..digits)?.parse().ok().filter(|line| *line > 0)?;
    Some(Position { line, column: 1 })
}

pub(super) fn missing(corpus: &Corpus<'_>, article: &Article, out: &mut Vec<Finding>) {
    let meta = &article.document.meta;
    let absent = |key: &str| match key {
        "title" => {
            !article.header.has("title") && !article.markup.headings.iter().any(|h| h.level == 1)
        }
        "description" => meta.description.is_none(),
        "last_updated" => meta.last_updated.is_none(),
        "tags" => meta.tags.is_empty(),
        "product" => meta.product.is_none(),
        "canonical_url" => meta.canonical_url.is_none(),
        _ => false,
    };
    let keys: Vec<&str> =
        corpus.settings.required.iter().map(String::as_str).filter(|key| absent(key)).collect();
    if keys.is_empty() {
        return;
    }
    let message = format!("front matter has no {}", keys.join(", "));
    out.push(
        Finding::new(Rule::MissingFrontMatter, article.path(), article.key(&[]), message)
            .hint(format!("add {} between the --- lines at the top", keys.join(": …, ") + ": …"))
            .whole(),
    );
}
