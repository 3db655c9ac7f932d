//! Lexicons: data files with sets of words and lists of patterns over them (see `pattern`), one file
//! a language, all of one subject compiled together into one vocabulary. Built once by each detector.

use std::collections::HashMap;

use serde::Deserialize;

use super::bits::Bits;
use super::pattern::{BadPattern, Hits, Pattern};
use super::vocabulary::{Group, Spelling, Vocabulary};
use super::words::Words;

/// One data file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    /// Cyrillic words are also found in Latin letters.
    #[serde(default)]
    latin: bool,
    /// Words that are no typing errors of others.
    #[serde(default)]
    plain: String,
    /// Names to words; words of five letters and more are found with typing errors, but for those
    /// of `soft`.
    #[serde(default)]
    sets: HashMap<String, String>,
    /// Names of lists to patterns.
    patterns: HashMap<String, Vec<String>>,
}

/// Patterns of all languages on one subject, by the name of their list.
#[derive(Default)]
pub(super) struct Lexicon {
    vocabulary: Vocabulary,
    lists: HashMap<String, Vec<Pattern>>,
    /// Set names to their groups, one of each language.
    sets: HashMap<String, Vec<Group>>,
    groups: Group,
}

/// A message looked up in a lexicon.
pub(super) struct Reading<'a> {
    lexicon: &'a Lexicon,
    pub(super) words: &'a Words,
    hits: Hits,
}

impl Source {
    /// A source of plain phrases, without sets.
    pub(super) fn of_phrases(phrases: Vec<String>) -> Self {
        Self { patterns: HashMap::from([("phrases".to_owned(), phrases)]), ..Self::default() }
    }
}

impl Lexicon {
    /// The lexicon of files that are compiled in.
    pub(super) fn of_files(files: &[&str]) -> Self {
        let mut lexicon = Self::default();
        for file in files {
            #[expect(clippy::expect_used, reason = "compiled in, and every file is read by a test")]
            let source: Source = toml::from_str(file).expect("a lexicon is not TOML");
            #[expect(
                clippy::expect_used,
                reason = "compiled in, and every file is read by a test"
            )]
            lexicon.add(&source).expect("a lexicon has a pattern that cannot be read");
        }
        lexicon
    }

    /// Adds the sets and patterns of one file.
    ///
    /// # Errors
    /// [`BadPattern`] for the first pattern that cannot be read.
    pub(super) fn add(&mut self, source: &Source) -> Result<(), BadPattern> {
        let mut known: HashMap<String, Group> = HashMap::new();
        self.vocabulary.transliterate(source.latin);
        source.plain.split_whitespace().for_each(|word| self.vocabulary.add_plain(word));
        for name in source.sets.keys() {
            let group = self.group(&format!("@{name}"), &source.sets, &mut known);
            if let Some(group) = group {
                self.sets.entry(name.clone()).or_default().push(group);
            }
        }
        for (list, patterns) in &source.patterns {
            for text in patterns {
                let pattern =
                    Pattern::parse(text, |choice| self.group(choice, &source.sets, &mut known))?;
                self.lists.entry(list.clone()).or_default().push(pattern);
            }
        }
        Ok(())
    }

    /// The group of a choice such as `call|@talk|agent*`; `None` when it names an unknown set.
    fn group(
        &mut self,
        choice: &str,
        sets: &HashMap<String, String>,
        known: &mut HashMap<String, Group>,
    ) -> Option<Group> {
        if let Some(group) = known.get(choice) {
            return Some(*group);
        }
        self.groups += 1;
        let group = self.groups;
        for part in choice.split('|') {
            match part.strip_prefix('@') {
                Some(name) => {
                    let spelling =
                        if name == "soft" { Spelling::Exact } else { Spelling::Forgiving };
                    let words = sets.get(name)?.split_whitespace();
                    words.for_each(|word| self.vocabulary.add(word, group, spelling));
                }
                None => self.vocabulary.add(part, group, Spelling::Exact),
            }
        }
        known.insert(choice.to_owned(), group);
        Some(group)
    }

    pub(super) fn read<'a>(&'a self, words: &'a Words) -> Reading<'a> {
        Reading { lexicon: self, words, hits: Hits::of_words(words, &self.vocabulary) }
    }
}

impl Reading<'_> {
    /// The places right behind every match of the list's patterns.
    pub(super) fn ends(&self, list: &str) -> Bits {
        let mut all = Bits::empty(self.words.len() + 1);
        for pattern in self.lexicon.lists.get(list).into_iter().flatten() {
            if let Some(ends) = pattern.ends(self.words, &self.hits) {
                all.or(&ends);
            }
        }
        all
    }

    /// Whether any pattern of any list matches.
    pub(super) fn is_in_any_list(&self) -> bool {
        let mut patterns = self.lexicon.lists.values().flatten();
        patterns.any(|pattern| pattern.ends(self.words, &self.hits).is_some())
    }

    /// The places right behind every match of every list.
    pub(super) fn ends_of_all_lists(&self) -> Bits {
        let mut all = Bits::empty(self.words.len() + 1);
        for pattern in self.lexicon.lists.values().flatten() {
            if let Some(ends) = pattern.ends(self.words, &self.hits) {
                all.or(&ends);
            }
        }
        all
    }

    /// The places of words of the set, in any language.
    pub(super) fn members(&self, set: &str) -> Bits {
        let mut all = Bits::empty(self.words.len() + 1);
        for group in self.lexicon.sets.get(set).into_iter().flatten() {
            if let Some(places) = self.hits.of(*group) {
                all.or(places);
            }
        }
        all
    }
}
