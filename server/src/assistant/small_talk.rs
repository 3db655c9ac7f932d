//! Does a whole message say nothing but small talk: a greeting, thanks, a good-bye, "I have a question"?
//! Then the house replies in words of its own; no article answers that, and no person is needed for it.
//!
//! The phrases are data (`small_talk/`), one file a language, all read at once, because the language of so
//! short a text is a guess. A message is small talk when phrases cover all its words and one of them is no
//! filler: one content word more, and it is a question like any other. Yes and no are left out in every
//! language, they answer questions; so is what means something in another language (each file says what).
//!
//! | item of a phrase | stands for |
//! |---|---|
//! | `word` | the word, with or without diacritics, drawn out ("hellooo") or not |
//! | `a\|b` | one of these |
//! | `item?` | may be missing |
//!
//! Pure. Time grows with the length of the message alone, and long ones are not read. Called by
//! `answering` with redacted words; the replies are `small_talk.*` of the language packs.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use indexer::language::fold;
use serde::Deserialize;

use super::triggers::spellings;
use crate::privacy::{placeholders, without_placeholders};

/// A longer message says more than that, characters. Its places fit into the bits of a [`Places`].
const MOST: usize = 120;

/// What makes any words something else: small talk of the angry is none.
const ANGRY: [char; 13] =
    ['😠', '😡', '🤬', '😤', '👎', '💩', '🖕', '🙄', '😒', '😢', '😭', '😞', '💔'];

/// Signs that say something by themselves; other ones part words.
const SIGNS: [char; 5] = ['👋', '👍', '👌', '🙏', '❤'];

/// A kind of small talk; of several in a message the later one of this list is replied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SmallTalk {
    /// "ok", "got it".
    Acknowledgement,
    Farewell,
    /// Also what is said in coming and going ("ciao").
    Greeting,
    /// "test", "are you there?".
    Test,
    Thanks,
    /// "I have a question", "can you help me?", without a word on what.
    Opening,
    /// "are you a bot?": what it is, not a wish for a person.
    Machine,
}

impl SmallTalk {
    /// The text of the language packs that replies to it.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Acknowledgement => "small_talk.acknowledgement",
            Self::Greeting => "small_talk.greeting",
            Self::Test => "small_talk.test",
            Self::Farewell => "small_talk.farewell",
            Self::Thanks => "small_talk.thanks",
            Self::Opening => "small_talk.opening",
            Self::Machine => "small_talk.machine",
        }
    }
}

/// What small talk a redacted message is, if all of it is. A person's name in it means nothing; other
/// placeholders (an order, an address) are content.
pub(super) fn of(message: &str) -> Option<SmallTalk> {
    let long = message.chars().nth(MOST).is_some();
    let is_name = |p: &str| p.starts_with("[PERSON_") || p.starts_with("[NAME_");
    if long || message.contains(ANGRY) || !placeholders(message).all(is_name) {
        return None;
    }
    PHRASES.read(&without_placeholders(message))
}

/// A set of places between words, as bits.
type Places = u128;

/// A word of the phrases.
type Word = u32;

/// One data file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Source {
    acknowledgement: Vec<String>,
    greeting: Vec<String>,
    test: Vec<String>,
    farewell: Vec<String>,
    thanks: Vec<String>,
    opening: Vec<String>,
    machine: Vec<String>,
    /// What may stand beside small talk and is none.
    filler: Vec<String>,
}

/// All phrases of all languages.
#[derive(Default)]
struct Phrases {
    words: HashMap<String, Word>,
    /// The same, double letters put once: for words that are drawn out.
    drawn: HashMap<String, Word>,
    phrases: Vec<Phrase>,
    /// Phrases by the words that they can begin with.
    beginnings: HashMap<Word, Vec<usize>>,
}

struct Phrase {
    /// `None`: a filler.
    says: Option<SmallTalk>,
    items: Vec<Item>,
}

struct Item {
    words: HashSet<Word>,
    optional: bool,
}

const FILES: [&str; 17] = [
    include_str!("small_talk/en.toml"),
    include_str!("small_talk/da.toml"),
    include_str!("small_talk/de.toml"),
    include_str!("small_talk/es.toml"),
    include_str!("small_talk/et.toml"),
    include_str!("small_talk/fi.toml"),
    include_str!("small_talk/fr.toml"),
    include_str!("small_talk/it.toml"),
    include_str!("small_talk/lt.toml"),
    include_str!("small_talk/lv.toml"),
    include_str!("small_talk/nb.toml"),
    include_str!("small_talk/nl.toml"),
    include_str!("small_talk/pl.toml"),
    include_str!("small_talk/pt.toml"),
    include_str!("small_talk/ru.toml"),
    include_str!("small_talk/sv.toml"),
    include_str!("small_talk/uk.toml"),
];

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
    let mut phrases = Phrases::default();
    for file in FILES {
        #[expect(clippy::expect_used, reason = "compiled in, and every file is read by a test")]
        let source: Source = toml::from_str(file).expect("phrases of small talk are not TOML");
        phrases.add(&source);
    }
    phrases
});

