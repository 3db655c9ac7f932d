//! `orphan-translation`, `stale-translation`.
//!
//! Only where paths name the language (`lv/returns.md`, `returns.lv.md`), as the article page does.

use super::super::article::Article;
use super::super::corpus::Corpus;
use super::super::finding::{Finding, Position};
use super::super::rule::Rule;

pub(super) fn check(corpus: &Corpus<'_>, article: &Article, out: &mut Vec<Finding>) {
    let main = corpus.main_language.as_str();
    let language = article.language();
    if language == main || language == "und" || article.place.is_none() {
        return;
    }
    let meta = &article.document.meta;
    let Some(source) = corpus.twin(article, main) else {
        let message = format!("there is no article in \"{main}\" that this one translates");
        out.push(
            Finding::new(Rule::OrphanTranslation, article.path(), Position::START, message)
                .hint(format!(
                    "delete it, write the \"{main}\" article under the same file name, or rename it \
                     as that one is named"
                ))
                .whole(),
        );
        return;
    };
    let (Some(own), Some(newer)) = (meta.last_updated, source.document.meta.last_updated) else {
        return;
    };
    if own < newer {
        const KEYS: [&str; 3] = ["last_updated", "updated", "date"];
        let message =
            format!("last updated on {own}, but {} was updated on {newer}", source.path());
        out.push(
            Finding::new(Rule::StaleTranslation, article.path(), article.key(&KEYS), message)
                .hint("bring over what has changed, then set last_updated")
                .related(source.path(), source.key(&KEYS), format!("updated on {newer}"))
                .whole(),
        );
    }
}
