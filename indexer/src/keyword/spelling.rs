//! Typing errors in a question, mended from the words of the base itself.
//!
//! Called by `search` before a question is searched and embedded, because both suffer: BM25 finds no
//! "jaket", and the embedding of a broken word is noise. A word is touched only when the base knows
//! neither it nor its stem, it is no code or number, neither its language's list of words nor the caller's
//! dictionary has it, and a word of the base with the same first letter is one error away (two from eight
//! letters on). Corrections are used for searching and never shown.

use std::collections::BTreeMap;

use tantivy::Term;
use unicode_segmentation::UnicodeSegmentation;

use super::schema::Fields;
use super::statistics::Statistics;
use crate::language::{self, Analyzer, edit_distance, fold};
use crate::model::Locale;

/// Shorter words have too many neighbours.
const MIN_CHARS: usize = 4;
/// From this length on two errors are mended.
const LONG_CHARS: usize = 8;
/// Words of a question that are looked at.
const WORDS: usize = 64;

/// `text` with its typing errors mended; `None` when there is nothing to mend.
pub(super) fn correct(
    text: &str,
    locale: &Locale,
    known: &dyn Fn(&str) -> bool,
    (live, fields): (&Statistics, &Fields),
) -> tantivy::Result<Option<String>> {
    let analyzer = Analyzer::new(locale);
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for (start, word) in text.unicode_word_indices().take(WORDS) {
        if word.chars().count() < MIN_CHARS || !word.chars().all(char::is_alphabetic) {
            continue;
        }
        let shouted = word.chars().all(char::is_uppercase) && !text.chars().any(char::is_lowercase);
        if word.chars().skip(1).any(char::is_uppercase) && !shouted {
            continue; // A name or a code in its own spelling.
        }
        let lower = word.to_lowercase();
        let folded = fold(&lower);
        let occurs = |term: Term| live.with(&term).map(|n| n > 0);
        if known(&lower)
            || language::is_word(locale.language(), &lower)
            || analyzer.knows(word)
            || occurs(Term::from_field_text(fields.folded, &folded))?
        {
            continue;
        }
        let mut stem_known = false;
        for term in analyzer.terms(word) {
            stem_known |= term.stop || occurs(Term::from_field_text(fields.body, &term.text))?;
        }
        if stem_known {
            continue;
        }
        if let Some(better) = nearest(&folded, (live, fields))? {
            out.push_str(&text[copied..start]);
            out.push_str(&better);
            copied = start + word.len();
        }
    }
    if copied == 0 {
        return Ok(None);
    }
    out.push_str(&text[copied..]);
    Ok(Some(out))
}

/// The word of the base nearest to `word`: fewest errors, then most passages, then first by letter.
fn nearest(word: &str, (live, fields): (&Statistics, &Fields)) -> tantivy::Result<Option<String>> {
    let chars: Vec<char> = word.chars().collect();
    let Some(first) = chars.first().copied() else { return Ok(None) };
    let allowed = if chars.len() >= LONG_CHARS { 2 } else { 1 };
    let lower = first.to_string();
    let upper = char::from_u32(u32::from(first) + 1).map(String::from).unwrap_or_default();
    let mut near: BTreeMap<String, usize> = BTreeMap::new();
    for segment in live.searcher.segment_readers() {
        let inverted = segment.inverted_index(fields.folded)?;
        let mut stream =
            inverted.terms().range().ge(lower.as_bytes()).lt(upper.as_bytes()).into_stream()?;
        while stream.advance() {
            let Ok(candidate) = std::str::from_utf8(stream.key()) else { continue };
            let letters: Vec<char> = candidate.chars().collect();
            if letters.len().abs_diff(chars.len()) > allowed
                || !letters.iter().all(|c| c.is_alphabetic())
            {
                continue;
            }
            let errors = edit_distance(&chars, &letters);
            if errors > allowed {
                continue;
            }
            near.insert(candidate.to_owned(), errors);
        }
    }
    let mut best: Option<(usize, u64, String)> = None;
    for (candidate, errors) in near {
        if best.as_ref().is_some_and(|(fewest, _, _)| *fewest < errors) {
            continue;
        }
        let passages = live.with(&Term::from_field_text(fields.folded, &candidate))?;
        // In the order of letters, so that of two equals the first stays.
        let better =
            best.as_ref().is_none_or(|(fewest, most, _)| errors < *fewest || passages > *most);
        if passages > 0 && better {
            best = Some((errors, passages, candidate));
        }
    }
    Ok(best.map(|(_, _, text)| text))
}
