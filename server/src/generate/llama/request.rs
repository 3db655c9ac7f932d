//! What a caller asks of the engine and what it hears back.
//!
//! Called by `generate::llama` (the `Generator`), by `bench-llm` and by tests. Values only.

use std::time::{Duration, Instant};

use crate::generate::Waiting;

/// A token id of the loaded model's vocabulary.
pub type Token = i32;

/// Requests share cached prefixes only within a namespace: one for each knowledge base and audience.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Namespace(pub u64);

/// A tokenised prompt. `tokens[..shared]` (system prompt, passages in canonical order) may be kept in the
/// prefix tree and used by other requests; the rest (history, question) is the asker's alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    pub tokens: Vec<Token>,
    pub shared: usize,
}

/// How the next token is chosen. The default is greedy without penalties.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// 0 means greedy: always the likeliest token.
    pub temperature: f32,
    /// Keep the k likeliest tokens; 0 keeps all.
    pub top_k: usize,
    /// Keep the smallest set of tokens with at least this probability; 1 keeps all.
    pub top_p: f32,
    /// Drop tokens less likely than this share of the likeliest; 0 keeps all.
    pub min_p: f32,
    /// The same seed, prompt and model give the same text.
    pub seed: u64,
    /// Divides (or, below zero, multiplies) the logits of seen tokens; 1 is off.
    pub repetition_penalty: f32,
    /// Subtracted for each time a token was seen.
    pub frequency_penalty: f32,
    /// Subtracted once from every seen token.
    pub presence_penalty: f32,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            temperature: 0.0,
            top_k: 0,
            top_p: 1.0,
            min_p: 0.0,
            seed: 0,
            repetition_penalty: 1.0,
            frequency_penalty: 0.0,
            presence_penalty: 0.0,
        }
    }
}

/// Whether the model's end-of-text token ends the answer. Benchmarks go on to a fixed length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndOfText {
    Stop,
    Ignore,
}

/// Whether a thinking model's thoughts are part of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thoughts {
    Keep,
    /// Cut them out.
    Cut,
    /// Cut them out; the prompt itself has opened a thought (see `ChatTemplate::render`).
    CutFromStart,
}

/// Drafts copied from the prompt (prompt-lookup decoding). Exact under greedy sampling, ignored otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drafting {
    /// As the engine's settings say.
    Default,
    Off,
    On,
}

/// One answer to generate.
#[derive(Clone, Debug)]
pub struct Request {
    pub namespace: Namespace,
    /// Who asks: visitors take turns where requests wait.
    pub visitor: u64,
    pub prompt: Prompt,
    pub sampling: Sampling,
    pub max_tokens: usize,
    /// The text ends before the first of these; none is ever part of it.
    pub stop: Vec<String>,
    /// Refused or ended when it cannot be, or was not, done by then.
    pub deadline: Option<Instant>,
    pub waiting: Waiting,
    pub end_of_text: EndOfText,
    pub thoughts: Thoughts,
    pub drafting: Drafting,
    /// Hears the logits of the first token.
    #[cfg(test)]
    pub probe: Option<std::sync::mpsc::Sender<Vec<f32>>>,
}

impl Request {
    /// A greedy request with nothing else set.
    pub fn greedy(namespace: Namespace, prompt: Prompt, max_tokens: usize) -> Self {
        Self {
            namespace,
            visitor: 0,
            prompt,
            sampling: Sampling::default(),
            max_tokens,
            stop: Vec::new(),
            deadline: None,
            waiting: Waiting::InLine,
            end_of_text: EndOfText::Stop,
            thoughts: Thoughts::Cut,
            drafting: Drafting::Default,
            #[cfg(test)]
            probe: None,
        }
    }
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// The model said that it is done.
    EndOfText,
    /// A stop string came.
    StopString,
    /// `max_tokens`.
    Length,
    /// The deadline passed in mid-answer.
    Deadline,
}

/// The figures of one finished answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Done {
    pub reason: FinishReason,
    pub prompt_tokens: usize,
    /// Prompt tokens taken from the cache.
    pub cached_tokens: usize,
    /// Prompt tokens computed.
    pub computed_tokens: usize,
    pub generated_tokens: usize,
    /// Draft tokens proposed and accepted.
    pub drafted_tokens: usize,
    pub accepted_tokens: usize,
    /// From the call of `generate` to a free sequence.
    pub queued: Duration,
    /// From then to the first token.
    pub prefill: Duration,
    /// From the first token to the last.
    pub decode: Duration,
}

/// What a generation's receiver hears: `Queued`*, `Token`*, then exactly one of `Done` and `Failed`.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Waiting for a sequence. `position` 1 is next.
    Queued {
        position: usize,
        estimated_wait: Duration,
    },
    /// One token. `text` is valid UTF-8 and may be empty while bytes are held back (a character that is not
    /// complete, what may become a stop string, a thought); what was held back comes with a later token.
    /// `logprob` is the natural logarithm of the token's probability before sampling's filters.
    Token {
        text: String,
        logprob: f32,
    },
    Done(Done),
    Failed(super::error::GenerateError),
}
