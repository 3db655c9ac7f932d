//! The counts that BM25 goes by, over live passages alone.
//!
//! Used by `reader` and `spelling`. The engine's own counts hold deleted passages until they are merged
//! away, so two indexes of one content would score differently by their histories: a restored one, a
//! rebuilt one, another replica's. Lengths are the stored (rounded) ones for the same reason.
//!
//! Counting a term anew walks all its passages, and the function words of every question are the commonest terms:
//! where passages are deleted the counts are remembered, as long as the commit is searched.

use std::collections::HashMap;

use tantivy::query::Bm25StatisticsProvider;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocSet, Searcher, SegmentReader, TERMINATED, Term};

use super::schema::Fields;

/// Terms whose counts are remembered.
const REMEMBERED: u64 = 16 * 1024;

/// One commit with its counts.
pub(super) struct Statistics {
    pub(super) searcher: Searcher,
    passages: u64,
    tokens: HashMap<Field, u64>,
    /// `None` where nothing is deleted: then the engine's own counts hold.
    counted: Option<moka::sync::Cache<Term, u64>>,
}

impl Statistics {
    /// Counts the live passages and the lengths of their fields; some nanoseconds a passage.
    pub(super) fn of(searcher: Searcher, fields: &Fields) -> tantivy::Result<Self> {
        let mut tokens = HashMap::new();
        for field in [fields.title, fields.headings, fields.body, fields.folded, fields.concepts] {
            let mut total = 0;
            for segment in searcher.segment_readers() {
                let lengths = segment.get_fieldnorms_reader(field)?;
                total += segment
                    .doc_ids_alive()
                    .map(|doc| u64::from(lengths.fieldnorm(doc)))
                    .sum::<u64>();
            }
            tokens.insert(field, total);
        }
        let deleted = searcher.segment_readers().iter().any(|s| s.alive_bitset().is_some());
        let counted = deleted.then(|| moka::sync::Cache::new(REMEMBERED));
        Ok(Self { passages: searcher.num_docs(), searcher, tokens, counted })
    }

    /// Live passages.
    pub(super) fn passages(&self) -> u64 {
        self.passages
    }

    /// Live passages that hold the term.
    pub(super) fn with(&self, term: &Term) -> tantivy::Result<u64> {
        let Some(counted) = &self.counted else { return self.count(term) };
        if let Some(known) = counted.get(term) {
            return Ok(known);
        }
        let total = self.count(term)?;
        counted.insert(term.clone(), total);
        Ok(total)
    }

    fn count(&self, term: &Term) -> tantivy::Result<u64> {
        let mut total = 0;
        for segment in self.searcher.segment_readers() {
            total += in_segment(segment, term)?;
        }
        Ok(total)
    }
}

fn in_segment(segment: &SegmentReader, term: &Term) -> tantivy::Result<u64> {
    let inverted = segment.inverted_index(term.field())?;
    let Some(alive) = segment.alive_bitset() else {
        return Ok(u64::from(inverted.doc_freq(term)?));
    };
    let Some(mut postings) = inverted.read_postings(term, IndexRecordOption::Basic)? else {
        return Ok(0);
    };
    let mut found = 0;
    let mut doc = postings.doc();
    while doc != TERMINATED {
        found += u64::from(alive.is_alive(doc));
        doc = postings.advance();
    }
    Ok(found)
}

impl Bm25StatisticsProvider for Statistics {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        Ok(self.tokens.get(&field).copied().unwrap_or_default())
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(self.passages)
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        self.with(term)
    }
}
