//! From token pieces to the text that may be shown: characters, without thoughts, up to a stop string.
//!
//! Called by `slot` for every token.

use super::request::Thoughts;
use super::stop::{StopMatcher, Verdict};
use super::utf8::Utf8Assembler;
use crate::generate::thoughts::ThoughtFilter;

/// The three filters of one answer, in their order.
#[derive(Debug)]
pub(super) struct TextStream {
    utf8: Utf8Assembler,
    thoughts: Option<ThoughtFilter>,
    stop: StopMatcher,
}

impl TextStream {
    pub(super) fn new(thoughts: Thoughts, stop: Vec<String>) -> Self {
        let thoughts = match thoughts {
            Thoughts::Keep => None,
            Thoughts::Cut => Some(ThoughtFilter::new(false)),
            Thoughts::CutFromStart => Some(ThoughtFilter::new(true)),
        };
        Self { utf8: Utf8Assembler::default(), thoughts, stop: StopMatcher::new(stop) }
    }

    /// The text that this piece sets free.
    pub(super) fn push(&mut self, piece: &[u8]) -> (String, Verdict) {
        let mut text = String::new();
        self.utf8.push(piece, &mut text);
        if let Some(filter) = &mut self.thoughts {
            let mut shown = String::new();
            filter.push(&text, &mut shown);
            text = shown;
        }
        let mut out = String::new();
        let verdict = self.stop.push(&text, &mut out);
        (out, verdict)
    }

    /// What is left when the answer ends without a stop string. A stop string may turn up even here.
    pub(super) fn finish(&mut self) -> String {
        let mut text = String::new();
        self.utf8.finish(&mut text);
        if let Some(filter) = &mut self.thoughts {
            let mut shown = String::new();
            filter.push(&text, &mut shown);
            filter.finish(&mut shown);
            text = shown;
        }
        let mut out = String::new();
        if self.stop.push(&text, &mut out) == Verdict::GoOn {
            self.stop.finish(&mut out);
        }
        out
    }
}
