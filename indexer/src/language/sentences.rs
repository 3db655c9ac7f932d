//! Sentence boundaries (being written).

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::model::Locale;

/// Byte ranges of the sentences of one paragraph, without surrounding white space, in order.
pub fn sentences(text: &str, _locale: &Locale) -> Vec<Range<usize>> {
    text.split_sentence_bound_indices()
        .filter_map(|(start, s)| {
            let lead = s.len() - s.trim_start().len();
            let trimmed = s.trim();
            (!trimmed.is_empty()).then(|| start + lead..start + lead + trimmed.len())
        })
        .collect()
}
