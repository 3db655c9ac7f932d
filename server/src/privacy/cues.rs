//! Words that tell what a number or name beside them is: "passport", "Steuernummer", "my name is".
//! One pass over the view finds them all. Written without accents, because the view has none.
//!
//! A pattern matches anywhere (compounds: "Reisepassnummer"), with `^` at the start of a word
//! (inflected endings), with `=` as a whole word.

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::cue_words;
use super::settings::RedactionError;

/// What a cue speaks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cue {
    /// Business numbers that are not personal: orders, articles, errors, amounts.
    Order,
    Phone,
    NationalId,
    Tax,
    Health,
    Passport,
    Licence,
    IdCard,
    Bank,
    Card,
    Company,
    Plate,
    Birth,
    Address,
    Postcode,
    Secret,
    /// A name follows.
    NameAfter,
    /// A title: a surname follows.
    Title,
    /// A greeting: a name may follow.
    Greeting,
    /// The end of a letter: a name may follow on its own line.
    SignOff,
    /// A street word.
    Street,
}

/// A cue at its place in the view.
#[derive(Debug, Clone, Copy)]
pub(super) struct CueHit {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) cue: Cue,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    None,
    Start,
    Whole,
}

/// The compiled table of cue words.
pub(super) struct CueFinder {
    machine: AhoCorasick,
    meanings: Vec<(Cue, Edge)>,
}

impl CueFinder {
    /// # Errors
    /// When the automaton grows beyond its limits; the table is fixed, so only a bug does that.
    pub(super) fn new() -> Result<Self, RedactionError> {
        let mut patterns = Vec::new();
        let mut meanings = Vec::new();
        for (cue, words) in cue_words::TABLE {
            for word in words.split('|') {
                let (edge, word) = match word.as_bytes().first() {
                    Some(b'=') => (Edge::Whole, &word[1..]),
                    Some(b'^') => (Edge::Start, &word[1..]),
                    _ => (Edge::None, word),
                };
                let mut spellings = vec![word.to_owned()];
                if !word.is_ascii() {
                    spellings.push(capitalised(word));
                    spellings.push(word.to_uppercase());
                }
                for spelling in spellings {
                    patterns.push(spelling);
                    meanings.push((*cue, edge));
                }
            }
        }
        let machine = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .prefilter(false)
            .build(&patterns)
            .map_err(Box::new)?;
        Ok(Self { machine, meanings })
    }

    /// All cues outside of `protected`, by where they end.
    pub(super) fn find(&self, text: &str, protected: &[Range<usize>]) -> Cues {
        let hits = self.machine.find_overlapping_iter(text).filter_map(|hit| {
            let (cue, edge) = self.meanings[hit.pattern().as_usize()];
            let before = text[..hit.start()].chars().next_back().is_some_and(char::is_alphanumeric);
            let after = text[hit.end()..].chars().next().is_some_and(char::is_alphanumeric);
            let fits = match edge {
                Edge::None => true,
                Edge::Start => !before,
                Edge::Whole => !before && !after,
            };
            let hidden = super::merge::overlaps_any(protected, &(hit.start()..hit.end()));
            (fits && !hidden).then_some(CueHit { start: hit.start(), end: hit.end(), cue })
        });
        Cues(hits.collect())
    }
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The cues of one text.
pub(super) struct Cues(Vec<CueHit>);

/// Bytes before and after a number in which a cue speaks about it.
const BEFORE: usize = 56;
const AFTER: usize = 36;

impl Cues {
    pub(super) fn all(&self) -> &[CueHit] {
        &self.0
    }

    pub(super) fn of(&self, cue: Cue) -> impl Iterator<Item = &CueHit> {
        self.0.iter().filter(move |hit| hit.cue == cue)
    }

    /// Whether a cue of one of these sorts stands near `range`.
    pub(super) fn near(&self, range: &Range<usize>, cues: &[Cue]) -> bool {
        self.within(range.start.saturating_sub(BEFORE)..range.end + AFTER)
            .any(|hit| cues.contains(&hit.cue))
    }

    /// Whether a cue of one of these sorts ends within `reach` bytes before `range`.
    pub(super) fn just_before(&self, range: &Range<usize>, cues: &[Cue], reach: usize) -> bool {
        self.within(range.start.saturating_sub(reach)..range.start + 1)
            .any(|hit| hit.end <= range.start && cues.contains(&hit.cue))
    }

    /// Cues that end in `range`.
    fn within(&self, range: Range<usize>) -> impl Iterator<Item = &CueHit> {
        let first = self.0.partition_point(|hit| hit.end < range.start);
        self.0[first..].iter().take_while(move |hit| hit.end <= range.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cues(text: &str) -> Vec<Cue> {
        let found = CueFinder::new().unwrap().find(text, &[]);
        found.all().iter().map(|hit| hit.cue).collect()
    }

    #[test]
    fn cues_are_found_in_compounds_and_inflections() {
        assert!(cues("meine Reisepassnummer").contains(&Cue::Passport));
        assert!(cues("mans personas kods").contains(&Cue::NationalId));
        assert!(cues("Мой ПАСПОРТ").contains(&Cue::Passport));
        assert!(cues("SSN 1").contains(&Cue::NationalId));
    }

    #[test]
    fn whole_words_do_not_match_inside_others() {
        assert!(!cues("lessness").contains(&Cue::NationalId));
        assert!(cues("look at the moon").is_empty());
    }
}
