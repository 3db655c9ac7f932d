//! Words the chosen units and numbers their citations.

use indexer::model::{Hit, Unit, UnitKind};

use super::Drafted;
use super::select::Chosen;
use crate::domain::{Citation, Sentence};

/// Sentences in source order; each cites the passage it was taken from.
pub(super) fn render(chosen: &Chosen, hits: &[Hit]) -> Drafted {
    let mut drafted = Drafted::default();
    let mut cited: Vec<usize> = Vec::new();
    let mut before: Option<UnitKind> = None;
    let mut ordered = chosen.clone();
    // Best source first; within a document as the document goes.
    let rank_of = |hit: usize| hits.iter().position(|h| h.path == hits[hit].path).unwrap_or(hit);
    ordered.sort_by_key(|&(h, u)| (rank_of(h), hits[h].ordinal, u));
    for (hit_index, unit_index) in ordered {
        let hit = &hits[hit_index];
        let unit = &hit.units[unit_index];
        let place = cited.iter().position(|&h| h == hit_index).unwrap_or_else(|| {
            cited.push(hit_index);
            drafted.citations.push(citation(cited.len() as u32, hit));
            cited.len() - 1
        });
        let raw = unit.text(&hit.text);
        let quote = &mut drafted.citations[place].quote;
        if !quote.is_empty() {
            quote.push(if unit.kind == UnitKind::Sentence { ' ' } else { '\n' });
        }
        quote.push_str(raw);
        let text = words(unit, &hit.text);
        if let Some(before) = before {
            let running = before == UnitKind::Sentence && unit.kind == UnitKind::Sentence;
            drafted.text.push(if running { ' ' } else { '\n' });
        }
        drafted.text.push_str(&text);
        before = Some(unit.kind);
        drafted.sentences.push(Sentence {
            index: drafted.sentences.len() as u32,
            text,
            citations: vec![place as u32 + 1],
        });
    }
    drafted
}

/// `hit` as a source; the quote is left to the caller.
pub(crate) fn citation(n: u32, hit: &Hit) -> Citation {
    let anchor = if hit.anchor.is_empty() { String::new() } else { format!("#{}", hit.anchor) };
    Citation {
        n,
        passage: hit.id,
        title: hit.meta.title.clone(),
        heading: hit.heading_path.join(" > "),
        url: format!("/kb/{}{anchor}", hit.meta.slug),
        path: hit.path.as_str().to_owned(),
        quote: String::new(),
        document_version: hit.document_version,
    }
}

/// A unit as a customer reads it. A table row names its columns: `Country: Latvia; Price: €2.90`.
fn words(unit: &Unit, passage: &str) -> String {
    let text = unit.text(passage).trim();
    if unit.kind != UnitKind::Row {
        return text.to_owned();
    }
    let header = unit
        .header
        .clone()
        .and_then(|h| passage.get(h.start as usize..h.end as usize))
        .map(cells)
        .unwrap_or_default();
    let parts: Vec<String> = cells(text)
        .into_iter()
        .enumerate()
        .filter(|(_, cell)| !cell.is_empty())
        .map(|(i, cell)| match header.get(i).filter(|name| !name.is_empty()) {
            Some(name) => format!("{name}: {cell}"),
            None => cell,
        })
        .collect();
    parts.join("; ")
}

fn cells(row: &str) -> Vec<String> {
    let inner = row.trim().trim_start_matches('|').trim_end_matches('|');
    inner.split(" | ").map(|cell| cell.trim().replace("\\|", "|")).collect()
}
