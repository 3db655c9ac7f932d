//! Does the customer ask for a person? Decided by rule, in code, before anything is searched, in any
//! of seventeen languages, also as the very first message and with typing errors.
//!
//! A message asks for a person when a pattern of `data/person` says so ("talk to a human", "call me
//! back"), when it refuses the machine ("no bots"), or when one of its sentences is hardly more than
//! the noun ("agent please!"). A pattern that blocks ("do I need to talk to", "no need to call") takes
//! back what stands right behind it. All languages are looked at: people mix them.

use std::sync::LazyLock;

use super::bits::Bits;
use super::lexicon::{Lexicon, Reading};
use super::words::Words;

/// Words of a sentence that is taken as a bare call for a person, at most.
const SHORT: usize = 6;
/// Words between a block and the last word of what it takes back, at most.
const REACH: usize = 5;

const FILES: [&str; 17] = [
    include_str!("data/person/da.toml"),
    include_str!("data/person/de.toml"),
    include_str!("data/person/en.toml"),
    include_str!("data/person/es.toml"),
    include_str!("data/person/et.toml"),
    include_str!("data/person/fi.toml"),
    include_str!("data/person/fr.toml"),
    include_str!("data/person/it.toml"),
    include_str!("data/person/lt.toml"),
    include_str!("data/person/lv.toml"),
    include_str!("data/person/nb.toml"),
    include_str!("data/person/nl.toml"),
    include_str!("data/person/pl.toml"),
    include_str!("data/person/pt.toml"),
    include_str!("data/person/ru.toml"),
    include_str!("data/person/sv.toml"),
    include_str!("data/person/uk.toml"),
];

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::of_files(&FILES));

/// Whether the message asks for a person.
pub(super) fn asks_for_person(words: &Words) -> bool {
    let reading = LEXICON.read(words);
    reading.ends("sure").any() || has_bare_call(&reading) || has_unblocked_request(&reading)
}

fn has_unblocked_request(reading: &Reading<'_>) -> bool {
    let requests = reading.ends("request");
    if !requests.any() {
        return false;
    }
    let mut blocked = Bits::empty(reading.words.len() + 1);
    let mut front = reading.ends("block");
    for _ in 0..=REACH {
        blocked.or(&front);
        // Into the next clause a block does not reach. An end lies behind its last word, so the
        // clause that a place begins is not yet the one of the match that ends there.
        front.without(&reading.words.clauses);
        front.advance();
    }
    requests.places().any(|at| !blocked.get(at))
}

/// A sentence of few words, one of them a noun for a person and the others without content.
fn has_bare_call(reading: &Reading<'_>) -> bool {
    let bare = reading.members("bare");
    if !bare.any() {
        return false;
    }
    let mut idle = bare.clone();
    for set in ["soft", "want"] {
        idle.or(&reading.members(set));
    }
    let mut start = 0;
    reading.words.sentences.places().skip(1).any(|end| {
        let sentence = start..end;
        start = end;
        sentence.len() <= SHORT
            && sentence.clone().any(|at| bare.get(at))
            && sentence.clone().all(|at| idle.get(at))
    })
}
