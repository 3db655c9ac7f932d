//! `wide-table`.

use super::super::article::Article;
use super::super::corpus::Corpus;
use super::super::finding::Finding;
use super::super::rule::Rule;
use super::super::text::{Run, count_words};

pub(super) fn check(corpus: &Corpus<'_>, article: &Article, out: &mut Vec<Finding>) {
    let limit = corpus.rules.passage_words.max;
    let words = |row: &[Run]| row.iter().map(|cell| count_words(cell.text())).sum::<usize>();
    for table in &article.markup.tables {
        let widest = table.rows.iter().map(|row| words(row)).max().unwrap_or(0);
        let total = words(&table.header) + widest;
        if total > limit {
            let message = format!(
                "a row of the table has {total} words with its header; a passage has at most {limit}"
            );
            out.push(
                Finding::new(Rule::WideTable, article.path(), article.position(table.at), message)
                    .hint("write long cells as sections with headings, or split the table"),
            );
        }
    }
}
