//! Cuts the thoughts of thinking models out of a stream.
//!
//! Called for the local model (`llama::text`) and for endpoints (`openai`). A customer sees no thought, not even in part, wherever the borders of tokens fall. A thought
//! that is opened and never closed leaves nothing; the caller then sees an answer without text.

/// What opens and what closes a thought, as public chat formats write them.
const MARKERS: [(&str, &str); 8] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),
];
/// Announces plain text where a format has channels; removed.
const SILENT: [&str; 4] =
    ["<|channel|>final<|message|>", "<|START_RESPONSE|>", "<|END_RESPONSE|>", "</think>"];

const LONGEST: usize = 30;

/// Is `piece` the text of a token that opens, closes or announces? Such tokens must reach the filter as text
/// even where the vocabulary calls them control tokens.
pub(super) fn is_part_of_a_marker(piece: &str) -> bool {
    piece.len() > 2
        && MARKERS
            .iter()
            .flat_map(|(open, close)| [*open, *close])
            .chain(SILENT)
            .any(|marker| marker.contains(piece))
        && (piece.starts_with('<') || piece.starts_with('['))
}

/// Does a prompt end inside a thought that it opened itself?
pub(super) fn ends_inside(prompt: &str) -> bool {
    let end = prompt.trim_end();
    MARKERS.iter().any(|(open, _)| end.ends_with(open))
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct ThoughtFilter {
    held: String,
    /// What closes the thought that is open; empty when any closing marker does.
    inside: Option<Option<&'static str>>,
    /// White space at the beginning and after a thought is not part of the answer.
    trim: bool,
}

impl ThoughtFilter {
    /// `inside`: the prompt has opened a thought already.
    pub(super) fn new(inside: bool) -> Self {
        Self { held: String::new(), inside: inside.then_some(None), trim: false }
    }

    /// Takes in `text` and appends what is no thought to `out`.
    pub(super) fn push(&mut self, text: &str, out: &mut String) {
        self.held.push_str(text);
        loop {
            match self.inside {
                Some(close) => {
                    let closing = MARKERS
                        .iter()
                        .map(|(_, close)| *close)
                        .filter(|marker| close.is_none_or(|close| close == *marker));
                    let first = closing
                        .filter_map(|marker| self.held.find(marker).map(|at| at + marker.len()))
                        .min();
                    let Some(end) = first else {
                        let keep = possible_beginning(&self.held, LONGEST, |tail| {
                            MARKERS.iter().any(|(_, close)| close.starts_with(tail))
                        });
                        self.held.drain(..keep);
                        return;
                    };
                    self.held.drain(..end);
                    self.inside = None;
                    self.trim = true;
                }
                None => {
                    let open = MARKERS.iter().filter_map(|(open, close)| {
                        self.held
                            .find(open)
                            .map(|at| (at, std::cmp::Reverse(open.len()), Some(*close)))
                    });
                    let silent = SILENT.iter().filter_map(|marker| {
                        self.held.find(marker).map(|at| (at, std::cmp::Reverse(marker.len()), None))
                    });
                    let Some((at, std::cmp::Reverse(length), close)) = open.chain(silent).min()
                    else {
                        let keep = possible_beginning(&self.held, LONGEST, |tail| {
                            MARKERS.iter().any(|(open, _)| open.starts_with(tail))
                                || SILENT.iter().any(|m| m.starts_with(tail))
                        });
                        self.give(keep, out);
                        return;
                    };
                    self.give(at, out);
                    self.held.drain(..length);
                    self.trim = true;
                    self.inside = close.map(Some);
                }
            }
        }
    }

    /// The text is over.
    pub(super) fn finish(&mut self, out: &mut String) {
        if self.inside.is_none() {
            self.give(self.held.len(), out);
        }
        self.held.clear();
    }

    fn give(&mut self, end: usize, out: &mut String) {
        let text = &self.held[..end];
        let text = if self.trim { text.trim_start() } else { text };
        if !text.is_empty() {
            self.trim = false;
            out.push_str(text);
        }
        self.held.drain(..end);
    }
}

/// Where the longest tail of `text` begins that is shorter than `longest` and that `is_beginning` accepts.
pub(super) fn possible_beginning(
    text: &str,
    longest: usize,
    is_beginning: impl Fn(&str) -> bool,
) -> usize {
    let from = text.len().saturating_sub(longest.saturating_sub(1));
    (from..text.len())
        .find(|&at| text.is_char_boundary(at) && is_beginning(&text[at..]))
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(inside: bool, pieces: &[&str]) -> String {
        let mut filter = ThoughtFilter::new(inside);
        let mut out = String::new();
        for piece in pieces {
            filter.push(piece, &mut out);
        }
        filter.finish(&mut out);
        out
    }

    fn at_every_split(inside: bool, text: &str, expected: &str) {
        for at in (0..=text.len()).filter(|&at| text.is_char_boundary(at)) {
            assert_eq!(run(inside, &[&text[..at], &text[at..]]), expected, "split at {at}");
        }
        let single: Vec<String> = text.chars().map(String::from).collect();
        assert_eq!(run(inside, &single.iter().map(String::as_str).collect::<Vec<_>>()), expected);
    }

    #[test]
    fn a_thought_is_cut_out_at_every_split() {
        at_every_split(false, "<think>\nHe asks: why?\n</think>\n\nBecause ē.", "Because ē.");
        at_every_split(false, "[THINK]hm[/THINK]Yes.", "Yes.");
        at_every_split(
            false,
            "<|channel|>analysis<|message|>secret<|end|><|start|>assistant<|channel|>final<|message|>Open.",
            "Open.",
        );
    }

    #[test]
    fn a_thought_that_the_prompt_opened_is_cut_out() {
        at_every_split(true, "He asks.\n</think>\n\nYes.", "Yes.");
    }

    #[test]
    fn a_thought_that_is_never_closed_leaves_nothing() {
        at_every_split(false, "<think>on and on </thi", "");
        at_every_split(true, "on and on", "");
    }

    #[test]
    fn text_without_thoughts_is_unchanged() {
        at_every_split(
            false,
            " if a < b, see <b>[1]</b> and [T",
            " if a < b, see <b>[1]</b> and [T",
        );
    }

    #[test]
    fn two_thoughts_are_both_cut_out() {
        at_every_split(false, "<think>a</think>One. <think>b</think> Two.", "One. Two.");
    }

    #[test]
    fn a_prompt_that_ends_in_an_open_thought_is_recognised() {
        assert!(ends_inside("<|assistant|>\n<think>\n"));
        assert!(!ends_inside("<|assistant|>\n<think>\n\n</think>\n\n"));
    }
}
