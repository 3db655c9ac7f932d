//! The passages of one answer, cut into units and indexed by word, so that a sentence is checked in
//! microseconds.
//!
//! Built once per answer by `Guard::new`, read by every rule. A unit is a sentence, a list item, a row
//! or a cell of a table; a cell carries its row's label and its column's heading, so that the price of
//! one column cannot prove a sentence about another. A unit that gives orders to an assistant proves
//! nothing and is left out.

use std::collections::{HashMap, HashSet};

use indexer::language::{Analyzer, Reading, TermKind, sentences};
use indexer::model::{Hit, Locale, Unit, UnitKind};

use super::injection;
use super::literal::{Found, Literal, Token, Unit as Measure, lex, scan, unit_of_words};
use super::polarity::{self, Clause};
use super::text::{fold, visible};

/// A passage as it was given to the model.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// The number that markers name it by, from 1.
    pub number: u32,
    pub title: &'a str,
    pub heading_path: &'a [String],
    pub text: &'a str,
    /// Units of `text`; when empty it is cut into lines and sentences.
    pub units: &'a [Unit],
    pub locale: &'a Locale,
}

impl<'a> Given<'a> {
    pub fn of(number: u32, hit: &'a Hit) -> Self {
        Self {
            number,
            title: &hit.meta.title,
            heading_path: &hit.heading_path,
            text: &hit.text,
            units: &hit.units,
            locale: &hit.meta.locale,
        }
    }
}

/// Where a word occurs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Posting {
    pub(super) unit: u32,
    /// Clause of the unit; [`CONTEXT`] for titles, headings and introductions.
    pub(super) clause: u8,
}

/// The clause of words around a unit.
pub(super) const CONTEXT: u8 = u8::MAX;

pub(super) struct Source {
    pub(super) number: u32,
    pub(super) language: String,
    /// Folded words of the proving units for verbatim sentences: one space between words, two before each unit.
    pub(super) folded: String,
    /// Visible text of the proving units, for verbatim code.
    pub(super) text: String,
}

pub(super) struct UnitEvidence {
    /// Index in [`Evidence::sources`].
    pub(super) source: usize,
    pub(super) text: String,
    pub(super) tokens: Vec<Token>,
    pub(super) literals: Vec<Found>,
    pub(super) clauses: Vec<Clause>,
    /// A whole table row, which has no literals of its own.
    pub(super) is_row: bool,
    /// Counts rows: cells of one row have one number.
    pub(super) row: Option<u32>,
}

/// All passages of one answer.
pub(super) struct Evidence {
    pub(super) sources: Vec<Source>,
    pub(super) units: Vec<UnitEvidence>,
    words: HashMap<String, Vec<Posting>>,
    /// First letters of a word to the words that start so.
    starts: HashMap<String, Vec<String>>,
    /// Ends of long words to those words, for compounds.
    ends: HashMap<String, Vec<String>>,
    /// Units that carry sentences, rows and items; cells not counted.
    whole_units: u32,
    rows: u32,
}

/// Letters by which words are near.
const START: usize = 5;
/// Letters of a part of a compound.
const PART: usize = 5;
/// Units of an answer; more are not read.
const MOST_UNITS: usize = 4000;

