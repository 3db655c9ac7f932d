//! Makes sentences of a stream: pieces of text in, whole sentences out, as soon as they are whole.
//!
//! Called by the assistant with the pieces of a generator; what comes out goes to the check. Text is
//! taken in character by character, so that the result does not depend on where the stream was split,
//! not even inside a character. A sentence is whole when the next one has visibly begun, at the end of
//! its paragraph, or at the end of the stream; markers that follow it belong to it. List items, rows
//! and fenced code are cut at their lines. Bounded: a sentence of more than [`LONGEST`] bytes is handed
//! over as it is, and the check refuses it.

use indexer::language::sentences;
use indexer::model::Locale;

use super::markers;

/// Bytes of one sentence; more is cut.
const LONGEST: usize = 2048;
/// Characters by which a line shows what it is.
const TELLING: usize = 6;

/// What a draft is in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftKind {
    /// A sentence of running text.
    Sentence,
    /// Starts a list item; what follows in the same item is `Sentence`.
    Item,
    Row,
    Heading,
    Code,
}

/// One piece of an answer, not checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub kind: DraftKind,
    /// As written, with markers, without white space around it.
    pub text: String,
    /// It starts a line of its own.
    pub new_line: bool,
}

/// Collects a stream.
pub struct Assembler {
    locale: Locale,
    /// Bytes of a character that is not complete yet.
    partial: Vec<u8>,
    /// The current line as far as its kind is not known yet.
    line: String,
    /// The current paragraph, item, row or block.
    block: String,
    kind: DraftKind,
    /// Whether the kind of the current line is known.
    known: bool,
    new_line: bool,
    /// A sentence may have ended in the block; a word behind it will show.
    ended: bool,
    out: Vec<Draft>,
}

impl Assembler {
    pub fn new(locale: &Locale) -> Self {
        Self {
            locale: locale.clone(),
            partial: Vec::new(),
            line: String::new(),
            block: String::new(),
            kind: DraftKind::Sentence,
            known: false,
            new_line: true,
            ended: false,
            out: Vec::new(),
        }
    }

    /// Takes a piece of text; returns the sentences that it completed.
    pub fn push(&mut self, piece: &str) -> Vec<Draft> {
        for ch in piece.chars() {
            self.take(ch);
        }
        std::mem::take(&mut self.out)
    }

    /// Like [`Assembler::push`] for bytes that may end inside a character. Bytes that are no UTF-8
    /// become U+FFFD.
    pub fn push_bytes(&mut self, piece: &[u8]) -> Vec<Draft> {
        self.partial.extend_from_slice(piece);
        let bytes = std::mem::take(&mut self.partial);
        for chunk in bytes.utf8_chunks() {
            for ch in chunk.valid().chars() {
                self.take(ch);
            }
            let invalid = chunk.invalid();
            let last = std::ptr::eq(invalid.as_ptr_range().end, bytes.as_ptr_range().end);
            if last && invalid.len() < 4 && may_go_on(invalid) {
                self.partial = invalid.to_vec();
            } else if !invalid.is_empty() {
                self.take(char::REPLACEMENT_CHARACTER);
            }
        }
        std::mem::take(&mut self.out)
    }

    /// The end of the stream: the rest, whole or not.
    pub fn finish(mut self) -> Vec<Draft> {
        if !self.partial.is_empty() {
            self.take(char::REPLACEMENT_CHARACTER);
        }
        self.settle_line();
        self.flush();
        self.out
    }

    fn take(&mut self, ch: char) {
        if ch == '\r' {
            return;
        }
        if self.kind == DraftKind::Code && self.known {
            self.code(ch);
        } else if ch == '\n' {
            self.line_end();
        } else if self.known {
            self.block.push(ch);
            self.look(ch);
        } else {
            self.line.push(ch);
            if is_telling(&self.line) {
                self.settle_line();
            }
        }
    }

