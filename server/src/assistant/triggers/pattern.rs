//! Patterns of words and their matching. A pattern is a line of a data file, read from left to right:
//!
//! | item | stands for |
//! |---|---|
//! | `word`, `stem*`, `@set` | a word, a word that begins so, a word of a set |
//! | `a\|b\|@set` | one of these |
//! | `item?` | may be missing |
//! | `..`, `..3` | up to four, three words whatever |
//! | `~` | up to six words of the set `soft` |
//! | `^`, `$` | beginning, end of a clause |
//!
//! A match never crosses the end of a sentence; a comma it may. Matching moves all places of a
//! message at once through the items (shift-and), so its time is items times words and nothing more.

use std::collections::HashMap;

use super::bits::Bits;
use super::vocabulary::{Group, Vocabulary};
use super::words::Words;

/// Words that `..` spans.
const GAP: usize = 4;
/// Words that `~` spans.
const SOFT: usize = 6;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Word { group: Group, optional: bool },
    Gap(usize),
    Soft(Group),
    Begin,
    End,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Step>);

/// Why a pattern cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the phrase {phrase:?} {why}")]
pub struct BadPattern {
    phrase: String,
    why: &'static str,
}

impl Pattern {
    /// Reads a pattern; `group` names the group of a choice of words.
    pub(super) fn parse(
        text: &str,
        mut group: impl FnMut(&str) -> Option<Group>,
    ) -> Result<Self, BadPattern> {
        let bad = |why| BadPattern { phrase: text.to_owned(), why };
        let mut steps = Vec::new();
        for item in text.split_whitespace() {
            steps.push(match item {
                "^" => Step::Begin,
                "$" => Step::End,
                "~" => Step::Soft(group("@soft").ok_or_else(|| bad("needs a set named soft"))?),
                ".." => Step::Gap(GAP),
                _ if item.starts_with("..") => {
                    Step::Gap(item[2..].parse().map_err(|_| bad("has a gap that is not a number"))?)
                }
                _ => {
                    let (words, optional) = match item.strip_suffix('?') {
                        Some(words) => (words, true),
                        None => (item, false),
                    };
                    let group =
                        group(words).ok_or_else(|| bad("names a set that does not exist"))?;
                    Step::Word { group, optional }
                }
            });
        }
        let asks = |s: &Step| matches!(s, Step::Word { optional: false, .. });
        if steps.iter().any(asks) {
            Ok(Self(steps))
        } else {
            Err(bad("has no word that must be there"))
        }
    }

    /// The places right behind every match.
    pub(super) fn ends(&self, words: &Words, hits: &Hits) -> Option<Bits> {
        let missing = |step: &Step| matches!(step, Step::Word { group, optional: false } if hits.of(*group).is_none());
        if self.0.iter().any(missing) {
            return None;
        }
        // Places where the match may begin, and those that it has come to.
        let mut fresh = Bits::full(words.len() + 1);
        let mut run = Bits::empty(words.len() + 1);
        for step in &self.0 {
            match step {
                Step::Begin | Step::End => {
                    fresh.and(&words.clauses);
                    run.and(&words.clauses);
                }
                Step::Word { group, optional } => {
                    let mut next = run.clone();
                    next.without(&words.sentences);
                    next.or(&fresh);
                    match hits.of(*group) {
                        Some(mask) => next.and(mask),
                        None => next = Bits::empty(words.len() + 1),
                    }
                    next.advance();
                    if *optional {
                        run.or(&next);
                    } else {
                        run = next;
                        fresh = Bits::empty(words.len() + 1);
                    }
                }
                Step::Gap(most) => spread(&fresh, &mut run, *most, None, words),
                Step::Soft(group) => {
                    if let Some(mask) = hits.of(*group) {
                        spread(&fresh, &mut run, SOFT, Some(mask), words);
                    }
                }
            }
            if !fresh.any() && !run.any() {
                return None;
            }
        }
        run.any().then_some(run)
    }
}

/// Lets every place skip up to `most` words, only those of `mask` where there is one.
fn spread(fresh: &Bits, run: &mut Bits, most: usize, mask: Option<&Bits>, words: &Words) {
    let mut front = run.clone();
    front.without(&words.sentences);
    front.or(fresh);
    for _ in 0..most {
        if let Some(mask) = mask {
            front.and(mask);
        }
        front.advance();
        if !front.any() {
            break;
        }
        run.or(&front);
        front.without(&words.sentences);
    }
}

/// Where a message has words of which group.
pub(super) struct Hits(HashMap<Group, Bits>);

impl Hits {
    pub(super) fn of_words(words: &Words, vocabulary: &Vocabulary) -> Self {
        let mut hits: HashMap<Group, Bits> = HashMap::new();
        for (at, word) in words.words.iter().enumerate() {
            for group in vocabulary.groups(word) {
                hits.entry(group).or_insert_with(|| Bits::empty(words.len() + 1)).set(at);
            }
        }
        Self(hits)
    }

    pub(super) fn of(&self, group: Group) -> Option<&Bits> {
        self.0.get(&group)
    }
}