impl Evidence {
    pub(super) fn new(given: &[Given<'_>]) -> Self {
        let mut out = Self {
            sources: Vec::new(),
            units: Vec::new(),
            words: HashMap::new(),
            starts: HashMap::new(),
            ends: HashMap::new(),
            whole_units: 0,
            rows: 0,
        };
        for passage in given {
            out.add(passage);
        }
        let mut keys: Vec<&String> =
            out.words.keys().filter(|key| !key.starts_with(MEANING)).collect();
        keys.sort_unstable();
        for word in keys {
            let chars: Vec<char> = word.chars().collect();
            if chars.len() >= START {
                let start: String = chars[..START].iter().collect();
                out.starts.entry(start).or_default().push(word.clone());
            }
            for at in 3..chars.len().saturating_sub(PART - 1) {
                let end: String = chars[at..].iter().collect();
                out.ends.entry(end).or_default().push(word.clone());
            }
        }
        out
    }

    /// Places of an exact key.
    pub(super) fn places(&self, key: &str) -> &[Posting] {
        self.words.get(key).map_or(&[], Vec::as_slice)
    }

    /// Places of words that are nearly `folded`: another ending, or a part of a compound.
    pub(super) fn near(&self, folded: &str) -> Vec<Posting> {
        let chars: Vec<char> = folded.chars().collect();
        let mut out = Vec::new();
        if chars.len() < START {
            return out;
        }
        let start: String = chars[..START].iter().collect();
        for word in self.starts.get(&start).into_iter().flatten() {
            let shared = word.chars().zip(&chars).take_while(|(a, b)| a == *b).count();
            let longer = word.chars().count().max(chars.len());
            if shared * 20 >= longer * 13 || (shared >= 7 && shared * 2 >= longer) {
                out.extend_from_slice(self.places(word));
            }
        }
        for word in self.ends.get(folded).into_iter().flatten() {
            out.extend_from_slice(self.places(word));
        }
        if chars.len() > PART + 3 {
            for at in 3..=chars.len() - PART {
                let (front, back) = (&chars[..at], &chars[at..]);
                let back: String = back.iter().collect();
                out.extend_from_slice(self.places(&back));
                if at >= PART {
                    out.extend_from_slice(self.places(&front.iter().collect::<String>()));
                }
            }
        }
        out
    }

    /// Weight of a word that occurs at `places`: rare words tell more. About [1, 2.5].
    pub(super) fn weight(&self, places: &[Posting]) -> f32 {
        let mut units: Vec<u32> = places.iter().map(|p| p.unit).collect();
        units.dedup();
        let found = units.len().max(1) as f32;
        (1.0 + self.whole_units.max(1) as f32 / found).ln().clamp(0.9, 2.2)
    }

    fn add(&mut self, given: &Given<'_>) {
        let source = self.sources.len();
        self.sources.push(Source {
            number: given.number,
            language: given.locale.language().to_owned(),
            folded: String::from(" "),
            text: String::new(),
        });
        let analyzer = Analyzer::new(given.locale);
        let heading = format!("{} {}", given.title, given.heading_path.join(" "));
        let heading = if injection::gives_orders(&heading) { String::new() } else { heading };
        let mut introduction = String::new();
        let pieces = pieces(given);
        let poisoned = poisoned(&pieces);
        for (piece, poisoned) in pieces.iter().zip(poisoned) {
            let text = visible(piece.text).into_owned();
            if self.units.len() >= MOST_UNITS || poisoned {
                continue;
            }
            match piece.kind {
                UnitKind::Header => continue,
                UnitKind::Sentence => {
                    introduction = if text.ends_with(':') { text.clone() } else { String::new() };
                }
                _ => {}
            }
            let in_list = matches!(piece.kind, UnitKind::Bullet | UnitKind::Step);
            let context =
                if in_list { format!("{heading} {introduction}") } else { heading.clone() };
            let place = Place { source, analyzer: &analyzer, locale: given.locale };
            let header = visible(piece.header);
            if piece.kind == UnitKind::Row {
                self.row(&place, &text, &header, &context);
            } else {
                self.unit(&place, &text, &context, Part::Text);
            }
            let own = &mut self.sources[source];
            own.folded.push_str(&plain(&text));
            own.text.push_str(&text);
            own.text.push('\n');
        }
    }

    /// A row as a whole, without its literals, and each of its cells with them.
    fn row(&mut self, place: &Place<'_>, row: &str, header: &str, context: &str) {
        let cells = cells(row);
        let names = self::cells(header);
        if names.is_empty() {
            self.unit(place, row, context, Part::Text);
            return;
        }
        let language = place.locale.language();
        let has_number = |cell: &str| {
            scan(&lex(cell), language).iter().any(|f| matches!(f.literal, Literal::Quantity { .. }))
        };
        let label: Vec<&str> = cells
            .iter()
            .enumerate()
            .filter(|(i, cell)| *i == 0 || !has_number(cell))
            .map(|(_, cell)| *cell)
            .collect();
        let label = label.join(" ");
        self.rows += 1;
        self.unit(place, row, &format!("{context} {header}"), Part::WordsOnly);
        for (i, cell) in cells.iter().enumerate() {
            let name = names.get(i).copied().unwrap_or_default();
            // The first cell says what the whole row is about.
            let around = if i == 0 { header } else { name };
            self.unit(place, cell, &format!("{context} {label} {around}"), Part::Cell(name));
        }
    }

    fn unit(&mut self, place: &Place<'_>, text: &str, context: &str, part: Part<'_>) {
        let language = place.locale.language();
        // A cell reads behind the name of its column: "Free from €59".
        let (tokens, heading) = match part {
            Part::Cell(name) => (lex(&format!("{name} {text}")), lex(name).len()),
            _ => (lex(text), 0),
        };
        let mut literals = match part {
            Part::WordsOnly => Vec::new(),
            _ => scan(&tokens, language),
        };
        for found in literals.iter_mut().filter(|f| f.last <= heading) {
            found.spare = true;
        }
        if let Part::Cell(name) = part {
            literals.extend(headed(&literals, name));
        }
        if matches!(part, Part::Text) {
            // A year or a date of the heading belongs to every sentence below it.
            let above = scan(&lex(context), language);
            literals.extend(above.into_iter().map(|f| Found { spare: true, ..f }));
        }
        let clauses = polarity::clauses(&tokens, language);
        let index = self.units.len() as u32;
        if !matches!(part, Part::Cell(_)) {
            self.whole_units += 1;
        }
        for (range, key) in keys(place.analyzer, text, language) {
            let clause = clauses
                .iter()
                .position(|c| tokens.get(c.tokens.end - 1).is_some_and(|t| t.end >= range.end))
                .unwrap_or(0);
            let clause = u8::try_from(clause).unwrap_or(CONTEXT - 1);
            self.post(key, Posting { unit: index, clause });
        }
        for (_, key) in keys(place.analyzer, context, language) {
            self.post(key, Posting { unit: index, clause: CONTEXT });
        }
        self.units.push(UnitEvidence {
            source: place.source,
            text: text.to_owned(),
            tokens,
            literals,
            clauses,
            is_row: matches!(part, Part::WordsOnly),
            row: matches!(part, Part::Cell(_)).then_some(self.rows),
        });
    }

    fn post(&mut self, key: String, posting: Posting) {
        let list = self.words.entry(key).or_default();
        if !list.iter().rev().take(8).any(|p| p.unit == posting.unit && p.clause == posting.clause)
        {
            list.push(posting);
        }
    }
}

struct Place<'a> {
    source: usize,
    analyzer: &'a Analyzer,
    locale: &'a Locale,
}

