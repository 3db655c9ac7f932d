//! `missing-alt`.

use super::super::article::Article;
use super::super::corpus::Corpus;
use super::super::finding::Finding;
use super::super::rule::Rule;
use super::super::text::short;

pub(super) fn check(_: &Corpus<'_>, article: &Article, out: &mut Vec<Finding>) {
    for picture in article.markup.pictures.iter().filter(|p| !p.described) {
        let message = format!("the picture \"{}\" has no description", short(&picture.source, 80));
        out.push(
            Finding::new(Rule::MissingAlt, article.path(), article.position(picture.at), message)
                .hint(
                    "say between the brackets what can be seen: ![a red error box with code 7](…)",
                ),
        );
    }
}
