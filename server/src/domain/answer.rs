//! What a customer gets: sentences, each with the passages that prove it.

use indexer::model::{Generation, PassageId};
use serde::{Deserialize, Serialize};

use super::{ConversationId, Disclosure, ReasonCode, Ticket};

/// A passage that proves a sentence, as the customer sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Citation {
    /// Number that sentences refer to, from 1.
    pub n: u32,
    pub passage: PassageId,
    pub title: String,
    /// Heading path joined with " > "; empty at the top of an article.
    pub heading: String,
    /// Article page at its heading, relative to the server: `/kb/returns#refunds`; empty for an article that
    /// is not public, which has no page.
    pub url: String,
    /// The article at its heading, for a reader whom it is for: `/v1/articles/returns#refunds`; empty in
    /// answers of old versions.
    #[serde(default)]
    pub article: String,
    /// Path of the document in the knowledge-base folder.
    pub path: String,
    /// The words of the passage that prove the sentences which cite it.
    pub quote: String,
    /// Generation in which this version of the document became live.
    pub document_version: Generation,
}

/// One sentence (or step, bullet, table row) of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sentence {
    /// Position in the answer, from 0.
    pub index: u32,
    pub text: String,
    /// Numbers of [`Citation`]s, never empty.
    pub citations: Vec<u32>,
}

/// Who wrote the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GeneratorId {
    /// Sentences of the articles, verbatim.
    Extractive,
    /// A model in this process.
    Llama,
    /// A model behind an OpenAI-compatible endpoint.
    OpenAi,
}

impl GeneratorId {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Extractive => "extractive",
            Self::Llama => "llama",
            Self::OpenAi => "openai",
        }
    }
}

/// How a question ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Answered,
    /// A person takes over; the ticket is stored already.
    HandedOff {
        reason: ReasonCode,
        ticket: Ticket,
        message: String,
    },
    /// A question back: several articles fit equally.
    Clarify {
        message: String,
        choices: Vec<Choice>,
    },
    /// A reply to small talk: nothing was asked.
    SmallTalk {
        message: String,
    },
}

/// An article that a customer may mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Title of the article.
    pub label: String,
    /// Path of the document in the knowledge-base folder.
    pub path: String,
    /// Article page, relative to the server; empty for an article that is not public.
    pub url: String,
}

/// Milliseconds spent in the parts of one question.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Timings {
    pub embed_ms: f64,
    pub keyword_ms: f64,
    pub dense_ms: f64,
    pub search_ms: f64,
    pub generate_ms: f64,
    pub total_ms: f64,
}

/// The end of every question.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub outcome: Outcome,
    /// The sentences as one text; empty when handed off.
    pub text: String,
    pub sentences: Vec<Sentence>,
    pub citations: Vec<Citation>,
    /// Probability that the passages answer the question, [0, 1].
    pub confidence: f64,
    pub conversation: ConversationId,
    /// Number of the message in the conversation that holds it.
    pub seq: Option<u64>,
    pub generation: Generation,
    pub generator: GeneratorId,
    /// Language of the reply.
    pub locale: String,
    /// What the customer is told of the machine, with the first answer of a conversation.
    pub disclosure: Option<Disclosure>,
    pub timings: Timings,
}
