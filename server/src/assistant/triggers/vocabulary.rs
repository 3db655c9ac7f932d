//! Which groups of words a word belongs to: whole words, stems (`agent*`), with typing errors, and
//! for Cyrillic entries also in Latin letters. Built once by `lexicon`; a look-up's time depends on
//! the length of the word alone.

use std::collections::{HashMap, HashSet};

use indexer::language::fold;

use super::words::skeleton;

/// A group of words that a pattern can ask for.
pub(super) type Group = u32;

/// Letters of an entry from which on one typing error is forgiven, and two.
const ONE_ERROR: usize = 5;
const TWO_ERRORS: usize = 8;
/// Longer words are nobody's typing error.
const LONGEST: usize = 24;

#[derive(Default)]
pub(super) struct Vocabulary {
    exact: HashMap<String, Vec<Group>>,
    /// Whether Cyrillic entries are also put into `latin` and `latin_stems`.
    transliterated: bool,
    stems: HashMap<String, Vec<Group>>,
    latin: HashMap<String, Vec<Group>>,
    latin_stems: HashMap<String, Vec<Group>>,
    /// By first letter.
    forgiving: HashMap<char, Vec<Entry>>,
    /// Where an entry of `forgiving` stands among those of its first letter.
    places: HashMap<(String, bool), usize>,
    /// Words that are what they are, however near they come to an entry.
    plain: HashSet<String>,
}

struct Entry {
    letters: Vec<char>,
    stem: bool,
    groups: Vec<Group>,
}

/// Whether typing errors are forgiven.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    Exact,
    Forgiving,
}

impl Vocabulary {
    /// Adds `entry` (a word, or a stem that ends in `*`) to `group`.
    pub(super) fn add(&mut self, entry: &str, group: Group, spelling: Spelling) {
        let (word, stem) = match entry.strip_suffix('*') {
            Some(word) => (word, true),
            None => (entry, false),
        };
        let word: String =
            word.to_lowercase().chars().filter(|c| !matches!(c, '\'' | '’')).collect();
        for form in spellings(&word) {
            let table = if stem { &mut self.stems } else { &mut self.exact };
            put(table, form.clone(), group);
            if self.transliterated && form.chars().any(|c| ('\u{400}'..='\u{4ff}').contains(&c)) {
                let table = if stem { &mut self.latin_stems } else { &mut self.latin };
                put(table, skeleton(&form), group);
            }
            let letters: Vec<char> = form.chars().collect();
            if spelling == Spelling::Forgiving && letters.len() >= ONE_ERROR {
                let entries = self.forgiving.entry(letters[0]).or_default();
                let at = *self.places.entry((form, stem)).or_insert(entries.len());
                match entries.get_mut(at) {
                    Some(entry) => entry.groups.push(group),
                    None => entries.push(Entry { letters, stem, groups: vec![group] }),
                }
            }
        }
    }

    /// Whether the Cyrillic entries that follow are also found in Latin letters.
    pub(super) fn transliterate(&mut self, whether: bool) {
        self.transliterated = whether;
    }

    /// Says that `word` is never a typing error.
    pub(super) fn add_plain(&mut self, word: &str) {
        self.plain.extend(spellings(&word.to_lowercase()));
    }

    /// The groups of a folded word, some perhaps twice.
    pub(super) fn groups(&self, word: &str) -> Vec<Group> {
        let mut out: Vec<Group> = self.exact.get(word).cloned().unwrap_or_default();
        let known = !out.is_empty() || self.plain.contains(word);
        prefixes(word).for_each(|p| out.extend(self.stems.get(p).into_iter().flatten()));
        if word.is_ascii() {
            let bones = skeleton(word);
            out.extend(self.latin.get(&bones).into_iter().flatten());
            prefixes(&bones)
                .for_each(|p| out.extend(self.latin_stems.get(p).into_iter().flatten()));
        }
        if !known && out.is_empty() {
            self.mend(word, &mut out);
        }
        out
    }

    fn mend(&self, word: &str, out: &mut Vec<Group>) {
        let letters: Vec<char> = word.chars().take(LONGEST + 1).collect();
        if letters.len() < ONE_ERROR - 1 || letters.len() > LONGEST {
            return;
        }
        let near = self.forgiving.get(&letters[0]).into_iter().flatten();
        out.extend(near.filter(|e| e.is_near(&letters)).flat_map(|e| &e.groups));
    }
}

