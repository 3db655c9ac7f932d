//! `too-long`, `too-short`.

use super::super::article::Article;
use super::super::corpus::Corpus;
use super::super::finding::{Finding, Position};
use super::super::rule::Rule;
use super::super::text::counted;

pub(super) fn check(corpus: &Corpus<'_>, article: &Article, out: &mut Vec<Finding>) {
    let (words, settings) = (article.words, corpus.settings);
    let find = |rule, message, hint| {
        Finding::new(rule, article.path(), Position::START, message).hint(hint).whole()
    };
    if words > settings.max_words {
        let sections = article.markup.headings.iter().filter(|h| h.level == 2).count();
        let message = format!("{words} words; the limit is {}", settings.max_words);
        let hint = if sections > 1 {
            format!("split it by its {sections} sections into articles of one subject each")
        } else {
            "split it into articles of one subject each, with headings".to_owned()
        };
        out.push(find(Rule::TooLong, message, hint));
    } else if words < settings.min_words {
        let message = format!("only {}", counted(words, "word"));
        let hint = "say more, or join it with a related article".to_owned();
        out.push(find(Rule::TooShort, message, hint));
    }
}