    /// The kind of the current line is decided now; its text joins the block or starts a new one.
    fn settle_line(&mut self) {
        if self.known {
            return;
        }
        let line = std::mem::take(&mut self.line);
        let kind = kind_of(&line);
        self.known = true;
        if line.trim().is_empty() {
            return;
        }
        let goes_on = kind == DraftKind::Sentence
            && matches!(self.kind, DraftKind::Sentence | DraftKind::Item)
            && !self.block.trim().is_empty();
        if goes_on {
            self.block.push('\n');
        } else {
            self.flush();
            self.kind = kind;
            self.new_line = true;
        }
        for ch in line.chars() {
            self.block.push(ch);
            if kind != DraftKind::Code {
                self.look(ch);
            }
        }
    }

    fn line_end(&mut self) {
        let blank = !self.known && self.line.trim().is_empty();
        self.settle_line();
        if self.kind == DraftKind::Code && !blank {
            self.block.push('\n');
            return;
        }
        self.known = false;
        if blank || matches!(self.kind, DraftKind::Row | DraftKind::Heading) {
            self.flush();
            self.new_line = true;
        } else {
            self.look('\n');
        }
    }

    /// Inside a fenced block: until the closing fence. What is too long goes on as another block.
    fn code(&mut self, ch: char) {
        self.block.push(ch);
        let closed = ch == '\n' && is_closed(&self.block);
        let full = self.block.len() >= LONGEST;
        if closed || full {
            self.flush();
            self.new_line = true;
        }
        if closed {
            self.known = false;
        } else if full {
            self.kind = DraftKind::Code;
            self.block.push_str("```\n");
        }
    }

    /// Looks whether a character shows that a sentence is whole.
    fn look(&mut self, ch: char) {
        if matches!(self.kind, DraftKind::Row | DraftKind::Heading | DraftKind::Code) {
            if self.block.len() >= LONGEST {
                self.flush();
            }
            return;
        }
        if is_terminator(ch) {
            self.ended = true;
        } else if self.ended && !ch.is_alphanumeric() && self.word_stands_behind() {
            self.ended = false;
            self.emit(false);
        }
        if self.block.len() >= LONGEST {
            self.emit(true);
            self.flush();
        }
    }

    /// Whether a whole word with a letter stands behind the last terminator, and no bracket is open.
    fn word_stands_behind(&self) -> bool {
        let Some((at, mark)) = self.block.char_indices().rev().find(|(_, c)| is_terminator(*c))
        else {
            return false;
        };
        let tail = &self.block[at + mark.len_utf8()..];
        let open = tail.rfind(['[', '【']).is_some_and(|b| {
            !tail[b..].contains([']', '】']) && tail.len() - b <= markers::LONGEST
        });
        !open && tail.contains(char::is_alphabetic)
    }

    /// Hands over the sentences of the block but the last; all of them with `last`.
    fn emit(&mut self, last: bool) {
        let ranges = split(&self.block, &self.locale);
        let keep = usize::from(!last);
        let done = ranges.len().saturating_sub(keep);
        for range in &ranges[..done] {
            let text = self.block[range.clone()].trim().to_owned();
            self.hand_over(text);
        }
        if done > 0 {
            let rest = ranges.get(done).map_or(self.block.len(), |r| r.start);
            self.block.drain(..rest);
        }
    }

    fn flush(&mut self) {
        match self.kind {
            DraftKind::Sentence | DraftKind::Item => self.emit(true),
            DraftKind::Row | DraftKind::Heading | DraftKind::Code => {
                let text = self.block.trim().to_owned();
                self.hand_over(text);
            }
        }
        self.block.clear();
        self.kind = DraftKind::Sentence;
        self.ended = false;
    }

    fn hand_over(&mut self, text: String) {
        if text.is_empty() || is_rule(&text) {
            return;
        }
        self.out.push(Draft { kind: self.kind, text, new_line: self.new_line });
        self.new_line = false;
        if self.kind == DraftKind::Item {
            self.kind = DraftKind::Sentence;
        }
    }
}