impl Phrases {
    fn add(&mut self, source: &Source) {
        let kinds = [
            (None, &source.filler),
            (Some(SmallTalk::Acknowledgement), &source.acknowledgement),
            (Some(SmallTalk::Greeting), &source.greeting),
            (Some(SmallTalk::Test), &source.test),
            (Some(SmallTalk::Farewell), &source.farewell),
            (Some(SmallTalk::Thanks), &source.thanks),
            (Some(SmallTalk::Opening), &source.opening),
            (Some(SmallTalk::Machine), &source.machine),
        ];
        for (says, texts) in kinds {
            for text in texts {
                self.add_phrase(says, text);
            }
        }
    }

    fn add_phrase(&mut self, says: Option<SmallTalk>, text: &str) {
        let mut items = Vec::new();
        for item in text.split_whitespace() {
            let (choice, optional) = match item.strip_suffix('?') {
                Some(choice) => (choice, true),
                None => (item, false),
            };
            let forms = choice.split('|').flat_map(spellings).flat_map(|form| cut(&form));
            let words = forms.map(|form| self.word(form)).collect();
            items.push(Item { words, optional });
        }
        let at = self.phrases.len();
        let last = items.iter().position(|item| !item.optional).unwrap_or(0);
        for word in items.iter().take(last + 1).flat_map(|item| &item.words) {
            let beginning = self.beginnings.entry(*word).or_default();
            if beginning.last() != Some(&at) {
                beginning.push(at);
            }
        }
        self.phrases.push(Phrase { says, items });
    }

    fn word(&mut self, form: String) -> Word {
        let next = Word::try_from(self.words.len()).unwrap_or(Word::MAX);
        let drawn = squeezed(&form);
        let word = *self.words.entry(form).or_insert(next);
        self.drawn.entry(drawn).or_insert(word);
        word
    }

    /// The word of the phrases that `form` is.
    fn known(&self, form: &str) -> Option<Word> {
        let drawn = || is_drawn(form).then(|| self.drawn.get(&squeezed(form))).flatten();
        self.words.get(form).or_else(drawn).copied()
    }

    /// What a text says that phrases cover to its end.
    fn read(&self, text: &str) -> Option<SmallTalk> {
        let words = cut(text).iter().map(|w| self.known(w)).collect::<Option<Vec<Word>>>()?;
        if words.len() > MOST {
            return None;
        }
        // By place, where phrases lead there: the fewest that do, and the most telling thing that as few
        // say. "for your help" is one phrase before it is "for your" and a cry for help.
        let mut told: Vec<Option<(Reverse<usize>, Option<SmallTalk>)>> =
            vec![None; words.len() + 1];
        told[0] = Some((Reverse(0), None));
        for (from, word) in words.iter().enumerate() {
            let Some((Reverse(phrases), before)) = told[from] else { continue };
            for at in self.beginnings.get(word).into_iter().flatten() {
                let phrase = &self.phrases[*at];
                let said = Some((Reverse(phrases + 1), before.max(phrase.says)));
                for end in places(phrase.ends(&words, from)).filter(|end| *end > from) {
                    told[end] = told[end].max(said);
                }
            }
        }
        told[words.len()].and_then(|(_, says)| says)
    }
}

impl Phrase {
    /// The places behind the phrase where it begins at `from`.
    fn ends(&self, words: &[Word], from: usize) -> Places {
        let mut run: Places = 1 << from;
        for item in &self.items {
            let mut next: Places = if item.optional { run } else { 0 };
            for at in places(run) {
                if words.get(at).is_some_and(|word| item.words.contains(word)) {
                    next |= 1 << (at + 1);
                }
            }
            run = next;
            if run == 0 {
                break;
            }
        }
        run
    }
}

/// The places of a set, in order.
fn places(mut set: Places) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = (set != 0).then(|| set.trailing_zeros() as usize)?;
        set &= set - 1;
        Some(at)
    })
}

/// Lower-case words without diacritics, apostrophes and hyphens, and the signs that count as words.
fn cut(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for c in fold(&text.to_lowercase()).chars() {
        match c {
            '\'' | '’' | '‘' | '`' | '´' | 'ʼ' | '-' | '‐' | '‑' => {}
            _ if c.is_alphanumeric() => word.push(c),
            _ => {
                words.push(std::mem::take(&mut word));
                if SIGNS.contains(&c) {
                    words.push(c.to_string());
                }
            }
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// Whether somebody held a key down: three times the same letter, or twice at the end.
fn is_drawn(word: &str) -> bool {
    let letters: Vec<char> = word.chars().collect();
    letters.windows(3).any(|w| w[0] == w[1] && w[1] == w[2])
        || matches!(letters.as_slice(), [.., a, b] if a == b)
}

/// The word with every letter put once where it stands several times.
fn squeezed(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.chars() {
        if !out.ends_with(c) {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests;
