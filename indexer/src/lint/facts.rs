//! Statements with numbers, in a form in which two articles can be compared.
//!
//! Made by `article`, compared by `rules::fact_conflict`. A *frame* is a sentence or a table cell
//! whose numbers of one unit are taken out: the stems of what is left say what the fact is about, the
//! numbers say what is claimed. Stems are kept as hashes.

use super::article::stems;
use super::markup::{Markup, Table};
use super::numbers::{self, Amount};
use super::text::{Run, hash, short};
use crate::language::{self, Analyzer, TermKind};
use crate::model::DocumentMeta;

/// Longer sentences are lists in disguise.
const MAX_STEMS: usize = 30;
/// Frames of one article, and cells of one table, that are looked at.
const MAX_FRAMES: usize = 2000;
/// Characters of a sentence that a report quotes.
const QUOTE: usize = 140;

/// Where the words of a fact come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Sentence,
    /// A cell: its column's header and the labels of its row.
    Cell,
}

#[derive(Debug)]
pub(super) struct Frame {
    pub(super) shape: Shape,
    /// What the fact is about, sorted, without numbers of `unit`.
    pub(super) subject: Vec<u64>,
    /// Stems of the headings above and of the title, sorted.
    pub(super) heading: Vec<u64>,
    /// Currency, `%` or stem of the unit.
    pub(super) unit: String,
    /// Numbers in order, each in one spelling.
    pub(super) values: Vec<String>,
    /// The same as written, with units.
    pub(super) written: Vec<String>,
    /// Byte of the Markdown where each number starts.
    pub(super) at: Vec<usize>,
    /// The sentence or row, shortened.
    pub(super) quote: String,
}

