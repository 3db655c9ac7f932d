//! `[assistant.triggers]` of the configuration: which topics people handle, and the operator's own
//! phrases for them, compiled when the configuration is read so that a bad one is an error there.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::lexicon::{Lexicon, Source};
use super::pattern::BadPattern;
use super::sensitive;
use super::words::Words;

/// `[assistant.triggers]`: what hands a question to a person before anything is searched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TriggerSettings {
    /// Strong or repeated anger at the service.
    pub negative_sentiment: bool,
    /// By name.
    pub topics: Topics,
}

impl Default for TriggerSettings {
    fn default() -> Self {
        Self { negative_sentiment: true, topics: Topics::default() }
    }
}

/// `[assistant.triggers.topics]`: the built-in topics by name, and further ones with phrases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, TopicSettings>")]
pub struct Topics(BTreeMap<String, TopicSettings>);

impl Default for Topics {
    fn default() -> Self {
        Self(sensitive::names().map(|name| (name.to_owned(), TopicSettings::default())).collect())
    }
}

impl Deref for Topics {
    type Target = BTreeMap<String, TopicSettings>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// Why topics cannot be taken as they are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "assistant.triggers.topics.{name} is not a built-in topic ({known}) and has no phrases; \
     correct the name or give it phrases"
)]
pub struct UnknownTopic {
    name: String,
    known: String,
}

impl TryFrom<BTreeMap<String, TopicSettings>> for Topics {
    type Error = UnknownTopic;

    fn try_from(topics: BTreeMap<String, TopicSettings>) -> Result<Self, UnknownTopic> {
        let stray = topics
            .iter()
            .find(|(name, t)| t.phrases.is_empty() && !sensitive::names().any(|n| n == *name));
        if let Some((name, _)) = stray {
            let known = sensitive::names().collect::<Vec<_>>().join(", ");
            return Err(UnknownTopic { name: name.clone(), known });
        }
        let mut all = Self::default();
        all.0.extend(topics);
        Ok(all)
    }
}

/// One topic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TopicSettings {
    pub enabled: bool,
    /// The operator's own, beside the built-in ones.
    pub phrases: Phrases,
}

impl Default for TopicSettings {
    fn default() -> Self {
        Self { enabled: true, phrases: Phrases::default() }
    }
}

/// Phrases of an operator: words in their order, `word*` for any ending, `..` for up to four words
/// whatever. Case, accents and punctuation do not count.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Phrases {
    texts: Vec<String>,
    lexicon: Arc<Lexicon>,
}

impl Phrases {
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    pub(super) fn are_in(&self, words: &Words) -> bool {
        !self.is_empty() && self.lexicon.read(words).is_in_any_list()
    }
}

impl fmt::Debug for Phrases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.texts.fmt(f)
    }
}

impl PartialEq for Phrases {
    fn eq(&self, other: &Self) -> bool {
        self.texts == other.texts
    }
}

impl From<Phrases> for Vec<String> {
    fn from(phrases: Phrases) -> Self {
        phrases.texts
    }
}

impl TryFrom<Vec<String>> for Phrases {
    type Error = BadPattern;

    fn try_from(texts: Vec<String>) -> Result<Self, BadPattern> {
        let plain = |text: &String| text.replace(|c: char| is_mark(c), " ");
        let mut lexicon = Lexicon::default();
        lexicon.add(&Source::of_phrases(texts.iter().map(plain).collect()))?;
        Ok(Self { texts, lexicon: Arc::new(lexicon) })
    }
}

/// What parts words in a message, too, and has no meaning in a pattern.
fn is_mark(c: char) -> bool {
    !c.is_alphanumeric() && !matches!(c, '*' | '.' | '|' | '?' | '^' | '$' | '~' | '@')
}
