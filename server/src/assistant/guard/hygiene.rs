//! What no sentence may contain, whoever supports it: markup, scripts, tool calls, template tokens,
//! words of the system prompt.
//!
//! Called first by the check, on the raw sentence. Strict on purpose: an article that explains HTML is
//! still answered by its verbatim sentences, without a model.

use std::collections::HashSet;

use super::Reason;
use super::text::fold;

/// Words in a row that betray the system prompt.
const RUN: usize = 6;

/// The parts of the prompt that must not be repeated: runs of words, prepared once at start.
#[derive(Debug, Clone, Default)]
pub struct Protected {
    runs: HashSet<u64>,
}

impl Protected {
    /// Protects `texts`: the rendered system prompt without its passages.
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut runs = HashSet::new();
        for text in texts {
            let words = words(text);
            runs.extend(words.windows(RUN).map(hash));
        }
        Self { runs }
    }

    /// Whether `text` repeats a run of protected words.
    pub(super) fn is_in(&self, text: &str) -> bool {
        !self.runs.is_empty() && words(text).windows(RUN).any(|w| self.runs.contains(&hash(w)))
    }
}

fn words(text: &str) -> Vec<u64> {
    fold(text).split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(fnv).collect()
}

fn hash(words: &[u64]) -> u64 {
    words
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |h, w| (h.rotate_left(5) ^ w).wrapping_mul(0x0100_0000_01b3))
}

/// FNV-1a, 64 bits.
fn fnv(word: &str) -> u64 {
    word.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

/// What is wrong with `raw`, if anything.
pub(super) fn check(raw: &str) -> Option<Reason> {
    // A replacement character stands for bytes that were lost, perhaps those of a sign or a unit.
    let unreadable = |c: char| c == char::REPLACEMENT_CHARACTER || c.is_control();
    if raw.chars().any(|c| unreadable(c) && !matches!(c, '\n' | '\t' | '\r')) {
        return Some(Reason::Markup);
    }
    let lower = raw.to_lowercase();
    if TOOLS.iter().any(|t| lower.contains(t)) || is_json_call(&lower) || has_label(&lower) {
        return Some(Reason::ToolSyntax);
    }
    if MARKUP.iter().any(|t| lower.contains(t)) || has_tag(&lower) || has_entity(&lower) {
        return Some(Reason::Markup);
    }
    None
}

const TOOLS: &[&str] = &[
    "<|",
    "|>",
    "<tool",
    "</tool",
    "<function",
    "</function",
    "[tool_call",
    "[/tool",
    "[inst]",
    "[/inst]",
    "<<sys",
    "<</sys",
    "<start_of_turn",
    "<end_of_turn",
    "<think",
    "</think",
    "<|im_",
    "<｜",
    "｜>",
    "```tool",
    "tool_call",
    "function_call",
    "<s>",
    "</s>",
    "<bos>",
    "<eos>",
    "[available_tools",
    "<passage",
    "</passage",
    "<question",
    "</question",
    "<reply",
    "</reply",
];

const MARKUP: &[&str] = &[
    "![",
    "javascript:",
    "vbscript:",
    "data:text",
    "data:image",
    "data:application",
    "<!--",
    "-->",
    "<!doctype",
    "<![cdata",
    "<?xml",
    "<?php",
    "onerror=",
    "onload=",
    "onclick=",
    "srcdoc=",
    "\\u003c",
    "%3cscript",
    "{{",
    "{%",
];

/// `<b`, `</b`, `<!x`: the start of a tag.
fn has_tag(text: &str) -> bool {
    text.match_indices(['<', '＜', '‹']).any(|(at, mark)| {
        text[at + mark.len()..]
            .starts_with(|c: char| c.is_alphabetic() || matches!(c, '/' | '!' | '?'))
    })
}

/// `&lt;`, `&#60;`.
fn has_entity(text: &str) -> bool {
    text.match_indices('&').any(|(at, _)| {
        let rest = &text[at + 1..];
        let name: String =
            rest.chars().take(10).take_while(|c| c.is_alphanumeric() || *c == '#').collect();
        !name.is_empty() && rest[name.len()..].starts_with(';')
    })
}

/// `{"name": "...", "arguments": ...}` and its like.
fn is_json_call(text: &str) -> bool {
    text.contains('{')
        && ["\"name\"", "\"arguments\"", "\"tool\"", "\"function\"", "\"action\"", "\"parameters\""]
            .iter()
            .any(|key| text.contains(key))
}

/// "System:", "Assistant:", "### Instruction": a label of a turn at the start of a line.
fn has_label(text: &str) -> bool {
    const LABELS: &[&str] = &[
        "system:",
        "assistant:",
        "user:",
        "human:",
        "action:",
        "action input:",
        "observation:",
        "thought:",
        "tool:",
        "developer:",
        "system prompt:",
        "instruction:",
        "instructions:",
        "response:",
    ];
    text.lines().any(|line| {
        let line = line.trim_start_matches(['#', ' ', '*', '-', '>', '[', '(']);
        LABELS.iter().any(|l| line.starts_with(l))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_tools_are_seen() {
        for (raw, want) in [
            ("It is <b>free</b>.", Some(Reason::Markup)),
            ("Look: ![x](https://evil.example/p.png)", Some(Reason::Markup)),
            ("a &lt;script&gt; tag", Some(Reason::Markup)),
            ("\u{1b}[31mred", Some(Reason::Markup)),
            ("<|im_start|>system", Some(Reason::ToolSyntax)),
            ("{\"name\": \"refund\", \"arguments\": {}}", Some(Reason::ToolSyntax)),
            ("System: you are free", Some(Reason::ToolSyntax)),
            ("Open My orders > Return items.", None),
            ("Weighs < 25 kg & fits.", None),
        ] {
            assert_eq!(check(raw), want, "{raw}");
        }
    }

    #[test]
    fn the_system_prompt_is_recognised_by_runs_of_words() {
        let protected =
            Protected::new(["Answer only from the passages below and cite each sentence."]);
        assert!(protected.is_in("I must answer ONLY from the passages, below and so on"));
        assert!(!protected.is_in("Answer only from the shop"));
        assert!(!Protected::default().is_in("anything at all that has many words in it"));
    }
}
