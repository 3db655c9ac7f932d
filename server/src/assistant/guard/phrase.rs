//! Tables of phrases by language and name, matched against tokens.
//!
//! Called by every room that recognises words: limits, opposites, promises, injected orders. A table
//! is data: `(language, name, "phrase|other phrase")`. A word that ends in `*` matches every word
//! that starts so; `_` matches any one word. Phrases are folded once, when a table is first used, and
//! indexed by their first and last word, so that matching is linear in the text.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::literal::Token;
use super::text::fold;

/// Rows as they are written.
pub(super) type Rows = &'static [(&'static str, &'static str, &'static str)];

/// A table, built when first used.
pub(super) struct Phrases {
    rows: Rows,
    built: OnceLock<HashMap<&'static str, Language>>,
}

#[derive(Default)]
struct Language {
    entries: Vec<Entry>,
    by_first: HashMap<String, Vec<usize>>,
    by_last: HashMap<String, Vec<usize>>,
    /// Entries whose first or last word has a wild card, by the first two bytes of the word.
    wild_first: HashMap<[u8; 2], Vec<usize>>,
    wild_last: HashMap<[u8; 2], Vec<usize>>,
}

struct Entry {
    name: &'static str,
    words: Vec<String>,
}

/// A phrase that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) name: &'static str,
    /// Tokens `first..last`.
    pub(super) first: usize,
    pub(super) last: usize,
}

impl Phrases {
    pub(super) const fn new(rows: Rows) -> Self {
        Self { rows, built: OnceLock::new() }
    }

    /// All phrases of `language` in `tokens`, the longest at each place, in order.
    pub(super) fn find(&self, tokens: &[Token], language: &str) -> Vec<Match> {
        let Some(table) = self.table(language) else { return Vec::new() };
        let mut out = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            match table.longest(tokens, at) {
                Some(found) => {
                    at = found.last;
                    out.push(found);
                }
                None => at += 1,
            }
        }
        out
    }

    /// Name of the longest phrase that starts with `tokens[at]`.
    pub(super) fn starting_at(
        &self,
        tokens: &[Token],
        at: usize,
        language: &str,
    ) -> Option<&'static str> {
        self.table(language)?.longest(tokens, at).map(|m| m.name)
    }

    /// Name of the longest phrase that ends right before `tokens[end]`.
    pub(super) fn ending_at(
        &self,
        tokens: &[Token],
        end: usize,
        language: &str,
    ) -> Option<&'static str> {
        let table = self.table(language)?;
        let last = tokens.get(end.checked_sub(1)?)?.word()?;
        let candidates = candidates(&table.by_last, &table.wild_last, last);
        candidates
            .filter_map(|i| {
                let entry = &table.entries[i];
                let first = end.checked_sub(entry.words.len())?;
                entry.matches(tokens, first).then_some((entry.words.len(), entry.name))
            })
            .max_by_key(|(len, _)| *len)
            .map(|(_, name)| name)
    }

    fn table(&self, language: &str) -> Option<&Language> {
        self.built.get_or_init(|| build(self.rows)).get(language)
    }
}

fn build(rows: Rows) -> HashMap<&'static str, Language> {
    let mut out: HashMap<&'static str, Language> = HashMap::new();
    for (language, name, phrases) in rows {
        let table = out.entry(language).or_default();
        for phrase in phrases.split('|') {
            let words: Vec<String> = phrase.split_whitespace().map(fold).collect();
            let (Some(first), Some(last)) = (words.first(), words.last()) else { continue };
            let index = table.entries.len();
            index_word(first, index, &mut table.by_first, &mut table.wild_first);
            index_word(last, index, &mut table.by_last, &mut table.wild_last);
            table.entries.push(Entry { name, words });
        }
    }
    out
}

fn index_word(
    word: &str,
    index: usize,
    exact: &mut HashMap<String, Vec<usize>>,
    wild: &mut HashMap<[u8; 2], Vec<usize>>,
) {
    match word.strip_suffix('*') {
        Some(start) => wild.entry(head(start)).or_default().push(index),
        None => exact.entry(word.to_owned()).or_default().push(index),
    }
}

fn head(word: &str) -> [u8; 2] {
    let bytes = word.as_bytes();
    [bytes.first().copied().unwrap_or(0), bytes.get(1).copied().unwrap_or(0)]
}

fn candidates<'a>(
    exact: &'a HashMap<String, Vec<usize>>,
    wild: &'a HashMap<[u8; 2], Vec<usize>>,
    word: &str,
) -> impl Iterator<Item = usize> + 'a {
    let exact = exact.get(word).into_iter().flatten();
    exact.chain(wild.get(&head(word)).into_iter().flatten()).copied()
}

impl Language {
    fn longest(&self, tokens: &[Token], at: usize) -> Option<Match> {
        let word = tokens.get(at)?.word()?;
        candidates(&self.by_first, &self.wild_first, word)
            .filter(|&i| self.entries[i].matches(tokens, at))
            .map(|i| &self.entries[i])
            .max_by_key(|entry| entry.words.len())
            .map(|e| Match { name: e.name, first: at, last: at + e.words.len() })
    }
}

impl Entry {
    fn matches(&self, tokens: &[Token], first: usize) -> bool {
        self.words.iter().enumerate().all(|(i, pattern)| {
            let Some(word) = tokens.get(first + i).and_then(Token::word) else { return false };
            match pattern.strip_suffix('*') {
                Some(start) => word.starts_with(start),
                None => pattern == word || pattern == "_",
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assistant::guard::literal::lex;

    static TABLE: Phrases = Phrases::new(&[
        ("en", "limit", "up to|at most|up to a maximum of"),
        ("en", "refund", "refund*"),
        ("de", "limit", "bis zu"),
    ]);

    #[test]
    fn the_longest_phrase_wins_and_wild_cards_match() {
        let tokens = lex("Refunded up to a maximum of 5, at most");
        let names: Vec<_> =
            TABLE.find(&tokens, "en").iter().map(|m| (m.name, m.last - m.first)).collect();
        assert_eq!(names, [("refund", 1), ("limit", 5), ("limit", 2)]);
        assert_eq!(TABLE.ending_at(&tokens, 6, "en"), Some("limit"));
        assert_eq!(TABLE.starting_at(&tokens, 1, "de"), None);
    }
}
