//! Sections to passages.
//!
//! Called by `document`. Promises of every passage: it lies under one heading; paragraphs, list items
//! and rows are whole unless one alone exceeds the maximum; rows stand under their header; a line that
//! ends in a colon stays with what it introduces; its units cover all of its text in order.

use std::ops::Range;

use super::blocks::{Block, BlockKind};
use super::outline::Section;
use super::rules::PassageWords;
use super::split::{self, Limit, count_words};
use crate::model::{Locale, Passage, Unit, UnitKind};

/// Largest passage in characters, and largest for the sake of one table row.
const MAX_CHARS: usize = 2000;
const MAX_ROW_CHARS: usize = 4000;
/// A line that introduces a list is at most this long. Words.
const MAX_INTRO_WORDS: usize = 40;

/// Cuts the sections into passages, numbered from 0.
pub(super) fn passages(
    sections: Vec<Section>,
    locale: &Locale,
    words: PassageWords,
) -> Vec<Passage> {
    let max = words.max.max(20);
    let sizes = PassageWords { target: words.target.clamp(10, max), max };
    let mut passages: Vec<Passage> = Vec::new();
    for section in sections {
        let parts = parts(section.blocks, locale, sizes);
        for range in pack(&parts, sizes) {
            let slice = parts.get(range).unwrap_or_default();
            let (text, units) = assemble(slice, locale);
            if text.is_empty() {
                continue;
            }
            passages.push(Passage {
                ordinal: u32::try_from(passages.len()).unwrap_or(u32::MAX),
                anchor: section.anchor.clone(),
                heading_path: section.heading_path.clone(),
                text,
                units,
            });
        }
    }
    passages
}

/// A block or, of one that is too long, a piece.
struct Part {
    kind: BlockKind,
    text: String,
    group: u32,
    /// Header row to repeat above a row.
    header: Option<std::rc::Rc<str>>,
    words: usize,
    chars: usize,
    /// A later piece of a torn block: starts a passage.
    continues: bool,
    /// Introduces the part after it.
    intro: bool,
}

impl Part {
    fn new(kind: BlockKind, text: String, group: u32) -> Self {
        Self {
            words: count_words(&text),
            chars: text.chars().count() + 2,
            kind,
            text,
            group,
            header: None,
            continues: false,
            intro: false,
        }
    }

    /// Words and characters that this part adds behind `before`.
    fn cost(&self, before: Option<&Part>) -> (usize, usize) {
        match &self.header {
            Some(header) if before.is_none_or(|b| b.group != self.group) => {
                (self.words + count_words(header), self.chars + header.chars().count())
            }
            _ => (self.words, self.chars),
        }
    }
}

fn parts(blocks: Vec<Block>, locale: &Locale, sizes: PassageWords) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut header: Option<(u32, std::rc::Rc<str>)> = None;
    let mut blocks = blocks.into_iter().peekable();
    while let Some(block) = blocks.next() {
        let next = blocks.peek();
        if block.kind == BlockKind::Header
            && block.text.chars().count() <= MAX_CHARS / 2
            && next.is_some_and(|n| n.kind == BlockKind::Row && n.group == block.group)
        {
            header = Some((block.group, block.text.into()));
            continue;
        }
        let introduces =
            next.is_some_and(|n| n.group != block.group && n.kind != BlockKind::Paragraph);
        let mut part = Part::new(block.kind, block.text, block.group);
        part.intro = introduces
            && part.kind == BlockKind::Paragraph
            && part.words <= MAX_INTRO_WORDS
            && part.text.ends_with([':', '：']);
        if part.kind == BlockKind::Row {
            part.header = header.as_ref().filter(|h| h.0 == part.group).map(|h| h.1.clone());
        }
        add(part, &mut parts, locale, sizes);
    }
    parts
}

/// Adds a part, torn if it exceeds the maximum on its own.
fn add(part: Part, parts: &mut Vec<Part>, locale: &Locale, sizes: PassageWords) {
    let limit = Limit { words: sizes.max, chars: MAX_CHARS };
    let (words, chars) = part.cost(None);
    let fits = match part.kind {
        BlockKind::Row | BlockKind::Header => chars <= MAX_ROW_CHARS,
        _ => words <= limit.words && chars <= limit.chars + 2,
    };
    if fits {
        parts.push(part);
        return;
    }
    let ranges = match part.kind {
        BlockKind::Code => split::code_pieces(&part.text, limit),
        _ => split::pieces(&part.text, locale, sizes.target, limit),
    };
    for (i, range) in ranges.into_iter().enumerate() {
        let text = part.text.get(range).unwrap_or_default();
        // Only the first piece still begins with the marker of its item; torn rows are running text.
        let kind = match part.kind {
            BlockKind::Code => BlockKind::Code,
            BlockKind::Bullet | BlockKind::Step if i == 0 => part.kind,
            _ => BlockKind::Paragraph,
        };
        let mut piece = Part::new(kind, text.to_owned(), part.group);
        piece.continues = i > 0;
        parts.push(piece);
    }
}