/// Byte ranges of the sentences of `block`; a marker behind a sentence belongs to it.
fn split(block: &str, locale: &Locale) -> Vec<std::ops::Range<usize>> {
    let unmarked = markers::strip(block);
    // Where the text starts with a marker, markers stand before their sentences.
    let leading = unmarked.places.first().is_some_and(|(at, _)| *at == 0);
    let ranges = sentences(&unmarked.text, locale);
    let mut starts: Vec<usize> = ranges
        .windows(2)
        .map(|pair| {
            let (end, start) = (pair[0].end, pair[1].start);
            let before = |place: usize| if leading { place < end } else { place <= start };
            let removed = unmarked.places.iter().take_while(|(place, _)| before(*place)).count();
            original(block, &unmarked, start, removed)
        })
        .collect();
    starts.insert(0, 0);
    starts.dedup();
    let ends = starts.iter().skip(1).copied().chain([block.len()]);
    starts.iter().copied().zip(ends).map(|(start, end)| start..end.max(start)).collect()
}

/// The place in `block` of place `at` in the text without its first `removed` markers.
fn original(block: &str, unmarked: &markers::Unmarked, at: usize, removed: usize) -> usize {
    let Some((place, range)) = removed.checked_sub(1).and_then(|i| unmarked.places.get(i)) else {
        return at.min(block.len());
    };
    let mut end = range.end;
    if *place == 0 || unmarked.text[..*place].trim().is_empty() {
        end += block[end..].len() - block[end..].trim_start_matches(' ').len();
    }
    let mut target = end + (at - place);
    while target < block.len() && !block.is_char_boundary(target) {
        target += 1;
    }
    target.min(block.len())
}

fn is_terminator(ch: char) -> bool {
    matches!(ch, '.' | '!' | '?' | '…' | ':' | ';' | '。' | '！' | '？' | '؟' | '।' | '\n')
}

/// Whether the start of a line tells its kind: a whole marker, or too much for one.
fn is_telling(line: &str) -> bool {
    let text = line.trim_start();
    let Some(first) = text.chars().next() else { return line.len() > 64 };
    let marker =
        matches!(first, '-' | '*' | '+' | '•' | '–' | '#' | '|' | '`') || first.is_ascii_digit();
    !marker
        || text.chars().count() >= TELLING
        || (!text.starts_with('`') && text.contains(' '))
        || (text.starts_with('`') && (text.starts_with("```") || text.chars().any(|c| c != '`')))
}

fn kind_of(line: &str) -> DraftKind {
    let text = line.trim_start();
    if text.starts_with("```") {
        return DraftKind::Code;
    }
    if text.starts_with('|') {
        return DraftKind::Row;
    }
    if text.starts_with("# ") || text.starts_with("##") {
        return DraftKind::Heading;
    }
    let bullet = ["- ", "* ", "+ ", "• ", "– "].iter().any(|b| text.starts_with(b));
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &text[digits..];
    let numbered = (1..=3).contains(&digits) && (rest.starts_with(". ") || rest.starts_with(") "));
    if bullet || numbered { DraftKind::Item } else { DraftKind::Sentence }
}

/// Whether a fenced block ends with its last line: a fence of its own, or one behind code on the first line.
fn is_closed(block: &str) -> bool {
    match block.trim().rsplit_once('\n') {
        Some((_, last)) => last.trim() == "```",
        None => block.trim().len() > 6 && block.trim().ends_with("```"),
    }
}

/// `|---|---|`, `---`: no words.
fn is_rule(text: &str) -> bool {
    text.chars().all(|c| c == ' ' || is_rule_mark(c))
}

/// What rules consist of.
pub(in crate::assistant) fn is_rule_mark(ch: char) -> bool {
    matches!(ch, '|' | '-' | ':' | '=' | '*' | '_')
}

/// Whether bytes are the start of a character.
fn may_go_on(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|e| e.error_len().is_none())
}

#[cfg(test)]
#[path = "assemble_tests.rs"]
mod tests;
