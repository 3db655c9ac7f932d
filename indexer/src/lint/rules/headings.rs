//! `repeated-heading`, `empty-heading`.

use std::collections::HashMap;

use super::super::article::Article;
use super::super::corpus::Corpus;
use super::super::finding::Finding;
use super::super::rule::Rule;
use super::super::text::short;

const SHOWN: usize = 60;

pub(super) fn repeated(_: &Corpus<'_>, article: &Article, out: &mut Vec<Finding>) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for heading in article.markup.headings.iter().filter(|h| !h.text.is_empty()) {
        match seen.get(&heading.text.to_lowercase()) {
            Some(first) => {
                let line = article.position(*first).line;
                let message = format!(
                    "the heading \"{}\" stands in line {line} already",
                    short(&heading.text, SHOWN)
                );
                out.push(
                    Finding::new(
                        Rule::RepeatedHeading,
                        article.path(),
                        article.position(heading.at),
                        message,
                    )
                    .hint(format!(
                        "name what is special about this section; links to it must say #{} now",
                        short(&heading.anchor, SHOWN)
                    )),
                );
            }
            None => {
                seen.insert(heading.text.to_lowercase(), heading.at);
            }
        }
    }
}

pub(super) fn empty(_: &Corpus<'_>, article: &Article, out: &mut Vec<Finding>) {
    let headings = &article.markup.headings;
    for (i, heading) in headings.iter().enumerate() {
        let at = article.position(heading.at);
        if !heading.text.contains(char::is_alphanumeric) {
            out.push(
                Finding::new(Rule::EmptyHeading, article.path(), at, "a heading without text")
                    .hint("write a heading, or remove the marks"),
            );
            continue;
        }
        let below = headings.get(i + 1).is_some_and(|next| next.level > heading.level);
        if !heading.filled && !below {
            let message = format!("nothing stands below \"{}\"", short(&heading.text, SHOWN));
            out.push(
                Finding::new(Rule::EmptyHeading, article.path(), at, message)
                    .hint("write the section, or remove its heading"),
            );
        }
    }
}
