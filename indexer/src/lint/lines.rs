//! Where a point of an article's Markdown stands in its file.
//!
//! Used by `article`. The Markdown that the product reads is the file without front matter, comments
//! and template tags. Mostly it is the end of the file as it is; otherwise lines are matched in
//! order; one that was changed takes the place of the next that begins like it.

use std::collections::HashMap;

use super::finding::Position;

/// Matching lines are looked for this far ahead.
const AHEAD: usize = 400;
/// Lines that begin alike are looked for this far ahead, by this many characters.
const NEAR: usize = 30;
const START: usize = 12;

#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Start of each line of the body. Bytes.
    starts: Vec<usize>,
    /// For each line of the body: line of the file from 1, and characters that it has more in front.
    file: Vec<(usize, usize)>,
}

impl Lines {
    pub(super) fn new(raw: &str, body: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(body.match_indices('\n').map(|(at, _)| at + 1));
        let file = match raw.strip_suffix(body) {
            Some(head) => {
                let first = head.matches('\n').count() + 1;
                (0..starts.len()).map(|i| (first + i, 0)).collect()
            }
            None => align(raw, body),
        };
        Self { starts, file }
    }

    /// Line and column in the file of a byte of the body.
    pub(super) fn position(&self, body: &str, offset: usize) -> Position {
        let row = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.starts.get(row).copied().unwrap_or(0);
        let (line, shift) = self.file.get(row).copied().unwrap_or((1, 0));
        let before = body.get(start..offset).map_or(0, |text| text.chars().count());
        Position { line, column: before + shift + 1 }
    }
}

fn align(raw: &str, body: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = raw.split('\n').collect();
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (i, line) in lines.iter().enumerate() {
        places.entry(line.trim()).or_default().push(i);
    }
    let mut next = 0;
    body.split('\n')
        .map(|line| {
            let bare = line.trim();
            let blank = |i: usize| lines.get(i).is_none_or(|l| l.trim().is_empty());
            if bare.is_empty() {
                let here = (next + 1).min(lines.len());
                next += usize::from(next < lines.len() && blank(next));
                return (here, 0);
            }
            let exact = places
                .get(bare)
                .and_then(|at| at.get(at.partition_point(|i| *i < next)).copied())
                .filter(|i| i - next <= AHEAD);
            let start: String = bare.chars().take(START).collect();
            let similar = || {
                let mut near = lines.iter().enumerate().skip(next).take(NEAR);
                near.find(|(_, l)| l.contains(&start)).map(|(i, _)| i)
            };
            let first = || (next..lines.len().min(next + NEAR)).find(|i| !blank(*i));
            match exact.or_else(similar).or_else(first) {
                Some(i) => {
                    next = i + 1;
                    let original = lines.get(i).copied().unwrap_or_default();
                    (next, indent(original).saturating_sub(indent(line)))
                }
                None => ((next + 1).min(lines.len()), 0),
            }
        })
        .collect()
}

fn indent(line: &str) -> usize {
    line.chars().take_while(|c| c.is_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(raw: &str, body: &str, word: &str) -> (usize, usize) {
        let p = Lines::new(raw, body).position(body, body.find(word).unwrap());
        (p.line, p.column)
    }

    #[test]
    fn a_body_that_ends_the_file_keeps_its_places() {
        let raw = "---\ntitle: x\n---\n\n# Ā word\n\nlast";
        let body = "\n# Ā word\n\nlast";
        assert_eq!(at(raw, body, "word"), (5, 5));
        assert_eq!(at(raw, body, "last"), (7, 1));
    }

    #[test]
    fn changed_lines_stand_between_their_neighbours() {
        let raw = "---\nt: x\n---\n<!-- gone -->\nfirst {{ x }}\nsecond\n    third\n";
        let body = "\nfirst \nsecond\nthird\n";
        assert_eq!(at(raw, body, "second"), (6, 1));
        assert_eq!(at(raw, body, "third"), (7, 5));
        let raw = "one\n\n<!-- a\nb -->\n\npicture of it <!-- gone -->\n";
        assert_eq!(at(raw, "one\n\n\n\npicture of it\n", "picture"), (6, 1));
    }
}