/// Ranges of parts that become one passage each: even, near the target, within the maximum.
fn pack(parts: &[Part], sizes: PassageWords) -> Vec<Range<usize>> {
    let total: usize = parts.iter().map(|p| p.words).sum();
    let goal = total.div_ceil(split::even_parts(total, sizes.target, sizes.max));
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let (mut start, mut words, mut chars, mut left) = (0, 0, 0, total);
    for (i, part) in parts.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|b| parts.get(b)).filter(|_| i > start);
        let (w, c) = part.cost(before);
        let ahead = if part.intro {
            parts.get(i + 1).map_or((0, 0), |next| next.cost(None))
        } else {
            (0, 0)
        };
        let fits = words + w + ahead.0 <= sizes.max && chars + c + ahead.1 <= MAX_CHARS;
        let wanted = words + w / 2 <= goal || words + left <= sizes.max;
        let held = i == start + 1 && before.is_some_and(|b| b.intro);
        let kept =
            before.is_some_and(|b| b.intro) && words + w <= sizes.max && chars + c <= MAX_CHARS;
        if i > start && (part.continues || !(held || kept || (fits && wanted))) {
            // An introduction at the end of the passage moves on with what it introduces.
            let moves = before.is_some_and(|b| b.intro) && i > start + 1 && !part.continues;
            let cut = if moves { i - 1 } else { i };
            ranges.push(start..cut);
            start = cut;
            (words, chars) = (0, 0);
            if moves && let Some(intro) = before {
                (words, chars) = (intro.words, intro.chars);
            }
            let alone = part.cost(parts.get(cut).filter(|_| moves));
            (words, chars) = (words + alone.0, chars + alone.1);
        } else {
            (words, chars) = (words + w, chars + c);
        }
        left = left.saturating_sub(part.words);
    }
    if start < parts.len() {
        ranges.push(start..parts.len());
    }
    ranges
}

fn assemble(parts: &[Part], locale: &Locale) -> (String, Vec<Unit>) {
    let mut text = String::new();
    let mut units = Vec::new();
    let mut block: u16 = 0;
    let mut before: Option<&Part> = None;
    let mut header: Option<Range<u32>> = None;
    for part in parts {
        let same = before.is_some_and(|b| b.group == part.group && b.kind != BlockKind::Paragraph);
        if before.is_some() {
            text.push_str(if same { "\n" } else { "\n\n" });
            block = block.saturating_add(u16::from(!same));
        }
        if !same {
            header = None;
            if let Some(row) = &part.header {
                let range = append(&mut text, row);
                units.push(Unit {
                    kind: UnitKind::Header,
                    range: range.clone(),
                    header: None,
                    block,
                });
                header = Some(range);
                text.push('\n');
            }
        }
        let offset = text.len();
        let whole = append(&mut text, &part.text);
        let unit = |kind, range, header| Unit { kind, range, header, block };
        match part.kind {
            BlockKind::Paragraph => {
                let ranges = split::sentences(&part.text, locale);
                units.extend(ranges.into_iter().map(|r| {
                    unit(UnitKind::Sentence, narrow(offset + r.start)..narrow(offset + r.end), None)
                }));
            }
            BlockKind::Bullet | BlockKind::Step => {
                let indent = narrow(part.text.len() - part.text.trim_start().len());
                let kind =
                    if part.kind == BlockKind::Step { UnitKind::Step } else { UnitKind::Bullet };
                units.push(unit(kind, whole.start + indent..whole.end, None));
            }
            BlockKind::Header => units.push(unit(UnitKind::Header, whole, None)),
            BlockKind::Row => units.push(unit(UnitKind::Row, whole, header.clone())),
            BlockKind::Code => units.push(unit(UnitKind::Code, whole, None)),
        }
        before = Some(part);
    }
    (text, units)
}

fn append(text: &mut String, part: &str) -> Range<u32> {
    let start = narrow(text.len());
    text.push_str(part);
    start..narrow(text.len())
}

/// Passages are bounded by [`MAX_ROW_CHARS`] and so are far from the limit of 32 bits.
fn narrow(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