impl Entry {
    /// Whether few enough typing errors lie between.
    fn is_near(&self, word: &[char]) -> bool {
        let allowed = if self.letters.len() >= TWO_ERRORS { 2 } else { 1 };
        // A stem takes the best of the word's beginnings, with one error less.
        let allowed = if self.stem { (allowed / 2).max(1) } else { allowed };
        if word.len() + allowed < self.letters.len()
            || !self.stem && word.len() > self.letters.len() + allowed
        {
            return false;
        }
        let end = (self.letters.len() + allowed).min(word.len());
        errors(&self.letters, &word[..end], self.stem) <= allowed
    }
}

/// Insertions, deletions, substitutions and swaps that turn `entry` into `word`, or into one of the
/// beginnings of `word` when it is a stem.
fn errors(entry: &[char], word: &[char], stem: bool) -> usize {
    const WIDTH: usize = LONGEST + 4;
    let columns = word.len().min(WIDTH - 1);
    let (mut before, mut above, mut row) = ([0_usize; WIDTH], [0_usize; WIDTH], [0_usize; WIDTH]);
    for (j, cell) in above.iter_mut().enumerate() {
        *cell = j;
    }
    for (i, a) in entry.iter().enumerate() {
        row[0] = i + 1;
        for j in 1..=columns {
            let other = usize::from(*a != word[j - 1]);
            row[j] = (above[j] + 1).min(row[j - 1] + 1).min(above[j - 1] + other);
            if i > 0 && j > 1 && *a == word[j - 2] && entry[i - 1] == word[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = above;
        above = row;
    }
    if stem {
        above[..=columns].iter().copied().min().unwrap_or(usize::MAX)
    } else {
        above[columns]
    }
}

/// How people type a word: without diacritics, and with the digraphs that stand in for them.
pub(in crate::assistant) fn spellings(word: &str) -> Vec<String> {
    const DIGRAPHS: &[(char, &str)] = &[
        ('ä', "ae"),
        ('ö', "oe"),
        ('ü', "ue"),
        ('å', "aa"),
        ('ø', "oe"),
        ('ā', "aa"),
        ('ē', "ee"),
        ('ī', "ii"),
        ('ū', "uu"),
        ('š', "sh"),
        ('č', "ch"),
        ('ž', "zh"),
    ];
    let folded = fold(word);
    let spelled: String = word
        .chars()
        .map(|c| match DIGRAPHS.iter().find(|(from, _)| *from == c) {
            Some((_, to)) => (*to).to_owned(),
            None => c.to_string(),
        })
        .collect();
    let spelled = fold(&spelled);
    if spelled == folded { vec![folded] } else { vec![folded, spelled] }
}

fn put(table: &mut HashMap<String, Vec<Group>>, word: String, group: Group) {
    let groups = table.entry(word).or_default();
    if !groups.contains(&group) {
        groups.push(group);
    }
}

/// The beginnings of a word, of two letters and more, the whole word included.
fn prefixes(word: &str) -> impl Iterator<Item = &str> {
    let ends = word.char_indices().map(|(at, c)| at + c.len_utf8());
    ends.skip(1).take(LONGEST).map(move |end| &word[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Vocabulary {
        let mut v = Vocabulary::default();
        v.transliterate(true);
        v.add("manager", 1, Spelling::Forgiving);
        v.add("operator*", 2, Spelling::Forgiving);
        v.add("möchte", 3, Spelling::Exact);
        v.add("человек*", 4, Spelling::Forgiving);
        v.add_plain("managed");
        v
    }

    #[test]
    fn words_are_found_with_typing_errors_stems_and_other_letters() {
        let v = vocabulary();
        for (word, group) in [
            ("manager", 1),
            ("managr", 1),
            ("manegr", 0),
            ("managed", 0),
            ("operatorem", 2),
            ("opertorem", 2),
            ("operaotr", 2),
            ("mochte", 3),
            ("moechte", 3),
            ("mochta", 0),
            ("человеком", 4),
            ("chelovekom", 4),
            ("челвоеком", 4),
            ("anager", 0),
        ] {
            let found = v.groups(word);
            assert_eq!(found.first().copied().unwrap_or(0), group, "{word}");
        }
    }
}
