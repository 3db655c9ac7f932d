//! `duplicate-slug`.

use std::collections::HashMap;

use super::super::corpus::Corpus;
use super::super::finding::Finding;
use super::super::rule::Rule;

pub(super) fn check(corpus: &Corpus<'_>, out: &mut Vec<Finding>) {
    let mut first: HashMap<(&str, &str), &str> = HashMap::new();
    for article in &corpus.articles {
        let slug = article.document.meta.slug.as_str();
        let Some(other) = first.get(&(article.language(), slug)).copied() else {
            first.insert((article.language(), slug), article.path());
            continue;
        };
        let at = corpus.by_path(other).map(|a| a.key(&["slug"])).unwrap_or(article.key(&[]));
        out.push(
            Finding::new(
                Rule::DuplicateSlug,
                article.path(),
                article.key(&["slug"]),
                format!("the slug \"{slug}\" is also that of {other}"),
            )
            .hint("give one of them another slug; else its address gets a number and may change")
            .related(other, at, format!("the slug \"{slug}\" is used here first"))
            .whole(),
        );
    }
}
