//! Word counts and cutting of what is too long for one passage.
//!
//! Called by `chunk`. Promises cuts at sentences if possible, else at spaces, else at character
//! boundaries, in linear time.

use std::ops::Range;

use crate::language;
use crate::model::Locale;

/// Sentences are looked for in windows of this many bytes, so that a line of ten megabytes costs no
/// more than many short ones.
const WINDOW: usize = 16 * 1024;

/// Largest size of a piece.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    pub(super) words: usize,
    pub(super) chars: usize,
}

/// Number of words; of scripts without spaces two characters count as one word.
pub(super) fn count_words(text: &str) -> usize {
    let (mut words, mut dense, mut inside) = (0, 0_usize, false);
    for c in text.chars() {
        if is_dense(c) {
            dense += 1;
            inside = false;
        } else if c.is_whitespace() {
            inside = false;
        } else if !inside && c.is_alphanumeric() {
            inside = true;
            words += 1;
        }
    }
    words + dense.div_ceil(2)
}

/// Sentences of a text of one or more lines. The ranges lie in order, do not overlap, have no white
/// space at their ends and leave none of the other characters out.
pub(super) fn sentences(text: &str, locale: &Locale) -> Vec<Range<usize>> {
    let mut starts = Vec::new();
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        let mut at = 0;
        while at < line.len() {
            let end = window_end(line, at);
            let window = line.get(at..end).unwrap_or_default();
            starts.push(line_start + at);
            starts.extend(
                language::sentences(window, locale)
                    .iter()
                    .filter(|r| r.start < window.len() && window.is_char_boundary(r.start))
                    .map(|r| line_start + at + r.start),
            );
            at = end;
        }
        line_start += line.len();
    }
    starts.push(text.len());
    starts.sort_unstable();
    starts.dedup();
    let ranges = starts.iter().zip(starts.iter().skip(1));
    ranges.filter_map(|(from, to)| trimmed(text, *from..*to)).collect()
}

/// Cuts `text` into pieces of even size within `limit`, near `target` words each.
pub(super) fn pieces(
    text: &str,
    locale: &Locale,
    target: usize,
    limit: Limit,
) -> Vec<Range<usize>> {
    let atoms: Vec<Range<usize>> = sentences(text, locale)
        .into_iter()
        .flat_map(|sentence| {
            let inside = text.get(sentence.clone()).unwrap_or_default();
            hard_cuts(inside, limit)
                .into_iter()
                .map(move |r| sentence.start + r.start..sentence.start + r.end)
        })
        .collect();
    pack(text, &atoms, target, limit)
}

/// Cuts code at line ends, and inside a line that alone exceeds the limit.
pub(super) fn code_pieces(text: &str, limit: Limit) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end();
        if count_words(bare) > limit.words || bare.chars().count() > limit.chars {
            lines.extend(hard_cuts(bare, limit).into_iter().map(|r| at + r.start..at + r.end));
        } else if !bare.trim().is_empty() {
            lines.push(at..at + bare.len());
        }
        at += line.len();
    }
    pack(text, &lines, limit.words, limit)
}

fn pack(text: &str, atoms: &[Range<usize>], target: usize, limit: Limit) -> Vec<Range<usize>> {
    let size = |r: &Range<usize>| {
        let part = text.get(r.clone()).unwrap_or_default();
        (count_words(part), part.chars().count() + 1)
    };
    let sizes: Vec<(usize, usize)> = atoms.iter().map(size).collect();
    let (words, chars) = sizes.iter().fold((0, 0), |(w, c), s| (w + s.0, c + s.1));
    let parts = even_parts(words, target, limit.words).max(chars.div_ceil(limit.chars)).max(1);
    let (goal_words, goal_chars) = (words.div_ceil(parts), chars.div_ceil(parts));
    let mut pieces: Vec<Range<usize>> = Vec::new();
    let (mut w, mut c) = (0, 0);
    for (atom, (aw, ac)) in atoms.iter().zip(sizes) {
        let fits = w + aw <= limit.words && c + ac <= limit.chars;
        let wanted = w + aw / 2 <= goal_words && c + ac / 2 <= goal_chars;
        match pieces.last_mut() {
            Some(piece) if fits && wanted => {
                piece.end = atom.end;
                (w, c) = (w + aw, c + ac);
            }
            _ => {
                pieces.push(atom.clone());
                (w, c) = (aw, ac);
            }
        }
    }
    pieces
}