enum Part<'a> {
    Text,
    /// A row: its cells carry the literals.
    WordsOnly,
    /// A cell below this heading.
    Cell(&'a str),
}

/// By what the words of a text are found, with their byte ranges.
fn keys(analyzer: &Analyzer, text: &str, language: &str) -> Vec<(std::ops::Range<usize>, String)> {
    let words = analyzer.readings(text).into_iter().filter(|r| r.kind != TermKind::Number);
    let all = words.flat_map(|word| {
        let meanings = word.concepts.iter().map(|concept| meaning_key(concept));
        let keys: Vec<String> = forms(&word, language).into_iter().chain(meanings).collect();
        keys.into_iter().map(move |key| (word.range.clone(), key))
    });
    all.collect()
}

/// The forms of a word, folded, also without a negation that is glued to it.
pub(super) fn forms(word: &Reading, language: &str) -> Vec<String> {
    let mut out: Vec<String> = word.keys.iter().map(|key| fold(key)).collect();
    let positive: Vec<String> =
        out.iter().filter_map(|k| without_negation(k, language).map(str::to_owned)).collect();
    out.extend(positive);
    out
}

/// Marks a meaning among the words of the passages; no word begins with it.
const MEANING: char = '=';

/// The key of a meaning of the lexicon.
pub(super) fn meaning_key(concept: &str) -> String {
    format!("{MEANING}{concept}")
}