/// The frames of an article in reading order.
pub(super) fn frames(markup: &Markup, meta: &DocumentMeta, analyzer: &Analyzer) -> Vec<Frame> {
    let paths = heading_paths(markup, analyzer);
    let above = |heading: Option<usize>| heading.and_then(|h| paths.get(h)).cloned();
    let mut out = Vec::new();
    for block in &markup.blocks {
        let text = block.run.text();
        if !text.contains(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let heading = above(block.heading).unwrap_or_default();
        for sentence in language::sentences(text, &meta.locale) {
            if out.len() >= MAX_FRAMES {
                return out;
            }
            sentence_frames(&block.run, sentence, (&heading, analyzer), &mut out);
        }
    }
    for table in &markup.tables {
        let heading = above(table.heading).unwrap_or_default();
        table_frames(table, (&heading, analyzer), &mut out);
        if out.len() >= MAX_FRAMES {
            break;
        }
    }
    out
}

/// For each heading the stems of it and of the one above it, except the first level.
fn heading_paths(markup: &Markup, analyzer: &Analyzer) -> Vec<Vec<u64>> {
    let mut above: Vec<(u8, Vec<u64>)> = Vec::new();
    let headings = markup.headings.iter().map(|heading| {
        above.truncate(above.iter().position(|(l, _)| *l >= heading.level).unwrap_or(above.len()));
        let terms = analyzer.terms(&heading.text);
        // "3. Prices" is about prices.
        let words = terms.iter().filter(|t| !t.stop && t.kind != TermKind::Number);
        above.push((heading.level, words.map(|t| hash([t.text.as_str()])).collect()));
        sorted(above.iter().filter(|(l, _)| *l > 1).flat_map(|(_, s)| s.iter().copied()))
    });
    headings.collect()
}

fn sentence_frames(
    run: &Run,
    sentence: std::ops::Range<usize>,
    (heading, analyzer): (&[u64], &Analyzer),
    out: &mut Vec<Frame>,
) {
    let Some(text) = run.text().get(sentence.clone()) else {
        return;
    };
    let amounts = numbers::amounts(text, analyzer);
    if amounts.is_empty() {
        return;
    }
    let mut units: Vec<&str> = amounts.iter().map(|a| a.unit.as_str()).collect();
    units.sort_unstable();
    units.dedup();
    for unit in units {
        let own: Vec<&Amount> = amounts.iter().filter(|a| a.unit == unit).collect();
        let subject = subject(text, &amounts, unit, analyzer);
        if subject.len() > MAX_STEMS {
            continue;
        }
        out.push(Frame {
            shape: Shape::Sentence,
            subject,
            heading: heading.to_vec(),
            unit: unit.to_owned(),
            values: own.iter().map(|a| a.value.clone()).collect(),
            written: own.iter().map(|a| cut(text, &a.range)).collect(),
            at: own.iter().map(|a| run.source(sentence.start + a.number.start)).collect(),
            quote: short(text, QUOTE),
        });
    }
}

/// Stems of a text without the numbers of `unit`; other amounts stay as they are.
fn subject(text: &str, amounts: &[Amount], unit: &str, analyzer: &Analyzer) -> Vec<u64> {
    let mut rest = String::with_capacity(text.len());
    let mut at = 0;
    for amount in amounts {
        rest.push_str(text.get(at..amount.range.start).unwrap_or_default());
        // Keeps words apart.
        rest.push_str(" \u{b7} ");
        at = amount.range.end.max(at);
    }
    rest.push_str(text.get(at..).unwrap_or_default());
    let others = amounts
        .iter()
        .filter(|a| a.unit != unit)
        .map(|a| hash(["amount", a.value.as_str(), a.unit.as_str()]));
    let terms = analyzer.terms(&rest);
    let words: Vec<u64> = stems(&terms).collect();
    sorted(words.into_iter().chain(others))
}

fn table_frames(table: &Table, (heading, analyzer): (&[u64], &Analyzer), out: &mut Vec<Frame>) {
    for row in &table.rows {
        let cells: Vec<Vec<Amount>> =
            row.iter().map(|cell| numbers::amounts(cell.text(), analyzer)).collect();
        let labels: Vec<u64> = row
            .iter()
            .zip(&cells)
            .filter(|(_, amounts)| amounts.is_empty())
            .flat_map(|(cell, _)| {
                let terms = analyzer.terms(cell.text());
                let kept = terms.iter().filter(|t| !t.stop && !t.variant);
                kept.map(|t| hash([t.text.as_str()])).collect::<Vec<_>>()
            })
            .collect();
        for ((cell, amounts), header) in row.iter().zip(&cells).zip(&table.header) {
            if out.len() >= MAX_FRAMES {
                return;
            }
            let Some(unit) = amounts.first().map(|a| a.unit.clone()) else {
                continue;
            };
            if labels.is_empty() || amounts.iter().any(|a| a.unit != unit) {
                continue;
            }
            let column = analyzer.terms(header.text());
            let own = subject(cell.text(), amounts, &unit, analyzer);
            let subject = sorted(stems(&column).chain(labels.iter().copied()).chain(own));
            if subject.len() > MAX_STEMS || !column.iter().any(|t| t.kind == TermKind::Word) {
                continue;
            }
            out.push(Frame {
                shape: Shape::Cell,
                subject,
                heading: heading.to_vec(),
                unit,
                values: amounts.iter().map(|a| a.value.clone()).collect(),
                written: amounts.iter().map(|a| cut(cell.text(), &a.range)).collect(),
                at: amounts.iter().map(|a| cell.source(a.number.start)).collect(),
                quote: short(&row_text(row), QUOTE),
            });
        }
    }
}

fn row_text(row: &[Run]) -> String {
    row.iter().map(Run::collapsed).collect::<Vec<_>>().join(" | ")
}

fn cut(text: &str, range: &std::ops::Range<usize>) -> String {
    text.get(range.clone()).unwrap_or_default().to_owned()
}

fn sorted(items: impl IntoIterator<Item = u64>) -> Vec<u64> {
    let mut list: Vec<u64> = items.into_iter().collect();
    list.sort_unstable();
    list.dedup();
    list
}
