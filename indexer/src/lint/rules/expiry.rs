//! `expired`, `expires-soon`.

use jiff::Unit;

use super::super::article::Article;
use super::super::corpus::Corpus;
use super::super::finding::Finding;
use super::super::rule::Rule;
use super::super::text::counted;

pub(super) fn check(corpus: &Corpus<'_>, article: &Article, out: &mut Vec<Finding>) {
    let meta = &article.document.meta;
    let Some(until) = meta.valid_until else {
        return;
    };
    let Ok(span) = corpus.today.until((Unit::Day, until)) else {
        return;
    };
    let days = span.get_days();
    let at = article.key(&["valid_until"]);
    if days < 0 {
        let ago = counted(days.unsigned_abs() as usize, "day");
        out.push(
            Finding::new(
                Rule::Expired,
                article.path(),
                at,
                format!("expired on {until}, {ago} ago"),
            )
            .hint("move valid_until, or delete the article if it is over for good")
            .whole(),
        );
    } else if days.unsigned_abs() <= corpus.settings.expires_within_days {
        let left = match days {
            0 => "today is its last day".to_owned(),
            n => format!("{} left", counted(n.unsigned_abs() as usize, "day")),
        };
        out.push(
            Finding::new(
                Rule::ExpiresSoon,
                article.path(),
                at,
                format!("expires after {until}, {left}"),
            )
            .hint("move valid_until, or prepare what replaces the article")
            .whole(),
        );
    }
}
