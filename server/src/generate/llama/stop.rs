//! Ends a text before the first stop string, wherever the borders of tokens fall.
//!
//! Called by `text`. Holds back only what may still become a stop string.

use crate::generate::thoughts::possible_beginning;

/// Watches a growing text for stop strings.
#[derive(Debug)]
pub(super) struct StopMatcher {
    stops: Vec<String>,
    held: String,
}

/// What [`StopMatcher::push`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    GoOn,
    /// A stop string came; the text is over.
    Stopped,
}

impl StopMatcher {
    pub(super) fn new(mut stops: Vec<String>) -> Self {
        stops.retain(|stop| !stop.is_empty());
        Self { stops, held: String::new() }
    }

    /// Takes in `text` and appends what is safe to show to `out`.
    pub(super) fn push(&mut self, text: &str, out: &mut String) -> Verdict {
        if self.stops.is_empty() {
            out.push_str(text);
            return Verdict::GoOn;
        }
        self.held.push_str(text);
        if let Some(at) = self.stops.iter().filter_map(|stop| self.held.find(stop.as_str())).min() {
            out.push_str(&self.held[..at]);
            self.held.clear();
            return Verdict::Stopped;
        }
        let longest = self.stops.iter().map(String::len).max().unwrap_or(0);
        let keep = possible_beginning(&self.held, longest, |tail| {
            self.stops.iter().any(|stop| stop.starts_with(tail))
        });
        out.push_str(&self.held[..keep]);
        self.held.drain(..keep);
        Verdict::GoOn
    }

    /// The text is over without a stop string: what was held back is part of it.
    pub(super) fn finish(&mut self, out: &mut String) {
        out.push_str(&self.held);
        self.held.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(stops: &[&str], pieces: &[&str]) -> (String, Verdict) {
        let mut matcher = StopMatcher::new(stops.iter().map(ToString::to_string).collect());
        let mut out = String::new();
        for piece in pieces {
            if matcher.push(piece, &mut out) == Verdict::Stopped {
                return (out, Verdict::Stopped);
            }
        }
        matcher.finish(&mut out);
        (out, Verdict::GoOn)
    }

    #[test]
    fn a_stop_string_is_found_at_every_split() {
        let text = "The answer.\n\nQuestion: next";
        for at in (0..=text.len()).filter(|&at| text.is_char_boundary(at)) {
            assert_eq!(
                run(&["\n\nQuestion:"], &[&text[..at], &text[at..]]),
                ("The answer.".into(), Verdict::Stopped)
            );
        }
        let single: Vec<String> = text.chars().map(String::from).collect();
        let single: Vec<&str> = single.iter().map(String::as_str).collect();
        assert_eq!(run(&["\n\nQuestion:"], &single).0, "The answer.");
    }

    #[test]
    fn the_earliest_of_several_stop_strings_wins() {
        assert_eq!(run(&["late", "a l"], &["what a la", "te thing"]).0, "what ");
    }

    #[test]
    fn a_false_alarm_is_given_back_whole() {
        assert_eq!(run(&["###"], &["a #", "# b ##"]), ("a ## b ##".into(), Verdict::GoOn));
    }

    #[test]
    fn only_what_may_become_a_stop_string_is_held_back() {
        let mut matcher = StopMatcher::new(vec!["END".into()]);
        let mut out = String::new();
        matcher.push("abcE", &mut out);
        assert_eq!(out, "abc");
        matcher.push("x", &mut out);
        assert_eq!(out, "abcEx");
    }

    #[test]
    fn characters_of_several_bytes_are_never_cut() {
        assert_eq!(run(&["žx"], &["až", "ž", "ēž"]).0, "ažžēž");
        assert_eq!(run(&["žx"], &["až", "x"]), ("a".into(), Verdict::Stopped));
    }
}