/// "neatmaksajam" -> "atmaksajam": a negated verb is the same word; `polarity` sees the rest.
fn without_negation<'a>(key: &'a str, language: &str) -> Option<&'a str> {
    let rest = key.strip_prefix("ne").filter(|_| matches!(language, "lv" | "lt"))?;
    (rest.len() >= 4).then_some(rest)
}

/// Folded words with one space before and after each.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::from(" ");
    for token in lex(text) {
        match token.word() {
            Some(word) => out.push_str(word),
            None => out.push_str(&fold(&text[token.start..token.end])),
        }
        out.push(' ');
    }
    out
}

/// A bare number below a heading with a unit has that unit: `| Months |` above `| 24 |`.
fn headed(literals: &[Found], name: &str) -> Vec<Found> {
    let Some((unit, factor)) = unit_of_words(&lex(name)) else { return Vec::new() };
    literals
        .iter()
        .filter_map(|f| match &f.literal {
            Literal::Quantity { value, unit: Measure::Bare } => {
                let literal = Literal::Quantity { value: value.scaled(factor), unit };
                Some(Found { literal, spare: true, ..f.clone() })
            }
            _ => None,
        })
        .collect()
}

/// Which units of a passage give orders to an assistant, or stand in a paragraph that does.
pub fn gives_orders_by_unit(given: &Given<'_>) -> Vec<bool> {
    poisoned(&pieces(given))
}

/// Which pieces give orders, or stand in a paragraph that does.
fn poisoned(pieces: &[Piece<'_>]) -> Vec<bool> {
    let own: Vec<bool> = pieces.iter().map(|p| injection::gives_orders(&visible(p.text))).collect();
    let mut blocks: HashSet<u32> = HashSet::new();
    for (piece, _) in pieces.iter().zip(&own).filter(|(_, own)| **own) {
        if piece.kind == UnitKind::Sentence {
            blocks.insert(piece.block);
        }
    }
    let by_block = |p: &Piece<'_>| p.kind == UnitKind::Sentence && blocks.contains(&p.block);
    pieces.iter().zip(own).map(|(piece, own)| own || by_block(piece)).collect()
}

struct Piece<'a> {
    kind: UnitKind,
    /// Paragraph of the passage.
    block: u32,
    text: &'a str,
    header: &'a str,
}

/// The units of a passage, or its lines and sentences when it has none.
fn pieces<'a>(given: &Given<'a>) -> Vec<Piece<'a>> {
    if !given.units.is_empty() {
        let piece = |u: &Unit| Piece {
            kind: u.kind,
            block: u32::from(u.block),
            text: u.text(given.text),
            header: u
                .header
                .as_ref()
                .and_then(|h| given.text.get(h.start as usize..h.end as usize))
                .unwrap_or_default(),
        };
        return given.units.iter().map(piece).collect();
    }
    let mut out = Vec::new();
    for (block, text) in (0_u32..).zip(given.text.split("\n\n")) {
        for range in sentences(text, given.locale) {
            out.push(Piece { kind: UnitKind::Sentence, block, text: &text[range], header: "" });
        }
    }
    out
}

fn cells(row: &str) -> Vec<&str> {
    let inner = row.trim().trim_start_matches('|').trim_end_matches('|');
    if inner.is_empty() {
        return Vec::new();
    }
    inner.split(" | ").map(str::trim).collect()
}
