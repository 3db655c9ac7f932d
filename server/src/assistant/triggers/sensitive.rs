//! Topics that people handle, whatever the articles say: built-in ones with phrases in seventeen
//! languages (`data/topics`), and the operator's own. High precision: a *question* how to complain or
//! how data is deleted has its article and is left to the search.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::lexicon::Lexicon;
use super::settings::Topics;
use super::words::Words;

/// A built-in topic.
struct BuiltIn {
    name: &'static str,
    phrases: &'static str,
    /// Goes before everything else, a request for a person included.
    urgent: bool,
}

/// In the order in which they are looked for.
const BUILT_IN: [BuiltIn; 6] = [
    BuiltIn {
        name: "self_harm",
        phrases: include_str!("data/topics/self_harm.toml"),
        urgent: true,
    },
    BuiltIn { name: "safety", phrases: include_str!("data/topics/safety.toml"), urgent: true },
    BuiltIn {
        name: "legal_threat",
        phrases: include_str!("data/topics/legal_threat.toml"),
        urgent: false,
    },
    BuiltIn {
        name: "data_request",
        phrases: include_str!("data/topics/data_request.toml"),
        urgent: false,
    },
    BuiltIn {
        name: "complaint",
        phrases: include_str!("data/topics/complaint.toml"),
        urgent: false,
    },
    BuiltIn { name: "press", phrases: include_str!("data/topics/press.toml"), urgent: false },
];

const SELF_HARM_MESSAGES: &str = include_str!("data/self_harm_message.toml");

static LEXICONS: LazyLock<Vec<Lexicon>> =
    LazyLock::new(|| BUILT_IN.iter().map(|topic| Lexicon::of_files(&[topic.phrases])).collect());

static MESSAGES: LazyLock<HashMap<String, String>> =
    LazyLock::new(|| toml::from_str(SELF_HARM_MESSAGES).unwrap_or_default());

/// The names of the built-in topics.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|topic| topic.name)
}

pub(super) fn is_urgent(topic: &str) -> bool {
    BUILT_IN.iter().any(|t| t.urgent && t.name == topic)
}

/// The first topic that the message touches: the built-in ones in their order, then the operator's.
pub(super) fn topic(words: &Words, topics: &Topics) -> Option<String> {
    for (topic, lexicon) in BUILT_IN.iter().zip(LEXICONS.iter()) {
        let own = topics.get(topic.name);
        if own.is_some_and(|own| !own.enabled) {
            continue;
        }
        if lexicon.read(words).is_in_any_list() || own.is_some_and(|o| o.phrases.are_in(words)) {
            return Some(topic.name.to_owned());
        }
    }
    let mut added = topics.iter().filter(|(name, _)| !names().any(|n| n == name.as_str()));
    added.find(|(_, t)| t.enabled && t.phrases.are_in(words)).map(|(name, _)| name.clone())
}

/// The calm words for somebody who speaks of self-harm, English where a language has none.
pub(super) fn message(topic: &str, language: &str) -> Option<&'static str> {
    if topic != "self_harm" {
        return None;
    }
    MESSAGES.get(language).or_else(|| MESSAGES.get("en")).map(String::as_str)
}