/// Number of passages for so many words: as near to the target as the maximum allows.
pub(super) fn even_parts(words: usize, target: usize, max: usize) -> usize {
    let target = target.max(1);
    ((words + target / 2) / target).max(words.div_ceil(max.max(1))).max(1)
}

/// Ranges within the limit: cut at the last space before it, else at the character.
fn hard_cuts(text: &str, limit: Limit) -> Vec<Range<usize>> {
    let mut cuts = Vec::new();
    let (mut start, mut space) = (0, None);
    let mut size = Size::default();
    // What has been read since the last space, to go on with after a cut there.
    let mut since_space = Size::default();
    for (at, c) in text.char_indices() {
        size.add(c);
        since_space.add(c);
        if c.is_whitespace() {
            space = Some(at);
            since_space = Size::default();
        }
        if at > start && (size.words() > limit.words || size.chars > limit.chars) {
            match space.take() {
                Some(end) if end > start => {
                    cuts.extend(trimmed(text, start..end));
                    start = end;
                    size = since_space;
                }
                _ => {
                    cuts.extend(trimmed(text, start..at));
                    start = at;
                    size = Size::default();
                    size.add(c);
                    since_space = size;
                }
            }
        }
    }
    cuts.extend(trimmed(text, start..text.len()));
    cuts
}

#[derive(Default, Clone, Copy)]
struct Size {
    tokens: usize,
    dense: usize,
    chars: usize,
    inside: bool,
}

impl Size {
    fn add(&mut self, c: char) {
        self.chars += 1;
        if is_dense(c) {
            self.dense += 1;
            self.inside = false;
        } else if c.is_whitespace() {
            self.inside = false;
        } else if !self.inside && c.is_alphanumeric() {
            self.inside = true;
            self.tokens += 1;
        }
    }

    fn words(self) -> usize {
        self.tokens + self.dense.div_ceil(2)
    }
}

fn window_end(line: &str, at: usize) -> usize {
    let rest = line.get(at..).unwrap_or_default();
    if rest.len() <= WINDOW {
        return line.len();
    }
    let end = line.floor_char_boundary(at + WINDOW);
    let window = line.get(at..end).unwrap_or_default();
    let cut = window.rfind(". ").map(|i| i + 1).or_else(|| window.rfind(char::is_whitespace));
    cut.filter(|i| *i > 0).map_or(end, |i| at + i)
}

fn trimmed(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let part = text.get(range.clone())?;
    let lead = part.len() - part.trim_start().len();
    let bare = part.trim();
    (!bare.is_empty()).then(|| range.start + lead..range.start + lead + bare.len())
}

/// Han, kana, hangul, Thai and their neighbours.
fn is_dense(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}'
        | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_several_scripts() {
        assert_eq!(count_words("You have 14 days - or not."), 6);
        assert_eq!(count_words("返品は三十日以内です"), 5);
        assert_eq!(count_words(" \n| |"), 0);
    }

    #[test]
    fn cuts_keep_every_word_within_the_limit() {
        let limit = Limit { words: 10, chars: 60 };
        let text = "Short one. ".repeat(3) + &"long ".repeat(40) + &"x".repeat(500);
        let locale = Locale::undetermined();
        let pieces = pieces(&text, &locale, 8, limit);
        let mut joined = String::new();
        for piece in &pieces {
            let part = &text[piece.clone()];
            assert!(count_words(part) <= 10 && part.chars().count() <= 60, "{part}");
            joined.push_str(part);
        }
        let bare = |s: &str| s.split_whitespace().collect::<String>();
        assert_eq!(bare(&joined), bare(&text));
    }

    #[test]
    fn dense_text_is_cut_between_characters() {
        let text = "返品".repeat(5_000);
        let pieces = pieces(&text, &Locale::undetermined(), 200, Limit { words: 250, chars: 2000 });
        assert!(pieces.iter().all(|p| text[p.clone()].chars().count() <= 500));
        assert_eq!(pieces.iter().map(ExactSizeIterator::len).sum::<usize>(), text.len());
    }
}
