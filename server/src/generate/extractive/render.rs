//! Words the chosen units and numbers their citations.

use indexer::model::{Hit, Unit, UnitKind};

use super::Drafted;
use super::select::Chosen;
use crate::domain::{Citation, Sentence, article_url, page_url};
use crate::evidence::answers_barely;

/// Sentences in source order; each cites the passage it was taken from.
pub(super) fn render(question: &str, chosen: &Chosen, hits: &[Hit]) -> Drafted {
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
        let mut say = |kind: UnitKind, text: String| {
            if let Some(before) = before {
                let running = before == UnitKind::Sentence && kind == UnitKind::Sentence;
                drafted.text.push(if running { ' ' } else { '\n' });
            }
            drafted.text.push_str(&text);
            before = Some(kind);
            drafted.sentences.push(Sentence {
                index: drafted.sentences.len() as u32,
                text,
                citations: vec![place as u32 + 1],
            });
        };
        if let Some(asked) = asked_by_heading(question, hit, unit_index) {
            say(UnitKind::Sentence, asked.to_owned());
        }
        say(unit.kind, words(unit, &hit.text));
    }
    drafted
}

/// The heading that a bare yes or no at the beginning of its passage answers: without it "No, only one." would
/// seem to answer the customer's own question. `None` where the customer asked just that, and for every
/// other unit, also for one that is the first only because those before it were taken away.
fn asked_by_heading<'a>(question: &str, hit: &'a Hit, unit: usize) -> Option<&'a str> {
    let heading = hit.heading_path.last()?.trim();
    let letters = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let unit = &hit.units[unit];
    let before = hit.text.get(..unit.range.start as usize);
    let first = before.is_some_and(|text| text.trim().is_empty());
    let bare = first && answers_barely(unit.text(&hit.text));
    (bare && heading.ends_with('?') && letters(question) != letters(heading)).then_some(heading)
}

/// `hit` as a source; the quote is left to the caller.
pub(crate) fn citation(n: u32, hit: &Hit) -> Citation {
    Citation {
        n,
        passage: hit.id,
        title: hit.meta.title.clone(),
        heading: hit.heading_path.join(" > "),
        url: page_url(&hit.meta, &hit.anchor),
        article: article_url(&hit.meta, &hit.anchor),
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use indexer::model::{Audience, DocPath, DocumentMeta, Generation, Locale, PassageId};

    use super::*;

    fn faq(text: &str) -> Hit {
        let end = text.find(". ").map_or(text.len(), |i| i + 1);
        let unit = |from: usize, to: usize| Unit {
            kind: UnitKind::Sentence,
            range: from as u32..to as u32,
            header: None,
            block: 0,
        };
        let mut units = vec![unit(0, end)];
        if end < text.len() {
            units.push(unit(end + 1, text.len()));
        }
        Hit {
            id: PassageId(uuid::Uuid::nil()),
            path: DocPath::new("codes.md"),
            meta: Arc::new(DocumentMeta {
                title: "Discount codes".to_owned(),
                description: None,
                slug: "codes".to_owned(),
                locale: Locale::parse("en").unwrap(),
                tags: Vec::new(),
                product: None,
                audience: Audience::Public,
                draft: false,
                last_updated: None,
                valid_from: None,
                valid_until: None,
                canonical_url: None,
            }),
            document_version: Generation(1),
            ordinal: 0,
            anchor: "two".to_owned(),
            heading_path: vec!["Can I combine two codes?".to_owned()],
            text: text.to_owned(),
            units,
            score: 1.0,
            keyword_rank: None,
            keyword_score: None,
            dense_rank: None,
            dense_score: None,
        }
    }

    fn said(question: &str, hit: Hit, unit: usize) -> String {
        render(question, &vec![(0, unit)], &[hit]).text
    }

    #[test]
    fn a_bare_no_stands_after_the_question_that_it_answers() {
        let no = || faq("No, only one per order. A second one is refused.");
        assert_eq!(
            said("is there a student discount", no(), 0),
            "Can I combine two codes? No, only one per order."
        );
        assert_eq!(said("can i combine TWO codes", no(), 0), "No, only one per order.");
        assert_eq!(said("is there a student discount", no(), 1), "A second one is refused.");
        let told = faq("No code is needed.");
        assert_eq!(said("is there a student discount", told, 0), "No code is needed.");
        let mut plain = no();
        plain.heading_path = vec!["Two codes".to_owned()];
        assert_eq!(said("is there a student discount", plain, 0), "No, only one per order.");
    }

    #[test]
    fn the_question_is_a_sentence_with_its_source() {
        let drafted = render("student discount", &vec![(0, 0)], &[faq("No, only one.")]);
        let told: Vec<(&str, &[u32])> =
            drafted.sentences.iter().map(|s| (s.text.as_str(), s.citations.as_slice())).collect();
        assert_eq!(
            told,
            [("Can I combine two codes?", [1].as_slice()), ("No, only one.", [1].as_slice())]
        );
        assert_eq!(drafted.citations[0].quote, "No, only one.");
    }
}
